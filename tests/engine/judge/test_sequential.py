"""The stated sequential test."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.engine.judge.noise import Noise
from praxtui.engine.judge.sequential import Outcome, Plan, confirm_plan, fitted, plan_audit, step

KNOWN = Noise(sd=1.0, dof=1e9, upper=1.0)
BASELINE = Noise(sd=1.0, dof=4, upper=2.4)
anything = st.floats(allow_nan=False, allow_infinity=False)
noises = st.one_of(
    st.just(Noise()),
    st.builds(Noise, st.floats(0, allow_infinity=False), st.integers(1, 50).map(float), st.just(0.0)),
)
plans = st.one_of(
    st.builds(plan_audit, st.integers(0, 40), noises, holdout=st.booleans()), st.builds(confirm_plan, noises)
)


@given(plans, noises, st.lists(anything, min_size=8, max_size=8))
def test_every_test_ends_within_its_limits_for_any_values(plan: Plan, noise: Noise, diffs: list[float]) -> None:
    assert sum(plan.share(n) for n in range(plan.min_pairs, plan.max_pairs + 1)) == pytest.approx(plan.level)
    for count in range(plan.min_pairs):
        assert step(plan, diffs[:count], noise) == "continue"
    found = step(plan, diffs[: plan.max_pairs], noise)
    assert isinstance(found, Outcome)
    if found.low is not None and found.high is not None:
        assert found.low <= found.gain <= found.high


@given(st.lists(st.integers(-300, 300), min_size=3, max_size=3), st.integers(-6, 6))
def test_outcomes_do_not_depend_on_the_unit(diffs: list[int], power: int) -> None:
    scale, plan = 2.0**power, plan_audit(0, BASELINE)
    here = step(plan, [d / 32 for d in diffs], BASELINE)
    there = step(plan, [d / 32 * scale for d in diffs], Noise(scale, 4, 2.4 * scale))
    assert (here if here == "continue" else here.verdict) == (there if there == "continue" else there.verdict)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=3), st.floats(0, 10))
def test_larger_differences_are_never_judged_worse(diffs: list[float], more: float) -> None:
    rank = {"failed": 0, "undecided": 1, "continue": 1, "held": 2}
    low, high = (step(plan_audit(0, BASELINE), [d + add for d in diffs], BASELINE) for add in (0.0, more))
    assert rank[low if isinstance(low, str) else low.verdict] <= rank[high if isinstance(high, str) else high.verdict]


def test_levels_of_all_audits_add_up_to_that_of_the_campaign() -> None:
    assert sum(plan_audit(k, KNOWN).level for k in range(100_000)) == pytest.approx(0.05, rel=1e-3)


def test_a_null_campaign_rarely_passes_any_of_ten_audits() -> None:
    draw, passed, campaigns = random.Random(1), 0, 2000
    for _ in range(campaigns):
        for audit in range(10):
            plan, diffs = plan_audit(audit, KNOWN), []
            found: Outcome | str = "continue"
            while not isinstance(found, Outcome):
                diffs.append(draw.gauss(0, 2**0.5))
                found = step(plan, diffs, KNOWN)
            if found.verdict == "held":
                passed += 1
                break
    assert 0.015 < passed / campaigns <= 0.05


def test_clear_differences_are_decided_at_the_first_look() -> None:
    plan = plan_audit(0, BASELINE)
    held, failed = step(plan, [9.0], BASELINE), step(plan, [-9.0], BASELINE)
    assert isinstance(held, Outcome) and isinstance(failed, Outcome)
    assert (held.verdict, failed.verdict) == ("held", "failed")
    assert step(plan, [0.5], BASELINE) == "continue"
    undecided = step(plan, [0.5, -0.5, 0.1], BASELINE)
    assert isinstance(undecided, Outcome) and undecided.verdict == "undecided"


def test_one_pair_cannot_decide_while_the_noise_is_unknown() -> None:
    assert step(plan_audit(0, Noise()), [1e9], Noise()) == "continue"


def test_without_noise_one_pair_decides() -> None:
    exact = Noise(sd=0.0, dof=4, upper=0.0)
    plan = plan_audit(0, exact)
    assert plan.max_pairs == 1
    for diff, verdict in ((1e-9, "held"), (-1e-9, "failed"), (0.0, "undecided")):
        found = step(plan, [diff], exact)
        assert isinstance(found, Outcome) and found.verdict == verdict


def test_a_worse_holdout_fails_an_audit_that_would_hold() -> None:
    plan = plan_audit(0, BASELINE, holdout=True)
    assert plan.min_pairs == 2
    good = step(plan, [9.0, 9.0], BASELINE, [0.1, -0.1], BASELINE)
    bad = step(plan, [9.0, 9.0], BASELINE, [-5.0, -6.0], BASELINE)
    assert isinstance(good, Outcome) and good.verdict == "held"
    assert isinstance(bad, Outcome) and bad.verdict == "failed" and "hold-out" in bad.reason


def test_a_plan_is_cut_to_the_runs_that_are_left() -> None:
    plan = Plan(2, 3, 0.02)
    assert fitted(plan, None) == plan
    assert fitted(plan, 5) == Plan(2, 2, 0.02)
    assert fitted(plan, 2) == Plan(1, 1, 0.02)
    assert fitted(plan, 1) is None
