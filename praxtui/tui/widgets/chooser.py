"""A list to choose series from, over what they are drawn in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import SelectionList

from praxtui.journal.shown import plain
from praxtui.tui.actions import bindings


class Chooser(SelectionList[str]):
    """Space takes a series in or leaves it out, enter has it drawn large, the key that goes back closes the list."""

    DEFAULT_CSS = """
    Chooser {
        layer: above; dock: right; width: 34; max-width: 100%; height: auto; max-height: 100%;
        border: none; padding: 0 1; background: $panel; display: none;
    }
    Chooser:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("scroll"),
        *bindings("everywhere", "back"),
        Binding("enter", "enlarge", "draw large", show=False),
    ]

    @dataclass
    class Closed(Message):
        """The list was closed."""

    @dataclass
    class Enlarged(Message):
        """A series should be drawn large."""

        name: str

    def open(self, names: Iterable[str], hidden: frozenset[str], large: str) -> None:
        """Offer these, `large` at the top of its own."""
        self.clear_options()
        for name in names:
            # As content: what a run calls its series must not be read as markup.
            said = Content(plain(name) + ("  (large)" if name == large else ""))
            self.add_option((said, name, name not in hidden))
        self.highlighted = 0
        self.display = True
        self.focus()

    def action_back(self) -> None:
        self.post_message(self.Closed())

    def action_enlarge(self) -> None:
        """Have the one under the cursor drawn large."""
        if self.highlighted is not None:
            self.post_message(self.Enlarged(self.get_option_at_index(self.highlighted).value))

    def action_down(self) -> None:
        self.action_cursor_down()

    def action_up(self) -> None:
        self.action_cursor_up()

    def action_top(self) -> None:
        self.action_first()

    def action_bottom(self) -> None:
        self.action_last()
