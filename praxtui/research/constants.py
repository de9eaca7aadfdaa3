"""The tunable constants of Python levers: where they are, what they hold, how one of them is rewritten.

A constant is an UPPER_CASE name, assigned exactly once at module level to a literal (see `literals`). Source is read
and written with libcst, so that everything but the new value stays as it was, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import libcst as cst
import msgspec

from praxtui.research.choices import known_choices, listed_choices
from praxtui.research.literals import NotLiteral, Scalar, Value, read, write

_UPPER = re.compile(r"^[A-Z][A-Z0-9_]*$")
# Settings that a change of one name can only break or farm: identity, places, the clock, the seed, what is printed.
_LEFT_ALONE = re.compile(
    r"SEEDS?|PATHS?|DIRS?|FILES?|FILENAME|FOLDER|ROOT|URL|URI|HOST|PORT|VERSION|VOCAB|BUDGET|TIMEOUT|DEADLINE|VERBOSE|"
    r"DEBUG|DEVICE|CUDA|GPUS?|WORKERS|THREADS|PRINT"
)
_LOGGING = re.compile(r"(^|_)(LOG|EVAL|REPORT|SAVE|CHECKPOINT)_(EVERY|INTERVAL|STEPS|FREQ|FREQUENCY|PERIOD)$")
_LONGEST_TUPLE = 16


class Constant(msgspec.Struct, frozen=True):
    """One constant of one lever. `choices` are the values it may take where the source says so, else empty.

    `left_alone` says why it is tuned only when `levers.space` names it, None if nothing speaks against it.
    """

    path: str
    name: str
    value: Value
    choices: tuple[Scalar, ...] = ()
    left_alone: str | None = None

    @property
    def key(self) -> str:
        return f"{self.path}:{self.name}"


class Unreadable(ValueError):
    """The source of a lever is no Python that can be read; the message says where."""


class Unchanged(ValueError):
    """The constant is not there, or has another shape than the new value."""


def constants(levers: Mapping[str, str]) -> list[Constant]:
    """Every constant of the Python files among `levers` (path -> text), in file order; unreadable files give none."""
    found: list[Constant] = []
    for path in sorted(levers):
        if path.endswith(".py"):
            try:
                found.extend(msgspec.structs.replace(each, path=path) for each in _constants(levers[path]))
            except Unreadable:
                continue
    return found


def unreadable(levers: Mapping[str, str]) -> dict[str, str]:
    """The Python files among `levers` that cannot be parsed, each with the reason."""
    reasons = {}
    for path, text in levers.items():
        if path.endswith(".py"):
            try:
                _parsed(text)
            except Unreadable as error:
                reasons[path] = str(error)
    return reasons


@lru_cache(maxsize=64)
def _parsed(text: str) -> cst.Module:
    try:
        return cst.parse_module(text.removeprefix("\ufeff"))
    except cst.ParserSyntaxError as error:
        raise Unreadable(f"line {error.raw_line}: {error.message}") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


@lru_cache(maxsize=64)
def _constants(text: str) -> tuple[Constant, ...]:
    module = _parsed(text)
    assigned = [(name, node, line) for line, part in _lines(module) for name, node in _bindings(part)]
    times: dict[str, int] = {}
    for name, _, _ in assigned:
        times[name] = times.get(name, 0) + 1
    for name in _rebound(module, text):
        times[name] = times.get(name, 0) + 1
    found: list[Constant] = []
    for name, node, line in assigned:
        if times[name] == 1 and node is not None and _UPPER.match(name):
            constant = _constant(module, name, node, line)
            if constant is not None:
                found.append(constant)
    return tuple(found)


def _lines(module: cst.Module) -> Iterator[tuple[cst.SimpleStatementLine, cst.BaseSmallStatement]]:
    for statement in module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            for part in statement.body:
                yield statement, part


def _bindings(part: cst.BaseSmallStatement) -> Iterator[tuple[str, cst.BaseExpression | None]]:
    """The names that one module-level statement binds; with the value where it is a plain `NAME = value`."""
    if isinstance(part, cst.AnnAssign) and isinstance(part.target, cst.Name):
        if part.value is not None:
            yield part.target.value, part.value
    elif isinstance(part, cst.AugAssign) and isinstance(part.target, cst.Name):
        yield part.target.value, None
    elif isinstance(part, cst.Assign):
        targets = [target.target for target in part.targets]
        for target in targets:
            if isinstance(target, cst.Name):
                yield target.value, part.value if len(targets) == 1 else None
            elif isinstance(target, cst.Tuple | cst.List):
                for element in target.elements:
                    if isinstance(element.value, cst.Name):
                        yield element.value.value, None


def _rebound(module: cst.Module, text: str) -> list[str]:
    """Names assigned anywhere below a module-level `if`, `for`, `try`, `with`, or named in a `global`."""
    visitor = _Rebound(inside="global " in text)
    for statement in module.body:
        if isinstance(statement, cst.BaseCompoundStatement):
            statement.visit(visitor)
    return visitor.names


class _Rebound(cst.CSTVisitor):
    """Collects names that a module-level block binds; enters functions and classes, for `global`, only if `inside`."""

    def __init__(self, *, inside: bool) -> None:
        super().__init__()
        self.names: list[str] = []
        self._inside = inside
        self._depth = 0

    def _enter(self) -> bool:
        self._depth += 1
        return self._inside

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return self._enter()

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._depth -= 1

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return self._enter()

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._depth -= 1

    def visit_Global(self, node: cst.Global) -> None:
        self.names.extend(item.name.value for item in node.names)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        if self._depth == 0 and isinstance(node.target, cst.Name):
            self.names.append(node.target.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        if self._depth == 0 and isinstance(node.target, cst.Name):
            self.names.append(node.target.value)


def _constant(
    module: cst.Module, name: str, node: cst.BaseExpression, line: cst.SimpleStatementLine
) -> Constant | None:
    try:
        value = read(module.code_for_node(node))
    except NotLiteral:
        return None
    comment = line.trailing_whitespace.comment
    choices = listed_choices(comment.value, value) if comment and not isinstance(value, tuple) else ()
    if isinstance(value, str) and not choices:
        choices = known_choices(module).get(name, ())
        if len({*choices, value}) < 2:
            choices = ()
        elif value not in choices:
            choices = (value, *choices)
    return Constant(path="", name=name, value=value, choices=choices, left_alone=_left_alone(name, value, choices))


def _left_alone(name: str, value: Value, choices: tuple[Scalar, ...]) -> str | None:
    word = next((word for word in name.split("_") if _LEFT_ALONE.fullmatch(word)), None)
    if word:
        return f"its name says {word}"
    if _LOGGING.search(name):
        return "it says how often something is logged or saved"
    if isinstance(value, str) and not choices:
        return "a string whose choices are not known"
    if isinstance(value, tuple) and len(value) > _LONGEST_TUPLE:
        return f"a table of {len(value)} numbers"
    if value == -1 and not isinstance(value, bool):
        return "-1 usually stands for something else than a number"
    return None


def rewrite(text: str, name: str, value: Value) -> str:
    """`text` with the module-level constant `name` holding `value`; nothing else changes.

    Raises Unreadable, and Unchanged when there is no such constant or `value` has another length than the tuple there.
    """
    module = _parsed(text)
    for statement, part in _lines(module):
        for bound, node in _bindings(part):
            if bound == name and node is not None:
                return _with_line(text, module, statement, statement.deep_replace(node, _replaced(module, node, value)))
    raise Unchanged(f"no constant {name} at module level")


def _with_line(text: str, module: cst.Module, old: cst.BaseStatement, new: cst.CSTNode | object) -> str:
    """`text` with one statement exchanged."""
    assert isinstance(new, cst.SimpleStatementLine)
    before = module.code_for_node(old)
    # printing one statement instead of the whole tree is what makes this quick on long files
    if text.count(before) == 1:
        return text.replace(before, module.code_for_node(new))
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark + module.with_changes(body=[new if each is old else each for each in module.body]).code


def _replaced(module: cst.Module, node: cst.BaseExpression, value: Value) -> cst.BaseExpression:
    if not isinstance(value, tuple):
        new = cst.parse_expression(write(value, module.code_for_node(_bare(node))))
        # keep the parentheses: comments may live inside them
        return new.with_changes(lpar=node.lpar, rpar=node.rpar) if node.lpar else new
    if not isinstance(node, cst.Tuple | cst.List) or len(node.elements) != len(value):
        raise Unchanged(f"the constant is no tuple or list of {len(value)} numbers")
    elements = []
    for element, part in zip(node.elements, value, strict=True):
        code = module.code_for_node(element.value)
        old = read(code)
        if old != part or type(old) is not type(part):
            element = element.with_changes(value=cst.parse_expression(write(part, code)))
        elements.append(element)
    return node.with_changes(elements=elements)


def _bare(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.with_changes(lpar=[], rpar=[])
