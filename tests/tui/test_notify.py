"""What a person is told of, and the bytes that a terminal gets for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.events import Event
from praxtui.journal.facts import CampaignEnded, Judged
from praxtui.journal.people import WaitingBegan
from praxtui.journal.state import Experiment, Run, State
from praxtui.settings import CockpitSettings
from praxtui.tui.notify import GAP_S, News, Teller, news, sequence, way
from praxtui.tui.sources.protocol import Change


def judged(n: int, verdict: str, **more: Any) -> tuple[Experiment, Event]:
    run = Run(1, "select", 0, 1, "c", 0.0, why="ended", metric=2.5 if verdict == "keep" else None)
    experiment = Experiment(
        f"e{n}", 1, "e0", "b", "sweep", float(n), title=f"idea {n}", runs=(run,), verdict=verdict, judged=float(n)
    )
    return experiment, Event(n, float(n), Judged(f"e{n}", verdict, **more))


def told(*verdicts: str, since: int = 0, **more: Any) -> list[News]:
    made = [judged(n, verdict, **more) for n, verdict in enumerate(verdicts, 1)]
    state = State(id="mar1", experiments={e.id: e for e, _ in made})
    return news(Change(events=tuple(event for _, event in made[since:])), state)


def test_a_keep_that_is_better_is_told_with_its_value_and_gain() -> None:
    assert told("keep", delta=0.1, delta_sd=2.04) == [News("best", "mar1 e1 kept: 2.5000 (+2.0 sd) idea 1")]
    assert told("keep", delta=0.0) == []
    assert told("discard", delta=-0.1) == []


def test_the_third_crash_in_a_row_is_told_once() -> None:
    streak = [News("crashes", "mar1: the last 3 experiments crashed")]
    assert told("crash", "crash") == []
    assert told("discard", "crash", "crash", "crash", since=3) == streak
    assert told("discard", "crash", "crash", "crash") == streak
    assert told("crash", "crash", "crash", "crash", since=3) == []
    assert told("crash", "crash", "discard", "crash") == []


def test_the_end_and_what_needs_a_person_are_told_and_a_provider_that_is_down_is_not() -> None:
    state = State(id="mar1")

    def one(fact: Any) -> list[News]:
        return news(Change(events=(Event(1, 0.0, fact),)), state)

    assert one(CampaignEnded("finished", "8 hours are over")) == [News("end", "mar1 finished: 8 hours are over")]
    assert one(WaitingBegan("approval", "e4 waits")) == [News("waits", "mar1 waits for you: e4 waits")]
    assert one(WaitingBegan("provider", "HTTP 529")) == []
    assert news(Change(events=(Event(1, 0.0, CampaignEnded("finished", "x")),), anew=True), state) == []


@pytest.mark.parametrize(
    ("environ", "by"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "xterm-kitty"}, "osc9"),
        ({"VTE_VERSION": "7000"}, "osc777"),
        ({"TERM": "foot-extra"}, "osc777"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, "bell"),
        ({}, "bell"),
    ],
)
def test_a_terminal_gets_what_it_is_known_to_take(environ: dict[str, str], by: str) -> None:
    assert way("auto", environ) == by
    assert way("none", environ) == "none"


def test_the_sequences() -> None:
    assert sequence("best 2.5", "osc9") == "\x1b]9;best 2.5\x1b\\"
    assert sequence("best", "osc777", bell=True) == "\x1b]777;notify;praxtui;best\x1b\\\a"
    assert sequence("best", "bell") == "\a"
    assert sequence("best", "none", bell=True) == ""
    assert sequence("4;1;50", "osc9") == "\x1b]9; 4,1,50\x1b\\"
    assert sequence("best", "osc9", tmux=True) == "\x1bPtmux;\x1b\x1b]9;best\x1b\x1b\\\x1b\\"
    assert sequence("best", "bell", tmux=True) == "\a"


@given(st.text(max_size=300), st.sampled_from(["osc9", "osc777"]), st.booleans())
def test_no_text_steers_the_terminal(text: str, by: str, tmux: bool) -> None:
    written = sequence(text, by, tmux=tmux)
    inside = written.removeprefix("\x1bPtmux;").removesuffix("\x1b\\") if tmux else written
    inside = inside.replace("\x1b\x1b", "\x1b")
    body = inside.removeprefix("\x1b]9;").removeprefix("\x1b]777;notify;praxtui;").removesuffix("\x1b\\")
    assert not [c for c in body if ord(c) < 32 or 127 <= ord(c) < 160 or c == ";"]
    assert len(body) <= 121


def test_only_what_is_wanted_is_told_and_never_twice_within_two_seconds() -> None:
    teller = Teller(CockpitSettings(notify=("best", "end"), notify_by="osc9"), {})
    assert teller.take([News("crashes", "three")], 0.0) == ""
    assert teller.take([News("best", "one")], 0.0) == sequence("one", "osc9")
    assert teller.take([News("best", "two"), News("end", "over")], 1.0) == ""
    assert teller.holds
    assert teller.take([], GAP_S - 0.1) == ""
    assert teller.take([], GAP_S) == sequence("over", "osc9")
    assert not teller.holds
    assert teller.take([], 10.0) == ""
    teller.said = CockpitSettings(notify=())
    assert teller.take([News("end", "over")], 20.0) == ""
