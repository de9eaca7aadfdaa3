"""Starting a campaign from the sheet: with a real engine, and where the command line refuses."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from praxtui.journal import campaigns, liveness
from praxtui.program.read import load
from praxtui.program.ready import Missing
from praxtui.tui import launch
from praxtui.tui.launch import Said, Wish
from praxtui.tui.screens import start_form
from praxtui.tui.screens.home_rows import LeafRow
from praxtui.tui.screens.models_rows import ModelRow, Models, chosen, parsed
from praxtui.tui.screens.start import StartSheet
from praxtui.tui.widgets.choice import Choice
from tests.making import EXACT, SETTINGS, Watch, make_leaf, with_constants
from tests.places import home

__all__ = ["home"]
PATIENCE = 120.0
NOTHING = Models()


class Sheet(App[None]):
    """The sheet, and what it was dismissed with."""

    def __init__(self, leaf: LeafRow, models: Models | None = NOTHING) -> None:
        super().__init__()
        self.sheet = StartSheet(leaf, models)
        self.ended: list[str | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.sheet, self.ended.append)

    def said(self) -> str:
        return str(self.sheet.query_one("#refusal", Static).render())


async def until(pilot: Pilot[None], true: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await pilot.pause(0.02)


async def focus(pilot: Pilot[None], widget: Widget) -> None:
    widget.focus()
    await until(pilot, lambda: widget.has_focus, f"{widget.id} has the focus")


@pytest.fixture
def tiny(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LeafRow:
    """A leaf whose runs take a moment."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    files = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}
    folder = make_leaf(tmp_path / "tiny", EXACT, files=files)
    return LeafRow("tiny", folder, "Raise the score.", "score", "maximize", ())


@pytest.mark.parametrize("key", ["enter", "s"])
async def test_one_key_in_the_open_sheet_starts_a_campaign_with_a_real_engine(tiny: LeafRow, key: str) -> None:
    app = Sheet(tiny)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Button))
        app.sheet.query_one("#experiments", Input).value = "1"
        app.sheet.query_one("#name", Input).value = "mine"
        await pilot.press(key, key)  # the second is one too many, and starts no second campaign
        await until(pilot, lambda: app.ended, "it started")
    assert app.ended == ["mine"]
    assert [folder.name for folder in campaigns.campaigns()] == ["mine"]
    state = await Watch(campaigns.find("mine")).until(lambda state: state.ended, "it ended")
    assert liveness.wait_until_gone(campaigns.find("mine"), PATIENCE)
    assert (state.researcher, state.budgets.experiments, state.autonomy) == ("sweep", 1, "auto")


async def test_a_refusal_is_shown_and_nothing_typed_is_lost(tiny: LeafRow) -> None:
    app = Sheet(tiny)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Button))
        app.sheet.query_one("#hours", Input).value = "soon"
        await pilot.press("enter")
        await until(pilot, lambda: "soon is not a number" in app.said(), "refused")
        assert app.sheet.query_one("#hours", Input).value == "soon" and not app.ended
        assert app.sheet.query_one("#refusal").region.height > 1
        await pilot.press("escape")
        await until(pilot, lambda: app.ended == [None])
    assert campaigns.campaigns() == []


async def test_the_sandbox_is_refused_once_and_then_waived_on_purpose(
    tiny: LeafRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    refusal = "praxtui: the researcher llm needs a sandbox\n  install bubblewrap; or --allow-unsandboxed, and so on\n"

    def call(words: list[str], wanted: Callable[[], bool] = lambda: True) -> Said:
        calls.append(list(words))
        return Said(0, '{"id": "x"}', "") if "--allow-unsandboxed" in words else Said(3, "", refusal)

    monkeypatch.setattr(launch, "call", call)
    app = Sheet(tiny)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Button))
        assert not app.sheet.query_one("#row-unsandboxed").display
        await pilot.press("enter")
        await until(pilot, lambda: "install bubblewrap" in app.said())
        toggle = app.sheet.query_one("#unsandboxed", Choice)
        assert app.sheet.query_one("#row-unsandboxed").display and toggle.word == "no"
        await focus(pilot, toggle)
        await pilot.press("right")
        await focus(pilot, app.sheet.query_one("#start", Button))
        await pilot.press("enter")
        await until(pilot, lambda: app.ended == ["x"])
    assert ["--allow-unsandboxed" in words for words in calls] == [False, True]


async def test_a_leaf_that_is_not_ready_shows_what_it_lacks_and_starts_nothing(tiny: LeafRow) -> None:
    app = Sheet(tiny._replace(missing=(Missing("package torch", "pip install torch"),)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Button))
        assert "pip install torch" in str(app.sheet.query_one("#lacks", Static).render())
        await pilot.press("s", "enter")
        await until(pilot, lambda: app.ended == [None])
    assert campaigns.campaigns() == []


async def test_enter_in_a_field_goes_to_the_button_and_starts_nothing(tiny: LeafRow) -> None:
    app = Sheet(tiny)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Button))
        await focus(pilot, app.sheet.query_one("#name", Input))
        await pilot.press(*"sss", "enter")
        assert isinstance(app.focused, Button)
        assert app.sheet.wish() == Wish(name="sss")


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (200, 60)])
async def test_the_button_is_in_sight_on_any_terminal(tiny: LeafRow, size: tuple[int, int]) -> None:
    app = Sheet(tiny)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "val_bpb" in _program(app) or "score" in _program(app))
        await pilot.pause()
        button = app.sheet.query_one("#start", Button)
        assert app.sheet.region.contains_region(button.region) and button.region.height == 1


def _program(app: Sheet) -> str:
    found = app.sheet.query("#program").results(Static)
    return "".join(str(one.render()) for one in found)


async def test_it_says_who_proposes_and_why(tiny: LeafRow, home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('models = ["claude-x"]\n')
    models = Models(rows=(ModelRow("anthropic/claude-x", "settings", True),), providers=(("anthropic", ()),))
    app = Sheet(tiny, models)
    async with app.run_test(size=(120, 40)) as pilot:
        who = app.sheet.query_one("#researcher", Choice)
        await until(pilot, lambda: "llm: anthropic/claude-x, of your settings" in str(who.render()))
        assert app.sheet.query_one("#row-unsandboxed").display
        await focus(pilot, who)
        await pilot.press("right")
        assert who.word == "sweep" and not app.sheet.query_one("#row-model").display
        assert app.sheet.wish() == Wish(researcher="sweep")


# --- pure ------------------------------------------------------------------------------------------------------------


def test_a_model_that_is_named_counts_only_where_a_model_is_wanted() -> None:
    assert start_form.wish("default", " a/b , c/d ", "auto", False, {}).models == ("a/b", "c/d")
    assert start_form.wish("sweep", "a/b", "auto", False, {}) == Wish(researcher="sweep")
    assert start_form.wish("llm", "a/b", "review", True, {"hours": "2"}) == Wish(
        researcher="llm", models=("a/b",), hours="2", autonomy="review", unsandboxed=True
    )


def test_who_proposes_by_default_is_what_the_command_line_decides() -> None:
    usable = ModelRow("anthropic/claude-x", "settings", True)
    lacking = ModelRow("openai/gpt", "settings", False, ("OPENAI_API_KEY",))
    server = ModelRow("ollama/qwen", "server", True)
    assert chosen(Models((usable,)), ("claude-x",))[0] == "llm"
    assert chosen(Models((usable,)), ())[0] == "sweep"  # described in the settings, but not chosen there
    assert chosen(Models((lacking, usable)), ("gpt", "claude-x")) == ("llm", "anthropic/claude-x, of your settings")
    assert chosen(Models((lacking,)), ("gpt",)) == ("sweep", "no model: openai/gpt lacks OPENAI_API_KEY")
    assert chosen(Models((server,)), ()) == ("sweep", "no model; choose llm for ollama/qwen")
    assert chosen(Models(), ()) == ("sweep", "no model, no key, no cost")


def test_what_the_command_line_says_of_models_is_read_and_its_refusal_shown() -> None:
    row = '{"name": "a/b", "from": "key", "usable": true, "missing": [], "price_input": 3.0}'
    models = parsed(Said(0, f'{{"models": [{row}], "servers": [], "providers": {{"a": {{"K": "file"}}}}}}', ""))
    assert models.rows == (ModelRow("a/b", "key", True, price_input=3.0),)
    assert models.providers == (("a", ("K (file)",)),) and not models.keyless
    assert parsed(Said(2, "", "praxtui: bad settings\n  mend them\n")).fault == "bad settings; mend them"


def test_the_summary_says_the_program_in_five_lines(tiny: LeafRow) -> None:
    said = dict(start_form.summary(load(tiny.path)))
    assert said["metric"] == "score, higher is better, by a sealed evaluator"
    assert said["run"] == "python -I -S train.py, 20 s"
    assert said["budget"] == "8 hours, 10 USD"
    labels = {field.name: field.otherwise for field in start_form.fields(load(tiny.path))}
    assert labels["experiments"] == "no limit" and labels["hours"] == "8"
