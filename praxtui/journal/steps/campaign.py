"""What facts about the campaign and its engine change in the state."""

from __future__ import annotations

from praxtui.journal.facts import (
    CampaignCreated,
    CampaignEnded,
    CampaignReopened,
    EngineStarted,
    EngineStopped,
    EpochOpened,
    Fact,
    SandboxProbed,
    SetupEnded,
    SetupStarted,
)
from praxtui.journal.state import Epoch, Experiment, State
from praxtui.journal.steps.step import Step


def _created(state: State, fact: CampaignCreated, at: float) -> None:
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


def _epoch(state: State, fact: EpochOpened, at: float) -> None:
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


def _engine_started(state: State, fact: EngineStarted, at: float) -> None:
    state.engine_live, state.engine_pid, state.engine_since = True, fact.pid, at
    state.sandbox = fact.sandbox
    state.setup_running = False
    _nothing_waited_for(state)
    state.free_since = None
    # A stop holds until it was obeyed; an engine that is started again after that goes on.
    if state.ended:
        state.stop = None


def _nothing_waited_for(state: State) -> None:
    state.waits, state.waits_since = {}, {}
    state.waiting = state.waiting_reason = None


def _sandbox(state: State, fact: SandboxProbed, at: float) -> None:
    state.sandbox, state.sandbox_findings = fact.rung, dict(fact.findings)


def _engine_stopped(state: State, fact: EngineStopped, at: float) -> None:
    state.engine_live = False
    _nothing_waited_for(state)


def _setup_started(state: State, fact: SetupStarted, at: float) -> None:
    state.setup_running, state.setup_key = True, fact.key


def _setup_ended(state: State, fact: SetupEnded, at: float) -> None:
    state.setup_running, state.setup_key, state.data = False, fact.key, fact.data


def _ended(state: State, fact: CampaignEnded, at: float) -> None:
    state.ended, state.end_reason, state.exit_code = (
        fact.state,
        fact.reason,
        fact.exit_code,
    )
    _nothing_waited_for(state)
    state.ended_at = at
    state.stop = None
    state.paused, state.paused_since = False, None


def _reopened(state: State, fact: CampaignReopened, at: float) -> None:
    state.ended = state.end_reason = state.ended_at = None
    state.exit_code = 0
    state.free_since = None


STEPS: dict[type[Fact], Step] = {
    CampaignCreated: _created,
    EpochOpened: _epoch,
    EngineStarted: _engine_started,
    SandboxProbed: _sandbox,
    EngineStopped: _engine_stopped,
    SetupStarted: _setup_started,
    SetupEnded: _setup_ended,
    CampaignEnded: _ended,
    CampaignReopened: _reopened,
}
