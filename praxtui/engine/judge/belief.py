"""How probable it is that an experiment's true effect is positive."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from praxtui.engine.judge.noise import Noise, difference, mean
from praxtui.engine.judge.student import t_cdf

PRIOR_MEAN_SD = -0.5
PRIOR_SPREAD_SD = 2.0
PRIOR_WEIGHT = 10
CLIP_SD = 6.0
BAR_LUCK_SD = 0.7
"""How lucky the value to beat is on average, having won a selection (measured on the modelled record)."""


class Prior(Struct, frozen=True):
    """A normal prior on the true effect of a change, in noise sd: its mean and standard deviation."""

    mean: float = PRIOR_MEAN_SD
    spread: float = PRIOR_SPREAD_SD


def learned(deltas: Sequence[float], noise: Noise) -> Prior:
    """The stated prior (mean -0.5, spread 2 noise sd; as good as 10 experiments) updated by the campaign's own deltas.

    Empirical Bayes by moments (Efron & Morris 1973): the deltas' variance less that of two runs is the effects'. Deltas
    count as at most 6 sd, so that one jump does not make everything look probable.
    """
    if not noise.sd or not deltas:
        return Prior()
    units = [max(-CLIP_SD, min(CLIP_SD, delta / noise.sd + BAR_LUCK_SD)) for delta in deltas]
    weight = len(units) + PRIOR_WEIGHT
    centre = (PRIOR_WEIGHT * PRIOR_MEAN_SD + math.fsum(units)) / weight
    square = math.fsum((unit - centre) ** 2 for unit in units)
    square += PRIOR_WEIGHT * (PRIOR_SPREAD_SD**2 + 2 + (PRIOR_MEAN_SD - centre) ** 2)
    return Prior(centre, math.sqrt(max(square / weight - 2, 0.0625)))


def confidence(delta: float, noise: Noise, deltas: Sequence[float] = (), fresh: Sequence[float] = ()) -> float | None:
    """The posterior probability that the true effect is positive, after one selecting difference `delta` and the
    differences of `fresh` pairs; None without a noise. Student's tail stands in for the noise's own uncertainty.

    Without noise it is 1 for a strict improvement and 0 otherwise.
    """
    if noise.sd is None:
        return None
    if noise.sd == 0:
        return 1.0 if delta > 0 else 0.0
    prior = learned(deltas, noise)
    weights = [1 / prior.spread**2, 0.5, len(fresh) / 2]
    seen = [prior.mean, difference(delta / noise.sd, -BAR_LUCK_SD), mean(fresh) / noise.sd if fresh else 0.0]
    total = math.fsum(weights)
    z = math.fsum(weight / total * value for weight, value in zip(weights, seen, strict=True)) * math.sqrt(total)
    return t_cdf(z, noise.dof)
