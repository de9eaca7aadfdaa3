"""The table of the ledger: which experiments stand in it and what their rows say, kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input
from textual.worker import get_current_worker

from praxtui.journal.shown import cut
from praxtui.journal.state import State
from praxtui.tui.keymap import key_of
from praxtui.tui.panes.ledger_cells import Moment, cells, columns, running
from praxtui.tui.panes.ledger_filter import ALL, SYNTAX, Filter
from praxtui.tui.panes.ledger_rows import ORDERS, View, touched
from praxtui.tui.panes.pane import Pane
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.specification import program_of
from praxtui.tui.widgets.columns import Cell, Column
from praxtui.tui.widgets.rows import Rows

AT_ONCE = 2000
"""Experiments that are sorted and filtered within a frame; more are sorted in a thread."""

SORTED_COLUMN = {"newest": "id", "metric": "metric", "delta": "delta", "time": "time", "cost": "cost"}

EMPTY = """Every experiment will stand here: its verdict, its metric, how far that is from the best so far in units of \
the noise, and what it tried. The baseline e0 comes first.
{hint} writes a hint that the first one can use already."""
DAMAGED = """Nothing of the record of this campaign can be read, and it cannot go on without: start another, or \
restore journal.db from a backup."""
NO_MATCH = "No experiment matches the filter. esc clears it, {filter} changes it."


class Shown:
    """What the table shows of a view: cells made for the rows in sight, at a moment."""

    def __init__(self, view: View, columns: tuple[Column, ...], moment: Moment) -> None:
        self.view = view
        self.columns = columns
        self.moment = moment

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.view.count

    def id(self, place: int) -> str:
        """The experiment at `place`."""
        return self.view.id(place)

    def place(self, id: str) -> int | None:
        """Where an experiment stands."""
        return self.view.place(id)

    def cells(self, place: int) -> Sequence[Cell]:
        """The cells of the row at `place`."""
        return self.of(self.view.id(place))

    def of(self, id: str) -> list[Cell]:
        """The cells of an experiment."""
        state = self.view.state
        return cells(self.columns, state, state.experiments[id], self.moment)


class LedgerTable(Pane):
    """The table, brought up to date from a source in an order and through a filter. `LedgerPane` adds the keys."""

    @dataclass
    class Arranged(Message):
        """A thread sorted the experiments."""

        view: View

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        self.rows = Rows(follows=True)
        self.line = Input(placeholder=SYNTAX, compact=True, classes="ledger--filter")
        self.line.cursor_blink = False
        self._source: Source | None = None
        self._known: State | None = None
        self._view = View()
        self._coming: View | None = None
        self._late: set[str] = set()
        self._order = ORDERS[0]
        self._filter: Filter = ALL
        self._problem = ""
        self._marked: str | None = None
        self._budget: float | None = None
        self._live: dict[str, list[Cell]] = {}
        self._told: tuple[str | None] | None = None
        self._shown = Shown(self._view, (), Moment(0.0))

    def compose(self) -> ComposeResult:
        yield self.rows
        yield self.line

    @property
    def scrolled(self) -> Rows:
        """The widget that the scroll keys move."""
        return self.rows

    # --- what it shows -----------------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Bring the rows up to date: those of experiments that the events name, and of what runs."""
        before = None if self._source is not source or change.anew else self._known
        self._source = source
        state = source.state
        if before is None or change.events:
            self._budget = _budget(source)
        ids = None if before is None else touched(change.events, before, state)
        self._known = state
        if ids is None:
            self._arrange()
            return
        if ids and self._coming is not None:
            self._late |= ids
        if ids:
            self._view.apply(state, ids)
        self._refresh(ids)

    def _refresh(self, ids: set[str]) -> None:
        """Draw what changed: the rows `ids`, and those of running experiments whose words are others by now."""
        state = self._view.state
        found = columns(state)
        self._shown.moment = self._moment()
        if found != self._shown.columns:
            self._use(self._view)
            return
        live = {name.partition("/")[0] for name in state.running}
        now = {id: self._shown.of(id) for id in live if id in state.experiments}
        ticked = {id for id in now if now[id] != self._live.get(id)}
        self._live = now
        if ids or ticked:
            self.rows.sync(ids | ticked)
        if ids:
            self._caption()

    def _moment(self) -> Moment:
        source = self._source
        if source is None:
            return Moment(0.0)
        return Moment(source.now, self._budget, _estimates(source), self._marked)

    def _arrange(self) -> None:
        """Build the view anew, for another order, filter or moment."""
        if self._known is None:
            return
        view = View(self._order, self._filter)
        if len(self._known.experiments) <= AT_ONCE:
            self._coming = None
            view.rebuild(self._known)
            self._use(view)
        else:
            self._coming, self._late = view, set()
            self._build(view, self._known)

    # Without a description Textual writes out the arguments, which takes a second for a long campaign's state.
    @work(thread=True, exclusive=True, group="ledger", exit_on_error=False, description="sort the experiments")
    def _build(self, view: View, state: State) -> None:
        view.rebuild(state)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Arranged(view))

    def on_ledger_table_arranged(self, message: Arranged) -> None:
        message.stop()
        if message.view is not self._coming or self._known is None:
            return  # another order was asked for meanwhile
        self._coming = None
        if message.view.state is not self._known:
            message.view.apply(self._known, self._late)
        self._use(message.view)

    def _use(self, view: View) -> None:
        self._view = view
        self._live = {}
        self._shown = Shown(view, columns(view.state), self._moment())
        self.rows.follows = self._order == ORDERS[0]
        if not self.rows.follows:
            self.rows.release()
        damaged = self._source is not None and self._source.damage is not None
        empty = NO_MATCH if self._filter else DAMAGED if damaged else EMPTY
        self.rows.say_empty(empty.format(filter=key_of("ledger.filter"), hint=key_of("campaign.hint")))
        self.rows.use(self._shown, self._shown.columns, SORTED_COLUMN[self._order])
        self._caption()

    def _caption(self) -> None:
        """What stands in the border: how many there are, or how many match."""
        counts = self._view.counts
        if self._problem:
            self.say(f"filter: {self._problem}")
        elif self._filter:
            self.say(f"{self._view.count} of {self._view.total} match {cut(self._filter.text, 60)}")
        else:
            self.say(caption(counts["experiments"], counts["kept"], counts["supported"], counts["confirmed"]))


def caption(experiments: int, kept: int, supported: int, confirmed: int) -> str:
    """`47 experiments, 9 kept (5 supported, 2 confirmed)`."""
    if not experiments:
        return ""
    said = f"{experiments} experiment{'s' if experiments != 1 else ''}, {kept} kept"
    better = [f"{n} {word}" for n, word in ((supported, "supported"), (confirmed, "confirmed")) if n]
    return f"{said} ({', '.join(better)})" if better else said


def _budget(source: Source) -> float | None:
    program = program_of(source)
    return program.loop.budget if program is not None else None


def _estimates(source: Source) -> dict[str, float]:
    """The metric of what runs, where its own live curve is that metric: anything else would be a guess."""
    state = source.state
    if not state.running or state.epoch is None:
        return {}
    program = program_of(source)
    if program is None or program.metric.curve != state.epoch.metric:
        return {}
    found: dict[str, float] = {}
    for name in state.running:
        id = name.partition("/")[0]
        run = running(state, state.experiments[id])
        curve = source.curves(id, run.n).get(state.epoch.metric) if run is not None else None
        if curve is not None and len(curve.value):
            found[id] = curve.value[-1]
    return found
