"""A source over facts that a test tells it, folded as they come; and facts of a small campaign to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from praxtui.journal.curves import Curve
from praxtui.journal.events import Event
from praxtui.journal.facts import (
    Budgets,
    CampaignCreated,
    DraftBegun,
    DraftCommitted,
    EpochOpened,
    Fact,
    HypothesisStated,
    Judged,
    NoiseMeasured,
    RunEnded,
    RunStarted,
)
from praxtui.journal.fold import fold_all
from praxtui.journal.state import State
from praxtui.journal.store import StreamItem
from praxtui.tui.sources.protocol import Change, RunLog

PROGRAM = b"""---
metric:
  name: val_bpb
  curve: CURVE
levers:
  edit: [train.py]
loop:
  run: python train.py
  budget: 300s
---
"""


class Told:
    """One campaign at the moment of the last fact; `now` may be put forward. It has no files and no stream."""

    kind: Literal["live", "replay"] = "live"
    engine = None
    damage = None
    folder = Path("told")

    def __init__(self, facts: Iterable[Fact] = (), curve: str = "loss") -> None:
        self.state = State()
        self.now = 1000.0
        self.curve = curve
        self.series: dict[str, Curve] = {}
        self.tell(*facts)

    def tell(self, *facts: Fact) -> Change:
        """Add facts at this moment."""
        first = self.state.seq + 1
        events = tuple(Event(first + i, self.now, fact) for i, fact in enumerate(facts))
        self.state = fold_all(self.state, events)
        return Change(events=events, ticked=True)

    def advance(self) -> Change:
        return Change()

    def stream(self, experiment: str | None = None, after: int = 0, most: int = 2000) -> list[StreamItem]:
        return []

    def newest_stream(self, experiment: str, most: int = 400) -> list[StreamItem]:
        return []

    def log(self, experiment: str, n: int) -> RunLog | None:
        return None

    def curves(self, experiment: str, n: int) -> dict[str, Curve]:
        return self.series

    def blob(self, digest: str) -> bytes:
        return PROGRAM.replace(b"CURVE", self.curve.encode())

    def parts(self, digest: str) -> list[bytes]:
        return []

    def close(self) -> None:
        pass


def begun(noise: float | None = 0.001) -> Iterator[Fact]:
    """A campaign whose baseline was measured."""
    yield CampaignCreated("mar22-a", "/leaf", "pretrain", "llm", 0, "p", Budgets(), "1")
    yield opened(1)
    yield from drafted("e0", "the unchanged leaf")
    yield from ran("e0", 1.0, use="baseline")
    if noise is not None:
        yield NoiseMeasured(1, noise, 4, 5)
    yield Judged("e0", "keep")


def opened(epoch: int, goal: str = "minimize") -> EpochOpened:
    """An epoch, with the incumbent of then as its baseline."""
    return EpochOpened(epoch, "start", "p", "b", "e0", goal, "val_bpb", "evaluator")


def drafted(id: str, title: str, lever: str = "train.py", hints: Iterable[str] = (), by: str = "llm") -> Iterator[Fact]:
    """An experiment up to its commit."""
    yield DraftBegun(id, 1, "e0", "b", by)
    yield HypothesisStated(id, title, "because", "better", by, list(hints))
    yield DraftCommitted(id, 1, f"c-{id}", "b", "e0", [lever], {}, "d", f"k-{id}")


def ran(id: str, metric: float | None, n: int = 1, seconds: float = 60.0, use: str = "select") -> Iterator[Fact]:
    """A run from its beginning to its end."""
    yield RunStarted(id, n, use, 0, f"c-{id}", 1)
    yield RunEnded(id, n, "exit", 0 if metric is not None else 1, seconds, 0.0, seconds, metric=metric)


def judged(id: str, verdict: str, sd: float | None = None, standing: str | None = None) -> Judged:
    """A verdict, the delta in units of a noise of 0.001."""
    return Judged(id, verdict, standing, None if sd is None else sd / 1000, sd)
