"""Which value a knob takes next.

A knob that was not measured on one side of its value moves there first, by a step that any person would try (half,
double), and goes further while going further helps: a TPE without data is a random draw. Once both sides are known,
Optuna's tree-structured Parzen estimator proposes (Bergstra et al., "Algorithms for Hyper-Parameter Optimization",
NeurIPS 2011), over this knob alone, from its changes so far.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal

import msgspec

from praxtui.research.evidence import Change
from praxtui.research.ranges import Choice, Knob, Range

Move = Literal["first", "other side", "further", "tpe", "again", "left over"]
_STRETCH = 1.0
_GAP = 0.5
_CRASH = -1.5
_ASKS = 8
_REMEMBERED = 100
_LEFT_OVER = 64


class Candidate(msgspec.Struct, frozen=True):
    """A value, and how it came about."""

    value: Choice
    move: Move


def candidates(knob: Knob, changes: Sequence[Change], rng: random.Random, *, late: bool) -> Iterator[Candidate]:
    """Values for `knob` other than its own, most promising first, each once; finitely many.

    `late` gives those that are worth a run only when no knob has anything better: measured before (while other
    constants stood elsewhere), beyond values that were worse, or next to a measured one.
    """
    given: list[Choice] = [knob.value]
    if knob.range.scale == "unordered":
        found = _unordered(knob, changes, rng, late=late)
    else:
        found = _late(knob, changes, rng) if late else _prompt(knob, changes, rng)
    for candidate in found:
        if not any(_same(candidate.value, value) for value in given):
            given.append(candidate.value)
            yield candidate


def _prompt(knob: Knob, changes: Sequence[Change], rng: random.Random) -> Iterator[Candidate]:
    worth = utilities(changes, knob.value)
    yield from _moves(knob, worth, changes, rng)
    places = [place for value, _ in worth if (place := _place(knob.range, value)) is not None]
    far = knob.range.step * _GAP
    low, high = _bracket(knob, worth)
    ends = sorted({low - far, high + far, *(place for place in places if low <= place <= high)})
    if any(right - left > 2 * far for left, right in pairwise(ends)):
        for value in _parzen(knob, worth, rng):
            here = knob.range.position(value)
            if all(abs(place - here) > far for place in places):
                yield Candidate(value, "tpe")


def _late(knob: Knob, changes: Sequence[Change], rng: random.Random) -> Iterator[Candidate]:
    worth = utilities(changes, knob.value)
    here = knob.range.position(knob.value)
    beside = [_nudged(knob.range, here, side, knob.range.step, knob.value) for side in (1, -1)]
    again = [value for value in beside if value is not None]
    for value in sorted(again, key=lambda value: -_nearest(knob.range, worth, value)):
        yield Candidate(value, "again")
    for value in _parzen(knob, worth, rng):
        yield Candidate(value, "left over")
    rest = _left_over(knob.range)
    rng.shuffle(rest)
    for value in rest:
        yield Candidate(value, "left over")


def _unordered(knob: Knob, changes: Sequence[Change], rng: random.Random, *, late: bool) -> Iterator[Candidate]:
    worth = utilities(changes, knob.value)
    fresh = [value for value in knob.range.choices if not any(_same(value, old) for old, _ in worth)]
    if not late:
        rng.shuffle(fresh)
        for value in fresh:
            yield Candidate(value, "first")
        return
    known = [value for value in knob.range.choices if value not in fresh]
    for value in sorted(known, key=lambda value: -_mean(worth, value)):
        yield Candidate(value, "left over")


def utilities(changes: Sequence[Change], now: Choice) -> list[tuple[Choice, float]]:
    """How good each measured value was, in units of gain, on one scale: every change adds its gain to what its start
    was worth. The incumbent moves only by kept changes, so starts chain; a start not met before is worth 0."""
    start: list[tuple[Choice, float]] = []
    found: list[tuple[Choice, float]] = []
    for change in changes:
        base = next((worth for value, worth in reversed(start) if _same(value, change.before)), None)
        if base is None:
            base = 0.0
            start.append((change.before, base))
            found.append((change.before, base))
        worth = base + (_CRASH if change.effect == "crash" else change.gain)
        found.append((change.after, worth))
        if change.effect == "better":
            start.append((change.after, worth))
    if not any(_same(value, now) for value, _ in found):
        found.append((now, max((worth for _, worth in found), default=0.0)))
    return found


def _moves(
    knob: Knob, worth: Sequence[tuple[Choice, float]], changes: Sequence[Change], rng: random.Random
) -> Iterator[Candidate]:
    """Steps to a side of the value on which nothing was measured yet; away from where the value came from first."""
    limits, here = knob.range, knob.range.position(knob.value)
    places = [place for value, _ in worth if (place := _place(limits, value)) is not None]
    low, high = limits.span()
    came = _place(limits, changes[-1].before) if changes and _same(changes[-1].after, knob.value) else None
    sides = [1, -1] if rng.random() < 0.5 else [-1, 1]
    if came is not None and came != here:
        onward = 1 if here > came else -1
        sides = [onward, -onward]
    for side in sides:
        if any((place - here) * side > 1e-9 for place in places) or not low - 1e-9 <= here + side * 1e-6 <= high + 1e-9:
            continue
        step = limits.step
        move: Move = "first" if not changes else "other side"
        if came is not None and (here - came) * side > 0:
            step, move = max(step, abs(here - came) * _STRETCH), "further"
        value = _nudged(limits, here, side, step, knob.value)
        if value is not None:
            yield Candidate(value, move)


def _nudged(limits: Range, here: float, side: int, step: float, now: Choice) -> Choice | None:
    """The value about one `step` to one side; at least the next readable one, None at the end of the range."""
    for stretch in (1.0, 1.5, 2.0, 3.0):
        value = limits.value(here + side * step * stretch)
        if not _same(value, now) and (limits.position(value) - here) * side > 0:
            return value
    return None


def _place(limits: Range, value: Choice) -> float | None:
    try:
        return limits.position(value)
    except (ValueError, AssertionError):
        return None


def _parzen(knob: Knob, worth: Sequence[tuple[Choice, float]], rng: random.Random) -> Iterator[Choice]:
    import optuna

    limits = knob.range
    known = [(place, value) for each, value in worth if (place := _place(limits, each)) is not None]
    low, high = _bracket(knob, worth)
    if high - low < 1e-12:
        return
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space: dict[str, Any] = {"z": optuna.distributions.FloatDistribution(low, high)}
    sampler = optuna.samplers.TPESampler(seed=rng.randrange(2**31), n_startup_trials=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for place, value in known[-_REMEMBERED:]:
        if low <= place <= high:
            study.add_trial(optuna.trial.create_trial(params={"z": place}, distributions=space, value=value))
    for _ in range(_ASKS):
        yield limits.value(study.ask(space).params["z"])


def _bracket(knob: Knob, worth: Sequence[tuple[Choice, float]]) -> tuple[float, float]:
    """The part of the range between the nearest values on each side that were worse than the knob's own.

    A constant mostly has one best region; a TPE over the whole range keeps probing its far ends.
    """
    low, high = knob.range.span()
    here = knob.range.position(knob.value)
    own = max((value for each, value in worth if _same(each, knob.value)), default=0.0)
    worse = [place for each, value in worth if value < own and (place := _place(knob.range, each)) is not None]
    below = [place for place in worse if place < here - 1e-9]
    above = [place for place in worse if place > here + 1e-9]
    return max([low, *below]), min([high, *above])


def _left_over(limits: Range) -> list[Choice]:
    """Every choice; or the readable values at evenly spaced positions of the range."""
    if limits.choices:
        return list(limits.choices)
    low, high = limits.span()
    values: list[Choice] = []
    for part in range(_LEFT_OVER + 1):
        value = limits.value(low + (high - low) * part / _LEFT_OVER)
        if not any(_same(value, old) for old in values):
            values.append(value)
    return values


def _mean(worth: Sequence[tuple[Choice, float]], value: Choice) -> float:
    found = [each for old, each in worth if _same(old, value)]
    return sum(found) / len(found) if found else 0.0


def _nearest(limits: Range, worth: Sequence[tuple[Choice, float]], value: Choice) -> float:
    """What the measured value nearest to `value` was worth."""
    here = limits.position(value)
    known = [(abs(place - here), -each) for old, each in worth if (place := _place(limits, old)) is not None]
    return -min(known)[1] if known else 0.0


def _same(a: Choice, b: Choice) -> bool:
    """Equal in value and kind: True is not 1."""
    return isinstance(a, bool) == isinstance(b, bool) and isinstance(a, str) == isinstance(b, str) and a == b
