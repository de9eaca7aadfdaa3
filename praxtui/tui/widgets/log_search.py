"""Finding words or a regular expression in a log of any size, from a place on, up or down."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from praxtui.errors import UserError
from praxtui.journal.log_lines import LogLines, Part
from praxtui.journal.logs import SHOWN
from praxtui.tui.widgets.log_text import shown

BLOCK = 256 << 10  # bytes looked through between two looks at whether one still should
LONGEST = 2 * SHOWN  # bytes of a line that is shown whole

_ODD = bytes(byte for byte in range(32) if byte != 10) + b"\x7f"

_BREADTH = re.compile(r"[\\.^$*+?{}\[\]|()]")


class Wanted(NamedTuple):
    """What is looked for. `literal`: the same as bytes, in small letters if case does not count, where it is no
    expression and can be found without looking at every line."""

    said: str
    pattern: re.Pattern[str]
    literal: bytes | None
    cased: bool

    def ranges(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in a line's text; nothing of no length."""
        return [match.span() for match in self.pattern.finditer(text) if match.end() > match.start()]

    def hits(self, text: str) -> bool:
        """Whether it stands in a line's text."""
        return any(match.end() > match.start() for match in self.pattern.finditer(text))


def wanted(said: str) -> Wanted:
    """Read a search: a regular expression; with no capital letter in it, case does not count. Raises UserError."""
    # `\S` and its like are no capitals that a person looks for.
    cased = any(letter.isupper() for letter in re.sub(r"\\.", "", said))
    try:
        pattern = re.compile(said, 0 if cased else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UserError(
            f"{said} is not a regular expression: {error}", fix="a \\ before it makes a sign a letter"
        ) from None
    literal = said.encode() if said.isascii() and not _BREADTH.search(said) else None
    return Wanted(said, pattern, literal, cased)


Goes = Callable[[int], bool]
"""Told how many bytes were looked through; whether to go on."""


def after(lines: LogLines, what: Wanted, start: int, end: int, goes: Goes) -> int | None:
    """The first line that begins in `start` (a line's beginning) to `end` and has it; None if none, or told to stop."""
    at = start
    while at < end and goes(at - start):
        stop = lines.start_of(min(at + BLOCK, end)) if at + BLOCK < end else end
        if stop <= at:
            stop = lines.span(at).after
        found = _hits(lines.read(at, stop), what, last=False)
        if found is not None:
            return at + found
        at = stop
    return None


def before(lines: LogLines, what: Wanted, start: int, end: int, goes: Goes) -> int | None:
    """The last line that begins in `start` to `end` (a line's beginning, or the log's end) and has it."""
    at = end
    while at > start and goes(end - at):
        begin = max(start, lines.start_of(max(at - BLOCK, 0)))
        found = _hits(lines.read(begin, at), what, last=True)
        if found is not None:
            return begin + found
        at = begin
    return None


def _hits(block: bytes, what: Wanted, last: bool) -> int | None:
    """Where the first or last line of whole lines that has it begins."""
    plain = block.isascii() and len(block.translate(None, _ODD)) == len(block)
    if plain and what.literal is not None and what.literal:
        return _literal(block, what, last)
    lines = block.split(b"\n")
    texts = block.decode().split("\n") if plain else None
    order = range(len(lines) - 1, -1, -1) if last else range(len(lines))
    for number in order:
        if texts is not None and len(lines[number]) <= LONGEST:
            hit = what.pattern.search(texts[number]) is not None and what.hits(texts[number])
        else:
            hit = what.hits(shown(_part(lines[number])).text)
        if hit:
            return sum(map(len, lines[:number])) + number
    return None


def _literal(block: bytes, what: Wanted, last: bool) -> int | None:
    assert what.literal is not None
    searched = block if what.cased else block.lower()
    wanted = what.literal if what.cased else what.literal.lower()
    at = searched.rfind(wanted) if last else searched.find(wanted)
    while at >= 0:
        start = block.rfind(b"\n", 0, at) + 1
        end = block.find(b"\n", at)
        line = block[start : len(block) if end < 0 else end]
        if len(line) <= LONGEST or what.hits(shown(_part(line)).text):
            return start
        at = searched.rfind(wanted, 0, max(0, start - 1)) if last else searched.find(wanted, start + len(line))
    return None


def _part(line: bytes) -> Part:
    if len(line) <= LONGEST:
        return Part(line)
    return Part(line[:SHOWN], line[-SHOWN:], len(line) - LONGEST)


def hunt(lines: LogLines, what: Wanted, start: int, down: bool, goes: Goes) -> tuple[int | None, bool]:
    """The nearest line from `start` (a line's beginning, or the log's end) on that has it, down or up, and beyond the
    end of the log from its other end on; and whether it was beyond it."""
    size = lines.size
    start = max(0, min(start, size))
    if down:
        found = after(lines, what, start, size, goes)
        first = size - start
        return (found, False) if found is not None else (after(lines, what, 0, start, lambda n: goes(first + n)), True)
    found = before(lines, what, 0, start, goes)
    return (found, False) if found is not None else (before(lines, what, start, size, lambda n: goes(start + n)), True)
