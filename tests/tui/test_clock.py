"""The clock of a replay: its course never goes back, covers everything, and leads back to where it was put."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.tui.sources.clock import GAP_S, Clock, Course, busy, merged

BEGAN = 1_774_170_000.0
moments = st.lists(st.floats(0, 50_000, allow_nan=False), min_size=1, max_size=40).map(sorted)
shares = st.floats(0, 1)


def course_of(times: list[float], skips: bool) -> Course:
    at = [BEGAN + passed for passed in times]
    return Course(at[0], at[-1], busy(at) if skips else None)


class Wall:
    """Time as it passes for the person."""

    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


@given(moments, st.booleans(), shares, shares)
def test_the_course_never_goes_back(times, skips, first, second):
    course = course_of(times, skips)
    first, second = sorted((first, second))
    assert course.at(first * course.length) <= course.at(second * course.length)
    a, b = (course.begin + share * (course.end - course.begin) for share in (first, second))
    assert course.own(a) <= course.own(b)


@given(moments, st.booleans(), shares)
def test_what_is_put_is_read_back(times, skips, share):
    course = course_of(times, skips)
    clock = Clock(course, Wall())
    clock.put_own(share * course.length)
    assert clock.own == pytest.approx(share * course.length)
    assert course.own(clock.at) == pytest.approx(clock.own, abs=1e-3)


@given(moments, st.booleans(), st.data())
def test_a_recorded_moment_is_met_exactly(times, skips, data):
    course = course_of(times, skips)
    at = BEGAN + data.draw(st.sampled_from(times))
    clock = Clock(course, Wall())
    clock.put(at)
    assert clock.at == at


@given(moments, st.booleans())
def test_begin_and_end_are_covered(times, skips):
    course = course_of(times, skips)
    assert course.at(0.0) == course.begin == BEGAN + times[0]
    assert course.at(course.length) == course.end == BEGAN + times[-1]
    assert course.where(course.end) == 1.0


@given(moments)
def test_skipping_leaves_two_seconds_of_every_gap_and_all_of_the_rest(times):
    course = course_of(times, True)
    gaps = [later - earlier for earlier, later in pairwise(BEGAN + passed for passed in times)]
    assert course.length == pytest.approx(sum(min(gap, GAP_S) for gap in gaps), abs=1e-3)
    assert course_of(times, False).length == pytest.approx(sum(gaps), abs=1e-3)


@given(moments, st.booleans(), st.sampled_from([1, 2, 64, 1000]), st.lists(st.floats(0, 30), max_size=30))
def test_playing_goes_forward_to_the_end_and_stays_there(times, skips, speed, waits):
    wall = Wall()
    clock = Clock(course_of(times, skips), wall, speed)
    clock.play(True)
    seen = [clock.at]
    for wait in waits:
        wall.now += wait
        seen.append(clock.at)
    assert seen == sorted(seen)
    wall.now += clock.course.length + 1
    assert clock.at == clock.course.end and clock.at_end


@given(moments, shares)
def test_another_course_keeps_the_moment(times, share):
    clock = Clock(course_of(times, True), Wall())
    clock.put_own(share * clock.course.length)
    at = clock.at
    clock.change(course_of(times, False))
    assert clock.at == at


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), max_size=20), st.floats(0, 5))
def test_merged_spans_are_apart_and_cover_all(pairs, gap):
    spans = sorted((begin, begin + length) for begin, length in pairs)
    found = merged(spans, gap)
    assert all(later[0] - earlier[1] > gap for earlier, later in pairwise(found))
    assert all(any(b <= begin and end <= e for b, e in found) for begin, end in spans)


def test_a_clock_that_stands_does_not_move_and_speed_multiplies():
    wall = Wall()
    clock = Clock(Course(BEGAN, BEGAN + 1000), wall)
    wall.now += 10
    assert clock.at == BEGAN
    clock.play(True)
    wall.now += 10
    assert clock.at == BEGAN + 10
    clock.set_speed(8)
    wall.now += 10
    assert clock.at == BEGAN + 90
    clock.play(False)
    wall.now += 10
    assert clock.at == BEGAN + 90


@pytest.mark.parametrize(("asked", "got"), [(0, 1), (0.5, 1), (5000, 1000), (float("nan"), 1), (float("inf"), 1)])
def test_the_speed_has_limits(asked, got):
    assert Clock(Course(0, 1), Wall(), asked).speed == got


def test_a_recorded_moment_is_met_exactly_where_arithmetic_would_miss_it():
    chance = random.Random(5)
    course = Course(0.0, 50_000.0, [(0.0, 0.0), (1_000.0, 1_000.0)])
    clock = Clock(course, Wall())
    missed = 0
    for at in (chance.uniform(0, 50_000) for _ in range(300)):
        clock.put(at)
        assert clock.at == at
        missed += course.at(course.own(at)) != at
    assert missed
