"""Where a constant may go: its knobs, each with a range on a scale on which one step means about the same everywhere.

A scalar constant is one knob; a tuple has a knob for every element. Ranges not given by `levers.space` are inferred
from the value and the name, around the value as it stands, so that a constant may travel far in several kept steps.

Scales (position z of value x): `linear` z = x; `log` z = ln|x|, with the sign of x; `fraction` z = ln(x / (1 - x)), for
values that stay inside (0, 1); `index` z = place among ordered choices; `unordered` has choices without order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from praxtui.program.spec import Space
from praxtui.research.constants import Constant
from praxtui.research.literals import Scalar, Value

Choice = Scalar | tuple[int | float, ...]
Scale = Literal["linear", "log", "fraction", "index", "unordered"]

# words of a name, as `_has` looks for them
_RATE = re.compile(r"LRS?|RATE|WD|DECAY|EPS|EPSILON|LAMBDA|SCALE|GAIN|STD|SIGMA|TEMP|TEMPERATURE|CLIP|INIT")
_FRACTION = re.compile(r"DROP|DROPOUT|BETAS?|BETA\d|MOMENTUM|PROB|PROBABILITY|FRAC|FRACTION|RATIO|DISCOUNT")
_COUNTED = re.compile(r"DEPTH|LAYERS?|ORDER|EPOCHS|ITERS|ITERATIONS|STEPS")
_ZEROS_FLOAT = (0.0, 0.001, 0.01, 0.03, 0.1, 0.3)
_ZEROS_INT = (0, 1, 2, 4, 8)


class Range(msgspec.Struct, frozen=True):
    """What a knob may be set to: `choices` (scales `index` and `unordered`), else numbers from `low` to `high`.

    `whole`: integers only; `powers`: powers of two only; `step`: a first move, as a distance on the scale.
    """

    scale: Scale
    choices: tuple[Choice, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    whole: bool = False
    powers: bool = False

    def position(self, value: Choice) -> float:
        """Where `value` stands on the scale; raises ValueError for a choice that is not offered."""
        if self.choices:
            return float(self.choices.index(value))
        assert isinstance(value, int | float)
        if self.scale == "log":
            return math.log(max(abs(value), 1e-300))
        if self.scale == "fraction":
            inside = min(max(float(value), 1e-9), 1 - 1e-9)
            return math.log(inside / (1 - inside))
        return float(value)

    def span(self) -> tuple[float, float]:
        """The ends of the range on the scale, in ascending order."""
        if self.choices:
            return 0.0, float(len(self.choices) - 1)
        ends = sorted((self.position(self.low), self.position(self.high)))
        return ends[0], ends[1]

    def value(self, z: float) -> Choice:
        """The readable value nearest to position `z`: rounded to 2 or 3 digits, inside the range."""
        low, high = self.span()
        z = min(max(z, low), high)
        if self.choices:
            return self.choices[round(z)]
        x = z
        if self.scale == "log":
            x = math.copysign(math.exp(z), self.low or self.high)
        elif self.scale == "fraction":
            x = 1 / (1 + math.exp(-z))
        return self._whole(x) if self.whole else self._rounded(x)

    def _whole(self, x: float) -> int:
        if self.powers:
            least, most = math.ceil(math.log2(self.low) - 1e-9), math.floor(math.log2(self.high) + 1e-9)
            return int(2 ** min(max(round(math.log2(x)), least), most))
        bounds = math.ceil(self.low), math.floor(self.high)
        digits = 2 if abs(x) < 1000 else 3
        return min(max(int(_significant(x, digits)) if abs(x) >= 100 else round(x), bounds[0]), bounds[1])

    def _rounded(self, x: float) -> float:
        near_one = self.scale == "fraction" and x > 0.5
        x = round(1 - _significant(1 - x, 2), 12) if near_one else _significant(x, 2)
        if self.low <= x <= self.high:
            return x
        return float(self.low if x < self.low else self.high)


class Knob(msgspec.Struct, frozen=True):
    """One number or choice that a draft may change: a constant, or element `index` of a tuple constant."""

    constant: Constant
    index: int | None
    range: Range

    @property
    def key(self) -> str:
        return self.constant.key if self.index is None else f"{self.constant.key}[{self.index}]"

    @property
    def name(self) -> str:
        return self.constant.name if self.index is None else f"{self.constant.name}[{self.index}]"

    @property
    def value(self) -> Choice:
        value = self.constant.value
        return value if self.index is None else value[self.index]  # type: ignore[index]

    def whole(self, value: Choice) -> Value:
        """The constant's whole new value when this knob is set to `value`."""
        if self.index is None:
            return value
        old = self.constant.value
        assert isinstance(old, tuple) and isinstance(value, int | float)
        return (*old[: self.index], value, *old[self.index + 1 :])


def knobs(found: Iterable[Constant], space: Mapping[str, Space]) -> list[Knob]:
    """The knobs of `found`, as `levers.space` (by `NAME` or `file.py:NAME`) narrows and adds to them."""
    all_knobs: list[Knob] = []
    for constant in found:
        given = space.get(constant.key, space.get(constant.name))
        if given.exclude if given is not None else constant.left_alone:
            continue
        all_knobs.extend(_knobs(constant, given))
    return all_knobs


def unknown(found: Iterable[Constant], space: Mapping[str, Space]) -> list[str]:
    """The names in `levers.space` that are no constant of the levers."""
    known = {name for constant in found for name in (constant.key, constant.name)}
    return [name for name in space if name not in known]


def _knobs(constant: Constant, given: Space | None) -> list[Knob]:
    value = constant.value
    offered = tuple(_plain(choice) for choice in given.choices) if given else ()
    choices = offered or constant.choices
    if choices or isinstance(value, bool):
        return _choosing(constant, choices or (True, False))
    if isinstance(value, str):
        return []
    if not isinstance(value, tuple):
        limits = _given(value, given) or inferred(constant.name, value)
        return [Knob(constant, None, limits)]
    found = []
    for index, part in enumerate(value):
        limits = _given(part, given) or inferred(constant.name, part)
        found.append(Knob(constant, index, _between(limits, value, index)))
    return found


def _choosing(constant: Constant, choices: tuple[Choice, ...]) -> list[Knob]:
    value = constant.value
    numbers = [choice for choice in choices if isinstance(choice, int | float) and not isinstance(choice, bool)]
    if isinstance(value, float):
        choices = tuple(float(choice) if isinstance(choice, int) else choice for choice in choices)
    if value not in choices:
        choices = (*choices, value)
    if len(numbers) >= len(choices) - 1 and isinstance(value, int | float) and not isinstance(value, bool):
        choices = tuple(sorted(choices))
        return [Knob(constant, None, Range("index", choices=choices))]
    return [Knob(constant, None, Range("unordered", choices=choices))] if len(choices) > 1 else []


def _plain(choice: Any) -> Choice:
    return tuple(choice) if isinstance(choice, list | tuple) else choice


def _given(value: float, given: Space | None) -> Range | None:
    """The range that the program gives; it holds the value as it stands even where that lies outside."""
    if given is None or given.low is None or given.high is None:
        return None
    low, high = min(given.low, value), max(given.high, value)
    whole = isinstance(value, int)
    powers = whole and _is_power(value) and value >= 8 and low >= 1
    positive = low > 0
    log = given.log if given.log is not None else positive and high / low >= 20
    scale: Scale = "log" if (log or powers) and positive else "linear"
    step = math.log(2) if scale == "log" else (high - low) / 8
    return Range(scale, low=low, high=high, step=step, whole=whole, powers=powers)


def inferred(name: str, value: int | float) -> Range:
    """A range around `value` by its size, its type, and the words of its name.

    Floats: small ones and rates x/10 to x*10 (log), values inside (0, 1) stay there, others x/4 to x*4 (log), 0 gets a
    short ladder of choices. Ints: powers of two move by powers of two, others x/4 to x*4 (log) and at least 1.
    """
    if value == 0:
        if isinstance(value, int):
            return Range("index", choices=_ZEROS_INT)
        return Range("index", choices=_ZEROS_FLOAT, step=3)
    size = abs(value)
    if isinstance(value, int):
        powers = _is_power(value) and value >= 8 and not _has(name, _COUNTED)
        ends = (max(1.0, size / 4), size * 4.0) if value > 0 else (-size * 4.0, -max(1.0, size / 4))
        return Range("log", low=ends[0], high=ends[1], step=math.log(2 if powers else 1.5), whole=True, powers=powers)
    rate = _has(name, _RATE) and not _has(name, _FRACTION)
    if 0.05 <= value < 1 and not rate:
        return Range("fraction", low=0.01, high=max(0.99, 1 - (1 - value) / 5), step=math.log(2))
    wide = 10.0 if rate or size < 0.05 else 4.0
    ends = (size / wide, size * wide) if value > 0 else (-size * wide, -size / wide)
    return Range("log", low=ends[0], high=ends[1], step=math.log(2 if wide == 10 else 1.5))


def _between(limits: Range, values: tuple[int | float, ...], index: int) -> Range:
    """`limits` narrowed so that a sorted tuple stays sorted when its element `index` moves."""
    rising, falling = list(values) == sorted(values), list(values) == sorted(values, reverse=True)
    if rising == falling:
        return limits
    before, after = (index - 1, index + 1) if rising else (index + 1, index - 1)
    low = values[before] if 0 <= before < len(values) else -math.inf
    high = values[after] if 0 <= after < len(values) else math.inf
    if limits.choices:
        kept = tuple(each for each in limits.choices if low <= each <= high)  # type: ignore[operator]
        return msgspec.structs.replace(limits, choices=kept)
    return msgspec.structs.replace(limits, low=max(limits.low, low), high=min(limits.high, high))


def _has(name: str, words: re.Pattern[str]) -> bool:
    return any(words.fullmatch(word) for word in name.split("_"))


def _is_power(value: float) -> bool:
    return isinstance(value, int) and value > 0 and value & (value - 1) == 0


def _significant(x: float, digits: int) -> float:
    return float(f"{x:.{digits - 1}e}") if x else 0.0
