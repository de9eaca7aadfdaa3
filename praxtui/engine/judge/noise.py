"""How much a metric moves when nothing but the seed changes: pooled over all repeats of a campaign."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from msgspec import Struct

from praxtui.engine.judge.student import chi_square_quantile

_LARGEST = sys.float_info.max


class Noise(Struct, frozen=True):
    """Run-to-run noise: `sd` in the metric's unit, its degrees of freedom, and a one-sided 95% upper bound.

    `sd` is None while nothing was repeated (then `dof` is 0 and `upper` infinite).
    """

    sd: float | None = None
    dof: float = 0.0
    upper: float = math.inf

    @property
    def exact(self) -> bool:
        """True when repeats were made and none of them differed: the metric does not depend on the seed."""
        return self.sd == 0.0 and self.dof > 0


NONE = Noise(sd=0.0, dof=math.inf, upper=0.0)
"""The noise of a metric that the program declares deterministic."""


def difference(a: float, b: float) -> float:
    """a - b, kept finite: values near the ends of the floating-point range must not turn a verdict into NaN."""
    return max(-_LARGEST, min(_LARGEST, a - b))


def mean(values: Sequence[float]) -> float:
    """Mean of at least one value, taken around the first so that equal values give exactly that value."""
    first, count = values[0], len(values)
    return first + math.fsum(difference(value, first) / count for value in values)


def noise(groups: Sequence[Sequence[float]], prior: Noise | None = None) -> Noise:
    """Pool the repeats of several experiments (each group: one experiment, different seeds) into one noise.

    The pooled variance is the sum of squares within groups over the sum of (size - 1). `prior`, for example an earlier
    campaign's noise of the same program, enters as `prior.dof` further degrees of freedom (the conjugate,
    scaled-inverse-chi-square update; Gelman et al., Bayesian Data Analysis, section 2.6).
    Groups of one run or none add nothing.
    """
    parts: list[float] = []
    dof = 0.0
    if prior is not None and prior.sd is not None and prior.dof > 0:
        dof += prior.dof
        parts.append(prior.sd * math.sqrt(prior.dof))
    for group in groups:
        if len(group) > 1:
            centre = mean(group)
            parts.extend(difference(value, centre) for value in group)
            dof += len(group) - 1
    if dof == 0:
        return Noise()
    if not any(parts):
        return Noise(sd=0.0, dof=dof, upper=0.0)
    # hypot neither overflows nor underflows where a sum of squares would.
    sd = min(math.hypot(*parts) / math.sqrt(dof), _LARGEST)
    upper = min(sd * math.sqrt(dof / chi_square_quantile(0.05, dof)), _LARGEST) if math.isfinite(dof) else sd
    return Noise(sd=sd, dof=dof, upper=upper)
