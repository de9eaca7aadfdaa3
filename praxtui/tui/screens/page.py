"""A screen that is one page of text to read, with a title above and its keys below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from praxtui.journal.shown import plain
from praxtui.tui.actions import BY_ID, bound
from praxtui.tui.keymap import shown
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.body import Body

Result = TypeVar("Result")


class Page(Screen[Result], Generic[Result]):
    """`KEYS`: what can be pressed, as (key, word), shown below; bindings and methods of the same screen do it."""

    DEFAULT_CSS = styles(__file__)
    KEYS: ClassVar[Sequence[tuple[str, str]]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("everywhere.back", "close"),
        bound("everywhere.leave", "close"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        yield Static(Content(plain(self._title)), id="title")
        with Body(id="body"):
            yield from self.body()
        yield AnswerLine()
        keys = [*self.offered(), (BY_ID["everywhere.back"].keys[0], "back")]
        pieces = [Content.assemble((shown(key), "bold $primary"), f" {word}") for key, word in keys]
        yield Static(Content("  ").join(pieces), id="keys")

    def offered(self) -> Sequence[tuple[str, str]]:
        """What can be pressed, as (key, word)."""
        return self.KEYS

    def body(self) -> Iterator[Widget]:
        """What stands on the page."""
        yield from ()

    def on_mount(self) -> None:
        self.query_one(Body).focus()

    def action_close(self) -> None:
        """Back to where this was opened."""
        self.dismiss(None)
