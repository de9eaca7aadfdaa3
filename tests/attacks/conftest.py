"""Campaigns on leaves of a few lines: real git, real SQLite, real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.target import FILES, FRONT
from tests.making import EXACT, make_leaf
from tests.places import exact, home, leaf

__all__ = ["exact", "home", "leaf"]


@pytest.fixture
def target(home: Path, tmp_path: Path) -> Path:
    """A leaf whose score is 100 less the distance of a guess from a truth that setup put into the data."""
    return make_leaf(tmp_path / "leaf", EXACT, FRONT, files=FILES)
