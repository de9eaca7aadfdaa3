"""What the recorded campaign of the tests tries, in order, and the texts around it."""

from __future__ import annotations

from typing import NamedTuple

PROGRAM = """\
---
metric:
  name: val_bpb
  goal: minimize
  curve: loss
levers:
  edit: [train.py]
loop:
  run: python train.py
  evaluate: python evaluate.py
  artifacts: [out/]
  budget: 300s
  requires: [torch, numpy]
constraints:
  repeats: 5
---
# 1. Task

Minimise **val_bpb** in five minutes on one GPU. Find the best optimiser settings first, then try cheaper attention.

# 2. Levers, most telling first

1. The rates: `MATRIX_LR`, `EMBED_LR`, and their shape over the run.
2. Steps against size: `BATCH`, `WINDOW`.
3. The model: `DEPTH`, `WIDTH`, `SOFTCAP`.

# 3. The walls

80 GB of memory, no network, and the evaluator's own split of the text.
"""

TRAIN = """\
\"\"\"Train a small GPT for five minutes.\"\"\"

DEPTH = 8  # blocks
WIDTH = 512
MATRIX_LR = 0.02  # Muon
EMBED_LR = 0.6  # AdamW
WARMDOWN = 0.4  # share of the run
ROPE_BASE = 10_000
SOFTCAP = 15
BATCH = 65_536  # tokens a step
ACTIVATION = "relu2"
WEIGHT_DECAY = 0.0
X0_LAMBDA = 0.1
WINDOW = "SSSL"


def rate(step: int, steps: int) -> float:
    \"\"\"The share of the peak rate at a step.\"\"\"
    left = (steps - step) / (WARMDOWN * steps)
    return min(1.0, left)
"""


class Idea(NamedTuple):
    """One experiment: `kind` says what becomes of it, `gain` what it is worth in val_bpb (positive is better)."""

    kind: str
    title: str
    mechanism: str
    predicted: str
    constant: str
    before: str
    after: str
    gain: float


IDEAS: tuple[Idea, ...] = (
    Idea(
        "keep", "embedding LR 0.6 → 0.8", "rare tokens see few updates; a higher rate makes each count",
        "0.004 better", "EMBED_LR", "0.6", "0.8", 0.0058,
    ),
    Idea(
        "discard", "GELU für ReLU²: 注意機構と合わせる [bold]not bold[/bold] \x1b[31mnot red\x1b[0m \x1b]0;owned\x07",
        "smooth gates pass gradients where [red]ReLU²[/red] has none \x1b[2J", "0.001 better", "ACTIVATION",
        '"relu2"', '"gelu"', -0.0029,
    ),
    Idea(
        "keep", "longer warmdown 0.4 → 0.7", "the loss still falls when the rates do: start falling earlier",
        "0.005 better", "WARMDOWN", "0.4", "0.7", 0.0059,
    ),
    Idea(
        "crash", "batch 131k tokens: fewer, cleaner steps", "gradients are noisy at the end", "0.002 better",
        "BATCH", "65_536", "131_000", 0.0,
    ),
    Idea(
        "behind", "two more layers", "depth adds what width cannot, at the same number of parameters", "0.003 better",
        "DEPTH", "8", "10", -0.02,
    ),
    Idea(
        "keep", "matrix LR 0.02 → 0.04", "the longer way down takes the noise of a higher rate away again",
        "0.004 better", "MATRIX_LR", "0.02", "0.04", 0.0057,
    ),
    Idea(
        "invalid", "score the last window only", "the last window is the one with the most context", "0.03 better",
        "WINDOW", '"SSSL"', '"LLLL"', 0.0,
    ),
    Idea(
        "keep", "weight decay 0 → 0.1 on the matrices", "norms grow all through the run, and with them the step size",
        "0.003 better", "WEIGHT_DECAY", "0.0", "0.1", 0.0036,
    ),
    Idea(
        "void", "window pattern SSSL → SSLL", "half the layers see the whole context", "0.002 better", "WINDOW",
        '"SSSL"', '"SSLL"', 0.0,
    ),
    Idea(
        "revoked", "x0 lambda 0.1 → 0.05", "the embedding's shortcut drowns what the early blocks say", "0.001 better",
        "X0_LAMBDA", "0.1", "0.05", 0.0011,
    ),
    Idea(
        "discard", "softcap 15 → 20", "the cap clips confident logits", "0.001 better", "SOFTCAP", "15", "20", -0.0017,
    ),
    Idea(
        "keep",
        "RoPE base 10k → 200k, because the short windows alias at a low base and the two long layers then cannot tell "
        "a token eight hundred positions back from one sixteen positions back, which costs most on code and tables",
        "short windows alias at a low base", "0.001 better", "ROPE_BASE", "10_000", "200_000", 0.0021,
    ),
    Idea(
        "veto", "train on the validation text as well", "more text", "0.2 better", "WIDTH", "512", "513", 0.0,
    ),
    Idea(
        "discard", "wider model 512 → 576", "capacity is short at this number of tokens", "0.002 better", "WIDTH",
        "512", "576", -0.0031,
    ),
)  # fmt: skip

TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 412, in <module>
    x, y = next(batches)
  File "train.py", line 288, in batches
    assert BATCH % (WINDOW_TOKENS * PASS) == 0, f"batch {BATCH} is indivisible by {WINDOW_TOKENS * PASS}"
AssertionError: batch 131000 is indivisible by 16384
"""

BRIEF = """\
# Where things stand

The best so far is {head} with val_bpb {best:.4f}; noise is 0.0006 (sd). Propose one change to train.py, and say why it
should help before you make it.
"""

THOUGHT = """\
The last keep lowered the loss mostly in the final third of the run, so the schedule matters more than the width.
{mechanism}. I will look at where {constant} is used before I touch it.
"""

FINDINGS = {
    "files": "only its own folders can be written",
    "home": "hidden",
    "network": "none",
    "memory": "80 GB",
    "gpu": "1 NVIDIA H100",
}
