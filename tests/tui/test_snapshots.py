"""What the screens look like, compared with pictures that were looked at.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and look at what differs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from praxtui.journal.liveness import Engine
from praxtui.tui.app import Praxtui
from praxtui.tui.screens.campaign import CampaignScreen
from praxtui.tui.screens.replay import ReplayScreen
from praxtui.tui.screens.view import CampaignView
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.replay import Replay
from praxtui.tui.start import First
from tests.tui.recorded import empty, imported, last_moment, recorded

SMALL, NORMAL, WIDE = (80, 24), (120, 40), (200, 60)
SIZES = pytest.mark.parametrize("size", [SMALL, NORMAL, WIDE], ids=["80x24", "120x40", "200x60"])
pytestmark = [
    pytest.mark.slow,  # half a minute of pictures
    pytest.mark.skipif(
        sys.version_info[:2] != (3, 11), reason="pictures are compared on the Python that they were made with, 3.11"
    ),
]


class Still(Live):
    """A live campaign at one moment, with an engine that has no pid of this machine."""

    def __init__(self, folder: Path, alive: bool | None) -> None:
        at = last_moment(folder)
        self._still = None if alive is None else Engine(4711 if alive else None, alive)
        super().__init__(folder, clock=lambda: at)

    @property
    def engine(self) -> Engine | None:
        return self._still


class Shown(Praxtui):
    """The cockpit on one screen that is made by the test."""

    def __init__(self, made: Callable[[], CampaignView], theme: str) -> None:
        super().__init__(First(Path("shown")), theme=theme)
        self._made = made

    def open(self, folder: Path, replay: bool = False, speed: float | None = None, at: str | None = None) -> None:
        self.push_screen(self._made())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def pressing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """Press keys once everything is there, and wait for what they do."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        # Not for the workers: one of them may wait for the person's answer.
        await pilot.pause(0.3)
        for field in pilot.app.screen.query("Input, TextArea"):
            field.cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause()

    return run


def live(folder: Path, alive: bool | None = True, theme: str = "dark") -> Shown:
    return Shown(lambda: CampaignScreen(Still(folder, alive)), theme)


def played(folder: Path, at: str | None = None, theme: str = "dark") -> Shown:
    def made() -> ReplayScreen:
        source = Replay(folder, clock=lambda: 0.0, at=at)
        source.play(False)
        return ReplayScreen(source)

    return Shown(made, theme)


@SIZES
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_campaign_that_runs(snap_compare: Any, home: Path, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(live(recorded(home, live=True), theme=theme), terminal_size=size, run_before=pressing())


@SIZES
@pytest.mark.parametrize("theme", ["dark", "light"])
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


@pytest.mark.parametrize("size", [SMALL, NORMAL], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", ["h", "K", "B", "slash", "question_mark"])
def test_what_is_asked_and_explained(snap_compare: Any, home: Path, size: tuple[int, int], keys: str) -> None:
    assert snap_compare(live(recorded(home, live=True)), terminal_size=size, run_before=pressing(keys))


@pytest.mark.parametrize("part", ["1", "2", "3", "4", "5", "6"])
@pytest.mark.parametrize("size", [SMALL, NORMAL], ids=["80x24", "120x40"])
def test_an_experiment(snap_compare: Any, home: Path, size: tuple[int, int], part: str) -> None:
    keys = pressing("b", "enter", part)
    assert snap_compare(live(recorded(home), None), terminal_size=size, run_before=keys)


@SIZES
def test_two_experiments(snap_compare: Any, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(live(recorded(home), None), terminal_size=size, run_before=pressing("b", "c"))
