"""Quantiles against published tables and against each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.engine.judge.student import chi_square_quantile, incomplete_beta, normal_cdf, t_cdf, t_quantile


@pytest.mark.parametrize(
    ("p", "dof", "expected"),
    [
        (0.975, 1, 12.7062),
        (0.975, 4, 2.77645),
        (0.99, 4, 3.74695),
        (0.995, 10, 3.16927),
        (0.95, 30, 1.69726),
        (0.9995, 2, 31.5991),
        (0.975, math.inf, 1.95996),
    ],
)
def test_quantiles_are_those_of_the_tables(p: float, dof: float, expected: float) -> None:
    assert t_quantile(p, dof) == pytest.approx(expected, rel=1e-5)
    assert t_quantile(1 - p, dof) == pytest.approx(-expected, rel=1e-5)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 1e4))
def test_quantile_inverts_the_distribution(p: float, dof: float) -> None:
    assert t_cdf(t_quantile(p, dof), dof) == pytest.approx(p, rel=1e-6, abs=1e-9)


@given(st.floats(0.001, 0.999), st.floats(0.2, 50), st.floats(0.2, 50))
def test_incomplete_beta_is_symmetric(x: float, a: float, b: float) -> None:
    assert incomplete_beta(a, b, x) + incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


def test_tails_stay_finite() -> None:
    assert t_cdf(-1e200, 3) == 0
    assert t_cdf(math.inf, 3) == 1
    assert 0 < normal_cdf(-30) < 1e-190


def test_out_of_range_is_refused() -> None:
    for p, dof in ((0.0, 3), (1.0, 3), (0.5, 0)):
        with pytest.raises(ValueError, match="t_quantile needs"):
            t_quantile(p, dof)


def test_chi_square_is_close_to_the_table() -> None:
    assert chi_square_quantile(0.05, 4) == pytest.approx(0.711, rel=0.05)
    assert chi_square_quantile(0.05, 30) == pytest.approx(18.493, rel=0.01)
