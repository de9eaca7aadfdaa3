"""`state = fold(state, event)`: the one way from the journal to everything else.

Pure from outside: the state that comes in is never changed. Inside, its containers are copied once a call, so that
folding many events at once costs little more than decoding them.
"""

from __future__ import annotations

import copy
import gc
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from praxtui.journal import events as ev
from praxtui.journal.events import Event, Fact
from praxtui.journal.state import (
    Claim,
    Epoch,
    Experiment,
    Hint,
    Run,
    Spending,
    State,
    Trial,
)

# Raise this with every change of meaning below: a snapshot made by another version of the fold is not used.
MEANING = 2
TURNAROUNDS_KEPT = 4000


def _layout() -> int:
    """A number that changes with the fields of the state, so that no snapshot of another shape is ever read."""
    shapes = (State, Experiment, Run, Epoch, Trial, Hint, Claim, Spending, ev.Budgets)
    return zlib.crc32(repr([(shape.__name__, shape.__struct_fields__) for shape in shapes]).encode())


FOLD_VERSION = MEANING << 32 | _layout()


def fold(state: State, event: Event) -> State:
    """The state after one more event."""
    return fold_all(state, (event,))


def fold_all(state: State, events: Iterable[Event]) -> State:
    """The state after these events; equal to folding them one by one."""
    after = _thaw(state)
    for event in events:
        _pass_time(after, event)
        step = _STEPS.get(type(event.fact))
        if step is not None:
            step(after, event.fact, event.at)
        after.seq = event.seq
    return after


def dump(state: State) -> bytes:
    """The state as bytes, for a snapshot."""
    return msgspec.msgpack.encode(state)


def load(data: bytes) -> State:
    """The state that `dump` was given."""
    # Thousands of small objects, none of them garbage: collecting while they are made doubles the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return msgspec.msgpack.decode(data, type=State)
    finally:
        if collecting:
            gc.enable()


def _thaw(state: State) -> State:
    after = copy.copy(state)
    after.epochs = list(state.epochs)
    after.experiments = dict(state.experiments)
    after.trials = list(state.trials)
    after.hints = dict(state.hints)
    after.running = list(state.running)
    after.turnarounds = list(state.turnarounds)
    return after


def _pass_time(state: State, event: Event) -> None:
    """Book the time since the last event: only what a live, unpaused engine lived through counts."""
    gap = event.at - state.clock
    if gap > 0 and state.engine_live and not isinstance(event.fact, ev.EngineStarted) and not state.ended:
        working = not state.paused or bool(state.running)
        if working:
            state.spent = replace(state.spent, seconds=state.spent.seconds + gap)
        if state.first_run is not None and not state.running and working:
            state.idle_seconds += gap
    state.clock = event.at
    state.at = max(state.at, event.at)


def _change(state: State, experiment: str, **fields: Any) -> None:
    found = state.experiments.get(experiment)
    if found is not None:
        state.experiments[experiment] = replace(found, **fields)


# --- the campaign and its engine -------------------------------------------------------------------------------------


def _created(state: State, fact: ev.CampaignCreated, at: float) -> None:
    state.id, state.leaf, state.leaf_name = fact.id, fact.leaf, fact.leaf_name
    state.researcher, state.models, state.seed = (
        fact.researcher,
        list(fact.models),
        fact.seed,
    )
    state.program, state.budgets, state.lookahead = (
        fact.program,
        fact.budgets,
        fact.lookahead,
    )
    state.autonomy, state.unsandboxed, state.after = (
        fact.autonomy,
        fact.unsandboxed,
        list(fact.after),
    )
    state.overrides = dict(fact.overrides)
    state.forked_from, state.start_commit = fact.forked_from, fact.start_commit
    state.created, state.praxtui = at, fact.praxtui


def _epoch(state: State, fact: ev.EpochOpened, at: float) -> None:
    state.epochs.append(
        Epoch(
            fact.epoch, fact.reason, fact.program, fact.base, fact.head, fact.goal, fact.metric, fact.metric_by,
            fact.deterministic, fact.target, fact.keep, fact.repeats, fact.holdout,
            fact.data, tuple(fact.uncommitted), at,
        )
    )  # fmt: skip
    if not state.experiments:
        state.experiments["e0"] = Experiment(
            "e0",
            fact.epoch,
            None,
            fact.base,
            "person",
            at,
            title="the unchanged leaf",
            stated=True,
            commit=fact.base,
        )
    state.program = fact.program
    state.head = fact.head
    state.claim = None
    state.target_met = None


def _engine_started(state: State, fact: ev.EngineStarted, at: float) -> None:
    state.engine_live, state.engine_pid, state.engine_since = True, fact.pid, at
    state.sandbox = fact.sandbox
    state.setup_running = False
    state.waiting = state.waiting_reason = None
    state.free_since = None
    # A stop holds until it was obeyed; an engine that is started again after that goes on.
    if state.ended:
        state.stop = None


def _engine_stopped(state: State, fact: ev.EngineStopped, at: float) -> None:
    state.engine_live = False
    state.waiting = state.waiting_reason = None


def _setup_started(state: State, fact: ev.SetupStarted, at: float) -> None:
    state.setup_running, state.setup_key = True, fact.key


def _setup_ended(state: State, fact: ev.SetupEnded, at: float) -> None:
    state.setup_running, state.setup_key, state.data = False, fact.key, fact.data


def _ended(state: State, fact: ev.CampaignEnded, at: float) -> None:
    state.ended, state.end_reason, state.exit_code = (
        fact.state,
        fact.reason,
        fact.exit_code,
    )
    state.waiting = state.waiting_reason = None
    state.stop = None
    state.paused = False


def _reopened(state: State, fact: ev.CampaignReopened, at: float) -> None:
    state.ended = state.end_reason = None
    state.exit_code = 0
    state.free_since = None


# --- experiments -----------------------------------------------------------------------------------------------------


def _draft_begun(state: State, fact: ev.DraftBegun, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        state.experiments[fact.experiment] = Experiment(
            fact.experiment, fact.epoch, fact.parent, fact.base, fact.by, at
        )
    else:
        _change(
            state, fact.experiment, epoch=fact.epoch, parent=fact.parent, base=fact.base, by=fact.by,
            stated=False, commit=None, carried=False, approved=False, refusals=(),
        )  # fmt: skip


def _hypothesis(state: State, fact: ev.HypothesisStated, at: float) -> None:
    _change(
        state, fact.experiment, title=fact.title, mechanism=fact.mechanism, predicted=fact.predicted, by=fact.by,
        hints=tuple(fact.hints), detail=dict(fact.detail), stated=True,
    )  # fmt: skip
    for name in fact.hints:
        hint = state.hints.get(name)
        if hint is not None and fact.experiment not in hint.used_by:
            state.hints[name] = replace(hint, used_by=(*hint.used_by, fact.experiment))


def _refused(state: State, fact: ev.DraftRefused, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is not None:
        _change(state, fact.experiment, refusals=(*found.refusals, fact.reason))


def _committed(state: State, fact: ev.DraftCommitted, at: float) -> None:
    _change(
        state, fact.experiment, draft=fact.draft, commit=fact.commit, base=fact.base, parent=fact.parent,
        levers=tuple(fact.levers), files=dict(fact.files), diff=fact.diff, state_key=fact.state_key,
        lines=fact.lines, carried=fact.carried,
    )  # fmt: skip


def _dropped(state: State, fact: ev.DraftDropped, at: float) -> None:
    # It was never run, so its content counts as tried no more than its hints as taken up.
    _change(state, fact.experiment, commit=None, state_key=None, stated=False, hints=(), reason=fact.reason)
    for name, hint in state.hints.items():
        if fact.experiment in hint.used_by:
            left = tuple(user for user in hint.used_by if user != fact.experiment)
            state.hints[name] = replace(hint, used_by=left)


def _approved(state: State, fact: ev.DraftApproved, at: float) -> None:
    _change(state, fact.experiment, approved=True)


def _run_started(state: State, fact: ev.RunStarted, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        return
    run = Run(fact.n, fact.use, fact.seed, fact.epoch, fact.commit, at, fact.trial, fact.pair)
    kept = (r for r in found.runs if r.n != fact.n)
    _change(state, fact.experiment, runs=(*kept, run))
    name = f"{fact.experiment}/{fact.n}"
    if name not in state.running:
        state.running.append(name)
    if state.first_run is None:
        state.first_run = at


def _run_ended(state: State, fact: ev.RunEnded, at: float) -> None:
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
    _change(state, fact.experiment, runs=runs, usd=found.usd + fact.usd)
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


def _kill(state: State, fact: ev.KillAsked, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is not None:
        runs = tuple(replace(run, killed=fact.by) if run.n == fact.n else run for run in found.runs)
        _change(state, fact.experiment, runs=runs)


def _vetoed(state: State, fact: ev.DraftVetoed, at: float) -> None:
    _change(state, fact.experiment, vetoed=fact.reason)


def _judged(state: State, fact: ev.Judged, at: float) -> None:
    found = state.experiments.get(fact.experiment)
    if found is None:
        return
    _change(
        state, fact.experiment, verdict=fact.verdict, standing=fact.standing, delta=fact.delta,
        delta_sd=fact.delta_sd, confidence=fact.confidence, bar=fact.bar, flags=tuple(fact.flags),
        reason=fact.reason, judged=at, overruled=None,
    )  # fmt: skip
    if fact.verdict == "keep":
        state.head = fact.experiment


def _advanced(state: State, fact: ev.Advanced, at: float) -> None:
    _change(state, fact.experiment, branch_commit=fact.branch_commit)
    state.branch_head = fact.branch_commit


def _reflected(state: State, fact: ev.Reflected, at: float) -> None:
    _change(
        state,
        fact.experiment,
        reflected=fact.mechanism,
        revision=fact.revision,
        note=fact.note,
    )


# --- evidence --------------------------------------------------------------------------------------------------------


def _noise(state: State, fact: ev.NoiseMeasured, at: float) -> None:
    state.epochs = [
        replace(epoch, noise_sd=fact.sd, noise_dof=fact.dof) if epoch.number == fact.epoch else epoch
        for epoch in state.epochs
    ]


def _trial_started(state: State, fact: ev.TrialStarted, at: float) -> None:
    state.trials.append(
        Trial(
            fact.trial, fact.kind, state.epochs[-1].number if state.epochs else 0, fact.head, fact.base,
            tuple(fact.members), dict(fact.plan),
        )
    )  # fmt: skip


def _trial_ended(state: State, fact: ev.TrialEnded, at: float) -> None:
    state.trials = [
        replace(
            trial, outcome=fact.outcome, pairs=fact.pairs, gain=fact.gain, low=fact.low, high=fact.high,
            reason=fact.reason,
        )
        if trial.number == fact.trial else trial
        for trial in state.trials
    ]  # fmt: skip


def _standing(state: State, fact: ev.StandingChanged, at: float) -> None:
    for name in fact.experiments:
        found = state.experiments.get(name)
        # A keep that was confirmed by evidence of its own loses that only to a revocation.
        if found is not None and not (found.standing == "confirmed" and fact.standing != "revoked"):
            _change(state, name, standing=fact.standing)


def _restored(state: State, fact: ev.Restored, at: float) -> None:
    for name in fact.revoked:
        _change(state, name, standing="revoked")
    state.head = fact.to
    state.branch_head = fact.branch_commit
    if state.trials and state.trials[-1].outcome == "failed":
        state.trials[-1] = replace(state.trials[-1], restored=True)


def _claimed(state: State, fact: ev.Claimed, at: float) -> None:
    state.claim = Claim(fact.experiment, fact.best, fact.value, fact.low, fact.high)


def _target_met(state: State, fact: ev.TargetMet, at: float) -> None:
    state.target_met = fact.experiment


# --- people ----------------------------------------------------------------------------------------------------------


def _command(state: State, fact: ev.CommandTaken, at: float) -> None:
    state.commands = max(state.commands, fact.command)


def _hint(state: State, fact: ev.HintGiven, at: float) -> None:
    state.hints[fact.hint] = Hint(fact.hint, fact.text, fact.by, at)


def _hint_withdrawn(state: State, fact: ev.HintWithdrawn, at: float) -> None:
    hint = state.hints.get(fact.hint)
    if hint is not None:
        state.hints[fact.hint] = replace(hint, withdrawn=True)


def _paused(state: State, fact: ev.Paused, at: float) -> None:
    state.paused = True
    state.free_since = None


def _resumed(state: State, fact: ev.Resumed, at: float) -> None:
    state.paused = False


def _stop(state: State, fact: ev.StopAsked, at: float) -> None:
    state.stop = "now" if fact.now or state.stop == "now" else "after"


def _budgets(state: State, fact: ev.BudgetsChanged, at: float) -> None:
    state.budgets = fact.budgets


def _autonomy(state: State, fact: ev.AutonomyChanged, at: float) -> None:
    state.autonomy = fact.autonomy


def _overruled(state: State, fact: ev.Overruled, at: float) -> None:
    _change(state, fact.experiment, overruled=fact.verdict, overruled_by=fact.by, overruled_at=at)


def _overrule_settled(state: State, fact: ev.OverruleSettled, at: float) -> None:
    _change(state, fact.experiment, overruled=None, reason=fact.outcome)


def _reviewed(state: State, fact: ev.FlagsReviewed, at: float) -> None:
    _change(state, fact.experiment, reviewed=True)


def _waiting(state: State, fact: ev.WaitingBegan, at: float) -> None:
    state.waiting, state.waiting_reason = fact.cause, fact.reason
    state.free_since = None


def _waited(state: State, fact: ev.WaitingEnded, at: float) -> None:
    state.waiting = state.waiting_reason = None


def _spent(state: State, fact: ev.Spent, at: float) -> None:
    spent: Spending = state.spent
    state.spent = replace(spent, usd=spent.usd + fact.usd, tokens=spent.tokens + fact.tokens)
    found = state.experiments.get(fact.experiment or "")
    if found is not None:
        _change(state, found.id, usd=found.usd + fact.usd, tokens=found.tokens + fact.tokens)


def _program(state: State, fact: ev.ProgramChanged, at: float) -> None:
    state.program = fact.program
    if fact.keep is not None and state.epochs:
        state.epochs[-1] = replace(state.epochs[-1], target=fact.target, keep=fact.keep)


_STEPS: dict[type[Fact], Callable[[State, Any, float], None]] = {
    ev.CampaignCreated: _created,
    ev.EpochOpened: _epoch,
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: _engine_stopped,
    ev.SetupStarted: _setup_started,
    ev.SetupEnded: _setup_ended,
    ev.CampaignEnded: _ended,
    ev.CampaignReopened: _reopened,
    ev.DraftBegun: _draft_begun,
    ev.HypothesisStated: _hypothesis,
    ev.DraftRefused: _refused,
    ev.DraftCommitted: _committed,
    ev.DraftDropped: _dropped,
    ev.DraftApproved: _approved,
    ev.RunStarted: _run_started,
    ev.RunEnded: _run_ended,
    ev.KillAsked: _kill,
    ev.DraftVetoed: _vetoed,
    ev.Judged: _judged,
    ev.Advanced: _advanced,
    ev.Reflected: _reflected,
    ev.NoiseMeasured: _noise,
    ev.TrialStarted: _trial_started,
    ev.TrialEnded: _trial_ended,
    ev.StandingChanged: _standing,
    ev.Restored: _restored,
    ev.Claimed: _claimed,
    ev.TargetMet: _target_met,
    ev.CommandTaken: _command,
    ev.HintGiven: _hint,
    ev.HintWithdrawn: _hint_withdrawn,
    ev.Paused: _paused,
    ev.Resumed: _resumed,
    ev.StopAsked: _stop,
    ev.BudgetsChanged: _budgets,
    ev.AutonomyChanged: _autonomy,
    ev.Overruled: _overruled,
    ev.OverruleSettled: _overrule_settled,
    ev.FlagsReviewed: _reviewed,
    ev.WaitingBegan: _waiting,
    ev.WaitingEnded: _waited,
    ev.Spent: _spent,
    ev.ProgramChanged: _program,
}
