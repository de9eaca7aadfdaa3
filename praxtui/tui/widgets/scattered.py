"""Points that are drawn as marks. Pure.

Which cells of the screen they fall into is counted, so that one point more, or the last one elsewhere, costs as much as
that point and not as much as all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from praxtui.tui.widgets.heights import ACROSS, DOWN, Heights, Window
from praxtui.tui.widgets.points import Points, column_of

ABOVE, BELOW = 1, 2

Spot = tuple[int, int, int]
"""Column and row of a cell; 0 for a mark in it, ABOVE or BELOW for one that is off the scale there."""


class View(NamedTuple):
    """The cells that marks fall into, and what part of the plane they show."""

    columns: int
    rows: int
    window: Window
    log: bool


class Scattered(Points):
    """Points, and the cells that they fell into in the view that was asked for last.

    A value at minus infinity stands on the bottom line; one that is no number has no mark.
    """

    def __init__(self, x: Sequence[float] = (), y: Sequence[float] = ()) -> None:
        super().__init__(x, y)
        self._view: View | None = None
        self._first = 0
        self._spots: list[Spot | None] = []
        self._counts: dict[Spot, int] = {}

    def cut(self, length: int) -> None:
        """Keep the first `length` points only."""
        for spot in self._spots[max(0, length - self._first) :]:
            if spot is not None:
                self._counts[spot] -= 1
                if not self._counts[spot]:
                    del self._counts[spot]
        del self._spots[max(0, length - self._first) :]
        if length < self._first:
            self._view = None
        super().cut(length)

    def spots(self, view: View) -> Mapping[Spot, int]:
        """How many points each cell has that has any."""
        if view != self._view:
            self._view, self._spots, self._counts = view, [], {}
            self._first = self.within(view.window.left, view.window.right)[0] if self.ordered else 0
        counts = self._counts
        done = self._first + len(self._spots)
        for spot in _placed(self.x[done:], self.y[done:], view):
            self._spots.append(spot)
            if spot is not None:
                counts[spot] = counts.get(spot, 0) + 1
        return counts


def _placed(x: Sequence[float], y: Sequence[float], view: View) -> list[Spot | None]:
    """Where points land; None for one that does not."""
    (left, right, bottom, top), dots = view.window, view.rows * DOWN
    heights, across = Heights(view.rows, bottom, top, view.log), view.columns * ACROSS
    found: list[Spot | None] = []
    for at, value in zip(x, y, strict=True):
        if not left <= at <= right or math.isnan(value):
            found.append(None)
            continue
        height = heights.row(value)
        side = 0
        if math.isfinite(value) and not 0 <= height < dots:
            side = ABOVE if height < 0 else BELOW
        column = column_of(at, left, right, across) // ACROSS
        found.append((column, max(0, min(dots - 1, height)) // DOWN, side))
    return found
