"""The pooled noise of repeats."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.engine.judge.noise import Noise, mean, noise

values = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8)
extreme = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6)


@given(values)
def test_one_group_gives_its_own_deviation(group: list[float]) -> None:
    found = noise([group])
    assert found.sd == pytest.approx(statistics.stdev(group), abs=1e-9)
    assert found.dof == len(group) - 1
    assert found.upper >= (found.sd or 0)


def test_groups_pool_by_degrees_of_freedom() -> None:
    found = noise([[0.0, 2.0], [10.0, 10.0, 13.0], [5.0], []])
    assert found.dof == 3
    assert found.sd == pytest.approx(math.sqrt((2 + 6) / 3))


def test_a_prior_counts_as_its_degrees_of_freedom() -> None:
    found = noise([[0.0, 2.0]], Noise(sd=1.0, dof=3, upper=2.0))
    assert found.dof == 4
    assert found.sd == pytest.approx(math.sqrt((2 + 3) / 4))


def test_nothing_repeated_is_unknown_and_equal_repeats_are_exact() -> None:
    assert noise([[1.0], []]) == Noise()
    assert not noise([[1.0]]).exact
    assert noise([[0.1] * 5]).exact
    assert mean([0.1] * 7) == 0.1


@given(st.lists(extreme, max_size=4))
def test_any_finite_values_give_a_finite_noise(groups: list[list[float]]) -> None:
    found = noise(groups)
    assert found.sd is None or (math.isfinite(found.sd) and found.sd >= 0)


@given(values, st.integers(-20, 20), st.integers(-6, 6))
def test_shift_leaves_it_and_scale_multiplies_it(group: list[float], shift: int, power: int) -> None:
    base, scale = noise([group]), 2.0**power
    assert noise([[value + shift for value in group]]).sd == pytest.approx(base.sd, abs=1e-9)
    assert noise([[value * scale for value in group]]).sd == pytest.approx((base.sd or 0) * scale, rel=1e-12)
