"""Ledger rows: the keys that are contracts, and what stands in them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given

from praxtui.journal.facts import (
    Advanced,
    DraftDropped,
    EpochOpened,
    Fact,
    Judged,
    Reflected,
    Restored,
    StandingChanged,
)
from praxtui.journal.fold import fold_all
from praxtui.journal.ledger import rows
from praxtui.journal.people import HintGiven, Spent
from praxtui.journal.state import State
from tests.journal.facts import begun, drafted, events, judged, ran, sequences

# Design, section 8. A key more is allowed where it is named here.
KEYS = {
    "id", "hypothesis", "mechanism", "predicted", "levers", "epoch", "verdict", "standing", "confidence", "flags",
    "reason", "metric", "delta", "delta_sd", "runs", "commit", "branch_commit", "parent", "reflection", "usd",
    "tokens", "gpu_seconds", "hints", "by",
}  # fmt: skip
RUN_KEYS = {"n", "use", "seed", "metric", "exit", "seconds", "started", "ended"}
MORE_RUN_KEYS = {"why"}


def table(facts: list[Fact]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows(fold_all(State(), events(facts)))}


@given(sequences)
def test_every_row_has_the_keys_of_the_contract_and_is_json(facts: list[Fact]) -> None:
    found = rows(fold_all(State(), events(facts)))
    for row in found:
        assert set(row) == KEYS
        assert row["reflection"] is None or set(row["reflection"]) == {"mechanism", "revision"}
        for run in row["runs"]:
            assert set(run) == RUN_KEYS | MORE_RUN_KEYS
    decoded = msgspec.json.decode(msgspec.json.encode(found))
    assert [row["id"] for row in decoded] == [row["id"] for row in found]


def test_the_baseline_comes_first_and_has_no_standing() -> None:
    first, *others = rows(fold_all(State(), events([*begun(), *judged("e1", "discard", 1.2)])))
    assert (first["id"], first["verdict"], first["standing"], first["parent"]) == ("e0", "keep", None, None)
    assert [run["use"] for run in first["runs"]] == ["baseline", "baseline"]
    assert first["commit"] == "b" * 40
    assert [row["id"] for row in others] == ["e1"]


def test_a_row_says_what_was_tried_and_what_came_of_it() -> None:
    facts = [
        *begun(),
        HintGiven("k1", "wider", "a"),
        *drafted("e1", hints=["k1"]),
        *ran("e1", 1, 0.9, seed=3),
        Spent(0.5, 1200, "model", "e1"),
        Judged("e1", "keep", "provisional", 0.15, 3.0, 0.99, ["jump"], "looks better"),
        Advanced("e1", "on the branch"),
        Reflected("e1", "confirmed", "wider helps", "sweep", "a note"),
    ]
    row = table(facts)["e1"]
    assert row["hypothesis"] == "LR of e1"
    assert (row["mechanism"], row["predicted"], row["by"]) == ("because", "better", "sweep")
    assert (row["levers"], row["hints"], row["epoch"]) == (["a.py"], ["k1"], 1)
    assert (row["verdict"], row["standing"], row["reason"]) == ("keep", "provisional", "looks better")
    assert (row["delta"], row["delta_sd"], row["confidence"], row["flags"]) == (0.15, 3.0, 0.99, ["jump"])
    assert (row["commit"], row["branch_commit"], row["parent"]) == ("e1" * 20, "on the branch", "e0")
    assert row["reflection"] == {"mechanism": "confirmed", "revision": "wider helps"}
    assert (row["usd"], row["tokens"], row["gpu_seconds"]) == (0.75, 1200, 2.0)
    assert row["runs"] == [
        {
            "n": 1, "use": "select", "seed": 3, "metric": 0.9, "exit": 0, "why": "exit", "seconds": 2.0,
            "started": 101.0, "ended": 103.0,
        }
    ]  # fmt: skip


def test_what_an_experiment_cost_is_null_where_a_price_is_not_known() -> None:
    facts = [*begun(), *drafted("e1"), Spent(0.5, 1200, "draft: a", "e1")]
    assert table(facts)["e1"]["usd"] == 0.5
    row = table([*facts, Spent(0.0, 300, "reflect: b", "e1", unpriced=300)])["e1"]
    assert (row["usd"], row["tokens"]) == (None, 1500)


def test_the_metric_is_the_mean_of_the_runs_that_gave_one() -> None:
    facts = [*begun(), *judged("e1", "keep", 0.8), *ran("e1", 2, 0.9, use="audit", seed=5), *ran("e1", 3, None)]
    found = table(facts)
    assert found["e1"]["metric"] == 0.8500000000000001
    assert found["e0"]["metric"] == 1.05
    assert [run["metric"] for run in found["e1"]["runs"]] == [0.8, 0.9, None]


def test_a_metric_of_zero_is_a_metric() -> None:
    assert table([*begun(), *judged("e1", "keep", 0.0)])["e1"]["metric"] == 0.0


def test_runs_of_another_epoch_do_not_count_for_the_metric() -> None:
    again = EpochOpened(2, "edited", "p" * 64, "c" * 40, "e1", "minimize", "loss", "evaluator")
    facts = [*begun(), *judged("e1", "keep", 0.8), again, *ran("e1", 2, 0.2, use="baseline", epoch=2)]
    assert table(facts)["e1"]["metric"] == 0.8
    assert len(table(facts)["e1"]["runs"]) == 2


def test_a_run_under_way_has_no_result_yet() -> None:
    facts = [*begun(), *drafted("e1"), ran("e1", 1, 0.5)[0]]
    row = table(facts)["e1"]
    assert (row["verdict"], row["metric"], row["reflection"]) == (None, None, None)
    [run] = row["runs"]
    assert (run["metric"], run["exit"], run["why"], run["seconds"], run["ended"]) == (None, None, None, 0.0, None)


def test_a_draft_made_again_keeps_its_id_and_forgets_the_first() -> None:
    facts = [*begun(), *drafted("e1"), DraftDropped("e1", "drafted again"), *drafted("e1", "e0")]
    assert list(table(facts)) == ["e0", "e1"]
    facts = [*begun(), *drafted("e1"), DraftDropped("e1", "drafted again")]
    assert table(facts)["e1"]["commit"] is None


def test_a_confirmed_keep_stays_so_until_it_is_revoked() -> None:
    kept = [*begun(), *judged("e1", "keep", 0.8, standing="confirmed")]
    audited = StandingChanged(["e1", "e9"], "supported", "held")
    assert table([*kept, audited])["e1"]["standing"] == "confirmed"
    assert table([*kept, StandingChanged(["e1"], "revoked", "by its person")])["e1"]["standing"] == "revoked"
    assert table([*kept, Restored("e0", ["e1"], "r" * 40)])["e1"]["standing"] == "revoked"
