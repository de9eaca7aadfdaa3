from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from praxtui.tui.widgets.columns import Column, Piece, arranged, fitted

COLUMNS = st.lists(
    st.builds(
        Column,
        key=st.just("k"),
        title=st.just("t"),
        width=st.integers(1, 30),
        drop=st.integers(0, 4),
        grows=st.booleans(),
        gap=st.integers(0, 3),
        wish=st.integers(0, 40),
    ),
    max_size=8,
)


@given(COLUMNS, st.integers(-3, 200))
def test_columns_stand_side_by_side_within_the_width(columns: list[Column], width: int) -> None:
    slots = arranged(columns, width)
    end = 0
    for i, slot in enumerate(slots):
        assert slot.width > 0
        assert slot.at == end + (columns[slot.column].gap if i else 0)
        end = slot.at + slot.width
    assert end <= max(0, width)
    assert [slot.column for slot in slots] == sorted({slot.column for slot in slots})


@given(COLUMNS, st.integers(1, 200))
def test_where_a_column_grows_the_whole_width_is_used(columns: list[Column], width: int) -> None:
    slots = arranged(columns, width)
    if any(columns[slot.column].grows for slot in slots) and slots[-1].width >= columns[slots[-1].column].width:
        assert slots[-1].at + slots[-1].width == width


@given(COLUMNS, st.integers(1, 200))
def test_a_column_is_left_out_only_with_all_that_are_dropped_before_it(columns: list[Column], width: int) -> None:
    kept = {slot.column for slot in arranged(columns, width)}
    for index, column in enumerate(columns):
        if index in kept and column.drop:
            later = [i for i, other in enumerate(columns) if (other.drop, i) < (column.drop, index)]
            assert kept >= {i for i in later if columns[i].drop}


def test_a_growing_column_gets_what_it_wishes_before_less_important_ones_get_room() -> None:
    columns = [Column("id", "id", 4), Column("text", "text", 6, 1, grows=True, wish=20), Column("cost", "cost", 5, 2)]
    assert [slot.column for slot in arranged(columns, 33)] == [0, 1, 2]
    assert [slot.column for slot in arranged(columns, 32)] == [0, 1]
    assert [slot.width for slot in arranged(columns, 12)] == [4, 6]
    assert [slot.column for slot in arranged(columns, 11)] == [0]


ANY = st.lists(st.builds(Piece, st.text(max_size=12), st.sampled_from(["", "good"])), max_size=4)


@given(ANY, st.integers(0, 30), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(pieces: list[Piece], width: int, right: bool) -> None:
    drawn = fitted(pieces, width, right)
    assert sum(cell_len(piece.text) for piece in drawn) == width


@given(st.text(), st.integers(0, 30))
def test_no_control_character_reaches_the_terminal(text: str, width: int) -> None:
    assert not any(c < " " or "\x7f" <= c <= "\x9f" for piece in fitted(text, width) for c in piece.text)


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert fitted("warmdown", 5) == [Piece("warm…", "")]
    assert fitted([Piece("keep ", "good"), Piece("prov.", "weak")], 7) == [Piece("keep ", "good"), Piece("p…", "weak")]
    assert fitted("日本語", 4) == [Piece("日 …", "")]


def test_numbers_stand_at_the_right() -> None:
    assert "".join(piece.text for piece in fitted("1.5", 6, right=True)) == "   1.5"
