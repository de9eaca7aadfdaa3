"""What was tried as a picture: marks for all tries under the best so far, and the scale that they are seen on. Pure."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from typing import NamedTuple

from praxtui.journal.shown import delta, metric, plain
from praxtui.journal.state import State
from praxtui.tui.panes.metrics_tries import MARKS, History, Try
from praxtui.tui.widgets.axes import labels
from praxtui.tui.widgets.braille import Trace
from praxtui.tui.widgets.plot import Picture
from praxtui.tui.widgets.points import Points
from praxtui.tui.widgets.scattered import Scattered
from praxtui.tui.widgets.stretch import Stretch

BOTTOM, TOP = 0.12, 0.05
"""Parts of the scale that are kept free. What has no value stands on the bottom line, so that it never looks like the
best; the line is there without any, too: else the scale would jump whenever a run begins and ends."""

FINE = 256
"""Parts of the whole that its end moves on by where there are more tries: were it always at the last one, every new
try would put all the others elsewhere."""


class Drawing:
    """The picture of a history, kept from one to the next: only what is another one than before is made again."""

    def __init__(self) -> None:
        self._axis = ""
        self._unit = Unit(1.0)
        self._tries: Sequence[Try] = ()
        self._best: list[list[tuple[float, float]]] = []
        self._stops = Points()
        self._marks = {kind: Scattered() for kind in MARKS}
        self._places: dict[str, list[int]] = {kind: [] for kind in MARKS}
        self._values: list[float] = []

    def picture(self, found: History, state: Callable[[], State]) -> Picture:
        """Best so far as steps, under a mark for every try; those without a value stand on the bottom line.

        `state` gives what is read off at a mark, as of when it is.
        """
        unit = UNITS_OF[found.axis](found.last)
        first = found.first if (found.axis, unit) == (self._axis, self._unit) and found.tries is self._tries else 0
        self._axis, self._unit, self._tries, self._best = found.axis, unit, found.tries, found.best
        self._cut(min(first, len(self._stops)))
        self._extend(found.tries[len(self._stops) :])
        traces = []
        for steps, end in zip(found.best, [*found.began, found.last], strict=True):
            if steps:
                xs, ys = [x / unit.size for x, _ in steps], [y for _, y in steps]
                whole = Points([*xs, max(end / unit.size, xs[-1])], [*ys, ys[-1]])
                traces.append(Trace("best so far", whole, "best", "step"))
        traces += [Trace(kind, self._marks[kind], kind, "marks", mark) for kind, mark in MARKS.items()]
        middle, sd = found.noise or (0.0, 0.0)
        return Picture(
            traces,
            Stretch(0.0, _end(found.last) / unit.size),
            self.scale,
            self._stops,
            lambda place: reading(found.tries[place], state()),
            lambda ticks: [f"{unit.before}{'0' * word.startswith('.')}{word}{unit.after}" for word in labels(ticks)],
            found.axis == "experiments",
            [x / unit.size for x in found.began],
            [middle - sd, middle + sd] if sd else (),
            ["{off} off scale"],
        )

    def x(self, place: int) -> float:
        """Where a try stands in the picture."""
        return self._stops.x[place]

    def _cut(self, length: int) -> None:
        """Forget the tries from a place on."""
        dropped = [y for y in self._stops.y[length:] if math.isfinite(y)]
        if len(dropped) > len(self._values) // 8:
            self._values = sorted(y for y in self._stops.y[:length] if math.isfinite(y))
        else:
            for value in dropped:
                del self._values[bisect_left(self._values, value)]
        self._stops.cut(length)
        for kind, places in self._places.items():
            kept = bisect_left(places, length)
            del places[kept:]
            self._marks[kind].cut(kept)

    def _extend(self, tries: Sequence[Try]) -> None:
        """Add tries at the end."""
        size = self._unit.size
        values = [found.value for found in tries if found.value is not None]
        if len(values) > len(self._values) // 8:
            self._values = sorted([*self._values, *values])
        else:
            for value in values:
                insort(self._values, value)
        xs, ys, at = array("d"), array("d"), len(self._stops)
        parts: dict[str, tuple[array[float], array[float]]] = {kind: (array("d"), array("d")) for kind in MARKS}
        for place, found in enumerate(tries, at):
            x = found.x / size
            xs.append(x)
            ys.append(math.nan if found.value is None else found.value)
            part = parts[found.kind]
            part[0].append(x)
            part[1].append(-math.inf if found.value is None else found.value)
            self._places[found.kind].append(place)
        self._stops.extend(xs, ys)
        for kind, part in parts.items():
            self._marks[kind].extend(*part)

    # --- the scale ---------------------------------------------------------------------------------------------------

    def scale(self, left: float, right: float, log: bool = False) -> tuple[float, float] | None:
        """Bottom and top for a stretch of x: all that was kept in it, and of the rest what is about as far as most.

        A try that went astray must not flatten the picture; how many are off it is said beside it.
        """
        every = self._seen(left, right, log)
        if not every:
            return None
        low, high = self._kept(left, right, log) or (every[0], every[-1])
        middle = every[len(every) // 2]
        reach = max(high - low, 4 * spread(every, middle))
        first, last = bisect_left(every, low - reach), bisect_right(every, high + reach)
        if first < last:
            low, high = min(low, every[first]), max(high, every[last - 1])
        if log:
            rise = math.log(max(high / low, 1.001))
            return low / math.exp(BOTTOM * rise), high * math.exp(TOP * rise)
        rise = high - low or abs(high) * 0.01 or 1.0
        return low - BOTTOM * rise, high + TOP * rise

    def _seen(self, left: float, right: float, log: bool) -> Sequence[float]:
        """The values in a stretch, ascending; all where it has none. On a logarithmic scale, those above 0."""
        stops = self._stops
        first, last = stops.within(left, right)
        every = self._values
        if last - first < len(stops):
            every = sorted(y for y in stops.y[first:last] if math.isfinite(y))
        if log:
            every = every[bisect_right(every, 0.0) :]
            return every or self._values[bisect_right(self._values, 0.0) :]
        return every or self._values

    def _kept(self, left: float, right: float, log: bool) -> tuple[float, float] | None:
        """The lowest and the highest of what was kept in a stretch, and what was the best where it begins."""
        spans = []
        for kind in ("keep", "revoked"):
            points = self._marks[kind]
            first, last = points.within(left, right)
            span = points.span(first, last)
            if span is not None and log and span[0] <= 0:
                above = [y for y in points.y[first:last] if y > 0]
                span = (min(above), max(above)) if above else None
            spans += [span] if span is not None else []
        size = self._unit.size
        spans += [(y, y) for steps in self._best for y in held(steps, left * size) if y > 0 or not log]
        return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None


def spread(values: Sequence[float], middle: float) -> float:
    """How far the middle one of ascending values is from `middle` where they are put in the order of that."""
    many = len(values) // 2 + 1
    low, high = 0, len(values) - many
    while low < high:  # those that are closest stand together: look for where they begin
        at = (low + high) // 2
        if middle - values[at] > values[at + many] - middle:
            low = at + 1
        else:
            high = at
    return max(middle - values[low], values[low + many - 1] - middle, 0.0)


def _end(last: float) -> float:
    """How far x is shown: to the last try, or a little further."""
    if last <= FINE:
        return last
    part = 2.0 ** (math.frexp(last / FINE)[1] - 1)
    return math.ceil(last / part) * part


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


def held(steps: Sequence[tuple[float, float]], x: float) -> list[float]:
    """The best at `x`, which a stretch that begins there has to show; none before the first."""
    at = bisect_right(steps, (x, math.inf))
    return [y for _, y in steps[max(0, at - 1) : at]]


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
