"""The lines of a table: its header, the rows in sight, and what stands there without rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.columns import Column, Piece, Slot, arranged, fitted
from praxtui.tui.widgets.rows_model import Listed, Model

HEADER = 1  # lines
POINTER = "▸"
KINDS = ("good", "bad", "warn", "weak", "strong", "live")
KEPT = 1024  # drawn rows that are remembered


class Lines(ScrollView, inherit_bindings=False):
    """Draws a `Model` in `columns`, with the row `cursor` pointed at. `Rows` moves the cursor."""

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--header",
        "rows--cursor",
        "rows--resting",
        *(f"rows--{kind}" for kind in KINDS),
    }

    def __init__(self, model: Model | None, columns: Sequence[Column], empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model: Model = Listed() if model is None else model
        self.columns = tuple(columns)
        self.cursor: str | None = None
        self._empty = empty
        self._sorted_by = ""
        self._place = 0
        self._slots: tuple[Slot, ...] = ()
        self._strips: LRUCache[tuple[str, str], Strip] = LRUCache(KEPT)
        self._drawn: dict[int, tuple[str, str] | None] = {}
        self._looks: dict[str, Style] = {}

    @property
    def _width(self) -> int:
        """Columns that a line has beside the scrollbar."""
        return max(0, self.scrollable_content_region.width)

    @property
    def _page(self) -> int:
        """Rows in sight."""
        return max(1, self.size.height - HEADER)

    def _go_to(self, top: int) -> bool:
        before = self.scroll_offset.y
        self.scroll_to(y=top, animate=False, force=True)
        return self.scroll_offset.y != before

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        self._arrange()

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
