"""Whether a draft is a new experiment: keys of what the levers say, whatever the way they came to say it."""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from praxtui.workspace.normal import normal_text, statements

_CONSTANT = re.compile(r"[A-Z_][A-Z0-9_]*")
_NORMAL_CONSTANT = re.compile(r"([A-Z_][A-Z0-9_]*) (?:: [^=]+ )?= (.*)$")
_CONSTANT_LINE = re.compile(r"^([A-Z_][A-Z0-9_]*)\s*(?::[^=\n]+)?=(?!=)(.*)$", re.MULTILINE)


def state_key(files: Mapping[str, str]) -> str:
    """Key (40 hex digits) of lever contents, path -> text: equal for states that differ in noise only.

    Noise is what `normal` drops: comments, layout, quotes, the spelling of numbers, docstrings, seeds.
    """
    whole = hashlib.sha256()
    for path in sorted(files):
        for part in (path, normal_text(path, files[path])):
            raw = part.encode("utf-8", "surrogateescape")
            whole.update(b"%d:%s" % (len(raw), raw))
    return whole.hexdigest()[:40]


def change_key(before: Mapping[str, str], after: Mapping[str, str | None]) -> str:
    """Key of a draft: of the state it leads to, so the same result from another incumbent has the same key.

    `before`: all levers at the incumbent; `after`: the levers as drafted, None where deleted. A lever that `after`
    does not name stays as it was.
    """
    return state_key(_result(before, after))


def change_digest(before: Mapping[str, str], after: Mapping[str, str | None]) -> str | None:
    """Key of what a draft changes, whatever it changes it on: two drafts with equal keys say the same to any incumbent.

    Where only values of constants differ, it is made of their names and new values, so that the same value reached from
    another one is the same change; else of the normalised lines taken out and put in, without their places. None where
    nothing but noise changed.
    """
    result = _result(before, after)
    changed: list[tuple[str, list[str], list[str]]] = []
    for path in sorted(before.keys() | result.keys()):
        old = normal_text(path, before.get(path, "")).splitlines()
        new = normal_text(path, result.get(path, "")).splitlines()
        if old != new:
            changed.append((path, *_out_and_in(old, new)))
    if not changed:
        return None
    values = [
        (path, match[1], match[2])
        for path, out, put in changed
        for match in map(_NORMAL_CONSTANT.match, put)
        if match and path.endswith(".py") and _names(out) == _names(put)
    ]
    plain = len(values) == sum(max(len(out), len(put)) for _, out, put in changed)
    said = repr(("values", sorted(values)) if plain else ("lines", changed))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:40]


def _out_and_in(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """The lines that `new` no longer has, and those that it has anew, in order."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    steps = [step for step in matcher.get_opcodes() if step[0] != "equal"]
    return [line for _, a, b, _, _ in steps for line in old[a:b]], [line for *_, a, b in steps for line in new[a:b]]


def _names(lines: list[str]) -> list[str | None]:
    return [match[1] if (match := _NORMAL_CONSTANT.match(line)) else None for line in lines]


def is_empty(before: Mapping[str, str], after: Mapping[str, str | None]) -> bool:
    """Whether nothing but noise changed."""
    return change_key(before, after) == state_key(before)


def changed_constants(before: Mapping[str, str], after: Mapping[str, str | None]) -> set[str]:
    """Names of UPPER_CASE assignments at module level (also inside its ifs and tries) whose value differs.

    Names without their file: two drafts that both change an `LR` are taken to clash, wherever each has it.
    """
    result = _result(before, after)
    names: set[str] = set()
    for path in before.keys() | result.keys():
        if path.endswith(".py"):
            old, new = _constants(before.get(path, "")), _constants(result.get(path, ""))
            names |= {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return names


def line_count(files: Mapping[str, str]) -> int:
    """Lines of code, for the rule that equal and simpler is kept: without blank lines, comments and docstrings."""
    return sum(_lines_of_code(path, text) for path, text in files.items())


def _result(before: Mapping[str, str], after: Mapping[str, str | None]) -> dict[str, str]:
    return {path: text for path, text in {**before, **after}.items() if text is not None}


@lru_cache(32)
def _lines_of_code(path: str, text: str) -> int:
    lines = statements(text) if path.endswith(".py") else None
    if lines is not None:
        words = (word for line in lines for word in line if not word.is_layout)
        return len({row for word in words for row in range(word.first, word.last + 1)})
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//")))


@lru_cache(32)
def _constants(text: str) -> Mapping[str, tuple[str, ...]]:
    """Name -> its values in order of assignment, in a form that comparing makes sense of."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        pairs: Iterator[tuple[str, str]] = ((m[1], m[2].strip()) for m in _CONSTANT_LINE.finditer(text))
    else:
        pairs = _assignments(body)
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            value = statement.value
            for target in statement.targets:
                yield from _named(target, value)
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
            yield from _named(statement.target, statement.value)
        elif isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for field in ("body", "orelse", "finalbody"):
                yield from _assignments(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _assignments(handler.body)


def _named(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    """(name, value) of constants in one assignment; `A, B = 1, 2` gives each its own where both sides match."""
    if isinstance(target, ast.Name) and _CONSTANT.fullmatch(target.id):
        yield target.id, ast.dump(value)
    elif isinstance(target, ast.Tuple | ast.List):
        paired = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        values = value.elts if paired and isinstance(value, ast.Tuple | ast.List) else [value] * len(target.elts)
        for inner, its in zip(target.elts, values, strict=True):
            yield from _named(inner, its)
