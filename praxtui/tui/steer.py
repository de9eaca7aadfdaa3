"""Commands to a campaign, and what came of them in words. For a thread: `send` and `answer` wait for others.

Nothing here talks to an engine. A command lies in the campaign's inbox until an engine takes it; that it was taken, and
what came of it, stands in the journal as a fact, which is what is waited for.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from praxtui.errors import UserError
from praxtui.journal import liveness
from praxtui.journal.faults import JournalFull, JournalLocked
from praxtui.journal.folded import folded
from praxtui.journal.inbox import Inbox, sender
from praxtui.journal.people import CommandTaken
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.tui.keymap import key_of
from praxtui.tui.messages import Answered

ANSWER_S = 5.0  # an engine takes a command within a quarter of a second; after so long something is wrong with it
PATIENCE_S = 5.0  # seconds that others may keep the inbox locked
LOOK_S = 0.02

POINTLESS = frozenset({"stop", "pause", "kill", "veto"})
"""What a campaign that is over cannot be told: nothing of it runs, and it would stop again when it is resumed."""

UNITS = {"experiments": "experiments", "hours": "hours", "usd": "USD", "tokens": "tokens"}


class Sent(NamedTuple):
    """A command that lies in the inbox of `folder` as number `command`. `after`: the journal's last event before."""

    folder: Path
    command: int
    after: int


def sent(folder: Path, verb: str, args: Mapping[str, object], state: State | None = None) -> Answered:
    """Send a command and wait for what comes of it; one line for the screen, whatever happens. Never raises.

    `state`: the campaign as the person saw it, which tells what a command is about; read from the record only where
    that is needed and it was not given.
    """
    try:
        found = liveness.alive(folder)
        if not found.alive and verb in POINTLESS and (over := _over(folder, state)):
            return Answered(over, ok=False, fix=f"{key_of('campaign.resume')} resumes it")
        command = send(folder, verb, args)
        taken = answer(command) if found.alive else None
    except JournalLocked:
        return Answered(f"{verb} was not sent: the inbox is locked by another process", False, "try again in a moment")
    except JournalFull as error:
        return Answered(f"{verb} was not sent: {error.__cause__ or error}", False, "free space on that disk")
    except UserError as error:
        # A path may be longer than the line, and hide what is wrong with it.
        why = "its folder cannot be written" if isinstance(error.__cause__, sqlite3.Error) else error.message
        return Answered(f"{verb} was not sent: {why}", False, error.fix or "")
    except (OSError, sqlite3.Error) as error:
        return Answered(f"{verb} was not sent: {error}", False, "look at the campaign's folder")
    if taken is not None:
        return worded(taken, state)
    if liveness.alive(folder).alive:
        return Answered(
            f"no answer within {ANSWER_S:g} s; {verb} waits in the inbox", False, "engine.log says what holds it up"
        )
    return Answered(f"no engine: {verb} waits in the inbox; {key_of('campaign.resume')} resumes the engine")


def send(folder: Path, verb: str, args: Mapping[str, object]) -> Sent:
    """Leave a command. Raises JournalLocked, JournalFull, UserError."""
    with Journal.open(folder) as journal:
        after = journal.last_seq()
    with Inbox(folder) as inbox:
        return Sent(folder, inbox.send(verb, dict(args), sender(), PATIENCE_S), after)


def answer(command: Sent, seconds: float = ANSWER_S) -> CommandTaken | None:
    """What came of a command; None where no engine took it within `seconds`, or the engine went away before."""
    deadline = time.monotonic() + seconds
    seen = command.after
    with Journal.open(command.folder) as journal:
        while True:
            # Asked before the journal is read: what an engine wrote before it ended is seen all the same.
            alive = liveness.alive(command.folder).alive
            for event in journal.read(seen):
                seen = event.seq
                if isinstance(event.fact, CommandTaken) and event.fact.command == command.command:
                    return event.fact
            if not alive or time.monotonic() > deadline:
                return None
            time.sleep(LOOK_S)


def _over(folder: Path, state: State | None) -> str | None:
    """What to say where a campaign is over already; None where it is not."""
    if state is None or not state.ended:
        with Journal.open(folder) as journal:
            state = folded(journal)
    return f"{state.id} is {state.ended} already: {state.end_reason}" if state.ended else None


# --- what came of it, in words ---------------------------------------------------------------------------------------


def worded(taken: CommandTaken, state: State | None = None) -> Answered:
    """What came of a command, as a person reads it; `state` as in `sent`. Pure."""
    if not taken.ok:
        return Answered(taken.outcome, ok=False)
    say = _WORDS.get(taken.verb)
    return Answered(say(taken, state) if say is not None else taken.outcome)


def _hint(taken: CommandTaken, state: State | None) -> str:
    return f"hint {taken.outcome.rpartition(' ')[2]} waits for the next draft"


def _unhint(taken: CommandTaken, state: State | None) -> str:
    return f"hint {taken.outcome}: no later draft is shown it"


def _pause(taken: CommandTaken, state: State | None) -> str:
    if taken.outcome.endswith("already"):
        return taken.outcome
    return f"paused after {_current(state)}: its run ends and is judged" if _current(state) else taken.outcome


def _stop(taken: CommandTaken, state: State | None) -> str:
    current = _current(state)
    if not current:
        return taken.outcome
    if taken.outcome.endswith("now"):
        return f"stopping now: the run of {current} is ended"
    return f"stopping after {current}; {key_of('campaign.stop')} again stops now"


def _kill(taken: CommandTaken, state: State | None) -> str:
    _, n, _, experiment = taken.outcome.rsplit(" ", 3)
    return f"{experiment} run {n} is being ended: it counts as void"


def _veto(taken: CommandTaken, state: State | None) -> str:
    reason = str(taken.args.get("reason") or "").strip()
    return f"{taken.outcome}: {reason}" if reason else taken.outcome


def _budget(taken: CommandTaken, state: State | None) -> str:
    given = {unit: taken.args[name] for name, unit in UNITS.items() if taken.args.get(name) is not None}
    return f"budget: {', '.join(_limit(unit, value) for unit, value in given.items())}"


def _autonomy(taken: CommandTaken, state: State | None) -> str:
    if taken.args.get("autonomy") == "review":
        return f"review: every draft waits until {key_of('campaign.approve')} approves it"
    return "auto: drafts run by themselves"


_WORDS: Mapping[str, Callable[[CommandTaken, State | None], str]] = {
    "hint": _hint,
    "unhint": _unhint,
    "pause": _pause,
    "stop": _stop,
    "kill": _kill,
    "veto": _veto,
    "budget": _budget,
    "autonomy": _autonomy,
}


def _current(state: State | None) -> str:
    """The experiment whose run is under way; an empty string where none is, or nobody knows."""
    return state.running[0].partition("/")[0] if state is not None and state.running else ""


def _limit(unit: str, value: object) -> str:
    if value == "none":
        return f"no limit of {unit}"
    return f"{value:,.10g} {unit}" if isinstance(value, int | float) else f"{value} {unit}"
