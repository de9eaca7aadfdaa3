"""The drafting half: lookahead, carrying over, refusals, the dry run, novelty, hints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from praxtui.journal.facts import DraftBegun, DraftCommitted, DraftDropped, DraftRefused, Judged, RunEnded, RunStarted
from tests.making import (
    EXACT,
    GIVE_UP,
    SETTINGS,
    Script,
    Watch,
    all_facts,
    create,
    draft,
    facts,
    git,
    ledger,
    make_leaf,
    play,
    run,
    send,
    with_constants,
)

AHEAD = {"loop": {"lookahead": 1}}
QUIET = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}


def order(folder: Path, *wanted: tuple[type, str]) -> list[int]:
    """Positions in the journal of the first fact of each kind and experiment."""
    found = all_facts(folder)
    return [
        next(at for at, fact in enumerate(found) if isinstance(fact, kind) and getattr(fact, "experiment", "") == name)
        for kind, name in wanted
    ]


@pytest.fixture
def ahead(home: Path, tmp_path: Path) -> Path:
    """A deterministic leaf with a lookahead of 1."""
    return make_leaf(tmp_path / "leaf", EXACT, AHEAD, files=QUIET)


class TestLookahead:
    def test_of_0_drafts_nothing_while_a_run_is_under_way(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        play(folder, Script({"GAIN": 1.0}, {"GAIN": 2.0}))
        ended, begun = order(folder, (Judged, "e1"), (DraftBegun, "e2"))
        assert ended < begun

    def test_of_1_drafts_the_next_while_one_runs(self, ahead: Path, tmp_path: Path) -> None:
        folder, gate = create(ahead, experiments=3), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            # e1 runs for as long as e2 is not committed.
            state = await watch.until(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
            assert state.running == ["e1/1"]
            gate.touch()

        play(folder, Script({"GAIN": -1.0, "WAIT": str(gate)}, {"GAIN": 1.0}, {"GAIN": 2.0}), direct)
        started, drafted, ended, third = order(
            folder, (RunStarted, "e1"), (DraftCommitted, "e2"), (RunEnded, "e1"), (DraftBegun, "e3")
        )
        assert started < drafted < ended < third
        rows = ledger(folder)
        assert [(row["verdict"], row["parent"]) for row in rows.values()] == [
            ("keep", None), ("discard", "e0"), ("keep", "e0"), ("keep", "e2"),
        ]  # fmt: skip

    def test_a_draft_is_carried_onto_an_incumbent_that_moved(self, ahead: Path, tmp_path: Path) -> None:
        folder, gate = create(ahead, experiments=2), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
            gate.touch()

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"OTHER": 5}), direct)
        drafts = [fact for fact in facts(folder, DraftCommitted) if fact.experiment == "e2"]
        assert [(fact.parent, fact.carried) for fact in drafts] == [("e0", False), ("e1", True)]
        text = git(ahead, "show", "refs/praxtui/c/e2:settings.py")
        assert "GAIN = 1.0" in text
        assert "OTHER = 5" in text
        row = ledger(folder)["e2"]
        assert (row["parent"], row["metric"], row["delta"]) == ("e1", 101.0, 0.0)
        assert [run.use for run in state.experiments["e2"].runs] == ["select"]

    def test_a_draft_that_changes_the_same_constant_is_drafted_again(self, ahead: Path, tmp_path: Path) -> None:
        folder, gate = create(ahead, experiments=2), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
            gate.touch()

        script = Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0})
        play(folder, script, direct)
        assert [fact.reason for fact in facts(folder, DraftDropped)] == ["drafted again: e1 changed GAIN too"]
        row = ledger(folder)["e2"]
        assert (row["parent"], row["metric"]) == ("e1", 102.0)
        again = [brief for brief in script.briefs if brief.experiment == "e2" and brief.incumbent.id == "e1"]
        assert "GAIN = 1.0" in again[0].incumbent.levers["settings.py"]
        assert sorted(ledger(folder)) == ["e0", "e1", "e2"]

    def test_a_draft_whose_text_conflicts_is_drafted_again(self, ahead: Path, tmp_path: Path) -> None:
        folder, gate = create(ahead, experiments=2), tmp_path / "gate"

        def doubled(brief: Any) -> Any:
            # The same line as e1's, but no constant by name.
            text = brief.incumbent.levers["settings.py"]
            return draft({"settings.py": text.replace("\n\nOTHER", "\nfor each in ():\n    pass\n\nOTHER")}, "a loop")

        def looped(brief: Any) -> Any:
            text = brief.incumbent.levers["settings.py"].replace("\n\nOTHER", "\nwhile False:\n    pass\n\nOTHER")
            wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}):\n    time.sleep(0.01)\n"
            wait += "globals()['GAIN'] = 1.0\n"
            return draft({"settings.py": text + wait}, "another loop")

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
            gate.touch()

        play(folder, Script(looped, [doubled, {"GAIN": 3.0}]), direct)
        dropped = [fact.reason for fact in facts(folder, DraftDropped)]
        assert dropped == ["drafted again: it conflicts with e1"]
        assert ledger(folder)["e2"]["parent"] == "e1"


class TestRefusals:
    def test_a_refused_draft_goes_back_with_the_reason(self, exact: Path) -> None:
        sealed = draft({"train.py": "print('score: 1e9')\n"}, "cheat")
        folder = create(exact, experiments=1)
        script = Script([lambda brief: sealed, {"GAIN": 1.0}])
        play(folder, script)
        assert [fact.reason for fact in facts(folder, DraftRefused)] == [
            "train.py is sealed; the levers are: settings.py"
        ]
        assert script.briefs[1].refusals == ("train.py is sealed; the levers are: settings.py",)
        assert ledger(folder)["e1"]["verdict"] == "keep"

    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            ({}, "the draft changes no file"),
            ({"other.py": "X = 1\n"}, "other.py is no lever; the levers are: settings.py; no new files are allowed"),
            ({"settings.py": None}, "settings.py is a lever that may be edited, not removed"),
            ({"settings.py": "GAIN = = 1\n"}, "settings.py does not parse (line 1): invalid syntax"),
            ({"settings.py": QUIET["settings.py"]}, "nothing but comments, white space or a seed differs"),
            (
                {"settings.py": QUIET["settings.py"] + "\n# note\n"},
                "nothing but comments, white space or a seed differs",
            ),
            ({"../settings.py": "X = 1\n"}, "../settings.py is no lever"),
            ({".git/hooks/post-checkout": "x"}, ".git/hooks/post-checkout is no lever"),
        ],
    )
    def test_three_refusals_make_it_invalid(self, exact: Path, files: dict[str, str | None], reason: str) -> None:
        folder = create(exact, experiments=1)
        script = Script(lambda brief: draft(files))
        state = play(folder, script)
        row = ledger(folder)["e1"]
        assert row["verdict"] == "invalid"
        assert row["reason"].startswith(f"refused 3 times: {reason}")
        assert (len(facts(folder, DraftRefused)), len(row["runs"]), row["commit"]) == (3, 0, None)
        assert [len(brief.refusals) for brief in script.briefs[:3]] == [0, 1, 2]
        assert state.end_reason == "1 experiments done"

    def test_a_new_file_that_shadows_a_module_is_refused(self, home: Path, tmp_path: Path) -> None:
        leaf = make_leaf(
            tmp_path / "leaf", EXACT, {"levers": {"edit": ["settings.py"], "new": ["*.py", "out/*"]}}, files=QUIET
        )
        folder = create(leaf, experiments=3)
        play(
            folder,
            Script(
                lambda brief: draft({"json.py": "print('score: 999')\n"}),
                lambda brief: draft({"sitecustomize.py": "print('score: 999')\n"}),
                lambda brief: draft({"extra.py": "X = 1\n"}),
            ),
        )
        rows = ledger(folder)
        assert "would be imported in place of Python's own module json" in rows["e1"]["reason"]
        assert "sitecustomize is run before any evaluator" in rows["e2"]["reason"]
        assert (rows["e3"]["verdict"], rows["e3"]["levers"]) == ("discard", ["extra.py"])

    def test_a_draft_without_a_mechanism_is_refused(self, exact: Path) -> None:
        folder = create(exact, experiments=1)
        play(folder, Script(lambda brief: draft({"settings.py": "X = 1\n"}, mechanism=" ")))
        assert "mechanism" in ledger(folder)["e1"]["reason"]

    def test_what_was_tried_is_refused_in_any_guise(self, exact: Path) -> None:
        folder = create(exact, experiments=3)
        again = {"GAIN": -1.0}

        def disguised(brief: Any) -> Any:
            text = with_constants(brief.incumbent.levers["settings.py"], {"GAIN": -1})
            return draft({"settings.py": "# a note\n" + text.replace("GAIN = -1", "GAIN  =  -1.00")})

        play(folder, Script(again, again, disguised))
        rows = ledger(folder)
        assert rows["e2"]["reason"] == (
            "refused 3 times: the levers would be exactly what was tried already; change something that was not. "
            "e1 (GAIN -1.0): discard, -1 against its parent."
        )
        assert rows["e3"]["reason"] == rows["e2"]["reason"]

    def test_null_may_repeat_itself_and_is_told_apart(self, leaf: Path) -> None:
        folder = create(leaf, researcher="null", experiments=3)
        state = play(folder)
        rows = ledger(folder)
        assert [row["verdict"] for row in rows.values()] == ["keep", "discard", "discard", "discard"]
        assert [row["delta"] for row in rows.values()] == [None, 0.0, 0.0, 0.0]
        assert not facts(folder, DraftRefused)
        assert state.head == "e0"

    def test_a_draft_given_up_is_invalid_with_the_reason_and_counts(self, exact: Path) -> None:
        folder = create(exact, experiments=2)
        play(folder, Script(GIVE_UP, {"GAIN": 1.0}))
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["reason"]) == ("invalid", "given up: no idea")
        assert rows["e2"]["verdict"] == "keep"
        assert sorted(rows) == ["e0", "e1", "e2"]

    def test_the_check_command_refuses_a_draft(self, home: Path, tmp_path: Path) -> None:
        check = "python -I -S -c \"exec(open('settings.py').read()); assert GAIN < 5, 'too much gain'\""
        leaf = make_leaf(tmp_path / "leaf", EXACT, {"loop": {"check": check}}, files=QUIET)
        folder = create(leaf, experiments=1)
        script = Script([{"GAIN": 6.0}, {"GAIN": 1.0}])
        play(folder, script)
        (reason,) = script.briefs[1].refusals
        assert reason.startswith("the check `python -I -S -c")
        assert reason.endswith("AssertionError: too much gain")
        row = ledger(folder)["e1"]
        assert (row["verdict"], row["metric"], len(row["runs"])) == ("keep", 101.0, 1)


class TestTheEnd:
    def test_drafts_that_never_ran_are_void(self, ahead: Path, tmp_path: Path) -> None:
        folder, gate = create(ahead, experiments=9), tmp_path / "gate"

        async def direct(watch: Watch) -> None:
            await watch.until(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
            await watch.taken(send(folder, "stop"))
            gate.touch()

        state = play(folder, Script({"GAIN": 1.0, "WAIT": str(gate)}, {"OTHER": 1}), direct)
        rows = ledger(folder)
        assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("keep", 101.0)
        assert (rows["e2"]["verdict"], rows["e2"]["reason"], rows["e2"]["runs"]) == ("void", "campaign ended", [])
        assert (state.ended, state.end_reason, state.counted) == ("stopped", "stopped by its person", 1)

    def test_a_sweep_with_nothing_left_waits_for_a_person_after_the_end_audit(self, home: Path, tmp_path: Path) -> None:
        text = "BONUS = False\nglobals().update(GAIN=2.0 * BONUS, LUCK=0.0, SPREAD=1.0, WAIT='')\n"
        leaf = make_leaf(tmp_path / "leaf", files={"settings.py": text})
        folder = create(leaf, researcher="sweep", experiments=50)

        async def direct(watch: Watch) -> None:
            state = await watch.until(lambda state: state.waiting)
            assert state.waiting == "researcher"
            assert "nothing left to try" in state.waiting_reason
            assert [e.standing for e in state.children() if e.verdict == "keep"] == ["confirmed"]
            await watch.taken(send(folder, "stop"))

        state = play(folder, director=direct)
        assert state.ended == "stopped"
        assert state.counted == 1

    def test_a_hint_that_the_sweep_used_is_recorded(self, exact: Path) -> None:
        folder = create(exact, researcher="sweep", experiments=2)
        send(folder, "hint", text="set OTHER to 7")
        play(folder)
        row = ledger(folder)["e1"]
        assert row["hints"] == ["k1"]
        assert row["hypothesis"].startswith("OTHER")
        assert "OTHER = 7" in git(exact, "show", "refs/praxtui/c/e1:settings.py")


def test_a_campaign_after_another_repeats_nothing_of_it(exact: Path) -> None:
    first = create(exact, name="first", experiments=1)
    play(first, Script({"GAIN": -1.0}))
    second = create(exact, name="second", experiments=2, after=("first",))
    script = Script([{"GAIN": -1.0}, {"GAIN": 1.0}])
    play(second, Script([{"GAIN": -1.0}, {"GAIN": 1.0}], {"GAIN": 2.0}))
    assert [fact.reason for fact in facts(second, DraftRefused)] == [
        "the levers would be exactly what was tried already; change something that was not. "
        "e1 of first (GAIN -1.0): discard, -1 against its parent."
    ]
    assert ledger(second)["e1"]["metric"] == 101.0
    alone = create(exact, name="alone", experiments=1)
    play(alone, script)
    assert not facts(alone, DraftRefused)
    assert [tried.campaign for tried in script.briefs[0].earlier] == []


def test_a_sweep_runs_in_an_engine_of_its_own(exact: Path) -> None:
    folder = create(exact, researcher="sweep", experiments=3)
    state = run(folder)
    assert (state.ended, state.counted) == ("finished", 3)
    assert all(row["mechanism"] and row["predicted"] for row in list(ledger(folder).values())[1:])
