"""Locks on refs that a killed engine left, and those that are somebody's work under way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from praxtui.workspace import locks


def lock(common: Path, name: str, age: float) -> Path:
    """A lock that was taken `age` seconds ago."""
    path = common / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    then = time.time() - age
    os.utime(path, (then, then))
    return path


@pytest.mark.parametrize("name", ["refs/heads/praxtui/c.lock", "refs/praxtui/c/e5.lock"])
def test_a_stale_lock_on_a_campaigns_own_ref_goes(tmp_path: Path, name: str) -> None:
    left = lock(tmp_path, name, locks.STALE_S + 1)
    assert locks.free(left, tmp_path)
    assert not left.exists()


def test_a_fresh_lock_is_somebodys(tmp_path: Path) -> None:
    held = lock(tmp_path, "refs/heads/praxtui/c.lock", 0)
    assert not locks.free(held, tmp_path)
    assert held.exists()


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "packed-refs.lock", "index.lock", "HEAD.lock"])
def test_what_is_not_the_campaigns_is_left_alone(tmp_path: Path, name: str) -> None:
    theirs = lock(tmp_path, name, 3600)
    assert not locks.free(theirs, tmp_path)
    assert theirs.exists()


def test_a_lock_that_is_gone_is_free_and_one_elsewhere_is_not_ours(tmp_path: Path) -> None:
    assert locks.free(tmp_path / "refs/praxtui/c/e1.lock", tmp_path)
    elsewhere = lock(tmp_path / "other", "refs/praxtui/c/e1.lock", 3600)
    assert not locks.free(elsewhere, tmp_path / "repository")
    assert elsewhere.exists()
