"""A draft's imports are looked up before any GPU time is spent on it."""

from __future__ import annotations

from pathlib import Path

from praxtui.journal.facts import DraftRefused
from tests.making import Script, code, create, facts, ledger, play


def test_a_module_that_is_not_there_is_refused_before_a_run(exact: Path) -> None:
    folder = create(exact, experiments=1)
    play(folder, Script([code("import json, nothing_there\n"), {"GAIN": 1.0}]))
    assert [fact.reason for fact in facts(folder, DraftRefused)] == [
        "no module named nothing_there where runs execute; the program requires the standard library only"
    ]
    assert ledger(folder)["e1"]["verdict"] == "keep"


def test_a_module_asked_for_in_a_try_is_the_codes_own_business(exact: Path) -> None:
    folder = create(exact, experiments=1)
    text = "try:\n    import nothing_there\nexcept ImportError:\n    GAIN = 2.0\n"
    play(folder, Script(code(text)))
    assert not facts(folder, DraftRefused)
    assert ledger(folder)["e1"]["verdict"] == "keep"
