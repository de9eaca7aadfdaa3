"""What runs print: the one under way as it comes, or any other."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from praxtui.tui.actions import bindings
from praxtui.tui.keymap import key_of
from praxtui.tui.panes.output_runs import (
    Output,
    Standing,
    caption,
    current,
    empty,
    evaluation,
    log_of,
    name_of,
    neighbour,
    run_of,
    setup_log,
)
from praxtui.tui.panes.pane import Pane, styles
from praxtui.tui.sources.protocol import Change, RunLog, Source
from praxtui.tui.widgets.log_reader import LogReader
from praxtui.tui.widgets.log_view import LogView
from praxtui.tui.widgets.log_window import LogWindow


class OutputPane(Pane):
    """The output of the run under way, else of the last one, until another one is chosen."""

    NAME = "output"
    ABOUT = """What a run prints, as it comes. Moving up stops it, and new lines are counted until you follow again.
A search takes words or a regular expression; case counts only where there is a capital letter in it. At the end of the
log it looks for the newest, elsewhere for what comes next.

Colours are those the program asked for, as far as they can be read here; nothing else that it tells a terminal is done.
A progress bar that rewrites its line is one line.
"""
    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("output", "next_run", "previous_run", "left", "right")]

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        self.reader = LogReader()
        self._source: Source | None = None
        self._chosen: Output | None = None
        self._current: Output | None = None

    def compose(self) -> ComposeResult:
        yield self.reader

    @property
    def scrolled(self) -> LogView:
        """The widget that the scroll keys move."""
        return self.reader.view

    # --- what it shows -----------------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Show the log as it is at the source's moment."""
        if source is not self._source or change.anew or change.events:
            self._current = current(source.state)
        self._source = source
        self._bring()

    def choose(self, experiment: str | None, n: int | None = None) -> None:
        """Show a run of an experiment, its last one if none is named; None: whatever runs now."""
        self._chosen = None if experiment is None else Output(experiment, n)
        self._bring()

    def _output(self, source: Source) -> Output | None:
        """What is to be shown now."""
        if self._chosen is None:
            found = self._current
            run = None if found is None else run_of(source.state, found)
            if found is None or run is None or run.over or evaluation(source, found) is None:
                return found
            return found._replace(evaluation=True)
        if self._chosen.n is None:
            experiment = source.state.experiments.get(self._chosen.experiment)
            if experiment is not None and experiment.runs:
                return Output(experiment.id, experiment.runs[-1].n)
        return self._chosen

    def _bring(self) -> None:
        source = self._source
        if source is None:
            return
        output = self._output(source)
        # A replay knows what the setup printed, but not when.
        setup = self._chosen is None and source.state.setup_running and source.engine is not None
        log: RunLog | None
        if setup:
            log, run, what = setup_log(source.folder), None, "setup"
        elif output is not None:
            log, run, what = log_of(source, output), run_of(source.state, output), name_of(output)
        else:
            log, run, what = None, None, ""
        previous = key_of("output.previous_run")
        self.reader.view.say_empty(empty(output, run, setup=setup, there=log is not None, previous=previous))
        if log is None:
            self.reader.show(None)
        else:
            self.reader.show(log.path, log.size, log.growing)
        view = self.reader.view
        standing = Standing(log is not None and log.growing, view.following, view.unseen, view.number, view.count)
        said = caption(what, run, standing, key_of("output.follow")) if what else ""
        if said != self.said:
            self.say(said)

    def on_log_window_told(self, message: LogWindow.Told) -> None:
        message.stop()
        self._bring()

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_next_run(self) -> None:
        self._turn(1)

    def action_previous_run(self) -> None:
        self._turn(-1)

    def _turn(self, way: int) -> None:
        if self._source is not None:
            now = self._output(self._source)
            self._chosen = neighbour(self._source, now, way)
            self._bring()

    def action_left(self) -> None:
        self.reader.view.sideways(-1)

    def action_right(self) -> None:
        self.reader.view.sideways(1)
