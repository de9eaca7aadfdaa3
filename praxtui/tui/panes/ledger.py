"""The ledger: every experiment with its verdict, its numbers and its hypothesis, the newest first."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from praxtui.journal.state import Experiment
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import key_of
from praxtui.tui.messages import Answered, Compared, ExperimentOpened, ExperimentPointed, Steered
from praxtui.tui.panes.ledger_filter import SYNTAX, read
from praxtui.tui.panes.ledger_rows import ORDERS
from praxtui.tui.panes.ledger_table import SORTED_COLUMN, LedgerTable
from praxtui.tui.panes.pane import styles
from praxtui.tui.widgets.rows import Rows

CLICKED = {**{column: order for order, column in SORTED_COLUMN.items()}, "bar": "delta"}


class LedgerPane(LedgerTable):
    """The table of experiments, with a filter line below it when one is asked for."""

    NAME = "ledger"
    ABOUT = f"""Every experiment, the newest first. `prov.` looked better once; `supported` and `confirmed` held on
fresh seeds; `revoked` did not. The delta is against the parent, positive is better, in standard deviations of the
noise; the line in the middle of its bar is what noise alone does. `*` is the best so far, `!` a result that a person
should look at, `=` the one you marked.

The filter takes {SYNTAX}; all of them must hold.
"""
    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("ledger"), Binding("escape", "clear", show=False)]

    # --- the cursor --------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Experiment | None:
        """The experiment under the cursor."""
        return self._view.state.experiments.get(self.rows.cursor or "")

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        event.stop()
        told = (None if event.following else event.id,)
        if told != self._told:
            self._told = told
            self.post_message(ExperimentPointed(told[0]))

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        self.post_message(ExperimentOpened(event.id))

    def on_rows_header_clicked(self, event: Rows.HeaderClicked) -> None:
        event.stop()
        if event.key in CLICKED:
            self._sort(CLICKED[event.key])

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        self.rows.open()

    def action_best(self) -> None:
        state = self._view.state
        best = state.head
        if best is None:
            self.post_message(Answered("nothing was kept yet", ok=False))
        elif not self.rows.point(best):
            self.post_message(Answered(f"{best} is the best, and hidden by the filter", ok=False, fix="esc clears it"))

    def action_mark(self) -> None:
        if self.rows.cursor is None:
            return
        before, self._marked = self._marked, self.rows.cursor
        if before == self._marked:
            self._marked = None
        self._shown.moment = self._moment()
        self.rows.sync({id for id in (before, self._marked) if id is not None})

    def action_compare(self) -> None:
        experiment = self.current
        if experiment is None:
            return
        other = self._marked if self._marked != experiment.id else None
        other = other or experiment.parent
        if other is None or other not in self._view.state.experiments:
            fix = f"{key_of('ledger.mark')} marks the one to compare it with"
            self.post_message(Answered(f"{experiment.id} has no parent", ok=False, fix=fix))
        else:
            self.post_message(Compared(other, experiment.id))

    def action_keep(self) -> None:
        self._steer("keep")

    def action_discard(self) -> None:
        self._steer("discard")

    def action_fork(self) -> None:
        self._steer("fork")

    def _steer(self, verb: str) -> None:
        if self.rows.cursor is not None:
            self.post_message(Steered(verb, {"experiment": self.rows.cursor}))

    def action_sort(self) -> None:
        self._sort(ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)])

    def _sort(self, order: str) -> None:
        if order != self._order:
            self._order = order
            self._arrange()

    # --- the filter --------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        self.line.add_class("-open")
        self.screen.set_focus(self.line)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        found = read(event.value)
        self._problem = found.problem
        if found.problem or found.text == self._filter.text:
            self._caption()
            return
        self._filter = found
        self._arrange()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.line.remove_class("-open")
        self.rows.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape clears a filter that there is; where there is none it leads back, as everywhere."""
        return self.line.has_class("-open") if action == "clear" else True

    def action_clear(self) -> None:
        self.line.value = ""
        self.line.remove_class("-open")
        self.rows.focus()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if event.widget is self.line and not self.line.value.strip():
            self.line.remove_class("-open")
