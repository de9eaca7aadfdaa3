"""Axes: where their ticks stand, and how those read. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart."""
    if not (math.isfinite(low) and math.isfinite(high)) or high < low or most < 1:
        return []
    if high == low:
        return [low]
    raw = (high - low) / most
    step = 10.0 ** math.floor(math.log10(raw))
    for _ in range(3):
        for factor in (1, 2, 5):
            apart = step * factor
            first, last = math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9)
            if last - first + 1 <= most:
                return [number * apart for number in range(first, last + 1)]
        step *= 10
    return []


def labels(values: Sequence[float]) -> list[str]:
    """The ticks in as many decimals as tell them apart, without the zero before the point: `.998`, `1.002`."""
    if not values:
        return []
    apart = min((b - a for a, b in pairwise(values)), default=abs(values[0]) or 1.0)
    if max(map(abs, values)) >= 1e6 or (apart and apart < 1e-6):
        return [f"{value:.3g}" for value in values]
    digits = max(0, -math.floor(math.log10(apart) + 1e-9)) if apart > 0 else 3
    return [_trimmed(f"{value:.{digits}f}") for value in values]


def _trimmed(text: str) -> str:
    if text.startswith("-"):
        return "-" + _trimmed(text[1:]) if text.strip("-0.") else text[1:]
    return text[1:] if text.startswith("0.") else text
