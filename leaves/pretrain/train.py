"""Train a small GPT for a fixed budget and save its weights: constants, model, optimiser, loop. This is the file to
change.

On the tiny preset (where there is no GPU) the budget is a number of tokens, on one thread: a clock would make the
result depend on what else the machine does. On the full one it is PRAXTUI_BUDGET_S seconds of training, compilation
not counted. The sizes below are those of the tiny preset; on the full one they are multiplied by GROWTH, so that each
constant matters on both.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

DEPTH = 2  # blocks
WIDTH = 64
HEAD_WIDTH = 32
MLP_RATIO = 4.0  # hidden width of the feed-forward part, in widths
ACTIVATION = "relu2"  # relu2 (squared ReLU) | swiglu
WINDOW = 64  # tokens of context in training
BATCH = 16  # windows a step
ROTARY_BASE = 10_000.0
QK_NORM = True
LOGIT_CAP = 15.0  # logits are squashed into (-cap, cap); 0: not
MATRIX_RATE = 0.02  # Muon: the matrices inside the blocks
EMBED_RATE = 0.01  # AdamW: token embedding
HEAD_RATE = 0.003  # AdamW: output layer
MOMENTUM = 0.9  # Muon
BETAS = (0.8, 0.95)  # AdamW
WEIGHT_DECAY = 0.0  # of the matrices, per step, times the rate
WARMUP = 0.02  # share of the run in which the rates rise
WARMDOWN = 0.3  # share of the run in which they fall
FINAL_RATE = 0.1  # what they fall to, of their peak

GROWTH = {  # full preset: 8 blocks of width 512, windows of 1,024 tokens, 65,536 tokens a step
    "tiny": {"depth": 1, "width": 1, "head": 1, "window": 1, "batch": 1},
    "full": {"depth": 4, "width": 8, "head": 4, "window": 16, "batch": 4},
}
PASS = {"tiny": 1 << 20, "full": 16}  # windows that go through the model at once; a step adds up several passes
COMPILE = True  # full preset, on a GPU
FREE_STEPS = 5  # full preset: steps before the clock starts, in which the model is compiled
LINES = 60  # progress lines a run, about


# Model.


def norm(x: Tensor) -> Tensor:
    """RMSNorm (Zhang and Sennrich 2019) without a learnt scale."""
    return F.rms_norm(x, (x.size(-1),))


def rotate(x: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021). x: [batch, heads, tokens, head width]."""
    half = x.size(-1) // 2
    rates = ROTARY_BASE ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = torch.arange(x.size(-2), device=x.device, dtype=torch.float32)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * cos + right * sin, right * cos - left * sin], dim=-1)


class Attention(nn.Module):
    def __init__(self, width: int, head_width: int) -> None:
        super().__init__()
        self.heads = max(1, width // head_width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.normal_(self.qkv.weight, std=width**-0.5)
        nn.init.zeros_(self.out.weight)  # every block starts as the identity

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        if QK_NORM:
            q, k = norm(q), norm(k)
        mixed = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = int(MLP_RATIO * width)
        self.up = nn.Linear(width, 2 * hidden if ACTIVATION == "swiglu" else hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)
        nn.init.normal_(self.up.weight, std=width**-0.5)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(x)
        if ACTIVATION == "swiglu":
            gate, x = x.chunk(2, dim=-1)
            return self.down(F.silu(gate) * x)
        return self.down(F.relu(x).square())


class Block(nn.Module):
    def __init__(self, width: int, head_width: int) -> None:
        super().__init__()
        self.attention = Attention(width, head_width)
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(norm(x))
        return x + self.feed_forward(norm(x))


class GPT(nn.Module):
    def __init__(self, vocabulary: int, depth: int, width: int, head_width: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, head_width) for _ in range(depth))
        self.head = nn.Linear(width, vocabulary, bias=False)
        nn.init.normal_(self.embed.weight)
        nn.init.normal_(self.head.weight, std=0.001)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [batch, length]; returns the logits of the next ones, [batch, length, vocabulary]."""
        x = norm(self.embed(tokens))
        for block in self.blocks:
            x = block(x)
        logits = self.head(norm(x)).float()
        return LOGIT_CAP * torch.tanh(logits / LOGIT_CAP) if LOGIT_CAP > 0 else logits


def build(preset: str, vocabulary: int) -> GPT:
    """The model as the evaluator builds it, too, before it loads the weights."""
    grow = GROWTH[preset]
    return GPT(vocabulary, DEPTH * grow["depth"], WIDTH * grow["width"], HEAD_WIDTH * grow["head"])


# Optimiser.


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly orthogonal matrices of the same row and column spaces: five steps of Newton-Schulz (Jordan 2024)."""
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.size(-2) > x.size(-1)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Muon:
    """Momentum, then an orthogonal step (Jordan 2024). Matrices of one shape are stepped together."""

    def __init__(self, matrices: list[nn.Parameter]) -> None:
        shapes = sorted({tuple(matrix.shape) for matrix in matrices})
        self.groups = [[matrix for matrix in matrices if tuple(matrix.shape) == shape] for shape in shapes]
        self.speeds = [torch.zeros(len(group), *group[0].shape, device=group[0].device) for group in self.groups]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for group, speed in zip(self.groups, self.speeds, strict=True):
            slope = torch.stack([matrix.grad for matrix in group if matrix.grad is not None])
            speed.lerp_(slope, 1 - MOMENTUM)
            moves = orthogonal(slope.lerp(speed, MOMENTUM))
            scale = rate * max(1.0, moves.size(-2) / moves.size(-1)) ** 0.5
            for matrix, move in zip(group, moves.unbind(), strict=True):
                matrix.mul_(1 - rate * WEIGHT_DECAY).sub_(move, alpha=scale)


def rate_at(done: float) -> float:
    """The share of the peak rate when `done` of the run is over: up, flat, down."""
    if done < WARMUP:
        return (done + 1e-3) / (WARMUP + 1e-3)
    left = (1 - done) / WARMDOWN if WARMDOWN > 0 else 1.0
    return FINAL_RATE + (1 - FINAL_RATE) * min(1.0, max(0.0, left))


class Optimiser:
    """Muon for the matrices inside the blocks, AdamW for the embedding and the output layer."""

    def __init__(self, model: GPT) -> None:
        self.muon = Muon(list(model.blocks.parameters()))
        narrow = (WIDTH / model.head.in_features) ** 0.5  # Adam's rates fall with the width
        tables = [
            {"params": [model.embed.weight], "peak": EMBED_RATE * narrow},
            {"params": [model.head.weight], "peak": HEAD_RATE * narrow},
        ]
        fused = model.head.weight.is_cuda
        self.adam = torch.optim.AdamW(tables, betas=BETAS, eps=1e-10, weight_decay=0.0, fused=fused)

    def step(self, share: float) -> None:
        """One step of both, at `share` of the peak rates."""
        for group in self.adam.param_groups:
            group["lr"] = group["peak"] * share
        self.adam.step()
        self.muon.step(MATRIX_RATE * share)


# Loop.


def add_gradients(model: Callable[[Tensor], Tensor], windows: Tensor, most: int) -> Tensor:
    """The mean loss of the windows in nats a token, its gradients added up; at most `most` windows at once."""
    total = torch.zeros((), device=windows.device)
    for part in windows.split(most):
        with torch.autocast("cuda", torch.bfloat16, enabled=windows.is_cuda):
            logits = model(part[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten()) * (len(part) / len(windows))
        loss.backward()
        total += loss.detach()
    return total


def batches(tokens: Tensor, count: int, length: int, device: str, seed: int) -> Iterator[Tensor]:
    """Yields [count, length + 1] tokens from random places, the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    offsets = torch.arange(length + 1)
    while True:
        starts = torch.from_numpy(rng.integers(0, len(tokens) - length, size=count))
        windows = tokens[starts[:, None] + offsets].long()
        yield windows.pin_memory().to(device, non_blocking=True) if device == "cuda" else windows


def main() -> None:
    leaf = Path(__file__).resolve().parent
    data = Path(os.environ.get("PRAXTUI_DATA") or leaf / "data")
    seed = int(os.environ.get("PRAXTUI_SEED") or 0)
    budget = float(os.environ.get("PRAXTUI_BUDGET_S") or 300)
    facts = json.loads((data / "corpus.json").read_text())
    preset, vocabulary = facts["preset"], facts["vocabulary"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    timed = preset == "full"
    torch.manual_seed(seed)
    torch.set_num_threads(1)

    model = build(preset, vocabulary).to(device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"preset {preset} on {device} | parameters: {parameters} | vocabulary: {vocabulary} | seed: {seed}")
    run = torch.compile(model, dynamic=False) if timed and COMPILE and device == "cuda" else model
    optimiser = Optimiser(model)
    grow = GROWTH[preset]
    length, count = WINDOW * grow["window"], BATCH * grow["batch"]
    tokens = torch.from_numpy(np.fromfile(data / "train.bin", dtype=facts["dtype"]).astype(np.int32))
    feed = batches(tokens, count, length, device, seed)
    clock, counted = time.monotonic(), 0
    step, done, shown = 0, 0.0, 0.0
    while done < 1:
        windows = next(feed)
        loss = add_gradients(run, windows, PASS[preset])
        optimiser.step(rate_at(done))
        model.zero_grad(set_to_none=True)

        step += 1
        if device == "cuda":
            torch.cuda.synchronize()  # or the clock would run behind the work that is queued
        if timed and step <= FREE_STEPS:
            clock, counted = time.monotonic(), step
        done = (time.monotonic() - clock) / budget if timed else step * count * length / facts["tokens"]
        if step == 1 or done >= 1 or done - shown >= 1 / LINES:
            value = loss.item()
            if not math.isfinite(value):
                raise SystemExit(f"train.py: the loss is {value} at step {step}")
            speed = (step - counted) * count * length / max(time.monotonic() - clock, 1e-9)
            print(f"step {step} | loss: {value:.4f} | tok/s: {speed:.0f} | done: {min(done, 1):.1%}", flush=True)
            shown = done

    out = leaf / "out"
    out.mkdir(exist_ok=True)
    np.savez(out / "model.npz", **{name: weight.float().cpu().numpy() for name, weight in model.state_dict().items()})
    print(f"train_seconds: {time.monotonic() - clock:.2f}")
    print(f"tokens: {step * count * length}")
    print(f"tokens_per_second: {speed:.0f}")
    print(f"peak_vram_mb: {torch.cuda.max_memory_allocated() / 1e6 if device == 'cuda' else 0:.0f}")
    print(f"train_loss: {value:.6f}")


if __name__ == "__main__":
    main()
