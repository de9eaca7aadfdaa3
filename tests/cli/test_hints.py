"""Hints: who used them and whether it paid, and how one is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.journal.facts import Judged
from praxtui.journal.inbox import Inbox
from praxtui.journal.people import HintGiven, HintWithdrawn
from tests.cli.place import Inside, Place
from tests.cli.written import beginning, written
from tests.journal.facts import drafted, judged, ran

GIVEN = [HintGiven("k1", "wider\nlayers", "p@h:1"), HintGiven("k2", "deeper", "p@h:1"), HintGiven("k3", "less", "p")]
USED = [
    *drafted("e1", hints=["k1"]), *ran("e1", 1, 0.9), Judged("e1", "keep", "provisional", 0.15, 1.2),
    *drafted("e2", "e1", hints=["k1", "k2"]), *ran("e2", 1, 1.0), Judged("e2", "discard", None, -0.1, -0.8),
    *drafted("e3", "e1", hints=["k1"]),
    HintWithdrawn("k3", "p"), HintWithdrawn("k2", "p"),
]  # fmt: skip


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    return Inside(tmp_path / "place")


def test_the_status_says_which_hints_were_used_and_what_came_of_it(inside: Inside) -> None:
    written(inside, [*beginning(), *GIVEN, *USED, HintGiven("k4", "more data", "p")])
    lines = inside.praxtui("status", "c").stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("hints "))
    assert [line[12:] for line in lines[at : at + 4]] == [
        "k1 'wider layers' used by e1 (keep +1.2 sd), e2 (discard -0.8 sd), e3 (under way)",
        "k2 'deeper' used by e2 (discard -0.8 sd), withdrawn",
        "k3 'less' never used, withdrawn",
        "k4 'more data' not used yet",
    ]
    found = inside.json("status", "c")["hints"]
    assert [(hint["id"], hint["used_by"], hint["withdrawn"]) for hint in found] == [
        ("k1", ["e1", "e2", "e3"], False), ("k2", ["e2"], True), ("k3", [], True), ("k4", [], False),
    ]  # fmt: skip


def test_a_campaign_without_hints_has_no_line_for_them(inside: Inside) -> None:
    written(inside, beginning())
    assert "hint" not in inside.praxtui("status", "c").stdout
    assert inside.json("status", "c")["hints"] == []


def test_the_ledger_marks_the_hints_that_an_experiment_used(inside: Inside) -> None:
    written(inside, [*beginning(), *GIVEN, *USED, *judged("e4", "discard", 1.0)])
    rows = inside.praxtui("ledger", "c").stdout.splitlines()
    assert [row.partition(" of ")[2] for row in rows[2:]] == ["e1 [k1]", "e2 [k1; k2]", "e3 [k1]", "e4"]
    assert [row["hints"] for row in inside.json("ledger", "c")] == [[], ["k1"], ["k1", "k2"], ["k1"], []]


def test_a_hint_that_is_revoked_with_its_keep_did_not_pay(inside: Inside) -> None:
    kept = [*drafted("e1", hints=["k1"]), *ran("e1", 1, 0.9), Judged("e1", "keep", "revoked", 0.15, 1.2)]
    written(inside, [*beginning(), *GIVEN[:1], *kept])
    assert "used by e1 (revoked +1.2 sd)" in inside.praxtui("status", "c").stdout


def test_what_cannot_be_withdrawn_is_refused(inside: Inside) -> None:
    folder = written(inside, [*beginning(), *GIVEN, HintWithdrawn("k3", "p")])
    assert inside.refused("hint", "c", "--withdraw", "k9") == (
        "praxtui: no hint 'k9' in c; did you mean: k3, k2, k1?\n  it has k1, k2, k3\n"
    )
    assert inside.refused("hint", "c", "--withdraw", "k3").startswith("praxtui: k3 is withdrawn already\n")
    assert "not both" in inside.refused("hint", "c", "more", "--withdraw", "k1")
    assert inside.refused("hint", "c").startswith("praxtui: missing: TEXT, or --withdraw kN\n")
    assert not (folder / "inbox.db").exists()


def test_a_withdrawal_waits_for_an_engine(inside: Inside) -> None:
    folder = written(inside, [*beginning(), *GIVEN])
    assert "the command waits" in inside.praxtui("hint", "c", "--withdraw", "k2").stdout
    with Inbox(folder) as inbox:
        assert [(command.verb, command.args) for command in inbox.pending()] == [("unhint", {"hint": "k2"})]


def test_a_running_campaign_takes_a_hint_back(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=2)
    place.running()
    assert place.praxtui("hint", "c", "a", "larger", "one").stdout == "given as k1\n"
    assert place.praxtui("hint", "c", "--withdraw", "k1").stdout == "k1 withdrawn\n"
    [hint] = place.json("status", "c")["hints"]
    assert (hint["text"], hint["withdrawn"]) == ("a larger one", True)
