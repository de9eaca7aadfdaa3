"""Bundled leaves become repositories of the person's own, whole and once."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from praxtui.errors import UserError
from praxtui.workspace import copies
from praxtui.workspace.copies import new_leaf, newer, recorded, working_copy
from praxtui.workspace.repository import LeafRepository
from tests.workspace.conftest import LEAF, run_git, write


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages" / "leaves" / "ngram"
    write(folder, {**LEAF, "out/left": "l\n", "__pycache__/x.pyc": "p\n", "models/x.log": "log\n", "run.sh": "true\n"})
    (folder / "run.sh").chmod(0o555)
    (folder / "train.py").chmod(0o444)
    return folder


def test_first_use_copies_and_later_use_leaves_alone(bundled: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy = working_copy(bundled, "ngram", home, "1.0")
    assert copy == home / "leaves" / "ngram"
    assert run_git(copy, "status", "--porcelain", "--ignored") == ""
    assert run_git(copy, "rev-list", "--count", "HEAD").strip() == "1"
    assert set(run_git(copy, "ls-files").split()) == {*LEAF, "run.sh"}
    assert os.access(copy / "run.sh", os.X_OK)
    assert (copy / "train.py").stat().st_mode & 0o200
    assert os.listdir(home / "leaves") == ["ngram"]
    run_git(copy, "fsck", "--strict")
    (copy / "train.py").write_text("mine\n")
    assert working_copy(bundled, "ngram", home, "2.0") == copy
    assert (copy / "train.py").read_text() == "mine\n"
    assert LeafRepository.open(copy).baseline(1.0).uncommitted == ("train.py",)


def test_newer(bundled: Path, tmp_path: Path) -> None:
    copy = working_copy(bundled, "ngram", tmp_path, "1.0")
    assert recorded(copy, "version") == "1.0"
    (copy / "train.py").write_text("mine\n")
    write(bundled, {"out/again": "a run by hand leaves this\n"})
    assert not newer(copy, bundled)
    write(bundled, {"models/net.py": "WIDTH = 5\n"})
    assert newer(copy, bundled)
    assert not newer(bundled, bundled)


def _copy(bundled: Path, home: Path, ready: multiprocessing.synchronize.Barrier) -> None:  # type: ignore[name-defined]
    ready.wait(60)
    copy = working_copy(bundled, "ngram", home, "1.0")
    assert {name for name in [*LEAF, "run.sh"] if (copy / name).is_file()} == {*LEAF, "run.sh"}
    assert run_git(copy, "status", "--porcelain") == ""


def test_several_processes_at_once(bundled: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(4)
    home = tmp_path / "home"
    workers = [context.Process(target=_copy, args=(bundled, home, ready)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert os.listdir(home / "leaves") == ["ngram"]
    assert run_git(home / "leaves" / "ngram", "status", "--porcelain") == ""


def test_who_comes_second_takes_the_first_copy(bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = copies._copy

    def overtaken(source: Path, target: Path, message: str, config: dict[str, str]) -> None:
        real(source, target, message, config)
        assert not (tmp_path / "leaves" / "ngram").exists()
        monkeypatch.setattr(copies, "_copy", real)
        (working_copy(bundled, "ngram", tmp_path, "1.0") / "train.py").write_text("first\n")

    monkeypatch.setattr(copies, "_copy", overtaken)
    copy = working_copy(bundled, "ngram", tmp_path, "2.0")
    assert (copy / "train.py").read_text() == "first\n"
    assert recorded(copy, "version") == "1.0"
    assert os.listdir(tmp_path / "leaves") == ["ngram"]


def test_what_a_killed_copy_left_is_swept(bundled: Path, tmp_path: Path) -> None:
    write(tmp_path / "leaves" / ".ngram.new-old", {"half": "h\n"})
    os.utime(tmp_path / "leaves" / ".ngram.new-old", (1, 1))
    write(tmp_path / "leaves" / ".ngram.new-now", {"half": "h\n"})
    working_copy(bundled, "ngram", tmp_path, "1.0")
    assert sorted(os.listdir(tmp_path / "leaves")) == [".ngram.new-now", "ngram"]


def test_new_leaf(bundled: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for target in (tmp_path / "empty", tmp_path / "deep" / "mine"):
        assert new_leaf(bundled, target) == target
        assert run_git(target, "status", "--porcelain") == ""
        assert recorded(target, "digest") is None
    for taken in (tmp_path / "empty", bundled / "train.py"):
        with pytest.raises(UserError, match="is there already"):
            new_leaf(bundled, taken)
    with pytest.raises(UserError, match="cannot be the name"):
        working_copy(bundled, "../x", tmp_path, "1.0")
