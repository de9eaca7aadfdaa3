"""Lines, numbers, series and summaries from whatever a run may print."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.runs.output import BEHIND, CHUNK, LONGEST, Follower, Line, LineReader, Point, Series, numbers, summary

AUTORESEARCH = (
    "step 00953 (95.3%) | loss: 3.2 | lrm: 1.00 | dt: 242ms | tok/sec: 412,000 | mfu: 51.2% | epoch: 1 | remaining: 3s"
)


def lines_of(data: bytes) -> list[Line]:
    reader = LineReader()
    return reader.feed(data) + reader.close()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            AUTORESEARCH,
            [
                ("step", 953),
                ("loss", 3.2),
                ("lrm", 1),
                ("dt", 242),
                ("tok/sec", 412000),
                ("mfu", 51.2),
                ("epoch", 1),
                ("remaining", 3),
            ],
        ),
        ("step 01290 (63.9%)", [("step", 1290)]),
        ("val_bpb:          0.997900", [("val_bpb", 0.9979)]),
        ("val_bpb=1e-3", [("val_bpb", 1e-3)]),
        ("a=1, b=2", [("a", 1), ("b", 2)]),
        ("a=1,b=2", [("a", 1), ("b", 2)]),
        ("a=1,234, b=2", [("a", 1234), ("b", 2)]),
        ("a=1,234,567.5|b=-.5", [("a", 1234567.5), ("b", -0.5)]),
        ("a=1,2345", [("a", 1)]),
        ("acc: 45% lr=+2E+3", [("acc", 45), ("lr", 2000)]),
        ("loss: inf, worst=-Infinity", [("loss", math.inf), ("worst", -math.inf)]),
        ("{'loss': 0.5, \"lr\": 1e-05}", [("loss", 0.5), ("lr", 1e-5)]),
        ("step 5/100 eval: 3/4", [("step", 5)]),
        ("iter 7: took 3", [("iter", 7)]),
        ("loss: 3.2.", [("loss", 3.2)]),
        ("version: 1.2.3 at: 12:30:45 on=2026-11-22 of: 0x1F", []),
        ("info: information, name: nano", []),
        ("", []),
    ],
)
def test_numbers_in_a_line(line: str, expected: list[tuple[str, float]]) -> None:
    assert numbers(line) == expected


def test_nan_is_a_number_that_is_none() -> None:
    [(name, value)] = numbers("loss: nan")
    assert name == "loss" and math.isnan(value)


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_/.@-]{0,20}", fullmatch=True)
values = st.floats(allow_nan=False)


@given(
    st.lists(st.tuples(names, values), max_size=6),
    st.sampled_from([": ", "=", " = ", ":"]),
    st.sampled_from([" | ", ", ", " "]),
)
def test_numbers_survive_printing(pairs: list[tuple[str, float]], equals: str, between: str) -> None:
    line = between.join(f"{name}{equals}{value!r}" for name, value in pairs)
    assert numbers(line) == pairs


@given(st.integers(-(10**15), 10**15))
def test_thousands_survive_printing(value: int) -> None:
    assert numbers(f"a: {value:,} | b=1") == [("a", value), ("b", 1)]


pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"\r",
            b"\n",
            b"\r\n",
            b"\0",
            b"\x1b[31m",
            b"\x1b]0;t\x07",
            b"\xff\xfe",
            "µ░é".encode(),
            b"val: 1 ",
            b"step 3 ",
        ]
    ),
)


@given(st.lists(pieces, max_size=30).map(b"".join), st.data())
def test_any_split_gives_the_same_lines(data: bytes, chosen: st.DataObject) -> None:
    cuts = sorted(chosen.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    reader = LineReader()
    split: list[Line] = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        split += reader.feed(data[start:end])
    split += reader.close()
    assert split == lines_of(data)
    assert all(not any(c in line.text for c in "\0\x1b\r\n\x07") for line in split)


@given(st.binary(max_size=3000))
def test_no_bytes_raise(data: bytes) -> None:
    series = Series()
    for line in lines_of(data):
        numbers(line.text)
        series.points(line.text)


@given(st.text(alphabet="step: =1,2/.%()|aeinf-+ \t\x1b[", max_size=200))
def test_no_line_raises(line: str) -> None:
    numbers(line)
    Series().points(line)


def test_endless_digits_do_not_raise() -> None:
    digits = "9" * 60_000
    for line in (
        f"step {digits}/{digits}",
        f"step 1/{digits}",
        f"step {digits} ({digits}%)",
        f"a={digits}",
        f"a=1e{digits}",
    ):
        numbers(line)
        Series().points(line)


def test_return_replaces_and_windows_ends_do_not() -> None:
    assert lines_of(b"1%\r2%\rdone\r\n\r\rlast") == [
        Line("1%", replaced=True),
        Line("2%", replaced=True),
        Line("done"),
        Line("last"),
    ]


def test_escapes_nuls_and_bad_bytes() -> None:
    assert lines_of(b"\x1b[1;31mloss\x1b[0m: \x003\x00.5\n\xff\xfe ok\n\x1b]8;;http://x\x07link\x1b]8;;\x1b\\\n") == [
        Line("loss: 3.5"),
        Line("�� ok"),
        Line("link"),
    ]


def test_a_hundred_megabytes_without_a_newline() -> None:
    reader = LineReader()
    piece = b"x" * (1 << 20)
    for _ in range(100):
        assert reader.feed(piece) == []
    assert len(reader.partial) == LONGEST
    [line, after] = reader.feed(b"\nloss: 1\n")
    assert line.truncated and len(line.text) == LONGEST
    assert after == Line("loss: 1")


def test_series_over_steps() -> None:
    series = Series()
    assert series.points("step 10 (50%) | loss: 2.5 | epoch: 1") == [
        Point(10, "loss", 2.5, 0.5),
        Point(10, "epoch", 1, 0.5),
    ]
    assert series.points("val: 3") == [Point(10, "val", 3)]
    assert series.points("Step: 20/40 loss=2") == [Point(20, "loss", 2, 0.5)]
    assert series.points("nothing here") == []


def test_series_without_steps_are_counted_by_name() -> None:
    series = Series()
    points = [point for line in ("loss: 3", "loss: 2, lr: 1", "loss: 1") for point in series.points(line)]
    assert points == [Point(0, "loss", 3), Point(1, "loss", 2), Point(0, "lr", 1), Point(2, "loss", 1)]


def test_summary_takes_the_last_of_a_whole_name(tmp_path: Path) -> None:
    log = tmp_path / "evaluate.log"
    log.write_bytes(
        b"val_bpb: 3\nval_bpb: 1.5\nbest_val_bpb: 0.1\nval_bpb_ema: 0.2\nx/val_bpb=0.3\nmfu: nan\nlast val_acc: 45%"
    )
    found = summary(log, ["val_bpb", "mfu", "val_acc", "missing"])
    assert math.isnan(found.pop("mfu")) and found == {"val_bpb": 1.5, "val_acc": 45}


def test_summary_of_no_file(tmp_path: Path) -> None:
    assert summary(tmp_path / "none.log", ["a"]) == {}


def test_summary_reads_no_more_of_a_long_log_than_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "run.log"
    with open(log, "wb") as file:
        file.truncate(3 << 30)
        file.seek(0, 2)
        file.write(b"\nval_bpb: 0.75\n" + b"noise\n" * 1000)
    import os

    read = 0
    real = os.pread

    def counting(fd: int, count: int, offset: int) -> bytes:
        nonlocal read
        read += count
        return real(fd, count, offset)

    monkeypatch.setattr(os, "pread", counting)
    assert summary(log, ["val_bpb"]) == {"val_bpb": 0.75}
    assert read <= CHUNK


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_summary_across_chunk_borders(tmp_path: Path, shift: int) -> None:
    log = tmp_path / "run.log"
    tail = b"z" * (CHUNK - shift) + b"\n"
    log.write_bytes(b"y\n" * 50 + b"best_val_bpb: 7\n\x1b[1mval_\x1b[0mbpb: 0.123456789\n" + tail)
    assert summary(log, ["val_bpb"]) == {"val_bpb": 0.123456789}


def test_summary_where_a_line_never_ends(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"a: 1\nval: 2 " + b"x" * (3 * CHUNK) + b" val: 3")
    assert summary(log, ["a", "val"]) == {"a": 1, "val": 2}  # beyond 64 KiB of a line nothing counts
    log.write_bytes(b"a: 1\nval: 2 xxx" + (b"x" * 2 * CHUNK + b" val: 3")[-2 * CHUNK :])
    assert summary(log, ["a", "val"]) == {"a": 1, "val": 2}


@given(
    st.lists(
        st.one_of(pieces, st.sampled_from([b"\nval: 1\n", b"bval: 9\n", b"val=2\r", b"val: 1,000\n"])), max_size=30
    ).map(b"".join)
)
def test_summary_is_the_last_that_reading_forward_finds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    log = tmp_path_factory.mktemp("summary") / "run.log"
    log.write_bytes(data)
    forward = [value for line in lines_of(data) for name, value in numbers(line.text) if name == "val"]
    assert summary(log, ["val"]) == ({"val": forward[-1]} if forward else {})


def test_follower_sees_what_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    follower = Follower(log)
    assert follower.poll() == []
    with open(log, "ab", buffering=0) as file:
        file.write(b"step 1 | loss: 2\nstep 2 | lo")
        assert follower.poll() == [Point(1, "loss", 2)]
        file.write(b"ss: 1\nstep 3 | loss: 0.5")
        assert follower.poll() == [Point(2, "loss", 1)]
    assert follower.finish() == [Point(3, "loss", 0.5)]


def test_follower_far_behind_goes_on_near_the_end(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    line = b"step 1 | loss: 2\n"
    log.write_bytes(line * (2 * BEHIND // len(line)) + b"step 7 | loss: 0.5\n")
    follower = Follower(log)
    points = follower.poll()
    assert points[-1] == Point(7, "loss", 0.5)
    assert len(points) < 4000 and set(points[:-1]) == {Point(1, "loss", 2)}


def test_follower_survives_a_cut(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"step 1 | loss: 2\n" * 10_000)
    follower = Follower(log)
    follower.finish()
    log.write_bytes(b"step 2 | loss: 1\n" * 10)
    assert follower.poll() == [Point(2, "loss", 1)] * 9
