"""The ledger: one row an experiment, as `ledger --json` gives it. The keys are contracts."""

from __future__ import annotations

import statistics
from typing import Any

from praxtui.journal.state import Experiment, Run, State


def rows(state: State) -> list[dict[str, Any]]:
    """All rows, `e0` first."""
    return [row(state, experiment) for experiment in state.experiments.values()]


def row(state: State, experiment: Experiment) -> dict[str, Any]:
    """One row. `metric` is the mean of the experiment's own runs of its epoch, None before there is one.

    `usd` is None where some of its tokens have no known price: what it cost is then unknown, not what is known of it.
    """
    e = experiment
    return {
        "id": e.id,
        "hypothesis": e.title,
        "mechanism": e.mechanism,
        "predicted": e.predicted,
        "levers": list(e.levers),
        "epoch": e.epoch,
        "verdict": e.verdict,
        "standing": e.standing,
        "confidence": e.confidence,
        "flags": list(e.flags),
        "reason": e.reason,
        "metric": mean_metric(e),
        "delta": e.delta,
        "delta_sd": e.delta_sd,
        "runs": [_run(run) for run in e.runs],
        "commit": e.commit,
        "branch_commit": e.branch_commit,
        "parent": e.parent,
        "reflection": {"mechanism": e.reflected, "revision": e.revision} if e.reflected else None,
        "usd": None if e.unpriced else round(e.usd, 6),
        "tokens": e.tokens,
        "gpu_seconds": round(sum(run.gpu_seconds for run in e.runs), 3),
        "hints": list(e.hints),
        "by": e.by,
    }


def mean_metric(experiment: Experiment) -> float | None:
    """Mean over the experiment's measured runs in the epoch that it was drafted in."""
    found = [run.metric for run in experiment.measured(epoch=experiment.epoch) if run.metric is not None]
    return statistics.fmean(found) if found else None


def _run(run: Run) -> dict[str, Any]:
    return {
        "n": run.n,
        "use": run.use,
        "seed": run.seed,
        "metric": run.metric,
        "exit": run.exit,
        "why": run.why,
        "seconds": round(run.seconds, 3),
        "started": run.started,
        "ended": run.ended,
    }
