"""Axes: where their ticks stand, how those read, and where the words go. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
LONG = 9  # decimals


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """At most `most` round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart; `whole`: integers."""
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(high - low)) or high < low or most < 1:
        return []
    if high == low:
        return [low] if not whole or low == int(low) else []
    raw = max((high - low) / most, abs(low) * 1e-15, abs(high) * 1e-15, 1e-300)
    power = math.floor(math.log10(raw))
    if whole:
        power = max(0, power)
    for step in (10.0 ** (power + n) * factor for n in range(3) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [number * step for number in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` numbers from `low` to `high`, both positive: powers of ten, with 2 and 5 between where few are;
    evenly apart where the whole is less than a decade."""
    if not 0 < low <= high < math.inf or most < 1:
        return []
    if high < 10 * low:
        return ticks(low, high, most)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1,)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // most)]


def labels(values: Sequence[float]) -> list[str]:
    """The ticks in as many decimals as tell them apart, without the zero before the point: `.998`, `1.002`, `412k`."""
    if len(values) < 2:
        return each(values)
    apart = min(abs(b - a) for a, b in pairwise(values)) or abs(values[0]) or 1.0
    largest = max(map(abs, values))
    size, unit = next(((size, unit) for size, unit in UNITS if largest >= 10 * size), (1.0, ""))
    digits = max(0, -math.floor(math.log10(apart / size) + 1e-9))
    if digits > LONG or largest >= 1e16:
        return _exact(values)
    said = [_trimmed(f"{value / size:.{digits}f}") for value in values]
    return [word + unit if word != "0" else word for word in said]


def each(values: Sequence[float]) -> list[str]:
    """Each in as few digits as it has itself, for ticks that are not evenly apart: `.01`, `.5`, `20k`."""
    said = []
    for value in values:
        size, unit = next(((size, unit) for size, unit in UNITS if abs(value) >= 10 * size), (1.0, ""))
        digits = max(0, 2 - math.floor(math.log10(abs(value) / size))) if value else 0
        word = f"{value / size:.{digits}f}" if digits <= LONG else f"{value:.3g}"
        said.append(_trimmed(word.rstrip("0").rstrip(".") if "." in word and "e" not in word else word) + unit)
    return said


def _exact(values: Sequence[float]) -> list[str]:
    for digits in range(3, 18):
        said = [f"{value:.{digits}g}" for value in values]
        if len(set(said)) == len(set(values)):
            break
    return said


def _trimmed(text: str) -> str:
    """Without the zero before the point, and without a sign before nothing."""
    if text.startswith("-"):
        return "-" + _trimmed(text[1:]) if text.strip("-0.") else _trimmed(text[1:])
    if "." in text and not text.strip("0."):
        return "0"
    return text[1:] if text.startswith("0.") else text


def spread(words: Sequence[tuple[int, str]], columns: int) -> str:
    """Words below their columns in one line, each centred as far as it has room; one that would touch another is left
    out, the ones further left first come."""
    line = [" "] * max(0, columns)
    for at, word in words:
        begin = max(0, min(columns - len(word), at - (len(word) - 1) // 2))
        around = line[max(0, begin - 1) : begin + len(word) + 1]
        if len(word) <= columns and all(c == " " for c in around):
            line[begin : begin + len(word)] = word
    return "".join(line).rstrip()
