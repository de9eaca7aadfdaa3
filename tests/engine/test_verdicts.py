"""From runs to verdicts: keep, discard, crash, invalid, flags, limits, strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.journal.facts import HypothesisStated, Judged, RunEnded, RunStarted
from tests.making import (
    EXACT,
    SETTINGS,
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


def exact_leaf(folder: Path, **front: dict[str, object]) -> Path:
    """A deterministic leaf with further front matter."""
    return make_leaf(folder, EXACT, front, files=QUIET)


def test_keeps_what_is_better_and_discards_the_rest(exact: Path) -> None:
    folder = create(exact, experiments=3)
    state = play(folder, Script({"GAIN": 1.0}, {"GAIN": 0.5}, {"GAIN": 2.0}))
    rows = ledger(folder)
    assert [(row["verdict"], row["metric"], row["delta"]) for row in rows.values()] == [
        ("keep", 100.0, None), ("keep", 101.0, 1.0), ("discard", 100.5, -0.5), ("keep", 102.0, 1.0),
    ]  # fmt: skip
    assert [row["parent"] for row in rows.values()] == [None, "e0", "e1", "e1"]
    assert rows["e0"]["standing"] is None
    assert (state.ended, state.end_reason, state.exit_code) == ("finished", "3 experiments done", 0)
    found = status(folder)
    assert (found["kept"], found["confirmed"], found["experiments"], found["best"]) == (2, 2, 3, 102.0)
    assert found["claimed_gain"] == {"value": 2.0, "low": 2.0, "high": 2.0}


def test_a_deterministic_metric_takes_one_run_each_and_is_confirmed_at_once(exact: Path) -> None:
    folder = create(exact, experiments=2)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": 1.5}))
    started = facts(folder, RunStarted)
    assert [(run.experiment, run.use, run.seed) for run in started] == [
        ("e0", "baseline", 0), ("e1", "select", 0), ("e2", "select", 0),
    ]  # fmt: skip
    assert [row["standing"] for row in ledger(folder).values()] == [None, "confirmed", "confirmed"]


def test_every_experiment_is_reflected_on(exact: Path) -> None:
    folder = create(exact, experiments=2)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": 0.5}))
    rows = ledger(folder)
    assert rows["e1"]["reflection"] == {"mechanism": "confirmed", "revision": "keep: noted"}
    assert rows["e2"]["reflection"] == {"mechanism": "refuted", "revision": "discard: noted"}


def test_smaller_is_better_when_the_goal_is_to_minimize(home: Path, tmp_path: Path) -> None:
    leaf = exact_leaf(tmp_path / "leaf", metric={"goal": "minimize"})
    folder = create(leaf, experiments=2)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": -1.0}))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["delta"]) == ("discard", -1.0)
    assert (rows["e2"]["verdict"], rows["e2"]["delta"]) == ("keep", 1.0)
    assert status(folder)["best"] == 99.0


def test_equal_but_simpler_is_kept_and_said_so(exact: Path) -> None:
    def without_other(brief):  # type: ignore[no-untyped-def]
        return draft({"settings.py": brief.incumbent.levers["settings.py"].replace("OTHER = 4\n", "")}, "less")

    folder = create(exact, experiments=2)
    play(folder, Script({"OTHER": 1}, without_other))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["delta"]) == ("discard", 0.0)
    assert (rows["e2"]["verdict"], rows["e2"]["reason"]) == ("keep", "equal, simpler")


def test_a_crash_is_repaired_and_then_judged_as_repaired(exact: Path) -> None:
    script = Script(code("print('so far so good')\nraise ValueError('boom')\n"), repairs={"e1": [{"GAIN": 1.0}]})
    folder = create(exact, experiments=1)
    play(folder, script)
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["metric"]) == ("keep", 101.0)
    assert [(run["use"], run["metric"]) for run in row["runs"]] == [("select", None), ("repair", 101.0)]
    failure = script.failures[0]
    assert failure.reason == "run: exit 1: ValueError: boom"
    assert "so far so good" in failure.log_tail


def test_a_crash_goes_back_at_most_twice(exact: Path) -> None:
    bad = [code(f"raise ValueError({n})\n") for n in range(5)]
    script = Script(bad[0], repairs={"e1": bad[1:]})
    folder = create(exact, experiments=1)
    play(folder, script)
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["reason"]) == ("crash", "run: exit 1: ValueError: 2")
    assert [failure.attempt for failure in script.failures] == [1, 2]
    assert len(row["runs"]) == 3


def test_a_researcher_that_repairs_nothing_leaves_a_crash(exact: Path) -> None:
    folder = create(exact, experiments=2)
    play(folder, Script(code("raise ImportError('nothing there')\n"), {"GAIN": 1.0}))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"], len(rows["e1"]["runs"])) == ("crash", None, 1)
    assert "nothing there" in rows["e1"]["reason"]
    assert rows["e2"]["verdict"] == "keep"


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("pass", "the evaluator never printed `score: VALUE`"),
        ("print('score: nan')", "score is nan"),
        ("print('score: -inf')", "score is -inf"),
        ("print('score: 1e999')", "score is inf"),
    ],
)
def test_a_metric_that_is_no_number_is_a_crash_with_the_reason(
    home: Path, tmp_path: Path, printed: str, reason: str
) -> None:
    evaluate = "import json\ngain = json.load(open('out/result.json'))['gain']\n"
    evaluate += f"if gain:\n    {printed}\nelse:\n    print('score: 100')\n"
    leaf = make_leaf(tmp_path / "leaf", EXACT, files=QUIET | {"evaluate.py": evaluate})
    folder = create(leaf, experiments=1)
    play(folder, Script({"GAIN": 1.0}))
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["metric"], row["reason"]) == ("crash", None, reason)


def test_a_run_past_its_timeout_is_a_crash(home: Path, tmp_path: Path) -> None:
    leaf = exact_leaf(tmp_path / "leaf", loop={"budget": "1s", "timeout": "4s"})
    folder = create(leaf, experiments=1)
    play(folder, Script({"WAIT": str(tmp_path / "never")}))
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["reason"]) == ("crash", "timeout: not done after 4 s")
    assert [run["why"] for run in row["runs"]] == ["timeout"]


def test_a_missing_artifact_is_a_crash(exact: Path) -> None:
    folder = create(exact, experiments=1)
    play(folder, Script(code("raise SystemExit\n")))
    row = ledger(folder)["e1"]
    assert row["verdict"] == "crash"
    assert "out" in row["reason"]
    assert "missing" in row["reason"]


def test_a_run_that_changes_a_sealed_file_is_invalid(exact: Path) -> None:
    spoil = "with open('numbers.json', 'w') as file:\n    file.write('[' + '9,' * 99 + '9]')\n"
    folder = create(exact, experiments=2)
    play(folder, Script(code(spoil + "GAIN = 50.0\n"), {"GAIN": 1.0}))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("invalid", None)
    assert rows["e1"]["reason"] == "the run changed sealed files: numbers.json"
    assert (rows["e2"]["verdict"], rows["e2"]["metric"]) == ("keep", 101.0)


def test_a_broken_limit_is_a_discard_with_the_reason(home: Path, tmp_path: Path) -> None:
    leaf = exact_leaf(tmp_path / "leaf", constraints={"limits": {"memory_mb": "<= 100"}})
    (leaf / "settings.py").write_text(QUIET["settings.py"] + "print('memory_mb: 80')\n")
    folder = create(leaf, experiments=2)
    play(folder, Script(code("GAIN = 5.0\nprint('memory_mb: 101')\n"), code("GAIN = 1.0\nprint('memory_mb: 100')\n")))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("discard", 105.0)
    assert rows["e1"]["reason"] == "limit: memory_mb 101, must be <= 100"
    assert rows["e2"]["verdict"] == "keep"


def test_a_result_beyond_the_bound_is_run_again_and_flagged(home: Path, tmp_path: Path) -> None:
    leaf = exact_leaf(tmp_path / "leaf", metric={"bound": 105})
    folder = create(leaf, experiments=2)
    play(folder, Script({"GAIN": 5.0}, {"GAIN": 6.0}))
    rows = ledger(folder)
    assert (rows["e1"]["flags"], len(rows["e1"]["runs"])) == ([], 1)
    assert (rows["e2"]["flags"], len(rows["e2"]["runs"])) == (["bound"], 2)
    assert {run["seed"] for run in rows["e2"]["runs"]} == {0}


def test_an_implausible_jump_is_run_again_and_the_worse_value_counts(home: Path, tmp_path: Path) -> None:
    # The first run of the new setting is lucky: it leaves a mark, and the second sees it.
    once = f"import os\nGAIN = 60.0\nif os.path.exists({str(tmp_path / 'mark')!r}):\n    GAIN = 30.0\n"
    once += f"open({str(tmp_path / 'mark')!r}, 'w').close()\n"
    leaf = make_leaf(tmp_path / "leaf")
    folder = create(leaf, experiments=1)
    play(folder, Script(code(once)))
    row = ledger(folder)["e1"]
    assert row["flags"] == ["jump"]
    first, second = [run["metric"] for run in row["runs"] if run["use"] == "select"]
    assert first - second == pytest.approx(30.0)
    judged = [fact for fact in facts(folder, Judged) if fact.experiment == "e1"]
    assert judged[0].bar == second


def test_a_flagged_result_stays_provisional_under_review_until_a_person_looks(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", {"metric": {"target": 150}})
    folder = create(leaf, experiments=1, autonomy="review")

    async def approve(watch):  # type: ignore[no-untyped-def]
        await watch.until(lambda state: state.waiting == "approval")
        send(watch.folder, "approve")

    state = play(folder, Script({"GAIN": 60.0}), approve)
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["standing"], row["flags"]) == ("keep", "provisional", ["jump"])
    assert state.target_met is None


def test_strict_keeps_nothing_before_it_is_confirmed(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", {"constraints": {"keep": "strict"}})
    folder = create(leaf, experiments=3)
    play(folder, Script({"LUCK": 3.0}, {"GAIN": 2.0}, {"GAIN": 2.01}))
    rows = ledger(folder)
    assert rows["e1"]["verdict"] == "discard"
    assert rows["e1"]["reason"].startswith("not confirmed: ")
    assert (rows["e2"]["verdict"], rows["e2"]["standing"], rows["e2"]["parent"]) == ("keep", "confirmed", "e0")
    assert (rows["e3"]["verdict"], rows["e3"]["reason"]) == ("discard", "within noise")
    # Its tests come before its verdict, on seeds that selected nothing.
    for name in ("e1", "e2"):
        kept = [run for run in rows[name]["runs"] if run["use"] == "audit"]
        assert kept
        assert not {run["seed"] for run in kept} & {0, 1, 2}
    events = [fact for fact in (*facts(folder, RunStarted), *facts(folder, Judged)) if fact.experiment == "e2"]
    assert isinstance(events[-1], Judged)


def test_a_crashed_baseline_stops_the_campaign_with_exit_code_4(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", EXACT, files={"settings.py": "raise ValueError('no settings')\n"})
    folder = create(leaf, experiments=1)
    state = play(folder, Script({"GAIN": 1.0}))
    assert (state.ended, state.exit_code) == ("stopped", 4)
    assert state.end_reason == "the baseline gives no metric: run: exit 1: ValueError: no settings"
    assert not facts(folder, HypothesisStated)
    assert len(facts(folder, RunEnded)) == 1


def test_a_leaf_without_evaluator_works_and_says_who_reported(home: Path, tmp_path: Path) -> None:
    train = "settings = {}\nexec(open('settings.py').read(), settings)\nprint('score:', settings['GAIN'])\n"
    leaf = exact_leaf(tmp_path / "leaf", loop={"evaluate": None, "artifacts": []})
    (leaf / "train.py").write_text(train)
    folder = create(leaf, experiments=1)
    play(folder, Script({"GAIN": 0.1}))
    assert status(folder)["metric_by"] == "lever"
    assert ledger(folder)["e1"]["metric"] == 0.1
