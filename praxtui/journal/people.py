"""What people ask of a campaign, and what it waits for and spends, as facts."""

from __future__ import annotations

from typing import Any

from praxtui.journal.facts import Budgets, Fact


class CommandTaken(Fact, frozen=True):
    """A command of the inbox was taken. `command` is its id there; `outcome` says what came of it."""

    command: int
    verb: str
    args: dict[str, Any]
    who: str
    given: float
    outcome: str
    ok: bool = True


class HintGiven(Fact, frozen=True):
    """A sentence from a person to the researcher."""

    hint: str
    text: str
    by: str


class HintWithdrawn(Fact, frozen=True):
    """The hint is no longer shown to the researcher."""

    hint: str
    by: str


class Paused(Fact, frozen=True):
    """Nothing new is drafted or run from here on."""

    by: str


class Resumed(Fact, frozen=True):
    """The campaign goes on after a pause."""

    by: str


class StopAsked(Fact, frozen=True):
    """The campaign ends after the current run, or at once (`now`)."""

    by: str
    now: bool = False


class BudgetsChanged(Fact, frozen=True):
    """The campaign's limits from here on."""

    budgets: Budgets
    by: str


class AutonomyChanged(Fact, frozen=True):
    """`auto`, or `review`: every draft waits for approval."""

    autonomy: str
    by: str


class Overruled(Fact, frozen=True):
    """A person wants another verdict; it is carried out between two runs."""

    experiment: str
    verdict: str
    by: str


class OverruleSettled(Fact, frozen=True):
    """What came of a person's other verdict, where the verdict itself stays as it is; `outcome` says it in words."""

    experiment: str
    outcome: str


class FlagsReviewed(Fact, frozen=True):
    """A person looked at a flagged result and lets it stand."""

    experiment: str
    by: str


class WaitingBegan(Fact, frozen=True):
    """The engine waits: `cause` is one word (`approval`, `provider`, `disk`, `flag`, `researcher`, `keys`)."""

    cause: str
    reason: str


class WaitingEnded(Fact, frozen=True):
    """What was waited for came, or no longer matters."""

    cause: str


class Spent(Fact, frozen=True):
    """Money or tokens used outside runs, by model calls and services.

    `tokens` are all of them; `cached` of those were read from a provider's cache, `output` were written by the model.
    `unpriced` of them have no known price: `usd` does not hold what they cost.
    """

    usd: float
    tokens: int
    what: str
    experiment: str | None = None
    cached: int = 0
    output: int = 0
    unpriced: int = 0


class ProgramChanged(Fact, frozen=True):
    """The person edited program.md. `specification`: whether this opens a new epoch; if not, `target` and `keep`
    hold from here on in the epoch of now."""

    program: str
    diff: str
    specification: bool
    target: float | None = None
    keep: str | None = None
