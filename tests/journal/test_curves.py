from __future__ import annotations

import math
from array import array
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.curves import MOST, CurveWriter, Point, Series, packed, read_curves, unpacked
from praxtui.journal.store import Journal, JournalFull

values = st.floats(allow_nan=True, allow_infinity=True)


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@given(values=st.lists(values, max_size=400), most=st.integers(8, 40))
def test_a_series_is_bounded_and_keeps_its_extremes_its_newest_and_its_order(values: list[float], most: int) -> None:
    series = Series(most)
    for step, value in enumerate(values):
        series.add(Point(step, value, step / 10))
        assert len(series.points()) <= most
    found = series.points()
    assert [point.step for point in found] == sorted({point.step for point in found})
    assert all(same(point.value, values[int(point.step)]) for point in found)
    if values:
        assert found[-1].step == len(values) - 1
    numbers = [value for value in values if not math.isnan(value)]
    if numbers:
        kept = [point.value for point in found if not math.isnan(point.value)]
        assert min(kept) == min(numbers)
        assert max(kept) == max(numbers)
    if len(values) <= most - 3:
        assert len(found) == len(values)


def test_a_long_series_is_thinned_evenly() -> None:
    series = Series()
    count = 100_000
    for step in range(count):
        series.add(Point(step, math.sin(step), 0.0))
    found = [point.step for point in series.points()]
    assert MOST / 4 < len(found) <= MOST
    assert max(b - a for a, b in pairwise(found)) <= 8 * count / len(found)
    halves = sum(step < count / 2 for step in found)
    assert 0.4 < halves / len(found) < 0.6


@given(points=st.lists(st.tuples(values, values, values), max_size=30))
def test_packed_series_unpack_the_same(points: list[tuple[float, float, float]]) -> None:
    curve = unpacked(packed([Point(*point) for point in points]))
    assert curve is not None
    for column, wanted in zip(curve, zip(*points, strict=True), strict=False):
        assert all(same(a, b) for a, b in zip(column, wanted, strict=True))
    assert all(len(column) == len(points) for column in curve)


@given(data=st.binary(max_size=64))
def test_foreign_bytes_are_no_series(data: bytes) -> None:
    assert unpacked(data) is None or data.startswith(b"crv1")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_series_are_written_at_most_once_a_second_and_read_back(tmp_path: Path) -> None:
    clock = Clock()
    with Journal.create(tmp_path) as journal:
        writer = CurveWriter(journal, "e1", 1, clock)

        def lengths() -> dict[str, int]:
            return {name: len(curve.step) for name, curve in read_curves(journal, "e1", 1).items()}

        writer.add("loss", 1, 3.5, 0.1)
        assert lengths() == {"loss": 1}
        writer.add("loss", 2, 3.25, 0.2)
        writer.add("lr", 2, 0.1, 0.2)
        assert lengths() == {"loss": 1}
        clock.now += 1
        writer.write()
        assert lengths() == {"loss": 2, "lr": 1}
        writer.add("loss", 3, math.nan, 0.3)
        writer.write(now=True)
        loss = read_curves(journal, "e1", 1)["loss"]
        assert loss.step == array("d", [1, 2, 3])
        assert loss.value[:2] == array("d", [3.5, 3.25])
        assert math.isnan(loss.value[2])
        assert loss.seconds == array("d", [0.1, 0.2, 0.3])
        assert read_curves(journal, "e1", 2) == {}


def test_a_full_disk_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with Journal.create(tmp_path) as journal:
        writer = CurveWriter(journal, "e1", 1, clock)
        with monkeypatch.context() as patch:

            def full(*asked: object) -> None:
                raise JournalFull(journal.path, "database or disk is full")

            patch.setattr(journal, "save_curves", full)
            writer.add("loss", 1, 3.5, 0.1)
        clock.now += 1
        writer.write()
        assert len(read_curves(journal, "e1", 1)["loss"].step) == 1


def test_a_damaged_series_is_left_out(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        journal.save_curves("e1", 1, {"loss": packed([Point(1, 2, 3)]), "bad": b"crv1\x09\x00\x00\x00"})
        assert list(read_curves(journal, "e1", 1)) == ["loss"]


def test_an_empty_series_has_three_empty_columns() -> None:
    assert unpacked(packed([])) == (array("d"), array("d"), array("d"))
