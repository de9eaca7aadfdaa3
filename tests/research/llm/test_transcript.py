"""What a model saw and said, through a real journal and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.store import Journal
from praxtui.journal.transcript import KINDS, Shown, Turn, prompt_shown, read_back
from praxtui.research.llm.transcript import Transcript, prompt_parts
from praxtui.research.llm.turns import Message, Part, Reply, Tool, ToolCall
from praxtui.research.protocol import Usage

READ = Tool("read", "a file", {"type": "object", "properties": {"path": {"type": "string"}}})
MESSAGES = [
    Message(role="system", parts=(Part("You do research."),)),
    Message(role="user", parts=(Part("program", cache=True), Part("ledger ☃"))),
]


class JournalDesk:
    """As much of a desk as a transcript needs, on a real journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def stream(self, kind: str, text: str) -> None:
        self.journal.stream_append(kind, text, experiment="e1")

    def prompt(self, parts: list[str]) -> None:
        self.stream("prompt", self.journal.put_parts([part.encode() for part in parts]))

    def turns(self) -> list[Turn]:
        return read_back(self.journal.stream_read(experiment="e1"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[JournalDesk]:
    journal = Journal.create(tmp_path)
    yield JournalDesk(journal)
    journal.close()


def transcript(desk: Any, what: str = "draft") -> Transcript:
    return Transcript(desk, what)


def reply(**given: Any) -> Reply:
    return Reply(usage=Usage(model="m", prompt=10, cached=4, output=3), **given)


def test_a_conversation_reads_back_in_the_order_in_which_it_happened(desk: JournalDesk) -> None:
    said = transcript(desk)
    said.prompt(MESSAGES, [READ])
    desk.stream("thought", "hm ")
    desk.stream("thought", "yes")
    desk.stream("text", "I ")
    desk.stream("text", "read.")
    said.replied(reply(text="I read."), 1.25)
    call = ToolCall("c1", "read", '{"path": "tr')
    said.called(call)
    said.answered(call, "broken\nJSON")
    said.left_out(["c1"])
    said.told("use a tool")
    said.fault("429: waiting")
    turns = desk.turns()
    assert [turn.kind for turn in turns] == [
        "prompt", "thought", "text", "usage", "call", "result", "left_out", "user", "fault",
    ]  # fmt: skip
    assert [turn.text for turn in turns[1:3]] == ["hm yes", "I read."]
    assert turns[3].data == {
        "what": "draft", "model": "m", "prompt": 10, "cached": 4, "output": 3, "usd": None, "seconds": 1.25,
        "finish": "stop",
    }  # fmt: skip
    assert (turns[4].id, turns[4].name, turns[4].text) == ("c1", "read", '{"path": "tr')
    assert (turns[5].id, turns[5].name, turns[5].text) == ("c1", "read", "broken\nJSON")
    assert turns[6].data == {"ids": ["c1"]}
    assert all(turn.whole for turn in turns)


def test_the_first_prompt_can_be_shown_part_by_part(desk: JournalDesk) -> None:
    transcript(desk, "repair").prompt(MESSAGES, [READ])
    (turn,) = desk.turns()
    parts = [part.decode() for part in desk.journal.get_parts(turn.text)]
    what, shown = prompt_shown(parts)
    assert what == "repair"
    assert shown[:3] == [Shown("system", "You do research."), Shown("user", "program"), Shown("user", "ledger ☃")]
    assert shown[3].role == "tools" and json.loads(shown[3].text)[0]["name"] == "read"


def test_a_reply_that_broke_off_is_marked_and_the_next_one_is_not(desk: JournalDesk) -> None:
    said = transcript(desk)
    desk.stream("text", "half a")
    said.fault("reset mid-stream: asking again")
    desk.stream("text", "whole")
    said.replied(reply(), 0.1)
    desk.stream("thought", "cancelled he")
    assert [(turn.text, turn.whole) for turn in desk.turns() if turn.kind in ("text", "thought")] == [
        ("half a", False),
        ("whole", True),
        ("cancelled he", False),
    ]


def test_stretches_of_two_replies_stay_apart(desk: JournalDesk) -> None:
    said = transcript(desk)
    for text in ("one", "two"):
        desk.stream("text", text)
        said.replied(reply(), 0.1)
    assert [turn.text for turn in desk.turns() if turn.kind == "text"] == ["one", "two"]


def test_items_of_other_kinds_are_passed_over_and_do_not_split_a_stretch(desk: JournalDesk) -> None:
    desk.stream("text", "a")
    desk.stream("engine", "something else")
    desk.stream("text", "b")
    assert [turn.text for turn in desk.turns()] == ["ab"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.text(max_size=8)), max_size=30))
def test_no_character_of_a_stretch_is_lost_whatever_comes_between(items: list[tuple[str, str]]) -> None:
    class Recorded:
        def __init__(self, kind: str, text: str) -> None:
            self.at, self.kind = 0.0, kind
            full = {"id": "", "name": "", "arguments": text, "text": text}
            self.text = json.dumps(full) if kind in ("usage", "call", "result", "left_out") else text

    turns = read_back([Recorded(kind, text) for kind, text in items])
    for kind in ("text", "thought"):
        assert "".join(t.text for t in turns if t.kind == kind) == "".join(text for k, text in items if k == kind)
    assert [t.kind for t in turns if t.kind not in ("text", "thought")] == [
        kind for kind, _ in items if kind not in ("text", "thought")
    ]


def test_parts_tell_whose_they_are() -> None:
    parts = prompt_parts("draft", MESSAGES, [])
    assert json.loads(parts[0]) == {"what": "draft", "roles": ["system", "user", "user"]}
    assert parts[1:] == ["You do research.", "program", "ledger ☃"]
