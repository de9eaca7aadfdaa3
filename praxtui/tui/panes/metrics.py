"""The metrics pane: best so far over all tries, the run of now over the incumbent's, every other series, the GPUs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar
from zlib import crc32

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.widget import Widget
from textual.widgets import SelectionList, Static

from praxtui.journal.state import State
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import key_of
from praxtui.tui.messages import Answered, ExperimentOpened
from praxtui.tui.panes.ledger_rows import touched
from praxtui.tui.panes.metrics_gpus import GpuRows
from praxtui.tui.panes.metrics_run import Kept, Lines, Live, head, large, looked_at, main_series, rival
from praxtui.tui.panes.metrics_series import Drawing
from praxtui.tui.panes.metrics_shape import Shape, best_line, empty, heading, shape
from praxtui.tui.panes.metrics_tries import AXES, EMPTY, Tries
from praxtui.tui.panes.pane import Pane, styles
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.specification import program_of
from praxtui.tui.widgets.braille import shows_braille
from praxtui.tui.widgets.cells import CellRows
from praxtui.tui.widgets.chooser import Chooser
from praxtui.tui.widgets.plot import SHARE, STEP, Plot
from praxtui.tui.widgets.points import Points

NAMED = 14  # columns of the border that are taken by the pane's own name
PAGE = 3 * SHARE  # of what is shown, that a page key goes along


class MetricsParts(Pane):
    """What the pane is made of, brought up to date from a source and fitted to its size; `MetricsPane` adds keys."""

    DEFAULT_CSS = Pane.DEFAULT_CSS + styles(__file__)

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        ascii = not shows_braille()
        self.tries = Plot(ascii=ascii, id="tries")
        self.curve = Plot(ascii=ascii, id="curve")
        self.gpus = GpuRows(lambda: self.screen.is_current and self.is_on_screen, ascii=ascii)
        self._words = Static(id="words")
        self._best, self._head, self._small = CellRows(id="best"), CellRows(id="head"), CellRows(id="series")
        self._run_part = Vertical(self._best, self._head, self.curve, self._small, self.gpus, id="run")
        self._source: Source | None = None
        self._state = State()
        self._made, self._drawing, self._kept = Tries(), Drawing(), Kept()
        self._lines = Lines(ascii=ascii)
        self._found = EMPTY
        self._axis = AXES[0]
        self._live: Live | None = None
        self._pointed: str | None = None
        self._chosen: str | None = None
        self._hidden: frozenset[str] = frozenset()
        self._run_first = False
        self._shape = Shape("history")
        self._below = ""

    def compose(self) -> ComposeResult:
        yield self._words
        yield self.tries
        yield self._run_part

    # --- bringing it up to date --------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Show the source's moment."""
        before = self._state if self._source is source and not change.anew else None
        self._source, self._state = source, source.state
        if before is None or change.events or (change.ticked and self._axis == "time"):
            self._try(touched(change.events, before, source.state) if before is not None else None)
        if change.events or change.anew or change.ticked:
            self._run()
        engine = source.engine
        self.gpus.follow(engine is not None and engine.alive)
        self._arrange()

    def point(self, experiment: str | None) -> None:
        """Put a cursor that is linked with other panes on an experiment; None takes it away."""
        self._pointed = experiment
        place = self._made.place(experiment) if experiment is not None else None
        self.tries.cursor = None if place is None else self._drawing.x(place)

    def _try(self, ids: Collection[str] | None = None) -> None:
        """The plot of all tries; `ids`: those that may be others than before, None for all."""
        source = self._source
        if source is None:
            return
        before = self._found
        self._found = found = self._made.history(source.state, self._axis, source.now, ids)
        if ids is not None and self.tries.place is None and not found.differs(before):
            return
        self.tries.show(self._drawing.picture(found, lambda: self._state) if found.tries else None)
        if self._pointed is not None:
            self.point(self._pointed)

    def _run(self) -> None:
        """The series of the run that is looked at."""
        before = self._live
        self._live = live = self._looked_at()
        if live is None:
            self.curve.show(None) if before is not None else None
            return
        if before == live:
            return
        if before is None or (before.id, before.n, before.main) != (live.id, live.n, live.main):
            self.curve.anew()
        self.curve.show(large(live))

    def _looked_at(self) -> Live | None:
        source = self._source
        run = looked_at(self._state)
        if source is None or run is None:
            return None
        series = self._points(source, *run)
        if not series:
            return None
        program = program_of(source)
        main = main_series(series, self._chosen, program.metric.curve if program is not None else None)
        other = rival(self._state, run[0])
        against = self._points(source, *other) if other is not None else {}
        return Live(*run, series, other[0] if other is not None else "", against, main)

    def _points(self, source: Source, id: str, n: int) -> Mapping[str, Points]:
        found = self._kept.points(id, n, source.curves(id, n))
        return {name: points for name, points in found.items() if len(points)}

    # --- fitting it to its size --------------------------------------------------------------------------------------

    def _others(self) -> list[str]:
        """The series that have a line of their own, in the order of their names."""
        live = self._live
        return sorted(name for name in live.series if name != live.main and name not in self._hidden) if live else []

    def _arrange(self) -> None:
        """Give every part its room, and write what stands in lines."""
        columns, rows = self.size
        if not columns or not rows:
            return
        live, others = self._live, self._others()
        found = self._shape = shape(
            columns, rows, series=len(others), gpus=self.gpus.count, large=live is not None, run_first=self._run_first
        )
        self.set_class(found.how == "beside", "-beside")
        parts: tuple[tuple[Widget, int], ...] = (
            (self._best, found.best), (self._head, found.head), (self.curve, found.curve),
            (self._small, found.series), (self.gpus, found.gpus),
        )  # fmt: skip
        for part, high in parts:
            part.display = high > 0
            part.styles.height = max(1, int(high))
        self._run_part.display = found.rows > 0
        self._run_part.styles.width = found.columns or 1
        self._run_part.styles.height = found.rows or 1
        self.tries.display = found.how != "run" and bool(self._found.tries)
        self._words.display = found.how != "run" and not self._found.tries
        if not self._found.tries:
            self._words.update(Content(empty(self._state, key_of("campaign.pane_5"))))
        self._write(live, others)

    def _write(self, live: Live | None, others: list[str]) -> None:
        found, columns = self._shape, self._shape.columns
        self.say(heading(self._state, self.size.width - NAMED, best_below=found.best))
        folded = self._folded(live)
        if self._below != folded:  # setting it draws the whole pane again
            self._below = folded
            self.border_subtitle = Content(folded)
        self._best.put([[(best_line(self._state, columns), "value")]])
        if live is None:
            return
        self._head.put([head(live, columns, focused=self.curve.has_focus)])
        left_out = len(others) - found.series + 1 if len(others) > found.series > 1 else 0
        seen = others[: found.series - 1] if left_out else others[: found.series]
        rows = self._lines.rows({name: live.series[name] for name in seen}, columns, style_of)
        self._small.put([*rows, [(self._more(left_out), "note")]] if left_out else rows)

    def _more(self, left_out: int) -> str:
        """How many series there is no room for, and the key that helps: where all the room is taken, to choose."""
        alone = self.outer_size.width >= self.screen.size.width
        return f"{left_out} more: {key_of('metrics.series' if alone else 'campaign.maximise')}"

    def _folded(self, live: Live | None) -> str:
        """What there is no room for, with the key that shows it."""
        if self._shape.how == "run":
            return f"{key_of('scroll.up')} best so far"
        if self._shape.how == "history" and live is not None:
            return f"{key_of('scroll.down')} curve of {live.id}"
        return ""

    def on_resize(self, event: Resize) -> None:
        self._arrange()

    def on_gpu_rows_counted(self, event: GpuRows.Counted) -> None:
        """There is a line more, or less."""
        event.stop()
        self._arrange()


class MetricsPane(MetricsParts):
    """Keys go to the one of both plots that has the focus; down and up change it, and show what is folded."""

    NAME = "metrics"
    ABOUT = (
        "The best so far as steps, and a mark for every try: `●` kept, `○` kept and revoked, `·` discarded, `-` given "
        "up early, `\N{MULTIPLICATION SIGN}` crashed, `!` broke a rule, `◆` running; `▴` and `▾` are off the scale. "
        "Dotted lines stand one sd of the noise above and below the incumbent; an upright one begins an epoch. Beside "
        "or below it: the run of now over the incumbent's, its other series, the GPUs. Down and up go from one plot to "
        "the other. While values are read off, left and right go from one to the next, and enter opens the experiment."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("metrics"), *bindings("scroll")]

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        self.chooser = Chooser()

    def compose(self) -> Iterator[Widget]:
        yield from super().compose()
        yield self.chooser

    @property
    def plot(self) -> Plot:
        """The plot that keys go to."""
        return self.curve if self.curve.has_focus else self.tries

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """What has the focus is to be seen."""
        if event.widget is self.tries and self._run_first:
            self._run_first = False
        self._arrange()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self._arrange()

    # --- looking closely ---------------------------------------------------------------------------------------------

    def action_log(self) -> None:
        self.plot.rescale()

    def action_axis(self) -> None:
        """The next x axis of the tries."""
        self._axis = AXES[(AXES.index(self._axis) + 1) % len(AXES)]
        self.tries.anew()
        self._try()

    def action_inspect(self) -> None:
        self.plot.inspect()

    def action_open(self) -> None:
        """Open the experiment that a cursor is on."""
        found = self._under()
        if found is None:
            fix = f"{key_of('metrics.inspect')} puts a cursor on one"
            self.post_message(Answered("no experiment is under the cursor", ok=False, fix=fix))
        else:
            self.post_message(ExperimentOpened(found))

    def _under(self) -> str | None:
        """The experiment under the own cursor of the tries, else under the linked one; on the curve, the one shown."""
        if self.plot is self.curve:
            return self._live.id if self._live is not None else None
        place = self.tries.place
        return self._found.tries[place].id if place is not None else self._pointed

    def action_zoom_in(self) -> None:
        self.plot.zoom(STEP)

    def action_zoom_out(self) -> None:
        self.plot.zoom(1 / STEP)

    def action_left(self) -> None:
        self.plot.step(-1)

    def action_right(self) -> None:
        self.plot.step(1)

    def action_page_up(self) -> None:
        self.plot.pan(-PAGE)

    def action_page_down(self) -> None:
        self.plot.pan(PAGE)

    def action_top(self) -> None:
        self.plot.go(end=False)

    def action_bottom(self) -> None:
        self.plot.go(end=True)

    def action_down(self) -> None:
        """To the curve of the run."""
        if self._live is not None:
            self._run_first = True
            self._arrange()
            self.screen.set_focus(self.curve)

    def action_up(self) -> None:
        """To the plot of all tries."""
        self._run_first = False
        self._arrange()
        self.screen.set_focus(self.tries)

    # --- choosing series ---------------------------------------------------------------------------------------------

    def action_series(self) -> None:
        """Open the list of series, or close it."""
        if self.chooser.display:
            self.on_chooser_closed()
        elif self._live is not None:
            self.chooser.open(sorted(self._live.series), self._hidden, self._live.main)

    def on_selection_list_selected_changed(self, event: SelectionList.SelectedChanged[str]) -> None:
        """Draw what is chosen."""
        event.stop()
        offered = {event.selection_list.get_option_at_index(i).value for i in range(event.selection_list.option_count)}
        self._hidden = (self._hidden - offered) | (offered - set(event.selection_list.selected))
        self._arrange()

    def on_chooser_enlarged(self, event: Chooser.Enlarged) -> None:
        """Draw another series large."""
        event.stop()
        self._chosen = event.name
        self._run()
        self.on_chooser_closed()

    def on_chooser_closed(self) -> None:
        """The list was closed."""
        self.chooser.display = False
        self.screen.set_focus(self.curve if self._run_first else self.tries)
        self._arrange()


def style_of(name: str) -> str:
    """A series has the same colour in every run; the first two are the run's and the incumbent's."""
    return f"series-{3 + crc32(name.encode()) % 4}"
