"""The two lists of the home screen, leaves over campaigns, in an order and by the words that a person chose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import DescendantFocus, Resize
from textual.message import Message
from textual.widgets import Input

from praxtui.tui.keymap import key_of
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens import home_rows
from praxtui.tui.screens.home_rows import CampaignRow, Folder, LeafRow
from praxtui.tui.widgets.columns import Cell, Column
from praxtui.tui.widgets.rows import Rows

LOW = 11
"""Rows below which only the list with the focus is shown."""

NEWEST = next(iter(home_rows.ORDERS))


class Seen:
    """A model of rows whose cells are made when they are to be seen."""

    def __init__(self, ids: Sequence[str], cells: Callable[[str], Sequence[Cell]]) -> None:
        self._ids = ids
        self._cells = cells
        self._places = {id: place for place, id in enumerate(ids)}

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._ids)

    def id(self, place: int) -> str:
        """The id of the row at `place`."""
        return self._ids[place]

    def place(self, id: str) -> int | None:
        """Where the row of that id is."""
        return self._places.get(id)

    def cells(self, place: int) -> Sequence[Cell]:
        """The cells of the row at `place`."""
        return self._cells(self._ids[place])


class HomeLists(Vertical):
    """Leaves and campaigns as they were read last. `leaves` and `campaigns` by name and id, newest first."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar = [Binding("escape", "unfilter", "all rows", show=False)]

    @dataclass
    class Moved(Message):
        """The cursor is on another row, or the focus in another list."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves: dict[str, LeafRow] = {}
        self.campaigns: dict[str, CampaignRow] = {}
        self.order = NEWEST
        self.words = ""
        self._lines: dict[str, Folder | LeafRow] = {}
        self._shut: set[str] = set()
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield Rows(id="leaves")
        yield Rows(id="campaigns")
        yield Input(id="words", placeholder="words to look for; esc shows all rows", compact=True)

    @property
    def leaf_rows(self) -> Rows:
        """The list of leaves."""
        return self.query_one("#leaves", Rows)

    @property
    def campaign_rows(self) -> Rows:
        """The list of campaigns."""
        return self.query_one("#campaigns", Rows)

    @property
    def _typed(self) -> Input:
        return self.query_one("#words", Input)

    def on_mount(self) -> None:
        self._typed.display = False

    # --- showing ------------------------------------------------------------------------------------------------------

    def show(self, changed: Iterable[str] = ()) -> None:
        """Bring both lists up to date; `changed` are names and ids of rows that say something else now."""
        lines = home_rows.tree(self.leaves.values(), self._shut, self.words)
        self._lines = {f"{line.name}/" if isinstance(line, Folder) else line.name: line for line in lines}
        rows = home_rows.ordered(home_rows.campaigns_with(self.words, self.campaigns.values()), self.order)
        told = set(changed)
        touched = {f"{line.name}/" for line in lines if isinstance(line, Folder)}
        # The best of a leaf changes with its campaigns.
        if told & self.campaigns.keys():
            touched |= self._lines.keys()
        leaves, campaigns = Seen(list(self._lines), self._leaf_cells), Seen([r.id for r in rows], self._campaign_cells)
        _put(self.leaf_rows, leaves, home_rows.leaf_columns(lines), told | touched)
        _put(self.campaign_rows, campaigns, home_rows.campaign_columns(self.campaigns.values()), told)
        if self._wanted is not None and self.leaf_rows.point(self._wanted):
            self._wanted = None
        self._fit()

    def age(self) -> None:
        """Say again how long since: a minute has passed."""
        self.campaign_rows.sync(list(self.campaigns))

    def say_empty(self) -> None:
        """What stands where a list has no row."""
        nothing = f"Nothing holds {self.words!r}: esc shows all rows." if self.words else ""
        self.leaf_rows.say_empty(nothing or "No leaves.")
        start = key_of("home.start")
        self.campaign_rows.say_empty(nothing or f"Campaigns will stand here: {start} starts one on the leaf above.")

    def _leaf_cells(self, id: str) -> Sequence[Cell]:
        line = self._lines[id]
        if isinstance(line, Folder):
            return home_rows.leaf_cells(line, False, None)
        inside = home_rows.is_inside(line, list(self._lines.values()))
        return home_rows.leaf_cells(line, inside, home_rows.best_of(line, self.campaigns.values()))

    def _campaign_cells(self, id: str) -> Sequence[Cell]:
        return home_rows.campaign_cells(self.campaigns[id], time.time())

    def on_resize(self, event: Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        """The leaves take what they need, up to two fifths; on a low screen one list at a time is shown."""
        height = self.size.height
        low = height < LOW
        self.leaf_rows.display = not (low and self.at_campaigns)
        self.campaign_rows.display = not low or self.at_campaigns
        self.leaf_rows.styles.height = "1fr" if low else min(max(2, len(self._lines) + 1), height * 2 // 5)
        self.set_class(low, "-low")

    # --- what has the cursor ------------------------------------------------------------------------------------------

    @property
    def at_campaigns(self) -> bool:
        """Whether the campaigns have the focus."""
        return self.screen.focused is self.campaign_rows

    def campaign(self) -> CampaignRow | None:
        """The campaign under the cursor, where the campaigns have the focus."""
        return self.campaigns.get(self.campaign_rows.cursor or "") if self.at_campaigns else None

    def leaf(self) -> LeafRow | None:
        """The leaf under the cursor, or the one of the campaign under it."""
        campaign = self.campaign()
        if campaign is not None:
            found = [row for row in self.leaves.values() if str(row.path) == campaign.leaf_path]
            return found[0] if found else self.leaves.get(campaign.leaf)
        line = None if self.at_campaigns else self._lines.get(self.leaf_rows.cursor or "")
        return line if isinstance(line, LeafRow) else None

    def want(self, leaf: str) -> None:
        """Put the cursor on a leaf as soon as it is there."""
        self._wanted = leaf

    def switch(self) -> None:
        """Go to the other list."""
        to = self.leaf_rows if self.at_campaigns else self.campaign_rows
        to.display = True
        to.focus()

    def toggle(self) -> bool:
        """Open or close the folder under the cursor; False where there is none."""
        line = None if self.at_campaigns else self._lines.get(self.leaf_rows.cursor or "")
        if not isinstance(line, Folder):
            return False
        self._shut ^= {line.name}
        self.show()
        return True

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._fit()
        self.post_message(self.Moved())

    @on(Rows.Pointed)
    def _pointed(self) -> None:
        self.post_message(self.Moved())

    # --- order and filter ---------------------------------------------------------------------------------------------

    @on(Rows.HeaderClicked, "#campaigns")
    def _header(self, clicked: Rows.HeaderClicked) -> None:
        if clicked.key in home_rows.ORDERS:
            self.sort(clicked.key)

    def sort(self, order: str) -> None:
        """Put the campaigns in that order."""
        self.order = order
        self.campaign_rows.use(self.campaign_rows.model, sorted_by=order)
        self.show()
        self.post_message(self.Moved())

    def ask_words(self) -> None:
        """Let a person write the words that a row must hold."""
        self._typed.display = True
        self.screen.set_focus(self._typed)

    @on(Input.Changed, "#words")
    def _filter(self, changed: Input.Changed) -> None:
        self.words = changed.value.strip()
        self.show()
        self.post_message(self.Moved())

    @on(Input.Submitted, "#words")
    def _filtered(self) -> None:
        """Back to a list that has something to show."""
        (self.leaf_rows if self._lines else self.campaign_rows).focus()
        self._typed.display = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape shows all rows where some are hidden, and is left to others where none are."""
        return action != "unfilter" or bool(self.words) or self._typed.display

    def action_unfilter(self) -> None:
        """Show all rows again."""
        if self._typed.has_focus:
            self.leaf_rows.focus()
        self._typed.value = ""
        self._typed.display = False


def _put(rows: Rows, model: Seen, columns: tuple[Column, ...], changed: set[str]) -> None:
    """Show the model: whole where the columns are others, else the rows that changed."""
    if rows.columns != columns:
        rows.use(model, columns)
    else:
        rows.model = model
        rows.sync(changed)
