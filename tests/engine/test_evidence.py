"""Noise, audits and claims: what is measured afresh, and what follows from it."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import msgspec
import pytest

from praxtui.journal.facts import NoiseMeasured, Restored, RunStarted, TargetMet, TrialEnded, TrialStarted
from tests.making import (
    EXACT,
    SETTINGS,
    Script,
    code,
    create,
    facts,
    git,
    ledger,
    make_leaf,
    play,
    send,
    status,
    with_constants,
)


def test_the_baseline_is_repeated_on_seeds_of_its_own_and_gives_the_noise(leaf: Path) -> None:
    folder = create(leaf, experiments=1, seed=10)
    play(folder, Script({"GAIN": -1.0}))
    runs = ledger(folder)["e0"]["runs"]
    assert [(run["use"], run["seed"]) for run in runs] == [("baseline", 10), ("baseline", 11), ("baseline", 12)]
    values = [run["metric"] for run in runs]
    assert len(set(values)) == 3
    found = status(folder)
    assert found["baseline"] == pytest.approx(statistics.fmean(values))
    assert found["noise_sd"] == pytest.approx(statistics.stdev(values))
    assert facts(folder, NoiseMeasured)[0].dof == 2
    selecting = ledger(folder)["e1"]["runs"]
    assert [(run["use"], run["seed"]) for run in selecting] == [("select", 10)]


def test_an_audit_that_holds_supports_its_members_and_claims_from_fresh_runs_only(leaf: Path) -> None:
    folder = create(leaf, experiments=2)
    state = play(folder, Script({"GAIN": 2.0}, {"GAIN": 4.0}))
    rows, found = ledger(folder), status(folder)
    assert [(row["verdict"], row["standing"]) for row in rows.values()] == [
        ("keep", None), ("keep", "supported"), ("keep", "supported"),
    ]  # fmt: skip
    trial = facts(folder, TrialStarted)[0]
    assert (trial.kind, trial.head, trial.base, trial.members) == ("audit", "e2", "e0", ["e1", "e2"])
    audits = [run for run in facts(folder, RunStarted) if run.use == "audit"]
    seeds = {(run.experiment, run.pair): run.seed for run in audits}
    assert not {run.seed for run in audits} & {0, 1, 2}
    assert all(seeds["e2", pair] == seeds["e0", pair] for name, pair in seeds if name == "e2")
    fresh = [run["metric"] for run in rows["e2"]["runs"] if run["use"] == "audit"]
    assert found["best"] == pytest.approx(statistics.fmean(fresh))
    assert found["best_observed"] == rows["e2"]["runs"][0]["metric"]
    assert found["claimed_gain"]["low"] < 4.0 < found["claimed_gain"]["high"]
    assert state.trials[0].outcome == "held"


def test_an_audit_that_fails_restores_the_branch_and_the_loop_goes_on_from_there(leaf: Path) -> None:
    # Five keeps call for an audit on the way; luck on the selection seed fails on fresh ones.
    moves = [{"LUCK": 1.0 * n} for n in range(1, 6)]
    folder = create(leaf, experiments=7)
    script = Script(*moves, {"GAIN": 2.0}, {"GAIN": 1.0})
    state = play(folder, script)
    rows = ledger(folder)
    assert [rows[f"e{n}"]["standing"] for n in range(1, 6)] == ["revoked"] * 5
    assert facts(folder, TrialEnded)[0].outcome == "failed"
    restored = facts(folder, Restored)[0]
    assert (restored.to, restored.revoked) == ("e0", ["e1", "e2", "e3", "e4", "e5"])
    # The branch grew by a commit with the tree of e0, and the next experiment stands on that.
    assert git(leaf, "rev-parse", f"{restored.branch_commit}^{{tree}}") == git(
        leaf, "rev-parse", "refs/praxtui/c/e0^{tree}"
    )
    assert git(leaf, "rev-parse", f"{restored.branch_commit}^").strip() == rows["e5"]["branch_commit"]
    assert git(leaf, "log", "-1", "--format=%B", restored.branch_commit).startswith("restore e0: worse on fresh seeds")
    assert (rows["e6"]["parent"], rows["e6"]["verdict"], rows["e6"]["standing"]) == ("e0", "keep", "confirmed")
    assert git(leaf, "rev-parse", "praxtui/c~1").strip() == restored.branch_commit
    text = git(leaf, "show", "refs/praxtui/c/e6:settings.py")
    assert "GAIN = 2.0" in text
    assert "LUCK = 0.0" in text
    (brief,) = [brief for brief in script.briefs if brief.experiment == "e7"]
    assert brief.incumbent.id == "e6"
    assert [tried.standing for tried in brief.tried][:5] == ["revoked"] * 5
    assert (state.head, status(folder)["kept"]) == ("e6", 1)


def test_an_audit_without_a_clear_answer_leaves_keeps_provisional(leaf: Path) -> None:
    # Better on the selection seed, equal elsewhere: pairs on common seeds then differ by nothing.
    text = (leaf / "evaluate.py").read_text().replace('else -result["luck"]', "else 0")
    (leaf / "evaluate.py").write_text(text)
    folder = create(leaf, experiments=1)
    state = play(folder, Script({"LUCK": 0.5}))
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["standing"]) == ("keep", "provisional")
    assert [trial.outcome for trial in state.trials] == ["undecided"]
    assert (state.head, status(folder)["claimed_gain"]["value"]) == ("e1", None)


def test_a_keep_audited_alone_is_confirmed(leaf: Path) -> None:
    folder = create(leaf, experiments=1)
    play(folder, Script({"GAIN": 3.0}))
    assert ledger(folder)["e1"]["standing"] == "confirmed"


def test_a_target_ends_the_campaign_only_when_fresh_runs_reach_it(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", {"metric": {"target": 102}})
    folder = create(leaf, experiments=9)
    # e1 reaches it by luck on the selection seed alone; e2 truly does; e3 is never run.
    state = play(folder, Script({"LUCK": 4.0}, {"GAIN": 4.0}, {"GAIN": 5.0}))
    rows = ledger(folder)
    assert rows["e1"]["standing"] == "revoked"
    assert rows["e2"]["standing"] == "confirmed"
    met = facts(folder, TargetMet)
    assert [(fact.experiment, fact.value > 102) for fact in met] == [("e2", True)]
    assert (state.ended, state.end_reason) == ("finished", "the target is met")
    assert rows.get("e3", {"verdict": "void"})["verdict"] == "void"


def test_a_deterministic_target_is_met_by_the_keep_itself(home: Path, tmp_path: Path) -> None:
    quiet = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}
    leaf = make_leaf(tmp_path / "leaf", EXACT, {"metric": {"target": 102, "deterministic": True}}, files=quiet)
    folder = create(leaf, experiments=9)
    state = play(folder, Script({"GAIN": 1.9}, {"GAIN": 2.0}))
    assert (state.end_reason, state.head) == ("the target is met", "e2")
    assert facts(folder, TargetMet)[0].value == 102.0


def test_a_hold_out_is_measured_at_audits_only_and_never_shown(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", {"metric": {"holdout": "unseen"}})
    folder = create(leaf, experiments=2)
    script = Script({"GAIN": 2.0}, {"GAIN": 1.0})
    state = play(folder, script)
    for found in state.experiments.values():
        for run in found.runs:
            assert ("unseen" in run.values) == (run.use == "audit"), (found.id, run.use)
    # The hold-out falls as the score rises: overfitting, and so no support.
    assert facts(folder, TrialEnded)[-1].reason == "better on the metric, worse on the hold-out metric"
    assert ledger(folder)["e1"]["standing"] == "revoked"
    for brief in (*script.briefs, *script.reflected):
        known = msgspec.structs.replace(brief, program=None)
        assert b"unseen" not in msgspec.json.encode(known)
        assert brief.incumbent.metric is None or brief.incumbent.metric > 90
    log = (folder / "runs" / "e1" / "1" / "evaluate.log").read_text()
    assert "unseen" not in log


def test_a_pause_in_the_middle_of_an_audit_keeps_its_runs(leaf: Path) -> None:
    gate = leaf.parent / "gate"
    # The audit's runs of the head wait; the selecting run does not, for its seed is 0.
    wait = f"import os\nGAIN = 2.0\nif os.environ['PRAXTUI_SEED'] not in '012':\n    WAIT = {str(gate)!r}\n"
    folder = create(leaf, experiments=1)

    async def direct(watch: Any) -> None:
        await watch.until(lambda state: state.trials and state.running)
        await watch.taken(send(folder, "pause"))
        gate.touch()
        state = await watch.until(lambda state: not state.running)
        assert (state.paused, state.ended) == (True, None)
        send(folder, "resume")

    state = play(folder, Script(code(wait)), direct)
    assert (state.ended, state.trials[0].outcome, len(state.trials)) == ("finished", "held", 1)
    runs = [run for run in facts(folder, RunStarted) if run.use == "audit"]
    assert len({(run.experiment, run.pair) for run in runs}) == len(runs)
