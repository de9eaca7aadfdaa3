"""The cockpit in a real terminal, with a real engine: what a person does with it, and what must not hurt."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable

import pytest

from tests.cli.place import Place
from tests.tui.window import Window

Open = Callable[..., Window]


def test_a_newcomer_starts_a_campaign_with_two_keys(place: Place, window: Open) -> None:
    (place.root / "leaves").mkdir()
    place.leaf.rename(place.root / "leaves" / "mine")
    seen = window()
    seen.until(r"mine .*yes")
    seen.press("/")
    seen.until(r"words to look for")
    seen.press("mine", "enter")
    seen.until(r"▸mine")
    seen.press("s")
    seen.until(r"start mine[\s\S]*Raise|start mine[\s\S]*score")
    seen.press("enter")
    seen.until(r"5 output")
    seen.until(r"baseline|running e|drafting|finished")
    assert len(list((place.home / "campaigns").iterdir())) == 1


def test_a_campaign_is_watched_hinted_paused_and_left_and_goes_on(place: Place, window: Open) -> None:
    place.hold()
    place.begin(experiments=3)
    place.running()
    seen = window("attach", "c")
    seen.until(r"running e1")
    seen.until(r"loss: 0\.5")
    seen.press("h")
    seen.press("try a larger one", "enter")
    seen.until(r"k1")
    place.when(lambda state: "k1" in state.hints)
    seen.press("space")
    seen.until(r"(?i)paus")
    place.when(lambda state: state.paused)
    seen.press("q")
    assert seen.end() == 0
    assert seen.restored
    assert b"praxtui attach c" in seen.raw
    assert place.alive()
    again = window("attach", "c")
    again.until(r"running e1")
    again.press("space")
    place.when(lambda state: not state.paused)
    place.release()
    again.until(r"finished")


def test_a_run_is_killed_only_after_a_yes(place: Place, window: Open) -> None:
    place.hold()
    place.begin(experiments=2)
    place.running()
    seen = window("attach", "c", columns=80, rows=24)
    seen.until(r"running e1")
    seen.press("K")
    seen.until(r"kill e1 run 1\?")
    seen.press("n")
    seen.until_gone(r"kill e1 run 1\?")
    assert place.state().experiments["e1"].verdict is None
    seen.press("K")
    seen.until(r"kill e1 run 1\?")
    seen.press("y")
    place.when(lambda state: state.experiments["e1"].verdict == "void")
    seen.until(r"void")


def test_a_waiting_draft_is_vetoed_with_a_reason_and_another_approved(place: Place, window: Open) -> None:
    place.begin("c", "--autonomy", "review", experiments=2)
    place.when(lambda state: "approval" in state.waits)
    seen = window("attach", "c")
    seen.until(r"(?i)approv")
    seen.press("V")
    seen.until(r"(?i)why")
    seen.press("too small", "enter")
    state = place.when(lambda state: state.experiments.get("e1") is not None and state.experiments["e1"].vetoed)
    assert state.experiments["e1"].vetoed == "vetoed: too small"
    place.when(lambda state: "approval" in state.waits and "e2" in state.experiments and state.experiments["e2"].commit)
    seen.press("A")
    place.when(lambda state: state.experiments["e2"].approved)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_cockpit_may_end_in_any_way_and_the_campaign_goes_on(place: Place, window: Open, number: int) -> None:
    place.hold()
    place.begin(experiments=1)
    place.running()
    engine = place.engine()
    seen = window("attach", "c")
    seen.until(r"running e1")
    seen.kill(number)
    seen.end()
    assert place.engine() == engine
    if number != signal.SIGKILL:
        assert seen.restored
    place.release()
    place.when(lambda state: state.ended == "finished")


def test_a_lost_window_ends_the_cockpit_and_nothing_else(place: Place, window: Open) -> None:
    place.hold()
    place.begin(experiments=1)
    place.running()
    seen = window("attach", "c")
    seen.until(r"running e1")
    seen.hang_up()
    seen.end()
    assert place.alive()
    assert b"Traceback" not in seen.raw


def test_a_storm_of_resizes_leaves_a_screen_that_can_be_read(place: Place, window: Open) -> None:
    place.hold()
    place.begin(experiments=1)
    place.running()
    seen = window("attach", "c")
    seen.until(r"running e1")
    sizes = random.Random(7)
    for _ in range(60):
        seen.resize(sizes.randint(1, 220), sizes.randint(1, 70))
        seen._read(0.01)
    for columns, rows in ((20, 5), (1, 1), (80, 24)):
        seen.resize(columns, rows)
        seen._read(0.3)
    seen.until(r"1 program\s+2 metrics\s+3 ledger")
    seen.resize(200, 60)
    seen.until(r"5 output")
    seen.until(r"running e1")
    seen.press("q")
    assert seen.end() == 0
    assert seen.restored


def test_a_dead_engine_is_resumed_from_the_screen(place: Place, window: Open) -> None:
    place.hold()
    place.begin(experiments=1)
    place.running()
    place.kill_engine()
    seen = window("attach", "c")
    seen.until(r"(?i)dead.*R resumes")
    seen.press("R")
    seen.until(r"running e1")
    assert place.alive()


def test_a_finished_campaign_is_played_back(place: Place, window: Open) -> None:
    place.finished(experiments=3)
    seen = window("replay", "c", "--speed", "1000")
    seen.until(r"1000")
    seen.press("end")
    seen.until(r"finished")
    seen.press("home")
    seen.until_gone(r"finished")
    seen.press("q")
    assert seen.end() == 0
    assert seen.restored


def test_without_a_terminal_it_says_what_to_do_instead(place: Place) -> None:
    place.finished(experiments=1)
    said = place.refused("attach", "c")
    assert "needs a terminal" in said
    assert "praxtui status" in said
    assert "needs a terminal" in place.refused("replay", "c")


def test_the_mouse_is_left_to_the_terminal_when_asked_for(place: Place, window: Open) -> None:
    place.finished(experiments=1)
    seen = window("attach", "c", "--no-mouse")
    seen.until(r"finished")
    assert b"\x1b[?1000h" not in seen.raw
    seen.press("q")
    assert seen.end() == 0
