"""What stands where in the text of a program, for its colours: front matter, headings, code. Pure, a line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_KEY = re.compile(r"^(\s*(?:- )?)([\w.\"'/-]+)(:)(?=\s|$)")
_COMMENT = re.compile(r"(?:^|\s)(#.*)$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
_MARK = re.compile(r"^\s*([-*+>]|\d+[.)])(?=\s)")
_INLINE = re.compile(r"(?P<code>`[^`]+`)|(?P<strong>\*\*[^*]+\*\*|__[^_]+__)|(?P<link>\]\([^)]*\)|https?://[^\s)>\]]+)")


class Span(NamedTuple):
    """Columns `start` to `end` of a line are `name`: key, comment, fence, heading, mark, code, strong or link."""

    start: int
    end: int
    name: str


def kinds(lines: Sequence[str]) -> list[str]:
    """Of every line: `fence`, `yaml`, `code` or `prose`."""
    found: list[str] = []
    inside = "prose"
    for number, line in enumerate(lines):
        bare = line.rstrip()
        if number == 0 and bare == "---":
            inside = "yaml"
            found.append("fence")
        elif inside == "yaml" and bare == "---":
            inside = "prose"
            found.append("fence")
        elif inside != "yaml" and _FENCE.match(line):
            inside = "prose" if inside == "code" else "code"
            found.append("fence")
        else:
            found.append(inside)
    return found


def spans(line: str, kind: str) -> Iterator[Span]:
    """What stands where in a line of that kind."""
    if kind == "fence":
        yield Span(0, len(line), "fence")
    elif kind == "code":
        yield Span(0, len(line), "code")
    elif kind == "yaml":
        if key := _KEY.match(line):
            yield Span(key.start(2), key.end(2), "key")
        if comment := _COMMENT.search(line):
            yield Span(comment.start(1), comment.end(1), "comment")
    elif _HEADING.match(line):
        yield Span(0, len(line), "heading")
    else:
        if mark := _MARK.match(line):
            yield Span(mark.start(1), mark.end(1), "mark")
        for found in _INLINE.finditer(line):
            yield Span(found.start(), found.end(), found.lastgroup or "code")
