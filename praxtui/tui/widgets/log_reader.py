"""A log with a line below it in which to look for words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import Worker, get_current_worker

from praxtui.errors import UserError
from praxtui.journal.log_lines import LogLines
from praxtui.journal.shown import plain
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import key_of
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.log_search import Wanted, hunt, wanted
from praxtui.tui.widgets.log_view import LogView

TOLD_S = 0.2  # seconds between two words on how far a search is
HINT = "words or a regular expression; a capital letter makes case count"


class LogReader(Vertical):
    """`view` is the log. Searches run in a thread, from what is in sight on; escape ends one, or puts it away."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("output", "search", "next", "previous"),
        Binding("escape", "clear", show=False),
    ]

    @dataclass
    class Looked(Message):
        """How far a search is: a share of the log, 0.0 to 1.0."""

        hunt: int
        share: float

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogReader.Looked)

    @dataclass
    class Hunted(Message):
        """What a search came to: the line's offset, None where there is none, and whether beyond the log's end."""

        hunt: int
        found: int | None
        beyond: bool

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = LogView(empty=empty)
        self.line = Input(placeholder=HINT, compact=True, select_on_focus=True, classes="log-reader--line")
        self.line.cursor_blink = False
        self.line.display = False
        self.note = Static(classes="log-reader--note")
        self._wanted: Wanted | None = None
        self._hunt = 0
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.note
        yield self.line

    def show(self, path: Path | None, size: int | None = None, growing: bool = False) -> None:
        """Show a log; see LogView. A search goes on in another one only when it is asked for again."""
        if (path or Path()) != self.view.page.lines.path:
            self._stop()
            self._say(f"/{self._said}" if self._wanted is not None else "")
        self.view.show(path, size, growing)

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        self._stop()
        self.note.remove_class("-open")
        self.line.display = True
        # At once, not with the next message: who types on means this line.
        self.screen.set_focus(self.line)

    def action_next(self) -> None:
        self._again(down=True)

    def action_previous(self) -> None:
        self._again(down=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape puts away a search that there is; where there is none it leads back, as everywhere."""
        return self._wanted is not None or self.line.display if action == "clear" else True

    def action_clear(self) -> None:
        """End a search that runs, close the line, and then forget what was looked for: one thing at a time."""
        if self.line.display:
            self._close()
        elif self._worker is not None:
            self._stop()
            self._say(f"/{self._said}  stopped")
        else:
            self._wanted = None
            self.view.mark(None)
            self._say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        said = event.value
        self._close()
        if not said.strip():
            self._wanted = None
            self.view.mark(None)
            self._say("")
            return
        try:
            self._wanted = wanted(said)
        except UserError as error:
            self._say(plain(error.message))
            return
        self.view.mark(self._wanted)
        # At the end the newest is wanted, elsewhere what comes next.
        following = self.view.following
        self._begin(self.view.page.lines.size if following else self.view.top.offset, down=not following)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if event.widget is self.line:
            self.line.display = False

    def _close(self) -> None:
        self.line.display = False
        self.view.focus()

    # --- looking for it ----------------------------------------------------------------------------------------------

    @property
    def _said(self) -> str:
        return plain(self._wanted.said) if self._wanted is not None else ""

    def _again(self, down: bool) -> None:
        """From the line that was found last if it is in sight, else from the top of what is."""
        view = self.view
        if self._wanted is None:
            self._say(f"nothing is looked for; {key_of('output.search')} begins")
            return
        spans = {row.span.start: row.span for row in view.rows}
        last = spans.get(-1 if view.found is None else view.found)
        if last is not None:
            start = last.after if down else last.start
        else:
            start = view.top.offset if down or not view.following else view.page.lines.size
        self._begin(start, down)

    def _begin(self, start: int, down: bool) -> None:
        if self._wanted is None:
            return
        self._stop()
        lines = self.view.page.lines
        self._worker = self._hunting(lines.path, lines.size, self._wanted, start, down, self._hunt)

    def _stop(self) -> None:
        self._hunt += 1
        if self._worker is not None:
            self._worker.cancel()
        self._worker = None

    @work(thread=True, group="hunt", exit_on_error=False)
    def _hunting(self, path: Path, size: int, what: Wanted, start: int, down: bool, number: int) -> None:
        worker = get_current_worker()
        lines = LogLines(path)
        lines.look(size)
        try:
            goes = self._telling(number, max(1, lines.size), lambda: worker.is_cancelled)
            found, beyond = hunt(lines, what, start, down, goes)
        finally:
            lines.close()
        self.post_message(self.Hunted(number, found, beyond))

    def _telling(self, number: int, size: int, cancelled: Callable[[], bool]) -> Callable[[int], bool]:
        told = time.monotonic()

        def goes(looked: int) -> bool:
            nonlocal told
            if time.monotonic() - told >= TOLD_S:
                told = time.monotonic()
                self.post_message(self.Looked(number, looked / size))
            return not cancelled()

        return goes

    def on_log_reader_looked(self, message: Looked) -> None:
        message.stop()
        if message.hunt == self._hunt and self._worker is not None:
            self._say(f"/{self._said}  {message.share:.0%} looked through, {key_of('everywhere.back')} ends it")

    def on_log_reader_hunted(self, message: Hunted) -> None:
        message.stop()
        if message.hunt != self._hunt or self._wanted is None:
            return
        self._worker = None
        if message.found is None:
            self.view.mark(self._wanted)
            self._say(f"/{self._said}  is not in this log")
            return
        self.view.mark(self._wanted, message.found)
        self._reveal(self._wanted, message.found)
        hint = f"{key_of('output.next')} next, {key_of('output.previous')} the one before"
        self._say(f"/{self._said}  {'found beyond the end of the log, ' if message.beyond else ''}{hint}")

    def _reveal(self, what: Wanted, offset: int) -> None:
        view = self.view
        text = view.page.text(view.page.lines.span(offset)).text
        begin = next(iter(what.ranges(text)), (0, 0))[0]
        view.reveal(offset, begin)

    def _say(self, text: str) -> None:
        """A word on the search, in the line below the log; none closes it."""
        self.note.set_class(bool(text), "-open")
        self.note.update(Content(text))
