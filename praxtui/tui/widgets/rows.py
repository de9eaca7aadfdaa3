"""A table that draws only the rows in sight, however many there are, and again only those that changed."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from praxtui.tui.actions import bindings
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.columns import Column, Piece, Slot, arranged, fitted
from praxtui.tui.widgets.rows_model import Listed, Model

HEADER = 1  # lines
POINTER = "▸"
KINDS = ("good", "bad", "warn", "weak", "strong", "live")
KEPT = 1024  # drawn rows that are remembered


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """A table over a `Model`, with a header, a cursor that stays with its row, keys, mouse and wheel.

    Whoever changes the model says so by `sync`. With `follows`, the cursor rests on the first row, whichever that is,
    until a person moves it; it does so again when they move it back to the top. `empty` stands where there is no row.
    """

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--header",
        "rows--cursor",
        "rows--resting",
        *(f"rows--{kind}" for kind in KINDS),
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scroll")]

    @dataclass
    class Told(Message):
        """Something was done to a row of `rows`."""

        rows: Rows

        @property
        def control(self) -> Rows:
            """The table, for handlers that select by its id."""
            return self.rows

    @dataclass
    class Pointed(Told):
        """The cursor came to another row, `id`; `following` where it rests on the first one, whichever that is."""

        id: str | None
        following: bool

    @dataclass
    class Opened(Told):
        """The row under the cursor was clicked once more, or `open` was called."""

        id: str

    @dataclass
    class HeaderClicked(Told):
        """The title of a column was clicked."""

        key: str

    def __init__(
        self,
        model: Model | None = None,
        columns: Sequence[Column] = (),
        *,
        follows: bool = False,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.model: Model = Listed() if model is None else model
        self.columns = tuple(columns)
        self.follows = follows
        self.following = follows
        self.cursor: str | None = None
        self._empty = empty
        self._sorted_by = ""
        self._place = 0
        self._slots: tuple[Slot, ...] = ()
        self._strips: LRUCache[tuple[str, str], Strip] = LRUCache(KEPT)
        self._drawn: dict[int, tuple[str, str] | None] = {}
        self._looks: dict[str, Style] = {}
        self._fresh = False

    # --- what it shows -----------------------------------------------------------------------------------------------

    def use(self, model: Model, columns: Sequence[Column] | None = None, sorted_by: str | None = None) -> None:
        """Show another model, or other columns; the cursor stays with its row where that is still there."""
        self.model = model
        if columns is not None:
            self.columns = tuple(columns)
        if sorted_by is not None:
            self._sorted_by = sorted_by
        self._arrange()
        self.sync()

    def say_empty(self, text: str) -> None:
        """What stands where there is no row."""
        if text != self._empty:
            self._empty = text
            if not self.model.count:
                self.refresh()

    def sync(self, changed: Collection[str] = ()) -> None:
        """The model changed: rows came, went or moved, and the cells of those in `changed` are others."""
        for id in changed:
            self._forget(id)
        held = self._held()
        count = self.model.count
        size = Size(max(1, self.size.width), count + HEADER)
        if size != self.virtual_size:
            if not count or not self._drawn.get(HEADER, True):
                self.refresh()
            self.virtual_size = size
        was = self.cursor
        self._settle(count)
        scrolled = self._hold(held)
        if self.cursor != was:
            self.post_message(self.Pointed(self, self.cursor, self.following))
        if not scrolled:
            self._repaint(changed)

    def _settle(self, count: int) -> None:
        """Find the cursor's row again; where it is gone, the one that took its place."""
        if not count:
            self.cursor, self._place = None, 0
            return
        place = None if self.cursor is None or self.following else self.model.place(self.cursor)
        if place is None:
            place = 0 if self.following else min(self._place, count - 1)
        self.cursor, self._place = self.model.id(place), place

    def _held(self) -> tuple[str, int] | None:
        """The row that should stay on its line when rows move: the cursor's if it is in sight, else the top one."""
        if self.following:
            return None
        top = self.scroll_offset.y
        if self.cursor is not None and top <= self._place < top + self._page:
            return self.cursor, self._place - top
        first = self._drawn.get(HEADER)
        return (first[0], 0) if first is not None else None

    def _hold(self, held: tuple[str, int] | None) -> bool:
        before = self.scroll_offset.y
        if self.following:
            self._go_to(0)
        elif held is not None:
            place = self.model.place(held[0])
            if place is not None:
                self._go_to(place - held[1])
            elif self._place:
                self._into_sight()
        return self.scroll_offset.y != before

    def _repaint(self, changed: Collection[str]) -> None:
        """Draw the lines again that show another row than before, or one that changed."""
        for y in range(HEADER, self.size.height):
            if y not in self._drawn:
                continue  # never drawn, or to be drawn anyway
            now = self._shows(y)
            if now != self._drawn[y] or (now is not None and now[0] in changed):
                self._refresh_line(y)

    # --- the cursor --------------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        """Columns that a line has beside the scrollbar."""
        return max(0, self.scrollable_content_region.width)

    @property
    def _page(self) -> int:
        """Rows in sight."""
        return max(1, self.size.height - HEADER)

    def point(self, id: str) -> bool:
        """Put the cursor on a row, and the row into sight; False where it is not there."""
        place = self.model.place(id)
        if place is not None:
            self._move(place)
        return place is not None

    def open(self) -> None:
        """Say that the row under the cursor was opened."""
        if self.cursor is not None:
            self.post_message(self.Opened(self, self.cursor))

    def follow(self) -> None:
        """Rest on the first row again, whichever that is."""
        if self.follows:
            self._move(0)

    def release(self) -> None:
        """Keep to the row that the cursor is on."""
        self.following = False

    def _move(self, place: int) -> None:
        count = self.model.count
        if not count:
            return
        place = max(0, min(place, count - 1))
        before, was = self.cursor, self.following
        old = self._place
        self.cursor, self._place = self.model.id(place), place
        self.following = self.follows and place == 0
        if not self._into_sight():
            for row in {old, place}:
                self._refresh_line(row - self.scroll_offset.y + HEADER)
        if (self.cursor, self.following) != (before, was):
            self.post_message(self.Pointed(self, self.cursor, self.following))

    def _into_sight(self) -> bool:
        top = self.scroll_offset.y
        if self._place < top:
            return self._go_to(self._place)
        if self._place >= top + self._page:
            return self._go_to(self._place - self._page + 1)
        return False

    def _go_to(self, top: int) -> bool:
        before = self.scroll_offset.y
        self.scroll_to(y=top, animate=False, force=True)
        return self.scroll_offset.y != before

    def action_down(self) -> None:
        self._move(self._place + 1)

    def action_up(self) -> None:
        self._move(self._place - 1)

    def action_page_down(self) -> None:
        self._move(self._place + self._page)

    def action_page_up(self) -> None:
        self._move(self._place - self._page)

    def action_top(self) -> None:
        self._move(0)

    def action_bottom(self) -> None:
        self._move(self.model.count - 1)

    # --- mouse and focus ---------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        fresh, self._fresh = self._fresh, False
        if event.y < HEADER:
            self._click_header(event.x)
            return
        place = event.y - HEADER + self.scroll_offset.y
        if place >= self.model.count:
            return
        # The click that brings the focus here only points.
        if place == self._place and not fresh:
            self.open()
        else:
            self._move(place)

    def _click_header(self, x: int) -> None:
        for slot in self._slots:
            if slot.at <= x - 1 < slot.at + slot.width:
                self.post_message(self.HeaderClicked(self, self.columns[slot.column].key))

    def on_key(self) -> None:
        self._fresh = False

    def on_mouse_scroll_down(self) -> None:
        self._wheeled()

    def on_mouse_scroll_up(self) -> None:
        self._wheeled()

    def _wheeled(self) -> None:
        # Who looks further down does not want to be brought back by the next row that comes.
        if self.following:
            self.following = False
            self.post_message(self.Pointed(self, self.cursor, False))

    def on_focus(self) -> None:
        self._fresh = True
        self._refresh_line(self._place - self.scroll_offset.y + HEADER)

    def on_blur(self) -> None:
        self._refresh_line(self._place - self.scroll_offset.y + HEADER)

    # --- drawing -----------------------------------------------------------------------------------------------------

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()
        self.virtual_size = Size(max(1, self.size.width), self.model.count + HEADER)
        self._into_sight()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._looks.clear()

    def _arrange(self) -> None:
        self._slots = arranged(self.columns, self._width - 1)
        self._strips.clear()
        self.refresh()

    def _forget(self, id: str) -> None:
        for look in ("", "cursor", "resting"):
            self._strips.discard((id, look))

    def _refresh_line(self, y: int) -> None:
        if HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _shows(self, y: int) -> tuple[str, str] | None:
        """The row on line `y` and how it looks; None where there is none."""
        place = y - HEADER + self.scroll_offset.y
        if not 0 <= place < self.model.count:
            return None
        look = "" if place != self._place else "cursor" if self.has_focus else "resting"
        return self.model.id(place), look

    def render_line(self, y: int) -> Strip:
        """The header, a row, or nothing."""
        if not self.model.count:
            self._drawn[y] = None
            return self._empty_line(y)
        if y < HEADER:
            return self._header()
        shown = self._drawn[y] = self._shows(y)
        if shown is None:
            return Strip.blank(self.size.width, self._look(""))
        strip = self._strips.get(shown)
        if strip is None:
            strip = self._row(y - HEADER + self.scroll_offset.y, shown[1])
            self._strips.set(shown, strip)
        return strip

    def _row(self, place: int, look: str) -> Strip:
        cells = self.model.cells(place)
        base = self._look(look)
        segments = [Segment(POINTER if look else " ", base)]
        at = 0
        for slot in self._slots:
            if slot.at > at:
                segments.append(Segment(" " * (slot.at - at), base))
            for text, kind in fitted(cells[slot.column], slot.width, slot.right):
                # On the cursor's own colours those of the kinds could not be read.
                segments.append(Segment(text, base if look == "cursor" or not kind else base + self._look(kind)))
            at = slot.at + slot.width
        return Strip(segments).adjust_cell_length(self._width, base)

    def _header(self) -> Strip:
        style = self._look("header")
        segments = [Segment(" ", style)]
        at = 0
        for slot in self._slots:
            column = self.columns[slot.column]
            title = f"{column.title}▾" if column.key == self._sorted_by else column.title
            segments.append(Segment(" " * (slot.at - at), style))
            segments += [Segment(piece.text, style) for piece in fitted(Piece(title), slot.width, slot.right)]
            at = slot.at + slot.width
        return Strip(segments).adjust_cell_length(self._width, style)

    def _empty_line(self, y: int) -> Strip:
        lines = [line for part in self._empty.split("\n") for line in textwrap.wrap(part, max(1, self._width)) or [""]]
        text = lines[y] if y < len(lines) else ""
        weak = self._look("") + self._look("weak")
        return Strip([Segment(piece.text, weak) for piece in fitted(text, self.size.width)])

    def _look(self, name: str) -> Style:
        """A style by name: that of a whole line where it has a background of its own, else the letters' alone."""
        found = self._looks.get(name)
        if found is None:
            if not name:
                found = self.rich_style
            elif name in KINDS:
                full = self.get_component_rich_style(f"rows--{name}")
                found = Style(color=full.color, bold=full.bold, dim=full.dim, italic=full.italic)
            else:
                found = self.get_component_rich_style(f"rows--{name}")
            self._looks[name] = found
        return found
