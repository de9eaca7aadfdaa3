"""What a researcher is lent: reading, handing in, booking, waiting; and how a person ends its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from praxtui.journal.facts import DraftBegun, DraftRefused, HypothesisStated, Noticed, Reflected, RunStarted
from praxtui.journal.people import Spent
from praxtui.journal.store import Journal
from praxtui.research.protocol import (
    Brief,
    Desk,
    Draft,
    NotAllowed,
    Outcome,
    OutOfBudget,
    Recorder,
    Reflection,
    Usage,
)
from tests.making import Script, Watch, all_facts, create, draft, facts, ledger, play, send, status

Work = Callable[[Brief, Desk], Awaitable[Draft]]


class Thinker(Script):
    """A researcher that works at its desk: one piece of work an experiment."""

    def __init__(self, *works: Work, **more: Any) -> None:
        super().__init__(*([{}] * len(works)), **more)
        self.works = works
        self.cancelled = asyncio.Event()

    async def draft(self, brief: Brief, record: Recorder) -> Draft:
        assert isinstance(record, object)
        desk: Any = record
        number = int(brief.experiment[1:])
        if number > len(self.works):
            return await super().draft(brief, record)
        try:
            return await self.works[number - 1](brief, desk)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def gains(value: float) -> Draft:
    text = f'GAIN = {value}\n\nLUCK = 0.0\n\nSPREAD = 1.0\n\nOTHER = 4\n\nWAIT = ""\n'
    return draft({"settings.py": text}, f"gain {value}")


async def simple(brief: Brief, desk: Desk) -> Draft:
    return gains(float(brief.experiment[1:]))


async def forever(brief: Brief, desk: Desk) -> Draft:
    desk.waiting("provider", "waiting 40 s for nobody: 429")
    await asyncio.Event().wait()
    raise AssertionError("never")


class TestReading:
    def test_files_of_the_leaf_can_be_read_but_nothing_else(self, exact: Path) -> None:
        said: dict[str, Any] = {}

        async def read(brief: Brief, desk: Desk) -> Draft:
            said["files"] = desk.files()
            said["sealed"] = await desk.read("evaluate.py")
            for name in ("../secret", "/etc/passwd", "nowhere.py", "evaluation/answers.txt", ".git/config"):
                with pytest.raises(NotAllowed):
                    await desk.read(name)
            return gains(1)

        (exact / "evaluation").mkdir()
        (exact / "evaluation" / "answers.txt").write_text("42\n")
        play(create(exact, experiments=1), Thinker(read))
        assert {"settings.py", "train.py", "evaluate.py"} <= set(said["files"])
        assert "evaluation/answers.txt" not in said["files"]
        assert said["sealed"] == (exact / "evaluate.py").read_text()

    def test_diffs_and_logs_of_earlier_experiments_can_be_read(self, exact: Path) -> None:
        said: dict[str, Any] = {}

        async def look(brief: Brief, desk: Desk) -> Draft:
            said["diff"] = await desk.diff("e1")
            said["logs"] = [path.read_text() for path in desk.logs("e1", None)]
            for wrong in ("e9", "e0"):
                with pytest.raises(NotAllowed):
                    await desk.diff(wrong)
            with pytest.raises(NotAllowed, match="no run 7"):
                desk.logs("e1", 7)
            return gains(2)

        play(create(exact, experiments=2), Thinker(simple, look))
        assert "+GAIN = 1.0" in said["diff"]
        assert "loss: 1.5" in said["logs"][0]

    def test_runs_that_measure_a_claim_are_not_shown(self, leaf: Path) -> None:
        seen: list[str] = []

        async def look(brief: Brief, desk: Desk) -> Draft:
            for n in range(1, 30):
                try:
                    seen.extend(str(path.parent) for path in desk.logs("e1", n))
                except NotAllowed:
                    continue
            return gains(50)

        folder = create(leaf, experiments=2, overrides={"constraints.keep": "strict"})
        play(folder, Thinker(lambda brief, desk: simple_of(40), look))
        row = ledger(folder)["e1"]
        audits = {str(run["n"]) for run in row["runs"] if run["use"] == "audit"}
        assert audits
        assert {Path(path).name for path in seen} == {str(run["n"]) for run in row["runs"]} - audits


async def simple_of(value: float) -> Draft:
    return gains(value)


class TestHandingIn:
    def test_what_is_handed_in_is_committed_once(self, exact: Path) -> None:
        async def work(brief: Brief, desk: Desk) -> Draft:
            desk.state("gain 1", "because of gain 1", "better", ())
            made = gains(1)
            assert "nothing equal was tried" in await desk.check(made)
            await desk.submit(made)
            return made

        folder = create(exact, experiments=1)
        play(folder, Thinker(work))
        assert ledger(folder)["e1"]["verdict"] == "keep"
        assert [fact.title for fact in facts(folder, HypothesisStated)] == ["gain 1"]

    def test_a_refusal_comes_back_within_the_same_work(self, exact: Path) -> None:
        reasons: list[str] = []

        async def work(brief: Brief, desk: Desk) -> Draft:
            with pytest.raises(NotAllowed) as refused:
                await desk.submit(draft({"evaluate.py": "print('score: 1e9')\n"}))
            reasons.append(refused.value.reason)
            made = gains(1)
            await desk.submit(made)
            return made

        folder = create(exact, experiments=1)
        play(folder, Thinker(work))
        assert reasons == ["evaluate.py is sealed; the levers are: settings.py"]
        assert [fact.reason for fact in facts(folder, DraftRefused)] == reasons
        assert len(facts(folder, DraftBegun)) == 1

    def test_the_third_refusal_ends_the_draft(self, exact: Path) -> None:
        async def stubborn(brief: Brief, desk: Desk) -> Draft:
            while True:
                try:
                    await desk.submit(draft({"evaluate.py": "print('score: 1e9')\n"}))
                except NotAllowed:
                    continue

        folder = create(exact, experiments=2)
        play(folder, Thinker(stubborn, simple))
        row = ledger(folder)["e1"]
        assert (row["verdict"], row["reason"]) == (
            "invalid", "refused 3 times: evaluate.py is sealed; the levers are: settings.py",
        )  # fmt: skip
        assert ledger(folder)["e2"]["verdict"] == "keep"

    def test_the_same_change_on_another_incumbent_is_refused_with_its_result(self, exact: Path) -> None:
        class Strict(Script):
            strict_novelty = True

        folder = create(exact, experiments=3)
        play(folder, Strict({"OTHER": 9}, {"GAIN": 1.0}, [{"OTHER": 9}, {"OTHER": 8}]))
        assert [fact.reason for fact in facts(folder, DraftRefused)] == [
            "this very change was tried already; change something else, or more. "
            "e1 (OTHER 9): discard, +0 against its parent."
        ]


class TestFaultsOfItsOwn:
    def test_a_researcher_that_fails_loses_one_experiment(self, exact: Path) -> None:
        async def broken(brief: Brief, desk: Desk) -> Draft:
            raise ZeroDivisionError("a bug")

        class Forgetful(Thinker):
            async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
                raise KeyError("another")

        folder = create(exact, experiments=2)
        state = play(folder, Forgetful(broken, simple))
        rows = ledger(folder)
        assert state.ended == "finished"
        assert rows["e1"]["reason"] == "given up: the researcher failed: ZeroDivisionError('a bug')"
        assert rows["e2"]["verdict"] == "keep"
        assert rows["e2"]["reflection"]["revision"] == "no reflection: the researcher failed: KeyError('another')"
        assert [fact.experiment for fact in facts(folder, Noticed)] == ["e1", "e2"]

    def test_one_that_always_fails_ends_the_engine_and_says_so(self, exact: Path) -> None:
        async def broken(brief: Brief, desk: Desk) -> Draft:
            raise ZeroDivisionError("a bug")

        folder = create(exact, experiments=9)
        with pytest.raises(ZeroDivisionError):
            play(folder, Thinker(*[broken] * 9))
        assert [ledger(folder)[f"e{n}"]["verdict"] for n in (1, 2, 3)] == ["invalid", "invalid", None]


class TestSpending:
    def test_calls_are_booked_for_experiment_and_campaign(self, exact: Path) -> None:
        async def work(brief: Brief, desk: Desk) -> Draft:
            desk.spend(Usage(model="m", prompt=100, cached=60, output=20, usd=0.25), "draft")
            desk.spend(Usage(model="n", prompt=10, output=5), "draft")
            return gains(1)

        folder = create(exact, experiments=1, usd=5)
        state = play(folder, Thinker(work))
        e1 = state.experiments["e1"]
        assert (e1.usd, e1.tokens, e1.cached, e1.output, e1.unpriced) == (0.25, 135, 60, 25, 15)
        assert (state.spent.usd, state.spent.tokens, state.spent.unpriced) == (0.25, 135, 15)
        assert [fact.what for fact in facts(folder, Spent)] == ["draft: m", "draft: n"]

    def test_a_budget_that_a_call_finds_used_up_ends_the_campaign(self, exact: Path) -> None:
        async def broke(brief: Brief, desk: Desk) -> Draft:
            desk.spend(Usage(model="m", prompt=1, output=1, usd=4.9), "draft")
            usd, tokens = desk.left()
            assert usd == pytest.approx(0.1)
            assert tokens is None
            raise OutOfBudget("$5 used")

        folder = create(exact, usd=5)
        state = play(folder, Thinker(simple, broke))
        assert (state.ended, state.end_reason) == ("finished", "$5 used")
        assert (ledger(folder)["e2"]["verdict"], ledger(folder)["e2"]["reason"]) == ("void", "$5 used")


class TestPeople:
    @pytest.mark.parametrize("verb", ["veto", "stop"])
    def test_a_persons_word_ends_the_work_at_once(self, exact: Path, verb: str) -> None:
        async def director(watch: Watch) -> None:
            await watch.until(lambda state: "provider" in state.waits, "the wait")
            assert "waiting 40 s for nobody" in status(folder)["phase"]
            send(folder, verb)
            await thinker.cancelled.wait()

        folder = create(exact, experiments=1)
        thinker = Thinker(forever, simple)
        state = play(folder, thinker, director)
        assert ledger(folder)["e1"]["verdict"] == "void"
        assert state.ended == ("stopped" if verb == "stop" else "finished")
        assert not state.waits

    def test_a_veto_reaches_the_next_brief_as_the_persons(self, exact: Path) -> None:
        async def director(watch: Watch) -> None:
            await watch.until(lambda state: "provider" in state.waits, "the wait")
            send(folder, "veto", reason="too bold")

        folder = create(exact, experiments=1)
        seen: list[Brief] = []

        async def look(brief: Brief, desk: Desk) -> Draft:
            seen.append(brief)
            return gains(1)

        play(folder, Thinker(forever, look), director)
        assert [t.person for t in seen[0].tried] == ["the person vetoed: too bold"]

    def test_an_edit_of_the_program_and_an_overruled_verdict_reach_the_next_brief(self, exact: Path) -> None:
        async def edits(brief: Brief, desk: Desk) -> Draft:
            program = exact / "program.md"
            program.write_text(program.read_text().replace("Raise the score.", "Raise it, and leave LUCK alone."))
            return gains(1)

        async def director(watch: Watch) -> None:
            await watch.until(lambda state: state.head == "e1", "e1 kept")
            send(folder, "discard", experiment="e1")

        folder = create(exact, experiments=4)
        thinker = Thinker(edits, simple)
        script = thinker.briefs
        thinker.moves = ({}, {}, {"LUCK": -1.0}, {"OTHER": 9}, {"OTHER": 8}, {"OTHER": 7})
        play(folder, thinker, director)
        last = script[-1]
        assert len(last.program_edits) == 1
        assert "+Raise it, and leave LUCK alone." in last.program_edits[0]
        assert any("the person" in t.person for t in last.tried)

    def test_a_hint_given_while_drafting_is_seen_at_the_desk(self, exact: Path) -> None:
        async def work(brief: Brief, desk: Desk) -> Draft:
            assert not brief.hints
            desk.waiting("provider", "waiting")
            while not desk.hints():
                await asyncio.sleep(0)
            desk.waited("provider")
            assert [(h.id, h.text) for h in desk.hints()] == [("k1", "go up")]
            return gains(1)

        async def director(watch: Watch) -> None:
            await watch.until(lambda state: "provider" in state.waits, "the wait")
            send(folder, "hint", text="go up")

        folder = create(exact, experiments=1)
        play(folder, Thinker(work), director)
        assert ledger(folder)["e1"]["verdict"] == "keep"


class TestReflections:
    def test_the_next_run_does_not_wait_for_a_reflection(self, exact: Path) -> None:
        class Slow(Script):
            async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
                if brief.experiment == "e1":
                    await began.wait()
                return await super().reflect(brief, outcome, record)

        async def director(watch: Watch) -> None:
            await watch.started("e2")
            began.set()

        began = asyncio.Event()
        folder = create(exact, experiments=2, lookahead=1)
        play(folder, Slow({"GAIN": 1.0}, {"LUCK": 2.0}), director)
        order = [
            (type(fact).__name__, fact.experiment)
            for fact in all_facts(folder)
            if isinstance(fact, Reflected | RunStarted) and fact.experiment != "e0"
        ]
        assert order.index(("RunStarted", "e2")) < order.index(("Reflected", "e1"))
        assert ("Reflected", "e2") in order

    def test_without_budget_a_result_stays_without_a_reflection_and_says_so(self, exact: Path) -> None:
        class Broke(Script):
            async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
                raise OutOfBudget("$5 used")

        folder = create(exact, experiments=1)
        play(folder, Broke({"GAIN": 1.0}))
        assert ledger(folder)["e1"]["reflection"] == {
            "mechanism": "inconclusive", "revision": "no reflection: $5 used",
        }  # fmt: skip


def test_a_stance_is_asked_of_the_researcher_and_journaled(exact: Path) -> None:
    class Stanced(Script):
        def stance(self, tried: tuple[Any, ...]) -> str:
            return "radical" if len(tried) > 1 else ""

    folder = create(exact, experiments=3)
    script = Stanced({"GAIN": -1.0}, {"GAIN": -2.0}, {"GAIN": -3.0})
    state = play(folder, script)
    assert [state.experiments[f"e{n}"].stance for n in (1, 2, 3)] == ["", "", "radical"]
    assert script.briefs[-1].stance == "radical"


def test_what_a_model_is_shown_is_kept_once(exact: Path) -> None:
    async def work(brief: Brief, desk: Desk) -> Draft:
        desk.prompt(["the protocol", f"the rest of {brief.experiment}"])
        return gains(float(brief.experiment[1:]))

    folder = create(exact, experiments=2)
    play(folder, Thinker(work, work))
    with Journal.open(folder) as journal:
        items = [item for item in journal.stream_read() if item.kind == "prompt"]
        assert [journal.get_parts(item.text) for item in items] == [
            [b"the protocol", b"the rest of e1"], [b"the protocol", b"the rest of e2"],
        ]  # fmt: skip
    assert [item.experiment for item in items] == ["e1", "e2"]
