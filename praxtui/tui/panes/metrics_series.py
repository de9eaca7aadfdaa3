"""What was tried, as points of a plot: from the state of a campaign over experiments, time or USD. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from praxtui.journal.ledger import mean_metric
from praxtui.journal.shown import delta, metric, plain
from praxtui.journal.state import Epoch, Experiment, State
from praxtui.tui.widgets.axes import labels
from praxtui.tui.widgets.braille import Trace
from praxtui.tui.widgets.plot import Picture
from praxtui.tui.widgets.points import Points
from praxtui.tui.widgets.stretch import Stretch

AXES = ("experiments", "time", "USD")
MARKS = {
    "invalid": "!",
    "behind": "-",
    "discard": "·",
    "crash": "\N{MULTIPLICATION SIGN}",
    "running": "◆",
    "revoked": "○",
    "keep": "●",
}
"""The mark of each kind of try, the last drawn on top."""

BOTTOM = 0.12  # of the scale, kept free at the bottom for what has no value


class Try(NamedTuple):
    """An experiment on the plot, or the baseline of an epoch. `value` None: it has none, as a crash.

    `kind` is a key of MARKS; `x` is in the unit of the axis, for time in seconds since the campaign began.
    """

    id: str
    epoch: int
    x: float
    value: float | None
    kind: str


class History(NamedTuple):
    """The tries in the order of x; `best`: of each epoch the best so far, as (x, value) at each improvement; `began`:
    where each but the first begins; `last`: how far x goes. Epochs that measured something else are left out.

    `noise`: value of the incumbent, and the sd of one run.
    """

    axis: str
    tries: list[Try]
    best: list[list[tuple[float, float]]]
    began: list[float]
    last: float
    noise: tuple[float, float] | None = None


EMPTY = History("experiments", [], [], [], 0.0)


class Tries:
    """Makes histories; remembers the value and kind of every experiment that has not changed since."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Experiment, float | None, str | None]] = {}

    def history(self, state: State, axis: str, now: float) -> History:
        """The tries over `axis`: one of AXES."""
        epochs = comparable(state.epochs)
        if not epochs:
            return EMPTY._replace(axis=axis)
        spots = _Spots(state, axis, now)
        numbers = {epoch.number for epoch in epochs}
        under_way = {name.partition("/")[0] for name in state.running}
        tries = [found for epoch in epochs if (found := _baseline(state, epoch, spots)) is not None]
        for e in state.experiments.values():
            if e.epoch not in numbers or e.id == "e0":
                continue
            value, kind = self._value(e)
            if kind is None and e.id in under_way:
                kind = "running"
            if kind is not None:
                tries.append(Try(e.id, e.epoch, spots.of(e), value, kind))
        tries.sort(key=lambda found: found.x)
        began = [spots.beginning(epoch) for epoch in epochs[1:]]
        last = max([*(found.x for found in tries), *began], default=0.0)
        best = [_improvements(tries, epoch) for epoch in epochs]
        return History(axis, tries, best, began, last, _noise(best[-1], epochs[-1]))

    def _value(self, e: Experiment) -> tuple[float | None, str | None]:
        found = self._known.get(e.id)
        if found is None or found[0] is not e:
            kind = "revoked" if e.standing == "revoked" else e.verdict
            value = mean_metric(e)
            if value is not None and not math.isfinite(value):
                value = None
            if kind not in MARKS:
                kind = None  # undecided, or ended by a person or a fault
            elif kind in ("crash", "invalid"):
                value = None
            elif value is None:  # one that was given up on before it was measured; the record of a keep has no less
                kind = "behind" if kind == "discard" else None
            found = self._known[e.id] = (e, value, kind)
        return found[1], found[2]


def comparable(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The epoch of now and those just before it that measured the same, with the same goal."""
    if not epochs:
        return []
    now = epochs[-1]
    same = takewhile(lambda epoch: (epoch.metric, epoch.goal) == (now.metric, now.goal), reversed(epochs))
    return list(reversed(list(same)))


class _Spots:
    """Where on the x axis something stands."""

    def __init__(self, state: State, axis: str, now: float) -> None:
        self._axis, self._now, self._created = axis, now, state.created
        self._first: dict[int, int] = {}
        self._spent: dict[str, float] = {}
        self._before: dict[int, float] = {}
        self._next = max((e.number for e in state.experiments.values()), default=0) + 1
        spent = 0.0
        for e in state.experiments.values():
            self._first.setdefault(e.epoch, e.number)
            self._before.setdefault(e.epoch, spent)
            spent += e.usd + sum(run.usd for run in e.runs)
            self._spent[e.id] = spent

    def of(self, e: Experiment) -> float:
        """Where an experiment was judged; one that is not yet stands at the moment."""
        if self._axis == "experiments":
            return float(e.number)
        if self._axis == "USD":
            return self._spent[e.id]
        return max(0.0, (e.judged or self._now) - self._created)

    def beginning(self, epoch: Epoch) -> float:
        """Where an epoch began: among experiments, half way to its first one."""
        if epoch.number == 1 and self._axis != "time":
            return 0.0
        if self._axis == "experiments":
            return self._first.get(epoch.number, self._next) - 0.5
        if self._axis == "USD":
            return self._before.get(epoch.number, max(self._spent.values(), default=0.0))
        return max(0.0, epoch.opened - self._created)


def _baseline(state: State, epoch: Epoch, spots: _Spots) -> Try | None:
    """What an epoch began from, measured anew in it."""
    head = state.experiments.get(epoch.head)
    if head is None:
        return None
    values = [run.metric for run in head.measured("baseline", epoch=epoch.number) if run.metric is not None]
    values = [value for value in values if math.isfinite(value)]
    return Try(head.id, epoch.number, spots.beginning(epoch), statistics.fmean(values), "keep") if values else None


def _improvements(tries: Iterable[Try], epoch: Epoch) -> list[tuple[float, float]]:
    steps: list[tuple[float, float]] = []
    for found in tries:
        if found.epoch != epoch.number or found.kind != "keep" or found.value is None:
            continue
        if not steps or epoch.sign * (found.value - steps[-1][1]) > 0:
            steps.append((found.x, found.value))
    return steps


def _noise(best: Sequence[tuple[float, float]], epoch: Epoch) -> tuple[float, float] | None:
    return (best[-1][1], epoch.noise_sd) if best and epoch.noise_sd else None


# --- the picture -----------------------------------------------------------------------------------------------------


def picture(found: History, state: State) -> Picture:
    """Best so far as steps, under a mark for every try; those without a value stand on the bottom line."""
    unit = UNITS_OF[found.axis](found.last)
    traces = []
    for steps, end in zip(found.best, [*found.began, found.last], strict=True):
        if steps:
            xs, ys = [x / unit.size for x, _ in steps], [y for _, y in steps]
            whole = Points([*xs, max(end / unit.size, xs[-1])], [*ys, ys[-1]])
            traces.append(Trace("best so far", whole, "best", "step"))
    for kind, mark in MARKS.items():
        here = [found for found in found.tries if found.kind == kind]
        ys = [-math.inf if found.value is None else found.value for found in here]
        traces.append(Trace(kind, Points([found.x / unit.size for found in here], ys), kind, "marks", mark))
    heights = [math.nan if found.value is None else found.value for found in found.tries]
    middle, sd = found.noise or (0.0, 0.0)
    return Picture(
        traces,
        Stretch(0.0, found.last / unit.size),
        lambda left, right, log: scale(found, left * unit.size, right * unit.size, log=log),
        Points([found.x / unit.size for found in found.tries], heights),
        lambda place: reading(found.tries[place], state),
        lambda ticks: [f"{unit.before}{'0' * word.startswith('.')}{word}{unit.after}" for word in labels(ticks)],
        found.axis == "experiments",
        [x / unit.size for x in found.began],
        [middle - sd, middle + sd] if sd else (),
        ["{off} off scale"],
    )


class Unit(NamedTuple):
    """What x is shown in: `size` in the axis' own unit, and what stands around its numbers."""

    size: float
    before: str = ""
    after: str = ""


def _time_unit(last: float) -> Unit:
    if last < 180:
        return Unit(1.0, after="s")
    return Unit(60.0, after="m") if last < 3 * 3600 else Unit(3600.0, after="h")


UNITS_OF: dict[str, Callable[[float], Unit]] = {
    "experiments": lambda last: Unit(1.0, before="e"),
    "time": _time_unit,
    "USD": lambda last: Unit(1.0, before="$"),
}


def scale(found: History, left: float, right: float, *, log: bool = False) -> tuple[float, float] | None:
    """Bottom and top for a stretch of x: all that was kept in it, and of the rest what is about as far as most of it.

    A try that went astray must not flatten the picture; how many are off it is said beside it.
    """
    here = [t for t in found.tries if t.value is not None and (t.value > 0 or not log)]
    seen = [t for t in here if left <= t.x <= right] or here
    every = [t.value for t in seen if t.value is not None]
    if not every:
        return None
    kept = [t.value for t in seen if t.kind in ("keep", "revoked") and t.value is not None]
    kept += [y for steps in found.best for y in held(steps, left) if y > 0 or not log]
    kept = kept or every
    low, high = min(kept), max(kept)
    middle = statistics.median(every)
    spread = statistics.median(abs(value - middle) for value in every)
    reach = max(high - low, 4 * spread)
    inside = [value for value in every if low - reach <= value <= high + reach]
    low, high = min([low, *inside]), max([high, *inside])
    # The bottom line is for those without a value, so that none of them looks like the best.
    below = 0.05 if all(t.value is not None for t in found.tries) else BOTTOM
    if log:
        rise = math.log(max(high / low, 1.001))
        return low / math.exp(below * rise), high * math.exp(0.05 * rise)
    rise = high - low or abs(high) * 0.01 or 1.0
    return low - below * rise, high + 0.05 * rise


def held(steps: Sequence[tuple[float, float]], x: float) -> list[float]:
    """The best at `x`, which a stretch that begins there has to show; none before the first."""
    return [y for at, y in steps if at <= x][-1:]


def reading(found: Try, state: State) -> str:
    """`e45  keep provisional  .9697  +1.1 sd  x0 lambda .1→.05`."""
    e = state.experiments.get(found.id)
    epoch = next((epoch for epoch in state.epochs if epoch.number == found.epoch), None)
    if e is None or (epoch is not None and found.id == epoch.head and e.epoch != found.epoch) or found.id == "e0":
        return f"{found.id}  baseline  {metric(found.value)}"
    parts = [e.id, plain(" ".join(word for word in (e.verdict or "running", e.standing or "") if word))]
    if found.value is not None:
        parts.append(metric(found.value))
    if e.delta is not None:
        parts.append(delta(e.delta, e.delta_sd))
    return "  ".join([*parts, plain(e.title)])
