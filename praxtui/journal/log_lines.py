"""The lines of a log around any byte of it: what a screen needs to show a file of any size without reading it through.

Lines are found from where one looks, forwards or backwards, so the end of a log is there as soon as its beginning.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from praxtui.journal import packed
from praxtui.journal.logs import SHOWN

BREAK = 4 << 20
"""Bytes. A line is broken at a multiple of this where the block before it has no end of a line, so that finding either
end of a line takes at most two blocks. Whether a place is such a break never changes while a log grows."""

NEAR, FAR = 4 << 10, 64 << 10  # bytes read to find the end of a line: at first, and then each time
LONG = 256 << 10  # bytes; where longer lines begin and end is remembered
REMEMBERED = 512  # of them
TRACE = 64  # bytes before the end by which a file is known again


class Span(NamedTuple):
    """Where a line stands: its bytes are `start` to `end`, the next line begins at `after`."""

    start: int
    end: int
    after: int


class Part(NamedTuple):
    """The bytes of a line: all in `first`, or of a long one its beginning, its end, and how many lie between."""

    first: bytes
    last: bytes = b""
    between: int = 0


class LogLines:
    """The first `size` bytes of a log as lines; the file may grow, shrink, go and be replaced at any time.

    Nothing of the file is kept. Offsets are those of the last `look`; of a file that changed since then, what is read
    may be shorter, but nothing is raised.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.there = False
        self.size = 0
        self._log: packed.Log | None = None
        self._whole = 0
        self._trace = b""
        self._long: dict[int, Span] = {}

    def close(self) -> None:
        """Let go of the file."""
        if self._log is not None:
            self._log.close()
        self._log = None

    def look(self, most: int | None = None) -> bool:
        """See how large the log is now, at most `most` bytes; False where it is another one than at the last look."""
        try:
            log = self._log
            same = log is not None and log.identity == packed.identity(self.path)
            if log is None or not same:
                was_plain = log is not None and not log.packed
                self.close()
                log = self._log = packed.Log(self.path)
                # The log of a run that is over is packed at some time, maybe while somebody reads in it.
                same = was_plain and log.packed
            whole = log.size
        except OSError:
            same = not self.there
            self.close()
            self.there, whole = False, 0
        else:
            same = same and whole >= self._whole and self._known()
            self.there = True
        if not same:
            self._long.clear()
        if not same or whole != self._whole:
            self._whole = whole
            self._trace = self.read(max(0, whole - TRACE), whole)
        self.size = whole if most is None else min(whole, most)
        return same

    def _known(self) -> bool:
        """Whether the bytes before the last known end still stand there: else it was written over from its start."""
        return self.read(self._whole - len(self._trace), self._whole) == self._trace

    # --- where lines are ---------------------------------------------------------------------------------------------

    def start_of(self, at: int) -> int:
        """Where the line begins that the byte at `at` belongs to."""
        block = at - at % BREAK
        found = self._last_end(block, at)
        if found is None and block > 0:
            found = self._last_end(block - BREAK, block)
        return block if found is None else found

    def span(self, start: int) -> Span:
        """The line that begins at `start`."""
        known = self._long.get(start)
        if known is not None and known.after <= self.size:
            return known
        border = start - start % BREAK + BREAK
        if start % BREAK:
            # The block that the line begins in has the end of another one; only the next can be without any.
            border += BREAK
        end = min(border, self.size)
        found = self._first_end(start, end)
        if found is not None:
            return self._remembered(Span(start, found, found + 1))
        return self._remembered(Span(start, end, end)) if end < self.size else Span(start, end, end)

    def _remembered(self, span: Span) -> Span:
        if span.after - span.start > LONG:
            if len(self._long) >= REMEMBERED:
                self._long.clear()
            self._long[span.start] = span
        return span

    def forwards(self, start: int, count: int) -> list[Span]:
        """Up to `count` lines from the one that begins at `start` on."""
        found: list[Span] = []
        while len(found) < count and start < self.size:
            found.append(self.span(start))
            start = found[-1].after
        return found

    def backwards(self, at: int, count: int) -> list[Span]:
        """Up to `count` lines before the one that begins at `at`, or before the end, in their order."""
        found: list[Span] = []
        while len(found) < count and at > 0:
            at = self.start_of(at - 1)
            found.append(self.span(at))
        return found[::-1]

    # --- what they hold ----------------------------------------------------------------------------------------------

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; fewer where the file has no more."""
        if self._log is None:
            return b""
        try:
            return self._log.read(start, end)
        except OSError:
            return b""

    def part(self, span: Span) -> Part:
        """The bytes of a line, at most `2 * SHOWN` of them."""
        between = span.end - span.start - 2 * SHOWN
        if between <= 0:
            return Part(self.read(span.start, span.end))
        first = self.read(span.start, span.start + SHOWN)
        return Part(first, self.read(span.end - SHOWN, span.end), between)

    def ends(self, start: int, end: int) -> int:
        """How many lines end in these bytes; reads them all."""
        found = 0
        while start < end and (block := self.read(start, min(start + (1 << 20), end))):
            found += block.count(b"\n")
            start += len(block)
        return found

    def _last_end(self, start: int, end: int) -> int | None:
        """The offset after the last end of a line in these bytes; None where there is none."""
        step = NEAR
        while start < end:
            begin = max(start, end - step)
            at = self.read(begin, end).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            end, step = begin, FAR
        return None

    def _first_end(self, start: int, end: int) -> int | None:
        """The offset of the first end of a line in these bytes; None where there is none."""
        step = NEAR
        while start < end:
            block = self.read(start, min(start + step, end))
            at = block.find(b"\n")
            if at >= 0:
                return start + at
            if not block:
                return None
            start, step = start + len(block), FAR
        return None
