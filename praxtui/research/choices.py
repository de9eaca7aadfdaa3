"""Which values a string constant may take, as far as its own file says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import libcst as cst

from praxtui.research.literals import NotLiteral, Scalar, Value, read

_LISTED = re.compile(r"^#\s*(?P<lead>.*?\b(?:one of|choices?|options?|either|any of)\b[\s:=]*)(?P<list>.+)$", re.I)
_BARRED = re.compile(r"^#\s*(?P<list>[^\s|:]+(?:\s*\|\s*[^\s|:]+)+)\s*(?:[:;(].*)?$")
_WORD = re.compile(r"^[\w.+\-]+$")


def listed_choices(comment: str, value: Value) -> tuple[Scalar, ...]:
    """The choices that an end-of-line comment lists: `# one of: a, b, c`, `# options: 1, 2`, `# relu | gelu`.

    Empty unless there are two or more, all of `value`'s type, `value` among them.
    """
    match = _LISTED.match(comment) or _BARRED.match(comment)
    if not match or isinstance(value, tuple | bool):
        return ()
    words = [word.strip(" \t\"'`()[]{}.") for word in re.split(r"[,|/]|\bor\b", match["list"])]
    found: list[Scalar] = []
    for word in words:
        choice = _as(word, value)
        if choice is None:
            return ()
        if choice not in found:
            found.append(choice)
    return tuple(found) if len(found) > 1 and value in found else ()


def _as(word: str, value: Scalar) -> Scalar | None:
    if isinstance(value, str):
        return word if _WORD.match(word) else None
    try:
        number = read(word)
    except NotLiteral:
        return None
    if isinstance(number, bool | str | tuple):
        return None
    if isinstance(value, float):
        return float(number)
    return number if isinstance(number, int) else None


@lru_cache(maxsize=64)
def known_choices(module: cst.Module) -> dict[str, tuple[str, ...]]:
    """For every name, the strings that `module` compares it with, matches it against, or looks it up among."""
    visitor = _Comparisons(module)
    module.visit(visitor)
    for name, table in visitor.looked_up:
        visitor.add(name, visitor.tables.get(table, ()))
    return {name: tuple(found) for name, found in visitor.found.items()}


class _Comparisons(cst.CSTVisitor):
    """Collects `X == "a"`, `X in ("a", "b")`, `TABLE[X]`, `TABLE.get(X)`, `X in TABLE`, `match X: case "a"`."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.found: dict[str, dict[str, None]] = {}
        self.looked_up: list[tuple[str, str]] = []
        self.tables: dict[str, list[str]] = {}
        for statement in module.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for part in statement.body:
                    if isinstance(part, cst.Assign | cst.AnnAssign) and part.value is not None:
                        self._table(part, part.value)

    def _table(self, part: cst.Assign | cst.AnnAssign, value: cst.BaseExpression) -> None:
        targets = [part.target] if isinstance(part, cst.AnnAssign) else [each.target for each in part.targets]
        for target in targets:
            if isinstance(target, cst.Name):
                self.tables[target.value] = _strings(value)

    def add(self, name: str, strings: Iterable[str]) -> None:
        self.found.setdefault(name, {}).update(dict.fromkeys(strings))

    def visit_Comparison(self, node: cst.Comparison) -> None:
        left = node.left
        for each in node.comparisons:
            right = each.comparator
            if isinstance(each.operator, cst.Equal | cst.NotEqual):
                self._pair(left, right)
                self._pair(right, left)
            elif isinstance(each.operator, cst.In | cst.NotIn) and isinstance(left, cst.Name):
                self._among(left.value, right)
            left = right

    def _pair(self, name: cst.BaseExpression, text: cst.BaseExpression) -> None:
        if isinstance(name, cst.Name) and isinstance(text, cst.SimpleString):
            self.add(name.value, _strings(text))

    def _among(self, name: str, table: cst.BaseExpression) -> None:
        if isinstance(table, cst.Name):
            self.looked_up.append((name, table.value))
        elif not isinstance(table, cst.SimpleString):
            self.add(name, _strings(table))

    def visit_Subscript(self, node: cst.Subscript) -> None:
        if len(node.slice) == 1:
            index = node.slice[0].slice
            if isinstance(index, cst.Index) and isinstance(index.value, cst.Name):
                self._among(index.value.value, node.value)

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "get" and node.args:
            first = node.args[0].value
            if isinstance(first, cst.Name):
                self._among(first.value, node.func.value)

    def visit_Match(self, node: cst.Match) -> None:
        if isinstance(node.subject, cst.Name):
            for case in node.cases:
                self.add(node.subject.value, _cases(case.pattern))


def _cases(pattern: cst.MatchPattern) -> list[str]:
    if isinstance(pattern, cst.MatchValue):
        return _strings(pattern.value)
    if isinstance(pattern, cst.MatchOr):
        return [text for each in pattern.patterns for text in _cases(each.pattern)]
    return []


def _strings(node: cst.BaseExpression) -> list[str]:
    """The strings that a literal holds: itself, the elements of a tuple, list or set, the keys of a dict."""
    if isinstance(node, cst.SimpleString):
        text = node.evaluated_value
        return [text] if isinstance(text, str) else []
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        return [text for element in node.elements for text in _strings(element.value)]
    if isinstance(node, cst.Dict):
        return [text for pair in node.elements if isinstance(pair, cst.DictElement) for text in _strings(pair.key)]
    return []
