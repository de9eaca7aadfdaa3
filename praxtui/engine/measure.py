"""What a run that has ended says: its metric, or the reason why it has none, and whether it broke a rule."""

from __future__ import annotations

import logging
import math
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from praxtui.journal.facts import RunEnded
from praxtui.journal.logs import tail
from praxtui.journal.state import Run
from praxtui.masking import blot_file
from praxtui.program.spec import Program, seconds
from praxtui.runs import output
from praxtui.runs.spec import Exit

log = logging.getLogger(__name__)

RUN_LOG = "run.log"
EVALUATE_LOG = "evaluate.log"
LAST_LINE = 200


def ended(
    program: Program, experiment: str, run: Run, folder: Path, exit: Exit, broke: str | None, gpus: int
) -> RunEnded:
    """The fact that closes a run, from its exit record and logs. The metric is None where `reason` says why."""
    values = read_values(program, folder)
    metric, reason = _metric(program, folder, exit, values)
    gpu_seconds = gpus * exit.seconds
    price = program.constraints.gpu_usd_per_hour or 0.0
    usd = max(0.0, values.get("usd", 0.0)) + gpu_seconds / 3600 * price
    return RunEnded(
        experiment=experiment,
        n=run.n,
        why=exit.why,
        exit=exit.stages[-1].rc if exit.stages else None,
        seconds=exit.seconds,
        started=exit.started,
        ended=exit.ended,
        metric=None if broke else metric,
        values={name: value for name, value in values.items() if math.isfinite(value)},
        reason=broke or reason,
        broke=broke,
        usd=usd if math.isfinite(usd) else 0.0,
        gpu_seconds=gpu_seconds,
        log_bytes=sum(stage.log_bytes for stage in exit.stages),
        dropped=sum(stage.dropped for stage in exit.stages),
    )


def read_values(program: Program, folder: Path) -> dict[str, float]:
    """The summary values of a run. Metric and hold-out come from the evaluator's output alone where there is one."""
    sealed = {program.metric.name, *([program.metric.holdout] if program.metric.holdout else [])}
    open_names = {*program.metric.also, *program.constraints.limits, "usd"} - sealed
    values = output.summary(folder / RUN_LOG, open_names if program.loop.evaluate else open_names | sealed)
    if program.loop.evaluate:
        values |= output.summary(folder / EVALUATE_LOG, open_names | sealed)
    return values


def _metric(program: Program, folder: Path, exit: Exit, values: dict[str, float]) -> tuple[float | None, str | None]:
    failure = _failure(program, folder, exit)
    if failure is not None:
        return None, failure
    name = program.metric.name
    value = values.get(name)
    if value is None:
        by, log = ("evaluator", EVALUATE_LOG) if program.loop.evaluate else ("run", RUN_LOG)
        last = last_line(folder / log)
        return None, f"the {by} never printed `{name}: VALUE`" + (f"; its last line: {last}" if last else "")
    if not math.isfinite(value):
        return None, f"{name} is {value}"
    return value, None


def _failure(program: Program, folder: Path, exit: Exit) -> str | None:
    """Why a run gave no result, in one line; None when every stage ended well."""
    if exit.why == "timeout":
        return f"timeout: not done after {seconds(program.loop.timeout)}"
    if exit.why != "exit":
        return f"{exit.why}: {exit.message}" if exit.message else exit.why
    for stage in exit.stages:
        if stage.rc:
            how = f"exit {stage.rc}" if stage.rc > 0 else f"signal {-stage.rc}"
            last = last_line(folder / (EVALUATE_LOG if stage.name == "evaluate" else RUN_LOG))
            return f"{stage.name}: {how}" + (f": {last}" if last else "")
    return None


def blot_logs(folder: Path, names: Sequence[str] = (RUN_LOG, EVALUATE_LOG)) -> None:
    """Take every secret that a run printed out of its logs, which keep their lengths. The run must be over."""
    for name in names:
        try:
            fd = os.open(folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue  # there is none, or what a run has put in its place
        try:
            found = os.fstat(fd)
            # A file with a second name is no log of ours, and may be anything.
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and blot_file(fd):
                log.warning("%s held secrets; they are blotted out", folder / name)
        except OSError as error:
            log.warning("%s could not be looked through for secrets: %s", folder / name, error)
        finally:
            os.close(fd)


def last_line(path: Path) -> str:
    """The last line of a log that says something, made safe to show, at most 200 characters."""
    for line in reversed(last_lines(path, 20)):
        if line.strip():
            text = line.strip()
            return text if len(text) <= LAST_LINE else text[: LAST_LINE - 1] + "…"
    return ""


def limit_broken(program: Program, run: Run, start: Run | None = None) -> str | None:
    """Which limit of the program a measured run broke, or None. `start`: a baseline run of the epoch.

    A value that the baseline printed and this run did not is a broken limit too: silence must not pass one.
    """
    for name, limit in program.constraints.limits.items():
        value = run.values.get(name)
        if value is None and start is not None and name in start.values:
            return f"limit: {name} was not printed, must be {limit}"
        if value is not None and not limit.holds(value):
            return f"limit: {name} {value:g}, must be {limit}"
    return None


def last_lines(path: Path, lines: int) -> list[str]:
    """The last lines of a log; none where the run never got as far as to have one."""
    try:
        return tail(path, lines)
    except OSError:
        return []
