"""Help and the command palette: what holds where the focus is comes first, and is done as its key would do it."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.command import CommandList, CommandPalette
from textual.containers import Container
from textual.widgets import Input, Static

from praxtui.tui.actions import PLACES, bindings
from praxtui.tui.palette import Actions, doable
from praxtui.tui.screens.help import HelpScreen, about, blocks
from praxtui.tui.widgets.body import Body


class Ledger(Container, can_focus=True):
    ABOUT = "# The ledger\n\nEvery experiment, a line each. **[not markup]**"
    BINDINGS = [*bindings("ledger")]  # noqa: RUF012
    marked = 0

    def action_mark(self) -> None:
        self.marked += 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "compare" else True


class Cockpit(App[None]):
    BINDINGS = [*bindings("everywhere")]  # noqa: RUF012
    COMMANDS = {Actions}  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Ledger()
        yield Input()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_palette(self) -> None:
        self.action_command_palette()


async def test_help_begins_with_what_has_the_focus_and_names_every_place() -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(Ledger).focus()
        await pilot.pause()
        assert about(app.screen).startswith("# The ledger")
        found = blocks(app.screen)
        assert found[0].title == PLACES["ledger"]
        assert ("m", "Mark the experiment, to compare with it.") in found[0].rows
        assert found[1].title == PLACES["everywhere"]
        assert sorted(block.title for block in found) == sorted(PLACES.values())
        app.query_one(Input).focus()
        await pilot.pause()
        assert about(app.screen) == ""


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 10), (20, 5)])
async def test_help_opens_scrolls_and_closes_at_any_size(size: tuple[int, int]) -> None:
    app = Cockpit()
    async with app.run_test(size=size) as pilot:
        app.query_one(Ledger).focus()
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        page = app.screen.query_one(Body)
        assert page.scroll_y == 0
        await pilot.press("G")
        await pilot.pause()
        assert page.scroll_y == page.max_scroll_y > 0
        await pilot.press("g", "j")
        await pilot.pause()
        assert page.scroll_y == 1
        text = " ".join(str(static.render()) for static in app.screen.query("Body > .title").results(Static))
        assert text.startswith("in the ledger")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.focused, Ledger)


async def test_the_palette_has_what_holds_now_and_does_it() -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(Ledger).focus()
        await pilot.pause()
        texts = [found.text for found in doable(app.screen)]
        assert "mark: Mark the experiment, to compare with it." in texts
        assert not [text for text in texts if text.startswith(("compare:", "commands:", "down:"))]
        [back] = [found for found in doable(app.screen) if found.text.startswith("back:")]
        assert back.keys == "esc backspace"
        await pilot.press("colon")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"to compare with it")
        found = app.screen.query_one(CommandList)
        while found.option_count != 1:
            await pilot.pause()
        await pilot.press("down", "enter")
        while isinstance(app.screen, CommandPalette):
            await pilot.pause()
        await pilot.pause()
        assert app.query_one(Ledger).marked == 1
