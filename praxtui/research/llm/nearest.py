"""What comes closest to a text that is nowhere in a file: shown to whoever looked for it, never taken for it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

SHOWN_LINES = 14
WIDE = 160
# A line that is everywhere says nothing about where.
OFTEN = 100
ALIKE = 0.6
REFINED = 12
_WORD = re.compile(r"\w+")
_NUMBERED = re.compile(r"\s*\d+(?:\t|\s*[|:])")


def missing(lines: Sequence[str], search: str, applied: int | None) -> str:
    """Says that `search` is nowhere in a file, with the nearest lines and what is likely wrong with it.

    `applied`: the line where the replacement stands already, if it does.
    """
    wanted = search.strip("\n").split("\n")
    said = ["search does not occur in the file"]
    if applied is not None:
        said.append(f"replace is there already, in line {applied}: already applied?")
    if len([line for line in wanted if _NUMBERED.match(line)]) == len(wanted):
        said.append("its lines begin with numbers: leave out the line numbers that read shows")
    elif "\\n" in search and len(wanted) == 1:
        said.append("it has a backslash and an n where line breaks may be meant")
    first = place(lines, wanted)
    if first is None:
        return "; ".join([*said, "no line is like it"])
    last = min(len(lines), first + max(len(wanted), 1))
    said.append(f"the nearest lines are these ({_difference(lines[first:last], wanted, first)})")
    return "; ".join(said) + ":\n" + numbered(lines, max(0, first - 1), min(last + 1, first + SHOWN_LINES)) + "\n"


def numbered(lines: Sequence[str], first: int, last: int) -> str:
    """Lines `first` (from 0) up to before `last`, as `read` shows them."""
    shown = (f"{n:>5}\t{_short(line)}" for n, line in enumerate(lines[first:last], first + 1))
    return "\n".join(shown)


def _short(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= WIDE else f"{line[:WIDE]} ... [{len(line) - WIDE} more characters]"


def _difference(found: Sequence[str], wanted: Sequence[str], first: int) -> str:
    """The first line that differs, so that white space shows."""
    for n, want in enumerate(wanted):
        there = found[n].rstrip("\r") if n < len(found) else None
        if there is None:
            return f"the file ends before line {n + 1} of search"
        if there != want:
            return f"line {first + n + 1} is {there[:WIDE]!r}, not {want[:WIDE]!r}"
    return "they differ in their line ends"


def place(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """The number (from 0) of the line where `wanted` would fit best, None where nothing is like it.

    Lines that occur as they are decide, white space aside; where none does, the line that has most in common with the
    longest one. Takes time by the length of both, not by their product.
    """
    bodies = [line.strip() for line in lines]
    at: dict[str, list[int]] = {}
    for n, body in enumerate(bodies):
        at.setdefault(body, []).append(n)
    votes: dict[int, int] = {}
    for n, want in enumerate(wanted):
        body = want.strip()
        there = at.get(body, [])
        if len(body) > 1 and len(there) <= OFTEN:
            for line in there:
                votes[line - n] = votes.get(line - n, 0) + len(body)
    best = max(votes, key=lambda first: (votes[first], -first), default=None)
    if best is None:
        best = _like(bodies, wanted)
    return None if best is None else min(max(best, 0), len(lines) - 1)


def _like(bodies: Sequence[str], wanted: Sequence[str]) -> int | None:
    n = max(range(len(wanted)), key=lambda n: len(wanted[n].strip()))
    want = wanted[n].strip()[:WIDE]
    words = set(_WORD.findall(want))
    shared = [(len(words.intersection(_WORD.findall(body[:WIDE]))), -line) for line, body in enumerate(bodies) if body]
    shared.sort(reverse=True)
    best: tuple[float, int] = (ALIKE, -1)
    for _, line in shared[:REFINED]:
        ratio = difflib.SequenceMatcher(None, bodies[-line][:WIDE], want, autojunk=False).ratio()
        best = max(best, (ratio, -line), key=lambda each: each[0])
    return best[1] - n if best[1] >= 0 else None
