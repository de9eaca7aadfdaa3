"""What the tests that compare screens with pictures have in common: still campaigns, keys, sizes, and a fixed world."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from praxtui.journal.liveness import Engine
from praxtui.tui.app import Praxtui
from praxtui.tui.screens.campaign import CampaignScreen
from praxtui.tui.screens.replay import ReplayScreen
from praxtui.tui.screens.view import CampaignView
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.replay import Replay
from praxtui.tui.start import First
from tests.tui.recorded import last_moment

SMALL, NORMAL, WIDE = (80, 24), (120, 40), (200, 60)
SIZES = pytest.mark.parametrize("size", [SMALL, NORMAL, WIDE], ids=["80x24", "120x40", "200x60"])
TWO_SIZES = pytest.mark.parametrize("size", [SMALL, NORMAL], ids=["80x24", "120x40"])
THEMES = pytest.mark.parametrize("theme", ["dark", "light"])
MADE_WITH = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are compared on the Python that they were made with, 3.11"
)


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
def still_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal, time zone and person on every machine."""
    for name in [name for name in os.environ if name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "STY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


async def settle(pilot: Pilot[Any]) -> None:
    """Return once nothing more happens on the screen; a worker may go on waiting for its person's answer."""
    await pilot.pause()
    await pilot.pause(0.2)
    for field in pilot.app.screen.query("Input, TextArea"):
        field.cursor_blink = False  # type: ignore[attr-defined]
    await pilot.pause()


def pressing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """Press keys once everything is there, and wait for what they do."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await settle(pilot)

    return run


def live(folder: Path, alive: bool | None = True, theme: str = "dark") -> App[None]:
    """The cockpit on a campaign that goes on, whose engine is alive, dead, or (None) gone after the end."""
    return Shown(lambda: CampaignScreen(Still(folder, alive)), theme)


def played(folder: Path, at: str | None = None, theme: str = "dark") -> App[None]:
    """The cockpit on a replay that stands still."""

    def made() -> ReplayScreen:
        source = Replay(folder, clock=lambda: 0.0, at=at)
        source.play(False)
        return ReplayScreen(source)

    return Shown(made, theme)
