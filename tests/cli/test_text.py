"""Tables and numbers for people, JSON for programs."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.cli.text import print_json, table
from praxtui.journal.shown import clock, cut, delta, metric, money, plain, size, width


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.42, "0.4s"), (9.94, "9.9s"), (9.96, "0:10"), (19, "0:19"), (59.6, "1:00"), (192, "3:12"), (975, "16:15"),
        (3599.4, "59:59"), (3599.6, "1h00"), (5 * 3600 + 12 * 60, "5h12"), (86399, "1d00h"), (86370, "1d00h"),
        (3 * 86400 + 4 * 3600, "3d04h"), (None, "-"), (math.nan, "-"), (-1, "-"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [(0, "free"), (1.83, "$1.83"), (0.1, "$0.10"), (0.0042, "$0.0042"), (125.5, "$125.50"), (None, "-")],
)
def test_money(usd: float | None, shown: str) -> None:
    assert money(usd) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.96974, "0.9697"), (2.63586, "2.6359"), (0, "0.0000"), (12.345678, "12.346"), (-812.3456, "-812.35"),
        (50123.456, "50123.5"), (0.0012345, "0.001234"), (1.2e-5, "1.2e-05"), (3e9, "3e+09"), (None, "-"),
    ],
)  # fmt: skip
def test_metrics(value: float | None, shown: str) -> None:
    assert metric(value) == shown


@pytest.mark.parametrize(
    ("value", "in_sd", "shown"),
    [
        (0.1, 0.3, "+0.3 sd"), (-0.1, -2.94, "-2.9 sd"), (0.01234567, None, "+0.01235"), (0.0, None, "0"),
        (None, None, "-"),
    ],
)  # fmt: skip
def test_deltas(value: float | None, in_sd: float | None, shown: str) -> None:
    assert delta(value, in_sd) == shown


@pytest.mark.parametrize(
    ("octets", "shown"), [(0, "0 B"), (812, "812 B"), (98_400_000, "98.4 MB"), (1.2e12, "1.2 TB"), (5e15, "5000.0 TB")]
)
def test_sizes(octets: float, shown: str) -> None:
    assert size(octets) == shown


def test_a_table_is_aligned_and_ends_no_line_in_spaces() -> None:
    rows = [["e1", "keep", "0.9697"], ["e12", "discard", "12.0"], ["e3", "", ""]]
    assert table(["id", "verdict", "value"], rows, right=["value"]).splitlines() == [
        "id   verdict   value",
        "e1   keep     0.9697",
        "e12  discard    12.0",
        "e3",
    ]


def test_a_table_fits_the_terminal_by_cutting_the_last_column() -> None:
    shown = table(["id", "hypothesis"], [["e1", "x" * 200]], columns=40).splitlines()
    assert [len(line) for line in shown] == [len("id  hypothesis"), 40]
    assert shown[1].endswith("…")


def test_a_table_counts_wide_characters_twice() -> None:
    shown = table(["a", "b"], [["漢字", "1"], ["abcd", "2"]]).splitlines()
    assert shown[1:] == ["漢字  1", "abcd  2"]


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=5))
def test_no_cell_can_steer_the_terminal_or_break_the_table(rows: list[list[str]]) -> None:
    shown = table(["a", "b", "c"], rows)
    assert len(shown.split("\n")) == len(rows) + 1
    assert all(c == "\n" or c.isprintable() or c == " " or not c.isascii() for c in shown)
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_plain_keeps_words_and_drops_what_steers() -> None:
    assert plain("LR .6\n\t→  .8") == "LR .6 → .8"
    assert plain("\x1b[31mred\x07") == "?[31mred?"
    assert "\u202e" not in plain("a\u202eb")


@given(st.text(max_size=40), st.integers(0, 40))
def test_cut_keeps_to_its_columns(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_json_is_one_document_whatever_the_values(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    class Row(msgspec.Struct):
        value: float
        path: str

    print_json([Row(math.nan, "漢字"), {"a": (1, None)}])
    out = capsysbinary.readouterr().out
    assert json.loads(out) == [{"value": None, "path": "漢字"}, {"a": [1, None]}]


def test_json_lines(capsys) -> None:
    print_json({"id": "e1", "text": "a\nb"}, line=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"id": "e1", "text": "a\nb"}
