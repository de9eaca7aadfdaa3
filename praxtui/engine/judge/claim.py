"""The slow half of the rule: numbers that are said aloud, from runs that did not select."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from praxtui.engine.judge.noise import Noise, difference, mean
from praxtui.engine.judge.sequential import interval


class Claim(Struct, frozen=True):
    """An estimate with its 95% interval, signed so that larger is better; `runs` is how many it rests on."""

    value: float
    low: float
    high: float
    runs: int


def estimate(values: Sequence[float], noise: Noise) -> Claim | None:
    """The fresh value of one state; None before there is a fresh run or a noise."""
    if not values:
        return None
    value = mean(values)
    bounds = interval(value, noise, 1 / len(values))
    return None if bounds is None else Claim(value, bounds[0], bounds[1], len(values))


def gain(head: Sequence[float], start: Sequence[float], noise: Noise) -> Claim | None:
    """Fresh mean of the head minus fresh mean of the start, with Student's interval for the pooled noise.

    Direct, not the sum of the audits' differences: with k audits that sum has k times the variance and gathers k times
    the bias of stopping early, while only the last audit's stopping touches the head's runs here.
    None before both have a fresh run, or without a noise.
    """
    if not head or not start:
        return None
    value = difference(mean(head), mean(start))
    bounds = interval(value, noise, 1 / len(head) + 1 / len(start))
    return None if bounds is None else Claim(value, bounds[0], bounds[1], len(head) + len(start))


def target_met(fresh: Sequence[float], target: float | None) -> bool:
    """Whether the mean of the head's fresh runs reaches the signed target; False without either."""
    return target is not None and bool(fresh) and mean(fresh) >= target
