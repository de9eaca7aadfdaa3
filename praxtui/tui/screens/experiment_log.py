"""The output of an experiment's runs, one of them at a time, and of their evaluations."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from praxtui.journal.state import Experiment
from praxtui.tui.keymap import key_of
from praxtui.tui.panes.output_runs import Output, Standing, caption, evaluation, log_of, name_of, run_of
from praxtui.tui.sources.protocol import Source
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Plain
from praxtui.tui.widgets.lines import Fixed
from praxtui.tui.widgets.log_reader import LogReader


def outputs(source: Source, e: Experiment) -> list[Output]:
    """Everything that runs of an experiment and their evaluations printed, in the order in which they began."""
    found: list[Output] = []
    for run in e.runs:
        found.append(Output(e.id, run.n))
        if evaluation(source, found[-1]) is not None:
            found.append(Output(e.id, run.n, True))
    return found


class ExperimentLog(Vertical):
    """Begins with the newest run; which one is shown, and of how many, stands above it."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.which = Fixed()
        self.reader = LogReader()
        self._asked: Output | None = None  # None: the newest, whichever that is

    def compose(self) -> ComposeResult:
        yield self.which
        yield self.reader

    def show(self, source: Source, e: Experiment | None) -> None:
        """Show an experiment's log; of another one than before, the newest run's."""
        if e is None or (self._asked is not None and self._asked.experiment != e.id):
            self._asked = None
        there = outputs(source, e) if e is not None else []
        if e is None or not there:
            ran = e is not None and e.verdict
            empty = "It has no log: it has not run." if ran else "What it prints will stand here, once it runs."
            self.reader.view.say_empty(empty)
            self.reader.show(None)
            self.which.say(Plain())
            return
        output = self._asked if self._asked in there else self.newest(there)
        run, log = run_of(source.state, output), log_of(source, output)
        view = self.reader.view
        if log is None:
            view.say_empty(f"The log of {name_of(output)} is not in the record.")
            self.reader.show(None)
        else:
            self.reader.show(log.path, log.size, log.growing)
        said = caption(name_of(output), run, Standing(log is not None and log.growing, True), "")
        use = f", {run.use}" if run is not None and run.use != "select" else ""
        keys = f"{key_of('experiment.previous_run')} {key_of('experiment.next_run')}"
        more = f"   {there.index(output) + 1} of {len(there)}: {keys}"
        self.which.say(Plain([(Piece(f"{said}{use}{more if len(there) > 1 else ''}", "weak"),)]))

    def step(self, source: Source, e: Experiment, by: int) -> None:
        """To the output after (`by` 1) or before (-1); beyond the ends it stays."""
        there = outputs(source, e)
        if not there:
            return
        output = self._asked if self._asked in there else self.newest(there)
        self._asked = there[max(0, min(len(there) - 1, there.index(output) + by))]
        self.show(source, e)

    @staticmethod
    def newest(there: list[Output]) -> Output:
        """The run that began last, without its evaluation."""
        return next(output for output in reversed(there) if not output.evaluation)
