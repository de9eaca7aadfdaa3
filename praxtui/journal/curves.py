"""The live series of a run (loss against step, ...), thinned so that a run of any length stays small.

A cache: whoever adopts a run reads its log from the start and writes the series anew.
"""

from __future__ import annotations

import struct
import sys
import time
from array import array
from collections.abc import Callable
from itertools import pairwise
from math import inf, isnan
from typing import NamedTuple

from praxtui.journal.store import Journal, JournalFull, JournalLocked

MOST = 2000  # points a series keeps
EVERY_S = 1.0  # seconds between two writes
_HEAD = struct.Struct("<4sI")  # magic, number of points; then steps, values, seconds, each as little-endian doubles
_MAGIC = b"crv1"


class Point(NamedTuple):
    """`seconds` since the run's start."""

    step: float
    value: float
    seconds: float


class Curve(NamedTuple):
    """A series as three arrays of doubles of the same length."""

    step: array[float]
    value: array[float]
    seconds: array[float]


class Series:
    """At most `most` points of a series, evenly spread over all that were added.

    Each bucket of 2 * `stride` added points keeps its lowest and its highest, so the extremes of the whole are kept;
    `stride` doubles whenever the series is full. The newest point is always there.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.stride = 1
        self._kept: list[Point] = []
        self._bucket: list[Point] = []
        self._in_bucket = 0
        self._newest: Point | None = None

    def add(self, point: Point) -> None:
        """Take in the next point; NaN and infinite values are points like any other."""
        self._newest = point
        self._bucket.append(point)
        self._in_bucket += 1
        if len(self._bucket) > 2:
            self._bucket = _extremes(self._bucket)
        if self._in_bucket == 2 * self.stride:
            self._kept += self._bucket
            self._bucket, self._in_bucket = [], 0
            if len(self._kept) + 3 > self.most:  # up to two of the next bucket and the newest come on top
                self._thin()

    def _thin(self) -> None:
        kept: list[Point] = []
        for start in range(0, len(self._kept) - len(self._kept) % 4, 4):
            kept += _extremes(self._kept[start : start + 4])
        rest = self._kept[len(self._kept) - len(self._kept) % 4 :]
        self.stride *= 2
        self._kept = kept
        self._bucket, self._in_bucket = rest, self.stride if rest else 0

    def points(self) -> list[Point]:
        """The points kept, in the order they were added."""
        found = self._kept + self._bucket
        if self._newest is not None and (not found or found[-1] is not self._newest):
            found.append(self._newest)
        return found


def _extremes(points: list[Point]) -> list[Point]:
    """The lowest and the highest of two or more points, in their order; NaN is neither while there is anything else."""
    low = min(range(len(points)), key=lambda i: inf if isnan(points[i].value) else points[i].value)
    others = [i for i in range(len(points)) if i != low]
    high = max(others, key=lambda i: -inf if isnan(points[i].value) else points[i].value)
    return [points[i] for i in sorted((low, high))]


class CurveWriter:
    """Collects the series of one run and writes those that changed, at most once a second."""

    def __init__(self, journal: Journal, experiment: str, n: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._run = (experiment, n)
        self._clock = clock
        self._series: dict[str, Series] = {}
        self._changed: set[str] = set()
        self._wrote = -inf

    def add(self, series: str, step: float, value: float, seconds: float) -> None:
        """Take in a point of a series, and write what is due."""
        found = self._series.get(series)
        if found is None:
            found = self._series[series] = Series()
        found.add(Point(step, value, seconds))
        self._changed.add(series)
        self.write()

    def write(self, now: bool = False) -> None:
        """Write what changed, if a second has passed since the last time or `now`; what cannot be written waits."""
        if not self._changed or not (now or self._clock() - self._wrote >= EVERY_S):
            return
        self._wrote = self._clock()
        try:
            self._journal.save_curves(*self._run, {name: packed(self._series[name].points()) for name in self._changed})
        except (JournalFull, JournalLocked):
            return
        self._changed.clear()


def read_curves(journal: Journal, experiment: str, n: int) -> dict[str, Curve]:
    """The series of run `n` of an experiment by name; a damaged one is left out."""
    found = {name: unpacked(data) for name, data in journal.load_curves(experiment, n).items()}
    return {name: curve for name, curve in found.items() if curve is not None}


def packed(points: list[Point]) -> bytes:
    """A series as bytes."""
    columns = [array("d", column) for column in zip(*points, strict=True)]
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return _HEAD.pack(_MAGIC, len(points)) + b"".join(column.tobytes() for column in columns)


def unpacked(data: bytes) -> Curve | None:
    """The series that `packed` made; None where the bytes are not one."""
    if len(data) < _HEAD.size:
        return None
    magic, count = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 24 * count:
        return None
    edges = range(_HEAD.size, _HEAD.size + 24 * count + 1, 8 * count) if count else [_HEAD.size] * 4
    columns = [array("d", data[start:end]) for start, end in pairwise(edges)]
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return Curve(*columns)
