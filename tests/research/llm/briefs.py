"""Briefs of campaigns as they come about, of any length: for tests of the brief and for its bench."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from praxtui.program.read import load
from praxtui.program.spec import Program
from praxtui.research.protocol import Brief, Hint, Incumbent, Tried

PRETRAIN = Path(__file__).resolve().parents[3] / "leaves" / "pretrain"
SD = 0.013

KNOBS = (
    ("MATRIX_RATE", (0.02, 0.03, 0.04, 0.06, 0.015), "larger steps of the orthogonalised matrices use the short run"),
    ("EMBED_RATE", (0.01, 0.02, 0.05, 0.1), "rare bytes get few updates, so each must count for more"),
    ("HEAD_RATE", (0.003, 0.006, 0.012, 0.0015), "the output layer starts at zero and is slow to leave it"),
    ("WARMDOWN", (0.3, 0.5, 0.7, 0.9), "a longer way down averages out the noise of small batches"),
    ("BATCH", (16, 8, 12, 24), "half the batch is twice the steps at the same tokens"),
    ("MLP_RATIO", (4.0, 3.0, 5.0), "the feed-forward part holds most of what is remembered"),
    ("LOGIT_CAP", (15.0, 20.0, 30.0, 0.0), "the cap holds back confident predictions of frequent bytes"),
    ("WEIGHT_DECAY", (0.0, 0.1, 0.2), "smaller matrices keep the effective rate from falling during the run"),
    ("ROTARY_BASE", (10_000.0, 1000.0, 500.0), "64 tokens need no wavelengths of thousands"),
    ("MOMENTUM", (0.9, 0.95, 0.85), "a short run cannot wait for a long average"),
)
IDEAS = (
    ("look one byte back by a gated convolution", "n-gram statistics come free of attention, which can do other work"),
    ("value embeddings in the last block", "attention mixes what a byte is rather than what the layers made of it"),
    ("tie embedding and output layer", "the same table is learned from both ends, with half the parameters"),
    ("average weights over the last tenth", "the mean of late points lies deeper in the basin than the last one"),
    ("per-layer residual scales", "each block learns how much it says"),
    ("remove QK norm", "the scale of the logits may carry what the norm throws away"),
    ("SwiGLU at equal parameters", "a gate lets the hidden units switch each other off"),
    ("sort windows by compressibility", "easy text first gives the embeddings a start"),
)
EDIT = """\
@@ -80 +80 @@
-One change a time; its mechanism first. The loss of the last steps is a poor witness (one batch).
+One change a time; its mechanism first. Leave the sizes of the tiny preset alone.
"""
CRASHES = (
    "exit 1: RuntimeError: mat1 and mat2 shapes cannot be multiplied (1024x64 and 128x256)",
    "exit 1: AssertionError: model.npz has 1.42 MB of weights, at most 1.3",
    "ended after 180 s: the time limit",
)


def history(count: int, seed: int = 1) -> tuple[Tried, ...]:
    """`count` judged experiments: a fifth kept early on, ever fewer later; some crash, some are revoked."""
    draw = random.Random(seed)
    found: list[Tried] = []
    metric, parent = 2.169, "e0"
    for n in range(1, count + 1):
        title, mechanism = _idea(draw)
        said: dict[str, Any] = {"id": f"e{n}", "by": "llm", "title": title, "mechanism": mechanism, "parent": parent}
        said |= {"predicted": f"-{draw.uniform(0.005, 0.05):.3f} val_bpb", "levers": ("train.py",), "seconds": 21.0}
        if draw.random() < 0.06:
            crashed = draw.random() < 0.7
            reason = draw.choice(CRASHES) if crashed else "given up: 20 steps are used up"
            said |= {"verdict": "crash" if crashed else "invalid", "reason": reason, "reflected": "inconclusive"}
            said["revision"] = "it did not run, so it says nothing about the mechanism"
            found.append(Tried(**said))
            continue
        effect = draw.gauss(-0.4, 1.3) + (1.5 if draw.random() < 6 / (n + 10) else 0)
        keep = effect > 0.2
        delta = effect * SD
        said |= {"verdict": "keep" if keep else "discard", "metric": metric - delta, "delta": delta}
        said |= {"delta_sd": effect, "lines": draw.choice((0, 0, 0, 4, 11, -3)), "reflected": _reflected(effect)}
        said["revision"] = _revision(title, effect)
        if keep:
            revoked = draw.random() < 0.2
            said["standing"] = "revoked" if revoked else draw.choice(("provisional", "supported"))
            if not revoked:
                metric, parent = metric - delta, f"e{n}"
        found.append(Tried(**said))
    return tuple(found)


def _idea(draw: random.Random) -> tuple[str, str]:
    if draw.random() < 0.25:
        title, mechanism = draw.choice(IDEAS)
        return title, f"{mechanism}; val_bpb falls because the same steps then explain more"
    name, values, mechanism = draw.choice(KNOBS)
    before, after = draw.sample(values, 2)
    return f"{name} {before:g} -> {after:g}", f"{mechanism}; so the loss at the end of the fixed budget is lower"


def _reflected(effect: float) -> str:
    return "confirmed" if effect > 1 else "refuted" if effect < -0.7 else "inconclusive"


def _revision(title: str, effect: float) -> str:
    if effect > 1:
        return f"{title} gained {effect:.1f} sd, as predicted; try to go further the same way until it turns"
    if effect < -0.7:
        return f"{title} lost {-effect:.1f} sd: at this length of run the cost in steps outweighs it"
    return f"{title} stayed within the noise ({effect:+.1f} sd): not worth another run on its own"


@cache
def program() -> Program:
    """The program of the bundled `pretrain` leaf."""
    return load(PRETRAIN)


def brief(tried: tuple[Tried, ...], **changes: Any) -> Brief:
    """A brief on the bundled `pretrain` leaf after these experiments."""
    kept = [each for each in tried if each.verdict == "keep" and each.standing != "revoked"]
    head = kept[-1] if kept else Tried(id="e0", metric=2.169)
    said: dict[str, Any] = {
        "campaign": "pretrain-1",
        "experiment": f"e{len(tried) + 1}",
        "epoch": 1,
        "seed": 0,
        "program": program(),
        "incumbent": Incumbent(
            id=head.id, commit="0" * 40, levers={"train.py": (PRETRAIN / "train.py").read_text()}, metric=head.metric
        ),
        "tried": tried,
        "noise_sd": SD,
        "baseline": 2.169,
        "lineage": tuple(each.id for each in kept),
    }
    return Brief(**said | changes)


def texts() -> dict[str, str]:
    """The sealed files of the leaf."""
    names = ("evaluate.py", "prepare.py", "child.py", "serve.py")
    return {name: (PRETRAIN / name).read_text() for name in names}


def example() -> Brief:
    """A campaign of 30 experiments with everything in it that a brief can tell."""
    tried = list(history(30, seed=4))
    vetoed = "vetoed by the person: the full preset is not what we look at today"
    held = Tried(id="e31", by="llm", title="GROWTH of width 8 -> 10", verdict="void", reason="vetoed", person=vetoed)
    running = Tried(
        id="e32", title="WARMDOWN 0.7 -> 0.9", mechanism="e12 gained by a longer way down; it may not end there"
    )
    return brief(
        (*tried, held),
        experiment="e33",
        in_flight=(running,),
        hints=(
            Hint("k1", "the output layer learns too slowly, look at HEAD_RATE", used_by=("e4",)),
            Hint("k2", "I suspect that half of the warmup is wasted on the tiny preset"),
            Hint("k3", "try what nanoGPT speedruns do with value embeddings"),
        ),
        refusals=("evaluate.py is sealed; the levers are: train.py",),
        program_edits=(EDIT,),
        stance="combine",
    )
