"""What fresh evidence changes in the state: noise, trials, standings, claims."""

from __future__ import annotations

from msgspec.structs import replace

from praxtui.journal.facts import (
    Claimed,
    Fact,
    NoiseMeasured,
    Restored,
    StandingChanged,
    TargetMet,
    TrialEnded,
    TrialStarted,
)
from praxtui.journal.state import Claim, State, Trial
from praxtui.journal.steps.experiment import change
from praxtui.journal.steps.step import Step


def _noise(state: State, fact: NoiseMeasured, at: float) -> None:
    state.epochs = [
        replace(epoch, noise_sd=fact.sd, noise_dof=fact.dof) if epoch.number == fact.epoch else epoch
        for epoch in state.epochs
    ]


def _trial_started(state: State, fact: TrialStarted, at: float) -> None:
    state.trials.append(
        Trial(
            fact.trial, fact.kind, state.epochs[-1].number if state.epochs else 0, fact.head, fact.base,
            tuple(fact.members), dict(fact.plan),
        )
    )  # fmt: skip


def _trial_ended(state: State, fact: TrialEnded, at: float) -> None:
    state.trials = [
        replace(
            trial, outcome=fact.outcome, pairs=fact.pairs, gain=fact.gain, low=fact.low, high=fact.high,
            reason=fact.reason,
        )
        if trial.number == fact.trial else trial
        for trial in state.trials
    ]  # fmt: skip


def _standing(state: State, fact: StandingChanged, at: float) -> None:
    for name in fact.experiments:
        found = state.experiments.get(name)
        # A keep that was confirmed by evidence of its own loses that only to a revocation.
        if found is not None and not (found.standing == "confirmed" and fact.standing != "revoked"):
            change(state, name, standing=fact.standing)


def _restored(state: State, fact: Restored, at: float) -> None:
    for name in fact.revoked:
        change(state, name, standing="revoked")
    state.head = fact.to
    state.branch_head = fact.branch_commit
    if state.trials and state.trials[-1].outcome == "failed":
        state.trials[-1] = replace(state.trials[-1], restored=True)


def _claimed(state: State, fact: Claimed, at: float) -> None:
    state.claim = Claim(fact.experiment, fact.best, fact.value, fact.low, fact.high)


def _target_met(state: State, fact: TargetMet, at: float) -> None:
    state.target_met = fact.experiment


STEPS: dict[type[Fact], Step] = {
    NoiseMeasured: _noise,
    TrialStarted: _trial_started,
    TrialEnded: _trial_ended,
    StandingChanged: _standing,
    Restored: _restored,
    Claimed: _claimed,
    TargetMet: _target_met,
}
