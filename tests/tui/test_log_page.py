from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from praxtui.journal import log_lines
from praxtui.journal.log_lines import LogLines, Span
from praxtui.journal.logs import collapse
from praxtui.tui.widgets import log_search
from praxtui.tui.widgets.log_page import Page, Place, Row, breaks
from praxtui.tui.widgets.log_search import hunt, wanted

PIECES = st.sampled_from(
    [b"\n", b"\n\n", b"loss", b"Loss 3", b"warm up\n", b"\x1b[31mlo\x1b[0mss\n", b"1%\r2%\r", b"x" * 30, b"y" * 7,
     b"\t", b"\xff", "日本語 wide\n".encode()]
)  # fmt: skip
RAW = st.lists(PIECES, max_size=25).map(b"".join)


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """Blocks so small that every line may meet a border of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_lines, "NEAR", 2)
        patch.setattr(log_lines, "FAR", 5)
        patch.setattr(log_lines, "LONG", 8)
        patch.setattr(log_search, "BLOCK", 9)
        yield


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "run.log"


def opened(path: Path, raw: bytes, most: int | None = None) -> LogLines:
    path.write_bytes(raw)
    lines = LogLines(path)
    lines.look(most)
    return lines


def every(lines: LogLines) -> list[Span]:
    return lines.forwards(0, 10**6)


def broken(raw: bytes, size: int) -> list[int]:
    """Where lines begin, as the rule says it: after the end of one, and at the end of a block that has none."""
    starts = {0} | {at.end() for at in re.finditer(b"\n", raw)}
    starts |= {at for at in range(size, len(raw), size) if b"\n" not in raw[at - size : at]}
    return sorted(start for start in starts if start < len(raw))


@given(raw=RAW, block=st.sampled_from([4, 16, 1 << 20]), most=st.integers(0, 200) | st.none())
def test_lines_are_the_same_forwards_backwards_and_from_any_byte(
    small: None, path: Path, raw: bytes, block: int, most: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_lines, "BREAK", block)
        lines = opened(path, raw, most)
        raw = raw[:most]
        spans = every(lines)
        assert [span.start for span in spans] == broken(raw, block)
        assert b"".join(raw[span.start : span.after] for span in spans) == raw
        assert all(raw[span.end : span.after] in (b"\n", b"") for span in spans)
        assert lines.backwards(lines.size, 10**6) == spans
        for span in spans:
            assert {lines.start_of(at) for at in range(span.start, span.after)} == {span.start}
        lines.close()


@given(raw=RAW, cuts=st.lists(st.integers(0, 300), max_size=6), block=st.sampled_from([4, 16, 1 << 20]))
def test_any_split_into_appends_gives_the_same_lines(
    small: None, path: Path, raw: bytes, cuts: list[int], block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_lines, "BREAK", block)
        lines = opened(path, b"")
        for cut in [*sorted(min(cut, len(raw)) for cut in cuts), len(raw)]:
            with path.open("ab") as file:
                file.write(raw[path.stat().st_size : cut])
            assert lines.look()
            assert [span.start for span in every(lines)] == broken(raw[:cut], block)
        grown = every(lines)
        lines.close()
        fresh = opened(path, raw)
        assert grown == every(fresh)
        fresh.close()


def test_a_file_that_is_cut_replaced_deleted_or_written_over_is_another_one(path: Path) -> None:
    lines = opened(path, b"one\ntwo\n")
    assert lines.look()
    path.write_bytes(b"one\n")
    assert not lines.look()
    path.with_suffix(".new").write_bytes(b"three\nfour\n")
    path.with_suffix(".new").replace(path)
    assert not lines.look()
    assert lines.read(0, 99) == b"three\nfour\n"
    with path.open("r+b") as file:
        file.write(b"others, and more of them\n")
    assert not lines.look()
    path.unlink()
    assert not lines.look()
    assert (lines.there, lines.size, every(lines)) == (False, 0, [])
    assert lines.look()
    path.mkdir()
    lines.look()
    assert not lines.there
    path.rmdir()
    lines.close()


def test_long_lines_of_another_file_are_not_taken_for_those_of_the_one_before(path: Path) -> None:
    lines = opened(path, b"z" * (1 << 20) + b"\nend\n")
    assert lines.span(0).after == (1 << 20) + 1
    path.write_bytes(b"y" * (1 << 19) + b"\n" + b"y" * (1 << 19) + b"\nend of another\n")
    assert not lines.look()
    assert lines.span(0).after == (1 << 19) + 1
    lines.close()


def test_a_line_without_end_is_found_in_little_time_and_memory(tmp_path: Path) -> None:
    lines = opened(tmp_path / "run.log", b"a\n" + b"z" * (9 << 20) + b"the end\nb\n")
    spans = every(lines)
    assert [span.start for span in spans] == [0, 2, 8 << 20, (9 << 20) + 10]
    assert len(lines.part(spans[1]).first) < 1 << 20
    assert Page(lines).text(spans[2]).text.endswith("zthe end")
    lines.close()


TEXT = st.text(st.sampled_from("ab 日本e\u0301\u200d🙂"), max_size=40)


@given(TEXT, st.integers(1, 12))
def test_wrapped_rows_make_up_the_line_and_fit(text: str, width: int) -> None:
    begins = breaks(text, width)
    ends = [*begins[1:], len(text)]
    rows = [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
    assert "".join(rows) == text
    assert all(rows) or rows == [""]
    for row in rows:
        used = sum(map(get_character_cell_size, row))
        assert used <= width or len([c for c in row if get_character_cell_size(c)]) == 1
    for row, following in pairwise(rows):
        first = get_character_cell_size(following[0])
        assert sum(map(get_character_cell_size, row)) + first > width


@settings(deadline=None)
@given(raw=RAW, width=st.integers(1, 20), height=st.integers(1, 8), wrap=st.booleans())
def test_windows_are_cut_from_the_one_list_of_rows(
    small: None, path: Path, raw: bytes, width: int, height: int, wrap: bool
) -> None:
    lines = opened(path, raw)
    page = Page(lines)
    page.width, page.height, page.wrap = width, height, wrap
    rows = [row for span in every(lines) for row in page.rows_of(span)]
    assert page.last() == rows[-height:]
    for at, row in enumerate(rows):
        expected = rows[at : at + height] if at + height <= len(rows) else rows[-height:]
        assert page.at(row.place) == expected
        assert page.ends_with(expected) == (expected == rows[-height:])
        for by in (0, 1, 3, 100):
            assert page.moved(row.place, by) == rows[min(at + by, len(rows) - 1)].place
            assert page.moved(row.place, -by) == rows[max(at - by, 0)].place
    lines.close()


def test_a_place_in_a_line_that_became_shorter_is_its_last_row(path: Path) -> None:
    lines = opened(path, b"x" * 50 + b"\r" + b"y" * 3)
    page = Page(lines)
    page.width, page.height, page.wrap = 10, 4, True
    assert page.at(Place(0, 4)) == [Row(Span(0, 54, 54), 0, 0, 3)]
    lines.close()


WORDS = st.sampled_from(
    ["loss", "Loss", "LOSS 3", "o", "^w.*p$", "ss$", r"\d%", "日本", "x{25}", "zzz", r"a\b|Lo", "e$"]
)


@settings(deadline=None)
@given(raw=RAW, said=WORDS, at=st.integers(0, 30), down=st.booleans())
def test_a_search_finds_the_nearest_line_whose_text_has_it(
    small: None, path: Path, raw: bytes, said: str, at: int, down: bool
) -> None:
    lines = opened(path, raw)
    what = wanted(said)
    starts = [span.start for span in every(lines)]
    hits = [s.start for s in every(lines) if what.pattern.search(collapse(raw[s.start : s.end]))]
    start = [*starts, lines.size][min(at, len(starts))]
    near = [hit for hit in hits if hit >= start] if down else [hit for hit in hits if hit < start]
    far = [hit for hit in hits if hit not in near]
    index = 0 if down else -1
    expected = (near[index], False) if near else (far[index] if far else None, True)
    assert hunt(lines, what, start, down, lambda looked: True) == expected
    lines.close()


def test_a_search_does_not_stop_at_what_a_long_line_does_not_show(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "BLOCK", 1 << 20)
    long = b"x" * 40_000 + b"needle" + b"x" * 40_000
    lines = opened(path, b"a needle\n" + long + b"\n" + b"the needle\n")
    assert hunt(lines, wanted("needle"), 9, True, lambda looked: True) == (9 + len(long) + 1, False)
    assert hunt(lines, wanted("needle"), 9 + len(long) + 1, False, lambda looked: True) == (0, False)
    lines.close()


def test_a_search_ends_when_told_to(path: Path) -> None:
    lines = opened(path, b"line\n" * 200_000)
    looked: list[int] = []

    def goes(n: int) -> bool:
        looked.append(n)
        return len(looked) < 3

    assert hunt(lines, wanted("nowhere"), 0, True, goes) == (None, True)
    assert len(looked) <= 4
    lines.close()


@pytest.mark.parametrize(
    ("said", "text", "hit"), [("loss", "LOSS", True), ("Loss", "loss", False), (r"\S+", "x", True)]
)
def test_case_counts_where_there_is_a_capital_letter(said: str, text: str, hit: bool) -> None:
    assert wanted(said).hits(text) is hit
