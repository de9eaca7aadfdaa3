"""The status document: the keys that are contracts, the states and their precedence, the numbers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from praxtui.journal.facts import (
    Budgets,
    CampaignEnded,
    CampaignReopened,
    Claimed,
    DraftBegun,
    EngineStarted,
    EpochOpened,
    Fact,
    Judged,
    Restored,
    RunStarted,
    SetupEnded,
    SetupStarted,
)
from praxtui.journal.fold import fold_all
from praxtui.journal.people import (
    BudgetsChanged,
    HintGiven,
    HintWithdrawn,
    Paused,
    Resumed,
    Spent,
    WaitingBegan,
    WaitingEnded,
)
from praxtui.journal.state import State
from praxtui.journal.status import document, name_of, phase
from tests.journal.facts import begun, drafted, events, judged, ran, sequences

# Design, section 8. A key more is allowed where it is named here.
KEYS = {
    "id", "leaf", "state", "phase", "researcher", "epoch", "experiments", "kept", "supported", "confirmed", "baseline",
    "best", "best_observed", "best_id", "claimed_gain", "noise_sd", "goal", "metric_by", "spent", "idle_fraction",
    "turnaround_s", "sandbox", "engine",
}  # fmt: skip
MORE_KEYS = {
    "metric",
    "target",
    "budgets",
    "hints",
    "waits",
    "sandbox_findings",
    "models",
    "reason",
    "created",
    "updated",
    "exit_code",
}
INNER = {
    "claimed_gain": {"value", "low", "high"},
    "spent": {
        "usd", "tokens", "hours", "gpu_hours", "usd_known", "tokens_cached", "tokens_output", "unpriced_tokens",
    },
    "turnaround_s": {"median", "p95"},
    "engine": {"pid", "alive"},
    "budgets": {"experiments", "hours", "usd", "tokens"},
}  # fmt: skip
HINT_KEYS = {"id", "text", "by", "given", "withdrawn", "used_by", "results"}
STATES = {"running", "paused", "waiting", "stopped", "finished", "imported", "dead"}


def state(*facts: Fact, at: float = 1000.0) -> State:
    return fold_all(State(), events(facts, at=at))


def status(*facts: Fact, alive: bool | None = True) -> dict[str, Any]:
    return document(state(*facts), alive=alive, pid=7)


@pytest.mark.parametrize("alive", [None, True, False])
@given(facts=sequences)
def test_any_state_has_the_document_of_the_contract(facts: list[Fact], alive: bool | None) -> None:
    found = document(fold_all(State(), events(facts)), alive=alive, pid=None)
    assert set(found) == KEYS | MORE_KEYS
    for name, keys in INNER.items():
        assert set(found[name]) == keys
    for hint in found["hints"]:
        assert set(hint) == HINT_KEYS
    assert found["state"] in STATES
    assert (found["state"] == "dead") <= (alive is False)
    assert isinstance(found["phase"], str)
    assert found["supported"] + found["confirmed"] <= found["kept"] <= found["experiments"]
    assert found["engine"]["alive"] in (True, False)
    msgspec.json.encode(found)


def test_a_campaign_that_was_only_created() -> None:
    found = status(begun()[0], alive=None)
    assert (found["id"], found["leaf"], found["researcher"], found["epoch"]) == ("c", "leaf", "sweep", 0)
    assert (found["baseline"], found["best"], found["best_observed"], found["best_id"]) == (None, None, None, None)
    assert (found["goal"], found["metric_by"], found["noise_sd"], found["idle_fraction"]) == (None, None, None, None)
    assert found["budgets"]["experiments"] == 9


# --- counts ----------------------------------------------------------------------------------------------------------


def test_only_judged_rows_count_and_not_the_baseline() -> None:
    assert status(*begun())["experiments"] == 0
    verdicts = ["keep", "discard", "crash", "invalid", "void"]
    facts = [fact for n, verdict in enumerate(verdicts, 1) for fact in judged(f"e{n}", verdict, 1.0)]
    found = status(*begun(), *facts, *drafted("e6"))
    assert (found["experiments"], found["kept"]) == (4, 1)


def test_revoked_keeps_are_not_kept() -> None:
    standings = ["provisional", "supported", "confirmed", "revoked", "supported"]
    facts = [fact for n, one in enumerate(standings, 1) for fact in judged(f"e{n}", "keep", 1.0, standing=one)]
    found = status(*begun(), *facts)
    assert (found["experiments"], found["kept"], found["supported"], found["confirmed"]) == (5, 4, 2, 1)
    taken_back = status(*begun(), *facts, Restored("e0", ["e5", "e3"], "r" * 40))
    assert (taken_back["kept"], taken_back["supported"], taken_back["confirmed"]) == (2, 1, 0)
    assert (taken_back["experiments"], taken_back["best_id"]) == (5, "e0")


# --- values ----------------------------------------------------------------------------------------------------------


def test_the_baseline_is_the_mean_of_its_runs() -> None:
    found = status(*begun())
    assert (found["baseline"], found["noise_sd"], found["best_id"]) == (1.05, 0.05, "e0")
    assert found["best_observed"] == 1.05


def test_best_is_null_until_something_is_claimed() -> None:
    kept = [*begun(), *judged("e1", "keep", 0.8, standing="provisional")]
    found = status(*kept)
    assert (found["best"], found["best_observed"], found["best_id"]) == (None, 0.8, "e1")
    assert found["claimed_gain"] == {"value": None, "low": None, "high": None}
    claimed = status(*kept, *ran("e1", 2, 0.9, use="audit"), Claimed(1, "e1", 0.9, 0.15, 0.1, 0.2))
    assert (claimed["best"], claimed["best_observed"]) == (0.9, 0.8)
    assert claimed["claimed_gain"] == {"value": 0.15, "low": 0.1, "high": 0.2}


def test_what_was_claimed_of_an_earlier_head_is_not_the_best_of_this_one() -> None:
    facts = [*begun(), *judged("e1", "keep", 0.8), Claimed(1, "e1", 0.9, 0.15, 0.1, 0.2)]
    found = status(*facts, *judged("e2", "keep", 0.7, parent="e1"))
    assert (found["best"], found["best_observed"], found["best_id"]) == (None, 0.7, "e2")
    assert found["claimed_gain"]["value"] == 0.15


def test_a_value_of_zero_is_a_value() -> None:
    facts = [*begun(), *judged("e1", "keep", 0.0), *ran("e1", 2, 5.0, use="repair")]
    assert status(*begun(), *judged("e1", "keep", 0.0))["best_observed"] == 0.0
    assert status(*facts, Claimed(1, "e1", 0.0, 0.0, 0.0, 0.0))["best"] == 0.0


@pytest.mark.parametrize(("goal", "gain"), [("minimize", 0.2), ("maximize", -0.2)])
def test_of_a_deterministic_metric_every_value_is_fresh(goal: str, gain: float) -> None:
    start = begun(goal=goal, deterministic=True)
    first = status(*start)
    assert (first["noise_sd"], first["best"], first["baseline"]) == (0.0, 1.0, 1.0)
    assert first["claimed_gain"]["value"] is None
    found = status(*start, *judged("e1", "keep", 0.8, standing="confirmed"))
    assert (found["best"], found["best_observed"], found["best_id"]) == (0.8, 0.8, "e1")
    assert found["claimed_gain"] == {name: pytest.approx(gain) for name in ("value", "low", "high")}


def test_a_new_epoch_measures_its_head_again_and_forgets_the_claim() -> None:
    facts = [*begun(), *judged("e1", "keep", 0.8), Claimed(1, "e1", 0.9, 0.15, 0.1, 0.2)]
    again = EpochOpened(2, "edited", "p" * 64, "c" * 40, "e1", "maximize", "score", "lever", target=2.0)
    found = status(*facts, again)
    assert (found["epoch"], found["goal"], found["metric"], found["metric_by"]) == (2, "maximize", "score", "lever")
    assert (found["baseline"], found["best"], found["best_observed"], found["target"]) == (None, None, None, 2.0)
    assert found["claimed_gain"]["value"] is None
    measured = status(*facts, again, *ran("e1", 2, 0.4, use="baseline", epoch=2))
    assert (measured["baseline"], measured["best_observed"]) == (0.4, 0.4)


def test_what_was_spent() -> None:
    facts = [*begun(), *judged("e1", "discard", 1.0), Spent(0.5, 1200, "model", "e1")]
    spent = status(*facts)["spent"]
    assert (spent["usd"], spent["tokens"], spent["gpu_hours"]) == (1.25, 1200, round(6 / 3600, 5))
    assert spent["hours"] == round((len(facts) - 2) / 3600, 5)


def test_a_cost_that_nobody_knows_is_null_and_never_0() -> None:
    known = Spent(0.5, 1200, "draft: a", "e1", cached=800, output=200)
    spent = status(*begun(), *drafted("e1"), known)["spent"]
    assert (spent["usd"], spent["usd_known"], spent["unpriced_tokens"]) == (1.0, 1.0, 0)
    assert (spent["tokens"], spent["tokens_cached"], spent["tokens_output"]) == (1200, 800, 200)
    spent = status(*begun(), *drafted("e1"), known, Spent(0.0, 300, "draft: b", "e1", unpriced=300))["spent"]
    assert (spent["usd"], spent["usd_known"], spent["unpriced_tokens"], spent["tokens"]) == (None, 1.0, 300, 1500)


def test_hints_say_who_used_them_and_what_came_of_it() -> None:
    facts = [
        *begun(), HintGiven("k1", "wider", "p@h:1"), HintGiven("k2", "deeper", "p@h:1"),
        *drafted("e1", hints=["k1"]), *ran("e1", 1, 0.9), Judged("e1", "keep", "provisional", 0.15, 3.0),
        *drafted("e2", "e1", hints=["k1"]), HintWithdrawn("k2", "p@h:2"),
    ]  # fmt: skip
    first, second = status(*facts)["hints"]
    assert (first["id"], first["text"], first["by"], first["withdrawn"]) == ("k1", "wider", "p@h:1", False)
    assert first["given"] == 1000.0 + len(begun())
    assert first["used_by"] == ["e1", "e2"]
    assert first["results"] == [
        {"id": "e1", "verdict": "keep", "standing": "provisional", "delta": 0.15, "delta_sd": 3.0},
        {"id": "e2", "verdict": None, "standing": None, "delta": None, "delta_sd": None},
    ]
    assert (second["id"], second["used_by"], second["results"], second["withdrawn"]) == ("k2", [], [], True)


def test_everything_that_is_waited_for_is_there_by_its_cause() -> None:
    facts = [WaitingBegan("provider", "waiting 4 s for a: 429"), WaitingBegan("keys", "no key"), WAITING]
    found = status(*begun(), *facts, WaitingEnded("keys"))
    assert found["waits"] == {"provider": "waiting 4 s for a: 429", "approval": WAITING.reason}


def test_the_turnaround_is_a_median_and_a_tail() -> None:
    now = state(*begun())
    now.turnarounds = [n / 100 for n in range(100, 0, -1)]
    assert document(now)["turnaround_s"] == {"median": 0.505, "p95": 0.96}
    assert document(state())["turnaround_s"] == {"median": None, "p95": None}


# --- states ----------------------------------------------------------------------------------------------------------

PAUSED = Paused("a")
WAITING = WaitingBegan("approval", "e1 waits for approval")
STOPPED = CampaignEnded("stopped", "stopped by its person")
FINISHED = CampaignEnded("finished", "9 experiments done")


@pytest.mark.parametrize(
    ("facts", "alive", "name"),
    [
        ([], True, "running"),
        ([], None, "running"),
        ([], False, "dead"),
        ([PAUSED], True, "paused"),
        ([WAITING], True, "waiting"),
        ([WAITING, PAUSED], True, "paused"),
        ([PAUSED], False, "dead"),
        ([WAITING], False, "dead"),
        ([STOPPED], False, "stopped"),
        ([FINISHED], False, "finished"),
        ([PAUSED, FINISHED], True, "finished"),
        ([WAITING, STOPPED], False, "stopped"),
        ([STOPPED, CampaignReopened("resumed")], True, "running"),
        ([FINISHED, CampaignReopened("resumed")], False, "dead"),
        ([CampaignEnded("imported", "from a table")], False, "imported"),
        ([PAUSED, Resumed("a")], True, "running"),
        ([WAITING, WaitingEnded("approval")], True, "running"),
        ([WAITING, EngineStarted(8, 2, "boot", "host", "0.1", "none")], True, "running"),
    ],
)
def test_the_state_and_what_outranks_what(facts: list[Fact], alive: bool | None, name: str) -> None:
    found = state(*begun(), *facts)
    assert name_of(found, alive) == name
    assert document(found, alive=alive)["state"] == name


def test_a_campaign_goes_on_unpaused_after_its_end() -> None:
    found = status(*begun(), PAUSED, FINISHED, CampaignReopened("resumed"))
    assert (found["state"], found["exit_code"], found["reason"]) == ("running", 0, None)


def test_why_it_ended_and_with_which_code() -> None:
    ended = CampaignEnded("stopped", "the baseline gives no metric", 4)
    found = status(*begun(), ended, alive=False)
    assert (found["reason"], found["exit_code"], found["phase"]) == (ended.reason, 4, ended.reason)


@pytest.mark.parametrize(
    ("facts", "alive", "words"),
    [
        ([], True, "between runs"),
        ([], False, "no engine"),
        ([SetupStarted("k")], True, "setup"),
        ([SetupStarted("k"), SetupEnded("k", True)], True, "between runs"),
        ([DraftBegun("e1", 1, "e0", "b", "sweep")], True, "drafting e1"),
        ([*drafted("e1")], True, "between runs"),
        ([*drafted("e1"), ran("e1", 1, 1.0)[0]], True, "running e1"),
        ([*drafted("e1"), ran("e1", 1, 1.0)[0], *drafted("e2"), PAUSED], True, "running e1"),
        ([*drafted("e1"), ran("e1", 1, 1.0)[0], *drafted("e2"), PAUSED], False, "no engine"),
        ([ran("e0", 3, 1.0, use="audit")[0]], True, "audit of e0"),
        ([*drafted("e1"), ran("e1", 1, 1.0, use="repair")[0]], True, "repair of e1"),
        ([PAUSED], True, "paused"),
        ([WAITING], True, "waiting: e1 waits for approval"),
        ([WaitingBegan("provider", "waiting 4 s for a: 429")], True, "waiting 4 s for a: 429"),
        ([FINISHED], False, "9 experiments done"),
    ],
)
def test_the_phase_says_what_is_going_on(facts: list[Fact], alive: bool, words: str) -> None:
    assert phase(state(*begun(), *facts), alive) == words


def test_the_baseline_counts_its_runs() -> None:
    facts = begun(repeats=5)
    running = next(n for n, fact in enumerate(facts) if isinstance(fact, RunStarted) and fact.n == 3)
    assert phase(state(*facts[: running + 1])) == "baseline 3 of 5"
    facts = begun(deterministic=True)
    running = next(n for n, fact in enumerate(facts) if isinstance(fact, RunStarted))
    assert phase(state(*facts[: running + 1])) == "baseline 1 of 1"


def test_budgets_are_those_of_now() -> None:
    found = status(*begun(budgets=Budgets(experiments=3, usd=1.0)), BudgetsChanged(Budgets(hours=2.0), "a"))
    assert found["budgets"] == {"experiments": None, "hours": 2.0, "usd": None, "tokens": None}
