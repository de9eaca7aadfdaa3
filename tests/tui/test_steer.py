"""Commands from the screen, to engines that are there, gone, stuck or over."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from praxtui.journal import liveness
from praxtui.journal.inbox import NAME, Inbox
from praxtui.journal.people import CommandTaken
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.tui import steer
from praxtui.tui.messages import Answered
from tests.making import Script, Watch, create, play, run, state_of
from tests.places import exact, home
from tests.tui.recorded import recorded

__all__ = ["exact", "home"]


def taken(verb: str, outcome: str, ok: bool = True, **args: object) -> CommandTaken:
    return CommandTaken(1, verb, dict(args), "person@box:1", 0.0, outcome, ok)


def commands(folder: Path) -> list[tuple[str, Mapping[str, object]]]:
    with Inbox(folder) as inbox:
        return [(command.verb, command.args) for command in inbox.pending()]


def told(folder: Path, watch: Watch, verb: str, **args: object) -> asyncio.Future[Answered]:
    """As the screen does it: in a thread, with the state that the person saw."""
    state = watch.look()
    return asyncio.get_running_loop().run_in_executor(None, steer.sent, folder, verb, args, state)


class TestWithAnEngine:
    def test_every_command_is_answered_in_words(self, exact: Path, tmp_path: Path) -> None:
        folder, gate = create(exact, experiments=3), tmp_path / "gate"
        said: dict[str, Answered] = {}

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            said["hint"] = await told(folder, watch, "hint", text="try less")
            said["unhint"] = await told(folder, watch, "unhint", hint="k1")
            said["pause"] = await told(folder, watch, "pause")
            said["again"] = await told(folder, watch, "pause")
            said["budget"] = await told(folder, watch, "budget", experiments=2, usd="none")
            said["kill"] = await told(folder, watch, "kill")
            await watch.until(lambda state: not state.running)
            said["veto"] = await told(folder, watch, "veto", reason="no")
            said["resume"] = await told(folder, watch, "resume")
            gate.touch()

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0}, {"GAIN": 3.0}), direct)
        assert {name: answer.text for name, answer in said.items()} == {
            "hint": "hint k1 waits for the next draft",
            "unhint": "hint k1 withdrawn: no later draft is shown it",
            "pause": "paused after e1: its run ends and is judged",
            "again": "paused already",
            "budget": "budget: 2 experiments, no limit of USD",
            "kill": "e1 run 1 is being ended: it counts as void",
            "veto": "there is no draft to veto: none is being written and none waits",
            "resume": "resumed",
        }
        assert [name for name, answer in said.items() if not answer.ok] == ["veto"]
        assert (state.experiments["e1"].verdict, state.ended, state.counted) == ("void", "finished", 2)

    def test_stop_says_what_ends_and_when(self, exact: Path, tmp_path: Path) -> None:
        folder = create(exact, experiments=5)
        said: list[str] = []

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            said.append((await told(folder, watch, "stop", now=False)).text)
            said.append((await told(folder, watch, "stop", now=True)).text)

        play(folder, Script({"WAIT": str(tmp_path / "never")}), direct)
        assert said == ["stopping after e1; S again stops now", "stopping now: the run of e1 is ended"]


class TestWithoutAnEngine:
    def test_the_command_waits_and_the_key_that_resumes_is_named(self, tmp_path: Path) -> None:
        folder = recorded(tmp_path, 3, live=True, alive=False)
        answer = steer.sent(folder, "hint", {"text": "try less"})
        assert (answer.ok, answer.text) == (True, "no engine: hint waits in the inbox; R resumes the engine")
        assert commands(folder) == [("hint", {"text": "try less"})]

    @pytest.mark.parametrize("verb", sorted(steer.POINTLESS))
    def test_what_is_over_is_not_told_to_stop(self, exact: Path, verb: str) -> None:
        folder = create(exact, "over", "null", experiments=1)
        run(folder)
        answer = steer.sent(folder, verb, {})
        assert not answer.ok
        assert answer.text == f"over is finished already: {state_of(folder).end_reason}"
        assert commands(folder) == []

    def test_what_is_over_takes_a_hint_for_when_it_goes_on(self, tmp_path: Path) -> None:
        folder = recorded(tmp_path, 3)
        assert steer.sent(folder, "hint", {"text": "try less"}).ok
        assert commands(folder) == [("hint", {"text": "try less"})]

    def test_an_engine_that_takes_nothing_is_said_to_be_silent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = recorded(tmp_path, 3, live=True)
        monkeypatch.setattr(steer, "ANSWER_S", 0.05)
        monkeypatch.setattr(steer.answer, "__defaults__", (0.05,))
        answer = steer.sent(folder, "pause", {})
        assert (answer.ok, answer.text) == (False, "no answer within 0.05 s; pause waits in the inbox")
        assert commands(folder) == [("pause", {})]

    def test_an_engine_that_goes_away_meanwhile_is_not_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = recorded(tmp_path, 3, live=True)
        command = steer.send(folder, "pause", {})
        (folder / liveness.IDENTITY).unlink()

        def waited(seconds: float) -> None:
            pytest.fail("waited for an engine that is gone")

        monkeypatch.setattr(time, "sleep", waited)
        assert steer.answer(command) is None

    def test_the_answer_to_another_command_is_none_to_this_one(self, tmp_path: Path) -> None:
        folder = recorded(tmp_path, 3, live=True)
        command = steer.send(folder, "pause", {})
        with Journal.open(folder, write=True) as journal:
            for number, outcome in ((command.command - 1, "theirs"), (command.command, "ours")):
                journal.append([CommandTaken(number, "pause", {}, "person@box:1", 0.0, outcome)])
        found = steer.answer(command)
        assert found is not None
        assert found.outcome == "ours"


class TestFaults:
    def test_a_locked_inbox_is_given_up_in_a_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = recorded(tmp_path, 3, live=True, alive=False)
        with Inbox(folder) as inbox:
            inbox.send("pause", {}, "other")
        monkeypatch.setattr(steer, "PATIENCE_S", 0.05)
        other = sqlite3.connect(folder / NAME, isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            answer = steer.sent(folder, "hint", {"text": "a"})
        finally:
            other.close()
        assert (answer.ok, answer.text) == (False, "hint was not sent: the inbox is locked by another process")
        assert answer.fix == "try again in a moment"

    @pytest.mark.parametrize(
        ("pragma", "words"),
        [
            ("query_only=1", "hint was not sent: its folder cannot be written"),
            ("max_page_count=1", "hint was not sent: database or disk is full"),
        ],
    )
    def test_a_disk_that_takes_nothing_is_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, words: str
    ) -> None:
        folder = recorded(tmp_path, 3, live=True, alive=False)
        with Inbox(folder) as inbox:
            inbox.send("pause", {}, "other")
        insert = Inbox._insert

        def refused(self: Inbox, verb: str, text: str, who: str, patience: float) -> int:
            connection = self._open(make=True, patience=0.0)
            assert connection is not None
            connection.execute(f"PRAGMA {pragma}")
            return insert(self, verb, text, who, patience)

        monkeypatch.setattr(Inbox, "_insert", refused)
        answer = steer.sent(folder, "hint", {"text": "a" * 100_000})
        assert (answer.ok, answer.text) == (False, words)
        assert answer.fix

    def test_a_campaign_that_is_gone_is_a_sentence(self, tmp_path: Path) -> None:
        answer = steer.sent(tmp_path / "gone", "hint", {"text": "a"})
        assert not answer.ok
        assert answer.text.startswith("hint was not sent: ")
        assert "\n" not in answer.text


class TestWords:
    @pytest.mark.parametrize(
        ("fact", "running", "words"),
        [
            (taken("hint", "given as k3"), [], "hint k3 waits for the next draft"),
            (
                taken("pause", "paused; the current run ends normally and is judged"),
                ["e47/1"],
                "paused after e47: its run ends and is judged",
            ),
            (
                taken("pause", "paused; the current run ends normally and is judged"),
                [],
                "paused; the current run ends normally and is judged",
            ),
            (taken("kill", "killing run 2 of e47"), ["e47/2"], "e47 run 2 is being ended: it counts as void"),
            (taken("veto", "e48 vetoed", reason="too slow"), [], "e48 vetoed: too slow"),
            (taken("veto", "e48 vetoed", reason=""), [], "e48 vetoed"),
            (taken("approve", "approved e48"), [], "approved e48"),
            (taken("autonomy", "autonomy auto", autonomy="auto"), [], "auto: drafts run by themselves"),
            (
                taken("autonomy", "autonomy review", autonomy="review"),
                [],
                "review: every draft waits until A approves it",
            ),
            (taken("budget", "budget changed", hours=1.5, tokens=2000000), [], "budget: 1.5 hours, 2,000,000 tokens"),
            (taken("keep", "e4 will be kept between two runs"), [], "e4 will be kept between two runs"),
        ],
    )
    def test_what_came_of_a_command_reads_as_a_sentence(
        self, fact: CommandTaken, running: list[str], words: str
    ) -> None:
        assert steer.worded(fact, State(running=running)) == Answered(words)

    def test_what_was_refused_is_said_in_the_engines_words(self) -> None:
        assert steer.worded(taken("kill", "nothing is running", ok=False)) == Answered("nothing is running", ok=False)
