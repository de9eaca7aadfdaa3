"""Keys that arrive together act as if they had come one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from praxtui.tui.typed_ahead import OneByOne


class Field(Screen[None]):
    """A screen that gives a field the focus as soon as it is there."""

    def compose(self) -> ComposeResult:
        yield Input(id="inner")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))


class Hinting(OneByOne):
    """`h` goes to a field, `s` to a screen with one; a space outside of both is counted."""

    BINDINGS = [Binding("h", "hint"), Binding("s", "sheet"), Binding("space", "pause")]  # noqa: RUF012

    pauses = 0

    def compose(self) -> ComposeResult:
        main = Static("main", id="main")
        main.can_focus = True
        yield main
        yield Input(id="field")

    def on_mount(self) -> None:
        self.screen.set_focus(self.query_one("#main"))

    def action_hint(self) -> None:
        self.screen.set_focus(self.query_one("#field"))

    def action_sheet(self) -> None:
        self.push_screen(Field())

    def action_pause(self) -> None:
        self.pauses += 1


def type_at_once(app: App[None], text: str) -> None:
    """All keys in the queue before the first is acted on."""
    for letter in text:
        app.post_message(events.Key("space" if letter == " " else letter, letter))


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Return once `true`, or after a while all the same: what is asserted next says what is not so."""
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
        await pilot.pause()


async def test_a_hint_typed_with_its_key_goes_into_the_field_and_pauses_nothing() -> None:
    app = Hinting()
    async with app.run_test() as pilot:
        await pilot.pause()
        type_at_once(app, "htry a larger one")
        await until(pilot, lambda: app.query_one("#field", Input).value == "try a larger one")
        assert app.query_one("#field", Input).value == "try a larger one"
        assert app.pauses == 0


async def test_what_follows_the_key_of_a_screen_waits_for_the_screen() -> None:
    app = Hinting()
    async with app.run_test() as pilot:
        await pilot.pause()
        type_at_once(app, "sabc d")
        await until(pilot, lambda: app.screen.query_one(Input).value == "abc d")
        assert app.screen.query_one(Input).value == "abc d"
        assert app.pauses == 0


async def test_keys_go_on_after_what_had_the_focus_is_gone() -> None:
    app = Hinting()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.query_one("#field").can_focus = False
        app.query_one("#main").remove()
        type_at_once(app, "  ")
        await until(pilot, lambda: app.pauses == 2)
        assert app.pauses == 2


class Filtering(OneByOne):
    """A field that gives the focus away, as `focus` does it, once it is submitted; a space outside of it is counted."""

    BINDINGS = [Binding("space", "pause")]  # noqa: RUF012

    pauses = 0

    def compose(self) -> ComposeResult:
        main = Static("main", id="main")
        main.can_focus = True
        yield main
        yield Input(id="field")

    def on_mount(self) -> None:
        self.screen.set_focus(self.query_one("#field"))

    async def on_input_submitted(self) -> None:
        self.query_one("#main").focus()

    def action_pause(self) -> None:
        self.pauses += 1


async def test_what_follows_enter_in_a_field_goes_where_the_field_sends_it() -> None:
    app = Filtering()
    async with app.run_test() as pilot:
        await pilot.pause()
        for key in (events.Key("a", "a"), events.Key("enter", None), events.Key("space", " ")):
            app.post_message(key)
        await until(pilot, lambda: app.pauses or " " in app.query_one("#field", Input).value)
        assert (app.query_one("#field", Input).value, app.pauses) == ("a", 1)
