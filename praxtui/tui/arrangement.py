"""Where the panes stand on a terminal of any size: pure arithmetic, and the Textual layout that applies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement

if TYPE_CHECKING:
    from textual.widget import Widget

Shape = Literal["one", "normal", "wide"]
PANES = ("program", "metrics", "ledger", "researcher", "output")
"""In the order of their numbers, which start at 1."""

# Below either, panes side by side would show too little of each.
NORMAL = Size(100, 30)
WIDE = Size(160, 40)
LEAST = Size(20, 5)  # no pane is made smaller than this by hand


class Shares(NamedTuple):
    """How large a person made the panes: cells added to what the arrangement gives. Never more than there is room."""

    left: int = 0  # width of the program
    right: int = 0  # width of the output's column
    upper: int = 0  # height of the metrics
    lower: int = 0  # height of the bottom row, in a wide arrangement of the output


def shape(width: int, height: int) -> Shape:
    """The arrangement for a screen of this many columns and rows."""
    if width < NORMAL.width or height < NORMAL.height:
        return "one"
    return "wide" if width >= WIDE.width and height >= WIDE.height else "normal"


def arranged(width: int, height: int, how: Shape, shares: Shares = Shares()) -> dict[str, Region]:  # noqa: B008
    """The region of every pane in an area of `width` by `height` cells; in shape `one` every pane has all of it."""
    if how == "one":
        return dict.fromkeys(PANES, Region(0, 0, width, height))
    return (_wide if how == "wide" else _normal)(width, height, shares)


def _normal(width: int, height: int, shares: Shares) -> dict[str, Region]:
    """Program beside metrics over ledger; below them researcher and output."""
    left = _within(min(34, width // 4 + 4) + shares.left, width, LEAST.width)
    lower = _within(max(10, height * 3 // 10) + shares.lower, height, LEAST.height, rest=2)
    top = height - lower
    upper = _within(max(9, top * 2 // 5) + shares.upper, top, LEAST.height)
    right = _within(width // 2 + shares.right, width, LEAST.width)
    return {
        "program": Region(0, 0, left, top),
        "metrics": Region(left, 0, width - left, upper),
        "ledger": Region(left, upper, width - left, top - upper),
        "researcher": Region(0, top, width - right, lower),
        "output": Region(width - right, top, right, lower),
    }


def _wide(width: int, height: int, shares: Shares) -> dict[str, Region]:
    """Program left, metrics over ledger in the middle, researcher over output on the right."""
    left = _within(min(40, width // 5) + shares.left, width // 2, LEAST.width)
    right = _within(width * 3 // 10 + shares.right, width // 2, LEAST.width)
    middle = width - left - right
    upper = _within(height * 2 // 5 + shares.upper, height, LEAST.height)
    lower = _within(height // 2 + shares.lower, height, LEAST.height)
    return {
        "program": Region(0, 0, left, height),
        "metrics": Region(left, 0, middle, upper),
        "ledger": Region(left, upper, middle, height - upper),
        "researcher": Region(left + middle, 0, right, height - lower),
        "output": Region(left + middle, height - lower, right, lower),
    }


def _within(wanted: int, whole: int, least: int, rest: int = 1) -> int:
    """`wanted` cells of `whole`, so that this part keeps the least, and so does each of the `rest` beside it."""
    least = min(least, whole // (1 + rest))
    return max(least, min(wanted, whole - rest * least))


# Which share a key changes for a pane, and in which sense, per shape: (wider, taller).
GROWS: Mapping[str, Mapping[str, tuple[tuple[str, int], tuple[str, int]]]] = {
    "normal": {
        "program": (("left", 1), ("lower", -1)),
        "metrics": (("left", -1), ("upper", 1)),
        "ledger": (("left", -1), ("upper", -1)),
        "researcher": (("right", -1), ("lower", 1)),
        "output": (("right", 1), ("lower", 1)),
    },
    "wide": {
        "program": (("left", 1), ("upper", 0)),
        "metrics": (("right", -1), ("upper", 1)),
        "ledger": (("right", -1), ("upper", -1)),
        "researcher": (("right", 1), ("lower", -1)),
        "output": (("right", 1), ("lower", 1)),
    },
}


def grown(shares: Shares, how: Shape, pane: str, *, wider: int = 0, taller: int = 0) -> Shares:
    """The shares after a pane was made so many cells wider and taller; as they were where there is one pane only."""
    if how == "one":
        return shares
    across, along = GROWS[how][pane]
    for (name, sense), cells in ((across, wider), (along, taller)):
        shares = shares._replace(**{name: max(-200, min(200, getattr(shares, name) + sense * cells))})
    return shares


class Border(NamedTuple):
    """What stands between two panes: the share that it moves, in which sense, and whether it is moved sideways."""

    share: str
    sense: int
    across: bool

    def moved(self, shares: Shares, right: int, down: int) -> Shares:
        """The shares after the border was moved by so many cells."""
        cells = self.sense * (right if self.across else down)
        return shares._replace(**{self.share: max(-200, min(200, getattr(shares, self.share) + cells))})


def border_at(regions: Mapping[str, Region], how: Shape, x: int, y: int) -> Border | None:
    """The border between two panes at a cell: the last column or row of the one, the first of the other."""
    if how == "one":
        return None
    for region in regions.values():
        if region.x and x in (region.x - 1, region.x) and region.y <= y < region.bottom:
            before = next((name for name, other in regions.items() if other.contains(region.x - 1, y)), None)
            if before is not None:
                return Border(*GROWS[how][before][0], across=True)
    for name, region in regions.items():
        if region.y and y in (region.y - 1, region.y) and region.x <= x < region.right:
            share, sense = GROWS[how][name][1]
            return Border(share, -sense, across=False)
    return None


class Arrangement(Layout):
    """Lays out children named like PANES as `arranged` says; a child of another name is not shown."""

    name = "panes"

    def __init__(self, shares: Callable[[], Shares], how: Callable[[], Shape]) -> None:
        self._shares = shares
        self._how = how

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Called by Textual for the children that are displayed."""
        parent.pre_layout(self)
        regions = arranged(size.width, size.height, self._how(), self._shares())
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, Spacing(), child)
            for child in children
            if child.id is not None and child.id in regions
        ]
