"""What a model gets to see of files and logs: numbered, bounded, and with a word on how to see the rest."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from praxtui.journal import logs
from praxtui.research.llm.brief.fence import MOST, fence
from praxtui.research.llm.brief.words import plain
from praxtui.research.llm.patterns import Pattern
from praxtui.research.protocol import NotAllowed

LINES = 400
CHARACTERS = 15_000
"""Of one answer: somewhat less than what a conversation takes of an answer."""
WIDE = 1000
HITS = 50
HIT_WIDE = 240
SEARCH_S = 2.0
"""Seconds that a search may take before it says how far it came."""
_LINE = 4000  # characters of a line that are searched
_BATCH = 2000


def shown(path: str, text: str, start: int | None, end: int | None) -> str:
    """Lines `start` to `end` (from 1, both included) of a text with their numbers, as many as one answer holds."""
    lines = _lines(text)
    total = len(lines)
    if min(start or 1, end or 1) < 1 or 0 in (start, end):
        raise NotAllowed(f"lines are counted from 1; {path} has {total}")
    first, wanted = start or 1, min(end or total, total)
    if end is not None and end < first:
        raise NotAllowed(f"line {end} is before line {first}; {path} has {total} lines")
    if not text:
        return f"{path} is empty"
    if first > total:
        raise NotAllowed(f"{path} has only {total} lines")
    told: list[str] = []
    room = CHARACTERS
    for n in range(first, min(wanted, first + LINES - 1) + 1):
        line = f"{n:>5}\t{cut(lines[n - 1], WIDE)}"
        room -= len(line) + 1
        if room < 0 and told:
            break
        told.append(line)
    last = first + len(told) - 1
    more = f"\n[lines {last + 1} to {total} follow: read {path} from start {last + 1}]" if last < wanted else ""
    return f"{path}, lines {first} to {last} of {total}:\n" + "\n".join(told) + more


def around(text: str, places: Sequence[tuple[int, int]], context: int = 2, most: int = 60) -> str:
    """The lines of some places (first and last line, from 1) with a little around them, at most `most` lines."""
    lines = _lines(text)
    wanted = sorted({n for a, b in places for n in range(max(1, a - context), min(len(lines), b + context) + 1)})
    told: list[str] = []
    for before, n in zip([0, *wanted], wanted[:most], strict=False):
        if before and n > before + 1:
            told.append("    ...")
        told.append(f"{n:>5}\t{cut(lines[n - 1], WIDE // 4)}")
    if len(wanted) > most:
        told.append(f"    ... and {len(wanted) - most} more lines")
    return "\n".join(told)


def _lines(text: str) -> list[str]:
    return plain(text).removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n").split("\n")


def cut(line: str, most: int) -> str:
    """A line of at most about `most` characters."""
    return line if len(line) <= most else f"{line[:most]} ... [{len(line) - most} more characters]"


# --- searching -------------------------------------------------------------------------------------------------------


def found(pattern: str, texts: Sequence[tuple[str, str]], where: str) -> str:
    """The lines of texts (path, text) that a pattern matches; `where` says in words what was searched."""
    wanted = Pattern(pattern)
    note = _taken(wanted)
    hits, rest = _hits(wanted.search, texts)
    if not hits and not wanted.literal and re.search(r"[()\[\]{}*+?.|^$\\]", pattern):
        hits, rest = _hits(lambda line: pattern in line, texts)
        note = "nothing matches it as a regular expression; as plain text it is here:\n" if hits else ""
    if not hits:
        return f"{note}nothing in {where} matches {pattern!r}{rest}"
    return f"{note}" + "\n".join(hits) + rest


def _taken(pattern: Pattern) -> str:
    if not pattern.literal:
        return ""
    return f"it is no regular expression ({pattern.literal}), so it was looked for as plain text:\n"


def _hits(matches: Callable[[str], bool], texts: Iterable[tuple[str, str]]) -> tuple[list[str], str]:
    """The hits as lines, and a word on what was left out."""
    told: list[str] = []
    room = CHARACTERS
    until = time.monotonic() + SEARCH_S
    for path, text in texts:
        for n, line in enumerate(_lines(text), 1):
            if time.monotonic() > until:
                return told, f"\n[stopped at {path}:{n} after {SEARCH_S:g} s: search one file, or a simpler pattern]"
            if not matches(line[:_LINE]):
                continue
            hit = f"{path}:{n}\t{cut(line.strip(), HIT_WIDE)}"
            room -= len(hit) + 1
            if len(told) == HITS or room < 0:
                return told, f"\n[more from {path}:{n} on: narrow the pattern or the path]"
            told.append(hit)
    return told, ""


# --- logs ------------------------------------------------------------------------------------------------------------


def log(experiment: str, paths: Sequence[Path], mode: str, pattern: str | None, hidden: str | None) -> str:
    """What a run printed: the beginning, the end, or the lines that match, each log in a fence of its own.

    Lines that name `hidden`, a metric that no proposal may be fitted to, are left out.
    """
    secret = re.compile(rf"(?<!\w){re.escape(hidden)}(?!\w)") if hidden else None
    wanted = Pattern(pattern) if pattern is not None else None
    note = _taken(wanted) if wanted else ""
    room = MOST // max(1, len(paths))
    told = []
    for path in paths:
        if mode == "grep" and wanted is not None:
            lines, rest = _grep(path, wanted)
        else:
            lines = logs.head(path, room // 2) if mode == "head" else logs.tail(path, room // 2)
            rest = ""
        lines = [line for line in lines if secret is None or not secret.search(line)]
        lines, left = _fitting(lines, room - 200, last=mode == "tail")
        rest = f" ({left} {'earlier' if mode == 'tail' else 'more'} lines left out)" if left and not rest else rest
        label = f"{experiment}, run {path.parent.name}, {path.name}: {_what(mode, pattern)}{rest}"
        told.append(fence("\n".join(lines) if lines else "(nothing)", label, room))
    return note + "\n".join(told)


def _what(mode: str, pattern: str | None) -> str:
    return f"lines that match {pattern!r}" if mode == "grep" else "its beginning" if mode == "head" else "its end"


def _fitting(lines: Sequence[str], room: int, *, last: bool) -> tuple[list[str], int]:
    """As many lines, from the end if `last`, as `room` bytes hold, and how many others there are."""
    kept: list[str] = []
    for line in reversed(lines) if last else lines:
        line = cut(line, 500)
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0 and kept:
            break
        kept.append(line)
    return kept[::-1] if last else kept, len(lines) - len(kept)


def _grep(path: Path, wanted: Pattern) -> tuple[list[str], str]:
    """The first hits with their line numbers, and a word on what was left out."""
    told: list[str] = []
    until = time.monotonic() + SEARCH_S
    for line in _each_line(path):
        if time.monotonic() > until:
            return told, f" (stopped at line {line.number} after {SEARCH_S:g} s)"
        if wanted.search(line.text[:_LINE]):
            if len(told) == HITS:
                return told, f" (the first {HITS}; more from line {line.number} on)"
            told.append(f"{line.number}: {line.text}")
    return told, ""


def _each_line(path: Path) -> Iterator[logs.Line]:
    index = logs.LogIndex(path)
    at, whole = 1, False
    while not whole:
        whole = index.extend(logs.CHUNK)
        while lines := index.lines(at, _BATCH if whole else min(_BATCH, index.count - at)):
            yield from lines
            at = lines[-1].number + 1
