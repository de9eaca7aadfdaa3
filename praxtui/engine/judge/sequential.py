"""The one sequential test behind audits, confirmations and strict keeps: pairs of fresh runs, looked at one by one.

Each look compares the mean difference with Student's quantile at that look's share of the test's level. The shares
add up to the level, so by the union bound the chance of a false `held` is at most the level, however the looks depend
on one another (alpha spending: Lan & DeMets, Biometrika 70, 1983). `failed` is a futility bound; leaving through it
can only lower the chance of a false `held`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from praxtui.engine.judge.noise import Noise, mean
from praxtui.engine.judge.student import t_quantile

Verdict = Literal["held", "failed", "undecided"]

CAMPAIGN_LEVEL = 0.05
"""Chance that a campaign in which nothing was changed ever has an audit that holds."""
FIRST_LOOK = 0.7
"""Share of a test's level that its first look spends; the others divide the rest. Most true sums are many noise sd,
so the first look is the one that should decide."""

AUDIT_PAIRS = 3
AUDIT_FUTILITY = 0.10
CONFIRM_LEVEL = 0.03
CONFIRM_PAIRS = 3
CONFIRM_FUTILITY = 0.7
"""Above 1/2: a test of one keep is given up unless the mean so far is at least half a standard error ahead."""
HOLDOUT_LEVEL = 0.05


class Plan(Struct, frozen=True):
    """A stated test: fewest and most pairs of runs, and the level it may spend in all.

    `futility` is the one-sided level at which the head counts as worse than the base (`failed`).
    """

    min_pairs: int
    max_pairs: int
    level: float
    futility: float = AUDIT_FUTILITY

    def share(self, pairs: int) -> float:
        """The level that the look at `pairs` pairs may spend; the shares of all looks add up to `level`."""
        later = self.max_pairs - self.min_pairs
        if later == 0:
            return self.level
        return self.level * (FIRST_LOOK if pairs <= self.min_pairs else (1 - FIRST_LOOK) / later)


class Outcome(Struct, frozen=True):
    """How a test ended: the mean difference of its pairs, its plain 95% interval (None without a noise), and why."""

    verdict: Verdict
    gain: float
    low: float | None
    high: float | None
    pairs: int
    reason: str


def plan_audit(
    since_held: int,
    noise: Noise,
    *,
    holdout: bool = False,
    min_pairs: int = 1,
    max_pairs: int = AUDIT_PAIRS,
    level: float = CAMPAIGN_LEVEL,
) -> Plan:
    """The test of the next audit, after `since_held` audits that ended without holding since the last that held.

    The level spent is `level / ((k + 1)(k + 2))` with k = `since_held`: these add up to `level` over any number of
    audits, and the series starts again after an audit that held (alpha investing: Foster & Stine, JRSS B 70, 2008;
    LORD: Javanmard & Montanari, Ann. Statist. 46, 2018). So a campaign that changes nothing passes an audit with
    probability at most `level`, while one that makes progress is not made to pay for its length.
    A metric that does not depend on the seed needs one pair; a hold-out metric needs two, to know its own noise.
    """
    share = level / ((since_held + 1) * (since_held + 2))
    if noise.exact:
        return Plan(1, 1, share)
    fewest = max(2, min_pairs) if holdout else min_pairs
    return Plan(fewest, max(fewest, max_pairs), share)


def confirm_plan(noise: Noise, *, max_pairs: int = CONFIRM_PAIRS, level: float = CONFIRM_LEVEL) -> Plan:
    """The test of one experiment against its parent, also that of every strict keep: level 0.03 each."""
    return Plan(1, 1 if noise.exact else max_pairs, level, CONFIRM_FUTILITY)


def fitted(plan: Plan, runs_left: int | None) -> Plan | None:
    """The plan cut to the runs that a budget still allows (None: no limit); None when there is not one look in it."""
    if runs_left is None or 2 * plan.max_pairs <= runs_left:
        return plan
    if runs_left < 2:
        return None
    most = runs_left // 2
    return Plan(min(plan.min_pairs, most), most, plan.level, plan.futility)


def interval(gain: float, noise: Noise, variance: float, level: float = 0.95) -> tuple[float, float] | None:
    """The two-sided interval of an estimate whose variance is `variance` run variances; None without a noise."""
    if noise.sd is None:
        return None
    if noise.sd == 0:
        return gain, gain
    half = t_quantile(0.5 + level / 2, noise.dof) * noise.sd * math.sqrt(variance)
    return gain - half, gain + half


def _holdout_worse(diffs: Sequence[float], noise: Noise | None) -> bool:
    if not diffs or noise is None or noise.sd is None:
        return False
    gain = mean(diffs)
    if noise.sd == 0:
        return gain < 0
    return gain < -t_quantile(1 - HOLDOUT_LEVEL, noise.dof) * noise.sd * math.sqrt(2 / len(diffs))


def _outcome(verdict: Verdict, diffs: Sequence[float], noise: Noise, reason: str) -> Outcome:
    gain = mean(diffs)
    bounds = interval(gain, noise, 2 / len(diffs)) or (None, None)
    return Outcome(verdict, gain, bounds[0], bounds[1], len(diffs), reason)


def step(
    plan: Plan,
    diffs: Sequence[float],
    noise: Noise,
    holdout_diffs: Sequence[float] = (),
    holdout_noise: Noise | None = None,
) -> Outcome | Literal["continue"]:
    """Look at the pairs so far. `diffs`: head minus base of each pair, signed so that larger is better.

    `noise` is that of single runs (pooled over all repeats, these pairs included); a pair's difference has twice its
    variance, which is on the safe side where a common seed makes the two runs alike. Ends by `plan.max_pairs`.
    """
    count = len(diffs)
    if count < plan.min_pairs:
        return "continue"
    gain, last = mean(diffs), count >= plan.max_pairs
    if noise.sd == 0:
        verdict: Verdict = "held" if gain > 0 else "failed" if gain < 0 else "undecided"
        if verdict != "undecided" or last:
            return _screened(verdict, diffs, noise, holdout_diffs, holdout_noise)
        return "continue"
    if noise.sd is not None:
        error = noise.sd * math.sqrt(2 / count)
        if gain > t_quantile(1 - plan.share(count), noise.dof) * error:
            return _screened("held", diffs, noise, holdout_diffs, holdout_noise)
        if gain < -t_quantile(1 - plan.futility, noise.dof) * error:
            return _outcome("failed", diffs, noise, "worse on fresh seeds")
    return _outcome("undecided", diffs, noise, f"undecided after {count} pairs") if last else "continue"


def _screened(
    verdict: Verdict, diffs: Sequence[float], noise: Noise, holdout: Sequence[float], holdout_noise: Noise | None
) -> Outcome:
    if verdict == "held" and _holdout_worse(holdout, holdout_noise):
        return _outcome("failed", diffs, noise, "better on the metric, worse on the hold-out metric")
    reasons = {
        "held": "better on fresh seeds",
        "failed": "worse on fresh seeds",
        "undecided": f"undecided after {len(diffs)} pairs",
    }
    return _outcome(verdict, diffs, noise, reasons[verdict])
