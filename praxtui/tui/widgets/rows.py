"""A table that draws only the rows in sight, however many there are, and again only those that changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message

from praxtui.tui.actions import bindings
from praxtui.tui.widgets.columns import Column
from praxtui.tui.widgets.rows_lines import HEADER, Lines
from praxtui.tui.widgets.rows_model import Model


class Rows(Lines, can_focus=True, inherit_bindings=False):
    """A table over a `Model`, with a header, a cursor that stays with its row, keys, mouse and wheel.

    Whoever changes the model says so by `sync`. With `follows`, the cursor rests on the first row, whichever that is,
    until a person moves it; it does so again when they move it back to the top. `empty` stands where there is no row.
    """

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
        super().__init__(model, columns, empty, id=id)
        self.follows = follows
        self.following = follows
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
            for slot in self._slots:
                if slot.at < event.x <= slot.at + slot.width:
                    self.post_message(self.HeaderClicked(self, self.columns[slot.column].key))
            return
        place = event.y - HEADER + self.scroll_offset.y
        if place >= self.model.count:
            return
        # The click that brings the focus here only points.
        if place == self._place and not fresh:
            self.open()
        else:
            self._move(place)

    def on_key(self) -> None:
        self._fresh = False

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
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

    def on_resize(self) -> None:
        self._arrange()
        self.virtual_size = Size(max(1, self.size.width), self.model.count + HEADER)
        self._into_sight()
