"""Briefs, a synthetic leaf of twelve constants, and a recorder, for the tests of researchers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import msgspec

from praxtui.program.spec import Levers, Loop, Metric, Program, Space
from praxtui.research.constants import constants
from praxtui.research.protocol import Brief, Draft, Incumbent, Researcher, Tried

LEAF = '''"""A training script."""
# rates first
LR = 3e-3  # peak
BATCH = 64
WIDTH = 128
DEPTH = 5
DROPOUT = 0.1
BETAS = (
    0.9,  # first moment
    0.95,  # second moment
)
TOKENS = 16 * 1024
ACT = "relu"  # one of: relu, gelu, silu, tanh
BIAS = True
SEED = 1234
'''


class Recorder:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def stream(self, kind: str, text: str) -> None:
        self.lines.append((kind, text))


def program(space: dict[str, Space] | None = None) -> Program:
    return Program(
        metric=Metric("loss"), levers=Levers(edit=("*.py",), space=space or {}), loop=Loop(run="python t.py")
    )


def brief(levers: dict[str, str] | str = LEAF, number: int = 1, **known: Any) -> Brief:
    texts = {"train.py": levers} if isinstance(levers, str) else levers
    given: dict[str, Any] = {"seed": 0, "program": program(), "noise_sd": 0.01, "campaign": "c", "epoch": 1, **known}
    return Brief(experiment=f"e{number}", incumbent=Incumbent(id="e0", commit="0" * 40, levers=texts), **given)


def draft(researcher: Researcher, asked: Brief) -> Draft:
    return asyncio.run(researcher.draft(asked, Recorder()))


def point(text: str) -> dict[str, Any]:
    return {each.name: each.value for each in constants({"train.py": text})}


def loss(values: dict[str, Any]) -> float:
    """Smooth, best near LR 0.02, BATCH 128, WIDTH 300, DEPTH 7, DROPOUT 0.05, silu, no bias; lower is better."""
    away = {"LR": 0.02, "BATCH": 128, "WIDTH": 300, "DEPTH": 7, "DROPOUT": 0.05, "TOKENS": 32768}
    total = 1.0 + sum(0.05 * math.log(values[name] / best) ** 2 for name, best in away.items())
    total += 0.5 * (values["BETAS"][1] - 0.98) ** 2 + (0.03 if values["BIAS"] else 0.0)
    return total + {"relu": 0.05, "gelu": 0.02, "silu": 0.0, "tanh": 0.09}[values["ACT"]]


def tried(number: int, made: Draft, delta: float | None, verdict: str | None = None, **more: Any) -> Tried:
    judged = verdict or ("keep" if delta is not None and delta > 0 else "discard")
    return Tried(
        id=f"e{number}",
        campaign=more.pop("campaign", "c"),
        by="sweep",
        title=made.title,
        mechanism=made.mechanism,
        verdict=judged,
        delta=delta,
        delta_sd=None if delta is None else delta / 0.01,
        detail=msgspec.json.decode(msgspec.json.encode(made.detail)),
        **more,
    )


def campaign(
    researcher: Researcher, length: int, check: Callable[[Brief, Draft], None] | None = None, **known: Any
) -> tuple[list[Draft], list[Tried], str]:
    """`length` experiments on the synthetic leaf without noise: its drafts, its record, its last incumbent's text."""
    text, best, record, drafts = LEAF, loss(point(LEAF)), [], []
    for number in range(1, length + 1):
        asked = brief(text, number, tried=tuple(record), **known)
        made = draft(researcher, asked)
        if check:
            check(asked, made)
        new = made.files["train.py"]
        assert new is not None
        value = loss(point(new))
        record.append(tried(number, made, best - value))
        drafts.append(made)
        if value < best:
            best, text = value, new
    return drafts, record, text
