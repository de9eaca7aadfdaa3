"""A campaign as it was: the same record on a clock that can stand, run fast and be moved."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from praxtui.errors import UserError
from praxtui.journal import packed, streams
from praxtui.journal.curves import Curve
from praxtui.journal.events import Event
from praxtui.journal.fold import fold_all
from praxtui.journal.liveness import Engine
from praxtui.journal.state import Run, State
from praxtui.journal.store import StreamItem
from praxtui.tui.sources.player import Player
from praxtui.tui.sources.protocol import Change, RunLog

FAR = 1000  # facts in one step forward from which panes rather build everything anew
CURVES_KEPT = 8
SLACK_S = 1e-3  # times of samples are rounded


class Replay(Player):
    """The campaign in `folder` at a moment of its past, and the controls that choose the moment.

    It begins playing at the beginning, with the waiting skipped, or standing at the experiment `at`. `clock`: seconds
    that pass as they do for the person watching. `speed`: by default 60, or 1 (an experiment a second) where the record
    has no timings. Raises JournalMissing, JournalTooNew, JournalCorrupt, JournalLocked.
    """

    kind: Literal["live", "replay"] = "replay"
    engine: Engine | None = None

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        *,
        speed: float | None = None,
        at: str | None = None,
    ) -> None:
        super().__init__(folder, clock, speed)
        self._curves: dict[tuple[str, int], dict[str, Curve]] = {}
        self._moment = self._clock.at
        self._index = self._until = 0
        self._state = State()
        if at is not None:
            self.seek_experiment(at)
        self._clock.play(at is None)
        self.advance()

    @property
    def state(self) -> State:
        """The fold of the facts up to the moment."""
        return self._state

    @property
    def now(self) -> float:
        """The moment as recorded."""
        return self._moment if self._history.timed else self._state.clock

    @property
    def damage(self) -> str | None:
        """What is wrong with the record, in a sentence."""
        return self._record.damage

    def advance(self) -> Change:
        """Go to the clock's moment; first take in what a campaign that goes on has written meanwhile."""
        grown = self._follow()
        if grown:
            self._curves.clear()
        moment, before = self._clock.at, self._moment
        self._moment = moment
        events, anew = self._go(self._history.index(moment), moment < before)
        until = self._seq_until() if moment != before or grown or anew else self._until
        streamed, self._until = until != self._until, until
        # What the controls were told shows on the timeline, even where the moment stays.
        told, self._told = self._told, False
        return Change(events, anew=anew, streamed=streamed or anew, ticked=told or moment != before)

    def _go(self, index: int, back: bool) -> tuple[tuple[Event, ...], bool]:
        """Make the state that of `index` facts; the facts that lead there, or whether none do."""
        at = self._index
        self._index = index
        if back or index < at or index - at > FAR:
            self._state = self._history.state(index)
            return (), True
        events = tuple(self._history.events[at:index])
        if events:
            self._state = fold_all(self._state, events)
        return events, False

    def stream(self, experiment: str | None = None, after: int = 0, most: int = 2000) -> list[StreamItem]:
        """The stream's items after `after`, up to the moment."""
        found: list[StreamItem] = []
        try:
            while len(found) < most and (
                part := streams.part(self._record.journal, after, experiment, until=self._until, most=most)
            ):
                after = part[-1].seq
                found += (item for item in part if self._said(item.experiment))
        except UserError as error:
            self._record.failed(error)
        return found[:most]

    def newest_stream(self, experiment: str, most: int = 400) -> list[StreamItem]:
        """The last items about an experiment, up to the moment."""
        if not self._said(experiment):
            return []
        try:
            return streams.newest(self._record.journal, experiment, most, until=self._until)
        except UserError as error:
            self._record.failed(error)
            return []

    def _said(self, experiment: str | None) -> bool:
        """Whether an experiment was spoken of yet, where times do not tell."""
        return self._history.timed or experiment is None or experiment in self._state.experiments

    def _seq_until(self) -> int:
        try:
            if self._history.timed:
                return streams.seq_at(self._record.journal, self._moment)
            return streams.last(self._record.journal)
        except UserError as error:
            self._record.failed(error)
            return self._until

    def log(self, experiment: str, n: int) -> RunLog | None:
        """The log of a run, as long as it was."""
        run = self._run(experiment, n)
        path = self.folder / "runs" / experiment / str(n) / "run.log"
        if run is None or not packed.exists(path):
            return None
        if run.over:
            return RunLog(path)
        times = self._logs.of((experiment, n))
        if not times.seconds:
            return RunLog(path, None if self.at_end else 0, growing=True)
        return RunLog(path, times.size_at(self._passed(experiment, n)), growing=True)

    def curves(self, experiment: str, n: int) -> dict[str, Curve]:
        """The series of a run, as far as it had come."""
        run = self._run(experiment, n)
        if run is None:
            return {}
        key = (experiment, n)
        kept = self._curves.pop(key, None)
        if kept is None:
            kept = self._record.curves(experiment, n)
        self._curves[key] = kept
        if len(self._curves) > CURVES_KEPT:
            del self._curves[next(iter(self._curves))]
        if run.over:
            return kept
        passed = self._passed(experiment, n)
        cuts = {name: _cut(curve, passed) for name, curve in kept.items()}
        return {name: curve for name, curve in cuts.items() if curve.step}

    def _run(self, experiment: str, n: int) -> Run | None:
        found = self._state.experiments.get(experiment)
        return next((run for run in found.runs if run.n == n), None) if found is not None else None

    def _passed(self, experiment: str, n: int) -> float:
        """Seconds since a run's start."""
        ran = self._history.runs.get((experiment, n))
        return self._moment - ran.begin + SLACK_S if ran is not None else 0.0

    def blob(self, digest: str) -> bytes:
        """What is kept under a digest."""
        return self._record.journal.get_blob(digest)

    def parts(self, digest: str) -> list[bytes]:
        """The parts of a prompt."""
        return self._record.journal.get_parts(digest)

    def close(self) -> None:
        """Let go of the journal."""
        self._record.close()


def _cut(curve: Curve, seconds: float) -> Curve:
    """The points of a curve up to so many seconds after the run's start."""
    upto = bisect_right(curve.seconds, seconds)
    return curve if upto == len(curve.step) else Curve(*(column[:upto] for column in curve))
