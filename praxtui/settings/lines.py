"""Where things stand in a TOML text, which tomllib does not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """Where each key and table of a TOML text begins, by its whole path; counted from 1.

    A line inside a string of several lines may be taken for a key: only messages depend on it.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            table = next(_paths(bare), table)
            found.setdefault(table, number)
        elif match := re.match(r"""(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*\s*=""", bare):
            for path in _paths(match[0] + "0"):
                found.setdefault((*table, *path), number)
    return found


def _paths(line: str) -> Iterator[tuple[str, ...]]:
    """The path that one line of TOML names; none where it does not stand by itself."""
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return
    path: tuple[str, ...] = ()
    while isinstance(inner, (dict, list)) and inner:
        if isinstance(inner, list):
            inner = inner[0]
            continue
        key, inner = next(iter(inner.items()))
        path = (*path, key)
    yield path
