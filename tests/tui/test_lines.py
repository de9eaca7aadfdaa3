"""The lines around the panes: what they leave out where there is little room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.shown import width
from praxtui.tui.status_line import GAP, Part, fitted
from praxtui.tui.widgets.footer import Key, fitting
from praxtui.tui.widgets.tabs import labels

parts = st.lists(st.builds(Part, st.text("ab 漢", min_size=1, max_size=20), st.integers(0, 9)), max_size=12)
keys = st.lists(
    st.builds(Key, st.sampled_from(["h", "space", "ctrl+p"]), st.text("abc", max_size=12), st.integers(1, 95)),
    max_size=20,
)


@given(parts, st.integers(0, 200), st.integers(1, 2))
def test_what_must_be_said_stays_and_what_may_be_left_out_goes_first(found, columns, lines) -> None:
    rows = fitted(found, columns, lines)
    said = [part for row in rows for part in row]
    left_out = list(found)
    for part in said:
        left_out.remove(part)
    assert len(rows) <= lines
    if left_out and said and all(part.rank for part in left_out):
        assert min(part.rank for part in left_out) >= max(part.rank for part in said)


@given(parts, st.integers(60, 200))
def test_a_line_of_several_parts_fits(found, columns) -> None:
    for row in fitted(found, columns, 2):
        if len(row) > 1:
            assert 1 + sum(width(part.text) for part in row) + GAP * (len(row) - 1) <= columns


@given(keys, st.integers(0, 200))
def test_the_keys_fit_and_the_way_out_is_kept_longest(found, columns) -> None:
    kept = fitting(found, columns)
    assert sum(width(key.keys) + 1 + width(key.label) + 2 for key in kept) <= max(columns, 0) + 1
    if found and kept:
        assert kept[-1].rank == max(key.rank for key in found)


def test_where_room_is_short_the_other_panes_are_numbers() -> None:
    names = ("program", "metrics", "ledger")
    assert labels(names, 1, 80) == [" 1 program ", " 2 metrics ", " 3 ledger "]
    assert labels(names, 1, 20) == [" 1 ", " 2 metrics ", " 3 "]
