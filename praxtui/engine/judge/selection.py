"""The fast half of the rule: one run of a candidate against the incumbent on the common selection seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from praxtui.engine.judge.belief import confidence
from praxtui.engine.judge.noise import NONE, Noise, difference

TIE_SD = 0.25
"""Equal within noise: not worse than the bar by more than this many noise sd."""
STRICT_SD = 1.5
"""Strict tests only what looks better by more than this many noise sd: each test costs several runs."""
JUMP_SD = 10.0
JUMP_SHARE = 0.2


class Selection(Struct, frozen=True):
    """What one selecting run decided.

    verdict: `keep`, `discard`, or `test` (strict: looked better, to be tested on fresh seeds before it is kept).
    standing: of a keep, `provisional`, or `confirmed` where the metric is deterministic; else None.
    bar: signed value that the next candidate has to beat if this one is kept.
    delta: signed difference to the incumbent; delta_sd: the same in noise sd, None where that is 0 or unknown.
    confidence: probability that its true effect is positive; None while the noise is unknown.
    flags: `bound`, `jump`. rerun: run it again before judging (then call `select` with `again`).
    reason: why, where the number alone does not say it.
    """

    verdict: Literal["keep", "discard", "test"]
    standing: Literal["provisional", "confirmed"] | None
    bar: float
    delta: float
    delta_sd: float | None
    confidence: float | None
    flags: tuple[str, ...]
    reason: str | None
    rerun: bool


def flags(candidate: float, incumbent: float, noise: Noise, bound: float | None = None) -> tuple[str, ...]:
    """`bound`: beyond the signed bound of plausible values. `jump`: better by more than 10 noise sd and by more than
    a fifth of the incumbent's absolute value at once."""
    found = []
    if bound is not None and candidate > bound:
        found.append("bound")
    delta = difference(candidate, incumbent)
    if delta > JUMP_SHARE * abs(incumbent) and delta > JUMP_SD * (noise.sd or 0.0):
        found.append("jump")
    return tuple(found)


def in_sd(delta: float, noise: Noise) -> float | None:
    """`delta` in noise sd; None where the noise is 0 or unknown."""
    return difference(delta / noise.sd, 0.0) if noise.sd else None


def select(
    candidate: float,
    incumbent: float,
    noise: Noise,
    *,
    lines: int = 0,
    deterministic: bool = False,
    strict: bool = False,
    bound: float | None = None,
    again: float | None = None,
    deltas: Sequence[float] = (),
) -> Selection:
    """Judge one candidate by its run on the selection seed. Values and bound are signed: larger is better.

    `incumbent` is the bar: the selected value of the incumbent (`Selection.bar` of the keep, the baseline's run on the
    selection seed before any). Its luck is left in on purpose: it is a threshold that adapts by itself, and re-runs to
    remove it cost more than they save (measured; see docs/judge.md). `lines`: change in lines of code. `again`: the
    second value of a flagged result; the worse of the two counts. `deltas`: deltas of the epoch's earlier
    experiments, from which `confidence` learns how rare improvements are.

    A tie (at most `TIE_SD` noise sd below the bar) with fewer lines is kept, but the bar stays where it was, so that
    any number of ties together cannot lower it. Strict keeps no ties: equality cannot be confirmed.
    """
    found = flags(candidate, incumbent, noise, bound)
    value = candidate if again is None else min(candidate, again)
    delta = difference(value, incumbent)
    shown = None if deterministic else in_sd(delta, noise)
    sure = confidence(delta, NONE if deterministic else noise, deltas)
    rerun = bool(found) and again is None
    if delta > 0:
        if deterministic:
            return Selection("keep", "confirmed", value, delta, shown, sure, found, None, rerun)
        if strict and delta <= STRICT_SD * (noise.sd or 0.0):
            return Selection("discard", None, incumbent, delta, shown, sure, found, "within noise", rerun)
        if strict:
            return Selection("test", None, value, delta, shown, sure, found, None, rerun)
        return Selection("keep", "provisional", value, delta, shown, sure, found, None, rerun)
    slack = 0.0 if deterministic else TIE_SD * (noise.sd or 0.0)
    if lines < 0 and -delta <= slack and (deterministic or not strict):
        reason = "equal, simpler" if delta == 0 else "equal within noise, simpler"
        standing: Literal["provisional", "confirmed"] = "confirmed" if deterministic else "provisional"
        return Selection("keep", standing, incumbent, delta, shown, sure, found, reason, rerun)
    return Selection("discard", None, incumbent, delta, shown, sure, found, None, rerun)
