"""Questions in a line: what is not clearly yes is no, and the focus goes back to where it was."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from praxtui.tui.widgets.question import QuestionLine, answer_of


class Asking(App[None]):
    """A screen with a field and a question line. `said`: every answer; `leaked`: whether q reached the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "leaked", "leak"), Binding("escape", "leaked", "leak")]

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = []
        self.leaks = 0

    def compose(self) -> ComposeResult:
        yield Input(id="below")
        yield Input(id="other")
        yield QuestionLine()

    def action_leaked(self) -> None:
        self.leaks += 1

    @work(exclusive=True, group="question")
    async def put(self, text: str, words: bool = False) -> None:
        line = self.query_one(QuestionLine)
        self.said.append(await (line.words(text) if words else line.ask(text)))


def test_only_y_is_yes() -> None:
    assert {key: answer_of(key) for key in ("y", "Y", "n", "N", "escape", "enter", "space", "q")} == {
        "y": True, "Y": True, "n": False, "N": False, "escape": False, "enter": False, "space": None, "q": None,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False), ("enter", False)])
async def test_a_key_answers_and_the_focus_goes_back(key: str, answer: bool) -> None:
    app = Asking()
    async with app.run_test(size=(60, 6)) as pilot:
        app.put("kill e47 run 1?")
        await pilot.pause()
        line = app.query_one(QuestionLine)
        assert line.display
        assert app.screen.has_class("-asking")
        await pilot.press("q", key)
        await pilot.pause()
        assert (app.said, app.leaks) == ([answer], 0)
        assert not line.display
        assert not app.screen.has_class("-asking")
        assert app.focused is not None
        assert app.focused.id == "below"


async def test_turning_to_something_else_is_no() -> None:
    app = Asking()
    async with app.run_test(size=(60, 8)) as pilot:
        app.put("stop now?")
        await pilot.pause()
        await pilot.click("#other")
        await pilot.pause()
        assert app.said == [False]
        assert app.focused is not None
        assert app.focused.id == "other"


async def test_a_terminal_that_loses_the_focus_does_not_answer() -> None:
    app = Asking()
    async with app.run_test(size=(60, 8)) as pilot:
        app.put("stop now?")
        await pilot.pause()
        app.app_focus = False
        await pilot.pause()
        assert app.said == []
        app.app_focus = True
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.said == [True]


async def test_another_question_takes_the_place_of_the_first() -> None:
    app = Asking()
    async with app.run_test(size=(60, 8)) as pilot:
        app.put("kill e47 run 1?")
        await pilot.pause()
        app.put("veto, why:", words=True)
        await pilot.pause()
        assert app.query_one(QuestionLine).display
        await pilot.press("t", "o", "o", "space", "b", "i", "g", "enter")
        await pilot.pause()
        assert app.said == ["too big"]
        assert app.focused is not None
        assert app.focused.id == "below"


async def test_words_may_stay_empty_and_escape_is_no_answer() -> None:
    app = Asking()
    async with app.run_test(size=(60, 8)) as pilot:
        for key in ("enter", "escape"):
            app.put("veto, why:", words=True)
            await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
        assert (app.said, app.leaks) == (["", None], 0)


async def test_the_answers_can_be_seen_and_clicked_on_a_narrow_line() -> None:
    app = Asking()
    async with app.run_test(size=(30, 8)) as pilot:
        app.put("discard e47, which the branch stands on, and all that came after it?")
        await pilot.pause()
        line = app.query_one(QuestionLine)
        text = "".join(segment.text for segment in app.screen._compositor.render_strips()[line.region.y])
        assert text.rstrip().endswith("… y/n")
        await pilot.click("#asked", offset=(line.query_one("#asked").size.width - 3, 0))
        await pilot.pause()
        assert app.said == [True]
