"""Reading what a run prints: lines, numbers in lines, live series, and the summary at the end.

Nothing here raises on what a run may print: any bytes are some lines, and any line has some numbers, or none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

LONGEST = 64 * 1024  # bytes of one line that are kept
PIECE = 32 * 1024  # bytes read in one poll of a live log
BEHIND = 4 * 1024 * 1024  # bytes behind a live log from which catching up is given up
CHUNK = 256 * 1024  # bytes read at once when searching backwards

NAME = r"[A-Za-z_][\w/.@-]*"
NUMBER = r"[-+]?(?:(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
WORD_NUMBER = r"[-+]?(?i:nan|inf(?:inity)?)"
UNIT = r"(?:%|[A-Za-zµ°]{1,8}(?:/[A-Za-zµ]{1,8})?)?"
# What may follow a value: a full stop or a colon only before a space, so that 1.2.3 and 12:30 are no numbers.
AFTER = r"(?=[\s|,;)\]}]|[.:]?(?:\s|$))"
VALUE = rf"(?:(?P<number>{NUMBER})(?P<of>/\d+)?{UNIT}|(?P<word>{WORD_NUMBER})){AFTER}"
START = r"(?<![\w/.@-])"
IS = r"['\"]?[ \t]*[:=][ \t]*"
COUNTED = r"(?P<count>(?i:step|iter|iteration|epoch|batch))[ \t]+\#?"
PAIR = re.compile(rf"{START}(?:{COUNTED}|(?P<name>{NAME}){IS}){VALUE}", re.ASCII)
# From best to worst: what a series is drawn over when a line names several.
STEPS = ("step", "global_step", "iter", "iteration", "it", "update", "batch", "epoch")
PROGRESS = re.compile(
    r"(?<![\w/.@-])(?:step|iter|iteration)[ \t:=#]*(\d{1,15})[ \t]*(?:\((\d{1,3}(?:\.\d{1,15})?)%\)|/[ \t]*(\d{1,15}))",
    re.ASCII | re.IGNORECASE,
)

# Terminal control: CSI and OSC sequences, short escapes; then every other control character but the tab.
ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()#%][0-9A-Za-z]|\x1b[=>78@-Z\\^_]"
)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


class Line(msgspec.Struct, frozen=True):
    """A line without its end. `replaced`: it ended in a carriage return, so the next one takes its place on screen."""

    text: str
    replaced: bool = False
    truncated: bool = False


class Point(msgspec.Struct, frozen=True):
    """One value of a live series. `progress` is the share of the run that is done, 0 to 1, where the line says so."""

    step: float
    name: str
    value: float
    progress: float | None = None


class LineReader:
    """Bytes in pieces of any size, lines out: the same lines however the bytes were split.

    A line ends in a newline, a return, or both; of a longer line the first 64 KiB are kept.
    """

    def __init__(self) -> None:
        self._kept = bytearray()
        self._truncated = False
        self._after_return = False

    def feed(self, data: bytes) -> list[Line]:
        """The lines that `data` completes; replaced lines that are empty are left out."""
        lines: list[Line] = []
        for part in re.split(rb"([\r\n])", data):
            if not part:
                continue
            if self._after_return:
                # Only now is it known whether the return before was half of a Windows line end.
                self._end(lines, replaced=part != b"\n")
                self._after_return = False
                if part == b"\n":
                    continue
            if part == b"\n":
                self._end(lines, replaced=False)
            elif part == b"\r":
                self._after_return = True
            else:
                self._keep(part)
        return lines

    def close(self) -> list[Line]:
        """The last line, if it had no end."""
        lines: list[Line] = []
        if self._kept or self._truncated:
            self._end(lines, replaced=False)
        self._after_return = False
        return lines

    @property
    def partial(self) -> str:
        """The line that has begun and not ended, as far as it is known."""
        return clean(bytes(self._kept))

    def _keep(self, part: bytes) -> None:
        part = part.replace(b"\0", b"")
        room = LONGEST - len(self._kept)
        self._kept += part[:room]
        self._truncated = self._truncated or len(part) > room

    def _end(self, lines: list[Line], *, replaced: bool) -> None:
        if self._kept or not replaced:
            lines.append(Line(clean(bytes(self._kept)), replaced, self._truncated))
        self._kept.clear()
        self._truncated = False


def clean(line: bytes) -> str:
    """The readable text of a line: invalid UTF-8 replaced, NULs and escapes taken out, other controls blank."""
    text = line.replace(b"\0", b"").decode("utf-8", "replace")
    return text if text.isprintable() else CONTROL.sub(" ", ESCAPES.sub("", text))


def numbers(line: str) -> list[tuple[str, float]]:
    """The numbers that a line names, in order: `name: value`, `name=value`, and `step 01290`.

    A unit is left out (`242ms` is 242, `45%` is 45), `1,234` is one number, `953/1000` counts after a step only.
    """
    found: list[tuple[str, float]] = []
    for pair in PAIR.finditer(line):
        name = pair["count"] or pair["name"]
        if pair["of"] and name.lower() not in STEPS:
            continue
        found.append((name, _value(pair)))
    return found


def _value(pair: re.Match[str]) -> float:
    return float(pair["word"] or pair["number"].replace(",", ""))


class Series:
    """Points from lines. A line's step is its own, else that of the last line that had one, else a count a name."""

    def __init__(self) -> None:
        self._step: float | None = None
        self._counts: dict[str, int] = {}

    def points(self, line: str) -> list[Point]:
        """The points of one line, without the step itself."""
        found = numbers(line)
        if not found:
            return []
        own = {name.lower(): value for name, value in reversed(found)}
        by = next((name for name in STEPS if name in own), None)
        if by is not None and own[by] == own[by] and abs(own[by]) != float("inf"):
            self._step = own[by]
        progress = _progress(line)
        return [
            Point(self._at(name), name, value, progress) for name, value in found if by is None or name.lower() != by
        ]

    def _at(self, name: str) -> float:
        if self._step is not None:
            return self._step
        count = self._counts.get(name, 0)
        # A run may print any number of names; the counts of a few are worth keeping.
        if count or len(self._counts) < 1000:
            self._counts[name] = count + 1
        return float(count)


def _progress(line: str) -> float | None:
    found = PROGRESS.search(line)
    if found is None:
        return None
    if found[2]:
        return min(float(found[2]) / 100, 1.0)
    total = int(found[3])
    return min(int(found[1]) / total, 1.0) if total else None


def summary(path: Path, names: Iterable[str]) -> dict[str, float]:
    """The last value of each of `names` in a file, as printed (nan and infinities included); missing ones are left out.

    A name counts only whole: `best_val_bpb: 1` says nothing of `val_bpb`. Reads from the end, no further than needed; a
    file that is missing has no values. Of a line longer than 64 KiB the first 64 KiB count.
    """
    wanted = {name: re.compile(rf"{START}{re.escape(name)}{IS}{VALUE}", re.ASCII) for name in names}
    found: dict[str, float] = {}
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return found
    try:
        for block in _backwards(fd):
            # Escapes can stand within a name; without any, a block that does not hold the bytes of a name has no value.
            if b"\x1b" not in block and not any(name.encode("utf-8", "replace") in block for name in wanted):
                continue
            for line in reversed(re.split(rb"[\r\n]", block)):
                text = clean(line[:LONGEST])
                for name in [name for name in wanted if name in text]:
                    for pair in wanted[name].finditer(text):
                        if not pair["of"]:
                            found[name] = _value(pair)
                wanted = {name: pattern for name, pattern in wanted.items() if name not in found}
            if not wanted:
                break
    finally:
        os.close(fd)
    return found


def _backwards(fd: int) -> Iterator[bytes]:
    """A file in blocks of whole lines, the last block first, NULs taken out; memory is bounded for any line."""
    end = os.fstat(fd).st_size
    rest = b""
    while end > 0:
        start = max(0, end - CHUNK)
        data = os.pread(fd, end - start, start).replace(b"\0", b"")
        end = start
        first = re.search(rb"[\r\n]", data)
        if start == 0:
            yield data + rest
        elif first is None:
            rest = (data + rest)[:LONGEST]
        else:
            yield data[first.end() :] + rest
            rest = data[: first.start()][:LONGEST]


class Follower:
    """The live series of a log that is being written; each `poll` costs a few milliseconds, whatever the run prints.

    More than 4 MiB behind, it goes on near the end of the log; the points between are left out.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._reader = LineReader()
        self._skipping = offset > 0
        self._series = Series()

    def poll(self) -> list[Point]:
        """The points that were printed since, from at most 32 KiB; none while there is no log."""
        points, _ = self._poll()
        return points

    def finish(self) -> list[Point]:
        """What is left when the run is over, the last line without an end included."""
        points: list[Point] = []
        for _ in range(BEHIND // PIECE + 1):
            new, more = self._poll()
            points += new
            if not more:
                break
        return points + self._points(self._reader.close())

    def _poll(self) -> tuple[list[Point], bool]:
        """Points, and whether there was anything to read."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return [], False
        try:
            size = os.fstat(fd).st_size
            if size < self.offset:  # the cap has cut the log
                self.offset = max(0, size - PIECE)
                self._start_over()
            elif size - self.offset > BEHIND:
                self.offset = size - PIECE
                self._start_over()
            data = os.pread(fd, PIECE, self.offset)
        finally:
            os.close(fd)
        self.offset += len(data)
        return self._points(self._reader.feed(self._after_torn(data))), bool(data)

    def _after_torn(self, data: bytes) -> bytes:
        """Without the rest of a line whose beginning was not read: it could read as a number that was never printed."""
        if not self._skipping:
            return data
        end = re.search(rb"[\r\n]", data)
        if end is None:
            return b""
        self._skipping = False
        return data[end.end() :]

    def _start_over(self) -> None:
        self._reader = LineReader()
        self._skipping = True

    def _points(self, lines: Iterable[Line]) -> list[Point]:
        return [point for line in lines for point in self._series.points(line.text)]
