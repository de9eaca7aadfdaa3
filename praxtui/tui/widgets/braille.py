"""A canvas of braille dots, two across and four down a cell, and the drawing of series on it. Pure.

Every dot column shows the least and the greatest of the values that fall into it, so that a spike never vanishes
however many points share a column. Where two series meet in a cell, it has the dots of both and the colour of the one
drawn last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

ACROSS, DOWN = 2, 4
BLANK = 0x2800
# The bit of each dot by its place in the cell, [row][column] (Unicode standard, block Braille Patterns).
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

Cell = tuple[str, str]
"""A character, and the name of the style that it is drawn in."""


Scale = Callable[[float], int | None]
"""From a value to a dot column or dot row; None outside of the window."""


class Window(NamedTuple):
    """What part of the plane is shown, ends included."""

    left: float
    right: float
    bottom: float
    top: float


class Trace(NamedTuple):
    """A series. `line` joins neighbours, `step` holds a value until the next, `marks` puts `mark` at each point.

    A value that is not finite is a gap.
    """

    x: Sequence[float]
    y: Sequence[float]
    style: str
    kind: Literal["line", "step", "marks"] = "line"
    mark: str = "·"


class Canvas:
    """Cells of `columns` by `rows`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        self._bits = [[0] * self.columns for _ in range(self.rows)]
        self._chars: list[list[Cell | None]] = [[None] * self.columns for _ in range(self.rows)]
        self._styles = [[""] * self.columns for _ in range(self.rows)]

    def column(self, x: int, top: int, bottom: int, style: str) -> None:
        """Set the dots of dot column `x` from dot row `top` down to `bottom`, as far as they are on the canvas."""
        if not 0 <= x < self.columns * ACROSS:
            return
        for y in range(max(0, top), min(self.rows * DOWN - 1, bottom) + 1):
            row, column = y // DOWN, x // ACROSS
            self._bits[row][column] |= BITS[y % DOWN][x % ACROSS]
            self._styles[row][column] = style

    def put(self, column: int, row: int, mark: str, style: str) -> None:
        """Put a character over a cell."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self._chars[row][column] = (mark, style)

    def lines(self) -> list[list[Cell]]:
        """The cells, row by row."""
        return [
            [
                char if char is not None else (chr(BLANK + bits) if bits else " ", style)
                for char, bits, style in zip(*of_row, strict=True)
            ]
            for of_row in zip(self._chars, self._bits, self._styles, strict=True)
        ]


def draw(canvas: Canvas, trace: Trace, window: Window, *, log: bool = False) -> None:
    """Draw a series on the canvas; what lies outside the window is left out. `log`: y is logarithmic."""
    if not canvas.columns or not canvas.rows:
        return
    across, down = _scales(canvas, window, log)
    if trace.kind == "marks":
        for x, y in zip(trace.x, trace.y, strict=True):
            at, height = across(x), down(y)
            if at is not None and height is not None:
                canvas.put(at // ACROSS, height // DOWN, trace.mark, trace.style)
        return
    before: tuple[int, int] | None = None
    for at, high, low, first, last in _columns(trace, across, down):
        top, bottom = high, low
        if before is not None:
            if trace.kind == "step":
                for between in range(before[0] + 1, at):
                    canvas.column(between, before[1], before[1], trace.style)
                top, bottom = min(top, before[1]), max(bottom, before[1])
            else:
                top, bottom = _joined(canvas, before, (at, first), trace.style, top, bottom)
        canvas.column(at, top, bottom, trace.style)
        before = (at, last)


def _joined(
    canvas: Canvas, start: tuple[int, int], end: tuple[int, int], style: str, top: int, bottom: int
) -> tuple[int, int]:
    """Draw the columns between two points; what the last column has to cover so that the line has no gap."""
    (x0, y0), (x1, y1) = start, end
    here = y0
    for x in range(x0 + 1, x1):
        there = round(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
        canvas.column(x, *_towards(here, there), style)
        here = there
    first, last = _towards(here, y1)
    return min(top, first), max(bottom, last)


def _towards(here: int, there: int) -> tuple[int, int]:
    """The dots of the next column: from beside the last one to the new one."""
    if there > here:
        return here + 1, there
    if there < here:
        return there, here - 1
    return there, there


def _columns(trace: Trace, across: Scale, down: Scale) -> Iterator[tuple[int, int, int, int, int]]:
    """(dot column, highest, lowest, first, last dot row) of each dot column that has points; rows count downwards."""
    current: list[int] | None = None
    for x, y in zip(trace.x, trace.y, strict=True):
        at, height = across(x), down(y)
        if at is None or height is None:
            continue
        if current is not None and current[0] == at:
            current[1], current[2], current[4] = min(current[1], height), max(current[2], height), height
            continue
        if current is not None:
            yield current[0], current[1], current[2], current[3], current[4]
        current = [at, height, height, height, height]
    if current is not None:
        yield current[0], current[1], current[2], current[3], current[4]


def _scales(canvas: Canvas, window: Window, log: bool) -> tuple[Scale, Scale]:
    """From x to a dot column, and from y to a dot row."""
    wide, high = canvas.columns * ACROSS - 1, canvas.rows * DOWN - 1
    span = window.right - window.left
    bottom, top = scaled(window.bottom, log), scaled(window.top, log)
    rise = top - bottom

    def across(x: float) -> int | None:
        if not math.isfinite(x) or not window.left <= x <= window.right:
            return None
        return round((x - window.left) / span * wide) if span > 0 else wide // 2

    def down(y: float) -> int | None:
        if not math.isfinite(y) or not window.bottom <= y <= window.top:
            return None
        return round((top - scaled(y, log)) / rise * high) if rise > 0 else high // 2

    return across, down


def scaled(value: float, log: bool) -> float:
    """The value as it is measured along an axis."""
    return math.log10(value) if log and value > 0 else value
