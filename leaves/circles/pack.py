"""Pack 26 circles into the unit square so that their radii add up to as much as possible. This is the file to change.

Several starts are improved side by side: gradient descent on (x, y, radius) with a penalty for overlap and for
leaving the square that grows as the steps go by. The best one is then settled, i.e. shrunk until it is a packing in
exact arithmetic, and written to `out/circles.json`.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CIRCLES = 26
SEED = 0
PATTERN = "random"  # grid | hexagonal | random: where the centres start
RESTARTS = 1  # starts improved side by side
JITTER = 0.02  # how far each start is moved away from its pattern, as a standard deviation
STEPS = 100
STEP_SIZE = 0.01  # of the first step; the last is FINAL_STEP_SIZE
FINAL_STEP_SIZE = 0.001
MOMENTUM = 0.9
PENALTY = 10.0  # weight of overlap at the first step; it grows evenly on a log scale to FINAL_PENALTY
FINAL_PENALTY = 30.0
KICKS = 0  # rounds of moving the best packing's centres by KICK and improving again
KICK = 0.03

Array = NDArray[np.float64]


def start(rng: np.random.Generator) -> Array:
    """[RESTARTS, 26, 3] circles: x, y, radius."""
    if PATTERN == "grid":
        across = np.linspace(0.1, 0.9, 5)
        centres = np.array([(x, y) for x in across for y in across] + [(0.2, 0.2)])
    elif PATTERN == "hexagonal":
        rows = [np.linspace(0.1, 0.9, 5) if row % 2 == 0 else np.linspace(0.2, 0.8, 4) for row in range(6)]
        centres = np.array([(x, 0.1 + 0.16 * row) for row, xs in enumerate(rows) for x in xs])[:CIRCLES]
    else:
        centres = rng.uniform(0.05, 0.95, (RESTARTS, CIRCLES, 2))
    centres = centres + rng.normal(0, JITTER, (RESTARTS, CIRCLES, 2))
    return np.concatenate([centres.clip(0.02, 0.98), np.full((RESTARTS, CIRCLES, 1), 0.05)], axis=2)


def slope(circles: Array, penalty: float) -> Array:
    """Gradient of  -sum(r) + penalty * (sum of squared overlaps and of squared distances out of the square)."""
    centres, radii = circles[..., :2], circles[..., 2]
    apart = centres[:, :, None] - centres[:, None]
    distance = np.sqrt((apart**2).sum(-1)) + 1e-12
    overlap = np.maximum(radii[:, :, None] + radii[:, None] - distance, 0)
    overlap[:, np.arange(CIRCLES), np.arange(CIRCLES)] = 0
    low = np.maximum(radii[..., None] - centres, 0)
    high = np.maximum(centres + radii[..., None] - 1, 0)
    push = -(apart * (overlap / distance)[..., None]).sum(2)
    uphill = np.empty_like(circles)
    uphill[..., :2] = 2 * penalty * (push + high - low)
    uphill[..., 2] = 2 * penalty * (overlap.sum(2) + (low + high).sum(-1)) - 1
    return uphill


def improve(circles: Array) -> Array:
    """Adam, with a step size that falls and a penalty that grows; radii stay positive."""
    circles = circles.copy()
    mean, square = np.zeros_like(circles), np.zeros_like(circles)
    for step in range(1, STEPS + 1):
        done = step / STEPS
        penalty = PENALTY * (FINAL_PENALTY / PENALTY) ** done
        size = STEP_SIZE * (FINAL_STEP_SIZE / STEP_SIZE) ** done
        uphill = slope(circles, penalty)
        mean = MOMENTUM * mean + (1 - MOMENTUM) * uphill
        square = 0.99 * square + 0.01 * uphill**2
        circles -= size * (mean / (1 - MOMENTUM**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-9)
        circles[..., 2] = np.maximum(circles[..., 2], 1e-4)
    return circles


def settle(circles: Array) -> Array:
    """One packing [26, 3]: centres into the square, radii shrunk until none overlap, then grown where there is room."""
    centres, radii = circles[:, :2].clip(1e-3, 1 - 1e-3), circles[:, 2]
    distance = np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(-1))
    distance[np.arange(CIRCLES), np.arange(CIRCLES)] = np.inf
    wall = np.minimum(centres, 1 - centres).min(1)
    radii = np.minimum(radii, wall)
    # Both circles of a pair shrink at least by the pair's own factor, so every pair fits afterwards.
    radii = radii * np.minimum((distance / (radii[:, None] + radii[None])).min(1), 1)
    for one in np.argsort(radii):
        radii[one] = max(radii[one], min(wall[one], (distance[one] - radii).min()))
    return np.column_stack([centres, radii])


def fits(circles: Array) -> bool:
    """Whether this is a packing, in exact arithmetic: the evaluator's own conditions."""
    exact = [tuple(Fraction(float(value)) for value in row) for row in circles]
    inside = all(0 < r <= min(x, y, 1 - x, 1 - y) for x, y, r in exact)
    pairs = combinations(exact, 2)
    return inside and all((x - u) ** 2 + (y - v) ** 2 >= (r + s) ** 2 for (x, y, r), (u, v, s) in pairs)


def trim(circles: Array) -> Array:
    """Take off the few units in the last place that rounding may have added."""
    while not fits(circles):
        circles[:, 2] *= 1 - 4e-16
    return circles


def best(candidates: Array) -> Array:
    return max((settle(circles) for circles in candidates), key=lambda packing: float(packing[:, 2].sum()))


def main() -> None:
    rng = np.random.default_rng(SEED)
    packing = best(improve(start(rng)))
    print(f"step 0 | sum: {packing[:, 2].sum():.6f}")
    for kick in range(1, KICKS + 1):
        moved = np.repeat(packing[None], RESTARTS, axis=0)
        moved[..., :2] += rng.normal(0, KICK, moved[..., :2].shape)
        packing = best(np.concatenate([packing[None], improve(moved)]))
        print(f"step {kick} | sum: {packing[:, 2].sum():.6f}")
    out = Path(__file__).resolve().parent / "out"
    out.mkdir(exist_ok=True)
    (out / "circles.json").write_text(json.dumps(trim(packing).tolist()))


if __name__ == "__main__":
    main()
