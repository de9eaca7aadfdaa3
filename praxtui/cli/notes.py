"""What happened to an experiment between a model's turns, from the facts: a line each, with its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from praxtui.journal.events import Event
from praxtui.journal.facts import (
    DraftApproved,
    DraftCommitted,
    DraftDropped,
    DraftRefused,
    DraftVetoed,
    Judged,
    Reflected,
    RunEnded,
    RunStarted,
)
from praxtui.journal.people import WaitingBegan, WaitingEnded
from praxtui.journal.shown import clock, metric

CAUSES = ("provider", "keys")


class Note(NamedTuple):
    """Something that happened at a time, in seconds since 1970."""

    at: float
    label: str
    text: str


class Span(NamedTuple):
    """A conversation from its prompt to its last turn; `open` where that turn is not the end of what was asked."""

    begin: float
    end: float
    open: bool


def notes(events: Iterable[Event], experiment: str, spans: Sequence[Span]) -> list[Note]:
    """Notes on an experiment, and on the waits within its conversations, in order."""
    found: list[Note] = []
    waits = _Waits()
    uses: dict[int, str] = {}
    nexts: list[float] = []
    for event in events:
        fact = event.fact
        if isinstance(fact, WaitingBegan | WaitingEnded):
            waits.take(event)
        elif getattr(fact, "experiment", None) == experiment:
            nexts.append(event.at)
            if isinstance(fact, RunStarted):
                uses[fact.n] = f"{fact.use}, seed {fact.seed}"
            else:
                found += _note(event, uses)
    ends = [Span(span.begin, _end(span, nexts), span.open) for span in spans]
    found += [note for note in waits.notes() if any(span.begin <= note.at <= span.end for span in ends)]
    return sorted(found, key=lambda note: note.at)


def _end(span: Span, facts: Sequence[float]) -> float:
    """Where a conversation was left open, what was waited for in it goes on until something becomes of it."""
    return next((at for at in facts if at > span.end), float("inf")) if span.open else span.end


def _note(event: Event, uses: dict[int, str]) -> list[Note]:
    fact, label, text = event.fact, "", ""
    if isinstance(fact, DraftRefused):
        label, text = "refused", f"draft {fact.attempt}: {fact.reason}"
    elif isinstance(fact, DraftCommitted):
        carried = ", carried over to the new incumbent" if fact.carried else ""
        label, text = "draft", f"{fact.draft} changes {', '.join(fact.levers)}; commit {fact.commit[:10]}{carried}"
    elif isinstance(fact, DraftDropped):
        label, text = "dropped", fact.reason
    elif isinstance(fact, DraftVetoed):
        label, text = "person", fact.reason
    elif isinstance(fact, DraftApproved):
        label, text = "person", "approved"
    elif isinstance(fact, RunEnded):
        came = f"{metric(fact.metric)} in {clock(fact.seconds)}" if fact.metric is not None else fact.reason or fact.why
        label, text = "run", f"{fact.n} ({uses.get(fact.n, 'unknown')}): {came}"
    elif isinstance(fact, Judged):
        standing = f" {fact.standing}" if fact.standing else ""
        label, text = "verdict", f"{fact.verdict}{standing}" + (f": {fact.reason}" if fact.reason else "")
    elif isinstance(fact, Reflected):
        label, text = "learned", f"{fact.mechanism}: {fact.revision}"
    return [Note(event.at, label, text)] if label else []


class _Waits:
    """Waits for a provider or for keys, each from its first reason to its end."""

    def __init__(self) -> None:
        self._found: list[tuple[str, float, float | None, str]] = []

    def take(self, event: Event) -> None:
        """A wait began, got another reason, or ended."""
        fact = event.fact
        if not isinstance(fact, WaitingBegan | WaitingEnded) or fact.cause not in CAUSES:
            return
        last = self._found[-1] if self._found and self._found[-1][2] is None else None
        if isinstance(fact, WaitingEnded):
            if last is not None and last[0] == fact.cause:
                self._found[-1] = (*last[:2], event.at, last[3])
        elif last is not None and last[0] == fact.cause:
            self._found[-1] = (*last[:3], fact.reason)
        else:
            self._found.append((fact.cause, event.at, None, fact.reason))

    def notes(self) -> list[Note]:
        """A note for each wait."""
        return [
            Note(begin, "waits", f"{clock(end - begin)}: {reason}" if end is not None else reason)
            for _, begin, end, reason in self._found
        ]
