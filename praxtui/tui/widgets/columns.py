"""Which columns of a table fit a width, and text cut to its column. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from praxtui.journal.shown import plain


class Column(NamedTuple):
    """A column of a table. `width` in terminal columns; of one that `grows`, the least that it is of use with.

    `drop`: where not all fit, the column with the highest goes first, of equals the one further right; those with 0
    stay, cut from the right where even they do not fit. `wish`: what a growing column should have before columns that
    are dropped earlier get room. `gap`: blanks before it, if it is not the first that is shown.
    """

    key: str
    title: str
    width: int
    drop: int = 0
    right: bool = False
    grows: bool = False
    gap: int = 2
    wish: int = 0


class Slot(NamedTuple):
    """Where a column stands: `at` its first terminal column, `column` its place among all columns."""

    column: int
    at: int
    width: int
    right: bool


class Piece(NamedTuple):
    """Text of one look. `kind`: "", good, bad, warn, weak, strong or live; a table has a component class for each."""

    text: str
    kind: str = ""


Cell = str | Piece | list[Piece]
"""What stands in one cell. It may hold anything that others wrote: it is made plain before it is drawn."""


def arranged(columns: Sequence[Column], width: int) -> tuple[Slot, ...]:
    """The columns that fit into `width`, left to right; those that grow share what the others leave."""
    kept = list(range(len(columns)))
    while kept:
        first = max(kept, key=lambda index: (columns[index].drop, index))
        wished = sum(max(0, columns[i].wish - columns[i].width) for i in kept if columns[i].drop < columns[first].drop)
        if _needed(columns, kept) + wished <= width or columns[first].drop == 0:
            break
        kept.remove(first)
    growing = [index for index in kept if columns[index].grows]
    spare = max(0, width - _needed(columns, kept))
    slots: list[Slot] = []
    at = 0
    for index in kept:
        column = columns[index]
        wide = column.width
        if column.grows:
            wide += spare // len(growing) + (spare % len(growing) if index == growing[-1] else 0)
        at += column.gap if slots else 0
        wide = min(wide, width - at)
        if wide <= 0:
            break
        slots.append(Slot(index, at, wide, column.right))
        at += wide
    return tuple(slots)


def _needed(columns: Sequence[Column], kept: Sequence[int]) -> int:
    return sum(columns[index].width + (columns[index].gap if i else 0) for i, index in enumerate(kept))


def fitted(cell: Cell, width: int, right: bool = False) -> list[Piece]:
    """The cell in exactly `width` terminal columns: filled up with blanks, or cut, its last column then an ellipsis."""
    pieces = [Piece(cell)] if isinstance(cell, str) else [cell] if isinstance(cell, Piece) else cell
    clean = [Piece(_safe(piece.text), piece.kind) for piece in pieces]
    used = sum(cell_len(piece.text) for piece in clean)
    if used > width:
        return _cut(clean, width)
    if used == width:
        return clean
    blank = Piece(" " * (width - used))
    return [blank, *clean] if right else [*clean, blank]


def _cut(pieces: Sequence[Piece], width: int) -> list[Piece]:
    kept: list[Piece] = []
    left = width - 1
    for text, kind in pieces:
        wide = cell_len(text)
        if wide > left:
            # A wide character of which only half would fit becomes a blank.
            return [*kept, Piece(set_cell_size(text, max(0, left)) + "…", kind)] if width > 0 else []
        kept.append(Piece(text, kind))
        left -= wide
    return kept


def _safe(text: str) -> str:
    return text if text.isprintable() else plain(text)
