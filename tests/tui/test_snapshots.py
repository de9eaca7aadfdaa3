"""What the campaign's screens look like, compared with pictures that were looked at.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and look at what differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from praxtui.journal.facts import Fact
from praxtui.journal.people import Paused, WaitingBegan
from tests.tui.pictured import (
    MADE_WITH,
    NORMAL,
    SIZES,
    SMALL,
    THEMES,
    TWO_SIZES,
    live,
    played,
    pressing,
    still_world,
)
from tests.tui.recorded import Story, empty, imported, recorded

__all__ = ["still_world"]
pytestmark = MADE_WITH


@pytest.fixture
def home(still_world: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    return tmp_path


@SIZES
@THEMES
def test_a_campaign_that_runs(snap_compare: Any, home: Path, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(live(recorded(home, live=True), theme=theme), terminal_size=size, run_before=pressing())


@SIZES
@THEMES
def test_a_replay(snap_compare: Any, home: Path, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(played(recorded(home), "e6", theme), terminal_size=size, run_before=pressing())


@SIZES
def test_a_campaign_that_is_over(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(live(recorded(home), None), terminal_size=size, run_before=pressing())


@SIZES
def test_a_campaign_whose_engine_died(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(live(recorded(home, live=True), False), terminal_size=size, run_before=pressing())


@SIZES
def test_a_campaign_that_was_only_created(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(live(empty(home)), terminal_size=size, run_before=pressing())


def held_up(folder: Path, *facts: Fact) -> Path:
    """A live campaign to which something has happened since."""
    story = Story.resumed(folder)
    story.fact(story.at, *facts)
    story.write()
    return folder


@TWO_SIZES
@pytest.mark.parametrize(
    "fact",
    [
        Paused("kim"),
        WaitingBegan("provider", "waiting for anthropic: overloaded, again in 40 s"),
        WaitingBegan("keys", "no key for anthropic/claude-x"),
        WaitingBegan("approval", "waiting for approval of e13"),
        WaitingBegan("disk", "the disk of PRAXTUI_HOME is full"),
    ],
    ids=["paused", "a provider", "keys", "approval", "a full disk"],
)
def test_a_campaign_that_is_held_up(snap_compare: Any, home: Path, size: tuple[int, int], fact: Fact) -> None:
    folder = held_up(recorded(home, live=True), fact)
    assert snap_compare(live(folder), terminal_size=size, run_before=pressing())


@SIZES
def test_a_replay_of_a_record_without_times(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(played(imported(home), "e6"), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("pane", ["1", "2", "4", "5"])
def test_a_pane_alone_on_a_small_terminal(snap_compare: Any, home: Path, pane: str) -> None:
    assert snap_compare(live(recorded(home, live=True)), terminal_size=SMALL, run_before=pressing(pane))


@pytest.mark.parametrize("pane", ["1", "2", "3", "4", "5"])
def test_a_pane_maximised(snap_compare: Any, home: Path, pane: str) -> None:
    keys = [pane, "z"] if pane != "3" else ["z"]
    assert snap_compare(live(recorded(home, live=True)), terminal_size=NORMAL, run_before=pressing(*keys))


@TWO_SIZES
@pytest.mark.parametrize("keys", ["h", "K", "B", "slash", "question_mark"])
def test_what_is_asked_and_explained(snap_compare: Any, home: Path, size: tuple[int, int], keys: str) -> None:
    assert snap_compare(live(recorded(home, live=True)), terminal_size=size, run_before=pressing(keys))


@pytest.mark.parametrize("part", ["1", "2", "3", "4", "5", "6"])
@TWO_SIZES
def test_an_experiment(snap_compare: Any, home: Path, size: tuple[int, int], part: str) -> None:
    keys = pressing("b", "enter", part)
    assert snap_compare(live(recorded(home), None), terminal_size=size, run_before=keys)


@SIZES
def test_two_experiments(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(live(recorded(home), None), terminal_size=size, run_before=pressing("b", "c"))
