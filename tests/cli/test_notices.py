"""What a follower says of a model's researcher: hypotheses, waits, stances, what waits for a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from praxtui.cli.follow import Follower
from praxtui.cli.notices import STANCES, WORTH_SAYING_S, Notices
from praxtui.journal.facts import (
    DraftBegun,
    DraftVetoed,
    EngineStarted,
    Fact,
    HypothesisStated,
    Reflected,
    SandboxProbed,
)
from praxtui.journal.fold import fold_all
from praxtui.journal.people import CommandTaken, WaitingBegan, WaitingEnded
from praxtui.journal.state import State
from praxtui.research.llm.brief import stances
from tests.cli.place import Inside
from tests.cli.written import ENDED, beginning, written
from tests.journal.facts import drafted, events, judged


class Told:
    """Notices with a clock that the test turns."""

    def __init__(self) -> None:
        self.at = 0.0
        self.notices = Notices(lambda: self.at)
        self.state = State()

    def of(self, *facts: Fact) -> list[str]:
        lines = []
        for event in events(facts, first=self.state.seq + 1, at=1000.0 + self.state.seq):
            self.state = fold_all(self.state, [event])
            lines += self.notices.of(event, self.state)
        return lines

    def after(self, seconds: float) -> list[str]:
        self.at += seconds
        return self.notices.overdue()


@pytest.fixture
def told() -> Told:
    made = Told()
    made.of(*beginning())
    return made


def stated(title: str, *hints: str, by: str = "llm") -> list[Fact]:
    return [DraftBegun("e1", 1, "e0", "b" * 40, by), HypothesisStated("e1", title, "m", "p", by, list(hints))]


def wait(reason: str) -> WaitingBegan:
    return WaitingBegan("provider", reason)


def test_a_hypothesis_is_said_when_it_is_stated_and_again_when_it_changes(told: Told) -> None:
    assert told.of(*stated("wider", "k1")) == ["      e1 tries: wider  [k1]"]
    assert told.of(*stated("wider")) == []
    assert told.of(*stated("deeper")) == ["      e1 tries: deeper"]


@pytest.mark.parametrize("researcher", ["sweep", "null"])
def test_what_comes_with_its_row_at_once_is_not_said_before(told: Told, researcher: str) -> None:
    assert told.of(*stated("LR 1 -> 2", by=researcher)) == []


def test_a_short_wait_is_not_said(told: Told) -> None:
    assert told.of(wait("waiting 2 s for a: 429 rate limited")) == []
    assert told.after(WORTH_SAYING_S - 0.1) == []
    assert told.of(WaitingEnded("provider")) == []
    assert told.after(60) == []


def test_a_long_wait_is_said_once_however_often_it_begins_again(told: Told) -> None:
    told.of(wait("waiting 2 s for a: 429 rate limited"))
    told.at += 2
    told.of(wait("waiting 40 s for a: 429 rate limited"))
    assert told.after(2) == ["      waiting 40 s for a: 429 rate limited"]
    assert told.after(38) == []
    told.of(wait("waiting 2 min for a: 429 rate limited"))
    assert told.after(120) == []
    told.of(WaitingEnded("provider"), wait("waiting 1.5 h for a: 429 rate limited"))
    assert told.after(600) == []
    told.of(wait("waiting 3 s for a: 503 overloaded or out of order"))
    assert told.after(WORTH_SAYING_S) == ["      waiting 3 s for a: 503 overloaded or out of order"]


@pytest.mark.parametrize(
    "fact", [Reflected("e1", "refuted", "no", "llm"), HypothesisStated("e1", "x", "m", "p", "llm")]
)
def test_once_the_researcher_gets_on_it_says_so_and_the_next_wait_is_news(told: Told, fact: Fact) -> None:
    told.of(DraftBegun("e1", 1, "e0", "b" * 40, "llm"), wait("waiting 40 s for a: 429"))
    assert len(told.after(40)) == 1
    told.of(WaitingEnded("provider"))
    told.at += 5
    assert told.of(fact)[0] == "      answered again, after 0:45"
    assert told.of(Reflected("e1", "refuted", "no", "llm")) == ["      e1 taught: no (mechanism refuted)"]
    told.of(wait("waiting 9 s for a: 429"))
    assert told.after(9) == ["      waiting 9 s for a: 429"]


def test_missing_keys_are_said_at_once_with_the_campaign_to_resume(told: Told) -> None:
    reason = "no key for a/b: set A_API_KEY, then `praxtui resume`"
    assert told.of(WaitingBegan("keys", reason)) == [
        "      waiting: no key for a/b: set A_API_KEY, then `praxtui resume c`"
    ]


def test_a_stance_is_said_when_it_is_taken(told: Told) -> None:
    told.of(*judged("e1", "keep", 0.9, standing="provisional"))
    told.of(*judged("e2", "discard", 1.0), *judged("e3", "void"), *judged("e4", "crash"))
    taken = DraftBegun("e5", 1, "e0", "b" * 40, "llm", "combine")
    assert told.of(taken) == ["      nothing kept in 2 experiments: combine near-misses"]
    assert told.of(DraftBegun("e6", 1, "e0", "b" * 40, "llm", "combine")) == []
    assert told.of(DraftBegun("e7", 1, "e0", "b" * 40, "llm", "remove"))
    assert told.of(DraftBegun("e8", 1, "e0", "b" * 40, "llm")) == []
    assert told.of(DraftBegun("e9", 1, "e0", "b" * 40, "llm", "remove"))


FULL = {"network": "none", "home": "hidden", "gpu": "none on this machine"}
NONE = {"why": "bubblewrap is not installed", "fix": "install bubblewrap"}


@pytest.mark.parametrize(
    ("probed", "said"),
    [
        (SandboxProbed("full", FULL), "full (no network, home hidden, no GPU)"),
        (SandboxProbed("none", NONE), "none (bubblewrap is not installed; install bubblewrap)"),
    ],
)
def test_what_the_canary_found_is_in_the_follower_and_in_the_status(
    told: Told, tmp_path: Path, probed: SandboxProbed, said: str
) -> None:
    assert told.of(probed) == [f"sandbox: {said}"]
    place = Inside(tmp_path / "place")
    written(place, [*beginning(), probed])
    assert f"\nsandbox     {said}\n" in place.praxtui("status", "c").stdout
    assert "\nmodels      anthropic/a-model\n" in place.praxtui("status", "c").stdout
    document = place.json("status", "c")
    assert document["models"] == ["anthropic/a-model"]
    assert (document["sandbox"], document["sandbox_findings"]) == (probed.rung, probed.findings)


def test_a_draft_that_waits_says_how_to_decide(told: Told) -> None:
    told.of(*drafted("e1"))
    assert told.of(WaitingBegan("approval", "e1 waits for approval: LR of e1")) == [
        "      waiting: e1 waits for approval: LR of e1",
        "          because because",
        "          predicts better",
        "          praxtui show c e1 --diff  what it changes",
        "          praxtui approve c         lets it run",
        "          praxtui veto c REASON     refuses it; the researcher is told the reason",
    ]
    told.of(WaitingEnded("approval"), DraftVetoed("e1", "p", "vetoed: no"), *drafted("e2"))
    assert told.of(WaitingBegan("approval", "e2 waits for approval: LR of e2"))[1:] == [
        "          because because",
        "          predicts better",
        "          praxtui show c e2 --diff  what it changes",
    ]


def test_every_stance_of_the_researcher_has_words() -> None:
    assert list(STANCES) == list(stances.STANCES)


def test_a_hint_is_said_with_its_words(told: Told) -> None:
    taken = CommandTaken(1, "hint", {"text": "try wider"}, "ada@host:7", 1.0, "given as k1")
    assert told.of(taken) == ["      hint by ada “try wider”: given as k1"]


def test_what_was_learned_is_said_when_it_comes(told: Told) -> None:
    told.of(*drafted("e1"))
    assert told.of(Reflected("e1", "confirmed", "wider helps", "llm")) == [
        "      e1 taught: wider helps (mechanism confirmed)"
    ]
    assert told.of(Reflected("e1", "confirmed", "wider helps", "sweep")) == []


def test_a_follower_says_it_among_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Inside(tmp_path / "place")
    tried = [*stated("wider\x1b[31m"), *judged("e1", "discard", 1.0)]
    folder = written(place, [*beginning(), EngineStarted(8, 2, "boot", "host", "0.1", "none"), *tried, *ENDED])
    assert Follower(folder, as_json=False).go() == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("      e1 tries: wider?[31m")
    # The test's facts change the hypothesis to one of `sweep`, which is not said before its row.
    assert lines[at + 1].startswith("e1    discard")


def test_with_json_it_goes_to_the_person_and_not_into_the_lines(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    place = Inside(tmp_path / "place")
    tried = [*stated("wider"), *judged("e1", "discard", 1.0)]
    folder = written(place, [*beginning(), EngineStarted(8, 2, "boot", "host", "0.1", "none"), *tried, *ENDED])
    assert Follower(folder, as_json=True).go() == 0
    said = capsysbinary.readouterr()
    documents = [json.loads(line) for line in said.out.splitlines()]
    assert [document["id"] for document in documents] == ["e1", "c"]
    assert b"e1 tries: wider" in said.err


def test_a_row_comes_before_what_is_waited_for_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Inside(tmp_path / "place")
    tried = [*judged("e1", "discard", 1.0)[:-1], *drafted("e2"), WaitingBegan("approval", "e2 waits for approval: x")]
    tried.append(Reflected("e1", "refuted", "no", "llm"))
    folder = written(place, [*beginning(), EngineStarted(8, 2, "boot", "host", "0.1", "none"), *tried, *ENDED])
    assert Follower(folder, as_json=False).go() == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(n for n, line in enumerate(lines) if line.startswith("e1 "))
    assert lines[row + 1] == "      waiting: e2 waits for approval: x"
    assert "      e1 taught: no (mechanism refuted)" in lines[row + 2 :]


def test_a_row_is_printed_at_once_and_as_json_with_what_was_learned(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    place = Inside(tmp_path / "place")
    first, second = judged("e1", "discard", 1.0), judged("e2", "discard", 1.0)
    # e1 is reflected on when e2 has its verdict already; e2 never is.
    tried = [*first[:-1], *second[:-1], first[-1], *judged("e3", "void"), *ENDED]
    folder = written(place, [*beginning(), EngineStarted(8, 2, "boot", "host", "0.1", "none"), *tried])
    assert Follower(folder, as_json=True).go() == 0
    documents = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [document["id"] for document in documents] == ["e1", "e2", "e3", "c"]
    assert [document["reflection"] is not None for document in documents[:2]] == [True, False]
