"""A series of points that can be drawn at any width at once: the lowest and the highest of every stretch are kept.

Over the values stands a pyramid: one (lowest, highest) for every 32 of them, one for every 32 of those, and so on. What
a column of dots covers is then found in some hundred steps, however many points fall into it. Appending costs what the
new points cost. Pure.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import floor, inf, isfinite
from typing import NamedTuple

FACTOR = 32
FAR = 1e9  # columns: beyond it, how far beyond makes no difference


class Column(NamedTuple):
    """What falls into column `at`: the lowest and highest finite value, and those of the first and the last point.

    `low` > `high` where no value is finite; `first` and `last` are not finite where the line has a gap there. One point
    before the window and one after it come with columns that are outside, so that lines lead there.
    """

    at: int
    low: float
    high: float
    first: float
    last: float


class Points:
    """`x` and `y` of equal length, as doubles; treat both as read-only. What is not finite in either is a gap.

    `ordered`: whether x never goes back, which is what makes it quick.
    """

    def __init__(self, x: Sequence[float] = (), y: Sequence[float] = ()) -> None:
        self.x = array("d")
        self.y = array("d")
        self.ordered = True
        self._lows: list[array[float]] = []
        self._highs: list[array[float]] = []
        self.extend(x, y)

    def __len__(self) -> int:
        return len(self.x)

    def extend(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Add points at the end. Raises ValueError where the lengths differ."""
        if len(x) != len(y):
            raise ValueError(f"{len(x)} x for {len(y)} y")
        start = max(0, len(self.x) - 1)
        self.x.extend(x)
        self.y.extend(y)
        self.ordered = self.ordered and _ascends(self.x, start)
        self._raise()

    def cut(self, length: int) -> None:
        """Keep the first `length` points only. Costs what is dropped."""
        del self.x[length:], self.y[length:]
        self.ordered = self.ordered or not length
        for lows, highs in zip(self._lows, self._highs, strict=True):
            length //= FACTOR
            del lows[length:], highs[length:]
        while self._lows and not self._lows[-1]:
            self._lows.pop()
            self._highs.pop()

    def _raise(self) -> None:
        """Complete every level of the pyramid as far as the one below it goes."""
        lows = highs = self.y
        level = 0
        while len(lows) >= FACTOR:
            if level == len(self._lows):
                self._lows.append(array("d"))
                self._highs.append(array("d"))
            upper_lows, upper_highs = self._lows[level], self._highs[level]
            for at in range(len(upper_lows) * FACTOR, len(lows) - FACTOR + 1, FACTOR):
                if level == 0:
                    low, high = _finite_span(lows[at : at + FACTOR])
                else:
                    low, high = min(lows[at : at + FACTOR]), max(highs[at : at + FACTOR])
                upper_lows.append(low)
                upper_highs.append(high)
            lows, highs, level = upper_lows, upper_highs, level + 1

    # --- asking ------------------------------------------------------------------------------------------------------

    def span(self, start: int = 0, stop: int | None = None) -> tuple[float, float] | None:
        """The lowest and the highest finite value of the points from `start` to before `stop`; None without any."""
        low, high = self._span(0, max(0, start), len(self.y) if stop is None else min(stop, len(self.y)))
        return None if low > high else (low, high)

    def _span(self, level: int, start: int, stop: int) -> tuple[float, float]:
        first, last = -(-start // FACTOR), stop // FACTOR
        if level >= len(self._lows) or last - first < 2:
            return self._flat(level, start, stop)
        parts = (
            self._flat(level, start, first * FACTOR),
            self._span(level + 1, first, last),
            self._flat(level, last * FACTOR, stop),
        )
        return min(part[0] for part in parts), max(part[1] for part in parts)

    def _flat(self, level: int, start: int, stop: int) -> tuple[float, float]:
        if start >= stop:
            return inf, -inf
        if level == 0:
            return _finite_span(self.y[start:stop])
        return min(self._lows[level - 1][start:stop]), max(self._highs[level - 1][start:stop])

    def within(self, left: float, right: float) -> tuple[int, int]:
        """The points from `left` to `right`, ends included, as a range of places; of ordered points only."""
        return bisect_left(self.x, left), bisect_right(self.x, right)

    def nearest(self, x: float) -> int | None:
        """The place of the point whose x is closest; None without points."""
        if not self.x:
            return None
        if not self.ordered:
            return min(range(len(self.x)), key=lambda i: abs(self.x[i] - x) if isfinite(self.x[i]) else inf)
        after = bisect_left(self.x, x)
        beside = [i for i in (after - 1, after) if 0 <= i < len(self.x)]
        return min(beside, key=lambda i: abs(self.x[i] - x))

    def columns(self, left: float, right: float, count: int) -> Iterator[Column]:
        """What falls into each of `count` columns from `left` to `right`, in the order of the points."""
        if count <= 0 or not self.x:
            return iter(())
        return self._quick(left, right, count) if self.ordered else self._each(left, right, count)

    def _quick(self, left: float, right: float, count: int) -> Iterator[Column]:
        start, end = self.within(left, right)
        if start > 0:
            yield self._one(column_of(self.x[start - 1], left, right, count), start - 1)
        while start < end:
            at = column_of(self.x[start], left, right, count)
            stop = self._after(at, start, end, left, right, count)
            low, high = self._span(0, start, stop)
            yield Column(at, low, high, self.y[start], self.y[stop - 1])
            start = stop
        if end < len(self.x):
            yield self._one(column_of(self.x[end], left, right, count), end)

    def _after(self, at: int, start: int, end: int, left: float, right: float, count: int) -> int:
        """The first place from `start` on whose point falls into a column after `at`."""
        return bisect_left(self.x, at + 1, start, end, key=lambda x: column_of(x, left, right, count))

    def _one(self, at: int, place: int) -> Column:
        value = self.y[place]
        low, high = (value, value) if isfinite(value) else (inf, -inf)
        return Column(at, low, high, value, value)

    def _each(self, left: float, right: float, count: int) -> Iterator[Column]:
        found: Column | None = None
        for x, y in zip(self.x, self.y, strict=True):
            at = column_of(x, left, right, count) if isfinite(x) else None
            if found is not None and at != found.at:
                # What has no place along x is a gap like a value that is none.
                yield found if at is not None else found._replace(last=inf)
                found = None
            if at is None:
                continue
            low, high = (y, y) if isfinite(y) else (inf, -inf)
            if found is None:
                found = Column(at, low, high, y, y)
            else:
                found = Column(at, min(found.low, low), max(found.high, high), found.first, y)
        if found is not None:
            yield found


def column_of(x: float, left: float, right: float, count: int) -> int:
    """The column that a finite x falls into: 0 to `count` - 1 from `left` to `right`, beyond them outside of that."""
    if x < left or x > right or left == right:
        if left == right and x == left:
            return count // 2
        share = (x - left) / (right - left) if right > left else 0.0
        at = floor(max(-FAR, min(FAR, share * count)))
        return min(-1, at) if x < left else max(count, at)
    return min(count - 1, floor((x - left) / (right - left) * count))


def _finite_span(values: array[float]) -> tuple[float, float]:
    """The lowest and the highest of those that are finite; (inf, -inf) where none is."""
    if isfinite(sum(values)):
        return min(values), max(values)
    finite = [value for value in values if isfinite(value)]
    return (min(finite), max(finite)) if finite else (inf, -inf)


def _ascends(x: array[float], start: int) -> bool:
    """Whether x never goes back from `start` on, and is finite."""
    if not x:
        return True
    return isfinite(x[start]) and isfinite(x[-1]) and all(a <= b for a, b in pairwise(x[start:]))
