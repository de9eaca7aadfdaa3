"""The live line: what the model does just now, and what it waits for, beside what runs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from praxtui.cli.doing import AT_ONCE, LINE, Doing
from praxtui.cli.live import LiveLine
from praxtui.journal.facts import DraftBegun, HypothesisStated, Judged, RunStarted
from praxtui.journal.folded import folded
from praxtui.journal.people import WaitingBegan, WaitingEnded
from tests.cli.place import Inside
from tests.cli.written import Writer, beginning
from tests.journal.facts import drafted, ran


class Screen(io.StringIO):
    """A terminal that takes whatever it is given."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    monkeypatch.setenv("COLUMNS", "200")
    return Writer(Inside(tmp_path / "place").folder(), [*beginning(), DraftBegun("e1", 1, "e0", "b" * 40, "llm")])


class Line:
    """A live line with a memory, as a follower has it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._doing = Doing()

    def now(self) -> str | None:
        """What the model does, at the time of the last thing written."""
        found = self._doing.now(self._writer.journal, folded(self._writer.journal), self._writer.now)
        return found[1] if found else None


def test_it_says_what_the_model_does_step_by_step(writer: Writer) -> None:
    line = Line(writer)
    assert line.now() is None
    talk = writer.conversation("draft", "go")
    assert line.now() == "drafting e1 0.0s: asked"
    writer.stream("thought", "First I look.\nThe rate")
    assert line.now() == "drafting e1 1.0s: thinks “The rate”"
    writer.stream("thought", " is small.\n")
    assert line.now() == "drafting e1 2.0s: thinks “The rate is small.”"
    writer.stream("text", "I look")
    assert line.now() == "drafting e1 3.0s: answers"
    writer.reply(talk)
    writer.use(talk, "read", {"path": "train.py"}, "text")
    assert line.now() == "drafting e1 6.0s: read train.py, step 2"
    writer.reply(talk)
    writer.use(talk, "edit", '{"path": "a', "broken")
    assert line.now() == "drafting e1 9.0s: edit, step 3"


def test_nothing_is_said_of_a_conversation_that_is_over(writer: Writer) -> None:
    line = Line(writer)
    writer.conversation("draft", "go")
    assert line.now()
    writer.facts(*drafted("e1")[1:])
    assert line.now() is None
    writer.facts(*ran("e1", 1, None))
    writer.conversation("repair", "it crashed")
    assert line.now() == "mending e1 0.0s: asked"
    writer.facts(*ran("e1", 2, 1.0), Judged("e1", "discard"))
    assert line.now() is None
    writer.conversation("reflect", "it is no better")
    assert line.now() == "reflecting on e1 0.0s: asked"


def test_of_two_at_work_the_later_is_shown(writer: Writer) -> None:
    line = Line(writer)
    writer.conversation("draft", "go")
    writer.facts(DraftBegun("e2", 1, "e0", "b" * 40, "llm"))
    writer.stream("prompt", "no digest", "e2")
    assert line.now() == "drafting e2 0.0s: asked"


def test_a_look_is_bounded_and_catches_up(writer: Writer) -> None:
    writer.conversation("draft", "go")
    for _ in range(AT_ONCE):
        writer.stream("thought", "x")
    writer.stream("text", "y")
    line = Line(writer)
    assert str(line.now()).endswith(f"thinks “…{'x' * (LINE - 1)}”")
    assert str(line.now()).endswith("answers")


def shown(writer: Writer) -> str:
    screen = Screen()
    LiveLine(screen, writer.journal.folder).show(folded(writer.journal), writer.journal)
    return screen.getvalue()


def test_it_stands_beside_what_runs(writer: Writer) -> None:
    writer.facts(HypothesisStated("e1", "wider", "m", "p", "llm"))
    talk = writer.conversation("draft", "go")
    writer.reply(talk)
    writer.use(talk, "read", {"path": "train.py"}, "text")
    line = shown(writer)
    assert line.startswith("\rdrafting e1 ")
    assert ": read train.py, step 2  0 of 9 experiments" in line
    assert line.count("drafting") == 1
    writer.facts(*drafted("e1")[1:], RunStarted("e1", 1, "select", 0, "c" * 40, 1))
    writer.facts(DraftBegun("e2", 1, "e0", "b" * 40, "llm"))
    writer.stream("prompt", "no digest", "e2")
    line = shown(writer)
    assert line.startswith("\rrunning e1 ")
    assert "  drafting e2 " in line


def test_a_wait_for_a_provider_is_on_the_line(writer: Writer) -> None:
    writer.conversation("draft", "go")
    writer.facts(WaitingBegan("provider", "waiting 40 s for a: 429 rate limited"))
    assert shown(writer).startswith("\rwaiting 40 s for a: 429 rate limited  0 of 9 experiments")
    writer.facts(*drafted("e1")[1:], RunStarted("e1", 1, "select", 0, "c" * 40, 1))
    line = shown(writer)
    assert line.startswith("\rrunning e1 ")
    assert "  waiting 40 s for a: 429 rate limited  0 of 9" in line
    writer.facts(WaitingEnded("provider"))
    assert "waiting" not in shown(writer)
