"""How the record's values read: numbers, one-line texts, lists of ids."""

from __future__ import annotations

import heapq
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise

from praxtui.journal.logs import safe
from praxtui.research.llm.brief import tokens
from praxtui.research.protocol import Tried

_UNFIT = re.compile("[\x00\ud800-\udfff]")  # what no JSON document, and so no provider, takes


def number(value: float | None) -> str:
    """Four significant digits, `-` for nothing."""
    return "-" if value is None else f"{value:.4g}"


def change(tried: Tried) -> str:
    """What an experiment changed against its parent: `+0.0121 (+1.7 sd)`; empty where nothing was measured."""
    if tried.delta is None:
        return ""
    sd = f" ({tried.delta_sd:+.1f} sd)" if tried.delta_sd is not None else ""
    return f"{tried.delta:+.2g}{sd}"


def one_line(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters, fit to stand outside a fence: no line or mark begins in it."""
    line = safe(" ".join(text[: 4 * most].split())).replace("~~~~", "~~~")
    while "~~~~" in line:
        line = line.replace("~~~~", "~~~")
    line = _UNFIT.sub("\ufffd", line).strip()
    if len(line) <= most and len(text) <= 4 * most:
        return line
    kept = line[:most]
    word = kept.rfind(" ")
    return (kept[:word] if word > most * 2 // 3 else kept).rstrip() + " ..."


def plain(text: str) -> str:
    """A file's text as it can be sent: NUL and bytes that are no UTF-8 are replaced, everything else stays."""
    return text if text.isascii() and "\0" not in text else _UNFIT.sub("\ufffd", text)


def ids(names: Sequence[str], room: int) -> str:
    """Ids in at most `room` tokens: `e3, e7-e9, e15`; ranges where neighbours are listed, each id covered.

    Where they do not fit one by one, the narrowest gaps are closed, and it says how many of the ranges' ids are meant.
    """
    if not names:
        return ""
    ranges, odd = _ranges(names)
    if len(ranges) <= room:
        text = ", ".join([*map(_range, ranges), *odd])
        if odd:
            return tokens.cut(text, room)
        if tokens.fits(text, room):
            return text
    return _closed(ranges, len(names), room)


def _closed(ranges: list[tuple[str, int, int]], meant: int, room: int) -> str:
    """As many ranges as fit, the widest gaps between them; empty where not even one does."""
    gaps = [(b[1] - a[2] if a[0] == b[0] else sys.maxsize, n) for n, (a, b) in enumerate(pairwise(ranges), 1)]
    widest = ", ".join(map(_range, ranges[-50:]))
    count = min(len(ranges), room * min(50, len(ranges)) // tokens.count(widest))
    while count > 0:
        opened = {n for _, n in heapq.nlargest(count - 1, gaps)}
        starts = [0, *sorted(opened), len(ranges)]
        merged = [(ranges[a][0], ranges[a][1], ranges[b - 1][2]) for a, b in pairwise(starts)]
        said = f"{meant:,} of " + ", ".join(map(_range, merged))
        if tokens.fits(said, room):
            return said
        count = count * 7 // 8
    return ""


def _ranges(names: Iterable[str]) -> tuple[list[tuple[str, int, int]], list[str]]:
    """(letter, first, last) of runs of ids, in order; and the names that are no ids."""
    found: set[tuple[str, int]] = set()
    odd = []
    for name in names:
        if name[:1].isalpha() and name[1:].isdecimal() and name.isascii() and name[1:2] != "0" and len(name) < 12:
            found.add((name[0], int(name[1:])))
        else:
            odd.append(one_line(name, 40))
    ranges: list[tuple[str, int, int]] = []
    for letter, n in sorted(found):
        if ranges and ranges[-1][0] == letter and ranges[-1][2] == n - 1:
            ranges[-1] = (letter, ranges[-1][1], n)
        else:
            ranges.append((letter, n, n))
    return ranges, odd


def _range(each: tuple[str, int, int]) -> str:
    letter, first, last = each
    if first == last:
        return f"{letter}{first}"
    return f"{letter}{first}, {letter}{last}" if last == first + 1 else f"{letter}{first}-{letter}{last}"


def listed(lines: Iterable[str], room: int, rest: str = "") -> list[str]:
    """As many of `lines` as fit into `room` tokens, from the first on; `rest` (with `{n}`) says how many did not."""
    lines = list(lines)
    kept: list[str] = []
    reserve = tokens.count(rest) + 2 if rest else 0
    for n, line in enumerate(lines):
        last = n == len(lines) - 1
        size = tokens.count(line + "\n")
        if size > room - (0 if last else reserve):
            break
        room -= size
        kept.append(line)
    left = len(lines) - len(kept)
    if kept and left and rest and room >= reserve:
        kept.append(rest.format(n=left))
    return kept


def section(title: str, lines: Iterable[str], room: int, rest: str = "") -> str:
    """A titled list within `room` tokens; empty where there are no lines, or room for none."""
    head = f"## {title}\n"
    kept = listed(lines, room - tokens.count(head + "\n"), rest)
    return head + "\n".join(kept) + "\n\n" if kept else ""
