"""A specification as a small table for people: what it says, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from praxtui.program.spec import Program, seconds
from praxtui.program.unavailable import unavailable

Row = tuple[str, str, str]
"""A label, the value, and what it means; the meaning is empty where the value says it all."""

_WIDEST = 34
"""Characters of the value column beyond which a value pushes its meaning aside instead of widening the column."""


def explain(program: Program) -> str:
    """`program` as aligned lines, no newline at the end: the essentials always, other keys where not the default."""
    blocks = [list(rows(program)) for rows in (_metric, _levers, _loop, _walls, _later)]
    everything = [row for block in blocks for row in block]
    label = max(len(row[0]) for row in everything)
    value = max((len(row[1]) for row in everything if row[2] and len(row[1]) <= _WIDEST), default=0)
    tables = ["\n".join(f"{a:<{label}}  {b:<{value}}  {c}".rstrip() for a, b, c in block) for block in blocks if block]
    return "\n\n".join(tables)


def _metric(program: Program) -> Iterator[Row]:
    metric = program.metric
    by = (
        "measured by the sealed evaluator"
        if program.metric_by == "evaluator"
        else "reported by the lever: no evaluator"
    )
    yield "metric", f"{metric.name}, {'higher' if program.sign > 0 else 'lower'} is better", by
    if metric.target is not None:
        yield "target", f"{metric.target:.10g}", "the campaign ends when this is confirmed"
    if metric.bound is not None:
        yield "bound", f"{metric.bound:.10g}", "anything better is flagged as implausible"
    if metric.deterministic:
        yield "noise", "none", "deterministic: one run decides, no audits"
    if metric.holdout:
        yield "holdout", metric.holdout, "measured at audits only, hidden from the researcher"
    if metric.curve:
        stop = {"auto": "drawn live, and judged early", "shadow": "drawn live, judged in shadow", "off": "drawn live"}
        yield "curve", metric.curve, stop[program.early_stop]
    if metric.also:
        yield "also", ", ".join(metric.also), ""


def _levers(program: Program) -> Iterator[Row]:
    levers = program.levers
    yield "levers", ", ".join(levers.edit), "every other file is sealed"
    if levers.new:
        yield "new", ", ".join(levers.new), "files that the researcher may create"
    for number, (name, space) in enumerate(levers.space.items()):
        yield "" if number else "space", name, str(space)


def _loop(program: Program) -> Iterator[Row]:
    loop = program.loop
    if loop.setup:
        yield "setup", loop.setup, "once per content"
    if loop.data:
        yield "data", ", ".join(loop.data), "untracked, runs may read it"
    if loop.check:
        yield "check", loop.check, "dry run of every draft"
    yield "run", loop.run, f"{seconds(loop.budget)} of training"
    if loop.evaluate:
        yield "evaluate", loop.evaluate, f"sealed; reads {', '.join(loop.artifacts) or 'no artifacts'}"
    yield "timeout", seconds(loop.timeout), "run and evaluation are ended then"
    if loop.requires:
        yield "requires", ", ".join(loop.requires), ""
    if loop.python != "auto":
        yield "python", loop.python, ""
    if loop.gpus != "auto":
        yield "gpus", str(loop.gpus), "per run"
    if loop.lookahead == 0:
        yield "lookahead", "0", "nothing is drafted while an experiment runs"


def _walls(program: Program) -> Iterator[Row]:
    walls = program.constraints
    budgets = [
        "" if walls.experiments is None else f"{walls.experiments} experiments",
        "" if walls.hours is None else seconds(walls.hours * 3600),
        "" if walls.usd is None else f"{walls.usd:g} USD",
        "" if walls.tokens is None else f"{walls.tokens:,} tokens",
    ]
    yield "walls", ", ".join(filter(None, budgets)) or "none: it runs until it is stopped", ""
    for name, limit in walls.limits.items():
        yield "", f"{name} {limit}", ""
    network = {"none": "no network", "setup": "network for the setup only", "run": "network open"}
    yield "", network[walls.network], ""
    if walls.secrets:
        yield "secrets", ", ".join(walls.secrets), "the run sees these variables"
    keep = (
        "nothing is kept before it is confirmed" if walls.keep == "strict" else "kept at once, audited every few keeps"
    )
    yield "keep", walls.keep, "any strict improvement is confirmed" if program.metric.deterministic else keep
    if not program.metric.deterministic:
        yield "repeats", str(walls.repeats), "baseline runs that measure the noise"
    if walls.gpu_usd_per_hour is not None:
        yield "gpu", f"{walls.gpu_usd_per_hour:g} USD an hour", ""


def _later(program: Program) -> Iterator[Row]:
    for lack in unavailable(program):
        yield "notice" if not lack.hard else "stops", lack.message, ""
