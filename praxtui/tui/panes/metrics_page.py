"""The metrics as lines of cells for a given width and height: the plot of all tries, and the run of now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from praxtui.journal.curves import Curve
from praxtui.journal.shown import cut, metric, plain, width
from praxtui.tui.panes.metrics_series import (
    History,
    Try,
    latest,
    main_series,
    off_scale,
    scale,
    shown_names,
    traces,
    value_at,
    window_of,
)
from praxtui.tui.widgets.axes import labels, ticks
from praxtui.tui.widgets.braille import ACROSS, Canvas, Cell, Trace, Window, draw

Row = list[Cell]

SIDE_FROM = 74  # columns from which the run of now stands beside the plot
SIDE = 36  # columns that it then has at least
BELOW_FROM = 12  # rows from which it stands below it


class View(NamedTuple):
    """How a person looks: `zoom` 1 is everything, `centre` a share of the x axis, `cursor` the id inspected."""

    axis: str = "experiments"
    log: bool = False
    zoom: float = 1.0
    centre: float = 1.0
    cursor: str | None = None
    hidden: frozenset[str] = frozenset()


class Live(NamedTuple):
    """The series of the run that is looked at, and those of the incumbent's run to compare it with."""

    id: str
    series: Mapping[str, Curve]
    rival: str
    against: Mapping[str, Curve]
    wanted: str | None = None


def page(found: History, live: Live | None, gpus: Sequence[str], view: View, columns: int, rows: int) -> list[Row]:
    """Exactly `rows` rows of at most `columns` cells."""
    if columns < 8 or rows < 2:
        return [[] for _ in range(max(0, rows))]
    wants = bool(gpus) or (live is not None and bool(live.series))
    if wants and columns >= SIDE_FROM:
        wide = max(SIDE, columns * 2 // 5)
        left = plot(found, view, columns - wide - 2, rows)
        right = panel(live, gpus, view, wide, rows)
        return [[*filled(a, columns - wide - 2), ("  ", ""), *b] for a, b in zip(left, right, strict=True)]
    if wants and rows >= BELOW_FROM:
        upper = rows * 3 // 5
        return plot(found, view, columns, upper) + panel(live, gpus, view, columns, rows - upper)
    return plot(found, view, columns, rows)


# --- the plot of all tries -------------------------------------------------------------------------------------------


def plot(found: History, view: View, columns: int, rows: int) -> list[Row]:
    """Best so far and every try, with both axes."""
    window = shown_window(found, view)
    if window is None:
        return _blank([[]], rows)
    height = max(1, rows - 1)
    marks = ticks(window.bottom, window.top, max(2, height // 3))
    words = labels(marks)
    margin = max((len(word) for word in words), default=0) + 1
    canvas = Canvas(columns - margin, height)
    for trace in traces(found, window):
        draw(canvas, trace, window, log=view.log)
    point = pointed(found, view)
    if point is not None and canvas.columns:
        at = _cell(point.x, window, canvas.columns)
        for row in range(height):
            if canvas.lines()[row][at][0] == " ":
                canvas.put(at, row, "│", "cursor")
    by_row = {_row(value, window, height, view.log): word for value, word in zip(marks, words, strict=True)}
    lines: list[Row] = []
    for row, cells in enumerate(canvas.lines()):
        lines.append([(by_row.get(row, "").rjust(margin - 1) + " ", "axis"), *cells])
    lines.append(_foot(found, view, window, margin, columns))
    return lines[:rows] if rows > 1 else lines[:1]


def shown_window(found: History, view: View) -> Window | None:
    """The part of the plot that is shown; None where there is nothing to show."""
    bounds = scale(found, log=view.log)
    if bounds is None:
        return None
    span = max(found.last, 1e-9)
    wide = span / view.zoom
    left = max(0.0, min(span - wide, view.centre * span - wide / 2))
    return Window(left, left + wide, *bounds)


def pointed(found: History, view: View) -> Try | None:
    """The try under the cursor."""
    return next((t for t in found.tries if t.id == view.cursor), None)


def _foot(found: History, view: View, window: Window, margin: int, columns: int) -> Row:
    """The x axis: ticks as far as there is room; the value under the cursor, or what is off the scale."""
    point = pointed(found, view)
    if point is not None:
        value = metric(point.value) if point.value is not None else "no value"
        said = f" {point.id}  {point.kind}  {value}"
        return [(cut(said, columns), "value")]
    unit = {"experiments": "", "time": "h", "USD": "$"}[view.axis]
    missing = off_scale(found, window)
    tail = f"  {missing} off scale" if missing else ""
    room = columns - margin
    text = [" "] * max(0, room)
    marks = ticks(window.left, window.right, max(2, room // 10))
    if view.axis == "experiments":
        marks = [mark for mark in marks if mark == int(mark)]
    for mark, word in zip(marks, labels(marks), strict=True):
        said = f"e{word or 0}" if view.axis == "experiments" else f"{unit}{word}" if unit == "$" else f"{word}{unit}"
        at = _cell(mark, window, room)
        at = min(at, room - len(said))
        if at >= 0 and all(c == " " for c in text[max(0, at - 1) : at + len(said) + 1]):
            text[at : at + len(said)] = said
    line = "".join(text).rstrip()
    if len(line) + len(tail) > room:
        line = line[: max(0, room - len(tail))]
    return [(" " * margin, "axis"), (line + tail.rjust(room - len(line)) if tail else line, "axis")]


def _cell(x: float, window: Window, columns: int) -> int:
    span = window.right - window.left
    share = (x - window.left) / span if span > 0 else 0.5
    return max(0, min(columns - 1, round(share * (columns * ACROSS - 1)) // ACROSS))


def _row(value: float, window: Window, rows: int, log: bool) -> int:
    from praxtui.tui.widgets.braille import scaled

    low, high = scaled(window.bottom, log), scaled(window.top, log)
    share = (high - scaled(value, log)) / (high - low) if high > low else 0.5
    return max(0, min(rows - 1, int(share * rows)))


# --- the run of now --------------------------------------------------------------------------------------------------


def panel(live: Live | None, gpus: Sequence[str], view: View, columns: int, rows: int) -> list[Row]:
    """The main series large, over the incumbent's; a line for each other series; the GPUs last."""
    lines: list[Row] = []
    gpu_lines: list[Row] = [[(cut(words, columns), "gpu")] for words in gpus][: max(0, rows // 2)]
    room = rows - len(gpu_lines)
    if live is not None and live.series:
        main = main_series(live.series, live.wanted)
        others = shown_names(live.series, main, view.hidden)
        small = min(len(others), max(0, room - 4))
        if main is not None:
            lines += _large(live, main, view, columns, room - small)
        lines += [_small(name, live.series[name], columns) for name in others[:small]]
        if len(others) > small and lines:
            lines[-1] = [(cut(f"{len(others) - small + 1} more series", columns), "axis")] if small else lines[-1]
    return _blank(lines[:room] + gpu_lines, rows)


def _large(live: Live, main: str, view: View, columns: int, rows: int) -> list[Row]:
    """The head line names both runs and their values at the same step; the curves stand below it."""
    mine, other = live.series[main], live.against.get(main)
    step = mine.step[-1] if len(mine.step) else 0.0
    head: Row = [(f"{plain(main)} ", "name"), (latest(mine.value), "live"), (f" {live.id}", "live")]
    there = value_at(other, step) if other is not None else None
    if there is not None:
        head += [(f"   {metric(there)} {live.rival} at this step", "incumbent")]
    curves = [mine] if other is None else [mine, other]
    window = window_of(curves, log=view.log)
    lines = [_fit(head, columns)]
    if window is None or rows < 2:
        return lines
    canvas = Canvas(columns, rows - 1)
    if other is not None:
        draw(canvas, Trace(other.step, other.value, "incumbent"), window, log=view.log)
    draw(canvas, Trace(mine.step, mine.value, "live"), window, log=view.log)
    return lines + canvas.lines()


def _small(name: str, curve: Curve, columns: int) -> Row:
    """Name, last value, and the whole series in one line."""
    word, value = cut(plain(name), 10).ljust(10), cut(latest(curve.value), 8).rjust(8)
    room = max(0, columns - 20)
    canvas = Canvas(room, 1)
    window = window_of([curve])
    if window is not None:
        draw(canvas, Trace(curve.step, curve.value, "small"), window)
    return _fit([(word, "name"), (" ", ""), (value, "value"), (" ", ""), *canvas.lines()[0]], columns)


def _fit(row: Row, columns: int) -> Row:
    """The row in at most `columns` columns."""
    made: Row = []
    left = columns
    for text, style in row:
        said = cut(text, left)
        made.append((said, style))
        left -= width(said)
        if left <= 0:
            break
    return made


def filled(row: Row, columns: int) -> Row:
    """The row with spaces up to `columns` columns."""
    row = _fit(row, columns)
    short = columns - sum(width(text) for text, _ in row)
    return [*row, (" " * short, "")] if short > 0 else row


def _blank(lines: list[Row], rows: int) -> list[Row]:
    return (lines + [[] for _ in range(rows)])[:rows]
