"""From a finished run to a verdict: what the judge's numbers mean for the record."""

from __future__ import annotations

from typing import Literal

from praxtui.engine import measure
from praxtui.engine.book import LOST_TRIES, NO_EVIDENCE, book_of
from praxtui.engine.judge.book import bar_of, noise_of
from praxtui.engine.judge.selection import Selection, select
from praxtui.journal.facts import Judged
from praxtui.journal.state import Experiment, Run, State
from praxtui.program.spec import Program

SELECTING = ("select", "repair")

Next = Literal["run", "repair", "test"]


def runs_of_draft(experiment: Experiment) -> list[Run]:
    """The ended selecting runs of the experiment's draft of now."""
    return [r for r in experiment.runs if r.commit == experiment.commit and r.use in SELECTING and r.over]


def decide(state: State, program: Program, experiment: Experiment) -> Judged | Next:
    """The verdict on an experiment whose last run is over, or what is needed before there can be one.

    `run`: run it (again); `repair`: it crashed; `test`: it looks better and the program wants that confirmed first.
    """
    runs = runs_of_draft(experiment)
    if not runs:
        return "run"
    last = runs[-1]
    ended = _ended_early(state, experiment, runs, last)
    if ended is not None:
        return ended
    if last.broke:
        return Judged(experiment.id, "invalid", reason=last.broke)
    if last.metric is None:
        return "repair"
    epoch = state.epoch
    start = state.experiments[epoch.head].measured("baseline", epoch=epoch.number) if epoch else []
    broken = measure.limit_broken(program, last, start[0] if start else None)
    if broken:
        return Judged(experiment.id, "discard", reason=broken)
    measured = [run for run in runs if run.metric is not None]
    chosen = selection(state, program, experiment, measured)
    if chosen.rerun:
        return "run"
    if experiment.detail.get("overrule"):
        return by_person(state, experiment, chosen)
    if chosen.verdict == "test":
        return "test"
    return judged(state, experiment, chosen, chosen.verdict, chosen.standing)


def _ended_early(state: State, experiment: Experiment, runs: list[Run], last: Run) -> Judged | Next | None:
    if last.killed:
        return Judged(experiment.id, "void", reason=f"killed by {last.killed}", by=last.killed)
    if last.why == "stopped":
        why = "campaign ended" if state.stop == "now" else "ended by a signal from outside"
        return Judged(experiment.id, "void", reason=why)
    if last.why in NO_EVIDENCE:
        # A run that never started cost nothing, and says nothing against the experiment.
        lost = sum(1 for run in runs if run.why == "lost")
        return "run" if lost < LOST_TRIES else Judged(experiment.id, "void", reason=f"its run was lost {lost} times")
    return None


def selection(state: State, program: Program, experiment: Experiment, measured: list[Run]) -> Selection:
    """The judge's word on the selecting runs: one, or two where the first was flagged."""
    book = book_of(state)
    sign = program.sign
    values = [sign * run.metric for run in measured if run.metric is not None]
    return select(
        values[0],
        bar_of(book),
        noise_of(book),
        lines=experiment.lines,
        deterministic=book.rules.deterministic,
        strict=book.rules.strict,
        bound=None if program.metric.bound is None else sign * program.metric.bound,
        again=values[-1] if len(values) > 1 else None,
        deltas=[e.delta for e in state.children() if e.epoch == experiment.epoch and e.delta is not None],
    )


def judged(
    state: State,
    experiment: Experiment,
    chosen: Selection,
    verdict: str,
    standing: str | None,
    reason: str | None = None,
) -> Judged:
    """The fact for a verdict that rests on a selection."""
    sign = state.epoch.sign if state.epoch else 1
    return Judged(
        experiment.id,
        verdict,
        standing,
        delta=chosen.delta,
        delta_sd=chosen.delta_sd,
        confidence=chosen.confidence,
        flags=list(chosen.flags),
        reason=reason or chosen.reason,
        bar=sign * chosen.bar,
    )


def by_person(state: State, experiment: Experiment, chosen: Selection) -> Judged:
    """A keep that a person ordered and that ran: kept whatever its value, which becomes the bar."""
    sign = state.epoch.sign if state.epoch else 1
    runs = runs_of_draft(experiment)
    who = str(experiment.detail.get("by", "person"))
    return Judged(
        experiment.id,
        "keep",
        "provisional",
        delta=chosen.delta,
        delta_sd=chosen.delta_sd,
        confidence=chosen.confidence,
        flags=list(chosen.flags),
        reason=f"{experiment.detail['overrule']} of {experiment.detail['of']} by {who}",
        bar=runs[-1].metric if runs else sign * chosen.bar,
        by=who,
    )
