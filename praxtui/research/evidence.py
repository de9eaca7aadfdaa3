"""What the journal says about each knob: every measured change of it, and what follows from them.

Built afresh from a brief each time; nothing is remembered elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from praxtui.research.literals import Value
from praxtui.research.protocol import Brief, Tried
from praxtui.research.ranges import Choice, Knob

Effect = Literal["better", "worse", "same", "crash"]
NEVER_RAN = "campaign ended"
"""Why a drafted experiment is `void` when its campaign ended first: nothing was tried, so it may be tried again."""


_IDLE = 2


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One judged change of one knob. `gain` is `delta` in units of a typical gain of its campaign and epoch, -1 to 1.

    `kept` counts the keeps of any constant up to and including this change.
    `delta` (in the metric's unit) and `delta_sd` (in noise sd): positive is better, None where nothing was measured.
    """

    experiment: str
    knob: str
    before: Choice
    after: Choice
    effect: Effect
    gain: float
    delta: float | None
    delta_sd: float | None
    kept: int


class Evidence(msgspec.Struct, frozen=True):
    """`changes` by knob, oldest first; `seen` the points (see `point_key`) that would be repetitions; `busy` the
    knobs that an experiment in flight changes. `inert` are those that made no difference at all, twice or more, with
    the bools and strings set as they are now (such as the strength of a method that is not the chosen one); what made
    none while those were set otherwise says nothing, is left out of `changes`, and its knob is in `idle_elsewhere`."""

    changes: dict[str, tuple[Change, ...]]
    seen: frozenset[str]
    busy: frozenset[str]
    inert: frozenset[str]
    idle_elsewhere: frozenset[str]
    kept: int

    def doubt(self, knob: Knob) -> float:
        """How much another look at values measured before may tell: keeps since the knob was last changed, times how
        much its changes moved the metric."""
        changes = self.of(knob)
        if not changes:
            return 0.0
        moved = sum(abs(change.gain) for change in changes) / len(changes)
        return moved * (self.kept - changes[-1].kept)

    def of(self, knob: Knob) -> tuple[Change, ...]:
        return self.changes.get(knob.key, ())


def point_key(point: Mapping[str, Any]) -> str:
    """A canonical name for the values of all constants; a tuple and a list of the same numbers are the same."""
    return json.dumps(point, sort_keys=True, default=list)


def gather(brief: Brief, here: Mapping[str, Value]) -> Evidence:
    """Everything that `brief` says about constants: measured changes, points tried, knobs in flight.

    `here` is the incumbent's point: the value of every constant by key.
    """
    changes: dict[str, list[Change]] = {}
    idle: dict[str, int] = {}
    elsewhere: set[str] = set()
    kept = 0
    for group in _comparable([*brief.earlier, *brief.tried]):
        scale = _typical_gain(group)
        for each in group:
            kept += _helped(each)
            change = _change(each, scale, kept)
            if change is None:
                continue
            if change.delta == 0 and _switches(each, each.detail.get("point", {})) != _switches(each, here):
                elsewhere.add(change.knob)
                continue
            changes.setdefault(change.knob, []).append(change)
            idle[change.knob] = idle.get(change.knob, 0) + 1 if change.delta == 0 else 0
    known = [*brief.earlier, *(each for each in brief.tried if each.epoch == brief.epoch), *brief.in_flight]
    known = [each for each in known if (each.campaign or brief.campaign, each.id) != (brief.campaign, brief.experiment)]
    seen = (point_key(each.detail["point"]) for each in known if "point" in each.detail and not _never_ran(each))
    busy = (knob for each in brief.in_flight if (knob := knob_of(each.detail)) is not None)
    return Evidence(
        changes={knob: tuple(found) for knob, found in changes.items()},
        seen=frozenset(seen),
        busy=frozenset(busy),
        inert=frozenset(knob for knob, times in idle.items() if times >= _IDLE),
        idle_elsewhere=frozenset(elsewhere),
        kept=kept,
    )


def _switches(each: Tried, point: Mapping[str, Any]) -> dict[str, Any]:
    """The bools and strings of `point`, without the constant that `each` changed."""
    own = each.detail.get("constant")
    return {key: value for key, value in point.items() if isinstance(value, bool | str) and key != own}


def knob_of(detail: Mapping[str, Any]) -> str | None:
    """The key of the knob that a draft's detail says it changed, None where it says nothing."""
    constant, index = detail.get("constant"), detail.get("index")
    if not isinstance(constant, str) or "after" not in detail:
        return None
    return constant if index is None else f"{constant}[{index}]"


def detail_of(knob: Knob, after: Choice, point: Mapping[str, Value]) -> dict[str, Any]:
    """What a draft journals, as plain JSON: the knob, its value before and after, and the whole new point."""
    return {
        "constant": knob.constant.key,
        "index": knob.index,
        "before": _json(knob.value),
        "after": _json(after),
        "point": {key: _json(value) for key, value in point.items()},
    }


def _json(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _comparable(tried: Sequence[Tried]) -> Iterable[list[Tried]]:
    """`tried` in groups whose metrics can be compared: one for each campaign and epoch, in order of appearance."""
    groups: dict[tuple[str | None, int], list[Tried]] = {}
    for each in tried:
        groups.setdefault((each.campaign, each.epoch), []).append(each)
    return groups.values()


def _typical_gain(group: Sequence[Tried]) -> float:
    """The unit of `Change.gain`: the mean of the group's last kept gains, else of all its differences; 1 if none."""
    kept = [each.delta for each in group if _helped(each) and each.delta is not None]
    sizes = kept[-8:] or [abs(each.delta) for each in group if each.delta is not None]
    mean = sum(map(abs, sizes)) / len(sizes) if sizes else 0.0
    return mean or 1.0


def _helped(each: Tried) -> bool:
    return each.verdict == "keep" and each.standing != "revoked"


def _never_ran(each: Tried) -> bool:
    return each.verdict == "void" and NEVER_RAN in (each.reason or "")


def _change(each: Tried, scale: float, kept: int) -> Change | None:
    knob = knob_of(each.detail)
    if knob is None or each.verdict in (None, "void"):
        return None
    effect, gain = _effect(each, scale)
    return Change(
        experiment=each.id,
        knob=knob,
        before=_value(each.detail.get("before")),
        after=_value(each.detail["after"]),
        effect=effect,
        gain=gain,
        delta=each.delta,
        delta_sd=each.delta_sd,
        kept=kept,
    )


def _value(value: Any) -> Choice:
    return tuple(value) if isinstance(value, list) else value


def _effect(each: Tried, scale: float) -> tuple[Effect, float]:
    if each.verdict in ("crash", "invalid"):
        return "crash", -1.0
    if each.delta is None:
        # kept or discarded unmeasured: a run stopped early because it fell behind, or a person's word
        return ("better", 0.0) if _helped(each) else ("worse", -1.0)
    gain = max(-1.0, min(1.0, each.delta / scale))
    if _helped(each):
        return "better", gain
    if each.verdict == "keep" or each.delta >= 0:
        return "same", 0.0
    noisy = each.delta_sd is not None and each.delta_sd > -1
    return ("same" if noisy else "worse"), gain
