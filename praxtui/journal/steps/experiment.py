"""What facts about experiments and their runs change in the state."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from praxtui.journal.facts import (
    Advanced,
    DraftApproved,
    DraftBegun,
    DraftCommitted,
    DraftDropped,
    DraftRefused,
    DraftVetoed,
    Fact,
    HypothesisStated,
    Judged,
    KillAsked,
    Reflected,
    RunEnded,
    RunStarted,
)
from praxtui.journal.state import Experiment, Run, State
from praxtui.journal.steps.step import Step

TURNAROUNDS_KEPT = 4000


def change(state: State, experiment: str, **fields: Any) -> None:
    found = state.experiments.get(experiment)
    if found is not None:
        state.experiments[experiment] = replace(found, **fields)


def _draft_begun(state: State, fact: DraftBegun, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        state.experiments[fact.experiment] = Experiment(
            fact.experiment, fact.epoch, fact.parent, fact.base, fact.by, at, stance=fact.stance
        )
    else:
        change(
            state, fact.experiment, epoch=fact.epoch, parent=fact.parent, base=fact.base, by=fact.by,
            stated=False, commit=None, carried=False, approved=False, refusals=(),
            stance=fact.stance,
        )  # fmt: skip


def _hypothesis(state: State, fact: HypothesisStated, at: float) -> None:
    change(
        state, fact.experiment, title=fact.title, mechanism=fact.mechanism, predicted=fact.predicted, by=fact.by,
        hints=tuple(fact.hints), detail=dict(fact.detail), stated=True,
    )  # fmt: skip
    for name in fact.hints:
        hint = state.hints.get(name)
        if hint is not None and fact.experiment not in hint.used_by:
            state.hints[name] = replace(hint, used_by=(*hint.used_by, fact.experiment))


def _refused(state: State, fact: DraftRefused, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is not None:
        change(state, fact.experiment, refusals=(*found.refusals, fact.reason))


def _committed(state: State, fact: DraftCommitted, at: float) -> None:
    change(
        state, fact.experiment, draft=fact.draft, commit=fact.commit, base=fact.base, parent=fact.parent,
        levers=tuple(fact.levers), files=dict(fact.files), diff=fact.diff, state_key=fact.state_key,
        lines=fact.lines, carried=fact.carried, change=fact.change or None,
    )  # fmt: skip


def _dropped(state: State, fact: DraftDropped, at: float) -> None:
    # It was never run, so its content counts as tried no more than its hints as taken up.
    change(state, fact.experiment, commit=None, state_key=None, change=None, stated=False, hints=(), reason=fact.reason)
    for name, hint in state.hints.items():
        if fact.experiment in hint.used_by:
            left = tuple(user for user in hint.used_by if user != fact.experiment)
            state.hints[name] = replace(hint, used_by=left)


def _approved(state: State, fact: DraftApproved, at: float) -> None:
    change(state, fact.experiment, approved=True)


def _run_started(state: State, fact: RunStarted, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        return
    run = Run(fact.n, fact.use, fact.seed, fact.epoch, fact.commit, at, fact.trial, fact.pair)
    kept = (r for r in found.runs if r.n != fact.n)
    change(state, fact.experiment, runs=(*kept, run))
    name = f"{fact.experiment}/{fact.n}"
    if name not in state.running:
        state.running.append(name)
    if state.first_run is None:
        state.first_run = at


def _run_ended(state: State, fact: RunEnded, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        return
    runs = tuple(
        replace(
            run, why=fact.why, exit=fact.exit, metric=fact.metric, started=fact.started, ended=fact.ended,
            seconds=fact.seconds, usd=fact.usd, gpu_seconds=fact.gpu_seconds, reason=fact.reason, broke=fact.broke,
            values=dict(fact.values),
        )
        if run.n == fact.n else run
        for run in found.runs
    )  # fmt: skip
    change(state, fact.experiment, runs=runs, usd=found.usd + fact.usd)
    name = f"{fact.experiment}/{fact.n}"
    state.running = [running for running in state.running if running != name]
    spent = state.spent
    state.spent = replace(
        spent,
        usd=spent.usd + fact.usd,
        run_seconds=spent.run_seconds + fact.seconds,
        gpu_seconds=spent.gpu_seconds + fact.gpu_seconds,
    )
    if state.free_since is not None and fact.started >= state.free_since:
        state.turnarounds.append(fact.started - state.free_since)
        del state.turnarounds[:-TURNAROUNDS_KEPT]
    state.free_since = None if state.paused else fact.ended


def _kill(state: State, fact: KillAsked, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is not None:
        runs = tuple(replace(run, killed=fact.by) if run.n == fact.n else run for run in found.runs)
        change(state, fact.experiment, runs=runs)


def _vetoed(state: State, fact: DraftVetoed, at: float) -> None:
    change(state, fact.experiment, vetoed=fact.reason)


def _judged(state: State, fact: Judged, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        return
    change(
        state, fact.experiment, verdict=fact.verdict, standing=fact.standing, delta=fact.delta,
        delta_sd=fact.delta_sd, confidence=fact.confidence, bar=fact.bar, flags=tuple(fact.flags),
        reason=fact.reason, judged=at, overruled=None,
    )  # fmt: skip
    if fact.verdict == "keep":
        state.head = fact.experiment


def _advanced(state: State, fact: Advanced, at: float) -> None:
    change(state, fact.experiment, branch_commit=fact.branch_commit)
    state.branch_head = fact.branch_commit


def _reflected(state: State, fact: Reflected, at: float) -> None:
    change(
        state,
        fact.experiment,
        reflected=fact.mechanism,
        revision=fact.revision,
        note=fact.note,
    )


STEPS: dict[type[Fact], Step] = {
    DraftBegun: _draft_begun,
    HypothesisStated: _hypothesis,
    DraftRefused: _refused,
    DraftCommitted: _committed,
    DraftDropped: _dropped,
    DraftApproved: _approved,
    RunStarted: _run_started,
    RunEnded: _run_ended,
    KillAsked: _kill,
    DraftVetoed: _vetoed,
    Judged: _judged,
    Advanced: _advanced,
    Reflected: _reflected,
}
