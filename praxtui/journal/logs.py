"""Reading the logs of runs, for people and screens: logs of any size, with anything in them.

A log is what a run printed, byte for byte. Nothing here loads one whole or trusts what stands in it: escape sequences
and control characters are taken out, invalid UTF-8 is replaced, a line rewritten with carriage returns shows as it was
last, and of a line that is too long for any screen only a part is read into memory at a time.
"""

from __future__ import annotations

import io
import os
import re
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from praxtui.errors import UserError
from praxtui.journal import packed
from praxtui.masking import mask

SHOWN = 16 << 10  # bytes of one line that are shown
BLOCK = 64 << 10  # bytes between two marks of an index, at least
CHUNK = 1 << 20  # bytes read at once

ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements (ECMA-48)
    r"|\x1b[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, APC, ...: titles, links, images
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one character
    r"|\x1b[ -/]*[0-~]?"  # every other escape, and what is left of a torn one
)
# Controls, and the marks that reorder text on screen and so can make it read as something else.
# So are those that show nothing at all, but for the joiners that scripts need, and what is heaped on one letter.
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
CONTROLS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    f"\U000e0000-\U000e007f]|(?<={_MARKS}{{8}}){_MARKS}+"
)


class Line(NamedTuple):
    """A line of a log: its number (from 1), the offset of its first byte, its safe text, whether a search hit it."""

    number: int
    offset: int
    text: str
    hit: bool = False


def safe(text: str) -> str:
    """`text` without escape sequences, control characters and secrets; tabs as spaces. Fit for any terminal, on one
    line."""
    if not (text.isascii() and text.isprintable()):  # nearly every line is
        text = CONTROLS.sub("", ESCAPES.sub("", text)).expandtabs(8)
    return mask(text)


def collapse(line: bytes) -> str:
    """One line as a terminal shows it in the end: of what was rewritten with `\\r`, the last; safe."""
    parts = line.rstrip(b"\r\n").split(b"\r")
    return safe(parts[-1].decode(errors="replace"))


def _opened(path: Path) -> BinaryIO:
    try:
        return packed.opened(path)
    except FileNotFoundError:
        return io.BytesIO()


def head(path: Path, lines: int) -> list[str]:
    """The first lines of a log; none where there is no log yet."""
    with _opened(path) as file:
        return [text for _, (_, text) in zip(range(lines), _lines(file, 0), strict=False)]


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log, an unfinished one included: the last screenful. Of too long a line, its end."""
    if lines <= 0:
        return []
    with _opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        start, torn = _start_of_last(file, size, lines)
        found = [text for _, text in _lines(file, start, ends=True)]
    if torn and not found[0].startswith("... "):
        found[0] = f"... {found[0]}"
    return found[-lines:]


def _start_of_last(file: BinaryIO, size: int, lines: int) -> tuple[int, bool]:
    """The offset where the last `lines` lines begin, and whether that is inside a line too long to look through."""
    furthest = max(0, size - CHUNK - lines * SHOWN)
    at, wanted = size, lines
    while at > furthest:
        begin = max(furthest, at - BLOCK)
        file.seek(begin)
        block = file.read(at - begin)
        if at == size and block.endswith(b"\n"):
            block = block[:-1]  # ends the last line rather than beginning one more
        count = block.count(b"\n")
        if count >= wanted:
            cut = len(block)
            for _ in range(wanted):
                cut = block.rindex(b"\n", 0, cut)
            return begin + cut + 1, False
        wanted -= count
        at = begin
    return furthest, furthest > 0


def _lines(file: BinaryIO, offset: int, ends: bool = False) -> Iterator[tuple[int, str]]:
    """(offset, safe text) of each line from `offset` on, in bounded memory; `ends`: of too long a line, its end."""
    file.seek(offset)
    while first := file.readline(SHOWN):
        length, text = len(first), ""
        if first.endswith(b"\n") or len(first) < SHOWN:
            text = collapse(first)
        else:
            last = first
            while more := file.readline(CHUNK):
                length += len(more)
                last = (last + more)[-SHOWN:]
                if more.endswith(b"\n"):
                    break
            text = _long(first, last, length, ends)
        yield offset, text
        offset += length


def _long(first: bytes, last: bytes, length: int, ends: bool) -> str:
    """A line of which only both ends are known: its last rewriting if it has any, else its beginning or its end."""
    if b"\r" in last.rstrip(b"\r\n"):
        return collapse(last)
    if ends:
        return f"... {collapse(last)}"
    return f"{collapse(first)} ... [{length:,} bytes]"


def grep(path: Path, pattern: str, context: int = 0, most: int = 1000) -> list[Line]:
    """The lines that match a regular expression, with `context` lines around each; at most `most` hits.

    Raises UserError for a pattern that is none.
    """
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UserError(f"{pattern!r} is not a regular expression: {error}") from error
    found: list[Line] = []
    before: deque[Line] = deque(maxlen=context)
    hits = after = 0
    with _opened(path) as file:
        for number, (offset, text) in enumerate(_lines(file, 0), 1):
            hit = hits < most and wanted.search(text) is not None
            if hit:
                found += [*before, Line(number, offset, text, True)]
                before.clear()
                hits, after = hits + 1, context
            elif after:
                found.append(Line(number, offset, text))
                after -= 1
            elif hits == most:
                break
            else:
                before.append(Line(number, offset, text))
    return found


class LogIndex:
    """Lines of a log by number, without loading it: a mark for every block of 64 KiB, found by one pass over the file.

    The file may grow meanwhile (`extend`); when it was cut or replaced, the index begins anew;
    not when its packed form took its place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._offsets = array("Q", [0])  # offsets of first bytes of lines ...
        self._numbers = array("Q", [1])  # ... and the numbers of those lines
        self._scanned = 0
        self._newlines = 0
        self._ends_open = False
        self._file: tuple[int, int] | None = None
        self._packed = False

    @property
    def count(self) -> int:
        """Lines seen so far; an unfinished last one counts."""
        return self._newlines + self._ends_open

    @property
    def seen(self) -> int:
        """Bytes looked through so far."""
        return self._scanned

    def extend(self, most: int = CHUNK * 64) -> bool:
        """Look through at most `most` further bytes; whether the end of the log was reached."""
        try:
            log = packed.Log(self.path)
        except FileNotFoundError:
            self._begin_anew()
            return True
        try:
            size = log.size
            known = self._file == log.identity or (log.packed and not self._packed)
            if size < self._scanned or (self._file is not None and not known):
                self._begin_anew()
            self._file, self._packed = log.identity, log.packed
            left = most
            while left > 0 and (block := log.read(self._scanned, self._scanned + min(BLOCK, left))):
                self._mark(block)
                left -= len(block)
            return self._scanned >= size
        finally:
            log.close()

    def _mark(self, block: bytes) -> None:
        newlines = block.count(b"\n")
        if newlines:
            self._newlines += newlines
            self._offsets.append(self._scanned + block.rindex(b"\n") + 1)
            self._numbers.append(self._newlines + 1)
        self._scanned += len(block)
        self._ends_open = not block.endswith(b"\n")

    def number(self, offset: int) -> int:
        """The number of the line that the byte at `offset` belongs to, as far as `extend` has looked; 0 if it is gone.

        The offset of the end gives the line that would come next if the last one is finished.
        """
        mark = bisect_right(self._offsets, offset) - 1
        number, at = self._numbers[mark], self._offsets[mark]
        try:
            with packed.opened(self.path) as file:
                file.seek(at)
                while at < offset and (block := file.read(min(BLOCK, offset - at))):
                    number += block.count(b"\n")
                    at += len(block)
        except OSError:
            return 0
        return number

    def lines(self, start: int, count: int) -> list[Line]:
        """Up to `count` lines from number `start` (from 1) on, as far as `extend` has looked."""
        start = max(start, 1)
        end = min(start + count, self.count + 1)
        if start >= end:
            return []
        mark = bisect_right(self._numbers, start) - 1
        number = self._numbers[mark]
        found: list[Line] = []
        with packed.opened(self.path) as file:
            for offset, text in _lines(file, self._offsets[mark]):
                if number >= end:
                    break
                if number >= start:
                    found.append(Line(number, offset, text))
                number += 1
        return found


class Times:
    """When a log grew, from `run.times`: for each sample, the log's size in bytes and seconds since the run's start.

    Where the middle of a log was dropped (`! bytes offset seconds`), sizes from before are moved to where their bytes
    now stand. `dropped`: bytes by which the log was shortened.
    """

    def __init__(self) -> None:
        self._sizes = array("Q")
        self._seconds = array("d")
        self.dropped = 0

    @classmethod
    def read(cls, path: Path) -> Times:
        """The times of a log; empty where there are none. Torn or foreign lines are skipped."""
        times = cls()
        try:
            with path.open("rb") as file:
                for line in file:
                    times._take(line.split())
        except FileNotFoundError:
            pass
        return times

    def _take(self, fields: list[bytes]) -> None:
        try:
            if fields and fields[0] == b"!":
                removed, offset = int(fields[1]), int(fields[2])
                moved = (min(size, max(size - removed, offset)) for size in self._sizes)
                self._sizes = array("Q", moved)
                self.dropped += removed
            else:
                size, seconds = int(fields[0]), float(fields[1])
                self._sizes.append(max(size, self._sizes[-1] if self._sizes else 0))
                self._seconds.append(seconds)
        except (ValueError, IndexError, OverflowError):
            pass

    @property
    def seconds(self) -> Sequence[float]:
        """When the log was seen to have grown, in seconds since the run's start."""
        return self._seconds

    def elapsed_at(self, offset: int) -> float | None:
        """Seconds from the run's start until the byte at `offset` was there; None where that was not sampled."""
        at = bisect_right(self._sizes, offset)
        return self._seconds[at] if at < len(self._seconds) else None

    def size_at(self, seconds: float) -> int:
        """The size of the log, in bytes, `seconds` after the run's start, as far as it was sampled."""
        at = bisect_right(self._seconds, seconds)
        return self._sizes[at - 1] if at else 0
