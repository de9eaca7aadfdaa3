"""What a campaign may use: experiments, hours, money."""

from __future__ import annotations

from pathlib import Path

from praxtui.journal.facts import RunStarted
from tests.making import (
    EXACT,
    SETTINGS,
    TRAIN,
    Script,
    code,
    create,
    draft,
    facts,
    ledger,
    make_leaf,
    play,
    send,
    status,
    with_constants,
)

QUIET = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}
PRICED = {"train.py": TRAIN + "print('usd: 0.12')\n"}


def moves(count: int) -> list[dict[str, float]]:
    return [{"GAIN": -1.0 - n} for n in range(count)]


def test_experiments_are_counted_exactly_whatever_their_verdict(exact: Path) -> None:
    folder = create(exact, experiments=4)
    state = play(folder, Script({"GAIN": 1.0}, code("raise ValueError\n"), lambda brief: _no_change(), *moves(9)))
    assert [row["verdict"] for row in ledger(folder).values()] == ["keep", "keep", "crash", "invalid", "discard"]
    assert (state.counted, state.end_reason) == (4, "4 experiments done")


def test_no_experiment_at_all_is_the_baseline_alone(exact: Path) -> None:
    folder = create(exact, experiments=0)
    state = play(folder, Script({"GAIN": 1.0}))
    assert (list(state.experiments), state.ended, state.end_reason) == (["e0"], "finished", "0 experiments done")


def test_money_that_runs_say_they_cost_counts_and_is_never_overspent(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", EXACT, files=QUIET | PRICED)
    folder = create(leaf, usd=0.5)
    state = play(folder, Script(*moves(9)))
    assert status(folder)["spent"]["usd"] == 0.48
    assert (state.counted, state.end_reason) == (3, "$0.5 used")
    assert [row["usd"] for row in ledger(folder).values()] == [0.12] * 4


def test_the_end_audit_is_paid_from_what_was_set_aside(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", files=PRICED)
    folder = create(leaf, usd=1.5)
    state = play(folder, Script({"GAIN": 2.0}, *moves(20)))
    assert [trial.outcome for trial in state.trials] == ["held"]
    assert 1.0 < status(folder)["spent"]["usd"] <= 1.5
    assert ledger(folder)["e1"]["standing"] == "confirmed"


def test_hours_end_a_campaign_before_a_run_would_go_over(exact: Path) -> None:
    folder = create(exact, hours=1.0 / 3600)
    script = Script(*moves(200))
    state = play(folder, script)
    assert state.end_reason == "0.000277778 hours used"
    assert state.spent.seconds > 0
    assert state.counted < 200


def test_a_budget_raised_after_the_end_goes_on_where_it_ended(exact: Path) -> None:
    folder = create(exact, experiments=1)
    script = Script({"GAIN": 1.0}, {"GAIN": 2.0})
    assert play(folder, script).ended == "finished"
    send(folder, "budget", experiments=2)
    state = play(folder, script)
    assert (state.ended, state.counted, state.head) == ("finished", 2, "e2")
    assert [run.experiment for run in facts(folder, RunStarted)] == ["e0", "e1", "e2"]


def _no_change():  # type: ignore[no-untyped-def]
    return draft({})
