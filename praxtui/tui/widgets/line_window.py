"""A window on many lines: draws those in sight, and again only those that changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Line, Lines, Plain

KINDS = (
    "strong", "weak", "thought", "good", "bad", "warn", "live", "call", "added", "removed", "hunk", "file",
    "keyword", "name", "string", "number", "comment",
)  # fmt: skip
UNBROKEN = 4000  # columns of a line that is not to be broken


class LineWindow(ScrollView):
    """What is in sight of `Lines`, and how it looks; `LineView` adds the keys, the mouse and the search."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor", "lines--hit", *(f"lines--{kind}" for kind in KINDS)}

    @dataclass
    class Moved(Message, namespace="line_view"):
        """Following began or ended, or the cursor came to another line."""

        view: LineWindow

    def __init__(
        self, lines: Lines | None = None, *, follows: bool = False, points: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.lines: Lines = Plain() if lines is None else lines
        self.follows, self.points = follows, points
        self.following = follows
        self.wraps = True
        self.cursor = 0
        self.pattern: re.Pattern[str] | None = None
        self.hit: int | None = None
        self._drawn: dict[int, tuple[int, Line, bool]] = {}
        self._looks: dict[str, Style] = {}

    # --- what it shows -----------------------------------------------------------------------------------------------

    def use(self, lines: Lines, top: int = 0) -> None:
        """Show other lines, from line `top` on."""
        self.lines = lines
        self.hit = None
        self.cursor = top
        self._fit()
        self._measure()
        self._drawn.clear()
        self.refresh()
        if self.following:
            self._to_end()
        else:
            self.go(top, sideways=0)

    def sync(self) -> None:
        """The lines changed: draw those in sight that are others now."""
        self._fit()
        self._measure()
        self.cursor = max(0, min(self.cursor, self.lines.count - 1))
        if self.following:
            self._to_end()
        self.repaint()

    def keep(self, cursor: int, top: int) -> None:
        """Put the cursor and the first line in sight where they belong after the lines above them changed."""
        self._fit()
        self._measure()
        self.cursor = cursor
        self.go(top)

    def wrap(self, wraps: bool) -> None:
        """Break long lines, or cut them."""
        self.wraps = wraps
        self.sync()
        self.refresh()

    def _fit(self) -> None:
        self.lines.fit(self._width if self.wraps else UNBROKEN)

    def _measure(self) -> None:
        size = Size(max(1, self.lines.wide or self._width), max(1, self.lines.count))
        if size != self.virtual_size:
            self.virtual_size = size

    def repaint(self) -> None:
        """Draw the lines in sight again that are others now."""
        top = self.scroll_offset.y
        for y in range(self.rows):
            n = top + y
            now = (n, self.lines.line(n), self._pointed(n)) if n < self.lines.count else None
            if self._drawn.get(y) != now:
                self._refresh_line(y)

    @property
    def _width(self) -> int:
        return max(1, self.scrollable_content_region.width)

    @property
    def rows(self) -> int:
        """Lines in sight, at most."""
        return self.scrollable_content_region.height

    def _pointed(self, n: int) -> bool:
        return self.points and n == self.cursor and self.has_focus and not self.following

    # --- moving ------------------------------------------------------------------------------------------------------

    def follow(self, following: bool = True) -> None:
        """Keep the end in sight, or no longer."""
        changed = self.following != (following and self.follows)
        self.following = following and self.follows
        if self.following:
            self._to_end()
            self.repaint()
        if changed:
            self.post_message(self.Moved(self))

    def point(self, n: int) -> None:
        """Put the cursor on a line, and the line into sight."""
        n = max(0, min(n, self.lines.count - 1))
        at_end = n >= self.lines.count - 1
        moved = n != self.cursor or self.following != (self.follows and at_end)
        self.cursor, self.following = n, self.follows and at_end
        top = self.scroll_offset.y
        if n < top:
            self.go(n)
        elif n >= top + self.rows:
            self.go(n - self.rows + 1)
        self.repaint()
        if moved:
            self.post_message(self.Moved(self))

    def _to_end(self) -> None:
        self.cursor = max(0, self.lines.count - 1)
        self.go(self.lines.count)

    def go(self, top: int, sideways: int | None = None) -> None:
        """Scroll to a line, and sideways to a column."""
        self.scroll_to(x=sideways, y=max(0, top), animate=False, force=True)

    # --- drawing -----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._drawn.clear()
        self._fit()
        self._measure()
        self.cursor = max(0, min(self.cursor, self.lines.count - 1))
        if self.following:
            self._to_end()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()
        self.refresh()

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """The line that stands there now."""
        n = y + self.scroll_offset.y
        base = self._look("")
        if n >= self.lines.count:
            self._drawn.pop(y, None)
            return Strip.blank(self.size.width, base)
        line, pointed = self.lines.line(n), self._pointed(n)
        self._drawn[y] = (n, line, pointed)
        whole = self._look("cursor") if pointed else None
        segments = [Segment(piece.text, whole or self._look(piece.kind)) for piece in self._marked(line)]
        ends = whole or (base + self._ground(line[-1].kind) if line else base)
        strip = Strip(segments)
        left = self.scroll_offset.x if self.lines.wide else 0
        return strip.crop_extend(left, left + self._width, ends).apply_style(Style())

    def _marked(self, line: Line) -> Line:
        """The line with what the search matches as pieces of their own."""
        if self.pattern is None:
            return line
        text = "".join(piece.text for piece in line)
        spans = [hit.span() for hit in self.pattern.finditer(text) if hit.end() > hit.start()]
        if not spans:
            return line
        edges = sorted({edge for span in spans for edge in span})
        found, at = [], 0
        for piece in line:
            begin, end = at, at + len(piece.text)
            cuts = [begin, *(edge for edge in edges if begin < edge < end), end]
            for start, stop in pairwise(cuts):
                hit = any(first <= start < last for first, last in spans)
                found.append(Piece(text[start:stop], "hit" if hit else piece.kind))
            at = end
        return tuple(found)

    def _look(self, kind: str) -> Style:
        """The style of a kind; of two, the background of the first under the letters of the second."""
        found = self._looks.get(kind)
        if found is None:
            first, _, second = kind.partition(" ")
            if not first:
                found = self.rich_style
            elif first in ("cursor", "hit"):
                found = self.get_component_rich_style(f"lines--{first}")
            else:
                found = self._own(first)
                found = found + self._letters(second) if second else found
            self._looks[kind] = found
        return found

    def _own(self, kind: str) -> Style:
        # Not the partial style: a colour that is a share of another one is only worked out in the whole one.
        return self.get_component_rich_style(f"lines--{kind}")

    def _letters(self, kind: str) -> Style:
        own = self._own(kind)
        return Style(color=own.color, bold=own.bold, dim=own.dim, italic=own.italic)

    def _ground(self, kind: str) -> Style:
        """The background that a line ends with."""
        return Style(bgcolor=self._look(kind).bgcolor)
