"""Following a campaign on a terminal: the live line, Ctrl-C, a window that is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cli.place import Place
from tests.cli.terminal import COLUMNS, Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def terminal(place: Place) -> Iterator[Open]:
    """Open terminals at the place; they are closed afterwards."""
    opened: list[Terminal] = []

    def make(*words: str) -> Terminal:
        opened.append(Terminal(place, *words))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


RUN = ("run", "leaf", "--researcher", "null", "--name", "c")


def test_a_live_line_says_what_runs_and_is_cleared_away(place: Place, terminal: Open) -> None:
    place.hold()
    seen = terminal(*RUN, "--experiments", "1")
    line = seen.until(r"\rrunning e1 [^\r\n]*loss: 0\.5[^\r\n]*\x1b\[K")
    assert "0 of 1 experiments" in line
    place.release()
    assert seen.end() == 0
    screen = seen.screen()
    assert not [line for line in screen if line.startswith("running")]
    assert max(map(len, screen[: screen.index("c is finished: 1 experiments done")])) <= COLUMNS
    rows = [line.split()[:2] for line in screen if line[:1] == "e" and line[1:2].isdigit()]
    assert rows == [["e0", "keep"], ["e1", "discard"]]
    assert "c is finished: 1 experiments done" in screen


def test_one_ctrl_c_stops_after_this_run_and_exits_0(place: Place, terminal: Open) -> None:
    place.hold()
    seen = terminal(*RUN, "--experiments", "5")
    seen.until(r"running e1 ")
    place.running()
    seen.type(b"\x03")
    seen.until("stopping after this run; Ctrl-C again stops it now")
    place.when(lambda state: state.stop == "after")
    place.release()
    assert seen.end() == 0
    state = place.state()
    assert (state.ended, state.end_reason, state.counted) == ("stopped", "stopped by its person", 1)
    assert state.experiments["e1"].verdict == "discard"
    assert not place.alive()
    assert "c is stopped: stopped by its person" in seen.screen()


def test_two_ctrl_c_stop_now(place: Place, terminal: Open) -> None:
    place.hold()
    seen = terminal(*RUN, "--experiments", "5")
    seen.until(r"running e1 ")
    place.running()
    seen.type(b"\x03")
    seen.until("stopping after this run")
    seen.type(b"\x03")
    seen.until("stopping now")
    assert seen.end() == 0
    state = place.state()
    assert (state.ended, state.experiments["e1"].verdict, state.counted) == ("stopped", "void", 0)
    assert place.gate.exists()


def test_ctrl_c_before_the_engine_answers_is_not_lost(place: Place, terminal: Open) -> None:
    place.hold()
    seen = terminal(*RUN, "--experiments", "5")
    place.until(lambda: place.folder().joinpath("engine.log").exists(), "the engine to be started")
    seen.type(b"\x03")
    seen.until("stopping after this run")
    place.release()
    assert seen.end() == 0
    assert place.state().ended == "stopped"


def test_closing_the_window_loses_the_view_only(place: Place, terminal: Open) -> None:
    place.hold()
    seen = terminal(*RUN, "--experiments", "1")
    seen.until(r"running e1 ")
    place.running()
    seen.hang_up()
    assert seen.process.wait(120) != 0
    assert place.alive()
    again = terminal("resume", "c", "--follow")
    again.until("c is running already")
    again.until(r"\rrunning e1 ")
    place.release()
    assert again.end() == 0
    state = place.state()
    assert (state.ended, state.counted) == ("finished", 1)


def test_a_draft_that_waits_for_approval_keeps_the_follower(place: Place, terminal: Open) -> None:
    seen = terminal(*RUN, "--experiments", "1", "--autonomy", "review")
    seen.until("waiting: e1 waits for approval")
    seen.until(r"\rwaiting: ")
    assert seen.process.poll() is None
    assert place.praxtui("approve", "c").stdout == "approved e1\n"
    assert seen.end() == 0
    assert place.state().counted == 1
