"""The circles leaf: a packing is judged in exact arithmetic, and nothing that is no packing passes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from .conftest import Leaf, metric

LARGE = 0.1


def grid() -> list[list[Any]]:
    """25 touching circles in 5 columns and rows, exactly on a dyadic grid, and a small one in a corner."""
    step, radius = 0.1875, 0.09375
    circles: list[list[Any]] = [[radius + step * x, radius + step * y, radius] for x in range(5) for y in range(5)]
    return [*circles, [0.96875, 0.96875, 0.03125]]


@pytest.fixture
def leaf(copy_of: Callable[[str], Leaf]) -> Leaf:
    copied = copy_of("circles")
    (copied.path / "out").mkdir()
    return copied


def hand_in(leaf: Leaf, circles: object) -> None:
    (leaf.path / "out" / "circles.json").write_text(json.dumps(circles))


def test_starter_packs_and_scores_modestly(leaf: Leaf) -> None:
    leaf.run("pack.py")
    first = (leaf.path / "out" / "circles.json").read_bytes()
    assert 2.3 < metric(leaf.run("evaluate.py"), "sum_radii") < 2.55
    leaf.run("pack.py")
    assert (leaf.path / "out" / "circles.json").read_bytes() == first


def test_single_constants_help_and_hurt(leaf: Leaf) -> None:
    leaf.run("pack.py")
    start = metric(leaf.run("evaluate.py"), "sum_radii")
    leaf.set("pack.py", PATTERN="grid")
    leaf.run("pack.py")
    better = metric(leaf.run("evaluate.py"), "sum_radii")
    leaf.set("pack.py", PATTERN="random", STEP_SIZE=0.001)
    leaf.run("pack.py")
    assert metric(leaf.run("evaluate.py"), "sum_radii") < start < better


def test_touching_circles_are_a_packing(leaf: Leaf) -> None:
    hand_in(leaf, grid())
    assert leaf.run("evaluate.py").splitlines()[-1] == "sum_radii: 2.375000000000"


def test_sum_is_rounded_down(leaf: Leaf) -> None:
    circles = grid()
    circles[-1][2] = math.nextafter(0.03125, 0)
    hand_in(leaf, circles)
    assert leaf.run("evaluate.py").splitlines()[-1] == "sum_radii: 2.374999999999"


def test_overlap_by_a_trillionth_is_refused(leaf: Leaf) -> None:
    circles = grid()
    circles[7][0] += 1e-12
    hand_in(leaf, circles)
    assert "overlap" in leaf.refusal()


def test_overlap_smaller_than_a_double_can_see_is_refused(leaf: Leaf) -> None:
    """Two circles along a diagonal whose squared distance and squared sum of radii are the same double, but overlap."""
    circles = grid()
    for number, circle in enumerate(circles):
        circles[number] = [circle[0] / 4, circle[1] / 4, circle[2] / 4]
    radius, near = 0.1, 0.6
    far = near + 0.2 / math.sqrt(2)
    while Fraction(far - near) ** 2 * 2 >= (Fraction(radius) * 2) ** 2:
        far = math.nextafter(far, 0)
    circles[0], circles[1] = [near, near, radius], [far, far, radius]
    hand_in(leaf, circles)
    assert "circles 0 and 1 overlap" in leaf.refusal()
    circles[1][0] = math.nextafter(math.nextafter(far, 1), 1)
    hand_in(leaf, circles)
    leaf.run("evaluate.py")


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("where", ["low", "high"])
def test_outside_by_a_quadrillionth_is_refused(leaf: Leaf, axis: int, where: str) -> None:
    circles = [[x, y, radius / 2] for x, y, radius in grid()]
    circles[0][2] = radius = 0.0625
    circles[0][axis] = radius - 1e-15 if where == "low" else 1 - radius + 1e-15
    circles[0][1 - axis] = 0.5
    del circles[1:3]
    circles += [[0.97, 0.95, 0.001], [0.97, 0.96, 0.001]]
    hand_in(leaf, circles)
    assert "circle 0 leaves the square" in leaf.refusal()


@pytest.mark.parametrize("radius", [math.nan, math.inf, -0.01, 0, 1e999, True, "0.1", None, [0.1]])
def test_radii_that_are_none_are_refused(leaf: Leaf, radius: object) -> None:
    circles = grid()
    circles[3][2] = radius
    hand_in(leaf, circles)
    assert "circle 3" in leaf.refusal()


@pytest.mark.parametrize("count", [0, 25, 27])
def test_another_number_of_circles_is_refused(leaf: Leaf, count: int) -> None:
    hand_in(leaf, [*grid(), [0.98, 0.1, 0.001]][:count])
    assert "26 circles" in leaf.refusal()


@pytest.mark.parametrize("text", ["", "{}", "[", "[" * 30_000, "[[1" + "0" * 5_000 + ",0,0]]", "3", '"x"', "\x00"])
def test_files_that_are_no_packing_are_refused(leaf: Leaf, text: str) -> None:
    (leaf.path / "out" / "circles.json").write_text(text)
    leaf.refusal()


def test_large_missing_and_linked_files_are_refused(leaf: Leaf, tmp_path: Path) -> None:
    assert "left no out/circles.json" in leaf.refusal()
    packing = leaf.path / "out" / "circles.json"
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps(grid()))
    packing.symlink_to(elsewhere)
    assert "plain file" in leaf.refusal()
    packing.unlink()
    packing.write_text(json.dumps(grid()) + " " * 70_000)
    assert "plain file" in leaf.refusal()
