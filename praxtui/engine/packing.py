"""Logs of runs that are over and judged are packed beside the work, by a thread that gives way to everything else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from praxtui.engine.record import Record
from praxtui.journal import packed
from praxtui.journal.state import State

log = logging.getLogger(__name__)

REST_S = 2.0  # seconds between two looks at what there is to pack
IDLE = 3.0  # seconds of rest for each second of work
LAST_S = 5.0  # seconds that an engine stays for it after its campaign has ended; `praxtui clean` does the rest
LOG = re.compile(r"[\w-][\w.-]*\.log")
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Packing:
    """Packs the logs of one campaign, each run's once. Nothing waits for it, and nothing is lost where it is killed."""

    def __init__(self, folder: Path, record: Record) -> None:
        self._folder = folder
        self._record = record
        self._done: set[tuple[str, int]] = set()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._thread = ThreadPoolExecutor(1, "packing", initializer=give_way)

    async def work(self) -> None:
        """Pack what becomes due, until cancelled."""
        while True:
            seen = self._record.state.seq
            await self._pack()
            await self._record.until(lambda seen=seen: self._record.state.seq != seen)  # type: ignore[misc]
            await asyncio.sleep(REST_S)

    async def finish(self) -> None:
        """Pack what is left, for a few seconds at most."""
        self._hurry.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._pack(), LAST_S)

    def close(self) -> None:
        """End the thread: within a block."""
        self._stop.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _pack(self) -> None:
        loop = asyncio.get_running_loop()
        for experiment, n in due(self._record.state, self._done):
            folder = self._folder / "runs" / experiment / str(n)
            # Shielded: who stops waiting for the thread does not stop it, `close` does.
            saved = await asyncio.shield(loop.run_in_executor(self._thread, pack_run, folder, self._goes()))
            self._done.add((experiment, n))
            if saved:
                log.info("packed the logs of %s run %d: %d bytes less", experiment, n, saved)

    def _goes(self) -> Callable[[int], bool]:
        """Rests after each block in proportion to what it took."""
        began = time.monotonic()

        def goes(_: int) -> bool:
            nonlocal began
            if not self._hurry.is_set():
                self._stop.wait(IDLE * (time.monotonic() - began))
            began = time.monotonic()
            return not self._stop.is_set()

        return goes


def give_way() -> None:
    """Make this thread the last to get a core. Only Linux has priorities of threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def due(state: State, done: set[tuple[str, int]]) -> list[tuple[str, int]]:
    """The runs whose logs nobody follows any more: over, of experiments that are judged. (experiment, n) each."""
    return [
        (e.id, run.n)
        for e in state.experiments.values()
        if e.verdict is not None or state.ended
        for run in e.runs
        if run.over and (e.id, run.n) not in done
    ]


def pack_run(folder: Path, goes: Callable[[int], bool]) -> int:
    """Pack the logs in the folder of a run; bytes saved. What cannot be packed is left: no space is no fault here."""
    saved = 0
    with contextlib.suppress(OSError), opened(folder) as handle:
        for name in large(handle):
            with contextlib.suppress(OSError):
                saved += packed.pack(handle, name, goes)
    return saved


def large(handle: int) -> list[str]:
    """The logs in an open folder that are worth packing."""
    with os.scandir(handle) as entries:
        return sorted(
            entry.name
            for entry in entries
            if LOG.fullmatch(entry.name)
            and entry.is_file(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_size >= packed.SMALLEST
        )


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A run's folder, reached through no link that a run may have put in its place. Raises OSError."""
    handles = [os.open(folder.parents[2], FOLDER)]
    try:
        for part in folder.parts[-3:]:
            handles.append(os.open(part, FOLDER, dir_fd=handles[-1]))
        yield handles[-1]
    finally:
        for handle in handles:
            os.close(handle)
