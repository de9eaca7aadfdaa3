"""Globs over POSIX paths relative to the leaf.

`*`, `?` and `[...]` stay within one name, `**` spans folders (none included); a plain name, or any glob that ends in
a slash, also means everything in the folder of that name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether `path` (POSIX, relative) is named by any of `globs`."""
    return any(_pattern(glob).fullmatch(path) for glob in globs)


@functools.lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    if not parts:
        return re.compile(r"(?s:.+)")  # "." or "./": the leaf itself, so all in it
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += r".+" if last else r"(?:[^/]+/)*"
        else:
            text += _part(part) + ("" if last else "/")
    folder = glob.endswith("/") or not re.search(r"[*?\[]", parts[-1])
    try:
        return re.compile(rf"(?s:{text}{'(?:/.+)?' if folder else ''})")
    except re.error:  # such as the range [z-a]: no pattern, so the name itself
        return re.compile(re.escape("/".join(parts)))


def _part(part: str) -> str:
    """One name of a glob as a regular expression; `[!a]` is `[^a]`, an unclosed `[` is itself."""
    text, at = "", 0
    while at < len(part):
        letter = part[at]
        at += 1
        if letter == "*":
            text += "[^/]*"
        elif letter == "?":
            text += "[^/]"
        elif letter == "[" and (end := part.find("]", at + 1 + (part[at : at + 1] in ("!", "^")))) != -1:
            inside = part[at:end]
            negated = inside[0] in "!^"
            chosen = inside[1:] if negated else inside
            escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", chosen)
            text += rf"(?!/)[{'^' if negated else ''}{escaped}]"
            at = end + 1
        else:
            text += re.escape(letter)
    return text
