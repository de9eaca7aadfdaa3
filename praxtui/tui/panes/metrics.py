"""The metrics pane: best so far over all tries, the run of now over the incumbent's, every other series, the GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import SelectionList

from praxtui.journal.shown import plain
from praxtui.journal.state import State
from praxtui.tui.actions import bindings
from praxtui.tui.panes.metrics_page import Live, Row, View, page, shown_window
from praxtui.tui.panes.metrics_series import AXES, History, caption, history, main_series
from praxtui.tui.panes.pane import Pane, styles
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.specification import program_of
from praxtui.tui.status_line import running

STYLES = (
    *("best", "keep", "revoked", "discard", "crash", "running", "cursor", "axis", "value", "name"),
    *("live", "incumbent", "small", "gpu"),
)
CLOSEST = 64.0
"""How far in one can zoom."""


class Picture(Widget, can_focus=True):
    """Draws the rows that it is given; only what differs is drawn again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"metrics--{name}" for name in STYLES}

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []

    def put(self, rows: list[Row]) -> None:
        """Show these rows."""
        if rows != self._rows:
            self._rows = rows
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row, in the styles of its cells."""
        base = self.rich_style
        row = self._rows[y] if y < len(self._rows) else []
        segments = [
            Segment(text, base + self.get_component_rich_style(f"metrics--{name}", partial=True) if name else base)
            for text, name in row
            if text
        ]
        return Strip(segments).simplify().adjust_cell_length(self.size.width, base)


class MetricsPane(Pane):
    """The picture, and the list to choose series from, which is there while it is asked for."""

    NAME = "metrics"
    ABOUT = (
        "Left, the best so far: `●` kept, `○` revoked, `·` discarded, `x` crashed or without a value, `◆` running. "
        "Right, the series of the run under way over the incumbent's at the same step."
    )
    DEFAULT_CSS = Pane.DEFAULT_CSS + styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("metrics")]

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        self._source: Source | None = None
        self._view = View()
        self._found = History([], [], 0.0, -1)
        self._live: Live | None = None
        self._gpus: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        yield Picture()
        chooser = SelectionList[str](id="chooser")
        chooser.display = False
        yield chooser

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Show the source's moment."""
        self._source = source
        if change.events or change.anew:
            self._found = history(source.state, self._view.axis, source.now)
            self._say(source.state)
        if change.events or change.anew or change.ticked:
            self._live = _live(source)
        self._draw()

    def _say(self, state: State) -> None:
        """The border: what is measured, and how far it has come."""
        epoch = state.epoch
        if epoch is None:
            self.say("")
            return
        way = "higher is better" if epoch.sign > 0 else "lower is better"
        more = f", epoch {epoch.number}" if epoch.number > 1 else ""
        said = caption(state)
        self.say(f"{plain(epoch.metric)}, {way}{more}" + (f"   {said}" if said else ""))

    def _draw(self) -> None:
        picture = self.query_one(Picture)
        columns, rows = picture.size
        if not self._found.tries and self._live is None:
            picture.put(_empty(columns))
            return
        picture.put(page(self._found, self._live, self._gpus, self._view, columns, rows))

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw)

    # --- keys --------------------------------------------------------------------------------------------------------

    def _look(self, **changes: object) -> None:
        self._view = self._view._replace(**changes)  # type: ignore[arg-type]  # fields of View by name
        self._draw()

    def action_log(self) -> None:
        self._look(log=not self._view.log)

    def action_axis(self) -> None:
        """The next x axis."""
        axis = AXES[(AXES.index(self._view.axis) + 1) % len(AXES)]
        if self._source is not None:
            self._found = history(self._source.state, axis, self._source.now)
        self._look(axis=axis)

    def action_zoom_in(self) -> None:
        self._look(zoom=min(CLOSEST, self._view.zoom * 2))

    def action_zoom_out(self) -> None:
        self._look(zoom=max(1.0, self._view.zoom / 2))

    def action_inspect(self) -> None:
        """Put the cursor on the newest try, or take it away."""
        tries = self._found.tries
        self._look(cursor=None if self._view.cursor or not tries else tries[-1].id)

    def action_left(self) -> None:
        self._move(-1)

    def action_right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        """The cursor to the next try; without one, the view by a quarter."""
        tries = self._found.tries
        at = next((i for i, found in enumerate(tries) if found.id == self._view.cursor), None)
        if at is None:
            shift = by * 0.25 / self._view.zoom
            half = 0.5 / self._view.zoom
            self._look(centre=max(half, min(1 - half, min(self._view.centre, 1 - half) + shift)))
            return
        found = tries[max(0, min(len(tries) - 1, at + by))]
        self._look(cursor=found.id)
        window = shown_window(self._found, self._view)
        if window is not None and not window.left <= found.x <= window.right:
            self._look(centre=found.x / max(self._found.last, 1e-9))

    def on_mouse_scroll_up(self) -> None:
        self.action_zoom_in()

    def on_mouse_scroll_down(self) -> None:
        self.action_zoom_out()

    def on_click(self, event: Click) -> None:
        """Inspect the try nearest to a click on the plot."""
        self.query_one(Picture).focus()

    # --- the series --------------------------------------------------------------------------------------------------

    def action_series(self) -> None:
        """Open the list of series, or close it."""
        chooser = self.query_one("#chooser", SelectionList)
        if chooser.display:
            self.action_close()
            return
        live = self._live
        main = main_series(live.series, live.wanted) if live is not None else None
        names = [name for name in (live.series if live is not None else ()) if name != main]
        if not names:
            return
        chooser.clear_options()
        chooser.add_options([(plain(name), name, name not in self._view.hidden) for name in names])
        chooser.display = True
        self.screen.set_focus(chooser)

    def on_selection_list_selected_changed(self, event: SelectionList.SelectedChanged[str]) -> None:
        """Draw what is chosen."""
        names = {event.selection_list.get_option_at_index(i).value for i in range(event.selection_list.option_count)}
        chosen = set(event.selection_list.selected)
        self._look(hidden=(self._view.hidden - chosen) | (names - chosen))

    def action_close(self) -> None:
        """Close the list."""
        self.query_one("#chooser", SelectionList).display = False
        self.screen.set_focus(self.query_one(Picture))


def _live(source: Source) -> Live | None:
    """The series of the run under way, else of the newest that has any; and the incumbent's."""
    state = source.state
    program = program_of(source)
    wanted = program.metric.curve if program is not None else None
    current = running(state)
    if current is not None:
        mine, n = current[0], current[1].n
    else:
        last = next((e for e in reversed(state.experiments.values()) if e.runs), None)
        if last is None:
            return None
        mine, n = last.id, last.runs[-1].n
    series = source.curves(mine, n)
    if not series:
        return None
    head = state.experiments.get(state.head or "")
    against = {}
    if head is not None and head.id != mine:
        run = next((run for run in head.runs if run.use in ("select", "repair", "baseline") and run.over), None)
        against = source.curves(head.id, run.n) if run is not None else {}
    return Live(mine, series, head.id if head is not None else "", against, wanted)


def _empty(columns: int) -> list[Row]:
    """What will appear."""
    words = ["The best so far will be drawn here,", "as soon as the baseline is measured."]
    return [[("", "")], *([(word[:columns], "axis")] for word in words)]
