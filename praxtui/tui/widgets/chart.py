"""A plot as lines of cells: series on a braille canvas, with ticks to its left and below. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from praxtui.journal.shown import cut, width
from praxtui.tui.widgets.axes import each, labels, log_ticks, spread, ticks
from praxtui.tui.widgets.braille import Canvas, Cell, Trace, draw
from praxtui.tui.widgets.heights import ACROSS, DOWN, Heights, Window
from praxtui.tui.widgets.points import column_of

Row = list[Cell]

FOOT_FROM, MARGIN_FROM = 4, 24
"""Rows from which the x axis has its line, columns from which the y axis has its words."""

TICK_ROWS, TICK_COLUMNS = 3, 10
"""A tick for so many rows, and for so many columns, at the most."""

APART = 6
"""Dots between two rules, and between the dots of one."""


class Chart(NamedTuple):
    """What is drawn: the traces, the last on top, in a window. `words`: how ticks of x read; `whole`: integers only.

    `bars`: x of vertical lines, `rules`: y of dotted horizontal ones, which are left out where they would touch.
    `cursor`: x of the line where values are read, and `reading` what is read, in place of the x axis. `notes` stand at
    the end of that line; `{off}` in one of them is how many marks lie outside, and it is left out where none does.
    """

    traces: Sequence[Trace]
    window: Window
    log: bool = False
    words: Callable[[Sequence[float]], list[str]] = labels
    whole: bool = False
    bars: Sequence[float] = ()
    rules: Sequence[float] = ()
    cursor: float | None = None
    reading: str = ""
    notes: Sequence[str] = ()


def drawn(chart: Chart, columns: int, rows: int, *, ascii: bool = False) -> list[Row]:
    """Exactly `rows` rows, each of at most `columns` columns."""
    if columns <= 0 or rows <= 0:
        return [[] for _ in range(max(0, rows))]
    footed = rows >= FOOT_FROM or (rows > 1 and bool(chart.reading))
    height = rows - 1 if footed else rows
    ys, words = _y_axis(chart, height) if columns >= MARGIN_FROM else ([], [])
    margin = margin_of(chart, columns, rows)
    canvas = Canvas(columns - margin, height, ascii=ascii)
    off = _plotted(canvas, chart)
    heights = Heights(height, chart.window.bottom, chart.window.top, chart.log)
    said = {max(0, min(height - 1, heights.row(y) // DOWN)): word for y, word in zip(ys, words, strict=True)}
    lines: list[Row] = []
    for row, cells in enumerate(canvas.lines()):
        lines.append([*([(said.get(row, "").rjust(margin - 1) + " ", "axis")] if margin else []), *cells])
    if footed:
        lines.append(_foot(chart, off, margin, columns))
    return lines


def margin_of(chart: Chart, columns: int, rows: int) -> int:
    """The columns left of the canvas."""
    if columns < MARGIN_FROM:
        return 0
    footed = rows >= FOOT_FROM or (rows > 1 and bool(chart.reading))
    _, words = _y_axis(chart, rows - 1 if footed else rows)
    return max((len(word) for word in words), default=0) + 1 if words else 0


def _y_axis(chart: Chart, height: int) -> tuple[list[float], list[str]]:
    most = max(2, height // TICK_ROWS) if height > 1 else 1
    low, high = chart.window.bottom, chart.window.top
    if chart.log:
        found = log_ticks(low, high, most)
        return found, each(found) if high >= 10 * low else labels(found)
    found = ticks(low, high, most)
    return found, labels(found)


def _plotted(canvas: Canvas, chart: Chart) -> int:
    """Draw everything; how many marks lie outside."""
    window, log = chart.window, chart.log
    heights = Heights(canvas.rows, window.bottom, window.top, log)
    rules = sorted(heights.row(y) for y in chart.rules)
    if all(below - above >= APART for above, below in pairwise(rules)):
        for row in rules:
            for at in range(0, canvas.columns * ACROSS, APART):
                canvas.column(at, row, row, "rule")
    off = sum(draw(canvas, trace, window, log=log) for trace in chart.traces)
    if chart.cursor is not None:
        _bar(canvas, window, chart.cursor, "│", "cursor")
    for x in chart.bars:
        _bar(canvas, window, x, "┊", "bar")
    return off


def _bar(canvas: Canvas, window: Window, x: float, mark: str, style: str) -> None:
    """A vertical line behind what is there already."""
    if not window.left <= x <= window.right:
        return
    column = column_of(x, window.left, window.right, canvas.columns * ACROSS) // ACROSS
    for row in range(canvas.rows):
        if 0 <= column < canvas.columns and canvas.free(column, row):
            canvas.put(column, row, mark, style)


def _foot(chart: Chart, off: int, margin: int, columns: int) -> Row:
    """The x axis with the notes at its end; or what the cursor reads."""
    if chart.reading:
        return [(cut(chart.reading, columns), "value")]
    notes = [note.format(off=off) for note in chart.notes if off or "{off}" not in note]
    tail = "  ".join(notes)
    room = columns - margin
    left = max(0, room - (width(tail) + 2 if tail else 0))
    window = chart.window
    found = ticks(window.left, window.right, max(1, left // TICK_COLUMNS), whole=chart.whole)
    count = room * ACROSS
    places = [column_of(x, window.left, window.right, count) // ACROSS for x in found]
    line = spread([(at, w) for at, w in zip(places, chart.words(found), strict=True) if at < left], left)
    row: Row = [(" " * margin, ""), (line, "axis")]
    if tail:
        tail = cut(tail, room)
        row += [(" " * (room - len(line) - width(tail)), ""), (tail, "note")]
    return row
