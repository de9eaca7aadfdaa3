"""What the panes of the campaign screen have in common."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.containers import Container
from textual.content import Content

from praxtui.tui.sources.protocol import Change, Source


def styles(module: str) -> str:
    """The style sheet that stands beside a module (`name.tcss` beside `name.py`); pass `__file__`."""
    return Path(module).with_suffix(".tcss").read_text()


class Pane(Container):
    """A bordered part of the campaign screen. A pane is a view: `show` brings it up to date, and nothing else does.

    `NAME` is what it is called in the settings, the border and the tab line; `ABOUT` its help, in Markdown. What has
    the focus inside is the pane's own affair, but `scrolled` says which widget the scroll keys move.
    """

    NAME: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    DEFAULT_CSS = """
    Pane { border: round $panel-lighten-1; border-title-color: $text-muted; padding: 0 1; height: 1fr; }
    Pane:focus-within { border: round $primary; border-title-color: $text; }
    """

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id or self.NAME)
        self.number = number
        self.said = self._title = ""
        self.say("")

    def say(self, more: str) -> None:
        """Put `more` after the pane's number and name in its border."""
        name = self.NAME if self.number is None else f"{self.number} {self.NAME}"
        title = f"{name}  {more}" if more else name
        if title == self._title:
            return  # setting it draws the whole pane again
        self.said, self._title = more, title
        # As content, not as a string: what stands here may come from a model, and must not be read as markup.
        self.border_title = Content(title)

    def show(self, source: Source, change: Change) -> None:
        """Show the source's moment. `change` says what differs since the last call; ANEW the first time."""
