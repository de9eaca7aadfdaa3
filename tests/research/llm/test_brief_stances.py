"""After a dry spell the stance changes, in turn, and says with what from the record."""

from __future__ import annotations

import pytest

from praxtui.research.llm.brief import stances
from praxtui.research.protocol import Tried
from tests.research.llm import briefs


def row(n: int, verdict: str = "discard", **more: object) -> Tried:
    return Tried(id=f"e{n}", title=f"A {n} -> {n + 1}", verdict=verdict, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dry", "stance"),
    [
        (0, ""),
        (7, ""),
        (8, "combine"),
        (15, "combine"),
        (16, "remove"),
        (24, "question"),
        (32, "radical"),
        (40, "combine"),
    ],
)
def test_stances_take_turns_every_eight_experiments_without_a_keep(dry: int, stance: str) -> None:
    rows = [row(1, "keep", standing="provisional"), *(row(n) for n in range(2, dry + 2))]
    assert stances.stance(rows) == stance


def test_a_revoked_keep_does_not_end_a_dry_spell_and_a_void_does_not_lengthen_it() -> None:
    rows = [row(n) for n in range(8)]
    rows[4] = row(4, "keep", standing="revoked")
    assert stances.stance(rows) == "combine"
    rows[5] = row(5, "void")
    assert stances.stance(rows) == ""
    assert stances.stance(()) == ""


def test_near_misses_are_close_discards_and_revoked_keeps_best_first() -> None:
    rows = [
        row(1, delta=-0.01, delta_sd=-0.5),
        row(2, delta=-0.05, delta_sd=-2.5),
        row(3, "keep", standing="revoked", delta=0.03, delta_sd=1.4),
        row(4, "keep", standing="supported", delta=0.09, delta_sd=4.0),
        row(5, delta=0.001),
        row(6, "crash"),
    ]
    assert [each.id for each in stances.near_misses(rows)] == ["e3", "e5", "e1"]


@pytest.mark.parametrize(
    ("key", "names", "never"),
    [
        ("combine", ["e3", "e1"], "e4"),
        ("remove", ["e4"], "e5"),
        ("question", ["e5", "e4"], "e3"),
        ("radical", [], "e1"),
    ],
)
def test_a_stance_names_candidates_from_the_record(key: str, names: list[str], never: str) -> None:
    rows = (
        row(1, delta=-0.01, delta_sd=-0.5),
        row(3, "keep", standing="revoked", delta=0.03, delta_sd=1.4),
        row(4, "keep", standing="supported", delta=0.01, delta_sd=0.4, lines=12),
        row(5, "keep", standing="provisional", delta=0.05, delta_sd=2.0),
    )
    text = stances.paragraph(briefs.brief(rows, stance=key), 400)
    places = [text.index(f"- {name}:") for name in names]
    assert places == sorted(places)
    assert f"- {never}:" not in text
    assert stances.STANCES[key] in text


def test_an_unknown_stance_says_nothing() -> None:
    assert stances.paragraph(briefs.brief((), stance="sideways"), 400) == ""
