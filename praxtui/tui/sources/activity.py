"""When anything was written in a campaign: its facts, its stream, the logs of its runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from heapq import merge
from pathlib import Path

from praxtui.errors import UserError
from praxtui.journal import streams
from praxtui.journal.logs import Times
from praxtui.tui.sources.clock import Span, busy, merged
from praxtui.tui.sources.history import History, Ran
from praxtui.tui.sources.record import Record

Key = tuple[str, int]
KEPT = 16  # logs whose times are kept in memory


class LogTimes:
    """When the logs of runs grew; read once, and again where they grew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[Key, tuple[int, Times]] = {}

    def of(self, run: Key) -> Times:
        """The times of a run's log; empty where there are none."""
        path = self._folder / "runs" / run[0] / str(run[1]) / "run.times"
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        kept = self._kept.pop(run, None)
        if kept is None or kept[0] != size:
            kept = (size, Times.read(path))
        self._kept[run] = kept
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return kept[1]


class Activity:
    """The stretches in which something was written. Streams and logs are read bit by bit (`look`); until a run's log
    was, all of the run counts."""

    def __init__(self, record: Record, history: History, logs: LogTimes) -> None:
        self._record, self._history, self._logs = record, history, logs
        self._runs: dict[Key, list[Span]] = {}
        self._stream: list[Span] = []
        self._streamed = 0

    def look(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> bool:
        """Read for about `seconds`; whether everything there is was read."""
        until = clock() + seconds
        return all(clock() < until for _ in self._read())

    def _read(self) -> Iterator[None]:
        while found := self._items():
            self._stream = merged([*self._stream, *busy(sorted(at for _, at in found))])
            self._streamed = found[-1][0]
            yield
        for key, ran in self._history.runs.items():
            if key not in self._runs and ran.end is not None:
                self._runs[key] = self._written(key, ran)
                yield

    def _items(self) -> list[tuple[int, float]]:
        try:
            return streams.times(self._record.journal, self._streamed)
        except UserError as error:
            self._record.failed(error)
            return []

    def _written(self, key: Key, ran: Ran) -> list[Span]:
        seconds = self._logs.of(key).seconds
        return busy(sorted(ran.begin + passed for passed in seconds))

    def spans(self) -> list[Span]:
        """All stretches, in order, as far as they are known."""
        runs: list[Span] = []
        for key, ran in self._history.runs.items():
            if ran.end is None:
                runs += self._written(key, ran)
            else:
                runs += self._runs.get(key, [(ran.begin, ran.end)])
        runs.sort()
        return merged(merge(busy(self._history.times), sorted(self._stream), runs))

    def end(self) -> float:
        """The latest moment at which anything was written; that of the last fact where streams were not read yet."""
        times = self._history.times
        latest = [times[-1] if len(times) else 0.0]
        latest += [end for _, end in self._stream[-1:]]
        for key, ran in self._history.runs.items():
            if ran.end is None:
                latest += [end for _, end in self._written(key, ran)[-1:]]
        return max(latest)
