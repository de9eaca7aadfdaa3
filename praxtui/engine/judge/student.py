"""Quantiles and tails of the normal, Student and chi-square distributions, in pure Python."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_NEARLY_NORMAL = 1e6
_TINY = 1e-300


def normal_cdf(z: float) -> float:
    """P(Z <= z) for a standard normal; exact to double precision in both tails."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method as modified by
    Thompson and Barnett (1986); converges fast for x < (a + 1) / (a + b + 2)."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 1000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), 0 <= x <= 1 (DLMF 8.17)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x),
    )
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(a, b, x) / a
    return 1 - front * _continued_fraction(b, a, 1 - x) / b


def t_cdf(t: float, dof: float) -> float:
    """P(T <= t) for Student's t with `dof` > 0 degrees of freedom (DLMF 8.17 with Abramowitz & Stegun 26.7.1)."""
    if math.isinf(t):
        return 0.0 if t < 0 else 1.0
    if dof >= _NEARLY_NORMAL:
        return normal_cdf(t)
    square = t * t
    tail = 0.5 * incomplete_beta(dof / 2, 0.5, dof / (dof + square)) if math.isfinite(square) else 0.0
    return tail if t < 0 else 1 - tail


@lru_cache(maxsize=4096)
def t_quantile(p: float, dof: float) -> float:
    """The t with P(T <= t) = p, 0 < p < 1, `dof` > 0: bracketed from the normal quantile, then bisected.

    Accurate to about 1e-10 relative. Raises ValueError outside the ranges.
    """
    if not 0 < p < 1 or not dof > 0:
        raise ValueError(f"t_quantile needs 0 < p < 1 and dof > 0, found p={p}, dof={dof}")
    if dof >= _NEARLY_NORMAL:
        return _NORMAL.inv_cdf(p)
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -_upper_point(p, dof)
    return _upper_point(1 - p, dof)


def _upper_point(tail: float, dof: float) -> float:
    """The t > 0 with P(T > t) = `tail` < 1/2. Student's tails are the heavier ones, so the normal point is a floor."""
    low = high = max(-_NORMAL.inv_cdf(tail), 1e-12)
    while t_cdf(-high, dof) > tail:
        low, high = high, high * 2
    while high - low > 1e-11 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if t_cdf(-middle, dof) > tail:
            low = middle
        else:
            high = middle
    return high


def chi_square_quantile(p: float, dof: float) -> float:
    """The x with P(X <= x) = p for chi-square with `dof` degrees (Wilson & Hilferty 1931; within 5% for dof >= 2).

    Used only to state how far off a noise estimate may be, never in a verdict.
    """
    share = 2 / (9 * dof)
    root = 1 - share + _NORMAL.inv_cdf(p) * math.sqrt(share)
    return dof * max(root, 0.05) ** 3
