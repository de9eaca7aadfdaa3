"""What may still be started: experiments, hours, money and tokens, with the end audit's cost set aside."""

from __future__ import annotations

import statistics

from praxtui.engine.book import book_of
from praxtui.engine.judge.decide import reserve_runs
from praxtui.journal.state import State
from praxtui.program.spec import Program

RECENT = 50


def forbids_draft(state: State, program: Program) -> str | None:
    """Which budget leaves no room for one more experiment beside those drafted already, in words; None if all do."""
    undecided = sum(1 for e in state.children() if e.verdict is None)
    waiting = sum(1 for e in state.children() if e.verdict is None and not e.runs)
    return _forbids(state, program, rows=state.counted + undecided + 1, runs=waiting + 1)


def forbids_run(state: State, program: Program) -> str | None:
    """Which budget leaves no room for running the draft that is next; None if all do."""
    return _forbids(state, program, rows=state.counted + 1, runs=1)


def _forbids(state: State, program: Program, rows: int, runs: int) -> str | None:
    """`rows`: experiments there would be at the end. Hours and USD pay for audits too: their most is set aside."""
    budgets = state.budgets
    if budgets.experiments is not None and rows > budgets.experiments:
        return f"{budgets.experiments} experiments done"
    if budgets.tokens is not None and state.spent.tokens >= budgets.tokens:
        return f"{budgets.tokens:,} tokens used"
    seconds, usd = run_cost(state, program)
    runs += reserve_runs(book_of(state), more_keeps=1) if state.epoch else 0
    if budgets.hours is not None and state.spent.seconds + runs * seconds > budgets.hours * 3600:
        return f"{budgets.hours:g} hours used"
    if budgets.usd is not None and state.spent.usd + runs * usd > budgets.usd:
        return f"${budgets.usd:g} used"
    return None


def runs_left(state: State, program: Program) -> int | None:
    """How many further runs hours and USD pay for; None where neither limits them."""
    seconds, usd = run_cost(state, program)
    budgets, left = state.budgets, []
    if budgets.hours is not None and seconds > 0:
        left.append((budgets.hours * 3600 - state.spent.seconds) / seconds)
    if budgets.usd is not None and usd > 0:
        left.append((budgets.usd - state.spent.usd) / usd)
    return max(0, int(min(left))) if left else None


def run_cost(state: State, program: Program) -> tuple[float, float]:
    """Seconds and USD that one run takes: the median of those so far, the program's budget before there is one."""
    ended = [run for e in state.experiments.values() for run in e.runs if run.over and run.seconds > 0][-RECENT:]
    if not ended:
        return program.loop.budget, 0.0
    return statistics.median(run.seconds for run in ended), statistics.median(run.usd for run in ended)
