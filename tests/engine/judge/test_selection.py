"""Keep or discard by one run."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from praxtui.engine.judge.noise import NONE, Noise
from praxtui.engine.judge.selection import Selection, select

QUIET = Noise(sd=1.0, dof=4, upper=2.4)
anything = st.floats(allow_nan=False, allow_infinity=False)
noises = st.one_of(
    st.just(Noise()),
    st.just(NONE),
    st.builds(Noise, st.floats(0, allow_infinity=False), st.integers(1, 50).map(float), st.just(0.0)),
)
RANK = {"discard": 0, "keep": 1, "test": 2}


@dataclass
class Case:
    lines: int
    deterministic: bool
    strict: bool


cases = st.builds(Case, st.integers(-3, 3), st.booleans(), st.booleans())


def judge(candidate: float, incumbent: float, noise: Noise, case: Case) -> Selection:
    return select(candidate, incumbent, noise, lines=case.lines, deterministic=case.deterministic, strict=case.strict)


@given(anything, anything, anything, noises, cases)
def test_a_larger_value_is_never_judged_worse(a: float, b: float, incumbent: float, noise: Noise, case: Case) -> None:
    low, high = judge(min(a, b), incumbent, noise, case), judge(max(a, b), incumbent, noise, case)
    assert RANK[low.verdict] <= RANK[high.verdict]
    if low.confidence is not None and high.confidence is not None:
        assert low.confidence <= high.confidence + 1e-12
        assert 0 <= low.confidence <= 1


@given(st.integers(-400, 400), st.integers(-400, 400), st.integers(-64, 64), st.integers(-6, 6), cases)
def test_verdicts_do_not_depend_on_shift_or_unit(a: int, b: int, shift: int, power: int, case: Case) -> None:
    scale = 2.0**power
    here = judge(a / 64, b / 64, QUIET, case)
    there = judge((a / 64 + shift) * scale, (b / 64 + shift) * scale, Noise(scale, 4, 2.4 * scale), case)
    assert (here.verdict, here.standing, here.reason) == (there.verdict, there.standing, there.reason)
    assert here.delta_sd == there.delta_sd
    assert here.delta * scale == there.delta


@given(anything, anything, noises, cases)
def test_the_bar_never_falls(candidate: float, incumbent: float, noise: Noise, case: Case) -> None:
    assert judge(candidate, incumbent, noise, case).bar >= incumbent


def test_sign_is_the_callers() -> None:
    assert select(-2.0, -2.1, QUIET).verdict == "keep"
    assert select(2.0, 2.1, QUIET).verdict == "discard"


def test_a_tie_with_fewer_lines_is_kept_and_ties_cannot_drift() -> None:
    bar, kept = 10.0, 0
    for step in range(1, 20):
        found = select(10.0 - 0.2 * step, bar, QUIET, lines=-1)
        kept, bar = kept + (found.verdict == "keep"), found.bar
        if found.verdict == "keep":
            assert found.reason == "equal within noise, simpler"
            assert found.standing == "provisional"
    assert (kept, bar) == (1, 10.0)
    assert select(9.9, 10.0, QUIET, lines=0).verdict == "discard"
    assert select(9.9, 10.0, QUIET, lines=-1, strict=True).verdict == "discard"


def test_deterministic_improvements_are_confirmed_at_once() -> None:
    found = select(1.0 + 1e-12, 1.0, NONE, deterministic=True)
    assert (found.verdict, found.standing, found.delta_sd, found.confidence) == ("keep", "confirmed", None, 1.0)
    assert select(1.0, 1.0, NONE, deterministic=True).verdict == "discard"
    assert select(1.0, 1.0, NONE, deterministic=True, lines=-2).reason == "equal, simpler"


def test_strict_tests_only_what_looks_clearly_better() -> None:
    assert select(11.6, 10.0, QUIET, strict=True).verdict == "test"
    assert select(11.4, 10.0, QUIET, strict=True).reason == "within noise"


def test_implausible_results_are_flagged_and_run_again() -> None:
    jump = select(100.0, 50.0, QUIET)
    assert (jump.flags, jump.rerun, jump.standing) == (("jump",), True, "provisional")
    assert select(59.0, 50.0, QUIET).flags == ()
    assert select(11.0, 10.0, QUIET, bound=10.5).flags == ("bound",)
    again = select(100.0, 50.0, QUIET, again=49.0)
    assert (again.verdict, again.rerun) == ("discard", False)
    assert select(100.0, 50.0, QUIET, again=90.0).bar == 90.0
