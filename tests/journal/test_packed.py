from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal import logs, packed
from praxtui.journal.log_lines import LogLines
from praxtui.journal.packed import Log, beside, pack

LINES = b"".join(b"step %06d | loss: %.6f | tok/s: %d\n" % (n, 9 / (n + 1), n * 7 % 1001) for n in range(20_000))

printed = st.lists(
    st.sampled_from([b"a", b"bc ", b"\n", b"\n\n", b"\r", b"\xff", b"x" * 50, b"\x00", b"y" * 333]), max_size=60
).map(b"".join)


def always(_: int) -> bool:
    return True


@contextmanager
def folder_of(path: Path) -> Iterator[int]:
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def packed_log(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    with folder_of(path) as folder:
        assert pack(folder, path.name, always) > 0
    assert [each.name for each in path.parent.iterdir()] == [f"{path.name}.gz"]
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SMALLEST", 1)
    monkeypatch.setattr(packed, "BLOCK", 1000)


@given(raw=printed, block=st.integers(1, 70), at=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000))))
def test_any_bytes_of_a_packed_log_are_those_of_the_plain_one(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, block: int, at: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("packed") / "run.log"
    members = [packed._member(raw[i : i + block]) for i in range(0, len(raw), block)]
    beside(path).write_bytes(b"".join(members))
    log = Log(path)
    try:
        assert log.packed and log.size == len(raw)
        for start, end in at:
            assert log.read(start, end) == raw[start:end]
    finally:
        log.close()
    with packed.opened(path) as file:
        assert file.read() == raw
        for start, end in at:
            file.seek(start)
            assert file.read(end) == raw[start : start + end]
    assert gzip.decompress(beside(path).read_bytes()) == raw


@given(raw=printed, lines=st.integers(0, 12), start=st.integers(0, 40), count=st.integers(0, 40))
def test_whoever_reads_lines_sees_the_same_in_a_packed_log(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, lines: int, start: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("packed")
    plain, path = folder / "plain.log", folder / "run.log"
    plain.write_bytes(raw)
    beside(path).write_bytes(b"".join(packed._member(raw[i : i + 64]) for i in range(0, len(raw), 64)))
    assert logs.head(path, lines) == logs.head(plain, lines)
    assert logs.tail(path, lines) == logs.tail(plain, lines)
    assert logs.grep(path, "a", 1) == logs.grep(plain, "a", 1)
    one, other = logs.LogIndex(path), logs.LogIndex(plain)
    assert one.extend() and other.extend()
    assert (one.count, one.lines(start, count)) == (other.count, other.lines(start, count))
    assert [one.number(n) for n in range(0, len(raw), 7)] == [other.number(n) for n in range(0, len(raw), 7)]
    first, second = LogLines(path), LogLines(plain)
    first.look()
    second.look()
    assert first.forwards(0, 99) == second.forwards(0, 99)
    assert first.backwards(first.size, 99) == second.backwards(second.size, 99)
    first.close()
    second.close()


def test_a_packed_log_is_what_zcat_reads_and_much_smaller(tmp_path: Path) -> None:
    path = packed_log(tmp_path / "run.log", LINES)
    assert gzip.decompress(beside(path).read_bytes()) == LINES
    assert beside(path).stat().st_size < len(LINES) / 3
    assert beside(path).stat().st_mode & 0o777 == 0o600
    assert packed.size(path) == len(LINES) and packed.exists(path) and packed.standing(path) == beside(path)


def test_who_reads_in_a_log_while_it_is_packed_stays_where_he_is(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(LINES)
    lines, index = LogLines(path), logs.LogIndex(path)
    assert not lines.look() and index.extend()
    before = lines.forwards(lines.start_of(400_000), 5), index.lines(15_000, 3)
    packed_log(path, LINES)
    assert lines.look(), "it is the same log"
    index.extend(0)
    assert (lines.forwards(lines.start_of(400_000), 5), index.lines(15_000, 3)) == before
    lines.close()


def test_a_log_packed_beside_another_of_other_content_is_another(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(LINES)
    lines = LogLines(path)
    lines.look()
    packed_log(path, LINES.replace(b"loss", b"gain"))
    assert not lines.look() and lines.size == len(LINES)
    path.write_bytes(b"anew\n")
    assert not lines.look() and lines.size == 5
    lines.close()


@pytest.mark.parametrize("left", ["small", "link", "two names", "pipe", "grows", "told to stop", "random"])
def test_what_should_not_be_packed_is_left_as_it_is(tmp_path: Path, left: str) -> None:
    path, other = tmp_path / "run.log", tmp_path / "other"
    raw = b"small\n" if left == "small" else os.urandom(200_000) if left == "random" else LINES
    if left == "pipe":
        os.mkfifo(path)
    elif left == "link":
        other.write_bytes(raw)
        path.symlink_to(other)
    else:
        path.write_bytes(raw)
    if left == "two names":
        os.link(path, other)

    def goes(_: int) -> bool:
        if left == "grows":
            with path.open("ab") as file:
                file.write(b"more\n")
        return left != "told to stop"

    with folder_of(path) as folder:
        if left == "link":
            with pytest.raises(OSError, match="symbolic links"):
                pack(folder, path.name, goes)
        else:
            assert pack(folder, path.name, goes) == 0
    assert not beside(path).exists() and not [*tmp_path.glob(".*")]
    if left not in ("pipe", "grows"):
        assert path.read_bytes() == raw


STEP = """
    import os, signal, sys
    from praxtui.journal import packed
    calls = 0
    def die(real):
        def call(*args, **kwargs):
            global calls
            calls += 1
            if calls == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    for name in ("rename", "unlink", "fsync", "utime", "open"):
        setattr(os, name, die(getattr(os, name)))
    folder = os.open(sys.argv[1], os.O_RDONLY)
    packed.pack(folder, "run.log", die(lambda n: True))
    print("done")
"""


def test_a_kill_between_any_two_steps_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    seen, done = set(), False
    step = 0
    while not done:
        step += 1
        for each in tmp_path.iterdir():
            each.unlink()
        path.write_bytes(LINES)
        said = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(STEP), str(tmp_path), str(step)], capture_output=True, text=True
        )
        done = said.stdout == "done\n"
        assert done or said.returncode == -9, said.stderr
        seen.add(frozenset(each.name for each in tmp_path.iterdir()))
        with packed.opened(path) as file:
            assert file.read() == LINES
        with folder_of(path) as folder:
            if path.exists():
                assert pack(folder, path.name, always) > 0
        assert [each.name for each in tmp_path.iterdir()] == ["run.log.gz"]
        with packed.opened(path) as file:
            assert file.read() == LINES
    assert {frozenset({"run.log"}), frozenset({"run.log", "run.log.gz"}), frozenset({"run.log.gz"})} <= seen
    assert frozenset({"run.log", ".run.log.gz.part"}) in seen


def test_where_both_stand_the_plain_one_is_the_log(tmp_path: Path) -> None:
    path = packed_log(tmp_path / "run.log", LINES)
    path.write_bytes(b"plain\n")
    assert packed.size(path) == 6 and logs.tail(path, 5) == ["plain"]


@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), flip=st.integers(1, 255))
def test_a_damaged_packed_log_reads_shorter_and_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, flip: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "run.log"
    whole = b"".join(packed._member(LINES[i : i + 700]) for i in range(0, 7000, 700))
    torn = bytearray(whole[: len(whole) - cut % len(whole)])
    torn[at % len(torn)] ^= flip
    beside(path).write_bytes(torn)
    log = Log(path)
    found = log.read(0, 1 << 20)
    log.close()
    assert LINES.startswith(found) or len(found) <= 7000
    logs.tail(path, 3)
    lines = LogLines(path)
    lines.look()
    lines.backwards(lines.size, 10)
    lines.close()


def test_a_member_never_unpacks_to_more_than_it_says(tmp_path: Path) -> None:
    bomb = bytearray(packed._member(b"\0" * 200_000))
    packed.HEADER.pack_into(bomb, 0, packed.MAGIC, 0, 0, 255, 12, packed.NAME, 8, len(bomb), 1000)
    path = tmp_path / "run.log"
    beside(path).write_bytes(bomb)
    log = Log(path)
    assert log.size == 1000 and log.read(0, 1 << 30) == b""
    log.close()
