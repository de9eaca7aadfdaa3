"""What the home screen and its sheets look like, compared with pictures that were looked at."""

from __future__ import annotations

import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from praxtui import paths
from praxtui.tui import launch
from praxtui.tui.app import Praxtui
from praxtui.tui.screens import home as home_screen
from praxtui.tui.screens import home_lists
from praxtui.tui.screens.home import HomeScreen
from praxtui.tui.start import First
from tests.making import make_leaf
from tests.places import home
from tests.tui.pictured import MADE_WITH, NORMAL, SIZES, SMALL, THEMES, TWO_SIZES, settle, still_world
from tests.tui.recorded import BEGAN, empty, imported, recorded
from tests.tui.test_home_screen import read, until

__all__ = ["home", "still_world"]
pytestmark = MADE_WITH
STOPPED = types.SimpleNamespace(time=lambda: BEGAN + 9 * 3600.0, monotonic=time.monotonic)

MODELS = {
    "models": [],
    "servers": [],
    "providers": {},
}


@pytest.fixture
def shelf(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, still_world: None) -> Path:
    """An empty folder for leaves in the working directory, nothing bundled, no keys, in the evening."""
    monkeypatch.setattr(paths, "bundled_leaves", lambda: tmp_path / "bundled")
    # Screens show the person's own folder as ~, which keeps this test's out of the pictures.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-c", f"print({json.dumps(MODELS)!r})"))
    monkeypatch.setattr(home_screen, "time", STOPPED)
    monkeypatch.setattr(home_lists, "time", STOPPED)
    (tmp_path / "work" / "leaves").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / "leaves"


@pytest.fixture
def leaves(shelf: Path) -> Path:
    """Three leaves, one of which misses a key."""
    make_leaf(shelf / "ngram", repository=False)
    make_leaf(shelf / "tinker" / "rl", {"constraints": {"secrets": ["NO_SUCH_KEY"]}}, repository=False)
    make_leaf(shelf / "tinker" / "sft", repository=False)
    return shelf


@pytest.fixture
def many(leaves: Path, home: Path) -> Path:
    """Three leaves; campaigns that are live, dead, finished, imported, just created, and damaged."""
    recorded(home, 3, id="mar22-a")
    recorded(home, 4, id="mar22-b", live=True, leaf="ngram")
    recorded(home, 4, id="mar22-c", live=True, alive=False)
    imported(home, 5)
    empty(home)
    broken = recorded(home, 3, id="mar22-f") / "journal.db"
    raw = bytearray(broken.read_bytes())
    raw[4096:] = bytes(len(raw) - 4096)
    broken.write_bytes(raw)
    return leaves


def at_home(*keys: str, focus: bool = False) -> Callable[[Pilot[Any]], Any]:
    """Press keys once everything was read."""

    async def run(pilot: Pilot[Any]) -> None:
        await read(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        if focus:
            await until(pilot, lambda: isinstance(pilot.app.focused, Button | Input), "the sheet is filled in")
        await settle(pilot)

    return run


def cockpit(theme: str = "dark") -> Praxtui:
    return Praxtui(First(), theme=theme)


@SIZES
@THEMES
def test_leaves_and_campaigns(snap_compare: Any, many: Path, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(cockpit(theme), terminal_size=size, run_before=at_home())


@SIZES
def test_leaves_and_no_campaign_yet(snap_compare: Any, leaves: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home())


@TWO_SIZES
def test_nothing_at_all(snap_compare: Any, shelf: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home())


@pytest.mark.parametrize("size", [(40, 10), (60, 16)], ids=["40x10", "60x16"])
def test_a_terminal_that_is_nearly_too_small(snap_compare: Any, many: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home())


@TWO_SIZES
def test_a_campaign_under_the_cursor(snap_compare: Any, many: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home("tab", "down"))


@TWO_SIZES
def test_the_sheet_that_starts_a_campaign(snap_compare: Any, leaves: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home("s", focus=True))


@TWO_SIZES
def test_what_a_leaf_misses(snap_compare: Any, leaves: Path, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home("down", "down", "d"))


@TWO_SIZES
@pytest.mark.parametrize("key", ["n", "m", "comma", "question_mark", "colon", "slash"])
def test_what_a_key_opens(snap_compare: Any, leaves: Path, size: tuple[int, int], key: str) -> None:
    assert snap_compare(cockpit(), terminal_size=size, run_before=at_home(key))


def test_the_keys(snap_compare: Any, leaves: Path) -> None:
    assert snap_compare(cockpit(), terminal_size=NORMAL, run_before=at_home("comma", "K"))


def test_a_damaged_campaign_that_is_opened(snap_compare: Any, many: Path) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await read(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, HomeScreen)
        screen.lists.campaign_rows.focus()
        assert screen.lists.campaign_rows.point("mar22-f")
        await pilot.press("enter")
        await settle(pilot)

    assert snap_compare(cockpit(), terminal_size=SMALL, run_before=run)
