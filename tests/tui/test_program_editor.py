"""The built-in editor: problems while typing, saving, and leaving."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import OptionList

from praxtui.tui.messages import Answered
from praxtui.tui.widgets import program_editor
from praxtui.tui.widgets.program_editor import ProgramEditor, edit_in_editor
from praxtui.tui.widgets.question import QuestionLine
from tests.making import make_leaf


class Editing(App[None]):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.said: list[Answered] = []
        self.saved: list[Path] = []
        self.left = 0

    def compose(self) -> ComposeResult:
        yield ProgramEditor(self.path)

    @on(Answered)
    def heard(self, message: Answered) -> None:
        self.said.append(message)

    @on(ProgramEditor.Saved)
    def written(self, message: ProgramEditor.Saved) -> None:
        self.saved.append(message.path)

    @on(ProgramEditor.Left)
    def gone(self) -> None:
        self.left += 1

    @property
    def editor(self) -> ProgramEditor:
        return self.query_one(ProgramEditor)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(program_editor, "PAUSE_S", 0.001)
    return make_leaf(tmp_path / "leaf", repository=False) / "program.md"


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the problems shown are those of the text."""
    assert isinstance(pilot.app, Editing)
    editor = pilot.app.editor
    while editor.checked != editor.area.text and not editor.area.read_only:
        await pilot.pause(0.01)
    await pilot.pause()


def replace(app: Editing, old: str, new: str) -> None:
    area = app.editor.area
    row, line = next((n, line) for n, line in enumerate(area.text.split("\n")) if old in line)
    area.replace(new, (row, line.index(old)), (row, line.index(old) + len(old)))


async def test_problems_appear_while_typing_and_enter_goes_to_the_line(path: Path) -> None:
    app = Editing(path)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        listed = app.query_one(OptionList)
        assert not listed.display
        assert str(app.editor.border_subtitle) == "no problems"
        replace(app, "goal", "gaol")
        replace(app, "20s", "soon")
        await settled(pilot)
        assert [str(listed.get_option_at_index(n).prompt).partition(":")[0] for n in range(2)] == [
            "line 2  metric.gaol",
            "line 4  loop.budget",
        ]
        assert str(app.editor.border_subtitle) == "not saved, 2 problems"
        listed.focus()
        await pilot.press("down", "down", "enter")
        assert app.editor.area.has_focus
        assert app.editor.area.cursor_location[0] == 3
        await pilot.press("f4")
        assert app.editor.area.cursor_location == (1, path.read_text().split("\n")[1].index("goal"))
        replace(app, "gaol", "goal")
        replace(app, "soon", "20s")
        await settled(pilot)
        assert not listed.display


async def test_saving_writes_the_file_and_says_what_it_means(path: Path) -> None:
    app = Editing(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        replace(app, "Raise", "Lift")
        assert app.editor.changed
        await pilot.press("ctrl+s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Lift the score." in path.read_text()
        assert (app.saved, app.editor.changed) == ([path], False)
        assert app.said[-1].text == "saved: the prose holds from the next draft on"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.said[-1].text.startswith("nothing to save")


@pytest.mark.parametrize(("key", "there"), [("n", "theirs"), ("y", "Lift")])
async def test_what_somebody_else_wrote_meanwhile_is_asked_about(path: Path, key: str, there: str) -> None:
    app = Editing(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        replace(app, "Raise", "Lift")
        path.write_text("theirs\n")
        await pilot.press("ctrl+s")
        while not app.query_one(QuestionLine).display:
            await pilot.pause(0.01)
        await pilot.press(key)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert there in path.read_text()
        assert app.editor.changed is (key == "n")
        assert app.said[-1].ok is (key == "y")
        assert app.editor.area.has_focus


async def test_leaving_asks_only_where_something_is_not_saved(path: Path) -> None:
    app = Editing(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert app.left == 1
        await pilot.press("x", "escape")
        await pilot.pause()
        assert app.query_one(QuestionLine).display
        await pilot.press("n")
        await pilot.pause()
        assert app.left == 1
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.left == 2
    assert not path.read_text().startswith("x")


async def test_a_file_that_cannot_be_read_is_said_to_be(path: Path) -> None:
    path.unlink()
    app = Editing(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.said[0].text.startswith("no program.md in ")
        assert app.editor.area.read_only
        await pilot.press("escape")
        await pilot.pause()
        assert app.left == 1


async def test_no_escape_reaches_the_terminal_from_the_file_or_a_paste(path: Path) -> None:
    path.write_text(path.read_text() + "evil \x1b]0;owned\x07 \u202e text\n")
    app = Editing(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        shown = "\n".join("".join(s.text for s in strip) for strip in app.screen._compositor.render_strips())
        assert "evil" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        app.editor.area.post_message(Paste("pasted\x1b[2J\r\nwords\x07"))
        await pilot.pause()
        assert app.editor.area.text.startswith("pasted\nwords---")


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (200, 60)])
async def test_it_stands_any_size(path: Path, size: tuple[int, int]) -> None:
    app = Editing(path)
    async with app.run_test(size=size) as pilot:
        replace(app, "goal", "gaol")
        await settled(pilot)
        await pilot.press("escape")
        await pilot.pause()


async def test_the_persons_own_editor_is_meant_only_where_there_is_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "")
    app = Editing(path)
    async with app.run_test():
        assert edit_in_editor(app, path) is None
        monkeypatch.setenv("EDITOR", "vi '")
        answer = edit_in_editor(app, path)
        assert answer is not None
        assert (answer.ok, answer.text) == (False, "EDITOR cannot be read: No closing quotation")
        monkeypatch.setenv("EDITOR", "true")
        # A test has no terminal to lend.
        assert edit_in_editor(app, path) is None
