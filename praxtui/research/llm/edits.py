"""Search and replace as models write it: what is meant is found where it can be meant once, and is never guessed.

The ladder: exact, trailing white space aside, a uniform shift of the indent, Unicode punctuation taken as ASCII. The
first rung on which the text occurs at all decides, and there it must occur once. Nothing is matched by likeness: what
is nowhere comes back as an error that shows the nearest lines.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from praxtui.research.llm import nearest
from praxtui.research.llm.tools import Block
from praxtui.research.protocol import NotAllowed

SHOWN_PLACES = 5
BOM = "\ufeff"
_SPACE = " \t\r\f\v"
_ASCII = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ")
    | {"\u2026": "..."}
)


class Edited(msgspec.Struct, frozen=True):
    """A text after an edit. `lines` are the first and last line (from 1) of each place, in order of the blocks.

    `loosely` says of the blocks that did not match exactly how they did.
    """

    text: str
    lines: tuple[tuple[int, int], ...]
    loosely: tuple[str, ...] = ()


class Match(NamedTuple):
    """A place in a text, by characters, and what comes there."""

    start: int
    end: int
    replacement: str


def apply(path: str, text: str, blocks: Sequence[Block]) -> Edited:
    """`text` with every block replaced, each in the result of the one before.

    Everything else stays byte for byte; what is put in gets the file's line ends. Raises NotAllowed, with all that is
    needed to write a better edit, when one of the blocks cannot be applied; then none is.
    """
    before, places, loosely = text, list[tuple[int, int]](), list[str]()
    for n, block in enumerate(blocks, 1):
        which = f"block {n} of {len(blocks)}: " if len(blocks) > 1 else ""
        try:
            match, how = _found(text, block)
        except NotAllowed as error:
            undone = "; no block was applied" if len(blocks) > 1 else ""
            raise NotAllowed(f"{path}: {which}{error.reason}{undone}") from error
        grown = len(match.replacement) - (match.end - match.start)
        text = text[: match.start] + match.replacement + text[match.end :]
        put = (match.start, match.start + len(match.replacement))
        places = [*(_moved(place, match, grown) for place in places), put]
        if how:
            loosely.append(which + how)
    if text == before:
        raise NotAllowed(f"{path}: together the blocks change nothing")
    return Edited(text, tuple(_line_numbers(text, start, end) for start, end in places), tuple(loosely))


def _moved(place: tuple[int, int], match: Match, grown: int) -> tuple[int, int]:
    """Where a place is after another replacement; one that is touched by it takes it in."""
    start, end = place
    if start >= match.end:
        return start + grown, end + grown
    if end <= match.start:
        return place
    return min(start, match.start), max(end, match.end) + grown


def _line_numbers(text: str, start: int, end: int) -> tuple[int, int]:
    first = text.count("\n", 0, start) + 1
    return first, first + text.count("\n", start, max(start, end - 1))


# --- one block -------------------------------------------------------------------------------------------------------


def _found(text: str, block: Block) -> tuple[Match, str]:
    """The one place of a block in the text, and how it was found if not exactly; raises NotAllowed."""
    search, replace = _plain(block.search).removeprefix(BOM), _plain(block.replace).removeprefix(BOM)
    if not search:
        raise NotAllowed("search is empty; copy the text to be replaced, or use write for a whole file")
    if search == replace:
        raise NotAllowed("search and replace are the same: it changes nothing")
    plain = _plain(text)
    lines = _split(plain.removeprefix(BOM))
    for how, rung in RUNGS:
        matches = rung(plain, lines, search, replace)
        if len(matches) > 1:
            raise NotAllowed(_ambiguous(plain, matches, how))
        if matches:
            match = _raw(text, plain, matches[0])
            if text[match.start : match.end] == match.replacement:
                raise NotAllowed("it changes nothing: the file has it as replace does, white space included")
            return match, how
    raise NotAllowed(nearest.missing(lines, search, _applied(plain, lines, search, replace)))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _raw(text: str, plain: str, match: Match) -> Match:
    """A match in the text without carriage returns as one in the text itself, the replacement with its line ends."""
    if len(text) == len(plain):
        return match
    ends = [len(end) - 1 for end in re.findall(r"\r?\n", text)]
    before = plain.count("\n", 0, match.start)
    within = plain.count("\n", match.start, match.end)
    start = match.start + sum(ends[:before])
    own = ends[before : before + within]
    nearby = own or ends
    replacement = match.replacement
    if 2 * sum(nearby) > len(nearby):
        replacement = replacement.replace("\n", "\r\n")
    return Match(start, match.end - match.start + start + sum(own), replacement)


def _ambiguous(plain: str, matches: Sequence[Match], how: str) -> str:
    numbers = [str(plain.count("\n", 0, match.start) + 1) for match in matches[:SHOWN_PLACES]]
    more = " and more" if len(matches) > SHOWN_PLACES else ""
    times = f"{'more than ' if more else ''}{len(numbers)} times"
    aside = f" ({how})" if how else ""
    where = f"beginning in lines {', '.join(numbers)}{more}"
    return f"search occurs {times}{aside}, {where}; add lines before or after it until it occurs once"


def _applied(plain: str, lines: Sequence[str], search: str, replace: str) -> int | None:
    """The line where the replacement stands already, None where it does not or says too little to tell."""
    if len(replace.strip()) < 3 or replace.strip() in search:
        return None
    for _, rung in RUNGS[1:]:
        found = rung(plain, lines, replace, replace)
        if found:
            return plain.count("\n", 0, found[0].start) + 1
    at = plain.find(replace) if len(replace.strip()) >= 12 else -1
    return plain.count("\n", 0, at) + 1 if at >= 0 else None


# --- the ladder ------------------------------------------------------------------------------------------------------


def _exact(plain: str, lines: Sequence[str], search: str, replace: str) -> list[Match]:
    return [Match(at, at + len(search), replace) for at in _places(plain, search)]


def _places(text: str, search: str) -> list[int]:
    """Where `search` begins in `text`, also where it overlaps itself: one more than are shown, at most."""
    found: list[int] = []
    at = text.find(search)
    while at >= 0 and len(found) <= SHOWN_PLACES:
        found.append(at)
        at = text.find(search, at + 1)
    return found


def _trailing(plain: str, lines: Sequence[str], search: str, replace: str) -> list[Match]:
    wanted = [line.rstrip(_SPACE) for line in _split(search)]
    if not any(wanted):
        return []
    text = "\n" + "\n".join(line.rstrip(_SPACE) for line in lines) + "\n"
    found = _places(text, "\n" + "\n".join(wanted) + "\n")
    return [_whole_lines(plain, lines, text.count("\n", 0, at), search, replace) for at in found]


def _indent(plain: str, lines: Sequence[str], search: str, replace: str) -> list[Match]:
    return _shifted(plain, lines, search, replace, lambda line: line)


def _punctuation(plain: str, lines: Sequence[str], search: str, replace: str) -> list[Match]:
    return _shifted(plain, lines, search, replace, lambda line: line.translate(_ASCII))


Rung = Callable[[str, Sequence[str], str, str], list[Match]]
RUNGS: tuple[tuple[str, Rung], ...] = (
    ("", _exact),
    ("trailing white space aside", _trailing),
    ("with the indent shifted", _indent),
    ("with Unicode punctuation taken as ASCII", _punctuation),
)


def _split(text: str) -> list[str]:
    """The lines of a text; that the last one is ended adds none."""
    return text.removesuffix("\n").split("\n")


def _whole_lines(plain: str, lines: Sequence[str], first: int, search: str, replace: str) -> Match:
    """The match of whole lines from number `first` (from 0) on; with the last one's end if the search has it."""
    count = len(_split(search))
    start = plain.startswith(BOM) + sum(map(len, lines[:first])) + first
    end = start + sum(map(len, lines[first : first + count])) + count - 1
    if search.endswith("\n"):
        if end < len(plain):
            end += 1
        else:  # the file's last line is not ended, and stays so
            replace = replace.removesuffix("\n")
    return Match(start, end, replace)


def _shifted(
    plain: str, lines: Sequence[str], search: str, replace: str, taken: Callable[[str], str]
) -> list[Match]:  # fmt: skip
    """Matches of whole lines whose indents differ by the same everywhere; the replacement is shifted by as much."""
    wanted = [taken(line).rstrip(_SPACE) for line in _split(search)]
    lead = next((n for n, line in enumerate(wanted) if line), None)
    if lead is None:
        return []
    text = [taken(line).rstrip(_SPACE) for line in lines]
    steps = "\n".join(_steps(text)) + "\n"
    core = "\n".join(_steps(wanted[lead:])) + "\n"
    core = core[core.index("\1") :]  # of the first line, only what comes after its indent
    found: list[Match] = []
    at = steps.find(core)
    while at >= 0 and len(found) <= SHOWN_PLACES:
        first = steps.count("\n", 0, at) - lead
        shift = _shift(text[first : first + len(wanted)], wanted) if first >= 0 else None
        if shift is not None:
            found.append(_whole_lines(plain, lines, first, search, _reindented(replace, *shift)))
        at = steps.find(core, at + 1)
    return found


def _steps(lines: Sequence[str]) -> Iterator[str]:
    """Each line as the step of its indent from the last line that is not blank, and its text: a shift keeps both."""
    last = 0
    for line in lines:
        body = line.lstrip(" \t")
        if not body:
            yield "\2"
            continue
        indent = len(line) - len(body)
        yield f"{indent - last}\1{body}"
        last = indent


def _shift(text: Sequence[str], wanted: Sequence[str]) -> tuple[str, str] | None:
    """What is to be taken from and what to be put before each line of `wanted` to make it `text`; None if nothing."""
    shift: tuple[str, str] | None = None
    for line, want in zip(text, wanted, strict=True):
        if not line and not want:
            continue
        if want and line.endswith(want):
            one = ("", line[: len(line) - len(want)])
        elif line and want.endswith(line):
            one = (want[: len(want) - len(line)], "")
        else:
            return None
        if "".join(one).strip(" \t") or shift not in (None, one):
            return None
        shift = one
    return shift


def _reindented(replace: str, less: str, more: str) -> str:
    lines = replace.split("\n")
    short = next((n for n, line in enumerate(lines, 1) if line.strip() and not line.startswith(less)), None)
    if short is not None:
        raise NotAllowed(
            f"search occurs with {len(less)} characters less of indent, but line {short} of replace has too little to "
            "lose; copy search with the indent that it has"
        )
    return "\n".join(more + line[len(less) :] if line.strip() else line for line in lines)


# --- Python ----------------------------------------------------------------------------------------------------------


def broken(path: str, text: str) -> str:
    """Why a Python file cannot be compiled, with the line; empty where it can, and for any other file."""
    if not path.endswith(".py"):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text.encode("utf-8", "surrogateescape"), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        lines = text.split("\n")
        if not error.lineno or error.lineno > len(lines):
            return error.msg
        return f"line {error.lineno}: {error.msg}\n{error.lineno:>5}\t{lines[error.lineno - 1].rstrip()[:200]}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return str(error) or "it is nested too deep"
    return ""
