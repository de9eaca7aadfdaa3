"""A unified diff as lines to look at: numbered, with their signs, coloured by what they mean. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound
from rich.cells import cell_len

from praxtui.journal.logs import safe
from praxtui.journal.shown import plain
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Line

SIGNS = {"added": "+", "removed": "-", "same": " "}
KEPT = 4096  # coloured lines that are remembered
LONG = 2000  # characters of a line that are coloured; a longer one is data
COLOURS: tuple[tuple[_TokenType, str], ...] = (
    (Token.Comment, "comment"),
    (Token.Literal.String, "string"),
    (Token.Literal.Number, "number"),
    (Token.Keyword, "keyword"),
    (Token.Operator.Word, "keyword"),
    (Token.Name.Function, "name"),
    (Token.Name.Class, "name"),
    (Token.Name.Decorator, "name"),
    (Token.Name.Builtin, "name"),
)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)")


class Row(NamedTuple):
    """A line of a diff. `kind`: file, hunk, note, added, removed or same; `number`: its line number in the new file,
    of a removed one in the old; `path`: the file it is of. The text has no sign and is as it was written."""

    kind: str
    text: str
    number: int | None = None
    path: str = ""


def rows(diff: str) -> Iterator[Row]:
    """The rows of a unified diff. Lines that are none of its own, such as git's, become notes."""
    path, old, new, old_left, new_left = "", 0, 0, 0, 0
    for line in diff.split("\n"):
        sign = line[:1]
        if (old_left or new_left) and sign in ("+", "-", " ", ""):
            kind = "added" if sign == "+" else "removed" if sign == "-" else "same"
            yield Row(kind, line[1:], old if kind == "removed" else new, path)
            if kind != "added":
                old, old_left = old + 1, old_left - 1
            if kind != "removed":
                new, new_left = new + 1, new_left - 1
        elif hunk := _HUNK.match(line):
            old, new = int(hunk[1]), int(hunk[3])
            old_left, new_left = int(hunk[2] or 1), int(hunk[4] or 1)
            yield Row("hunk", line, path=path)
        elif line.startswith("--- "):
            path = _named(line[4:], path)
        elif line.startswith("+++ "):
            path = _named(line[4:], path)
            yield Row("file", path)
        elif line.startswith("\\"):
            yield Row("note", line.lstrip("\\ "))
        elif line and not line.startswith(("diff --git", "index ")):
            yield Row("note", line)


def _named(text: str, otherwise: str) -> str:
    """The file that a line with `---` or `+++` names; of a new or deleted file the other one does."""
    name = text.split("\t")[0].rstrip("\r")
    if name == "/dev/null":
        return otherwise
    return name[2:] if name.startswith(("a/", "b/")) else name


def unified(before: str, after: str, path: str) -> str:
    """What turns one text into another; empty where they are the same."""
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), f"a/{path}", f"b/{path}", lineterm="", n=4
    )  # fmt: skip
    return "\n".join(lines)


def undone(after: str, diff: str, path: str) -> str:
    """What a file held before a diff made `after` of it."""
    lines, kept, at = after.split("\n"), [], 1  # `at`: the number of the line that is copied next
    for row in rows(diff):
        if row.path != path:
            continue
        if hunk := _HUNK.match(row.text) if row.kind == "hunk" else None:
            upto = int(hunk[3]) + (hunk[4] == "0")
        elif row.kind in ("same", "added"):
            upto = row.number or at
        else:
            upto = at
        kept += lines[at - 1 : upto - 1]
        at = max(at, upto)
        if row.kind == "removed":
            kept.append(row.text)
        elif row.kind == "added":
            at += 1
        elif row.kind == "same":
            kept += lines[at - 1 : at]
            at += 1
    return "\n".join(kept + lines[at - 1 :])


class DiffLines:
    """The diff as a view shows it: wider than the view where its lines are."""

    def __init__(self, diff: str) -> None:
        self.rows = list(rows(diff))
        numbers = (row.number for row in self.rows if row.number is not None)
        self._gutter = max(4, len(str(max(numbers, default=0)))) + 1
        widest = max((cell_len(safe(row.text)) for row in self.rows), default=0)
        self.wide = self._gutter + 2 + widest
        self._lexers: dict[str, Lexer | None] = {}
        self._lines: dict[int, Line] = {}

    @property
    def count(self) -> int:
        """Lines there are."""
        return len(self.rows)

    def fit(self, width: int) -> None:
        """Nothing: long lines are scrolled."""

    def line(self, n: int) -> Line:
        """Line `n`, from 0, coloured the first time that it is looked at."""
        found = self._lines.get(n)
        if found is None:
            if len(self._lines) > KEPT:
                self._lines.clear()
            found = self._lines[n] = self._made(self.rows[n])
        return found

    def _made(self, row: Row) -> Line:
        if row.kind == "file":
            return (Piece(plain(row.text), "file"),)
        if row.kind == "hunk":
            return (Piece(" " * self._gutter), Piece(safe(row.text), "hunk"))
        if row.kind == "note":
            return (Piece(" " * self._gutter), Piece(safe(row.text), "weak"))
        ground = row.kind if row.kind != "same" else ""
        head = (Piece(f"{row.number:>{self._gutter - 1}} ", "weak"), Piece(f"{SIGNS[row.kind]} ", ground))
        return head + tuple(self._coloured(row, ground))

    def _coloured(self, row: Row, ground: str) -> Iterator[Piece]:
        text = safe(row.text.rstrip("\r"))
        lexer = self._lexer(row.path) if len(text) <= LONG else None
        if lexer is None:
            yield Piece(text, ground)
            return
        for token, part in lexer.get_tokens(text):
            if word := part.rstrip("\n"):
                colour = next((name for kind, name in COLOURS if token in kind), "")
                yield Piece(word, f"{ground} {colour}".strip())

    def _lexer(self, path: str) -> Lexer | None:
        if path not in self._lexers:
            try:
                self._lexers[path] = get_lexer_for_filename(path, stripnl=False, stripall=False, ensurenl=False)
            except ClassNotFound:
                self._lexers[path] = None
        return self._lexers[path]
