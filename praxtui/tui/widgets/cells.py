"""Rows of styled cells on the screen, of which only those are drawn again that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from praxtui.journal.shown import cut, width
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.braille import Cell

Row = list[Cell]

NAMES = (
    *("axis", "bar", "cursor", "name", "note", "rule", "value"),
    *("best", "keep", "revoked", "discard", "behind", "crash", "invalid", "running"),
    *(f"series-{n}" for n in range(1, 7)),
)
"""The styles that a cell may name, besides "" for none."""


class CellRows(Widget):
    """Shows the rows that it is given, each cell in the style that it names."""

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"cells--{name}" for name in NAMES}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._looks: dict[str, Style] = {}

    def put(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        before, self._rows = self._rows, rows
        last = max(len(before), len(rows))
        changed = [y for y in range(last) if (before[y : y + 1] or [[]]) != (rows[y : y + 1] or [[]])]
        self.refresh(*(Region(0, y, self.size.width, 1) for y in changed)) if changed else None

    def notify_style_update(self) -> None:
        """Colours are others now."""
        super().notify_style_update()
        self._looks.clear()

    def render_line(self, y: int) -> Strip:
        """One row."""
        row = self._rows[y] if y < len(self._rows) else []
        segments = [Segment(text, self._look(name)) for text, name in row if text]
        return Strip(segments).simplify().adjust_cell_length(self.size.width, self.rich_style)

    def _look(self, name: str) -> Style:
        found = self._looks.get(name)
        if found is None:
            base = self.rich_style
            found = base + self.get_component_rich_style(f"cells--{name}", partial=True) if name else base
            self._looks[name] = found
        return found


def fitted(row: Row, columns: int) -> Row:
    """The row in at most `columns` columns; the cell that does not fit as a whole is cut."""
    made: Row = []
    left = columns
    for text, style in row:
        if left <= 0:
            break
        said = cut(text, left)
        made.append((said, style))
        left -= width(said)
    return made


def sides(left: Row, right: Row, columns: int) -> Row:
    """Both in one row, the second at its end; without the second where there is no room for it."""
    used = sum(width(text) for text, _ in left)
    wanted = sum(width(text) for text, _ in right)
    if not wanted or used + 2 + wanted > columns:
        return fitted(left, columns)
    return [*left, (" " * (columns - used - wanted), ""), *right]
