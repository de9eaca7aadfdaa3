from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.errors import UserError
from praxtui.journal import logs
from praxtui.journal.logs import SHOWN, LogIndex, Times, collapse, grep, head, safe, tail

printed = st.lists(
    st.sampled_from([b"a", b"bc ", b"\n", b"\n\n", b"\r", b"\xff", b"\x1b[31m", b"x" * 50, b"\x00"]), max_size=80
)


def shown(raw: bytes) -> list[str]:
    """What the log says line by line, the simple way."""
    lines = raw.split(b"\n")
    return [collapse(line) for line in (lines[:-1] if not lines[-1] else lines)]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07after", "after"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b]0;never ended", "0;never ended"),
        (b"\x1bPdevice\x1b\\after", "after"),
        (b"\x1b(B\x1b=x\x1b", "x"),
        (b"a\x00b\x07c\x7f", "abc"),
        (b"bad \xff\xfe utf-8", "bad \ufffd\ufffd utf-8"),
        ("\u202egnp.exe \u2066x\u009b31my".encode(), "gnp.exe xy"),
        (b"a\tb", "a       b"),
        (b" 1%\r 50%\r100%", "100%"),
        (b" 1%\r 50%\r\n", " 50%"),
        (b"windows\r\n", "windows"),
        ("ünï 東京".encode(), "ünï 東京"),
    ],
)
def test_a_line_shows_as_a_terminal_leaves_it_and_harms_none(raw: bytes, text: str) -> None:
    assert collapse(raw) == text


@given(st.text())
def test_safe_text_has_no_control_characters(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", safe(text))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_safe_leaves_plain_text_alone(text: str) -> None:
    assert safe(text) == text


@given(pieces=printed, lines=st.integers(0, 12), block=st.integers(1, 9))
def test_head_and_tail_are_the_first_and_last_lines(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], lines: int, block: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "head.log"
    raw = b"".join(pieces)
    path.write_bytes(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "BLOCK", block)
        wanted = shown(raw)
        assert head(path, lines) == wanted[:lines]
        assert tail(path, lines) == (wanted[-lines:] if lines else [])


@given(first=printed, second=printed, block=st.integers(1, 60), start=st.integers(-1, 40), count=st.integers(0, 40))
def test_an_index_gives_lines_by_number_while_the_log_grows(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[bytes],
    second: list[bytes],
    block: int,
    start: int,
    count: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "grow.log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "BLOCK", block)
        path.write_bytes(b"".join(first))
        index = LogIndex(path)
        while not index.extend(7):
            pass
        assert index.count == len(shown(b"".join(first)))
        with path.open("ab") as file:
            file.write(b"".join(second))
        assert index.extend()
        wanted = shown(b"".join(first + second))
        assert index.count == len(wanted)
        found = index.lines(start, count)
        begin = max(start, 1)
        assert [line.number for line in found] == list(range(begin, min(begin + count, len(wanted) + 1)))
        assert [line.text for line in found] == [wanted[line.number - 1] for line in found]
        raw = path.read_bytes()
        assert all(line.offset == 0 or raw[line.offset - 1 : line.offset] == b"\n" for line in found)


@given(pieces=printed, block=st.integers(1, 60), offset=st.integers(0, 400))
def test_an_index_knows_the_number_of_the_line_around_any_byte(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], block: int, offset: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "number.log"
    raw = b"".join(pieces)
    path.write_bytes(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "BLOCK", block)
        index = LogIndex(path)
        while not index.extend(7):
            pass
        assert index.seen == len(raw)
        offset = min(offset, len(raw))
        assert index.number(offset) == raw[:offset].count(b"\n") + 1
    path.unlink()
    assert index.number(offset) == 0


def test_an_index_begins_anew_when_the_log_is_cut_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    index = LogIndex(path)
    assert index.extend()
    assert (index.count, index.lines(1, 9)) == (0, [])
    path.write_bytes(b"a\nb\nc\n")
    index.extend()
    path.write_bytes(b"d\n")
    index.extend()
    assert [line.text for line in index.lines(1, 9)] == ["d"]
    fresh = tmp_path / "fresh"
    fresh.write_bytes(b"e\nf\ng\n")
    fresh.replace(path)
    index.extend()
    assert [line.text for line in index.lines(1, 9)] == ["e", "f", "g"]


def test_a_huge_log_is_read_in_little_memory(tmp_path: Path) -> None:
    """Lines with one of 24 MB among them, and one that rewrote itself 300,000 times."""
    path = tmp_path / "run.log"
    with path.open("wb") as file:
        for start in range(0, 100_000, 1000):
            file.write(b"".join(b"step %07d | loss: 1.25\n" % step for step in range(start, start + 1000)))
        file.write(b"y" * (24 << 20) + b"\n")
        for start in range(0, 300_000, 1000):
            file.write(b"".join(b"%d%%\r" % step for step in range(start, start + 1000)))
    tracemalloc.start()
    try:
        index = LogIndex(path)
        assert index.extend(1 << 30)
        assert index.count == 100_002
        assert [line.text for line in index.lines(99_999, 1)] == ["step 0099998 | loss: 1.25"]
        long, last = (line.text for line in index.lines(100_001, 5))
        assert long.endswith("... [25,165,825 bytes]")
        assert len(long) < SHOWN + 100
        assert last == "299999%"
        assert tail(path, 1)[-1].endswith("299999%")
        assert head(path, 2) == ["step 0000000 | loss: 1.25", "step 0000001 | loss: 1.25"]
        assert [line.number for line in grep(path, r"step 00999\d\d ", most=2)] == [99_901, 99_902]
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


def test_the_tail_of_a_line_without_end_is_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(b"z" * (3 << 20) + b"the end")
    [text] = tail(path, 5)
    assert text.startswith("... ")
    assert text.endswith("the end")
    assert len(text) < SHOWN + 100


@given(letters=st.lists(st.sampled_from("ab"), max_size=25), context=st.integers(0, 3), most=st.integers(1, 30))
def test_grep_gives_each_hit_with_its_surroundings_once(
    tmp_path_factory: pytest.TempPathFactory, letters: list[str], context: int, most: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "grep.log"
    path.write_text("".join(f"{letter}\n" for letter in letters))
    hits = [number for number, letter in enumerate(letters, 1) if letter == "b"][:most]
    near = sorted({n for hit in hits for n in range(hit - context, hit + context + 1) if 1 <= n <= len(letters)})
    found = grep(path, "^b", context, most)
    assert [line.number for line in found] == near
    assert [line.number for line in found if line.hit] == hits
    assert all(line.text == letters[line.number - 1] for line in found)


def test_a_log_that_is_not_there_yet_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    assert (head(path, 3), tail(path, 3), grep(path, "a")) == ([], [], [])


def test_a_pattern_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("a")
    with pytest.raises(UserError, match="not a regular expression"):
        grep(path, "(")


def test_times_say_when_a_byte_came(tmp_path: Path) -> None:
    path = tmp_path / "run.times"
    path.write_bytes(b"10 0.10\n25 0.20\nrubbish\n\n40 0.50\n-5 1\n77")
    times = Times.read(path)
    assert [times.elapsed_at(offset) for offset in (0, 9, 10, 24, 25, 39)] == [0.1, 0.1, 0.2, 0.2, 0.5, 0.5]
    assert times.elapsed_at(40) is None
    assert [times.size_at(seconds) for seconds in (0.0, 0.1, 0.3, 0.5, 9.0)] == [0, 10, 25, 40, 40]
    assert times.dropped == 0
    assert Times.read(tmp_path / "none").elapsed_at(0) is None


def test_times_follow_the_bytes_that_a_cut_moved(tmp_path: Path) -> None:
    """At 0.4 s bytes 10 to 39 were dropped: what stood at 40 stands at 10."""
    path = tmp_path / "run.times"
    path.write_bytes(b"5 0.1\n30 0.2\n45 0.3\n60 0.4\n! 30 10 0.4\n50 0.5\n")
    times = Times.read(path)
    assert times.dropped == 30
    assert [times.elapsed_at(offset) for offset in (0, 4, 5, 10, 14, 15, 29, 30, 49)] == [
        0.1,
        0.1,
        0.2,
        0.3,
        0.3,
        0.4,
        0.4,
        0.5,
        0.5,
    ]
