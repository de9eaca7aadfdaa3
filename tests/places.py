"""Fixtures for tests that run campaigns: a home of their own, and leaves in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.journal import campaigns, liveness
from praxtui.runs.local import lost, read_exit
from tests.making import EXACT, PATIENCE, SETTINGS, make_leaf, with_constants


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An isolated PRAXTUI_HOME and HOME; whatever still runs in it at the end is killed."""
    person = tmp_path / "person"
    person.mkdir()
    (person / ".gitconfig").write_text(
        "[user]\nname = Person\nemail = person@example.org\n[init]\ndefaultBranch = main\n"
    )
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRAXTUI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRAXTUI_SANDBOX", "none")
    monkeypatch.setenv("PRAXTUI_DETACH", "fork")
    yield tmp_path / "home"
    for folder in campaigns.campaigns():
        _end(folder)


def _end(folder: Path) -> None:
    found = liveness.alive(folder)
    if found.alive and found.pid not in (None, os.getpid()):
        os.kill(found.pid, signal.SIGKILL)
        liveness.wait_until_gone(folder, PATIENCE)
    for run_dir in (folder / "runs").glob("*/*"):
        if (run_dir / "spec.json").exists() and read_exit(run_dir) is None:
            lost(run_dir)


@pytest.fixture
def leaf(home: Path, tmp_path: Path) -> Path:
    """A leaf with true noise: its runs sample numbers by their seed."""
    return make_leaf(tmp_path / "leaf")


@pytest.fixture
def exact(home: Path, tmp_path: Path) -> Path:
    """A leaf whose metric is deterministic: the score is 100 + GAIN."""
    return make_leaf(tmp_path / "leaf", EXACT, files={"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})})
