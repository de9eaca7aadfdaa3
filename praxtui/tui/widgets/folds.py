"""A page of parts that can be opened and closed: one line each, and what stands below it while it is open. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from praxtui.tui.widgets.columns import Piece

Line = tuple[Piece, ...]
"""A line as pieces of one look each; a view cuts it to its width. The text is safe for a terminal."""


class Lines(Protocol):
    """What a `LineView` shows."""

    @property
    def count(self) -> int:
        """Lines there are, at the width of the last `fit`."""

    @property
    def wide(self) -> int:
        """Columns of the widest line where lines may be wider than the view; 0 where they are fitted to it."""

    def fit(self, width: int) -> None:
        """Fit the lines to a width, in columns."""

    def line(self, n: int) -> Line:
        """Line `n`, from 0."""


class Part(Protocol):
    """One part of a page."""

    @property
    def key(self) -> str:
        """What it is known by while the page changes."""

    def head(self, width: int, open: bool) -> Line:
        """The line that always stands; it may be empty, and is then not shown."""

    def body(self, width: int) -> Sequence[Line]:
        """What stands below it while it is open."""


class Where(NamedTuple):
    """The place of a line: its part, and its number in the part's body; -1 is the head."""

    key: str
    line: int


class Plain:
    """Lines that are what they are: a sentence where there is nothing else to show, a page that is made once."""

    wide = 0

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines = list(lines)

    @property
    def count(self) -> int:
        """Lines there are."""
        return len(self._lines)

    def fit(self, width: int) -> None:
        """Nothing: they are cut."""

    def line(self, n: int) -> Line:
        """Line `n`, from 0."""
        return self._lines[n]


class Made:
    """Lines that are made for a width: prose that is wrapped, a table that is fitted."""

    wide = 0

    def __init__(self, make: Callable[[int], Sequence[Line]]) -> None:
        self._make = make
        self._width = 0
        self._lines: Sequence[Line] = ()

    @property
    def count(self) -> int:
        """Lines there are."""
        return len(self._lines)

    def fit(self, width: int) -> None:
        """Make them, where the width is another."""
        if width != self._width:
            self._width, self._lines = width, self._make(width)

    def line(self, n: int) -> Line:
        """Line `n`, from 0."""
        return self._lines[n]


class Folds:
    """The page. `opened` holds the keys of the open parts."""

    wide = 0

    def __init__(self, parts: Iterable[Part] = (), opened: Iterable[str] = ()) -> None:
        self.parts = list(parts)
        self.opened = set(opened)
        self._width = 1
        self._ends: list[int] = []
        self._bodies: list[Sequence[Line]] = []
        self._lay()

    def use(self, parts: Iterable[Part]) -> None:
        """Show these parts; also to be called when any of them has changed."""
        self.parts = list(parts)
        self._lay()

    def toggle(self, key: str) -> None:
        """Open a part, or close it."""
        self.opened ^= {key}
        self._lay()

    def fit(self, width: int) -> None:
        """Fit the lines to a width, in columns."""
        if width != self._width:
            self._width = width
            self._lay()

    def _lay(self) -> None:
        self._bodies = [part.body(self._width) if part.key in self.opened else () for part in self.parts]
        heads = [bool(part.head(self._width, part.key in self.opened)) for part in self.parts]
        self._ends = list(accumulate(len(body) + head for body, head in zip(self._bodies, heads, strict=True)))
        self._heads = heads

    @property
    def count(self) -> int:
        """Lines there are."""
        return self._ends[-1] if self._ends else 0

    def line(self, n: int) -> Line:
        """Line `n`, from 0."""
        i, within = self._at(n)
        if within < 0:
            part = self.parts[i]
            return part.head(self._width, part.key in self.opened)
        return self._bodies[i][within]

    def where(self, n: int) -> Where | None:
        """What line `n` shows; None where there is no such line."""
        if not 0 <= n < self.count:
            return None
        i, within = self._at(n)
        return Where(self.parts[i].key, within)

    def find(self, where: Where) -> int | None:
        """The line that shows a place, the nearest one where the part is shorter now; None where the part is gone."""
        for i, part in enumerate(self.parts):
            if part.key == where.key:
                begin = self._ends[i - 1] if i else 0
                size = self._ends[i] - begin
                return begin + min(where.line + self._heads[i], size - 1) if size else None
        return None

    def _at(self, n: int) -> tuple[int, int]:
        i = bisect_right(self._ends, n)
        begin = self._ends[i - 1] if i else 0
        return i, n - begin - self._heads[i]
