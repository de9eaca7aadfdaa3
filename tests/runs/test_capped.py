"""The cap on a log that somebody else is writing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.runs import capped
from praxtui.runs.capped import SMALLEST, Capped, size_words

if TYPE_CHECKING:
    from tests.runs.conftest import Rig

SAID = re.compile(
    rb"\n\[praxtui: ([\d,]+) bytes of output dropped here: the log is capped at ([^;]+);"
    rb" set PRAXTUI_LOG_CAP to keep more\] *\n"
)


class Writer:
    """Numbered lines appended to a log, and the log as it would be without a cap."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.all = bytearray()
        self.line = 0

    def write(self, size: int) -> None:
        data = bytearray()
        while len(data) < size:
            data += b"line %d of many\n" % self.line
            self.line += 1
        os.write(self.fd, data)
        self.all += data


@pytest.fixture(params=["collapse", "copy"])
def log(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Writer, Capped, Path]]:
    path = tmp_path / "run.log"
    writer = Writer(path)
    if request.param == "copy":
        monkeypatch.setattr(capped, "collapse", lambda *_: False)
    fd = os.open(path, os.O_RDWR)
    yield writer, Capped(fd, SMALLEST), path
    os.close(fd)
    os.close(writer.fd)


def check(writer: Writer, log: Capped, path: Path) -> None:
    """Whole lines only, head and newest part as printed, and every byte either there or counted."""
    content = path.read_bytes()
    found = SAID.search(content)
    assert found is not None
    head, tail = content[: found.start()], content[found.end() :]
    assert writer.all.startswith(head) and writer.all.endswith(tail)
    assert head.endswith(b" of many\n") and re.match(rb"line \d+ of many\n", tail)
    assert len(head) > SMALLEST // 4 - 1024 and len(tail) > SMALLEST // 4 - 1024
    assert int(found[1].replace(b",", b"")) == log.dropped
    assert len(head) + log.dropped + len(tail) == len(writer.all)


def test_below_the_cap_nothing_happens(log: tuple[Writer, Capped, Path]) -> None:
    writer, cap, path = log
    writer.write(SMALLEST - 100)
    assert cap.cut() is None and path.read_bytes() == writer.all and cap.dropped == 0


def test_the_middle_goes_again_and_again(log: tuple[Writer, Capped, Path]) -> None:
    writer, cap, path = log
    removed = 0
    for round in range(30):
        writer.write(SMALLEST // 2 + 1000 * round)
        size = path.stat().st_size
        cut = cap.cut()
        assert (cut is not None) == (size > SMALLEST)
        if cut is not None:
            removed += cut[0]
            assert path.stat().st_size == size - cut[0] and cut[1] == cap.head
            check(writer, cap, path)
        assert path.stat().st_size <= SMALLEST
    assert removed == cap.shrunk > 0


def test_bytes_without_lines_are_cut_as_well(log: tuple[Writer, Capped, Path]) -> None:
    writer, cap, path = log
    for _ in range(5):
        os.write(writer.fd, b"x" * SMALLEST)
        cap.cut()
    content = path.read_bytes()
    assert len(content) <= SMALLEST and content.count(b"praxtui") == 1


def test_sizes_in_words() -> None:
    assert [size_words(n) for n in (256 * 10**6, 10**9, 65_536, 2000)] == ["256 MB", "1 GB", "65,536 bytes", "2 kB"]


FAST = """
import os, sys
block = b"".join(b"step %08d | loss: 1.0 | pad %050d\\n" % (i, i) for i in range(1000))
for _ in range({megabytes} * 1000000 // len(block)): os.write(1, block)
os.write(1, b"val_bpb: 0.5\\n")
"""


def test_a_fast_writer_under_a_small_cap_goes_on(rig: Rig) -> None:
    """Hundreds of megabytes a second through a cap of 1 MB: the run goes on to its last line, and all is counted."""
    end, folder = rig.run(FAST.format(megabytes=150), log_cap=1_000_000)
    assert end.ok
    content = (folder / "run.log").read_bytes()
    [stage] = end.stages
    assert len(content) == stage.log_bytes <= 1_000_000
    assert content.endswith(b"val_bpb: 0.5\n")
    found = SAID.search(content)
    assert found is not None and found[2] == b"1 MB"
    assert int(found[1].replace(b",", b"")) == stage.dropped
    printed = 150_000_000 // 83_000 * 83_000 + len("val_bpb: 0.5\n")
    missing = printed - (len(content) - len(found[0]) + stage.dropped)
    # Exact where the file system can take a range out of a file; elsewhere a few writes may fall into the cut.
    assert missing == 0 if can_collapse(rig.root) else 0 <= missing < 10_000_000
    lines = (folder / "run.times").read_text().splitlines()
    cuts = [line.split() for line in lines if line.startswith("! ")]
    assert all(len(cut) == 4 for cut in cuts)
    assert 0 < stage.dropped - sum(int(cut[1]) for cut in cuts) < 100_000


def can_collapse(folder: Path) -> bool:
    fd = os.open(folder / "probe", os.O_RDWR | os.O_CREAT)
    os.write(fd, bytes(5 * capped.BLOCK))
    done = capped.collapse(fd, capped.BLOCK, capped.BLOCK)
    os.close(fd)
    return done
