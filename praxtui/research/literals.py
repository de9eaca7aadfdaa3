"""Reading literal values from source, and writing new ones in the style of the old.

A value is a bool, an int, a float, a str, or a tuple of ints and floats (a list in the source is a tuple here).
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

Scalar = bool | int | float | str
Value = Scalar | tuple[int | float, ...]

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
_POWER = re.compile(r"^(?P<head>\s*(?P<base>\d+)\s*\*\*\s*)(?P<exponent>\d+)(?P<tail>\s*)$")
_FACTOR = re.compile(r"(?<![\w.])\d[\d_]*(?![\w.])")


class NotLiteral(ValueError):
    """The expression is not a literal value that can be tuned."""


def read(source: str) -> Value:
    """The value of a literal expression, with simple arithmetic; raises NotLiteral.

    Accepts numbers, bools, strings, signs, `+ - * / // **` between numbers, and flat tuples or lists of numbers.
    """
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotLiteral(source) from error
    node = tree.body
    if isinstance(node, ast.Tuple | ast.List):
        parts = tuple(_number(part) for part in node.elts)
        if not parts:
            raise NotLiteral(source)
        return parts
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | str):
        return node.value
    return _number(node)


def _number(node: ast.expr) -> int | float:
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        raise NotLiteral("not a finite number")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _arithmetic(node)
    raise NotLiteral("not a number")


def _arithmetic(node: ast.BinOp) -> int | float:
    left, right = _number(node.left), _number(node.right)
    # a power is the one operator that can take for ever
    if isinstance(node.op, ast.Pow) and (abs(right) > 128 or abs(left) > 1e6):
        raise NotLiteral("a power too large to be a setting")
    try:
        value = _OPERATORS[type(node.op)](left, right)
    except (ArithmeticError, ValueError) as error:
        raise NotLiteral("arithmetic that fails") from error
    if isinstance(value, int | float) and math.isfinite(value):
        return value
    raise NotLiteral("not a finite number")


def write(value: Scalar, like: str) -> str:
    """Source for `value` in the style of the expression `like`; it always reads back to exactly `value`."""
    for text in _styles(value, like):
        try:
            back = read(text)
        except NotLiteral:
            continue
        if type(back) is type(value) and back == value:
            return text
    return repr(value)


def _styles(value: Scalar, like: str) -> list[str]:
    """Candidate spellings, the one nearest to the old style first."""
    if isinstance(value, bool):
        return [repr(value)]
    if isinstance(value, str):
        quote = like.strip()[:1]
        plain = value.isprintable() and "\\" not in value and quote not in value
        return [f"{quote}{value}{quote}"] if quote in {"'", '"'} and plain else []
    if isinstance(value, int):
        return _whole_styles(value, like)
    return _float_styles(value, like)


def _whole_styles(value: int, like: str) -> list[str]:
    styles: list[str] = []
    power = _POWER.match(like)
    if power and value > 0:
        exponent = round(math.log(value, int(power["base"]))) if int(power["base"]) > 1 else 0
        styles.append(f"{power['head']}{exponent}{power['tail']}")
    elif "*" in like and "**" not in like:
        styles.extend(_with_one_factor_changed(value, like))
    if re.match(r"^\s*0[xX]", like):
        styles.append(f"{value:#x}")
    if "_" in like:
        styles.append(f"{value:_}")
    return [*styles, repr(value)]


def _with_one_factor_changed(value: int, like: str) -> list[str]:
    """`64 * 1024` for 131072 becomes `128 * 1024`: the first factor that can take up the change does."""
    try:
        product = read(like)
    except NotLiteral:
        return []
    styles = []
    for factor in _FACTOR.finditer(like):
        old = int(factor[0])
        if not isinstance(product, int) or isinstance(product, bool) or not old or product % old:
            continue
        rest = product // old
        if rest and value % rest == 0 and value // rest > 0:
            styles.append(f"{like[: factor.start()]}{value // rest}{like[factor.end() :]}")
    return styles


def _float_styles(value: float, like: str) -> list[str]:
    shortest = repr(value)
    scientific = _scientific(value)
    if "E" in like:
        scientific = scientific.replace("e", "E")
    if re.search(r"\d[eE][+-]?\d", like) and "*" not in like:
        return [scientific, shortest]
    if "e" in shortest:
        return [scientific]
    return [f"{value:_}", shortest] if "_" in like else [shortest]


def _scientific(value: float) -> str:
    """`3e-4`, `1.5e-3`: the fewest digits that read back to `value`."""
    for digits in range(17):
        text = f"{value:.{digits}e}"
        if float(text) == value:
            mantissa, exponent = text.split("e")
            return f"{mantissa}e{int(exponent)}"
    return repr(value)


def shown(value: Value) -> str:
    """`value` as a title shows it: short, exact, without the source's style."""
    if isinstance(value, tuple):
        return "(" + ", ".join(shown(part) for part in value) + ")"
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, float) and not isinstance(value, bool) and value and not 1e-3 <= abs(value) < 1e6:
        return _scientific(value)
    return repr(value)
