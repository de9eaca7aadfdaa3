"""A log of any size on the screen: its end at once, its colours, what is new as it comes, words found in it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip

from praxtui.tui.actions import bindings
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.columns import fitted
from praxtui.tui.widgets.log_colours import NAMES, Colours
from praxtui.tui.widgets.log_page import Place, Row
from praxtui.tui.widgets.log_window import LogWindow

LOOK_S = 0.1
"""Seconds between two looks at a log that grows; it is drawn no more often than that."""

KEPT = 512  # drawn rows that are remembered
WHEEL = 3  # rows a turn of the mouse wheel moves
COLUMNS = 8  # columns a key moves sideways
MORE = "…"


class LogView(LogWindow, can_focus=True, inherit_bindings=False):
    """A window on a log, with its keys and its mouse. Lines are cut at its width, and `…` says so, or wrapped.

    Only rows that are others than before are drawn again.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"log-view--{name}" for name in ("weak", "hit", "found", "bright-black")),
        *(f"log-view--{name}" for name in NAMES),
        *(f"log-view--on-{name}" for name in NAMES),
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scroll"), *bindings("output", "follow", "wrap", "copy")]

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(empty=empty, id=id)
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(KEPT)
        self._colours: Colours | None = None

    def on_mount(self) -> None:
        self.clock = self.set_interval(LOOK_S, self._look_if_seen, pause=not self.watched)

    def on_unmount(self) -> None:
        self.page.lines.close()

    def _look_if_seen(self) -> None:
        if self.screen.is_current and self.is_on_screen:
            self.look()

    def begin_anew(self) -> None:
        super().begin_anew()
        self._strips.clear()

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_down(self) -> None:
        self.move(1)

    def action_up(self) -> None:
        self.move(-1)

    def action_page_down(self) -> None:
        self.move(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self.move(-max(1, self.size.height - 1))

    def action_top(self) -> None:
        self.go(Place(0))

    def action_bottom(self) -> None:
        self.follow()

    def action_follow(self) -> None:
        self.follow()

    def action_wrap(self) -> None:
        self.page.wrap = not self.page.wrap
        self.top = Place(self.top.offset)
        self.left = 0
        self.rows = []
        self.lay()

    def action_copy(self) -> None:
        """Copy the lines in sight, whole ones where they are cut."""
        text = ""
        for before, row in zip([None, *self.rows], self.rows, strict=False):
            if before is not None and before.span != row.span:
                text += "\n"
            text += self.page.text(row.span).text[row.begin : row.end]
        self.app.copy_to_clipboard(text)
        lines = len({row.span for row in self.rows})
        self.post_message(Answered(f"copied {lines} {'line' if lines == 1 else 'lines'}"))

    def sideways(self, by: int) -> None:
        """So many steps to the right, or to the left where negative, as far as a line in sight reaches."""
        widest = max((cell_len(self.page.text(row.span).text) for row in self.rows), default=0)
        left = max(0, min(self.left + by * COLUMNS, widest - self.page.width))
        if left != self.left and not self.page.wrap:
            self.left = left
            self.refresh()

    # --- mouse -------------------------------------------------------------------------------------------------------

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheeled(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheeled(event, -1)

    def _wheeled(self, event: events.MouseEvent, way: int) -> None:
        event.prevent_default().stop()
        if event.shift or event.ctrl:
            self.sideways(way)
        else:
            self.move(way * WHEEL)

    def on_scroll_to(self, event: ScrollTo) -> None:
        """The scrollbar was dragged."""
        event.prevent_default().stop()
        most = self.virtual_size.height - self.size.height
        if event.y is not None and most > 0:
            share = max(0.0, min(1.0, event.y / most))
            if share == 1.0:
                self.follow()
            else:
                self.go(self.page.near(round(share * self.page.lines.size)))

    def on_scroll_up(self, event: ScrollUp) -> None:
        event.prevent_default().stop()
        self.action_page_up()

    def on_scroll_down(self, event: ScrollDown) -> None:
        event.prevent_default().stop()
        self.action_page_down()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.rows = []
        self.top = Place(self.top.offset)
        self.lay()

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        # A bar that was not there was not told where to stand.
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._colours = None

    def render_line(self, y: int) -> Strip:
        """A row of the log; where there is none, nothing, or what to expect here."""
        if not self.rows:
            return self._empty_line(y)
        if y >= len(self.rows):
            return Strip.blank(self.size.width, self.rich_style)
        row = self.rows[y]
        found = row.span.start == self.found
        key = (row, self.page.width, self.left, self.wanted, found)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._row(row, found)
            self._strips.set(key, strip)
        return strip

    def _row(self, row: Row, found: bool) -> Strip:
        if self._colours is None:
            self._colours = Colours(self.rich_style, self._component)
        colours, text = self._colours, self.page.text(row.span)
        segments = [Segment(piece, colours.style(look)) for piece, look in text.pieces(row.begin, row.end)]
        strip = Strip(segments)
        if self.wanted is not None:
            strip = self._marked(strip, row, self._component("found" if found else "hit"))
        return self._cut(strip)

    def _marked(self, strip: Strip, row: Row, style: Style) -> Strip:
        """With what is looked for made to stand out."""
        assert self.wanted is not None
        for begin, end in self.wanted.ranges(self.page.text(row.span).text):
            begin, end = max(begin, row.begin) - row.begin, min(end, row.end) - row.begin
            if begin < end:
                strip = Strip(_over(strip, begin, end, style))
        return strip

    def _cut(self, strip: Strip) -> Strip:
        """As wide as the window."""
        width, base = self.page.width, self.rich_style
        if self.page.wrap:
            return strip.adjust_cell_length(width, base)
        more = strip.cell_length > self.left + width
        strip = strip.crop(self.left, self.left + width).adjust_cell_length(width, base)
        weak = base + self._component("weak")
        if more and width > 1:
            strip = Strip([*strip.crop(0, width - 1), Segment(MORE, weak)])
        if self.left and width > 1:
            strip = Strip([Segment(MORE, weak), *strip.crop(1, width)])
        return strip

    def _empty_line(self, y: int) -> Strip:
        width = max(1, self.size.width)
        lines = [line for part in self.empty.split("\n") for line in textwrap.wrap(part, width) or [""]]
        weak = self.rich_style + self._component("weak")
        pieces = fitted(lines[y] if y < len(lines) else "", self.size.width)
        return Strip([Segment(piece.text, weak) for piece in pieces])

    def _component(self, name: str) -> Style:
        """The style of a background, or that of letters alone, to be laid over another."""
        full = self.get_component_rich_style(f"log-view--{name}")
        if name.startswith("on-"):
            return Style(color=full.color, bgcolor=full.bgcolor)
        return Style(color=full.color, bold=full.bold, dim=full.dim, underline=full.underline, reverse=full.reverse)


def _over(segments: Iterable[Segment], begin: int, end: int, style: Style) -> Iterator[Segment]:
    """The same text, with `style` laid over the characters from `begin` to `end`."""
    at = 0
    for text, base, _ in segments:
        first, last = max(0, begin - at), max(0, end - at)
        for part, look in ((text[:first], base), (text[first:last], (base or Style()) + style), (text[last:], base)):
            if part:
                yield Segment(part, look)
        at += len(text)
