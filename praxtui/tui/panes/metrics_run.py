"""The series of one run as they are shown: the large one over the incumbent's, the others a line each. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from praxtui.journal.curves import Curve
from praxtui.journal.shown import cut, metric, plain
from praxtui.journal.state import Run, State
from praxtui.tui.status_line import running
from praxtui.tui.widgets.braille import Canvas, Trace, draw
from praxtui.tui.widgets.cells import Row, fitted, sides
from praxtui.tui.widgets.heights import Window
from praxtui.tui.widgets.plot import Picture
from praxtui.tui.widgets.points import Points
from praxtui.tui.widgets.stretch import Stretch

NAME, VALUE = 8, 7  # columns
SPARK = 6  # columns that are too few for a line of a series
SETTLED = 10  # the first of so many parts of a series does not set the scale: a loss falls from far above the rest
PERCENT = ("percent", "_pct", "%", "mfu")


class Live(NamedTuple):
    """A run's series, and those of the incumbent's to compare them with. `main`: the one that is drawn large."""

    id: str
    n: int
    series: Mapping[str, Points]
    rival: str
    against: Mapping[str, Points]
    main: str

    @property
    def theirs(self) -> Points | None:
        """The incumbent's series of the same name."""
        found = self.against.get(self.main)
        return found if found is not None and len(found) else None


def looked_at(state: State) -> tuple[str, int] | None:
    """The run under way, else the newest one that there is."""
    current = running(state)
    if current is not None:
        return current[0], current[1].n
    last = next((e for e in reversed(state.experiments.values()) if e.runs), None)
    return (last.id, last.runs[-1].n) if last is not None else None


def rival(state: State, id: str) -> tuple[str, int] | None:
    """The incumbent's run that compares with those of `id`; None where it is the incumbent itself."""
    head = state.experiments.get(state.head or "")
    if head is None or head.id == id:
        return None
    run = _selecting(head.runs)
    return (head.id, run.n) if run is not None else None


def _selecting(runs: Sequence[Run]) -> Run | None:
    """The run that an experiment was judged by; of the baseline the first, which has the seed that selects."""
    judged = [run for run in runs if run.over and run.use in ("select", "repair")]
    return judged[-1] if judged else next((run for run in runs if run.over and run.use == "baseline"), None)


def main_series(series: Mapping[str, object], chosen: str | None, wanted: str | None) -> str:
    """The series that is drawn large: what a person chose, else `metric.curve`, else the first; "" without any."""
    for name in (chosen, wanted):
        if name is not None and name in series:
            return name
    return next(iter(series), "")


class Kept:
    """Points of curves, made anew only where a curve is another one."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int, str], tuple[Curve, Points]] = {}

    def points(self, id: str, n: int, curves: Mapping[str, Curve]) -> dict[str, Points]:
        """Those of a run; what was kept of other runs than this and the one before it is dropped."""
        runs = list(dict.fromkeys([*((key[0], key[1]) for key in self._made if key[:2] != (id, n)), (id, n)]))[-2:]
        self._made = {key: made for key, made in self._made.items() if key[:2] in runs}
        found = {}
        for name, curve in curves.items():
            made = self._made.get((id, n, name))
            if made is None or not _same(made[0], curve):
                made = (curve, Points(curve.step, curve.value))
                self._made[(id, n, name)] = made
            found[name] = made[1]
        return found


def _same(one: Curve, other: Curve) -> bool:
    """Whether two curves have the same points; what is no number is the same as itself here."""
    if one is other:
        return True
    return len(one.value) == len(other.value) and (
        one.value.tobytes() == other.value.tobytes() and one.step.tobytes() == other.step.tobytes()
    )


# --- the large one ---------------------------------------------------------------------------------------------------


def large(live: Live) -> Picture:
    """The run's series on top of the incumbent's, over steps."""
    mine, theirs = live.series[live.main], live.theirs
    both = [mine] if theirs is None else [theirs, mine]
    steps = [x for points in both for x in (points.x[0], points.x[-1]) if math.isfinite(x)] if len(mine) else [0.0]
    if not all(points.ordered for points in both):
        steps = [x for points in both for x in points.x if math.isfinite(x)] or [0.0]
    traces = [Trace(live.main, mine, "series-1")]
    if theirs is not None:
        traces.insert(0, Trace(f"{live.main} of {live.rival}", theirs, "series-2"))
    whole = Stretch(min(steps, default=0.0), max(steps, default=0.0))
    return Picture(
        traces,
        whole,
        lambda left, right, log: bounds(both, left, right, whole, log=log),
        mine,
        lambda place: reading(live, place),
    )


def bounds(
    series: Sequence[Points], left: float, right: float, whole: Stretch, *, log: bool = False
) -> tuple[float, float] | None:
    """Bottom and top for a stretch of steps. Where it is the whole, what a run begins with does not count."""
    spans = []
    for points in series:
        if not len(points):
            continue
        first, last = points.within(left, right) if points.ordered else (0, len(points))
        if left <= whole.left and right >= whole.right:
            first += (last - first) // SETTLED
        if last <= first:  # between two points: what the line between them spans
            first, last = max(0, first - 1), last + 1
        found = points.span(first, last) or points.span()
        if found is not None:
            spans.append(found)
    if not spans:
        return None
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    if log:
        if high <= 0:
            return None
        low = min((y for points in series for y in points.y if 0 < y <= high), default=high) if low <= 0 else low
        pad = max((high / low) ** 0.05, 1.001)
        return low / pad, high * pad
    pad = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    return low - pad, high + pad


def reading(live: Live, place: int) -> str:
    """`step 1290  loss 3.214  e45 3.208`."""
    mine, theirs = live.series[live.main], live.theirs
    said = f"step {short(mine.x[place])}  {plain(live.main)} {shown(live.main, mine.y[place])}"
    there = at_step(theirs, mine.x[place]) if theirs is not None else None
    return said if there is None else f"{said}  {live.rival} {shown(live.main, there)}"


def head(live: Live, columns: int, *, focused: bool = False) -> Row:
    """Which run it is, its latest value, and what the incumbent had at the same step; marked where keys go to it."""
    mine, theirs = live.series[live.main], live.theirs
    value = shown(live.main, mine.y[-1]) if len(mine) else "-"
    mark = "▸ " if focused else ""
    left: Row = [(f"{mark}{plain(live.main)} ", "name"), (value, "value"), (f" {live.id}", "series-1")]
    there = at_step(theirs, mine.x[-1]) if theirs is not None and len(mine) else None
    if there is None:
        return fitted(left, columns)
    long: Row = [(f"{live.rival} {shown(live.main, there)}", "series-2"), (" at this step", "note")]
    full = sides(left, long, columns)
    return full if full[-1:] == long[-1:] else sides(left, long[:1], columns)


def at_step(points: Points, step: float) -> float | None:
    """The value at the last step that is not beyond `step`."""
    if points.ordered:
        place = bisect_right(points.x, step) - 1
        return points.y[place] if place >= 0 else None
    before = [y for x, y in zip(points.x, points.y, strict=True) if x <= step]
    return before[-1] if before else None


# --- the others ------------------------------------------------------------------------------------------------------


def small(name: str, points: Points, columns: int, style: str, *, ascii: bool = False) -> Row:
    """Name, last value, and the whole series in one line of dots."""
    value = shown(name, points.y[-1]) if len(points) else "-"
    row: Row = [(cut(plain(label(name)), NAME).ljust(NAME), "name"), (" ", ""), (value.rjust(VALUE), "value")]
    room = columns - NAME - VALUE - 3
    return fitted([*row, ("  ", ""), *spark(points, room, style, ascii=ascii)] if room >= SPARK else row, columns)


class Lines:
    """The lines of series, made again only where there are other points or columns."""

    def __init__(self, *, ascii: bool = False) -> None:
        self._ascii = ascii
        self._made: dict[str, tuple[Points, int, Row]] = {}

    def rows(self, series: Mapping[str, Points], columns: int, style: Callable[[str], str]) -> list[Row]:
        """A line for each, in the style that its name has."""
        made = {}
        for name, points in series.items():
            known = self._made.get(name)
            if known is None or known[0] is not points or known[1] != columns:
                known = (points, columns, small(name, points, columns, style(name), ascii=self._ascii))
            made[name] = known
        self._made = made
        return [row for _, _, row in made.values()]


def spark(points: Points, columns: int, style: str, *, ascii: bool = False) -> Row:
    """A series in one line, on a scale of its own."""
    finite = [x for x in points.x if math.isfinite(x)] if not points.ordered else [*points.x[:1], *points.x[-1:]]
    found = bounds([points], -math.inf, math.inf, Stretch(-math.inf, math.inf)) if finite else None
    if found is None or columns <= 0:
        return []
    canvas = Canvas(columns, 1, ascii=ascii)
    draw(canvas, Trace("", points, style), Window(min(finite), max(finite), *found))
    return canvas.lines()[0]


def label(name: str) -> str:
    """What a series is called where there is little room: the unit that stands by its value is not said twice."""
    for ending in ("_percent", "_pct"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def shown(name: str, value: float) -> str:
    """A value of a series: `3.214`, `412k`, `51.2%` where the name says that it is a share of a hundred."""
    said = short(value)
    if name.lower().endswith(PERCENT) and math.isfinite(value):
        return f"{value:.1f}%"
    return said


def short(value: float) -> str:
    """A number in at most some six characters: `3.214`, `412k`, `1290`."""
    if not math.isfinite(value):
        return str(value)
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size:
            return f"{value / size:.3g}{unit}" if abs(value) < 1000 * size else f"{value / size:.0f}{unit}"
    if value == int(value):
        return f"{value:.0f}"
    return metric(value)
