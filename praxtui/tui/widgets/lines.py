"""A view of many lines: moved by keys and mouse, followed to its end, searched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from praxtui.tui.actions import bindings
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.folds import Plain
from praxtui.tui.widgets.line_window import LineWindow

LOOKED_AT = 20_000  # lines that one search may go through while a key waits to be answered
SIDEWAYS = 8  # columns that a step to the side takes


class LineView(LineWindow, can_focus=True, inherit_bindings=False):
    """Shows `Lines`. Whoever changes them says so by `sync`.

    With `follows`, the end is kept in sight until a person goes elsewhere; going back to the end follows again. With
    `points`, one line has the cursor, and `Chosen` is posted for it. A piece's kind is one of KINDS, or two of them
    with a blank between (`added keyword`): the background of the first, the letters of the second.
    """

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scroll")]

    @dataclass
    class Chosen(Message):
        """The line under the cursor was clicked, or `choose` was called."""

        view: LineView
        line: int

        @property
        def control(self) -> LineView:
            """The view, for handlers that select by its id."""
            return self.view

    # --- moving ------------------------------------------------------------------------------------------------------

    def _step(self, by: int) -> None:
        if self.points:
            self.point(self.cursor + by)
            return
        self.go(self.scroll_offset.y + by)
        self._scrolled()

    def _scrolled(self) -> None:
        """A person moved the view: following goes with the end."""
        if self.follows:
            following = self.scroll_offset.y >= self.max_scroll_y
            if following != self.following:
                self.following = following
                self.post_message(self.Moved(self))

    def action_down(self) -> None:
        self._step(1)

    def action_up(self) -> None:
        self._step(-1)

    def action_page_down(self) -> None:
        self._step(max(1, self.rows - 1))

    def action_page_up(self) -> None:
        self._step(-max(1, self.rows - 1))

    def action_top(self) -> None:
        self._step(-self.lines.count)

    def action_bottom(self) -> None:
        self._step(self.lines.count)

    def aside(self, by: int) -> bool:
        """Scroll sideways by a step; False where there is nothing further."""
        before = self.scroll_offset.x
        self.scroll_to(x=before + by * SIDEWAYS, animate=False, force=True)
        return self.scroll_offset.x != before

    def choose(self) -> None:
        """Say that the line under the cursor was chosen."""
        if self.lines.count:
            self.post_message(self.Chosen(self, self.cursor))

    # --- mouse and focus ---------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        n = event.y + self.scroll_offset.y
        if self.points and n < self.lines.count:
            self.point(n)
            self.choose()

    def on_mouse_scroll_down(self) -> None:
        self.call_after_refresh(self._scrolled)

    def on_mouse_scroll_up(self) -> None:
        if self.following:
            self.following = False
            self.post_message(self.Moved(self))

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    # --- searching ---------------------------------------------------------------------------------------------------

    def search(self, pattern: re.Pattern[str] | None) -> int | None:
        """Mark what matches, and go to the first hit from the first line in sight on; the line, None without a hit."""
        self.pattern, self.hit = pattern, None
        self.refresh()
        return self.seek(1, from_sight=True) if pattern is not None else None

    def seek(self, by: int, from_sight: bool = False) -> int | None:
        """Go to the next hit, or with -1 the one before, over the end if need be; None where there is none."""
        if self.pattern is None or not self.lines.count:
            return None
        start = self.scroll_offset.y if self.hit is None else self.hit + by
        if self.following and self.hit is None and not from_sight:
            start = self.lines.count - 1
        for n in self._order(start, by):
            if self.pattern.search("".join(piece.text for piece in self.lines.line(n))):
                self.hit = n
                self._reveal(n)
                return n
        return None

    def _order(self, start: int, by: int) -> Iterator[int]:
        count = self.lines.count
        return ((start + by * i) % count for i in range(min(count, LOOKED_AT)))

    def _reveal(self, n: int) -> None:
        self.following = False
        if self.points:
            self.cursor = n
        if not self.scroll_offset.y <= n < self.scroll_offset.y + self.rows:
            self.go(n - self.rows // 2)
        self.refresh()
        self.post_message(self.Moved(self))


class Fixed(LineView, can_focus=False):
    """A few lines that stay where they are, as high as they are many."""

    def say(self, lines: Plain) -> None:
        """Show these; not there at all where there are none."""
        before = [self.lines.line(n) for n in range(self.lines.count)]
        if before != [lines.line(n) for n in range(lines.count)] or bool(lines.count) != self.display:
            self.styles.height = lines.count
            self.display = bool(lines.count)
            self.use(lines)
