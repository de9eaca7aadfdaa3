"""The hint line: one key opens it, enter sends, escape keeps what was typed, and it shows where each hint went."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.widgets import Input

from praxtui.journal.people import HintGiven, HintWithdrawn
from praxtui.journal.store import Journal
from praxtui.tui.messages import Answered, Steered
from praxtui.tui.panes.hint import HintLine, HintList
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import ANEW
from praxtui.tui.widgets.question import QuestionLine
from tests.tui.recorded import last_moment, recorded


class Hinting(App[None]):
    """The hint line below a field, over a live campaign of the tests."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("h", "hint", "hint"), Binding("q", "leave", "leave")]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.source = Live(folder, lambda: last_moment(folder))
        self.steered: list[Steered] = []
        self.said: list[Answered] = []
        self.leaves = 0

    def compose(self) -> ComposeResult:
        yield Input(id="below", disabled=True)
        yield HintLine()

    def on_mount(self) -> None:
        self.line.show(self.source, ANEW)

    def on_unmount(self) -> None:
        self.source.close()

    def action_hint(self) -> None:
        self.line.open()

    def action_leave(self) -> None:
        self.leaves += 1

    @on(Steered)
    def heard(self, message: Steered) -> None:
        self.steered.append(message)

    @on(Answered)
    def answered(self, message: Answered) -> None:
        self.said.append(message)

    @property
    def line(self) -> HintLine:
        return self.query_one(HintLine)

    def look(self) -> None:
        self.line.show(self.source, self.source.advance())

    @property
    def text(self) -> str:
        return "\n".join("".join(s.text for s in strip).rstrip() for strip in self.screen._compositor.render_strips())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = recorded(tmp_path, 6, live=True)
    with Journal.open(made, write=True) as journal:
        journal.append([HintGiven("k9", "try a longer warmdown", "p@b:1")])
    return made


async def test_enter_sends_what_was_typed_and_the_line_rests_again(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        assert "hint: >" in app.text
        assert "k9 waiting: try a longer warmdown" in app.text
        await pilot.press("h", *"try", "space", "q", "ctrl+j", *"two", "enter")
        await pilot.pause()
        assert [(message.verb, message.args) for message in app.steered] == [("hint", {"text": "try q\ntwo"})]
        assert (app.line.opened, app.leaves) == (False, 0)
        await pilot.press("q")
        assert app.leaves == 1


async def test_escape_keeps_the_draft_and_an_empty_hint_says_nothing(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h", *"later", "escape")
        assert not app.line.opened
        assert "hint: > later" in app.text
        await pilot.press("h")
        assert app.line.field.text == "later"
        await pilot.press("ctrl+u", "up")
        await pilot.pause()
        assert app.line.field.text == "later"
        await pilot.press("down", "enter")
        await pilot.pause()
        assert ([message.text for message in app.said], app.steered) == (["an empty hint says nothing"], [])
        assert not app.line.opened


async def test_up_goes_back_through_the_hints_and_ctrl_x_withdraws_the_one_shown(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h", *"new", "up")
        await pilot.pause()
        assert app.line.field.text == "try a longer warmdown"
        assert "▸k9" in app.text
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert [(message.verb, message.args) for message in app.steered] == [("unhint", {"hint": "k9"})]
        with Journal.open(folder, write=True) as journal:
            journal.append([HintWithdrawn("k9", "p@b:1")])
        app.look()
        await pilot.pause()
        assert "withdrawn" in app.text
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert app.said[-1].text == "hint k9 is withdrawn already"
        await pilot.press("down")
        await pilot.pause()
        assert app.line.field.text == "new"


async def test_a_click_on_a_hint_shows_it_and_typing_over_it_makes_a_new_one(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h")
        await pilot.pause()
        rows = app.query_one(HintList)
        await pilot.click(HintList, offset=(2, rows.size.height - 1))
        await pilot.pause()
        assert app.line.field.text == "try a longer warmdown"
        await pilot.press("!", "enter")
        await pilot.pause()
        assert app.steered[-1].args == {"text": "try a longer warmdown!"}


async def test_arrows_move_inside_a_hint_of_several_lines_first(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h", "a", "ctrl+j", "b", "up")
        await pilot.pause()
        assert app.line.field.text == "a\nb"
        await pilot.press("up")
        await pilot.pause()
        assert app.line.field.text == "try a longer warmdown"


async def test_turning_to_another_pane_closes_it_and_keeps_what_was_typed(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        app.query_one("#below", Input).disabled = False
        await pilot.press("h", *"abc")
        await pilot.click("#below")
        await pilot.pause()
        assert not app.line.opened
        assert app.query_one("#below").has_focus
        assert "hint: > abc" in app.text


async def test_a_paste_is_cleaned(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h")
        app.line.field.post_message(Paste("a\x1b[31mb\r\nc\x07"))
        await pilot.pause()
        assert app.line.field.text == "ab\nc"


async def test_a_replay_takes_no_hints(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(100, 24)) as pilot:
        app.source.kind = "replay"
        app.line.show(app.source, ANEW)
        await pilot.press("h")
        await pilot.pause()
        assert not app.line.opened
        assert app.said[-1].text.startswith("a replay takes no hints")


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (200, 60)])
async def test_it_stands_any_size(folder: Path, size: tuple[int, int]) -> None:
    app = Hinting(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.press("h", *"abc", "ctrl+j", "ctrl+j", "ctrl+j", "d", "up", "escape")
        await pilot.pause()


async def test_a_question_stands_in_its_place(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        line = QuestionLine()
        await app.mount(line)
        asked = app.run_worker(line.ask("kill e6 run 1?"))
        await pilot.pause()
        assert "kill e6 run 1? y/n" in app.text
        assert "hint: >" not in app.text
        await pilot.press("y")
        await pilot.pause()
        assert asked.result is True
        assert "hint: >" in app.text


async def test_on_a_screen_of_few_rows_it_is_there_only_while_a_hint_is_typed(folder: Path) -> None:
    app = Hinting(folder)
    async with app.run_test(size=(80, 6)) as pilot:
        app.screen.add_class("-tiny")
        await pilot.pause()
        assert "hint: >" not in app.text
        await pilot.press("h", *"abc")
        await pilot.pause()
        assert "hint: > abc" in app.text
