"""Homes, leaves and campaigns for faults that are really carried out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import counts
from tests.faults.scene import Scene, make_leaf

Begin = Callable[..., Scene]
OUTCOME = pytest.StashKey[dict[str, str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let the record say how the test ended."""
    report = yield
    item.stash.setdefault(OUTCOME, {})[report.when] = report.outcome
    return report


@pytest.fixture(autouse=True)
def recorded(request: pytest.FixtureRequest) -> Iterator[list[Scene]]:
    """The test's campaigns; what became of them goes into the record, if one is asked for, when the test is over."""
    scenes: list[Scene] = []
    began = time.monotonic()
    yield scenes
    total = counts.Counts()
    for scene in scenes:
        total.kills += scene.killed
        if scene.counts is not None:
            total.add(scene.counts)
    counts.write(
        {
            "name": request.node.nodeid,
            "outcome": request.node.stash.get(OUTCOME, {}).get("call", "skipped"),
            "seeds": sorted({scene.seed for scene in scenes}),
            "seconds": round(time.monotonic() - began, 1),
            **total.row(),
        }
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PRAXTUI_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("PRAXTUI_HOME", str(folder))
    return folder


@pytest.fixture
def begin(tmp_path: Path, home: Path, recorded: list[Scene]) -> Iterator[Begin]:
    """Make a campaign on a leaf of its own; whatever it leaves running is killed afterwards."""
    scenes = recorded

    def make(experiments: int = 6, name: str = "c", seed: int = 0, at: Path | None = None, **leaf: Any) -> Scene:
        folder = make_leaf(at or tmp_path / f"leaf-{name}", **leaf)
        scenes.append(Scene(folder, experiments=experiments, name=name, seed=seed))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.clear()
