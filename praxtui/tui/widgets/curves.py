"""The live series of one experiment over those of another: a line each, on one scale. The lines themselves are pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from praxtui.journal.curves import Curve
from praxtui.journal.shown import metric, plain
from praxtui.journal.state import Experiment
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.widgets.columns import Piece, fitted
from praxtui.tui.widgets.folds import Line, Made
from praxtui.tui.widgets.lines import LineView
from praxtui.tui.widgets.wrapping import wrapped

LEVELS = "▁▂▃▄▅▆▇█"
NAME, WHO, VALUE = 10, 5, 10  # columns
NONE = "{id} has no curve: its runs print no progress, or it has not run yet."


def spark(values: Sequence[float], low: float, high: float, columns: int) -> str:
    """Values as blocks of a height, the mean of those that share a column; a dot where none of them is a number."""
    count = min(columns, len(values))
    drawn = []
    for column in range(count):
        part = values[column * len(values) // count : (column + 1) * len(values) // count]
        finite = [value for value in part if math.isfinite(value)]
        if not finite:
            drawn.append("·")
            continue
        share = (sum(finite) / len(finite) - low) / (high - low) if high > low else 0.5
        drawn.append(LEVELS[max(0, min(len(LEVELS) - 1, int(share * len(LEVELS))))])
    return "".join(drawn)


def upto(curve: Curve, step: float) -> Curve:
    """A curve up to a step: what is compared with one that is not as far yet."""
    n = sum(1 for found in curve.step if found <= step)
    return Curve(curve.step[:n], curve.value[:n], curve.seconds[:n])


def lines(mine: Mapping[str, Curve], theirs: Mapping[str, Curve], names: tuple[str, str], width: int) -> list[Line]:
    """Two lines a series, on one scale in steps and in values, with the latest value each; the other's at that step."""
    found: list[Line] = []
    for name in mine:
        curve, other = mine[name], theirs.get(name)
        if not len(curve.value):
            continue
        far = max(curve.step[-1], other.step[-1] if other is not None and len(other.step) else curve.step[-1])
        every = [*curve.value, *(other.value if other is not None else ())]
        finite = [value for value in every if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        room = max(0, width - NAME - WHO - VALUE - 3)
        found.append(_row(name, names[0], curve, (low, high), _columns(curve, far, room), "live"))
        if other is not None and len(other.value):
            there = upto(other, curve.step[-1])
            value = there.value[-1] if len(there.value) else None
            found.append(_row("", names[1], other, (low, high), _columns(other, far, room), "weak", value))
        found.append((Piece(""),))
    return found


def _columns(curve: Curve, far: float, room: int) -> int:
    """Columns that a curve takes, where the one that goes furthest takes them all."""
    return max(1, round(room * curve.step[-1] / far)) if far > 0 else room


def _row(
    name: str, who: str, curve: Curve, scale: tuple[float, float], columns: int, kind: str,
    value: float | None = None,
) -> Line:  # fmt: skip
    latest = curve.value[-1] if value is None else value
    said = metric(latest) if math.isfinite(latest) else str(latest)
    head = [*fitted(Piece(plain(name), "strong"), NAME), Piece(" "), *fitted(Piece(who, kind), WHO), Piece(" ")]
    return (
        *head,
        *fitted(Piece(said), VALUE, right=True),
        Piece(" "),
        Piece(spark(curve.value, *scale, columns), kind),
    )


class CurvesPart(LineView):
    """The series of an experiment's latest run over those of another one's; drawn again only where they changed."""

    def show(self, source: Source, id: str, other: str | None, change: Change) -> None:
        """Show them as they are at the source's moment."""
        state = source.state
        mine = _series(source, state.experiments.get(id))
        theirs = _series(source, state.experiments.get(other or ""))

        def made(width: int) -> list[Line]:
            found = lines(mine, theirs, (id, other or ""), width)
            return found or [(Piece(line, "weak"),) for line in wrapped(NONE.format(id=id), width)]

        self.lines = Made(made)
        self.sync()


def _series(source: Source, e: Experiment | None) -> Mapping[str, Curve]:
    """The series of the run that selected it, else of its latest run that has any."""
    if e is None:
        return {}
    selecting = [run.n for run in e.runs if run.use in ("select", "repair", "baseline")]
    for n in dict.fromkeys(reversed([*(run.n for run in e.runs), *selecting])):
        found = source.curves(e.id, n)
        if found:
            return found
    return {}
