"""What people's requests change in the state, and what is waited for and spent."""

from __future__ import annotations

from msgspec.structs import replace

from praxtui.journal.facts import Fact
from praxtui.journal.people import (
    AutonomyChanged,
    BudgetsChanged,
    CommandTaken,
    FlagsReviewed,
    HintGiven,
    HintWithdrawn,
    Overruled,
    OverruleSettled,
    Paused,
    ProgramChanged,
    Resumed,
    Spent,
    StopAsked,
    WaitingBegan,
    WaitingEnded,
)
from praxtui.journal.state import Hint, ProgramEdit, Spending, State
from praxtui.journal.steps.experiment import change
from praxtui.journal.steps.step import Step

# Of a person's edits of the program, as many as a researcher's brief has room for.
EDITS_KEPT = 5


def _command(state: State, fact: CommandTaken, at: float) -> None:
    state.commands = max(state.commands, fact.command)


def _hint(state: State, fact: HintGiven, at: float) -> None:
    state.hints[fact.hint] = Hint(fact.hint, fact.text, fact.by, at)


def _hint_withdrawn(state: State, fact: HintWithdrawn, at: float) -> None:
    hint = state.hints.get(fact.hint)
    if hint is not None:
        state.hints[fact.hint] = replace(hint, withdrawn=True)


def _paused(state: State, fact: Paused, at: float) -> None:
    if not state.paused:
        state.paused_since = at
    state.paused = True
    state.free_since = None


def _resumed(state: State, fact: Resumed, at: float) -> None:
    state.paused = False
    state.paused_since = None


def _stop(state: State, fact: StopAsked, at: float) -> None:
    state.stop = "now" if fact.now or state.stop == "now" else "after"


def _budgets(state: State, fact: BudgetsChanged, at: float) -> None:
    state.budgets = fact.budgets


def _autonomy(state: State, fact: AutonomyChanged, at: float) -> None:
    state.autonomy = fact.autonomy


def _overruled(state: State, fact: Overruled, at: float) -> None:
    change(state, fact.experiment, overruled=fact.verdict, overruled_by=fact.by, overruled_at=at)


def _overrule_settled(state: State, fact: OverruleSettled, at: float) -> None:
    change(state, fact.experiment, overruled=None, reason=fact.outcome)


def _reviewed(state: State, fact: FlagsReviewed, at: float) -> None:
    change(state, fact.experiment, reviewed=True)


def _waiting(state: State, fact: WaitingBegan, at: float) -> None:
    state.waits.pop(fact.cause, None)
    state.waits[fact.cause] = fact.reason
    state.waits_since.setdefault(fact.cause, at)
    _latest_wait(state)
    state.free_since = None


def _waited(state: State, fact: WaitingEnded, at: float) -> None:
    state.waits.pop(fact.cause, None)
    state.waits_since.pop(fact.cause, None)
    _latest_wait(state)


def _latest_wait(state: State) -> None:
    latest = next(reversed(state.waits.items()), (None, None))
    state.waiting, state.waiting_reason = latest


def _spent(state: State, fact: Spent, at: float) -> None:
    spent: Spending = state.spent
    state.spent = replace(
        spent, usd=spent.usd + fact.usd, tokens=spent.tokens + fact.tokens, cached=spent.cached + fact.cached,
        output=spent.output + fact.output, unpriced=spent.unpriced + fact.unpriced,
    )  # fmt: skip
    found = state.experiments.get(fact.experiment or "")
    if found is not None:
        change(
            state, found.id, usd=found.usd + fact.usd, tokens=found.tokens + fact.tokens,
            cached=found.cached + fact.cached, output=found.output + fact.output,
            unpriced=found.unpriced + fact.unpriced,
        )  # fmt: skip


def _program(state: State, fact: ProgramChanged, at: float) -> None:
    state.program = fact.program
    state.program_edits = [*state.program_edits, ProgramEdit(at, fact.diff)][-EDITS_KEPT:]
    if fact.keep is not None and state.epochs:
        state.epochs[-1] = replace(state.epochs[-1], target=fact.target, keep=fact.keep)


STEPS: dict[type[Fact], Step] = {
    CommandTaken: _command,
    HintGiven: _hint,
    HintWithdrawn: _hint_withdrawn,
    Paused: _paused,
    Resumed: _resumed,
    StopAsked: _stop,
    BudgetsChanged: _budgets,
    AutonomyChanged: _autonomy,
    Overruled: _overruled,
    OverruleSettled: _overrule_settled,
    FlagsReviewed: _reviewed,
    WaitingBegan: _waiting,
    WaitingEnded: _waited,
    Spent: _spent,
    ProgramChanged: _program,
}
