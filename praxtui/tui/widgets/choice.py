"""A field with a few words to choose from, on one line: left and right, or space, go through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from praxtui.tui.panes.pane import styles


class Choice(Widget, can_focus=True):
    """One of `words`; what it means stands beside it, where somebody said so by `explain`."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar = [
        Binding("right,l,space", "step(1)", "next", show=False),
        Binding("left,h", "step(-1)", "previous", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another word was chosen."""

        choice: Choice
        word: str

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, words: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words = tuple(words)
        self._at = 0
        self._about = ""

    @property
    def word(self) -> str:
        """What is chosen."""
        return self._words[self._at]

    def choose(self, word: str) -> None:
        """Choose a word; the message follows where it is another one."""
        if word != self.word:
            self._at = self._words.index(word)
            self.post_message(self.Changed(self, word))
            self.refresh()

    def explain(self, about: str) -> None:
        """Say beside the word what it means."""
        if about != self._about:
            self._about = about
            self.refresh()

    def action_step(self, by: int) -> None:
        self.choose(self._words[(self._at + by) % len(self._words)])

    def on_click(self, event: Click) -> None:
        self.action_step(1 if event.x >= 2 else -1)

    def render(self) -> Content:
        """The word between arrows, as wide as the longest, so that nothing moves."""
        word = f"< {self.word:^{max(map(len, self._words))}} >"
        return Content.assemble((word, "bold $primary reverse" if self.has_focus else ""), f"  {self._about}")
