"""The engine's hold on the journal: facts go in, the folded state comes out, and whoever waits is told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from praxtui.engine.clock import Clock
from praxtui.journal import status
from praxtui.journal.facts import Fact
from praxtui.journal.faults import JournalFull, JournalLocked
from praxtui.journal.fold import FOLD_VERSION, dump, fold_all
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import Journal

log = logging.getLogger(__name__)
T = TypeVar("T")

SNAPSHOT_EVERY = 2000
FULL_RETRY_S = 2.0


def _patiently(work: Callable[[], T]) -> T:
    """Write to the journal, trying again for as long as the disk is full or somebody else keeps the file locked."""
    while True:
        try:
            return work()
        except (JournalFull, JournalLocked) as error:
            # Nothing was written, and nothing else could be, so there is nothing better to do than to wait here;
            # a training that is under way is looked after by its shim.
            log.error("the journal cannot be written: %s; trying again in %g s", error, FULL_RETRY_S)
            time.sleep(FULL_RETRY_S)


class Record:
    """One campaign's journal with its state. `write` is the only way in which anything becomes true."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.state = folded(journal)
        self._snapshot_at = self.state.seq
        self._changed = asyncio.Event()

    def write(self, *facts: Fact) -> State:
        """Append facts in one durable transaction and fold them. Waits out a full disk or a foreign lock."""
        events = _patiently(lambda: self.journal.append(facts, self.clock.now()))
        self.state = fold_all(self.state, events)
        if self.state.seq - self._snapshot_at >= SNAPSHOT_EVERY:
            self.snapshot()
        self.wake()
        return self.state

    def put_blob(self, data: bytes) -> str:
        """Keep `data` once; returns its digest, for a fact that is written next. Waits as `write` does."""
        return _patiently(lambda: self.journal.put_blob(data))

    def put_parts(self, parts: Sequence[bytes]) -> str:
        """Keep a sequence of parts, each once; returns its digest. Waits as `write` does."""
        return _patiently(lambda: self.journal.put_parts(parts))

    def wake(self) -> None:
        """Let every `until` look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, true: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `true()` holds, looking after every write; False when `timeout` seconds pass first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not true():
            changed = self._changed
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            try:
                await asyncio.wait_for(changed.wait(), left)
            except TimeoutError:
                return true()
        return True

    def stream(self, kind: str, text: str, experiment: str | None = None) -> None:
        """Thoughts and tool traffic: kept and shown, never folded."""
        try:
            self.journal.stream_append(kind, text, experiment=experiment, at=self.clock.now())
        except (JournalFull, JournalLocked) as error:
            log.warning("a line of the stream is lost: %s", error)

    def snapshot(self) -> None:
        """Keep the state and its status document, so that the next reader need not fold everything."""
        import msgspec

        try:
            self.journal.save_snapshot("state", self.state.seq, FOLD_VERSION, dump(self.state))
            document = msgspec.json.encode(status.document(self.state))
            self.journal.save_snapshot("status", self.state.seq, FOLD_VERSION, document)
        except (JournalFull, JournalLocked, OverflowError) as error:
            # Whole numbers beyond 64 bits, which a researcher's own detail may hold, fit JSON but no snapshot.
            log.warning("no snapshot: %s", error)
        self._snapshot_at = self.state.seq

    def close(self) -> None:
        """Snapshot, checkpoint and close, so that the folder can be read where it cannot be written."""
        self.snapshot()
        self.journal.checkpoint_and_close()
