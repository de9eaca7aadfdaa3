"""Lines with a line below them in which to look for words."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from praxtui.journal.shown import plain
from praxtui.tui.actions import bindings
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.lines import LineView


class LineReader(Vertical):
    """`view` has the lines; escape ends a search."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("researcher", "search", "next", "previous"),
        Binding("escape", "clear", show=False),
    ]

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view
        self.line = Input(placeholder="a word, or a regular expression", compact=True)
        self.line.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.line

    def action_search(self) -> None:
        self.line.add_class("-open")
        self.screen.set_focus(self.line)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.line.remove_class("-open")
        self.view.focus()
        self._search(event.value)

    def _search(self, words: str) -> None:
        if not words.strip():
            self.view.search(None)
            return
        try:
            pattern = re.compile(words, re.IGNORECASE)
        except re.error:
            pattern = re.compile(re.escape(words), re.IGNORECASE)
        if self.view.search(pattern) is None:
            self.post_message(Answered(f"nothing here matches {plain(words)}", ok=False))

    def action_next(self) -> None:
        self._seek(1)

    def action_previous(self) -> None:
        self._seek(-1)

    def _seek(self, by: int) -> None:
        if self.view.pattern is None:
            self.action_search()
        elif self.view.seek(by) is None:
            self.post_message(Answered(f"nothing here matches {plain(self.view.pattern.pattern)}", ok=False))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape ends a search that there is; where there is none it leads back, as everywhere."""
        return self.line.has_class("-open") or self.view.pattern is not None if action == "clear" else True

    def action_clear(self) -> None:
        self.line.value = ""
        self.line.remove_class("-open")
        self.view.search(None)
        self.view.focus()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if event.widget is self.line:
            self.line.remove_class("-open")
