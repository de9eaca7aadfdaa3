"""What a table of rows shows: rows by place and by id, their cells made when they are to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from praxtui.tui.widgets.columns import Cell


class Model(Protocol):
    """The rows of a table, in their order. `place` must be fast for any id: it is asked at every change."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def id(self, place: int) -> str:
        """What the row at `place` (0 is the first) is known by, wherever it moves to."""

    def place(self, id: str) -> int | None:
        """Where the row of that id is; None where it is not among them."""

    def cells(self, place: int) -> Sequence[Cell]:
        """The row's cells, one for each column. Called for rows that are to be seen, and kept until they change."""


class Listed:
    """A model of rows that are all there: (id, cells) in their order. For lists of a screenful or some thousands."""

    def __init__(self, rows: Sequence[tuple[str, Sequence[Cell]]] = ()) -> None:
        self.rows = rows
        self._places = {id: place for place, (id, _) in enumerate(rows)}

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def id(self, place: int) -> str:
        """The id of the row at `place`."""
        return self.rows[place][0]

    def place(self, id: str) -> int | None:
        """Where the row of that id is."""
        return self._places.get(id)

    def cells(self, place: int) -> Sequence[Cell]:
        """The cells of the row at `place`."""
        return self.rows[place][1]

    def changed(self, before: Listed) -> list[str]:
        """The ids of the rows whose cells are not those of `before`, for `Rows.sync`."""
        known = dict(before.rows)
        return [id for id, cells in self.rows if known.get(id) != cells]
