"""Help: what has the focus, every key that holds there, then all the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from praxtui.tui.actions import BY_ID, PLACES, bindings
from praxtui.tui.keymap import shown
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.body import Body

KEYS_WIDE = 14


class Block(NamedTuple):
    """A heading with keys under it: (keys, what they do)."""

    title: str
    rows: list[tuple[str, str]]


def about(screen: Screen[object]) -> str:
    """What is said, in Markdown, of whatever has the focus; of the screen where that says nothing."""
    nodes = screen.focused.ancestors_with_self if screen.focused is not None else [screen]
    found = (getattr(node, "ABOUT", "") or "" for node in nodes)
    return next((text for text in found if text), "")


def blocks(screen: Screen[object]) -> list[Block]:
    """The keys that hold on a screen as it is, innermost place first, then those of all other places."""
    own: list[tuple[str, str]] = []
    here: dict[str, None] = {}
    for key, active in screen.active_bindings.items():
        action = BY_ID.get(active.binding.id or "")
        if action is not None:
            here.setdefault(action.where)
        elif active.binding.show and active.binding.description and not active.binding.system:
            own.append((shown(key), active.binding.description))
    # What holds in the place that was gone to is read first, what holds everywhere last.
    order = sorted(here, key=("everywhere", "scroll").count)
    rest = [where for where in PLACES if where not in here]
    found = [Block("here", own)] if own else []
    return found + [Block(PLACES[where], rows(where)) for where in (*order, *rest)]


def rows(where: str) -> list[tuple[str, str]]:
    """The keys of one place, in the order of the table."""
    return [(" ".join(map(shown, a.keys)), a.about) for a in BY_ID.values() if a.where == where]


class HelpScreen(ModalScreen[None]):
    """Help on the screen below this one, and on what has the focus there."""

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"help--key"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("everywhere", "back", "leave", "help"),
    ]

    def compose(self) -> ComposeResult:
        below = self.app.screen_stack[-2]
        with Vertical(id="sheet") as sheet:
            sheet.border_title = "help"
            keys = [shown(BY_ID[id].keys[0]) for id in ("scroll.down", "scroll.up", "everywhere.back")]
            sheet.border_subtitle = Content("{} {} scroll  {} back".format(*keys))
            with Body():
                yield from self._said(about(below))
                for block in blocks(below):
                    yield Static(Text(block.title), classes="title")
                    yield Static(self._table(block))

    @staticmethod
    def _said(text: str) -> Iterator[Widget]:
        if text:
            from textual.widgets import Markdown  # a tenth of a second, which no start should wait for

            yield Markdown(text)

    def _table(self, block: Block) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=KEYS_WIDE, no_wrap=True)
        table.add_column(ratio=1)
        key = self.get_component_rich_style("help--key", partial=True)
        for keys, what in block.rows:
            table.add_row(Text(keys, key), Text(what))
        return table

    def on_mount(self) -> None:
        self.query_one(Body).focus()

    def action_back(self) -> None:
        """Back to what help was wanted on."""
        self.dismiss()

    action_leave = action_back
    action_help = action_back
