"""What a follower says besides the rows: a line or a few where something happened that a person wants to know.

A short wait is shown on the live line only. A longer one is said once, however often the same cause comes back, until
the researcher gets on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

from praxtui.journal.events import Event
from praxtui.journal.facts import (
    DraftBegun,
    DraftCommitted,
    EpochOpened,
    HypothesisStated,
    Noticed,
    Reflected,
    Restored,
    RunEnded,
    SandboxProbed,
    SetupEnded,
    SetupStarted,
    StandingChanged,
    TrialEnded,
    TrialStarted,
)
from praxtui.journal.people import CommandTaken, WaitingBegan, WaitingEnded
from praxtui.journal.shown import clock, metric
from praxtui.journal.state import Experiment, State

WORTH_SAYING_S = 4.0
# They have no model to wait for: their hypotheses come in the moment before the row.
INSTANT = ("sweep", "null")
STANCES = {
    "combine": "combine near-misses",
    "remove": "remove something",
    "question": "question a kept change",
    "radical": "go radical",
}
IN = " " * 6
FURTHER = " " * 10


class Held(NamedTuple):
    """A wait that has not been said yet: since when (by our own clock), and for what."""

    since: float
    reason: str


class Notices:
    """Turns events into lines. `now` is a clock in seconds that only goes forward."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._titles: dict[str, str] = {}
        self._stance = ""
        self._held: Held | None = None
        self._said: set[str] = set()
        self._said_since = 0.0
        self._told_how = False

    def of(self, event: Event, state: State) -> list[str]:
        """The lines for an event; `state` is that after it."""
        fact = event.fact
        if isinstance(fact, HypothesisStated):
            return [*self._got_on(), *self._hypothesis(fact)]
        if isinstance(fact, DraftCommitted):
            return self._got_on()
        if isinstance(fact, Reflected):
            learned = f"{IN}{fact.experiment} taught: {fact.revision} (mechanism {fact.mechanism})"
            return [*self._got_on(), *([] if fact.by in INSTANT else [learned])]
        if isinstance(fact, DraftBegun):
            return self._turn(fact, state)
        if isinstance(fact, WaitingBegan) and fact.cause == "provider":
            since = self._held.since if self._held else self._now()
            self._held = Held(since, fact.reason)
            return []
        if isinstance(fact, WaitingEnded) and fact.cause == "provider":
            self._held = None
            return []
        if isinstance(fact, WaitingBegan) and fact.cause == "approval":
            told, self._told_how = self._told_how, True
            return [f"{IN}{waiting(fact.reason)}", *_to_decide(state, how=not told)]
        if isinstance(fact, WaitingBegan):
            return [f"{IN}{waiting(fact.reason).replace('`praxtui resume`', f'`praxtui resume {state.id}`')}"]
        said = _line(event, state)
        return [said] if said else []

    def overdue(self) -> list[str]:
        """A wait that has become long enough to be said."""
        held = self._held
        if held is None or self._now() - held.since < WORTH_SAYING_S:
            return []
        cause = re.sub(r"[\d.]+ (s|min|h)\b", "", held.reason)
        if cause in self._said:
            return []
        self._said_since = held.since if not self._said else self._said_since
        self._said.add(cause)
        return [f"{IN}{held.reason}"]

    def _got_on(self) -> list[str]:
        if not self._said:
            return []
        self._said.clear()
        return [f"{IN}answered again, after {clock(self._now() - self._said_since)}"]

    def _hypothesis(self, fact: HypothesisStated) -> list[str]:
        if fact.by in INSTANT or self._titles.get(fact.experiment) == fact.title:
            return []
        self._titles[fact.experiment] = fact.title
        using = f"  [{', '.join(fact.hints)}]" if fact.hints else ""
        return [f"{IN}{fact.experiment} tries: {fact.title}{using}"]

    def _turn(self, fact: DraftBegun, state: State) -> list[str]:
        before, self._stance = self._stance, fact.stance
        if not fact.stance or fact.stance == before:
            return []
        return [f"{IN}nothing kept in {dry(state)} experiments: {STANCES.get(fact.stance, fact.stance)}"]


def dry(state: State) -> int:
    """Judged experiments of this epoch since the last keep."""
    count = 0
    for e in reversed([e for e in state.children() if state.epoch and e.epoch == state.epoch.number]):
        if e.verdict == "keep" and e.standing != "revoked":
            break
        count += e.verdict not in (None, "void")
    return count


def waiting(reason: str) -> str:
    """A reason for waiting as a phrase: `waiting 40 s for ...` stays as it is."""
    return reason if reason.startswith("waiting ") else f"waiting: {reason}"


def _to_decide(state: State, how: bool) -> list[str]:
    """What a person is asked to decide on, and, the first time, how."""
    found = next((e for e in state.children() if _undecided(e)), None)
    if found is None:
        return []
    ways = [(f"praxtui show {state.id} {found.id} --diff", "what it changes")]
    if how:
        ways.append((f"praxtui approve {state.id}", "lets it run"))
        ways.append((f"praxtui veto {state.id} REASON", "refuses it; the researcher is told the reason"))
    wide = max(len(command) for command, _ in ways)
    because = [f"{FURTHER}because {found.mechanism}"] if found.mechanism else []
    predicts = [f"{FURTHER}predicts {found.predicted}"] if found.predicted else []
    return [*because, *predicts, *(f"{FURTHER}{command:<{wide}}  {about}" for command, about in ways)]


def _undecided(e: Experiment) -> bool:
    return e.verdict is None and e.commit is not None and not e.approved and not e.vetoed and not e.runs


def _line(event: Event, state: State) -> str | None:
    """Other events that a person wants to see in the stream, in one line."""
    fact = event.fact
    if isinstance(fact, EpochOpened):
        how = "deterministic" if fact.deterministic else f"{fact.repeats} baseline runs"
        better = "lower" if fact.goal == "minimize" else "higher"
        return f"{state.id}  epoch {fact.epoch}: {fact.metric}, {better} is better, {how}"
    if isinstance(fact, SandboxProbed):
        from praxtui.runs.sandbox import words

        return f"sandbox: {words(fact.rung, fact.findings)}"
    if isinstance(fact, SetupStarted):
        return "setup: making the data"
    if isinstance(fact, SetupEnded) and fact.ok and not fact.cached:
        return f"setup: done in {clock(fact.seconds)}"
    if isinstance(fact, RunEnded):
        run = next((r for r in state.experiments[fact.experiment].runs if r.n == fact.n), None)
        if run is not None and run.use == "baseline" and not state.epochs[-1].deterministic:
            return f"{IN}baseline, seed {run.seed}: {metric(run.metric)}  {clock(run.seconds)}"
    if isinstance(fact, TrialStarted):
        return f"{IN}{fact.kind}: {fact.head} against {fact.base} on fresh seeds"
    if isinstance(fact, TrialEnded):
        gain = f", gain {fact.gain:+.4g}" if fact.gain is not None else ""
        return f"{IN}{fact.outcome} after {fact.pairs} pairs{gain}: {fact.reason}"
    if isinstance(fact, StandingChanged):
        return f"{IN}now {fact.standing}: {', '.join(fact.experiments)}"
    if isinstance(fact, Restored):
        return f"{IN}the branch is back at {fact.to}; revoked: {', '.join(fact.revoked) or 'none'}"
    if isinstance(fact, CommandTaken):
        text = f" “{fact.args['text']}”" if fact.ok and fact.verb == "hint" and "text" in fact.args else ""
        return f"{IN}{fact.verb} by {fact.who.partition('@')[0]}{text}: {fact.outcome}"
    if isinstance(fact, Noticed):
        return f"{IN}{fact.text}"
    return None
