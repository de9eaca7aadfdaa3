"""Judge a packing exactly: 26 circles inside the unit square, none overlapping another. Prints `sum_radii: ...` last.

Arithmetic: every number in `out/circles.json` is read as the double nearest to what is written, and that double is
taken as the exact fraction that it is. Containment (x - r >= 0, x + r <= 1, the same for y), separation ((x1 - x2)^2
+ (y1 - y2)^2 >= (r1 + r2)^2) and the sum are then computed in fractions, without any rounding and without a
tolerance: circles may touch, and that is all. The sum is printed rounded down to 12 decimals.
"""

from __future__ import annotations

import json
import math
import stat
import sys
from fractions import Fraction
from itertools import combinations
from pathlib import Path

CIRCLES = 26
PACKING = Path(__file__).resolve().parent / "out" / "circles.json"
LARGEST_FILE = 64 << 10  # bytes
DECIMALS = 12

Circle = tuple[Fraction, Fraction, Fraction]


class Refused(Exception):
    """The file is no packing; the message is the reason, one line."""


def read(path: Path) -> list[Circle]:
    """The circles as exact (x, y, radius); Refused unless the file is a list of 26 lists of three finite numbers."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        raise Refused(f"the run left no {path.parent.name}/{path.name}") from None
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_FILE:
        raise Refused(f"{path.name} is no plain file of at most {LARGEST_FILE} bytes")
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Refused(f"{path.name} is not JSON") from None
    if not isinstance(rows, list) or len(rows) != CIRCLES:
        found = f"{len(rows)} entries" if isinstance(rows, list) else type(rows).__name__
        raise Refused(f"{path.name} holds {found}; a list of {CIRCLES} circles is due")
    return [circle(number, row) for number, row in enumerate(rows)]


def circle(number: int, row: object) -> Circle:
    if not isinstance(row, list) or len(row) != 3:
        raise Refused(f"circle {number} is not [x, y, radius]")
    for value in row:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1 or not math.isfinite(value):
            raise Refused(f"circle {number} holds {str(value)[:40]}; numbers from -1 to 1 are due")
    x, y, radius = (Fraction(float(value)) for value in row)
    return x, y, radius


def check(circles: list[Circle]) -> None:
    """Refused unless every circle has a radius above zero and lies in the square, and no two overlap."""
    for number, (x, y, radius) in enumerate(circles):
        if radius <= 0:
            raise Refused(f"circle {number} has the radius {float(radius)!r}; it must be above zero")
        beyond = max(radius - x, x + radius - 1, radius - y, y + radius - 1)
        if beyond > 0:
            raise Refused(f"circle {number} leaves the square by {float(beyond):.3g}")
    for (first, (x1, y1, r1)), (second, (x2, y2, r2)) in combinations(enumerate(circles), 2):
        if (x1 - x2) ** 2 + (y1 - y2) ** 2 < (r1 + r2) ** 2:
            overlap = float(r1 + r2) - math.hypot(float(x1 - x2), float(y1 - y2))
            raise Refused(f"circles {first} and {second} overlap by about {max(overlap, 0.0):.3g}")


def rounded_down(value: Fraction) -> str:
    """A value that is not negative, with DECIMALS decimals, never more than it is."""
    whole, rest = divmod(math.floor(value * 10**DECIMALS), 10**DECIMALS)
    return f"{whole}.{rest:0{DECIMALS}d}"


def main() -> None:
    try:
        circles = read(PACKING)
        check(circles)
    except Refused as reason:
        sys.exit(f"evaluate.py: {reason}")
    radii = [radius for _, _, radius in circles]
    print(f"smallest_radius: {float(min(radii)):.6f}")
    print(f"largest_radius: {float(max(radii)):.6f}")
    print(f"sum_radii: {rounded_down(sum(radii, Fraction(0)))}")


if __name__ == "__main__":
    main()
