"""What the researcher is told: one immutable brief, built from the record and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from praxtui.engine.book import branch
from praxtui.journal.ledger import mean_metric
from praxtui.journal.state import Experiment, State
from praxtui.journal.status import baseline_value
from praxtui.program.spec import Program
from praxtui.research.protocol import Brief, Hint, Incumbent, Outcome, Researcher, Tried


def tried(experiment: Experiment, campaign: str | None = None) -> Tried:
    """One experiment as a researcher may know it. Hold-out values and audits' seeds are not part of it."""
    e = experiment
    return Tried(
        id=e.id,
        campaign=campaign,
        epoch=e.epoch,
        by=e.by,
        title=e.title,
        mechanism=e.mechanism,
        verdict=e.verdict,
        standing=e.standing,
        metric=mean_metric(e),
        delta=e.delta,
        delta_sd=e.delta_sd,
        reason=e.reason,
        detail=dict(e.detail),
        state_key=e.state_key,
        flags=e.flags,
        parent=e.parent,
        predicted=e.predicted,
        change=e.change,
        levers=e.levers,
        hints=e.hints,
        reflected=e.reflected,
        revision=e.revision,
        note=e.note,
        person=_person(e),
        stance=e.stance,
        lines=e.lines,
        seconds=sum(run.seconds for run in e.runs),
        usd=e.usd,
    )


def _person(e: Experiment) -> str:
    """What a person did to an experiment, in words; empty where nobody did anything."""
    if e.vetoed:
        return f"the person {e.vetoed}" if e.vetoed.startswith("vetoed") else f"vetoed by the person: {e.vetoed}"
    if e.overruled_by and e.overruled is None:
        return f"the person overruled the verdict: {e.reason or e.verdict}"
    return "the person stopped its run" if any(run.killed for run in e.runs) else ""


def stance(state: State, researcher: Researcher) -> str:
    """What the researcher shall turn to after a dry spell; empty outside one, and for a researcher without stances."""
    choose = getattr(researcher, "stance", None)
    if choose is None:
        return ""
    epoch = state.epoch.number if state.epoch else 0
    judged = (e for e in state.children() if e.epoch == epoch and e.verdict not in (None, "void"))
    return str(choose(tuple(tried(e) for e in judged)))


def earlier_tried(states: Iterable[State]) -> tuple[Tried, ...]:
    """The judged experiments of earlier campaigns of the leaf, oldest campaign first."""
    return tuple(tried(e, state.id) for state in states for e in state.children() if e.verdict is not None)


def tried_keys(state: State, earlier: Iterable[Tried], start_key: str | None) -> frozenset[str]:
    """Lever contents that would be a repetition: all of this epoch (the start included) and of earlier campaigns.

    An experiment that a person or a fault ended was not tried.
    """
    epoch = state.epoch.number if state.epoch else 0
    keys = {e.state_key for e in state.children() if e.epoch == epoch and e.verdict != "void"}
    keys |= {t.state_key for t in earlier if t.verdict != "void"}
    keys.add(start_key)
    return frozenset(key for key in keys if key)


def brief(
    state: State,
    program: Program,
    experiment: str,
    levers: Mapping[str, str],
    earlier: tuple[Tried, ...],
    start_key: str | None,
    program_edits: tuple[str, ...] = (),
) -> Brief:
    """The brief for drafting (or mending, or reflecting on) `experiment`.

    `levers`: the incumbent's, path to text; `program_edits`: diffs of the person's edits of program.md.
    """
    head = state.experiments[state.head or "e0"]
    own = state.experiments.get(experiment)
    others = [e for e in state.children() if e.id != experiment]
    return Brief(
        campaign=state.id,
        experiment=experiment,
        epoch=state.epoch.number if state.epoch else 0,
        seed=state.seed,
        program=program,
        incumbent=Incumbent(id=head.id, commit=head.commit or head.base, levers=dict(levers), metric=mean_metric(head)),
        tried=tuple(tried(e) for e in others if e.verdict is not None),
        earlier=earlier,
        in_flight=tuple(tried(e) for e in others if e.verdict is None),
        tried_keys=tried_keys(state, earlier, start_key),
        hints=tuple(Hint(h.id, h.text, h.used_by) for h in state.hints.values() if not h.withdrawn),
        refusals=own.refusals if own else (),
        noise_sd=state.epoch.noise_sd if state.epoch else None,
        stance=own.stance if own else "",
        program_edits=program_edits,
        lineage=tuple(e.id for e in branch(state)),
        baseline=baseline_value(state),
    )


def outcome(experiment: Experiment) -> Outcome:
    """A judged experiment, for reflection."""
    return Outcome(
        experiment=tried(experiment),
        predicted=experiment.predicted,
        verdict=experiment.verdict,
        metric=mean_metric(experiment),
        delta=experiment.delta,
        delta_sd=experiment.delta_sd,
        confidence=experiment.confidence,
        reason=experiment.reason,
    )
