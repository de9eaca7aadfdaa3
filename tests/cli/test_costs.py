"""What model calls cost, as people and programs are told: with its tokens, and never 0 where nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.journal.facts import Budgets, Fact, StandingChanged
from praxtui.journal.people import Spent
from praxtui.journal.shown import cost, count
from praxtui.journal.store import Journal
from tests.cli.place import Inside
from tests.cli.written import ENDED, beginning, written
from tests.journal.facts import drafted, judged, ran

PRICED = Spent(0.25, 40_000, "draft: a-model", "e1", cached=30_000, output=2500)
UNPRICED = Spent(0.0, 12_000, "reflect: b-model", "e1", output=500, unpriced=12_000)


def free(facts: list[Fact]) -> list[Fact]:
    """The same without what its runs cost."""
    import msgspec

    from praxtui.journal.facts import RunEnded

    return [msgspec.structs.replace(fact, usd=0.0) if isinstance(fact, RunEnded) else fact for fact in facts]


@pytest.fixture
def place(tmp_path: Path) -> Inside:
    return Inside(tmp_path / "place")


def lines(place: Inside, *words: str) -> dict[str, str]:
    said = (line.split(None, 1) for line in place.praxtui(*words).stdout.splitlines() if len(line.split()) > 1)
    return dict(said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (812, "812"), (999, "999"), (1000, "1.0k"), (9400, "9.4k"), (9960, "10k"), (120_400, "120k"),
     (999_499, "999k"), (999_500, "1.0M"), (1_230_000, "1.2M"), (2 * 10**9, "2.0G")],
)  # fmt: skip
def test_tokens_are_counted_in_three_digits(number: int, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(
    ("usd", "unpriced", "shown"),
    [(0.0, 0, "free"), (0.42, 0, "$0.42"), (0.42, 30_000, "$0.42 + 30k tokens of unknown price"), (0.0, 9, "unknown")],
)
def test_a_cost_is_a_number_only_where_it_is_known(usd: float, unpriced: int, shown: str) -> None:
    assert cost(usd, unpriced) == shown


def test_a_priced_campaign(place: Inside) -> None:
    written(place, free([*beginning(), *judged("e1", "discard", 1.0), PRICED]))
    assert "tokens 40k (80% cached), $0.25, 1 of 9 experiments" in lines(place, "status", "c")["spent"]
    assert place.json("ledger", "c")[1]["usd"] == 0.25
    head, _, e1 = place.praxtui("ledger", "c").stdout.splitlines()
    assert "cost" in head.split()
    assert "$0.25" in e1.split()
    assert lines(place, "show", "c", "e1")["cost"] == "$0.25: 38k tokens read, 30k of them cached; 2.5k written"


def test_limits_stand_beside_what_was_used(place: Inside) -> None:
    budgets = Budgets(experiments=5, usd=10.0, tokens=1_000_000)
    written(place, free([*beginning(budgets=budgets), *judged("e1", "discard", 1.0), PRICED]))
    said = lines(place, "status", "c")["spent"]
    assert "tokens 40k (80% cached) of 1.0M, $0.25 of $10, 1 of 5 experiments" in said
    written(place, free(beginning(budgets=budgets)), "d")
    assert "tokens 0 of 1.0M, $0 of $10, 0 of 5 experiments" in lines(place, "status", "d")["spent"]


def test_an_unknown_price_is_unknown_everywhere(place: Inside) -> None:
    written(place, free([*beginning(), *judged("e1", "keep", 0.8), UNPRICED]))
    spent = place.json("status", "c")["spent"]
    assert (spent["usd"], spent["usd_known"], spent["unpriced_tokens"]) == (None, 0.0, 12_000)
    assert (spent["tokens_cached"], spent["tokens_output"]) == (0, 500)
    assert ", unknown" in lines(place, "status", "c")["spent"]
    assert place.json("ledger", "c")[1]["usd"] is None
    head, e0, e1 = place.praxtui("ledger", "c").stdout.splitlines()
    assert "cost" in head.split()
    assert "free" in e0.split()
    assert "unknown" in e1.split()
    assert lines(place, "show", "c", "e1")["cost"].startswith("unknown: 12k tokens read")
    assert "unknown" in place.praxtui("list").stdout.splitlines()[1].split()


def test_what_is_known_is_said_with_how_much_it_leaves_out(place: Inside) -> None:
    written(place, free([*beginning(), *judged("e1", "keep", 0.8), PRICED, UNPRICED]))
    assert "$0.25 + 12k tokens of unknown price" in lines(place, "status", "c")["spent"]
    assert place.json("status", "c")["spent"]["usd"] is None
    assert lines(place, "show", "c", "e1")["cost"].startswith("$0.25 + 12k tokens of unknown price: ")


def test_a_free_campaign_has_no_column_for_cost(place: Inside) -> None:
    written(place, free([*beginning(researcher="sweep"), *judged("e1", "discard", 1.0)]))
    head, _, _ = place.praxtui("ledger", "c").stdout.splitlines()
    assert "cost" not in head.split()
    assert "tokens" not in lines(place, "status", "c")["spent"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([PRICED], "a gain    $0.12 for each of 2 confirmed or supported"),
        ([PRICED, UNPRICED], None),
        ([], None),
    ],
)
def test_the_summary_says_what_a_gain_cost_where_that_is_known(
    place: Inside, facts: list[Fact], said: str | None
) -> None:
    from praxtui.cli.reading import status_of
    from praxtui.cli.summary import summary
    from praxtui.journal.folded import folded

    kept = [
        *judged("e1", "keep", 0.8, standing="confirmed"),
        *judged("e2", "keep", 0.7, parent="e1", standing="provisional"),
        *judged("e3", "keep", 0.6, parent="e2", standing="provisional"),
        StandingChanged(["e2"], "supported", "held"),
    ]
    folder = written(place, free([*beginning(), *kept, *facts, *ENDED]))
    with Journal.open(folder) as journal:
        text = summary(folded(journal), status_of(folder))
    found = [line for line in text.splitlines() if line.startswith("a gain")]
    assert found == ([said] if said else [])


def test_runs_that_cost_something_count(place: Inside) -> None:
    written(place, [*beginning(researcher="sweep"), *drafted("e1"), *ran("e1", 1, 0.9)])
    assert "$0.75" in lines(place, "status", "c")["spent"]
    assert "$0.25" in place.praxtui("ledger", "c").stdout.splitlines()[2].split()
