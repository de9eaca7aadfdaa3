"""What people say while a campaign runs, and between its engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.engine.clock import Clock
from praxtui.engine.record import Record
from praxtui.engine.steering import Steering
from praxtui.journal.facts import DraftBegun, Noticed, Restored, RunEnded, RunStarted
from praxtui.journal.inbox import Inbox
from praxtui.journal.people import AutonomyChanged, CommandTaken, Overruled, WaitingBegan
from praxtui.journal.store import Journal
from tests.making import Script, Watch, code, create, facts, git, ledger, play, send, state_of, status


def outcomes(folder: Path) -> list[tuple[str, bool, str]]:
    return [(fact.verb, fact.ok, fact.outcome) for fact in facts(folder, CommandTaken)]


class TestPauseAndStop:
    def test_pause_lets_the_run_end_and_starts_nothing_until_resume(self, exact: Path, tmp_path: Path) -> None:
        folder, gate = create(exact, experiments=2), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            await watch.taken(send(folder, "pause"))
            gate.touch()
            state = await watch.until(lambda state: state.experiments["e1"].reflected)
            assert (state.experiments["e1"].verdict, state.paused, list(state.experiments)) == (
                "keep",
                True,
                ["e0", "e1"],
            )
            assert status(folder)["state"] == "paused"
            # A later command is taken, and nothing else happened meanwhile.
            state = await watch.taken(send(folder, "hint", text="try less"))
            assert list(state.experiments) == ["e0", "e1"]
            send(folder, "resume")

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0}), direct)
        assert (state.ended, state.head, state.paused) == ("finished", "e2", False)

    def test_stop_ends_after_the_current_run(self, exact: Path, tmp_path: Path) -> None:
        folder, gate = create(exact, experiments=5), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            await watch.taken(send(folder, "stop"))
            gate.touch()

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0}), direct)
        assert (state.ended, state.end_reason, state.exit_code) == ("stopped", "stopped by its person", 0)
        row = ledger(folder)["e1"]
        assert (row["verdict"], row["metric"]) == ("keep", 101.0)
        assert "e2" not in ledger(folder)

    @pytest.mark.parametrize("twice", [False, True])
    def test_stop_now_and_stop_twice_end_the_run_too(self, exact: Path, tmp_path: Path, twice: bool) -> None:
        folder = create(exact, experiments=5)

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            if twice:
                await watch.taken(send(folder, "stop"))
            send(folder, "stop", now=not twice)

        state = play(folder, Script({"WAIT": str(tmp_path / "never")}), direct)
        row = ledger(folder)["e1"]
        assert (row["verdict"], row["reason"]) == ("void", "campaign ended")
        assert [run["why"] for run in row["runs"]] == ["stopped"]
        assert (state.ended, state.counted) == ("stopped", 0)

    def test_a_stop_that_waits_is_taken_before_any_run_starts(self, exact: Path) -> None:
        folder = create(exact, experiments=5)
        send(folder, "stop")
        state = play(folder, Script({"GAIN": 1.0}))
        assert state.ended == "stopped"
        assert not facts(folder, RunStarted)

    def test_a_stopped_campaign_goes_on_when_it_is_started_again(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        send(folder, "stop")
        play(folder, Script({"GAIN": 1.0}))
        state = play(folder, Script({"GAIN": 1.0}, {"GAIN": 2.0}))
        assert (state.ended, state.head) == ("finished", "e2")

    def test_stop_does_no_audit(self, leaf: Path, tmp_path: Path) -> None:
        folder, gate = create(leaf, experiments=5), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            await watch.taken(send(folder, "stop"))
            gate.touch()

        state = play(folder, Script({"GAIN": 2.0, "WAIT": str(gate)}), direct)
        assert state.experiments["e1"].standing == "provisional"
        assert not state.trials

    def test_stop_ends_a_paused_campaign(self, exact: Path) -> None:
        folder = create(exact, experiments=2)

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: state.paused)
            send(folder, "stop")

        send(folder, "pause")
        # The pause waited; a start resumes a campaign that was left paused, but takes what waits.
        state = play(folder, Script({"GAIN": 1.0}, {"GAIN": 2.0}), direct)
        assert state.ended == "stopped"
        assert not facts(folder, RunStarted)


class TestOneRunOrDraft:
    def test_kill_ends_the_run_and_voids_its_experiment(self, exact: Path, tmp_path: Path) -> None:
        folder = create(exact, experiments=1)

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            send(folder, "kill")

        state = play(folder, Script({"WAIT": str(tmp_path / "never")}, {"GAIN": 1.0}), direct)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["reason"]) == ("void", "killed by person@test")
        assert (rows["e2"]["verdict"], state.counted) == ("keep", 1)

    def test_autonomy_review_makes_each_draft_wait_for_approval_or_a_veto(self, exact: Path) -> None:
        folder = create(exact, experiments=2, autonomy="review")

        async def direct(watch: Watch) -> None:
            state = await watch.until(lambda state: state.waiting)
            assert (state.waiting, state.waiting_reason) == ("approval", "e1 waits for approval: GAIN 1.0")
            assert not [run for run in state.experiments["e1"].runs]
            await watch.taken(send(folder, "veto", reason="too bold"))
            await watch.until(lambda state: state.waiting and "e2" in state.waiting_reason)
            await watch.taken(send(folder, "approve"))
            await watch.until(lambda state: state.waiting and "e3" in state.waiting_reason)
            await watch.taken(send(folder, "autonomy", autonomy="auto"))

        state = play(folder, Script({"GAIN": 1.0}, {"GAIN": 2.0}, {"GAIN": 3.0}), direct)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["reason"], rows["e1"]["runs"]) == ("void", "vetoed: too bold", [])
        assert (rows["e2"]["verdict"], rows["e3"]["verdict"]) == ("keep", "keep")
        assert (state.counted, state.waiting) == (2, None)
        assert [fact.cause for fact in facts(folder, WaitingBegan)] == ["approval"] * 3
        assert facts(folder, AutonomyChanged)[0].autonomy == "auto"

    def test_a_vetoed_draft_may_be_tried_again(self, exact: Path) -> None:
        folder = create(exact, experiments=1, autonomy="review")

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: state.waiting)
            await watch.taken(send(folder, "veto"))
            await watch.until(lambda state: state.waiting and "e2" in state.waiting_reason)
            send(folder, "approve")

        play(folder, Script({"GAIN": 1.0}, {"GAIN": 1.0}), direct)
        assert ledger(folder)["e2"]["verdict"] == "keep"

    def test_a_budget_lowered_below_what_is_done_ends_the_campaign(self, exact: Path, tmp_path: Path) -> None:
        folder, gate = create(exact, experiments=9), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.started("e1")
            await watch.taken(send(folder, "budget", experiments=1, usd=3.0))
            gate.touch()

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0}), direct)
        assert (state.counted, state.end_reason) == (1, "1 experiments done")
        assert state.budgets.usd == 3.0


REFUSED = [
    ("hnit", {"text": "x"}, "no such command: hnit; did you mean: hint"),
    ("hint", {"text": "  "}, "an empty hint says nothing"),
    ("hint", {}, "the command's arguments cannot be read"),
    ("unhint", {"hint": "k7"}, "no hint k7"),
    ("kill", {}, "nothing is running"),
    ("veto", {}, "there is no draft to veto"),
    ("approve", {}, "nothing waits for approval"),
    ("keep", {"experiment": "e99"}, "no experiment e99"),
    ("keep", {"experiment": "e1"}, "e1 is kept already"),
    ("keep", {"experiment": "e3"}, "e3 cannot be kept: its verdict is crash"),
    ("discard", {"experiment": "e2"}, "e2 is no keep of this epoch's branch"),
    ("discard", {"experiment": "e0"}, "e0 is no keep of this epoch's branch"),
    ("budget", {"experiments": "many"}, "the command's arguments cannot be read"),
    ("autonomy", {"autonomy": "wild"}, "autonomy is auto or review"),
]


def test_a_command_that_cannot_be_says_why_and_changes_nothing(exact: Path) -> None:
    folder = create(exact, experiments=3)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": 0.5}, code("raise ValueError\n")))
    before = state_of(folder)
    record = Record(Journal.open(folder, write=True), Clock())
    with Inbox(folder) as inbox:
        steering = Steering(record, inbox, lambda: pytest.fail("there is nothing to stop"))
        for verb, args, said in REFUSED:
            send(folder, verb, **args)
            assert steering.take() == 1
            taken = facts(folder, CommandTaken)[-1]
            assert (taken.verb, taken.ok, taken.outcome[: len(said)]) == (verb, False, said)
    state = record.state
    record.close()
    assert (state.experiments, state.budgets, state.autonomy, state.hints) == (
        before.experiments, before.budgets, before.autonomy, before.hints,
    )  # fmt: skip


class TestOverruling:
    def test_keep_of_what_was_just_discarded_advances_to_it(self, exact: Path) -> None:
        folder = create(exact, experiments=2)

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: state.ended)

        play(folder, Script({"GAIN": -1.0}, {"GAIN": -2.0}), direct)
        send(folder, "keep", experiment="e1")
        state = play(folder, Script({"GAIN": -1.0}, {"GAIN": -2.0}))
        row = ledger(folder)["e1"]
        assert (row["verdict"], row["standing"], row["reason"]) == ("keep", "provisional", "kept by person@test")
        assert (state.head, state.counted) == ("e1", 2)
        assert git(exact, "rev-parse", "praxtui/c^{tree}") == git(exact, "rev-parse", "refs/praxtui/c/e1^{tree}")
        assert [run.experiment for run in facts(folder, RunStarted)] == ["e0", "e1", "e2"]

    def test_keep_of_an_older_discard_is_carried_and_run_before_it_counts(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        script = Script({"OTHER": 8}, {"GAIN": 2.0})
        play(folder, script)
        send(folder, "keep", experiment="e1")
        state = play(folder, script)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["reason"]) == ("discard", "kept by person@test as e3")
        assert (rows["e3"]["verdict"], rows["e3"]["parent"], rows["e3"]["metric"]) == ("keep", "e2", 102.0)
        assert rows["e3"]["by"] == "person@test"
        assert (state.head, len(rows["e3"]["runs"])) == ("e3", 1)
        text = git(exact, "show", "praxtui/c:settings.py")
        assert "OTHER = 8" in text
        assert "GAIN = 2.0" in text

    def test_discard_of_the_head_restores_its_parent(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        script = Script({"GAIN": 1.0}, {"GAIN": 2.0})
        play(folder, script)
        kept = ledger(folder)["e2"]["branch_commit"]
        send(folder, "discard", experiment="e2")
        state = play(folder, script)
        row = ledger(folder)["e2"]
        assert (row["verdict"], row["reason"]) == ("discard", "discarded by person@test")
        assert (state.head, status(folder)["best"]) == ("e1", 101.0)
        assert git(exact, "rev-parse", "praxtui/c~1").strip() == kept
        assert git(exact, "rev-parse", "praxtui/c^{tree}") == git(exact, "rev-parse", "refs/praxtui/c/e1^{tree}")
        assert facts(folder, Restored)[0].to == "e1"

    def test_discard_of_an_older_keep_is_a_restoring_commit_that_runs_before_it_counts(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        script = Script({"GAIN": 1.0}, {"LUCK": 3.0})
        play(folder, script)
        send(folder, "discard", experiment="e1")
        state = play(folder, script)
        rows = ledger(folder)
        assert rows["e1"]["verdict"] == "discard"
        assert (rows["e3"]["verdict"], rows["e3"]["metric"], rows["e3"]["parent"]) == ("keep", 103.0, "e2")
        assert state.head == "e3"
        text = git(exact, "show", "praxtui/c:settings.py")
        assert "GAIN = 0.0" in text
        assert "LUCK = 3.0" in text
        assert status(folder)["best"] == 103.0

    def test_discard_of_an_older_keep_that_later_ones_build_on_is_refused_and_said(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        script = Script({"GAIN": 1.0}, {"GAIN": 2.0})
        play(folder, script)
        send(folder, "discard", experiment="e1")
        state = play(folder, script)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["standing"], state.head) == ("keep", "confirmed", "e2")
        (said,) = [fact.text for fact in facts(folder, Noticed) if "conflict" in fact.text]
        assert said == "e1 cannot be discarded on top of e2: the changes conflict; fork from it instead"
        assert sorted(rows) == ["e0", "e1", "e2"]
        assert facts(folder, Overruled)[0].by == "person@test"
        assert state.experiments["e1"].overruled is None

    def test_an_older_keep_stays_where_the_branch_does_not_run_without_it(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        needed = code("if GAIN < 1:\n    raise ValueError('needs e1')\nLUCK = 3.0\n")
        script = Script({"GAIN": 1.0}, needed)
        play(folder, script)
        send(folder, "discard", experiment="e1")
        state = play(folder, script)
        rows = ledger(folder)
        assert (rows["e3"]["verdict"], state.head) == ("crash", "e2")
        assert (rows["e1"]["verdict"], rows["e1"]["standing"]) == ("keep", "confirmed")
        assert rows["e1"]["reason"] == "not discarded: e3 is crash (run: exit 1: ValueError: needs e1)"

    def test_keep_of_a_revoked_experiment_puts_it_back_to_be_built_on(self, leaf: Path) -> None:
        folder = create(leaf, experiments=1)
        script = Script({"LUCK": 2.0}, {"OTHER": 5})
        play(folder, script)
        assert ledger(folder)["e1"]["standing"] == "revoked"
        send(folder, "keep", experiment="e1")
        send(folder, "budget", experiments=2)
        play(folder, script)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["reason"]) == ("keep", "kept by person@test")
        assert rows["e2"]["parent"] == "e1"

    def test_a_person_who_orders_a_run_need_not_approve_it(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        script = Script({"OTHER": 8}, {"GAIN": 2.0})
        play(folder, script)
        send(folder, "autonomy", autonomy="review")
        send(folder, "keep", experiment="e1")
        state = play(folder, script)
        assert (state.head, state.ended) == ("e3", "finished")


class TestFork:
    def test_a_fork_begins_at_an_experiment_and_repeats_nothing(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        play(folder, Script({"GAIN": 1.0}, {"GAIN": 2.0}))
        start = ledger(folder)["e1"]["commit"]
        fork = create(exact, name="d", experiments=1, after=("c",), forked_from="c/e1", start_commit=start)
        state = play(fork, Script([{"GAIN": 2.0}, {"GAIN": 3.0}]))
        rows = ledger(fork)
        assert (rows["e0"]["metric"], rows["e0"]["commit"]) == (101.0, start)
        assert (rows["e1"]["metric"], state.forked_from) == (103.0, "c/e1")
        assert git(exact, "rev-parse", "praxtui/d").strip() == rows["e1"]["branch_commit"]
        assert state_of(folder).head == "e2"


def test_commands_are_journaled_with_who_and_when(exact: Path) -> None:
    folder = create(exact, experiments=1)
    number = send(folder, "hint", text="larger")
    play(folder, Script({"GAIN": 1.0}))
    (taken,) = facts(folder, CommandTaken)
    assert (taken.command, taken.verb, taken.args, taken.who) == (number, "hint", {"text": "larger"}, "person@test")
    assert state_of(folder).hints["k1"].text == "larger"
    # A second start takes nothing twice.
    send(folder, "budget", experiments=1)
    play(folder, Script({"GAIN": 1.0}))
    assert [verb for verb, _, _ in outcomes(folder)] == ["hint", "budget"]
    assert len(facts(folder, RunEnded)) == 2
    assert len(facts(folder, DraftBegun)) == 1
