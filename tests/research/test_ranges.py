"""Where constants may go: inferred ranges, ranges of the program, tuples that stay sorted."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.program.spec import Space
from praxtui.research.constants import constants
from praxtui.research.ranges import Knob, inferred, knobs, unknown
from praxtui.research.values import candidates


def of(text: str, space: dict[str, Space] | None = None) -> list[Knob]:
    return knobs(constants({"t.py": text}), space or {})


def offered(knob: Knob, seed: int = 0) -> list[Any]:
    rng = random.Random(seed)
    return list(dict.fromkeys(each.value for late in (False, True) for each in candidates(knob, (), rng, late=late)))


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [
        ("LR = 0.3", 0.03, 3.0),
        ("X = 0.001", 0.0001, 0.01),
        ("X = 2.0", 0.5, 8.0),
        ("X = -2.0", -8.0, -0.5),
        ("DROPOUT_RATE = 0.5", 0.01, 0.99),
        ("BETA2 = 0.999", 0.01, 0.9998),
        ("DEPTH = 8", 2, 32),
        ("N = 1", 1, 4),
        ("N = -12", -48, -3),
    ],
)
def test_infers_a_range_around_the_value(line: str, low: float, high: float) -> None:
    limits = of(line)[0].range
    assert (limits.low, limits.high) == pytest.approx((low, high))


@given(
    st.floats(1e-6, 1e6) | st.integers(1, 10**6) | st.floats(-1e6, -1e-6), st.sampled_from(["LR", "X", "DROPOUT", "N"])
)
@settings(deadline=None)
def test_values_stay_inside_and_keep_their_type(value: float, name: str) -> None:
    limits = inferred(name, value)
    low, high = limits.span()
    for part in range(21):
        new = limits.value(low - 1 + (high - low + 2) * part / 20)
        assert type(new) is type(value)
        assert isinstance(new, int | float) and limits.low <= new <= limits.high
        assert new > 0 if value > 0 else new < 0
        if limits.scale == "fraction":
            assert 0 < new < 1
        if isinstance(new, int):
            assert new >= 1


def test_powers_of_two_move_by_powers_of_two() -> None:
    assert sorted(offered(of("BATCH = 64")[0])) == [16, 32, 128, 256]
    assert 3 in offered(of("DEPTH = 4")[0])


def test_zero_is_allowed_where_the_value_is_zero() -> None:
    assert of("WD = 0.0")[0].range.choices[0] == 0.0
    assert all(value > 0 for value in offered(of("WD = 0.0")[0]))
    assert 1 in offered(of("N = 0")[0])


def test_tuples_change_one_element_and_stay_sorted() -> None:
    found = of("B = (0.9, 0.95)\nS = [8, 4, 2]\nU = (3, 1, 2)\nE = (1, 1)")
    assert [knob.name for knob in found] == [
        f"{name}[{i}]" for name, n in (("B", 2), ("S", 3), ("U", 3), ("E", 2)) for i in range(n)
    ]
    for knob in found:
        old = knob.constant.value
        assert isinstance(old, tuple)
        for value in offered(knob):
            new = knob.whole(value)
            assert isinstance(new, tuple) and len(new) == len(old)
            assert [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b] == [knob.index]
            if knob.constant.name == "B":
                assert list(new) == sorted(new)
            if knob.constant.name == "S":
                assert list(new) == sorted(new, reverse=True)


def test_the_program_narrows_adds_and_excludes() -> None:
    text = "LR = 0.01\nSEED = 3\nWD = 0.1\nMODE = 'a'\nB = (1, 2)\nW = 64"
    space = {
        "LR": Space(low=0.005, high=0.02, log=True),
        "t.py:SEED": Space(low=1, high=9),
        "WD": Space(exclude=True),
        "MODE": Space(choices=("a", "b")),
        "B": Space(choices=([1, 2], [3, 4])),
        "W": Space(choices=(64, 96, 128)),
    }
    found = {knob.name: knob for knob in of(text, space)}
    assert set(found) == {"LR", "SEED", "MODE", "B", "W"}
    assert all(0.005 <= value <= 0.02 for value in offered(found["LR"]))
    assert set(offered(found["SEED"])) == set(range(1, 10)) - {3}
    assert offered(found["MODE"]) == ["b"]
    assert [found["B"].whole(value) for value in offered(found["B"])] == [(3, 4)]
    assert set(offered(found["W"])) == {96, 128}


def test_a_name_that_is_no_constant_is_told() -> None:
    found = constants({"t.py": "LR = 0.01"})
    assert unknown(found, {"LR": Space(), "t.py:LR": Space(), "LRR": Space(exclude=True)}) == ["LRR"]
