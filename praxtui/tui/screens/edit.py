"""Editing a program: in the person's own editor where they name one, else here, with what is wrong said at once."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static, TextArea

from praxtui.errors import UserError
from praxtui.journal.shown import plain
from praxtui.program.read import load, text_of
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.answer import AnswerLine

SETTLED_S = 0.3  # after the last key, before the program is read again
MOST = 4  # problems that are shown at once


def edit(app: App[Any], path: Path) -> None:
    """Let a person edit `path`. While their own editor has the terminal, the cockpit is away."""
    words = editor()
    if words:
        try:
            with app.suspend():
                subprocess.run([*words, str(path)])
            app.refresh(layout=True)
            return
        except (SuspendNotSupported, OSError):
            pass  # no terminal to lend, or no such editor: the one below is always there
    app.push_screen(EditScreen(path))


def editor() -> list[str]:
    """The words that call the person's editor, from VISUAL or EDITOR; none where neither says."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        return shlex.split(said)
    except ValueError:
        return []


def problems(text: str, leaf: Path) -> list[str]:
    """What is wrong with the text as the program of a leaf; empty where nothing is."""
    try:
        load(leaf, text)
    except UserError as error:
        return [plain(line) for line in error.message.splitlines()]
    return []


class EditScreen(Screen[None]):
    """One program.md. What was changed and not saved is asked about once before it is thrown away."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "save", priority=True),
        Binding("escape", "close", "leave", priority=True),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._saved = ""
        self._asked = False
        self._settling: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content(plain(str(self._path))), id="title")
        yield TextArea(id="text", show_line_numbers=True, soft_wrap=False)
        yield Static(id="problems")
        yield AnswerLine()
        keys = [
            Content.assemble((key, "bold $primary"), f" {word}") for key, word in (("^s", "save"), ("esc", "leave"))
        ]
        yield Static(Content("  ").join(keys), id="keys")

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        try:
            self._saved = text_of(self._path)
        except UserError as error:
            area.read_only = True
            self._say(str(error), ok=False)
        area.text = self._saved
        area.focus()
        self._check()

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._asked = False
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLED_S, self._check)

    def _check(self) -> None:
        """Say what is wrong with the text as it stands, or that nothing is."""
        found = problems(self.query_one(TextArea).text, self._path.parent)
        more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
        line = self.query_one("#problems", Static)
        line.set_class(bool(found), "-bad")
        line.update(Content("\n".join([*found[:MOST], *more]) or "a program that can run"))

    def _say(self, text: str, *, ok: bool = True, fix: str = "") -> None:
        self.query_one(AnswerLine).say(Answered(text, ok=ok, fix=fix))

    def action_save(self) -> None:
        """Write the file, whole or not at all."""
        text = self.query_one(TextArea).text
        fresh = self._path.with_name(f".{self._path.name}-{os.getpid()}")
        try:
            fresh.write_bytes(text.encode())
            fresh.replace(self._path)
        except OSError as error:
            self._say(f"cannot write {self._path}: {error.strerror or error}", ok=False)
            return
        self._saved = text
        self._say(f"saved {self._path.name}")

    def action_close(self) -> None:
        """Leave; where something was not saved, only when asked a second time."""
        if self.query_one(TextArea).text != self._saved and not self._asked:
            self._asked = True
            self._say("not saved", ok=False, fix="ctrl+s saves, esc again leaves without")
            return
        self.dismiss(None)
