"""The kinds of values that keys of a program take: what is valid, and how it is read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from praxtui.errors import UserError, nearest
from praxtui.program import commands, globs
from praxtui.program.front import Item
from praxtui.program.spec import Limit, Space

Report = Callable[[Item, str, str, str], None]
"""Called for everything wrong: the value, what was found ("": describe the value), what is valid, what is nearest."""


class Bad:
    """The result of reading a value that was reported as wrong."""


BAD: Final = Bad()


class Misfit(ValueError):
    """A value of the wrong kind; `near` is what may have been meant, `found` replaces the description of the value."""

    def __init__(self, near: str = "", found: str = "") -> None:
        super().__init__(near)
        self.near = near
        self.found = found


class Kind(Struct, frozen=True):
    """A scalar kind: `valid` in words, `convert` from the YAML value, raising Misfit."""

    valid: str
    convert: Callable[[Any], Any]
    text: bool = False

    def read(self, item: Item, report: Report) -> Any:
        """The typed value of `item`, or BAD after reporting why not."""
        try:
            return self.convert(item.value)
        except Misfit as misfit:
            report(item, misfit.found, self.valid, misfit.near)
            return BAD


class Optional(Struct, frozen=True):
    """Another kind, or null."""

    kind: Kind
    empty: Any = None

    @property
    def valid(self) -> str:
        return f"{self.kind.valid}, or null"

    @property
    def text(self) -> bool:
        return self.kind.text

    def read(self, item: Item, report: Report) -> Any:
        if item.value is None:
            return self.empty
        if item.value == "none":
            report(item, "", self.valid, "null")
            return BAD
        return self.kind.read(item, lambda at, found, _, near: report(at, found, self.valid, near))


class Many(Struct, frozen=True):
    """A list of one kind, read into a tuple; null is an empty one."""

    kind: Kind
    example: str
    least: int = 0
    text: bool = False

    @property
    def valid(self) -> str:
        return f"a list such as {self.example}, each {self.kind.valid}"

    def read(self, item: Item, report: Report) -> Any:
        if item.items is None and item.value is not None:
            near = f"[{item.value}]" if isinstance(item.value, str) else ""
            report(item, "", self.valid, near)
            return BAD
        read = [self.kind.read(each, report) for each in item.items or ()]
        if len(read) < self.least:
            report(item, "an empty list", self.valid, "")
            return BAD
        return BAD if BAD in read else tuple(read)


class Table(Struct, frozen=True):
    """A mapping from names to one kind; null is an empty one. Names must match `names`, said as `names_valid`."""

    kind: Any
    valid: str
    names: str = r".+"
    names_valid: str = "a name"
    text: bool = False

    def read(self, item: Item, report: Report) -> Any:
        if item.entries is None and item.value is not None:
            report(item, "", self.valid, "")
            return BAD
        read: dict[str, Any] = {}
        for entry in item.entries or ():
            if entry.key in read:
                report(entry.item, f"{entry.key} given twice", "each name once", "")
            elif not re.fullmatch(self.names, entry.key):
                report(entry.item, f"name {describe(entry.key)}", self.names_valid, "")
            read[entry.key] = self.kind.read(entry.item, _naming(entry.key, report))
        return BAD if BAD in read.values() else read


def _naming(name: str, report: Report) -> Report:
    """`report`, saying which entry of a table it is about."""

    def named(at: Item, found: str, valid: str, near: str) -> None:
        report(at, f"{name}: {found or 'found ' + describe(at.value)}", valid, near)

    return named


def describe(value: Any) -> str:
    """What was found, in a few words."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, list | tuple):
        return "an empty list" if not value else f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, bool):
        return str(value).lower()
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:56] + "..." + text[-1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(low: float | None = None, above: bool = False) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        if not _is_number(value):
            raise Misfit(value if isinstance(value, str) and _float(value) is not None else "")
        if not math.isfinite(value) or (low is not None and (value < low or (above and value == low))):
            raise Misfit()
        return float(value)

    return convert


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(low: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if not _is_number(value) or not math.isfinite(value):
            raise Misfit()
        if value != int(value):
            raise Misfit(str(max(low, round(value))))
        if value < low:
            raise Misfit(str(low))
        return int(value)

    return convert


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    raise Misfit("true" if word in ("yes", "on", "1") else "false" if word in ("no", "off", "0") else "")


def _word(pattern: str) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Misfit(f'"{value}"' if _is_number(value) and re.fullmatch(pattern, str(value)) else "")
        return value

    return convert


def one_of(*words: str) -> Kind:
    """One of `words`."""

    def convert(value: Any) -> str:
        if value in words and isinstance(value, str):
            return value
        near = nearest(str(value).lower(), words, most=1)
        raise Misfit(near[0] if near else "")

    return Kind(" | ".join(words), convert, text=True)


_UNITS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = r"(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d)"


def duration_s(value: Any, plain: float = 1.0) -> float:
    """Seconds in `90s`, `5m`, `8h`, `1h30m`; a plain number counts `plain` seconds each.

    Raises Misfit for what is not a duration or not positive.
    """
    if _is_number(value):
        total = float(value) * plain
    elif isinstance(value, str) and re.fullmatch(rf"\s*(?:{_AMOUNT}\s*)+", value):
        total = sum(float(n) * _UNITS[unit] for n, unit in re.findall(_AMOUNT, value))
    elif isinstance(value, str) and _float(value) is not None:
        total = float(value) * plain
    else:
        number = re.match(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]?)", value) if isinstance(value, str) else None
        unit = number[2].lower() if number else ""
        raise Misfit(f"{number[1]}{unit if unit in _UNITS else 's'}" if number else "")
    if not math.isfinite(total) or total <= 0:
        raise Misfit(_positive(value))
    return total


def _positive(value: Any) -> str:
    text = str(value).strip().lstrip("-")
    return text if re.search(r"[1-9]", text) else ""


def _gpus(value: Any) -> int | str:
    return "auto" if value == "auto" else _whole(0)(value)


def _command(value: Any) -> str:
    if not isinstance(value, str):
        near = " ".join(map(str, value)) if isinstance(value, list) else ""
        raise Misfit(near)
    try:
        commands.argv(value, "python")
    except UserError as error:
        raise Misfit(found=error.message) from None
    return value


def _glob(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit()
    reason = globs.wrong(value)
    if reason:
        raise Misfit(found=f"{describe(value)} {reason}")
    return value[2:] if value.startswith("./") else value


def _limit(value: Any) -> Limit:
    found = re.fullmatch(r"\s*(<=|>=|<|>)\s*([-+\d._eE]+)\s*", value) if isinstance(value, str) else None
    number = _float(found[2]) if found else None
    if found is None or number is None:
        raise Misfit(f'"<= {value}"' if _is_number(value) else "")
    return Limit(found[1], number)  # type: ignore[arg-type]  # the pattern admits the four operators only


def _space(value: Any) -> Space:
    if value is None or value is False:
        return Space(exclude=True)
    if isinstance(value, list):
        if len(value) == 2 and all(map(_is_number, value)):
            return _range(value[0], value[1], None)
        raise Misfit(f"{{choices: {json.dumps(value, default=str)}}}" if value else "")
    if not isinstance(value, dict):
        raise Misfit()
    for name in value:
        if name not in ("low", "high", "log", "choices"):
            near = nearest(name, ("low", "high", "log", "choices"), most=1)
            raise Misfit(near[0] if near else "", found=f"unknown key {name}")
    if "choices" in value:
        choices = value["choices"]
        if len(value) > 1 or not isinstance(choices, list) or not choices:
            raise Misfit(found="choices beside a range" if len(value) > 1 else f"choices: {describe(choices)}")
        return Space(choices=tuple(_choice(choice) for choice in choices))
    if not _is_number(value.get("low")) or not _is_number(value.get("high")):
        raise Misfit(found="a range without numbers for low and high")
    if value.get("log") not in (None, True, False):
        raise Misfit(found=f"log: {describe(value['log'])}")
    return _range(value["low"], value["high"], value.get("log"))


def _choice(choice: Any) -> Any:
    if isinstance(choice, list):
        return tuple(map(_choice, choice))
    if not isinstance(choice, bool | int | float | str):
        raise Misfit(found=f"choices that hold {describe(choice)}")
    return choice


def _range(low: int | float, high: int | float, log: bool | None) -> Space:
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        raise Misfit(f"[{high}, {low}]" if high < low else "", found=f"a range from {low} to {high}")
    if log and low <= 0:
        raise Misfit(found=f"a logarithmic range from {low}")
    return Space(low=low, high=high, log=log)


TEXT = Kind("text", _word(r"(?s).*\S.*"), text=True)
METRIC = Kind("a name without spaces, `:`, `=`, `|`, `,` or `#`", _word(r"[^\s:=|,#]+"), text=True)
COMMAND = Kind("a command, such as python train.py", _command, text=True)
GLOB = Kind("a path or glob inside the leaf", _glob, text=True)
PACKAGE = Kind("the name of a Python package", _word(r"[A-Za-z_][\w.-]*"), text=True)
VARIABLE = Kind("the name of an environment variable", _word(r"[A-Za-z_]\w*"), text=True)
SWITCH = Kind("true or false", _switch)
NUMBER = Kind("a number", _number())
AMOUNT = Kind("a number, 0 or more", _number(0.0))
DURATION = Kind("a positive duration, such as 90s, 5m or 8h", duration_s)
HOURS = Kind(
    "a positive number of hours, such as 8, or a duration such as 90m", lambda value: duration_s(value, 3600.0) / 3600.0
)
COUNT = Kind("a whole number, 0 or more", _whole(0))
POSITIVE = Kind("a whole number, 1 or more", _whole(1))
GPUS = Kind("auto, or a whole number, 0 or more", _gpus)
LIMIT = Kind('a relation and a number, such as "<= 80000"', _limit)
SPACE = Kind(
    "[low, high], {low: L, high: H, log: true}, {choices: [...]}, or false to leave the constant alone", _space
)
ANYTHING = Kind("any value", lambda value: value)
