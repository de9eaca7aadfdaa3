"""Markdown as lines of a given width, each a list of pieces that name their style. Pure; nothing of a terminal in it.

Every piece is free of control characters: a program is written by a person, but perhaps by another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from praxtui.journal.logs import safe
from praxtui.journal.shown import cut, width

if TYPE_CHECKING:
    from markdown_it.token import Token


class Piece(NamedTuple):
    """Text of one style: text, heading, strong, emphasis, code, link, mark, quote, rule."""

    text: str
    style: str = "text"


Line = list[Piece]


def wrapped(pieces: Iterable[Piece], columns: int, first: str = "", rest: str = "", mark: str = "mark") -> list[Line]:
    """Pieces in lines of at most `columns`, broken between words; `first` stands before the first line, `rest` before
    the others, both in the style `mark`. A word that is longer than a line is broken wherever it must be."""
    lines: list[Line] = []
    line: Line = [Piece(first, mark)] if first else []
    used, begun = width(first), False
    space = ""

    def turn() -> None:
        nonlocal line, used, begun
        lines.append(line)
        line, used, begun = ([Piece(rest, mark)] if rest else []), width(rest), False

    for word, style, gap in _words(pieces):
        space = " " if gap else ""
        if word == "\n":
            turn()
            continue
        if begun and used + len(space) + width(word) > columns:
            turn()
        if not begun:
            space = ""
        for part in _broken(word, max(1, columns - used - len(space)), max(1, columns - width(rest))):
            if begun and used + len(space) + width(part) > columns:
                turn()
                space = ""
            if begun and line[-1].style == style:
                line[-1] = Piece(line[-1].text + space + part, style)
            else:
                line.append(Piece(space + part, style))
            used += len(space) + width(part)
            begun, space = True, ""
    lines.append(line)
    return lines


def _words(pieces: Iterable[Piece]) -> Iterator[tuple[str, str, bool]]:
    """Words with their style, and whether a gap comes before; a hard break is the word newline."""
    gap = False
    for piece in pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                yield "\n", piece.style, False
                gap = False
            words = part.split(" ")
            for i, word in enumerate(words):
                gap = gap or i > 0
                if word:
                    yield word, piece.style, gap
                    gap = False


def _broken(word: str, room: int, whole: int) -> Iterator[str]:
    """`word` in parts: whole where it fits in `room` or a line of its own, else cut at the end of every line."""
    if width(word) <= max(room, whole):
        yield word
        return
    part, used = "", 0
    for c in word:
        if part and used + width(c) > room:
            yield part
            part, used, room = "", 0, whole
        part += c
        used += width(c)
    if part:
        yield part


def rendered(text: str, columns: int) -> list[Line]:
    """The lines of a Markdown text (CommonMark with tables), blank lines between its blocks."""
    from markdown_it import MarkdownIt  # some 30 ms, for which no first paint waits

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return _Renderer(max(1, columns)).lines(tokens)


class _Renderer:
    """Walks the tokens of a text.

    `_indents`: what stands before every line, the marks of lists and quotes. `_item`: the mark of an item that has no
    line yet. `_listed`: whether the last block was an item of a list without blank lines.
    """

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._lines: list[Line] = []
        self._indents: list[str] = []
        self._counts: list[int | None] = []
        self._item = ""
        self._listed = False

    def lines(self, tokens: Sequence[Token]) -> list[Line]:
        at = 0
        while at < len(tokens):
            if tokens[at].type == "table_open":
                end = next(n for n in range(at, len(tokens)) if tokens[n].type == "table_close")
                self._table(tokens[at:end])
                at = end
            else:
                self._token(tokens[at], tokens[at - 1] if at else None)
            at += 1
        return self._lines

    def _token(self, token: Token, before: Token | None) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._listed = self._listed and bool(self._counts)  # an outermost list begins after a blank line
            start = token.attrs.get("start", 1)
            self._counts.append(int(start) if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._counts.pop()
        elif kind == "list_item_open":
            self._open_item()
        elif kind == "blockquote_open":
            self._indents.append("│ ")
        elif kind in ("list_item_close", "blockquote_close"):
            self._indents.pop()
            self._item = ""
        elif kind == "inline":
            heading = before is not None and before.type == "heading_open"
            style = "heading" if heading else "text"
            self._block(list(_inline(token, style)), tight=before is not None and before.hidden)
        elif kind in ("fence", "code_block"):
            self._code(token.content)
        elif kind == "hr":
            self._gap()
            self._lines.append([Piece("─" * self._columns, "rule")])
        elif kind == "html_block" and not token.content.lstrip().startswith("<!--"):
            self._code(token.content)

    def _open_item(self) -> None:
        count = self._counts[-1]
        self._item = "- " if count is None else f"{count}. "
        if count is not None:
            self._counts[-1] = count + 1
        self._indents.append(" " * len(self._item))

    def _gap(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append([])

    def _before(self) -> tuple[str, str]:
        """What stands before the first line of a block, and before its others."""
        rest = "".join(self._indents)
        first = rest[: len(rest) - len(self._item)] + self._item if self._item else rest
        self._item = ""
        # On a very narrow screen the words come before their indent.
        most = max(0, self._columns - 8)
        return first[-most:] if most else "", rest[:most]

    def _block(self, pieces: Line, tight: bool) -> None:
        # The items of a list without blank lines stand one below the other.
        if not (tight and self._lines and (self._item or len(self._indents) > 1) and self._listed):
            self._gap()
        first, rest = self._before()
        self._lines += wrapped(pieces, self._columns, first, rest)
        self._listed = tight

    def _code(self, content: str) -> None:
        self._gap()
        first, rest = self._before()
        for number, line in enumerate(content.rstrip("\n").split("\n")):
            lead = (rest if number else first) + "  "
            room = max(1, self._columns - width(lead))
            for part in _broken(safe(line), room, room) if line else ("",):
                self._lines.append([Piece(lead, "mark"), Piece(part, "code")])
        self._listed = False

    def _table(self, tokens: Sequence[Token]) -> None:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append("".join(piece.text for piece in _inline(token, "text")))
        self._gap()
        _, indent = self._before()
        widths = [max(width(row[n]) for row in rows if n < len(row)) for n in range(max(map(len, rows)))]
        for number, row in enumerate(rows):
            cells = "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=False))
            said = cut(cells.rstrip(), self._columns - width(indent))
            self._lines.append([Piece(indent, "mark"), Piece(said, "text" if number else "strong")])
        self._listed = False


def _inline(token: Token, style: str) -> Iterator[Piece]:
    """The pieces of a paragraph or heading."""
    open_: list[str] = [style]
    for child in token.children or ():
        if child.type in ("strong_open", "em_open", "link_open"):
            inner = {"strong_open": "strong", "em_open": "emphasis", "link_open": "link"}[child.type]
            open_.append(style if style == "heading" else inner)
        elif child.type in ("strong_close", "em_close", "link_close"):
            open_.pop()
        elif child.type == "softbreak":
            yield Piece(" ", open_[-1])
        elif child.type == "hardbreak":
            yield Piece("\n", open_[-1])
        elif child.type == "code_inline":
            yield Piece(safe(child.content), "code")
        elif child.content:
            yield Piece(safe(child.content), open_[-1])
