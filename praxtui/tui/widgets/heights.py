"""Where a point of a plot lands: the part of the plane that is shown, and the dots that its values fall on. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

ACROSS, DOWN = 2, 4
"""Dots of a cell of the screen."""

STEEP = 1e6  # dots: beyond it, how far off the canvas a value is makes no difference


class Window(NamedTuple):
    """What part of the plane is shown, ends included."""

    left: float
    right: float
    bottom: float
    top: float


class Heights:
    """From a value to a dot row; rows count downwards, and values outside of the window have rows off the canvas."""

    def __init__(self, rows: int, bottom: float, top: float, log: bool = False) -> None:
        self._dots = rows * DOWN
        self._log = log
        self._top = scaled(top, log)
        self._rise = self._top - scaled(bottom, log)

    def row(self, value: float) -> int:
        """The dot row of a value; of an infinite one, or one that a logarithm has no place for, one that is far off."""
        if not 0 < self._rise < math.inf:
            return self._dots // 2 if math.isfinite(value) else round(math.copysign(STEEP, -value))
        share = (self._top - scaled(value, self._log)) / self._rise
        return round(max(-STEEP, min(STEEP, share * (self._dots - 1))))


def scaled(value: float, log: bool) -> float:
    """The value as it is measured along an axis; on a logarithmic one, what is not positive is infinitely far down."""
    if not log:
        return value
    return math.log10(value) if value > 0 else -math.inf
