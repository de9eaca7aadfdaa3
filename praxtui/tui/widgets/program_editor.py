"""The built-in editor of a program: what is wrong with it is said while it is typed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option

from praxtui.errors import UserError
from praxtui.journal.shown import plain
from praxtui.program.spec import UNKNOWN, Problem
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.program_file import ChangedMeanwhile, ProgramFile, edited, editor, meaning, problems
from praxtui.tui.widgets.plain_area import PlainArea
from praxtui.tui.widgets.program_spans import kinds, spans
from praxtui.tui.widgets.question import QuestionLine

PAUSE_S = 0.25  # typing that rests for so long is looked at


def edit_in_editor(app: App[Any], path: Path) -> Answered | None:
    """Lend the terminal to the person's own editor for `path`; what came of it, in a sentence.

    None where neither VISUAL nor EDITOR names one, or there is no terminal to lend: then the built-in one is meant.
    The screen stands still until the editor ends.
    """
    try:
        words = editor()
        return edited(words, path, app.suspend()) if words else None
    except SuspendNotSupported:
        return None
    except UserError as error:
        return Answered(error.message, False, error.fix or "")


class ProgramArea(PlainArea):
    """The text, with colours for what stands where."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"program--{name}" for name in ("key", "comment", "fence", "heading", "mark", "code", "strong", "link")
    }

    _kinds: tuple[str, ...] = ()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._kinds = tuple(kinds([self.document.get_line(n) for n in range(self.document.line_count)]))
        return super().render_lines(crop)

    def get_line(self, line_index: int) -> Text:
        text = super().get_line(line_index)
        if line_index < len(self._kinds):
            for start, end, name in spans(text.plain, self._kinds[line_index]):
                whole = self.get_component_rich_style(f"program--{name}")
                # Without its background, which is the cursor line's or the selection's.
                style = Style(color=whole.color, bold=whole.bold, italic=whole.italic, underline=whole.underline)
                text.stylize(style, start, end)
        return text


class ProgramEditor(Vertical):
    """Edits the program at `path`. Posts Saved when it was written, Left when the person is done with it, and says in
    Answered what an edit means, or why it was refused. The file is read when the editor is mounted.

    `checked`: the text that the problems shown belong to; None before any was looked at.
    """

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "save"),
        Binding("escape", "leave", "leave"),
        Binding("f4", "next_problem", "next problem"),
    ]

    @dataclass
    class Saved(Message):
        """The file was written."""

        path: Path

    @dataclass
    class Left(Message):
        """The person is done: nothing is unsaved, or shall be."""

        path: Path

    @dataclass
    class Checked(Message):
        """What is wrong with a text."""

        text: str
        found: tuple[Problem, ...]

    def __init__(self, path: Path, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.path = path
        self._file: ProgramFile | None = None
        self._loaded = ""
        self._problems: tuple[Problem, ...] = ()
        self.checked: str | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield ProgramArea(show_line_numbers=True, soft_wrap=True, tab_behavior="focus", compact=True)
        yield OptionList(compact=True, markup=False)
        yield QuestionLine()

    @property
    def area(self) -> ProgramArea:
        """The text field."""
        return self.query_one(ProgramArea)

    @property
    def changed(self) -> bool:
        """Whether the text differs from what was read or saved last."""
        return self._file is not None and self.area.text != self._loaded

    def on_mount(self) -> None:
        self.query_one(OptionList).display = False
        try:
            self._file = ProgramFile(self.path)
        except UserError as error:
            self.area.read_only = True
            self.post_message(Answered(error.message, False, error.fix or ""))
        else:
            with self.prevent(TextArea.Changed):
                self.area.load_text(self._file.text)
            # What the field makes of the text: line ends of several kinds become one.
            self._loaded = self.area.text
            self._check(self._loaded)
        self._title()
        self.area.focus()

    # --- what is wrong ------------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._title()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE_S, lambda: self._check(self.area.text))

    @work(thread=True, exclusive=True, group="check", exit_on_error=False)
    def _check(self, text: str) -> None:
        self.post_message(self.Checked(text, problems(text, self.path)))

    @on(Checked)
    def _show(self, message: Checked) -> None:
        message.stop()
        self.checked = message.text
        if message.found == self._problems:
            return
        self._problems = message.found
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(_said(problem)) for problem in self._problems])
        listed.display = bool(self._problems)
        self._title()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._go(event.option_index)

    def action_next_problem(self) -> None:
        """To the line of the next problem below the cursor, else of the first."""
        if self._problems:
            here = self.area.cursor_location[0] + 1
            below = (n for n, problem in enumerate(self._problems) if problem.line > here)
            self._go(next(below, 0))

    def _go(self, index: int) -> None:
        """Put the cursor at the key that a problem names, on its line."""
        problem = self._problems[index]
        row = min(max(problem.line, 1), self.area.document.line_count) - 1
        column = self.area.document.get_line(row).find(problem.key.rpartition(".")[2]) if problem.key else 0
        self.area.move_cursor((row, max(0, column)), center=True)
        self.area.focus()

    def _title(self) -> None:
        count = len(self._problems)
        wrong = "no problems" if not count else "1 problem" if count == 1 else f"{count} problems"
        self.border_title = Content(plain(f"{self.path.parent.name}/{self.path.name}"))
        self.border_subtitle = Content(
            ", ".join(["not saved"] * self.changed + [wrong]) if self._file else "unreadable"
        )

    # --- saving and leaving -------------------------------------------------------------------------------------------

    @work(exclusive=True, group="save")
    async def action_save(self) -> None:
        """Write the file; where somebody else wrote it meanwhile, only if the person says so."""
        if self._file is None:
            return
        if not self.changed:
            self.post_message(Answered("nothing to save: the text is as it is on disk"))
            return
        before, text = self._file.text, self.area.text
        if not await self._written(self._file, text):
            return
        self._loaded = text
        self._title()
        self.post_message(self.Saved(self.path))
        self.post_message(await asyncio.to_thread(meaning, before, text, self.path))

    async def _written(self, file: ProgramFile, text: str) -> bool:
        try:
            try:
                await asyncio.to_thread(file.save, text)
            except ChangedMeanwhile as error:
                if not await self.query_one(QuestionLine).ask(f"{error.message}: write over it?"):
                    raise
                await asyncio.to_thread(file.save, text, over=True)
        except UserError as error:
            self.post_message(Answered(f"not saved: {error.message}", False, error.fix or ""))
            return False
        return True

    @work(exclusive=True, group="save")
    async def action_leave(self) -> None:
        """Leave, after asking where something is not saved."""
        name = self.path.name
        if not self.changed or await self.query_one(QuestionLine).ask(f"{name} is not saved: leave without saving?"):
            self.post_message(self.Left(self.path))


def _said(problem: Problem) -> Content:
    """A problem in a line or a few: where, which key, what is there, what would be valid."""
    where = f"line {problem.line}" if problem.line else "file"
    parts: list[Any] = [
        (f"{where}  ", "bold"),
        plain(f"{problem.key}: {problem.found}" if problem.key else problem.found),
    ]
    if problem.nearest:
        parts.append(plain(f"; nearest: {problem.nearest}"))
    if problem.valid and not (problem.nearest and problem.found == UNKNOWN):
        parts.append((plain(f"; valid: {problem.valid}"), "$text-muted"))
    return Content.assemble(*parts)
