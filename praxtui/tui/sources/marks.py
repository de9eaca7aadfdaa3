"""What stands on the timeline of a replay: verdicts, what people did, what was taken back, the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from praxtui.journal.events import Event
from praxtui.journal.facts import CampaignEnded, HypothesisStated, Judged, Restored
from praxtui.journal.people import CommandTaken, HintGiven

VERDICTS = ("keep", "discard", "crash", "invalid", "void")
"""The kinds that are verdicts."""


class Noted(NamedTuple):
    """A mark before it has its place: `moment` is on the history's time, `at` as recorded."""

    moment: float
    at: float
    kind: str
    text: str
    experiment: str | None = None


class Notes:
    """The marks of a history, as far as it was read."""

    def __init__(self) -> None:
        self.found: list[Noted] = []
        self._titles: dict[str, str] = {}

    def add(self, events: Iterable[Event], moments: Iterable[float]) -> None:
        """Take in the facts that follow, with their moments."""
        for event, moment in zip(events, moments, strict=True):
            said = self._said(event)
            if said is not None:
                self.found.append(Noted(moment, event.at, *said))

    def _said(self, event: Event) -> tuple[str, str, str | None] | None:
        match event.fact:
            case HypothesisStated(experiment=name, title=title):
                self._titles[name] = title
            case Judged(experiment=name, verdict=verdict) if name != "e0":
                kind = verdict if verdict in VERDICTS else "discard"
                said = self._titles.get(name)
                return kind, f"{name} {verdict}: {said}" if said else f"{name} {verdict}", name
            case Restored(revoked=revoked) if revoked:
                return "revoked", f"{', '.join(revoked)} revoked", revoked[0]
            case HintGiven(hint=hint, text=text):
                return "hint", f"hint {hint}: {text}", None
            case CommandTaken(verb=verb, outcome=outcome) if verb != "hint":
                return "steer", f"{verb}: {outcome}", None
            case CampaignEnded(state=state, reason=reason):
                return "end", f"{state}: {reason}", None
        return None
