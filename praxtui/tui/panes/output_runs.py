"""Which run's output is shown, and what is said of it. Pure, but for looking whether there is a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from praxtui.journal import packed
from praxtui.journal.shown import clock, plain
from praxtui.journal.state import Run, State
from praxtui.tui.sources.protocol import RunLog, Source

EVALUATION = "evaluate.log"


class Output(NamedTuple):
    """What may be shown: a run's own output, or that of its evaluation. `n` None: the experiment has no run yet."""

    experiment: str
    n: int | None
    evaluation: bool = False


def run_of(state: State, output: Output) -> Run | None:
    """The run that an output belongs to."""
    experiment = state.experiments.get(output.experiment)
    if experiment is None or output.n is None:
        return None
    return next((run for run in experiment.runs if run.n == output.n), None)


def current(state: State) -> Output | None:
    """The run that began last of those under way; where none is, the one that ended last."""
    live = [(run.asked, Output(id, run.n)) for id, run in _under_way(state)]
    if live:
        return max(live)[1]
    ended = [
        (run.ended or run.asked, experiment.number, Output(experiment.id, run.n))
        for experiment in state.experiments.values()
        for run in experiment.runs
    ]
    return max(ended)[2] if ended else None


def _under_way(state: State) -> list[tuple[str, Run]]:
    found = []
    for name in state.running:
        id, _, n = name.partition("/")
        run = run_of(state, Output(id, int(n) if n.isdigit() else None))
        if run is not None:
            found.append((id, run))
    return found


def neighbour(source: Source, output: Output | None, way: int) -> Output | None:
    """The output after (`way` > 0) or before one, in the order in which runs were asked for; None beyond the last."""
    runs = sorted(
        (run.asked, experiment.number, run.n, experiment.id)
        for experiment in source.state.experiments.values()
        for run in experiment.runs
    )
    outputs: list[Output] = []
    near = {i for i, (_, _, n, id) in enumerate(runs) if output is not None and (id, n) == output[:2]}
    for i, (_, _, n, id) in enumerate(runs):
        outputs.append(Output(id, n))
        # Only around here does anyone ask the disk.
        if near & {i - 1, i, i + 1} and evaluation(source, outputs[-1]) is not None:
            outputs.append(Output(id, n, True))
    if output is None or output not in outputs:
        return outputs[-1] if outputs and way < 0 else None
    at = outputs.index(output) + way
    return outputs[max(at, 0)] if at < len(outputs) else None


def log_of(source: Source, output: Output) -> RunLog | None:
    """Where an output stands; None where there is no file."""
    if output.n is None:
        return None
    if output.evaluation:
        return evaluation(source, output)
    return source.log(output.experiment, output.n)


def evaluation(source: Source, output: Output) -> RunLog | None:
    """The log of a run's evaluation, if that has printed something. As of a moment in the past there is none before
    the run is over: nobody wrote down how it grew."""
    run = run_of(source.state, output)
    log = source.log(output.experiment, output.n) if output.n is not None else None
    if run is None or log is None or (log.size is not None and not run.over):
        return None
    path = log.path.with_name(EVALUATION)
    try:
        return RunLog(path, growing=log.growing) if packed.size(path) else None
    except OSError:
        return None


def setup_log(folder: Path) -> RunLog | None:
    """The log of the leaf's setup that began last."""
    found = [(path.stat().st_mtime, path) for path in (folder / "runs" / "setup").glob("*/setup.log")]
    return RunLog(max(found)[1], growing=True) if found else None


# --- words -----------------------------------------------------------------------------------------------------------


class Standing(NamedTuple):
    """Where the view of a log stands: see LogWindow."""

    growing: bool
    following: bool
    unseen: int = 0
    line: int | None = None
    lines: int | None = None


def caption(what: str, run: Run | None, standing: Standing, follow: str) -> str:
    """What stands in the border: `e47 run 1, following`; `e45 run 1, ended 5:25, exit 0`. `follow`: the key."""
    said = [what]
    if run is not None and run.over:
        said.append(f"ended {clock(run.seconds)}")
        said.append(f"exit {run.exit}" if run.why == "exit" and run.exit is not None else plain(run.why or ""))
    elif standing.growing and standing.following:
        said.append("following")
    if not standing.following:
        if standing.growing:
            said.append("paused")
        if standing.unseen:
            said.append(f"{standing.unseen:,} new {'line' if standing.unseen == 1 else 'lines'}")
        if standing.growing:
            said.append(f"{follow} follows")
        if standing.line and standing.lines:
            said.append(f"line {standing.line:,} of {standing.lines:,}")
    return ", ".join(said)


def name_of(output: Output) -> str:
    """`e47 run 1`, `e47 run 1 evaluation`, `e47`."""
    if output.n is None:
        return output.experiment
    return f"{output.experiment} run {output.n}{' evaluation' if output.evaluation else ''}"


def empty(output: Output | None, run: Run | None, *, setup: bool, there: bool, previous: str) -> str:
    """What to say where nothing is to be seen. `there`: the file is; `previous`: the key of the run before."""
    if setup:
        return "The leaf's setup is running. What it prints will stand here."
    if output is None:
        return (
            "What a run prints will stand here, line by line as it comes.\n"
            "The first run is that of e0, the leaf as it is: it measures what is to be beaten."
        )
    what = name_of(output)
    if output.n is None:
        return f"{what} has not run yet. Its output will stand here; {previous} shows the run before."
    if run is not None and run.over:
        return f"{what} printed nothing." if there else f"The log of {what} is not in the record."
    return f"{what} has not printed anything yet. What it prints will stand here."
