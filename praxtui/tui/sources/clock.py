"""The clock of a replay: recorded time against a time of its own, which can stand, run fast and be moved.

A course is monotone and piecewise linear. Own time begins at 0; it passes as recorded time did or, where the waiting is
skipped, faster through stretches in which nothing was written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from math import isfinite

GAP_S = 2.0  # what is left of a stretch in which nothing was written, and the shortest that is shortened
SLOWEST, FASTEST = 1.0, 1000.0

Span = tuple[float, float]


def busy(times: Iterable[float], gap: float = GAP_S) -> list[Span]:
    """The stretches in which something was written: times in ascending order that are at most `gap` apart, as one."""
    return merged(((at, at) for at in times), gap)


def merged(spans: Iterable[Span], gap: float = GAP_S) -> list[Span]:
    """Spans in order of their begins, those that touch or are at most `gap` apart as one."""
    found: list[Span] = []
    for begin, end in spans:
        if found and begin <= found[-1][1] + gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


class Course:
    """From `begin` to `end` in recorded seconds; of the gaps between `spans` only GAP_S each is left, all if None."""

    def __init__(self, begin: float, end: float, spans: Sequence[Span] | None = None) -> None:
        self._at, self._own = [begin], [0.0]
        for gap_begin, gap_end in _gaps(begin, end, spans):
            self._to(gap_begin, gap_begin - self._at[-1])
            self._to(gap_end, GAP_S)
        self._to(max(begin, end), max(begin, end) - self._at[-1])

    def _to(self, at: float, own: float) -> None:
        if at > self._at[-1]:
            self._at.append(at)
            self._own.append(self._own[-1] + own)

    @property
    def begin(self) -> float:
        """The first recorded moment."""
        return self._at[0]

    @property
    def end(self) -> float:
        """The last recorded moment."""
        return self._at[-1]

    @property
    def length(self) -> float:
        """Own seconds from begin to end."""
        return self._own[-1]

    def own(self, at: float) -> float:
        """Own time of a recorded moment."""
        return _read(self._at, self._own, at)

    def at(self, own: float) -> float:
        """The recorded moment of an own time."""
        return _read(self._own, self._at, own)

    def where(self, at: float) -> float:
        """A recorded moment as a share of the whole, 0.0 to 1.0; all of it where there is no length."""
        return self.own(at) / self.length if self.length > 0 else 1.0


def _gaps(begin: float, end: float, spans: Sequence[Span] | None) -> Iterable[Span]:
    if spans is None:
        return
    before = begin
    for first, last in [*spans, (end, end)]:
        if min(first, end) - before > GAP_S:
            yield before, min(first, end)
        before = max(before, last)


def _read(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The value at `x` of the line through the points, level beyond its ends."""
    if x >= xs[-1]:
        return ys[-1]
    if x <= xs[0]:
        return ys[0]
    i = bisect_right(xs, x) - 1
    share = (x - xs[i]) / (xs[i + 1] - xs[i])
    return min(ys[i + 1], ys[i] + share * (ys[i + 1] - ys[i]))


class Clock:
    """Where a replay is on its course. `clock` gives seconds that pass as they do for the person watching."""

    def __init__(self, course: Course, clock: Callable[[], float], speed: float = 1.0) -> None:
        self._course = course
        self._clock = clock
        self._speed = limited(speed)
        self._playing = False
        self._own, self._at = 0.0, course.begin
        self._since = clock()

    @property
    def course(self) -> Course:
        """The course it runs on."""
        return self._course

    @property
    def playing(self) -> bool:
        """Whether it runs."""
        return self._playing

    @property
    def speed(self) -> float:
        """Own seconds a second."""
        return self._speed

    @property
    def own(self) -> float:
        """Own time of now."""
        passed = max(0.0, self._clock() - self._since) * self._speed if self._playing else 0.0
        return min(self._own + passed, max(self._own, self._course.length))

    @property
    def at(self) -> float:
        """The recorded moment of now."""
        own = self.own
        # Where it was put to a recorded moment it is exactly there, not a rounding before it.
        return self._at if own == self._own else max(self._at, self._course.at(own))

    @property
    def at_end(self) -> bool:
        """Whether the end of the course is reached."""
        return self.own >= self._course.length

    def play(self, playing: bool) -> None:
        """Run, or stand."""
        self._hold()
        self._playing = playing

    def set_speed(self, speed: float) -> None:
        """Own seconds a second, from 1 to 1000."""
        self._hold()
        self._speed = limited(speed)

    def put_own(self, own: float) -> None:
        """Go to an own time."""
        self._own = min(max(0.0, own), self._course.length)
        self._at = self._course.at(self._own)
        self._since = self._clock()

    def put(self, at: float) -> None:
        """Go to a recorded moment, exactly."""
        self._at = min(max(self._course.begin, at), self._course.end)
        self._own = self._course.own(self._at)
        self._since = self._clock()

    def change(self, course: Course) -> None:
        """Go on, from the same recorded moment, on another course."""
        at = self.at
        self._course = course
        self.put(at)

    def _hold(self) -> None:
        own, at = self.own, self.at
        self._own, self._at, self._since = own, at, self._clock()


def limited(speed: float) -> float:
    """A speed that a replay can have."""
    return min(max(speed, SLOWEST), FASTEST) if isfinite(speed) else SLOWEST
