"""A campaign's facts with the states between them, so that any moment of it is at hand."""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

from praxtui.journal.events import Event
from praxtui.journal.facts import DraftBegun, Judged, RunEnded, RunStarted
from praxtui.journal.fold import fold_all
from praxtui.journal.state import State

EVERY, MOST = 128, 160
"""Facts between two states that are kept, at first, and so many states at most: then every second one is dropped."""

ODD_S = 3600.0  # a run that says it started so long before or after it was asked for had another clock


class Ran(NamedTuple):
    """When a run went on, in recorded seconds; `end` None where it does to this day."""

    begin: float
    end: float | None


def timed(events: Iterable[Event]) -> bool:
    """Whether facts have times that a replay can go by: most verdicts later than the one before."""
    verdicts = [event.at for event in events if isinstance(event.fact, Judged)]
    pairs = list(pairwise(verdicts))
    return 2 * sum(later > earlier for earlier, later in pairs) >= len(pairs)


class History:
    """All facts in order, and the moments at which they hold.

    `times[i]` is the moment of `events[i]`, never earlier than the one before: as recorded or, of a record without
    timings, one second for each experiment. `judged` and `begun` are the moments of experiments, `runs` those of runs.
    """

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self.events: list[Event] = []
        self.times = array("d")
        self.timed = timed(events)
        self.judged: dict[str, float] = {}
        self.begun: dict[str, float] = {}
        self.runs: dict[tuple[str, int], Ran] = {}
        self.latest = State()
        self._every, self._folded = EVERY, 0
        self._kept = [State()]  # after 0, every, 2 * every, ... facts
        self._tick, self._drafting = 0, False
        self.add(events)

    def add(self, events: Sequence[Event]) -> None:
        """Take in the facts that follow."""
        with _no_collecting():
            for event in events:
                self.times.append(self._moment(event))
                self.events.append(event)
                self._note(event, self.times[-1])
            self._fold()

    def _moment(self, event: Event) -> float:
        if self.timed:
            return max(event.at, self.times[-1]) if self.times else event.at
        if isinstance(event.fact, Judged) and event.fact.experiment != "e0":
            self._tick, self._drafting = self._tick + 1, False
        elif isinstance(event.fact, DraftBegun):
            self._drafting = True
        first = self.events[0].at if self.events else event.at
        return first + self._tick + self._drafting

    def _note(self, event: Event, at: float) -> None:
        match event.fact:
            case DraftBegun(experiment=name):
                self.begun.setdefault(name, at)
            case Judged(experiment=name):
                self.judged.setdefault(name, at)
            case RunStarted(experiment=name, n=n):
                self.runs[name, n] = Ran(at, None)
            case RunEnded(experiment=name, n=n, started=started):
                asked = self.runs[name, n].begin if (name, n) in self.runs else at
                self.runs[name, n] = Ran(started if asked <= started <= min(at, asked + ODD_S) else asked, at)

    def _fold(self) -> None:
        done = self._folded
        while done < len(self.events):
            upto = min(len(self.events), done - done % self._every + self._every)
            self.latest = fold_all(self.latest, self.events[done:upto])
            if upto % self._every == 0:
                self._kept.append(self.latest)
                if len(self._kept) > MOST:
                    self._kept = self._kept[::2]
                    self._every *= 2
            done = upto
        self._folded = done

    def index(self, at: float) -> int:
        """How many facts hold at a moment."""
        return bisect_right(self.times, at)

    def state(self, index: int) -> State:
        """The fold of the first `index` facts."""
        if index == len(self.events):
            return self.latest
        nearest = min(index // self._every, len(self._kept) - 1)
        return fold_all(self._kept[nearest], self.events[nearest * self._every : index])


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Thousands of small objects, none of them garbage: collecting while they are made doubles the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
