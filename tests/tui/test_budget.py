"""The budget sheet: what is used and left, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import on
from textual.app import App
from textual.widgets import Input, Static

from praxtui.journal.facts import Budgets
from praxtui.journal.state import Spending, State
from praxtui.tui.messages import Answered, Steered
from praxtui.tui.screens.budget import BudgetSheet
from praxtui.tui.screens.budget_form import NAMES, Field, Typed, changed, fields, left, typed, used
from praxtui.tui.sources.live import Live
from tests.tui.recorded import last_moment, recorded

HOURS = Field("hours", "8", 5.2)
TRIED = Field("experiments", "100", 47)


def test_what_was_used_reads_with_its_unit() -> None:
    state = State(spent=Spending(usd=1.83, tokens=120_000, seconds=5.2 * 3600), budgets=Budgets(hours=8.0, usd=10.0))
    assert [(field.name, field.value, used(field)) for field in fields(state)] == [
        ("experiments", "none", "0"),
        ("hours", "8", "5h12"),
        ("usd", "10", "$1.83"),
        ("tokens", "none", "120k"),
    ]


@pytest.mark.parametrize(
    ("field", "text", "limit"),
    [
        (TRIED, "200", Typed(200)),
        (TRIED, " none ", Typed()),
        (TRIED, "47", Typed(47, ends=True)),
        (TRIED, "12.5", Typed(wrong="experiments takes a whole number or none, not '12.5'")),
        (TRIED, "", Typed(wrong="experiments takes a whole number or none, not nothing")),
        (TRIED, "-1", Typed(wrong="experiments takes a whole number of at least 0, or none")),
        (
            TRIED,
            "9" * 30,
            Typed(wrong="experiments takes a whole number up to 9,007,199,254,740,992; none is no limit"),
        ),
        (HOURS, "8.5", Typed(8.5)),
        (HOURS, "nan", Typed(wrong="hours takes a number of at least 0, or none")),
        (HOURS, "8h", Typed(wrong="hours takes a number or none, not '8h'")),
        (Field("usd", "10", 1.83), "$20", Typed(20.0)),
    ],
)
def test_what_is_typed_is_a_limit_or_a_sentence(field: Field, text: str, limit: Typed) -> None:
    assert typed(field, text) == limit


def test_what_is_left_is_said_with_its_unit() -> None:
    assert left(TRIED, Typed(100)) == "53 left"
    assert left(HOURS, Typed(8.0)) == "2h48 left"
    assert left(Field("usd", "10", 1.83), Typed(10.0)) == "$8.17 left"
    assert left(TRIED, Typed()) == "no limit"
    assert left(TRIED, Typed(40, ends=True)) == "used up: it ends"


def test_only_what_differs_is_sent() -> None:
    budgets = Budgets(experiments=100, hours=8.0)
    limits = {"experiments": Typed(100), "hours": Typed(), "usd": Typed(5.0), "tokens": Typed()}
    assert changed(budgets, limits) == {"hours": "none", "usd": 5.0}


@given(st.sampled_from(NAMES), st.text(max_size=12))
def test_nothing_that_is_typed_breaks_it(name: str, text: str) -> None:
    field = Field(name, "1", 1.0)
    said = typed(field, text)
    assert "\n" not in left(field, said)
    assert said.wrong == "" or said.limit is None


class Sheet(App[None]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.source = Live(folder, lambda: last_moment(folder))
        self.steered: list[Steered] = []
        self.said: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(BudgetSheet(self.source))

    def on_unmount(self) -> None:
        self.source.close()

    @on(Steered)
    def heard(self, message: Steered) -> None:
        self.steered.append(message)

    @on(Answered)
    def answered(self, message: Answered) -> None:
        self.said.append(message.text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path, 3, live=True)


async def test_enter_sends_what_was_changed(folder: Path) -> None:
    app = Sheet(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        app.screen.query_one("#hours", Input).value = "none"
        app.screen.query_one("#experiments", Input).value = "50"
        await pilot.press("enter")
        await pilot.pause()
        assert [(message.verb, message.args) for message in app.steered] == [
            ("budget", {"experiments": 50, "hours": "none"})
        ]
        assert not isinstance(app.screen, BudgetSheet)


async def test_nonsense_is_refused_while_it_is_typed_and_never_sent(folder: Path) -> None:
    app = Sheet(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#usd", Input).value = "much"
        await pilot.pause()
        said = app.screen.query_one("#said", Static)
        assert str(said.content) == "USD takes a number or none, not 'much'"
        await pilot.press("enter")
        await pilot.pause()
        assert (app.steered, isinstance(app.screen, BudgetSheet)) == ([], True)
        assert app.screen.query_one("#usd", Input).has_focus
        app.screen.query_one("#usd", Input).value = "10"
        await pilot.press("enter")
        await pilot.pause()
        assert (app.steered, app.said) == ([], ["the budget stays as it is"])


async def test_escape_leaves_everything_as_it_is(folder: Path) -> None:
    app = Sheet(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "escape")
        await pilot.pause()
        assert (app.steered, isinstance(app.screen, BudgetSheet)) == ([], False)


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (200, 60)])
async def test_it_stands_any_size(folder: Path, size: tuple[int, int]) -> None:
    app = Sheet(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.press("x", "down", "enter")
        await pilot.pause()
