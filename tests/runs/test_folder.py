"""A run's folder: the result gets there whatever the disk or the run does."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.runs.folder import Folder
from praxtui.runs.local import LocalPlace

if TYPE_CHECKING:
    from tests.runs.conftest import Rig


def test_a_result_waits_for_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(str(tmp_path))
    folder.hold_space()
    tries = 0
    real = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        nonlocal tries
        tries += 1
        if tries <= 50:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert folder.finish({"why": "exit"})
    assert json.loads((tmp_path / "exit.json").read_bytes()) == {"why": "exit"} and tries == 51


def test_a_folder_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    folder = Folder(str(tmp_path / "run"))
    (tmp_path / "run").rmdir()
    assert not folder.finish({})


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_run_that_fills_the_disk_ends_with_a_result(rig: Rig, small: Path) -> None:
    folder = small / "run"
    folder.mkdir()
    handle = LocalPlace().start(folder, rig.spec("import os\nwhile True: os.write(1, b'x' * 4096)"), {})
    rig.handles.append(handle)
    end = asyncio.run(handle.wait())
    assert end.why == "exit" and end.stages[0].rc
    assert end.stages[0].log_bytes > 900_000
