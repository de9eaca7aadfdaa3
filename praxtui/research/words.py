"""What `sweep` says: titles, mechanisms, predictions and reflections, all from measured facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from praxtui.research.constants import Constant
from praxtui.research.evidence import Change, Evidence
from praxtui.research.hinted import Wish
from praxtui.research.literals import Value, shown
from praxtui.research.protocol import Brief, Outcome, Reflection
from praxtui.research.ranges import Choice, Knob
from praxtui.research.values import Candidate

_MOST_NAMES = 12


def title(constant: Constant, after: Value) -> str:
    """`LR 0.003 -> 0.001`."""
    return f"{constant.name} {shown(constant.value)} -> {shown(after)}"


def mechanism(knob: Knob, candidate: Candidate, evidence: Evidence, wish: Wish | None) -> str:
    """Why this change, as far as the record says."""
    changes = evidence.of(knob)
    if wish is not None:
        return f"a person's hint ({wish.hint}): {wish.text.strip()}; {_record(knob, changes)}"
    if not changes and knob.key in evidence.idle_elsewhere:
        return f"untried with these switches: {knob.name} made no difference while bools and strings were set otherwise"
    if not changes:
        return f"untried: {knob.name} has not been changed yet; this first step shows whether it matters"
    why = {
        "first": "this value has not been tried",
        "other side": "the other side of the present value has not been tried",
        "further": f"the last step this way helped, so one goes further {_direction(knob, candidate.value)}",
        "tpe": "TPE expects the most here, given these changes",
        "again": "other constants have changed since, so this side is worth another look",
        "left over": "the values that looked better are used up",
    }[candidate.move]
    return f"{_record(knob, changes)}; {why}"


def _record(knob: Knob, changes: Sequence[Change]) -> str:
    """`LR: 2 of 3 changes helped, 1 crashed; trend down: 0.01 -> 0.003 gained 0.0012 (1.2 sd)`."""
    if not changes:
        return f"{knob.name} has not been changed yet"
    helped = [change for change in changes if change.effect == "better"]
    crashed = sum(change.effect == "crash" for change in changes)
    times = f"{len(helped)} of {len(changes)} {'change' if len(changes) == 1 else 'changes'} helped"
    said = f"{knob.name}: {times}" + (f", {crashed} crashed" if crashed else "")
    last = (helped or list(changes))[-1]
    trend = _trend(last) if helped else "last"
    return f"{said}; {trend}: {shown(last.before)} -> {shown(last.after)} {_measured(last)}"


def _trend(change: Change) -> str:
    before, after = change.before, change.after
    if isinstance(before, bool | str | tuple) or isinstance(after, bool | str | tuple):
        return "best step"
    return "trend up" if after > before else "trend down"


def _measured(change: Change) -> str:
    if change.effect == "crash":
        return "crashed"
    if change.delta is None:
        return "was kept" if change.effect == "better" else "was not kept"
    if change.delta == 0:
        return "made no difference"
    noise = f" ({abs(change.delta_sd):.1f} sd)" if change.delta_sd is not None else ""
    return f"{'gained' if change.delta > 0 else 'lost'} {abs(change.delta):.3g}{noise}"


def _direction(knob: Knob, value: Choice) -> str:
    now = knob.value
    if isinstance(now, str | tuple) or isinstance(value, str | tuple):
        return "on"
    return "up" if value > now else "down"


def predicted(candidate: Candidate, changes: Sequence[Change], brief: Brief) -> str:
    """What the record lets one expect; `unknown` where it says nothing."""
    last = changes[-1] if changes else None
    if candidate.move == "further" and last is not None and last.delta is not None and last.delta > 0:
        sd = f" ({last.delta_sd / 2:.1f} sd)" if last.delta_sd is not None else ""
        return f"about {last.delta / 2:.2g} better{sd}: half of what the last step gained"
    if not changes:
        return f"unknown: no change of it was measured; better {brief.program.metric.name} if it matters"
    if candidate.move == "tpe":
        return "slightly better, within what its earlier changes moved"
    return "unknown: nothing was measured on this side"


def thought(knobs: Sequence[Knob], evidence: Evidence, chosen: Knob, candidate: Candidate) -> str:
    """One line for the stream: how much is known, what was chosen and how."""
    tried = sum(bool(evidence.of(knob)) for knob in knobs)
    how = {
        "first": "first step",
        "other side": "other side",
        "further": "further the same way",
        "tpe": "TPE",
        "again": "again",
    }
    said = how.get(candidate.move, "left over")
    return (
        f"{len(knobs)} knobs, {tried} tried; {chosen.name} {shown(chosen.value)} -> {shown(candidate.value)} ({said})"
    )


def nothing_tunable(brief: Brief, found: Sequence[Constant], odd: Sequence[str], broken: Mapping[str, str]) -> str:
    """Why there is nothing to change at all, and what would open something."""
    names = ", ".join(_some(constant.key for constant in found)) or "none"
    files = ", ".join(sorted(brief.incumbent.levers)) or "no file"
    if odd:
        return (
            f"levers.space names {', '.join(odd)}, which is no constant of the levers ({files}); "
            f"constants there: {names}. Correct levers.space in program.md"
        )
    said = [
        f"no tunable constant in {files}: looked for UPPER_CASE names, assigned once at module level of a Python file, "
        "that hold a number, a bool, a string with known choices, or a tuple of numbers"
    ]
    said.extend(f"{path} cannot be parsed ({reason})" for path, reason in broken.items())
    alone = _some(f"{constant.name} ({constant.left_alone})" for constant in found if constant.left_alone)
    if alone:
        said.append(f"left alone: {', '.join(alone)}")
    said.append("move settings into such constants, or name them in levers.space, e.g. {LR: [1e-4, 1e-1]}")
    return "; ".join(said)


def nothing_left(knobs: Sequence[Knob], evidence: Evidence, refused: int) -> str:
    """Why no change is left among the knobs there are."""
    names = ", ".join(_some(knob.name for knob in knobs))
    attempts = f", {refused} refused for this draft" if refused else ""
    return (
        f"nothing left to try: every value of {names} within its range was tried "
        f"({len(evidence.seen)} points{attempts}); widen or add ranges in levers.space"
    )


def _some(names: Any) -> list[str]:
    listed = list(names)
    return [*listed[:_MOST_NAMES], f"{len(listed) - _MOST_NAMES} more"] if len(listed) > _MOST_NAMES else listed


def reflection(outcome: Outcome) -> Reflection:
    """Confirmed if kept as better, refuted if clearly worse (by more than 1 noise sd; by anything where there is no
    noise) or crashed, else inconclusive. The revision is the measured fact."""
    tried = outcome.experiment
    name = tried.title or tried.id
    if outcome.verdict in ("crash", "invalid"):
        said = "crashed" if outcome.verdict == "crash" else "broke a rule"
        return Reflection(mechanism="refuted", revision=f"{name} {said}: {outcome.reason or 'no reason given'}")
    if outcome.verdict == "void" or outcome.delta is None:
        why = outcome.reason or outcome.verdict or "nothing was measured"
        return Reflection(mechanism="inconclusive", revision=f"{name} says nothing: {why}")
    clearly = outcome.delta_sd is None or abs(outcome.delta_sd) > 1
    noise = "" if outcome.delta_sd is None else f" ({abs(outcome.delta_sd):.1f} noise sd)"
    size = f"{abs(outcome.delta):.3g}{noise}"
    if outcome.delta == 0:
        return Reflection(mechanism="inconclusive", revision=f"{name} made no difference")
    better = outcome.delta > 0
    fact = f"{name} {'gained' if better else 'lost'} {size}"
    judged: Literal["confirmed", "refuted", "inconclusive"] = "inconclusive"
    if better and outcome.verdict == "keep" and tried.standing != "revoked":
        judged = "confirmed"
    elif not better and clearly:
        judged = "refuted"
    if judged == "inconclusive":
        fact += ", which is within noise" if not clearly else ", which was not enough to keep"
    return Reflection(mechanism=judged, revision=fact)
