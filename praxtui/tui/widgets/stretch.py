"""Which stretch of the x axis is shown: zooming, moving along, and staying at the end of what grows. Pure."""

from __future__ import annotations

from typing import NamedTuple

CLOSEST = 2.0**16
"""How far in one can zoom."""


class Stretch(NamedTuple):
    """From `left` to `right`, ends included."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """In the unit of the axis."""
        return self.right - self.left


def zoomed(shown: Stretch, whole: Stretch, factor: float, at: float | None = None) -> Stretch:
    """`factor` times as close (further where it is below 1) around `at`, which stays where it is on the screen.

    Without `at`: around the middle; around the end where that is in sight, since the newest is there.
    """
    if at is None:
        at = shown.right if shown.right >= whole.right else (shown.left + shown.right) / 2
    wide = max(whole.width / CLOSEST, min(whole.width, shown.width / factor))
    share = (at - shown.left) / shown.width if shown.width > 0 else 0.5
    return _inside(Stretch(at - share * wide, at - share * wide + wide), whole)


def moved(shown: Stretch, whole: Stretch, share: float) -> Stretch:
    """Moved by a share of what is shown, as far as there is anything."""
    by = share * shown.width
    return _inside(Stretch(shown.left + by, shown.right + by), whole)


def followed(shown: Stretch, before: Stretch, whole: Stretch) -> Stretch:
    """What is shown once the whole is another: at the end where it was at the end, else the same, as far as it goes."""
    by = whole.right - before.right if shown.right >= before.right else 0.0
    return _inside(Stretch(shown.left + by, shown.right + by), whole)


def reaching(shown: Stretch, whole: Stretch, x: float) -> Stretch:
    """Moved no further than it takes to have `x` in sight."""
    by = min(0.0, x - shown.left) + max(0.0, x - shown.right)
    return _inside(Stretch(shown.left + by, shown.right + by), whole) if by else shown


def _inside(shown: Stretch, whole: Stretch) -> Stretch:
    if shown.width >= whole.width:
        return whole
    if shown.left < whole.left:
        return Stretch(whole.left, min(whole.right, whole.left + shown.width))
    if shown.right > whole.right:
        return Stretch(max(whole.left, whole.right - shown.width), whole.right)
    return shown
