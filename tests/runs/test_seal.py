"""Whatever a run does to what its evaluator runs on shows, even if it is put back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from praxtui.runs.seal import Seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    (made / "deep").mkdir(parents=True)
    (made / "evaluate.py").write_text("print(1)\n")
    (made / "deep" / "scoring.py").write_text("x = 1\n")
    os.symlink("evaluate.py", made / "link")
    return made


def put_back(folder: Path) -> None:
    file = folder / "evaluate.py"
    info = file.stat()
    file.write_text("print(2)\n")
    file.write_text("print(1)\n")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def other_folder(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("copy"), symlinks=True)
    folder.rename(folder.with_name("old"))
    folder.with_name("copy").rename(folder)


def wait_a_tick(seal: Seal) -> None:
    """Change times move in ticks of milliseconds; a run comes later than the tick in which its folders were made."""
    newest = max(stamp[-1] for stamp in seal.known[0].values())
    probe = Path(seal.folders[0]).with_name("probe")
    probe.touch()
    while probe.stat().st_ctime_ns <= newest:
        probe.touch()


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "written": (lambda folder: (folder / "evaluate.py").write_text("print(2)\n"), "evaluate.py"),
    "put back": (put_back, "evaluate.py"),
    "deep": (lambda folder: (folder / "deep" / "scoring.py").write_text("x = 2\n"), "deep/scoring.py"),
    "added": (lambda folder: (folder / "deep" / "json.py").touch(), "deep/json.py"),
    "removed": (lambda folder: (folder / "link").unlink(), "link"),
    "mode": (lambda folder: (folder / "evaluate.py").chmod(0o600), "evaluate.py"),
    "linked": (lambda folder: os.link(folder / "evaluate.py", folder.parent / "second"), "evaluate.py"),
    "gone": (shutil.rmtree, "deep/scoring.py"),
    "another": (other_folder, "deep/scoring.py"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows(folder: Path, change: str) -> None:
    act, path = CHANGES[change]
    seal = Seal([str(folder)])
    wait_a_tick(seal)
    act(folder)
    assert path in seal.broken()


def test_a_file_that_came_and_went_shows_in_its_folder(folder: Path) -> None:
    seal = Seal([str(folder)])
    wait_a_tick(seal)
    (folder / "deep" / "json.py").touch()
    (folder / "deep" / "json.py").unlink()
    assert seal.broken() == ["deep"]


def test_reading_and_leaving_alone_breaks_nothing(folder: Path) -> None:
    seal = Seal([str(folder), str(folder.parent / "missing")])
    (folder / "evaluate.py").read_text()
    os.listdir(folder / "deep")
    assert seal.broken() == []
