"""A canvas of braille dots, two across and four down a cell, on which series are drawn. Pure.

Every dot column shows the least and the greatest of the values that fall into it, so that a spike never vanishes
however many points share a column. Where two series meet in a cell, the one that is drawn later has it to itself: dots
of one series in the colour of another would say what is not so.
"""

from __future__ import annotations

import math
import os
import sys
from itertools import groupby
from typing import Literal, NamedTuple

from praxtui.tui.widgets.heights import ACROSS, DOWN, Heights, Window
from praxtui.tui.widgets.points import Column, Points
from praxtui.tui.widgets.scattered import ABOVE, BELOW, Scattered, View

BLANK = 0x2800
# The bit of each dot by its place in the cell, [row][column] (Unicode standard, block Braille Patterns).
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
# The bits of a stretch of dots, by its column in the cell, its first row and its last.
MASKS = [
    [[sum(BITS[row][column] for row in range(first, last + 1)) for last in range(DOWN)] for first in range(DOWN)]
    for column in range(ACROSS)
]

ROUGH = {"●": "*", "○": "o", "·": ".", "\N{MULTIPLICATION SIGN}": "x", "◆": "#", "▴": "^", "▾": "v", "│": "|", "┊": ":"}
"""What stands for marks where only ASCII can be shown."""

ARROWS = {ABOVE: "▴", BELOW: "▾"}
"""What a mark off the scale becomes."""

Cell = tuple[str, str]
"""A character, or several in a row, and the name of the style that they are drawn in."""


class Trace(NamedTuple):
    """A series. `line` joins neighbours, `step` holds a value until the next, `dots` puts a dot at each point, `marks`
    puts `mark` there. `style` is its own wherever it is drawn.

    A value that is not finite is a gap; of marks, one at minus infinity stands on the bottom line.
    """

    name: str
    points: Points
    style: str
    kind: Literal["line", "step", "dots", "marks"] = "line"
    mark: str = "·"


class Canvas:
    """Cells of `columns` by `rows`. `ascii`: its dots and marks come out as characters that any terminal has."""

    def __init__(self, columns: int, rows: int, *, ascii: bool = False) -> None:
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        self.ascii = ascii
        self._bits = [[0] * self.columns for _ in range(self.rows)]
        self._marks: list[dict[int, Cell]] = [{} for _ in range(self.rows)]
        self._styles = [[""] * self.columns for _ in range(self.rows)]

    def column(self, x: int, top: int, bottom: int, style: str) -> None:
        """Set the dots of dot column `x` from dot row `top` down to `bottom`, as far as they are on the canvas."""
        if not 0 <= x < self.columns * ACROSS:
            return
        column, masks = x // ACROSS, MASKS[x % ACROSS]
        top, bottom = max(0, top), min(self.rows * DOWN - 1, bottom)
        for row in range(top // DOWN, bottom // DOWN + 1) if top <= bottom else ():
            if self._styles[row][column] != style:
                self._styles[row][column] = style
                self._bits[row][column] = 0
            first, last = max(0, top - row * DOWN), min(DOWN - 1, bottom - row * DOWN)
            self._bits[row][column] |= masks[first][last]

    def put(self, column: int, row: int, mark: str, style: str) -> None:
        """Put a character over a cell."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self._marks[row][column] = (mark, style)

    def free(self, column: int, row: int) -> bool:
        """Whether a cell of the canvas has nothing in it."""
        return not self._bits[row][column] and column not in self._marks[row]

    def lines(self) -> list[list[Cell]]:
        """The cells, row by row; neighbours of one style are one cell."""
        signs = _ASCII if self.ascii else _BRAILLE
        made = []
        for bits, styles, marks in zip(self._bits, self._styles, self._marks, strict=True):
            text = [signs[b] for b in bits]
            names = [style if b else "" for b, style in zip(bits, styles, strict=True)]
            for column, (mark, style) in marks.items():
                text[column], names[column] = ROUGH.get(mark, mark) if self.ascii else mark, style
            line, at = [], 0
            for style, same in groupby(names):
                end = at + len(list(same))
                line.append(("".join(text[at:end]), style))
                at = end
            made.append(line)
        return made


def _rough(bits: int) -> str:
    """The character that comes closest to some dots."""
    rows = [row for row, pair in enumerate(BITS) if bits & (pair[0] | pair[1])]
    if not rows:
        return " "
    return "|" if rows[-1] - rows[0] >= 2 else "'-._"[rows[-1] if rows[0] else 0]


_ASCII = [_rough(bits) for bits in range(256)]
_BRAILLE = [" ", *(chr(BLANK + bits) for bits in range(1, 256))]


def shows_braille(encoding: str | None = None, terminal: str | None = None) -> bool:
    """Whether braille can be shown: the terminal's encoding has it, and it is not the bare console, whose font has not.

    Both are those of this process where they are not given.
    """
    encoding = encoding or getattr(sys.__stdout__, "encoding", None) or "utf-8"
    terminal = os.environ.get("TERM", "") if terminal is None else terminal
    try:
        chr(BLANK + 1).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return terminal != "linux"


# --- drawing ---------------------------------------------------------------------------------------------------------


def draw(canvas: Canvas, trace: Trace, window: Window, *, log: bool = False) -> int:
    """Draw a series; of marks, those above or below the window become arrows at its edge. How many those are."""
    if not canvas.columns or not canvas.rows:
        return 0
    if trace.kind == "marks":
        return _marks(canvas, trace, window, log)
    heights = Heights(canvas.rows, window.bottom, window.top, log)
    before: tuple[int, int] | None = None
    for column in trace.points.columns(window.left, window.right, canvas.columns * ACROSS):
        before = None if column.low > column.high else _drawn(canvas, trace, heights, column, before)
    return 0


def _drawn(
    canvas: Canvas, trace: Trace, heights: Heights, column: Column, before: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Draw one column and what leads to it from the one before; where the next line begins, None before a gap."""
    top, bottom = heights.row(column.high), heights.row(column.low)
    if before is not None and math.isfinite(column.first) and trace.kind != "dots":
        if trace.kind == "step":
            for between in range(max(0, before[0] + 1), min(canvas.columns * ACROSS, column.at)):
                canvas.column(between, before[1], before[1], trace.style)
            top, bottom = min(top, before[1]), max(bottom, before[1])
        else:
            end = (column.at, heights.row(column.first))
            top, bottom = _joined(canvas, before, end, trace.style, top, bottom)
    canvas.column(column.at, top, bottom, trace.style)
    return (column.at, heights.row(column.last)) if math.isfinite(column.last) else None


def _joined(
    canvas: Canvas, start: tuple[int, int], end: tuple[int, int], style: str, top: int, bottom: int
) -> tuple[int, int]:
    """Draw the columns between two points; what the last column has to cover so that the line has no gap."""
    (x0, y0), (x1, y1) = start, end
    if x1 <= x0:
        return top, bottom

    def at(x: int) -> int:
        return round(y0 + (y1 - y0) * (x - x0) / (x1 - x0))

    begin = max(x0 + 1, 0)
    here = at(begin - 1)
    for x in range(begin, min(x1, canvas.columns * ACROSS)):
        there = at(x)
        canvas.column(x, *_towards(here, there), style)
        here = there
    first, last = _towards(at(x1 - 1), y1)
    return min(top, first), max(bottom, last)


def _towards(here: int, there: int) -> tuple[int, int]:
    """The dots of the next column: from beside the last one to the new one."""
    if there > here:
        return here + 1, there
    if there < here:
        return there, here - 1
    return there, there


def _marks(canvas: Canvas, trace: Trace, window: Window, log: bool) -> int:
    points = trace.points
    found = points if isinstance(points, Scattered) else Scattered(points.x, points.y)
    off = 0
    for spot, many in sorted(found.spots(View(canvas.columns, canvas.rows, window, log)).items()):
        column, row, side = spot
        off += many if side else 0
        canvas.put(column, row, ARROWS[side] if side else trace.mark, trace.style)
    return off
