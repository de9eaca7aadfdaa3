"""Where the panes stand, at every size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from praxtui.tui.arrangement import LEAST, PANES, Shares, arranged, border_at, grown, shape

share = st.integers(-200, 200)
shares = st.builds(Shares, share, share, share, share)


@given(st.integers(100, 400), st.integers(24, 120), shares, st.sampled_from(["normal", "wide"]))
def test_the_panes_cover_the_area_once(width, height, shares, how) -> None:
    regions = arranged(width, height, how, shares)
    area = Region(0, 0, width, height)
    assert set(regions) == set(PANES)
    assert sum(region.area for region in regions.values()) == area.area
    for name, region in regions.items():
        assert area.contains_region(region)
        assert not any(region.overlaps(other) for key, other in regions.items() if key != name)


@given(st.integers(100, 400), st.integers(30, 120), shares, st.sampled_from(["normal", "wide"]))
def test_no_pane_is_made_smaller_than_can_be_read(width, height, shares, how) -> None:
    for region in arranged(width, height, how, shares).values():
        assert region.width >= LEAST.width
        assert region.height >= LEAST.height


@given(st.integers(0, 400), st.integers(0, 120))
def test_a_single_pane_has_all_the_room(width, height) -> None:
    assert set(arranged(width, height, "one").values()) == {Region(0, 0, width, height)}


@pytest.mark.parametrize(
    ("width", "height", "how"),
    [(80, 24, "one"), (120, 40, "normal"), (200, 60, "wide"), (200, 24, "one"), (99, 60, "one"), (200, 39, "normal")],
)
def test_the_shape_follows_the_terminal(width, height, how) -> None:
    assert shape(width, height) == how


@pytest.mark.parametrize("how", ["normal", "wide"])
@pytest.mark.parametrize("pane", PANES)
def test_a_pane_that_is_made_wider_and_taller_is_so(how, pane) -> None:
    before = arranged(200, 60, how)[pane]
    wider = arranged(200, 60, how, grown(Shares(), how, pane, wider=4))[pane]
    assert wider.width == before.width + 4
    if (how, pane) != ("wide", "program"):
        taller = arranged(200, 60, how, grown(Shares(), how, pane, taller=4))[pane]
        assert taller.height == before.height + 4


@given(st.sampled_from(["normal", "wide"]), st.integers(0, 199), st.integers(0, 59), st.integers(-3, 3))
def test_a_border_follows_the_hand(how, x, y, by) -> None:
    before = arranged(200, 60, how)
    border = border_at(before, how, x, y)
    edges = {r.x for r in before.values()} - {0}, {r.y for r in before.values()} - {0}
    if border is None:
        return
    after = arranged(200, 60, how, border.moved(Shares(), by, by))
    moved = {r.x for r in after.values()} - {0}, {r.y for r in after.values()} - {0}
    axis = 0 if border.across else 1
    place = (x, y)[axis]
    edge = next(e for e in edges[axis] if place in (e - 1, e))
    assert edge + by in moved[axis]
    assert edges[1 - axis] == moved[1 - axis]


@pytest.mark.parametrize("how", ["normal", "wide"])
def test_every_edge_between_panes_is_a_border_and_nothing_else_is(how) -> None:
    regions = arranged(120, 40, how)
    for x in range(120):
        for y in range(40):
            here = next(r for r in regions.values() if r.contains(x, y))
            inner = (here.x > 0 and x == here.x) or (here.right < 120 and x == here.right - 1)
            inner = inner or (here.y > 0 and y == here.y) or (here.bottom < 40 and y == here.bottom - 1)
            assert (border_at(regions, how, x, y) is not None) == inner
    assert border_at(regions, "one", 30, 10) is None


def test_a_single_pane_cannot_grow() -> None:
    assert grown(Shares(), "one", "ledger", wider=9, taller=9) == Shares()
