from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.color import Color

from praxtui.journal.log_lines import Part
from praxtui.journal.logs import SHOWN, collapse
from praxtui.tui.widgets.log_colours import NAMES, READABLE, Colours, contrast
from praxtui.tui.widgets.log_text import PLAIN, Look, sgr, shown, styled

ESCAPED = st.sampled_from(
    [b"\x1b[31m", b"\x1b[0m", b"\x1b[1;38;5;208m", b"\x1b[38;2;1;2;3m", b"\x1b[", b"\x1b]0;title\x07", b"\x1b[2J",
     b"\x1bP1$r\x1b\\", b"\x9b31m", "\x9b31m".encode(), b"\t", b"\r", b"\x08", b"\x07", b"\x00", "\u202e".encode(),
     "日本".encode(), "e\u0301".encode(), b"\xff", b"\x1b]8;;http://x\x1b\\", b"\x1bc", b"\x1b[?1049h", b"\x1b[38;5m"]
)  # fmt: skip
PRINTED = st.lists(ESCAPED | st.text(max_size=6).map(str.encode) | st.binary(max_size=6)).map(b"".join)


def line(raw: bytes) -> bytes:
    return raw.replace(b"\n", b" ")


@given(PRINTED)
def test_the_text_is_the_plain_text_whatever_was_printed(raw: bytes) -> None:
    assert styled(line(raw)).text == collapse(line(raw))


@given(PRINTED)
def test_no_control_character_gets_through(raw: bytes) -> None:
    found = styled(line(raw))
    pieces = [text for text, _ in found.pieces()]
    assert "".join(pieces) == found.text
    assert all(pieces)
    for character in found.text:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert character not in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


@given(PRINTED, st.integers(0, 30), st.integers(0, 30))
def test_a_part_of_a_line_looks_as_it_does_in_the_whole(raw: bytes, begin: int, length: int) -> None:
    found = styled(line(raw))
    begin = min(begin, len(found.text))
    end = min(begin + length, len(found.text))
    letters = [(letter, look) for text, look in found.pieces() for letter in text]
    assert [(letter, look) for text, look in found.pieces(begin, end) for letter in text] == letters[begin:end]


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ("", PLAIN),
        ("1;31", Look(bold=True, fore=1)),
        ("92", Look(fore=10)),
        ("44;107", Look(back=15)),
        ("38;5;208;4", Look(fore=208, underline=True)),
        ("38;2;1;2;3;48;5;9", Look(fore=(1, 2, 3), back=9)),
        ("38:2::9:8:7", Look(fore=(9, 8, 7))),
        ("38:5:77", Look(fore=77)),
        ("4:3;58;5;1;9", Look(underline=True, strike=True)),
        ("1;3;7;22;23", Look(reverse=True)),
        ("31;39;41;49", PLAIN),
        ("38;5", PLAIN),
        ("38;5;999;1", Look(bold=True)),
        ("38;2;1;2;300", PLAIN),
        ("99999999999999999999", PLAIN),
        ("1;;3", Look(italic=True)),
    ],
)
def test_colours_and_weights_are_read(parameters: str, look: Look) -> None:
    assert sgr(PLAIN, parameters) == look


def test_a_colour_holds_from_where_it_is_switched_on() -> None:
    found = styled(b"loss \x1b[32m3.2\x1b[0m, \x1b]0;evil\x07done")
    assert list(found.pieces()) == [("loss ", PLAIN), ("3.2", Look(fore=2)), (", done", PLAIN)]


def test_a_rewritten_line_is_as_it_was_written_last() -> None:
    assert styled(b" 10%|#   |\r \x1b[31m99%|####|\r").text == " 99%|####|"


def test_tabs_reach_the_same_columns_through_colours() -> None:
    assert styled(b"ab\x1b[31m\tc\x1b[0md\te").text == "ab      cd      e"


def test_a_long_line_shows_both_ends_and_says_what_is_between() -> None:
    found = shown(Part(b"\x1b[31mred" * 3, b"the end", 1_234_567))
    assert found.text == "redredred … [1,234,567 bytes] … the end"
    assert list(found.pieces())[-1] == ("the end", PLAIN)
    assert shown(Part(b"x" * SHOWN, b" 1%\r 2%", 9)).text == " 2%"


COLOURS = st.integers(16, 255) | st.tuples(*[st.integers(0, 255)] * 3)


@given(COLOURS, st.sampled_from([("#e0e0e0", "#121212"), ("#1a1a1a", "#fafafa"), ("#ffffff", "#000000")]))
def test_every_colour_can_be_read(colour: int | tuple[int, int, int], theme: tuple[str, str]) -> None:
    colours = Colours(Style.parse(f"{theme[0]} on {theme[1]}"), lambda name: Style())
    fore = colours.style(Look(fore=colour)).color
    assert fore is not None
    assert contrast(Color.from_rich_color(fore), Color.parse(theme[1])) >= READABLE


def test_the_sixteen_colours_are_those_of_the_theme() -> None:
    asked: list[str] = []

    def component(name: str) -> Style:
        asked.append(name)
        return Style.parse("#112233 on #445566")

    colours = Colours(Style.parse("white on black"), component)
    for n in range(8):
        colours.style(Look(fore=n, back=n + 8))
    assert set(asked) == {*NAMES, *(f"on-{name}" for name in NAMES)}
    assert colours.style(Look(fore=1)).color == Style.parse("#112233").color
    assert colours.style(Look(back=1)).bgcolor == Style.parse("on #445566").bgcolor


@given(COLOURS)
def test_plain_letters_on_a_coloured_background_are_as_readable_as_the_theme_allows(
    colour: int | tuple[int, int, int],
) -> None:
    base = Style.parse("#e0e0e0 on #121212")
    style = Colours(base, lambda name: Style()).style(Look(back=colour))
    assert style.color in (base.color, base.bgcolor)
    assert style.bgcolor is not None
    back = Color.from_rich_color(style.bgcolor)
    assert contrast(Color.from_rich_color(style.color), back) >= READABLE
