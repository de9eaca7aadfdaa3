"""What a researcher said, as lines; what it works on and what it waits for, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.facts import CampaignEnded, DraftBegun, DraftRefused, HypothesisStated, Reflected, RunStarted
from praxtui.journal.people import Paused, WaitingBegan
from praxtui.journal.state import Experiment
from praxtui.journal.store import StreamItem
from praxtui.tui.panes.call_words import change, outcome, words
from praxtui.tui.panes.researcher_page import STEP, parts, window
from praxtui.tui.panes.researcher_words import caption, current, known, notice, notice_lines, stated
from praxtui.tui.panes.thoughts import Joined, Talk, Told
from praxtui.tui.widgets.folds import Folds, Line
from tests.tui.told import Told as Source
from tests.tui.told import begun, drafted, judged, ran


def items(*said: tuple[str, str | dict[str, Any]]) -> list[StreamItem]:
    return [
        StreamItem(n, 100.0 + n, "e1", kind, text if isinstance(text, str) else json.dumps(text))
        for n, (kind, text) in enumerate(said, 1)
    ]


def talk(*said: tuple[str, str | dict[str, Any]]) -> Talk:
    made = Talk(lambda digest: "draft")
    made.take(items(*said))
    return made


def text(line: Line) -> str:
    return "".join(piece.text for piece in line)


def shown(made: Talk, width: int = 60) -> list[str]:
    return [text(line) for entry in made.entries for line in entry.lines(width)]


# --- what was said ---------------------------------------------------------------------------------------------------


def test_stretches_that_belong_together_are_one_thought() -> None:
    made = talk(("thought", "The short win"), ("thought", "dows alias.\nLook."), ("usage", {}), ("thought", "Next."))
    assert shown(made) == ["┆ The short windows alias.", "┆ Look.", "┆ Next."]
    assert made.steps == 1


def test_an_item_that_is_read_twice_is_taken_once() -> None:
    made = talk(("thought", "once"))
    assert not made.take(items(("thought", "once")))
    assert shown(made) == ["┆ once"]


def test_a_call_stands_on_one_line_with_what_came_of_it() -> None:
    edit = {"path": "train.py", "search": "ROPE_BASE = 10_000", "replace": "ROPE_BASE = 200_000"}
    made = talk(
        ("call", {"id": "1", "name": "read", "arguments": '{"path": "train.py", "start": 410, "end": 470}'}),
        ("call", {"id": "2", "name": "edit", "arguments": json.dumps(edit)}),
        ("call", {"id": "3", "name": "check", "arguments": "{}"}),
        ("result", {"id": "1", "name": "read", "text": "410 x = 1\n" * 60}),
        ("result", {"id": "2", "name": "edit", "text": "error: train.py is sealed"}),
        ("result", {"id": "3", "name": "check", "text": "passed: ok"}),
    )
    assert shown(made) == [
        "  read    train.py 410-470",
        "  edit    train.py: ROPE_BASE = 10_000 → 200_000",
        "          error: train.py is sealed",
        "  check   ok",
    ]


def test_what_was_asked_and_what_went_wrong_stands_between() -> None:
    made = talk(
        ("prompt", "digest"),
        ("fault", "overloaded, again in 40 s"),
        ("fault", "overloaded, again in 80 s"),
        ("user", "a person's new hint"),
    )
    assert shown(made) == [
        "  asked for a draft",
        "  fault   overloaded, again in 80 s (2 times)",
        "» a person's new hint",
    ]
    assert made.what == "draft"


def test_nothing_that_a_model_wrote_reaches_the_terminal_raw() -> None:
    nasty = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 [bold]not[/bold] \u202eback"
    made = talk(
        ("thought", nasty),
        ("call", {"id": nasty, "name": nasty, "arguments": json.dumps({"path": nasty})}),
        ("fault", nasty),
        ("user", nasty),
    )
    for line in shown(made):
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert line.isprintable()


@given(
    st.lists(st.tuples(st.sampled_from(["prompt", "usage", "call", "result", "left_out", "x"]), st.text(max_size=9)))
)
def test_items_that_are_not_what_they_should_be_harm_nothing(said: list[tuple[str, str]]) -> None:
    shown(talk(*said), 5)


@given(st.lists(st.lists(st.integers(), max_size=4), max_size=5))
def test_joined_stretches_are_one_sequence(stretches: list[list[int]]) -> None:
    joined: Joined = Joined(stretches)  # type: ignore[arg-type]
    flat = [n for stretch in stretches for n in stretch]
    assert [*joined] == flat
    assert [joined[n] for n in range(-len(flat), 0)] == flat  # type: ignore[comparison-overlap]
    with pytest.raises(IndexError):
        joined[len(flat)]


# --- calls in words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ROPE_BASE = 10_000", "ROPE_BASE = 200_000", "ROPE_BASE = 10_000 → 200_000"),
        ("LR = 0.02  # Muon", "LR = 0.04  # Muon", "LR = 0.02 → 0.04"),
        ("f(a, 1)", "f(a, 2)", "f(a, 1) → f(a, 2)"),
        ("a\nb\nc", "a\nB\nc", "b → B"),
        ("a", "a\nb\nc", "+2 lines"),
        ("a\nb", "x\ny\nz", "-2 +3 lines"),
        ("a", "", "a → nothing"),
        ("a", "a", "no change"),
    ],
)
def test_a_change_is_said_in_a_line(before: str, after: str, said: str) -> None:
    assert change(before, after) == said


@given(st.text(), st.text())
def test_any_change_is_said(before: str, after: str) -> None:
    assert change(before, after)


@given(
    st.sampled_from(["read", "search", "ledger", "diff", "log", "hypothesis", "edit", "write", "reflect", "other"]),
    st.dictionaries(
        st.sampled_from(["path", "start", "end", "blocks", "search", "replace", "content", "run", "pattern"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none() | st.text(max_size=3), max_size=2),
    ),
)
def test_any_call_is_said_in_a_line(name: str, arguments: dict[str, Any]) -> None:
    said = words(name, json.dumps(arguments))
    assert "\n" not in said
    assert outcome(name, said) is not None


def test_arguments_that_are_no_json_are_said_to_be_so() -> None:
    assert words("edit", '{"path": "tr') == "with arguments that are no JSON object"


# --- what it works on ------------------------------------------------------------------------------------------------


def campaign() -> Source:
    source = Source([*begun(), *drafted("e1", "RoPE base"), RunStarted("e1", 1, "select", 0, "c-e1", 1)])
    source.now = 2000.0
    source.tell(DraftBegun("e2", 1, "e0", "b", "llm"))
    return source


def test_the_newest_voice_is_what_is_worked_on() -> None:
    state = campaign().state
    assert current(state, {}) == "e2"
    assert current(state, {"e1": 3000.0, "e2": 2500.0}) == "e1"
    assert current(Source().state, {}) is None


def test_the_border_says_what_the_researcher_does() -> None:
    source = campaign()
    state = source.state
    assert caption(state, state.experiments["e2"], talk(("usage", {}), ("usage", {}))) == "e2, thinking, step 3"
    assert caption(state, state.experiments["e1"], None) == "e1, running"
    source.tell(*list(drafted("e2", "next"))[1:])
    assert caption(source.state, source.state.experiments["e2"], None) == "e2, drafted ahead"
    source.tell(WaitingBegan("approval", "e2 waits for approval: next"))
    assert caption(source.state, source.state.experiments["e2"], None) == "waiting for you"
    assert caption(Source().state, None, None) == ""


def test_a_wait_is_said_with_its_reason_its_keys_and_since_when() -> None:
    source = campaign()
    assert notice(source.state, True) is None
    source.tell(WaitingBegan("approval", "e2 waits for approval: next"))
    source.now += 42
    found = notice(source.state, True)
    assert found is not None
    assert [text(line) for line in notice_lines(found, source.now, 80, 2)] == [
        "! 0:42 e2 waits for approval: next; A lets it run, V refuses it"
    ]
    assert notice_lines(found, source.now, 80, 0) == []
    in_replay = notice(source.state, None)
    assert in_replay is not None
    assert "A lets" not in in_replay.text


@pytest.mark.parametrize(
    ("fact", "alive", "said"),
    [
        (WaitingBegan("provider", "anthropic is overloaded, again in 40 s"), True, "again in 40 s"),
        (WaitingBegan("keys", "ANTHROPIC_API_KEY is not set"), True, "set the key, then R"),
        (WaitingBegan("disk", "no space left"), True, "once there is room"),
        (WaitingBegan("researcher", "nothing left to try"), True, "h gives it an idea"),
        (Paused("ada"), True, "paused; space goes on"),
        (CampaignEnded("finished", "12 experiments done"), True, "finished: 12 experiments done"),
        (DraftRefused("e2", 1, "x"), False, "the engine is gone: R starts it again"),
    ],
)
def test_every_reason_to_be_silent_is_said(fact: Any, alive: bool, said: str) -> None:
    source = campaign()
    source.tell(fact)
    found = notice(source.state, alive)
    assert found is not None
    assert said in found.text


def test_the_hypothesis_stands_in_the_lines_there_are() -> None:
    e = Experiment("e1", 1, "e0", "b", "llm", 0.0, "a title", "one two three four " * 6, "0.1 better")
    assert stated(e, 50, 0) == []
    assert [text(line) for line in stated(e, 50, 1)] == ["hypothesis  a title"]
    three = [text(line) for line in stated(e, 50, 3)]
    assert [line.split()[0] for line in three] == ["hypothesis", "because", "predicts"]
    assert three[1].endswith("…")
    six = [text(line) for line in stated(e, 50, 6)]
    assert len(six) == 5
    assert not any("…" in line for line in six)
    assert stated(None, 50, 3) == []


def test_what_the_record_says_stands_below_the_thoughts() -> None:
    source = Source([*begun(), *drafted("e1", "RoPE base"), *ran("e1", 0.9), judged("e1", "discard", -2.0)])
    source.tell(DraftRefused("e1", 1, "it is no lever"), Reflected("e1", "refuted", "no gain", "llm"))
    said = [text(line) for line in known(source.state.experiments["e1"], None, 60)]
    assert said == [
        "  refused it is no lever",
        "  draft   changes train.py",
        "  verdict discard -2.0 sd",
        "  learned refuted: no gain",
    ]


def test_a_search_says_what_it_tries_without_a_stream() -> None:
    source = Source(begun())
    detail = {"constant": "train.py:LR", "index": None, "before": 0.1, "after": 0.2, "point": {}}
    source.tell(DraftBegun("e1", 1, "e0", "b", "sweep"), HypothesisStated("e1", "t", "m", "p", "sweep", detail=detail))
    assert [text(line) for line in known(source.state.experiments["e1"], None, 60)] == [
        "  tries   train.py:LR: 0.1 → 0.2"
    ]


def test_the_page_has_the_newest_experiments_and_the_one_worked_on_last() -> None:
    source = Source(begun())
    for n in range(1, STEP + 6):
        source.tell(*drafted(f"e{n}", f"idea {n}"), *ran(f"e{n}", 0.9), judged(f"e{n}", "discard", -1.0))
    shown_now, hidden = window(source.state, STEP, "e9")
    assert (len(shown_now), hidden, shown_now[-1].id) == (STEP, 5, "e9")
    page = Folds(parts(source.state, STEP, "e9", {}), {"e9"})
    page.fit(70)
    assert text(page.line(0)) == "… 5 earlier: enter shows 5 more".ljust(70)
    assert text(page.line(1)).startswith("▸ e6   discard  -1.0 sd  idea 6")
    assert any(text(page.line(n)).startswith("▾ e9") for n in range(page.count))


def test_a_line_of_ours_is_wrapped_behind_its_label() -> None:
    assert [text(line) for line in Told("fault", "one two three", "warn").lines(18)] == [
        "  fault   one two",
        "          three",
    ]
