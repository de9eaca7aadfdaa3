"""Source text without its noise: what is left is the same for two files that do the same thing.

The normal form is built from tokens, not from the syntax tree, whose shape changes with Python's version: keys that
are kept in a journal must mean the same years later. Dropped or made alike: comments, blank lines, spaces, line
breaks inside brackets, quote style, the spelling of numbers, strings that stand alone (docstrings), and seeds.
"""

from __future__ import annotations

import ast
import io
import json
import re
import token
import tokenize
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_SEED = re.compile(r"(?:^|_)seeds?\d*(?:_|$)|^random_state$|^default_rng$|^RandomState$|^PRNGKey$", re.IGNORECASE)
_DROPPED = {token.COMMENT, token.NL, token.ENCODING, token.ENDMARKER}
_FSTRING_STARTS = {getattr(token, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(token, name)}
_FSTRING_ENDS = {getattr(token, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(token, name)}


class Word(NamedTuple):
    """One token that matters: its kind (a `token` constant), normal text, and first and last row (from 1)."""

    kind: int
    text: str
    first: int
    last: int

    @property
    def is_layout(self) -> bool:
        return self.kind in (token.INDENT, token.DEDENT)

    @property
    def is_plain_string(self) -> bool:
        """A string that, standing alone, does nothing; a formatted one may run code."""
        return self.kind == token.STRING and self.text[0] in "'\"b"


@lru_cache(32)  # the same few files are asked about again and again between two runs, and tokens take milliseconds
def normal_text(path: str, text: str) -> str:
    """The normal form of one file: Python by tokens, JSON by value, anything else by lines."""
    if path.endswith(".py"):
        lines = statements(text)
        if lines is not None:
            return "\n".join(" ".join(word.text for word in _without_seed(line)) for line in lines)
    if path.endswith(".json"):
        try:
            return json.dumps(json.loads(text))
        except ValueError:
            pass
    return "\n".join(_plain_lines(text))


@lru_cache(4)  # for its key and its length, one after the other
def statements(text: str) -> Sequence[Sequence[Word]] | None:
    """The logical lines of Python source, without lone strings; None if it does not even split into tokens.

    Indentation is part of the first word of a line, as the tokens `>` and `<`.
    """
    lines: list[list[Word]] = []
    line: list[Word] = []
    try:
        for word in _words(text):
            if word.kind == token.NEWLINE or (word.kind == token.OP and word.text == ";"):
                if all(w.is_layout or w.is_plain_string for w in line):
                    line = [w for w in line if w.is_layout]  # a docstring's indentation belongs to what follows
                else:
                    lines.append(line)
                    line = []
            else:
                line.append(word)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None
    return [*lines, line] if line else lines


def _words(text: str) -> Iterator[Word]:
    """The tokens that matter. A formatted string is one word, as before Python 3.12 took it apart."""
    source = text.splitlines(keepends=True)
    start: tuple[int, int] | None = None
    depth = 0
    for kind, spelled, begin, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind in _FSTRING_STARTS:
            start = begin if depth == 0 else start
            depth += 1
        elif kind in _FSTRING_ENDS:
            depth -= 1
            if depth == 0 and start is not None:
                yield Word(token.STRING, _string(_between(source, start, end)), start[0], end[0])
        elif depth == 0 and kind not in _DROPPED:
            yield Word(kind, _normal_word(kind, spelled), begin[0], end[0])


def _between(source: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return source[start[0] - 1][start[1] : end[1]]
    middle = "".join(source[start[0] : end[0] - 1])
    return source[start[0] - 1][start[1] :] + middle + source[end[0] - 1][: end[1]]


def _normal_word(kind: int, spelled: str) -> str:
    if kind == token.STRING:
        return _string(spelled)
    if kind == token.NUMBER:
        return repr(ast.literal_eval(spelled))
    return {token.INDENT: ">", token.DEDENT: "<"}.get(kind, spelled)


def _string(spelled: str) -> str:
    """A plain string by its value; a formatted one by its letters, between double quotes where that is the same."""
    prefix, quote, body = re.match(r"(?s)([a-zA-Z]*)('''|\"\"\"|'|\")(.*)\2$", spelled).groups()  # type: ignore[union-attr]
    if "f" not in prefix.lower() and "t" not in prefix.lower():
        return repr(ast.literal_eval(spelled))
    same = not re.search(r"['\"\\]", body) and len(quote) == 1
    return f'{prefix.lower()}"{body}"' if same else prefix.lower() + quote + body + quote


def _without_seed(line: Sequence[Word]) -> Iterator[Word]:
    """The line with every seed's value made alike: `X_SEED = ...`, `manual_seed(1)`, `default_rng(1)`, `seed=1`."""
    head = [word for word in line if not word.is_layout]
    # A second "=" may assign something else as well (`SEED = LR = 1`): then values are compared.
    assigns = [word.text for word in head].count("=") == 1 and head[1].text in ("=", ":")
    if assigns and head[0].kind == token.NAME and _SEED.search(head[0].text):
        yield from (word for word in line if word.is_layout)
        yield head[0]
        return
    for at, word in enumerate(line):
        seeded = at >= 2 and line[at - 1].text in ("(", "=") and _SEED.search(line[at - 2].text)
        yield word._replace(text="seed") if word.kind == token.NUMBER and seeded else word


def _plain_lines(text: str) -> Iterator[str]:
    """Lines without blank ones, trailing space and repeated spaces; indentation means something in YAML, so stays."""
    for line in text.expandtabs(4).splitlines():
        if stripped := line.strip():
            yield line[: len(line) - len(line.lstrip())] + re.sub(r"\s+", " ", stripped)
