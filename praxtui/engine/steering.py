"""Commands of the inbox: each is taken once, journaled with who and when, and answered with what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from praxtui.engine.book import branch
from praxtui.engine.record import Record
from praxtui.errors import UserError, did_you_mean
from praxtui.journal.facts import Budgets, DraftApproved, DraftVetoed, Fact, KillAsked
from praxtui.journal.inbox import Command, Inbox
from praxtui.journal.people import (
    AutonomyChanged,
    BudgetsChanged,
    CommandTaken,
    FlagsReviewed,
    HintGiven,
    HintWithdrawn,
    Overruled,
    Paused,
    Resumed,
    StopAsked,
)
from praxtui.journal.state import Experiment, State

log = logging.getLogger(__name__)

POLL_S = 0.1
AT_ONCE = 50  # commands, each with a write that is durable: the loop must not stand still under thousands


class Steering:
    """Takes commands and turns them into facts. `stop_run` ends the current run now."""

    def __init__(self, record: Record, inbox: Inbox, stop_run: Callable[[], None]) -> None:
        self._record = record
        self._inbox = inbox
        self._stop_run = stop_run
        self._verbs: dict[str, Callable[[State, Command], tuple[str, list[Fact]]]] = {
            "hint": _hint,
            "unhint": _unhint,
            "pause": _pause,
            "resume": _resume,
            "stop": _stop,
            "kill": _kill,
            "veto": _veto,
            "approve": _approve,
            "keep": _keep,
            "discard": _discard,
            "budget": _budget,
            "autonomy": _autonomy,
        }

    def take(self, most: int = -1) -> int:
        """Take waiting commands, at most `most` (-1: all); how many. One that fails changes nothing, and says why."""
        commands = self._inbox.pending(self._record.state.commands, most)
        for command in commands:
            self._one(command)
        return len(commands)

    def _one(self, command: Command) -> None:
        state = self._record.state
        step = self._verbs.get(command.verb)
        facts: list[Fact] = []
        ok = True
        try:
            if step is None:
                raise UserError(f"no such command: {command.verb}{did_you_mean(command.verb, self._verbs)}")
            outcome, facts = step(state, command)
        except UserError as error:
            outcome, ok = error.message, False
        except (KeyError, TypeError, ValueError) as error:
            outcome, ok = f"the command's arguments cannot be read: {error!r}", False
        taken = CommandTaken(command.id, command.verb, command.args, command.who, command.at, outcome, ok)
        self._record.write(taken, *facts)
        log.info("%s by %s: %s", command.verb, command.who, outcome)
        if any(isinstance(fact, KillAsked) or (isinstance(fact, StopAsked) and fact.now) for fact in facts):
            self._stop_run()


def _experiment(state: State, command: Command) -> Experiment:
    name = str(command.args["experiment"])
    found = state.experiments.get(name)
    if found is None:
        raise UserError(f"no experiment {name} in {state.id}{did_you_mean(name, state.experiments)}")
    return found


def _hint(state: State, command: Command) -> tuple[str, list[Fact]]:
    text = str(command.args["text"]).strip()
    if not text:
        raise UserError("an empty hint says nothing")
    name = f"k{len(state.hints) + 1}"
    return f"given as {name}", [HintGiven(name, text, command.who)]


def _unhint(state: State, command: Command) -> tuple[str, list[Fact]]:
    name = str(command.args["hint"])
    if name not in state.hints:
        raise UserError(f"no hint {name}{did_you_mean(name, state.hints)}")
    return f"{name} withdrawn", [HintWithdrawn(name, command.who)]


def _pause(state: State, command: Command) -> tuple[str, list[Fact]]:
    if state.paused:
        return "paused already", []
    return "paused; the current run ends normally and is judged", [Paused(command.who)]


def _resume(state: State, command: Command) -> tuple[str, list[Fact]]:
    return ("resumed", [Resumed(command.who)]) if state.paused else ("running already", [])


def _stop(state: State, command: Command) -> tuple[str, list[Fact]]:
    now = bool(command.args.get("now")) or state.stop is not None
    when = "now" if now else "after the current run"
    return f"stopping {when}", [StopAsked(command.who, now)]


def _kill(state: State, command: Command) -> tuple[str, list[Fact]]:
    if not state.running:
        raise UserError("nothing is running")
    name, _, n = state.running[0].partition("/")
    return f"killing run {n} of {name}", [KillAsked(name, int(n), command.who)]


def undecided(state: State) -> list[Experiment]:
    """Drafts that were not run yet, oldest first."""
    return [e for e in state.children() if e.verdict is None and not e.runs and e.vetoed is None]


def _veto(state: State, command: Command) -> tuple[str, list[Fact]]:
    drafts = undecided(state)
    if not drafts:
        raise UserError("there is no draft to veto: none is being written and none waits")
    reason = str(command.args.get("reason") or "").strip()
    said = f"vetoed: {reason}" if reason else "vetoed"
    return f"{drafts[0].id} vetoed", [DraftVetoed(drafts[0].id, command.who, said)]


def _approve(state: State, command: Command) -> tuple[str, list[Fact]]:
    drafts = [e for e in undecided(state) if e.commit is not None and not e.approved]
    facts: list[Fact] = [DraftApproved(e.id, command.who) for e in drafts[:1]]
    flagged = [e for e in state.children() if e.flags and not e.reviewed and e.verdict == "keep"]
    facts += [FlagsReviewed(e.id, command.who) for e in flagged]
    if not facts:
        raise UserError("nothing waits for approval")
    return f"approved {', '.join(e.id for e in [*drafts[:1], *flagged])}", facts


def _keep(state: State, command: Command) -> tuple[str, list[Fact]]:
    found = _experiment(state, command)
    if found.verdict == "keep" and found.standing != "revoked":
        raise UserError(f"{found.id} is kept already")
    if found.verdict not in ("keep", "discard"):
        raise UserError(
            f"{found.id} cannot be kept: its verdict is {found.verdict or 'not there yet'}, so it has no metric"
        )
    if state.epoch is None or found.epoch != state.epoch.number:
        raise UserError(f"{found.id} belongs to epoch {found.epoch}; fork the campaign from it instead")
    return f"{found.id} will be kept between two runs", [Overruled(found.id, "keep", command.who)]


def _discard(state: State, command: Command) -> tuple[str, list[Fact]]:
    found = _experiment(state, command)
    if found not in branch(state):
        raise UserError(f"{found.id} is no keep of this epoch's branch; there is nothing to discard")
    return f"{found.id} will be taken back between two runs", [Overruled(found.id, "discard", command.who)]


def _budget(state: State, command: Command) -> tuple[str, list[Fact]]:
    def chosen(key: str, kind: Callable[[Any], Any]) -> Any:
        given = command.args.get(key)
        if given is None:
            return getattr(state.budgets, key)
        return None if given == "none" else kind(given)

    budgets = Budgets(
        chosen("experiments", int), chosen("hours", float), chosen("usd", float), chosen("tokens", int)
    )  # fmt: skip
    return "budget changed", [BudgetsChanged(budgets, command.who)]


def _autonomy(state: State, command: Command) -> tuple[str, list[Fact]]:
    wanted = str(command.args["autonomy"])
    if wanted not in ("auto", "review"):
        raise UserError(f"autonomy is auto or review, not {wanted!r}")
    return f"autonomy {wanted}", [AutonomyChanged(wanted, command.who)]
