"""Editing a program: in the person's own editor where they name one, else in the built-in one, on its own screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.program_editor import ProgramEditor, edit_in_editor

KEYS = (("ctrl+s", "save"), ("escape", "leave"), ("f4", "next problem"))


def edit(app: App[Any], path: Path) -> None:
    """Let a person edit `path`. What came of it in their own editor is posted to the screen that is shown."""
    answer = edit_in_editor(app, path)
    if answer is None:
        app.push_screen(EditScreen(path))
    else:
        app.screen.post_message(answer)


class EditScreen(Screen[None]):
    """One program.md in the built-in editor, which asks by itself before anything is lost."""

    DEFAULT_CSS = styles(__file__)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        yield ProgramEditor(self._path)
        yield AnswerLine()
        pieces = [Content.assemble((shown(key), "bold $primary"), f" {word}") for key, word in KEYS]
        yield Static(Content("  ").join(pieces), id="keys")

    @on(Answered)
    def _say(self, answered: Answered) -> None:
        answered.stop()
        self.query_one(AnswerLine).say(answered)

    @on(ProgramEditor.Left)
    def _leave(self) -> None:
        self.dismiss(None)
