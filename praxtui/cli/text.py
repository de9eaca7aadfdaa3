"""What the verbs print: aligned tables, and JSON. Imports nothing heavy: every verb uses it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from praxtui.journal.shown import cut, plain, width


def print_json(document: Any, *, line: bool = False) -> None:
    """One JSON document and a newline to stdout, as UTF-8 whatever the terminal; NaN and infinities become null.

    `line` keeps it on one line (JSON lines). Takes whatever msgspec encodes: Structs, dicts, tuples, ...
    """
    import msgspec

    encoded = msgspec.json.encode(document)
    if not line:
        encoded = msgspec.json.format(encoded, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


def coloured(stream: TextIO) -> bool:
    """Whether colours are wanted on a stream: it is a terminal that knows them, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), columns: int | None = None
) -> str:
    """`rows` under `head`, each column as wide as its widest cell, two spaces between, no trailing spaces.

    Columns whose head is in `right` are right-aligned. With `columns`, the last column is cut to fit that many.
    """
    cells = [list(head)] + [[plain(cell) for cell in row] for row in rows]
    widths = [max(width(row[i]) for row in cells) for i in range(len(head))]
    if columns is not None and len(widths) > 0:
        widths[-1] = max(8, columns - sum(widths[:-1]) - 2 * (len(widths) - 1))
    lines = []
    for row in cells:
        parts = []
        for i, cell in enumerate(row):
            shown = cut(cell, widths[i])
            space = " " * (widths[i] - width(shown))
            parts.append(space + shown if head[i] in right else shown + space)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)
