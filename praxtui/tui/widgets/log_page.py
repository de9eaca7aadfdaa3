"""Which rows of a log stand on a screen: from a place in the file, any number of rows up or down, wrapped or not.

A place is a byte, not the number of a line: the end of a log is as near as its beginning, however large it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import get_character_cell_size
from textual.cache import LRUCache

from praxtui.journal.log_lines import LogLines, Span
from praxtui.tui.widgets.log_text import Styled, shown

KEPT = 256  # lines whose text is remembered


class Place(NamedTuple):
    """A row of a log: the offset of its line, and which of the line's rows it is, from 0."""

    offset: int
    row: int = 0


class Row(NamedTuple):
    """What stands in one row: the characters `begin` to `end` of a line's text."""

    span: Span
    row: int
    begin: int
    end: int

    @property
    def place(self) -> Place:
        return Place(self.span.start, self.row)


def breaks(text: str, width: int) -> list[int]:
    """Where the rows of `text` begin, each at most `width` columns wide; a wide character is not torn apart."""
    if width <= 0:
        return [0]
    if text.isascii():
        return list(range(0, len(text), width)) or [0]
    found, used = [0], 0
    for at, character in enumerate(text):
        size = get_character_cell_size(character)
        if used + size > width and at > found[-1]:
            found.append(at)
            used = 0
        used += size
    return found


class Page:
    """The rows of a log in a window of `width` columns and `height` rows."""

    def __init__(self, lines: LogLines) -> None:
        self.lines = lines
        self.width = 0
        self.height = 0
        self.wrap = False
        self._texts: LRUCache[tuple[int, int], Styled] = LRUCache(KEPT)
        self._breaks: LRUCache[tuple[int, int, int], list[int]] = LRUCache(KEPT)

    def forget(self) -> None:
        """The file is another one."""
        self._texts.clear()
        self._breaks.clear()

    def text(self, span: Span) -> Styled:
        """A line's text."""
        key = (span.start, span.end)
        found = self._texts.get(key)
        if found is None:
            found = shown(self.lines.part(span))
            self._texts.set(key, found)
        return found

    def rows_of(self, span: Span) -> list[Row]:
        """The rows of a line; at least one."""
        text = self.text(span).text
        if not self.wrap:
            return [Row(span, 0, 0, len(text))]
        key = (span.start, span.end, self.width)
        begins = self._breaks.get(key)
        if begins is None:
            begins = breaks(text, self.width)
            self._breaks.set(key, begins)
        ends = [*begins[1:], len(text)]
        return [Row(span, row, *ends) for row, ends in enumerate(zip(begins, ends, strict=True))]

    # --- from a place on ---------------------------------------------------------------------------------------------

    def down(self, place: Place) -> Iterator[Row]:
        """The row at `place` and all after it."""
        offset, skip = place
        while offset < self.lines.size:
            span = self.lines.span(offset)
            rows = self.rows_of(span)
            # A line that was rewritten meanwhile may have fewer rows than it had.
            yield from rows[min(skip, len(rows) - 1) :]
            offset, skip = span.after, 0

    def up(self, place: Place) -> Iterator[Row]:
        """The rows before `place`, the nearest first."""
        offset, row = place
        if row > 0 and offset < self.lines.size:
            yield from reversed(self.rows_of(self.lines.span(offset))[:row])
        while offset > 0:
            (span,) = self.lines.backwards(offset, 1)
            yield from reversed(self.rows_of(span))
            offset = span.start

    # --- windows -----------------------------------------------------------------------------------------------------

    def last(self) -> list[Row]:
        """The last rows, as many as the window has."""
        return _taken(self.up(Place(self.lines.size)), self.height)[::-1]

    def at(self, place: Place) -> list[Row]:
        """The rows from `place` on; where fewer are left than the window has, the last ones."""
        found = _taken(self.down(place), self.height)
        return found if len(found) == self.height else self.last()

    def moved(self, place: Place, by: int) -> Place:
        """The place so many rows further down, or up where negative; the first or the last at the ends."""
        rows = _taken(self.down(place), by + 1) if by >= 0 else _taken(self.up(place), -by)
        return rows[-1].place if rows else place

    def near(self, offset: int) -> Place:
        """The beginning of the line that the byte at `offset` belongs to."""
        return Place(self.lines.start_of(max(0, min(offset, self.lines.size - 1))))

    def ends_with(self, rows: list[Row]) -> bool:
        """Whether the last of the window's rows is the last of the log."""
        if not rows:
            return True
        last = rows[-1]
        return last.span.after >= self.lines.size and last.end == len(self.text(last.span).text)


def _taken(rows: Iterator[Row], most: int) -> list[Row]:
    return [row for row, _ in zip(rows, range(most), strict=False)]
