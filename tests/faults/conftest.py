"""Homes, leaves and campaigns for faults that are really carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scene import Scene, make_leaf

Begin = Callable[..., Scene]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PRAXTUI_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("PRAXTUI_HOME", str(folder))
    return folder


@pytest.fixture
def begin(tmp_path: Path, home: Path) -> Iterator[Begin]:
    """Make a campaign on a leaf of its own; whatever it leaves running is killed afterwards."""
    scenes: list[Scene] = []

    def make(experiments: int = 6, name: str = "c", seed: int = 0, at: Path | None = None, **leaf: Any) -> Scene:
        folder = make_leaf(at or tmp_path / f"leaf-{name}", **leaf)
        scenes.append(Scene(folder, experiments=experiments, name=name, seed=seed))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.clear()
