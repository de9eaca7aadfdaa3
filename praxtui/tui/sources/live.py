"""A campaign as it goes on: its journal and its logs, followed from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from praxtui.errors import UserError
from praxtui.journal import liveness, packed, streams
from praxtui.journal.curves import Curve
from praxtui.journal.events import Event
from praxtui.journal.fold import fold_all
from praxtui.journal.folded import readable
from praxtui.journal.liveness import Engine
from praxtui.journal.state import State
from praxtui.journal.store import StreamItem
from praxtui.tui.sources.protocol import Change, RunLog
from praxtui.tui.sources.record import Record

ENGINE_S = 0.5  # how old what is said of the engine may be
TICK_S = 1.0  # elapsed times are shown in whole seconds


class Live:
    """The campaign in `folder` as of now. `clock` gives seconds since 1970.

    Raises JournalMissing, JournalTooNew, JournalCorrupt, JournalLocked where there is nothing that can be shown.
    """

    kind: Literal["live", "replay"] = "live"

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock
        self._record = Record(folder)
        self._state, damage = readable(self._record.journal)
        self._record.found(damage)
        self._streamed = self._newest_seq()
        self._engine: tuple[float, Engine] | None = None
        self._shown: tuple[Engine | None, str | None] = (self.engine, self.damage)
        self._ticked = clock()
        self._more = False

    @property
    def state(self) -> State:
        """The fold of everything in the journal."""
        return self._state

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    @property
    def engine(self) -> Engine | None:
        """The campaign's engine, at most half a second ago."""
        now = self._clock()
        if self._engine is None or not 0 <= now - self._engine[0] < ENGINE_S:
            self._engine = (now, liveness.alive(self.folder))
        return self._engine[1]

    @property
    def damage(self) -> str | None:
        """What is wrong with the record, in a sentence."""
        return self._record.damage

    def advance(self) -> Change:
        """What was written since, up to 2000 facts or 50 ms of them at once."""
        events: tuple[Event, ...] = ()
        streamed = False
        if self._record.changed() or self._more:
            events = self._take()
            newest = self._newest_seq()
            streamed, self._streamed = newest != self._streamed, newest
        return Change(events, streamed=streamed, ticked=self._tick())

    def _take(self) -> tuple[Event, ...]:
        found, self._more = self._record.events(self._state.seq)
        if found:
            self._state = fold_all(self._state, found)
        return tuple(found)

    def _tick(self) -> bool:
        """Whether time passed in a way that shows: once a second while anything goes on."""
        shown = (self.engine, self.damage)
        if shown != self._shown:
            self._shown = shown
            return True
        now = self._clock()
        if not self._moves() or 0 <= now - self._ticked < TICK_S:
            return False
        self._ticked = now
        return True

    def _moves(self) -> bool:
        state = self._state
        if state.ended:
            return False
        if state.running:
            return True
        engine = self.engine
        return not state.paused and engine is not None and engine.alive

    def stream(self, experiment: str | None = None, after: int = 0, most: int = 2000) -> list[StreamItem]:
        """The stream's items after `after`."""
        try:
            return streams.part(self._record.journal, after, experiment, most=most)
        except UserError as error:
            self._record.failed(error)
            return []

    def newest_stream(self, experiment: str, most: int = 400) -> list[StreamItem]:
        """The last items about an experiment."""
        try:
            return streams.newest(self._record.journal, experiment, most)
        except UserError as error:
            self._record.failed(error)
            return []

    def _newest_seq(self) -> int:
        try:
            return streams.last(self._record.journal)
        except UserError as error:
            self._record.failed(error)
            return 0

    def log(self, experiment: str, n: int) -> RunLog | None:
        """The log of a run, all there is of it."""
        path = self.folder / "runs" / experiment / str(n) / "run.log"
        return RunLog(path, growing=f"{experiment}/{n}" in self._state.running) if packed.exists(path) else None

    def curves(self, experiment: str, n: int) -> dict[str, Curve]:
        """The series of a run, as far as they were written."""
        return self._record.curves(experiment, n)

    def blob(self, digest: str) -> bytes:
        """What is kept under a digest."""
        return self._record.journal.get_blob(digest)

    def parts(self, digest: str) -> list[bytes]:
        """The parts of a prompt."""
        return self._record.journal.get_parts(digest)

    def close(self) -> None:
        """Let go of the journal."""
        self._record.close()
