"""The judge's book of the current epoch, read off the state."""

from __future__ import annotations

from collections import Counter
from typing import Literal, cast

import msgspec

from praxtui.engine.judge.book import Book, Kind, Member, Rules, Test
from praxtui.engine.judge.sequential import Plan, Verdict
from praxtui.journal.state import Epoch, Experiment, Run, State, Trial

# A run that a person or a fault ended says nothing about the experiment; it is made again.
NO_EVIDENCE = frozenset({"stopped", "lost", "not started"})
# A run can end its shim, and so every look at it that it does not like: what is lost this often is not made again.
LOST_TRIES = 3


def book_of(state: State) -> Book:
    """Everything the judge needs of the current epoch, in signed values. Raises ValueError before the first epoch."""
    epoch = state.epoch
    if epoch is None:
        raise ValueError("no epoch is open")
    sign = epoch.sign
    start = state.experiments[epoch.head]
    baseline = sorted(start.measured("baseline", epoch=epoch.number), key=lambda run: run.seed)
    rules = Rules(
        strict=epoch.keep == "strict",
        deterministic=epoch.deterministic,
        holdout=epoch.holdout is not None,
        target=None if epoch.target is None else sign * epoch.target,
        trusted=epoch.metric_by == "evaluator" and state.autonomy == "auto",
    )
    return Book(
        rules,
        tuple(sign * value(run) for run in baseline),
        start.id,
        tuple(_member(experiment, sign) for experiment in branch(state)),
        tuple(_test(state, epoch, trial) for trial in state.trials if trial.epoch == epoch.number),
        _carried(state, epoch),
        candidates=sum(1 for e in state.children() if e.epoch == epoch.number and e.measured("select", "repair")),
    )


def branch(state: State) -> list[Experiment]:
    """The keeps of this epoch that stand, oldest first: the chain of parents from the head."""
    epoch = state.epoch
    chain: list[Experiment] = []
    name = state.head
    while epoch is not None and name is not None and name != epoch.head:
        found = state.experiments[name]
        if found.verdict == "keep" and found.standing != "revoked":
            chain.append(found)
        name = found.parent
    return chain[::-1]


def value(run: Run) -> float:
    """The metric of a measured run."""
    if run.metric is None:
        raise ValueError("the run has no metric")
    return run.metric


def _member(experiment: Experiment, sign: int) -> Member:
    standing = cast(Literal["provisional", "supported", "confirmed"], experiment.standing or "provisional")
    bar = experiment.bar if experiment.bar is not None else 0.0
    flagged = bool(experiment.flags) and not experiment.reviewed
    return Member(experiment.id, sign * bar, experiment.delta or 0.0, standing, flagged)


def pair_runs(state: State, trial: Trial, experiment: str) -> dict[int, Run]:
    """The latest run that counts of each pair of a trial, for one of its two experiments.

    A run that is lost for the third time counts: as one without a metric, which is how a crash counts.
    """
    counted: dict[int, Run] = {}
    lost: Counter[int] = Counter()
    for run in state.experiments[experiment].runs:
        if run.trial != trial.number or run.pair is None or not run.over:
            continue
        lost[run.pair] += run.why == "lost"
        if run.why not in NO_EVIDENCE or (run.why == "lost" and lost[run.pair] >= LOST_TRIES):
            counted[run.pair] = run
    return counted


def _test(state: State, epoch: Epoch, trial: Trial) -> Test:
    sign, heads, bases = epoch.sign, pair_runs(state, trial, trial.head), pair_runs(state, trial, trial.base)
    both = sorted(set(heads) & set(bases))
    whole = [n for n in both if heads[n].metric is not None and bases[n].metric is not None]
    shown = [
        n for n in whole if epoch.holdout and epoch.holdout in heads[n].values and epoch.holdout in bases[n].values
    ]
    return Test(
        cast(Kind, trial.kind),
        trial.head,
        trial.base,
        trial.members,
        tuple(sign * value(heads[n]) for n in whole),
        tuple(sign * value(bases[n]) for n in whole),
        tuple(sign * heads[n].values[epoch.holdout or ""] for n in shown),
        tuple(sign * bases[n].values[epoch.holdout or ""] for n in shown),
        sum(1 for n in both if heads[n].metric is None),
        sum(1 for n in both if bases[n].metric is None),
        cast("Verdict | None", trial.outcome),
        msgspec.convert(trial.plan, Plan) if trial.plan else None,
    )


def _carried(state: State, epoch: Epoch) -> int:
    """Audits of earlier epochs that did not hold since the last that did: they spent part of the level."""
    count = 0
    for trial in state.trials:
        if trial.epoch < epoch.number and trial.kind == "audit" and trial.outcome:
            count = 0 if trial.outcome == "held" else count + 1
    return count
