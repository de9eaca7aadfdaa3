"""The journal of a campaign: one SQLite file with its facts, its stream, its blobs and its caches.

One process writes it, the engine; any number read it. Facts are durable against power loss when `append` returns
(`synchronous=FULL`: in WAL mode every commit is fsynced). Everything else is written with `synchronous=NORMAL`, which
cannot corrupt the file but may lose the last moments: stream, curves and snapshots may be lost; and a blob is safe as
soon as a fact that names it is, because the fsync of the later commit covers all that stands before it in the log.
The pragma is switched on one connection: a second one would wait for the first by polling.
"""

from __future__ import annotations

import io
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from praxtui.journal import blobs, opening, secrets
from praxtui.journal.events import Event, decode, encode
from praxtui.journal.facts import Fact
from praxtui.journal.faults import (
    BROKEN,
    JournalCorrupt,
    JournalFull,
    JournalLocked,
    JournalMissing,
    JournalTooNew,
    explained,
    primary,
)
from praxtui.masking import mask

__all__ = [
    "Journal",
    "JournalCorrupt",
    "JournalFull",
    "JournalLocked",
    "JournalMissing",
    "JournalTooNew",
    "Snapshot",
    "StreamItem",
]

NAME = "journal.db"
BATCH = 2000  # rows a read transaction covers; a long one would keep the engine from resetting its log


class StreamItem(msgspec.Struct, frozen=True):
    """A thought, a piece of tool traffic, an engine message: shown live and in replay, never folded."""

    seq: int
    at: float
    experiment: str | None
    kind: str
    text: str


class Snapshot(msgspec.Struct, frozen=True):
    """A stored state that folds the events up to `seq`, made by version `version` of the fold."""

    seq: int
    version: int
    data: bytes


class Journal:
    """The record in one campaign's folder. Methods may be called from any thread.

    `slow_reason`: why writing is slower here than it could be, or None. `follows`: whether this object sees what the
    engine writes later; False where the journal had to be read from a read-only place, as it stood.
    """

    def __init__(self, folder: Path, opened: opening.Opened, writable: bool) -> None:
        self.folder = folder
        self.path = folder / NAME
        self.writable = writable
        self.slow_reason = opened.slow_reason
        self.follows = opened.follows
        self._connection = opened.connection
        self._lock = threading.RLock()
        self._durable: bool | None = None
        try:
            self._check_format()
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def create(cls, folder: Path) -> Journal:
        """Make the journal of a new campaign and open it for writing. Raises FileExistsError, JournalFull."""
        opening.create(folder / NAME, time.time())
        return cls.open(folder, write=True)

    @classmethod
    def open(cls, folder: Path, write: bool = False) -> Journal:
        """Open the journal in `folder`. Raises JournalMissing, JournalCorrupt, JournalLocked, JournalTooNew."""
        path = folder / NAME
        return cls(folder, opening.open_write(path) if write else opening.open_read(path), write)

    def _check_format(self) -> None:
        try:
            row = self._connection.execute("SELECT value FROM meta WHERE key='format'").fetchone()
        except sqlite3.Error as error:
            if primary(error) == sqlite3.SQLITE_CORRUPT and not self.writable:
                return  # the events may still be readable, and say themselves where they end
            if primary(error) == sqlite3.SQLITE_ERROR:
                raise JournalCorrupt(self.path, 0, f"not a journal of praxtui ({error})") from error
            raise explained(error, self.path, writing=False) from error
        if row is None:
            raise JournalCorrupt(self.path, 0, "its format is not stated")
        if row[0] > opening.FORMAT:
            raise JournalTooNew(
                f"{self.path} has journal format {row[0]}; this praxtui reads formats up to {opening.FORMAT}",
                fix="install a newer praxtui: pip install -U praxtui",
            )

    # --- facts ------------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], at: float | None = None) -> list[Event]:
        """Write facts, all or none, durably; returns them with their places. `at`: seconds since 1970, default now.

        No secret in their texts is written, nor in what is returned.

        Raises JournalFull (nothing was written; the same call may be repeated later), JournalLocked.
        """
        if not facts:
            return []
        facts = [secrets.masked(fact) for fact in facts]
        rows = [encode(fact) for fact in facts]
        when = time.time() if at is None else at
        with self._writing(durable=True) as connection:
            first = self._last_seq() + 1
            connection.executemany(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                [(first + i, when, kind, version, data) for i, (kind, version, data) in enumerate(rows)],
            )
        return [Event(seq=first + i, at=when, fact=fact) for i, fact in enumerate(facts)]

    def read(self, after: int = 0) -> Iterator[Event]:
        """The events with seq > `after`, in order, up to the last one there is when the end is reached.

        Raises JournalCorrupt, after everything before the damage; JournalLocked.
        """
        last = after
        while True:
            rows, fault = self.rows("SELECT seq, at, kind, v, data FROM events WHERE seq>? ORDER BY seq LIMIT ?", last)
            for seq, at, kind, version, data in rows:
                if seq != last + 1:
                    raise JournalCorrupt(self.path, last, f"event {last + 1} is missing")
                try:
                    fact = decode(kind, version, data)
                except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
                    raise JournalCorrupt(self.path, last, f"event {seq} ({kind}): {error}") from error
                yield Event(seq, at, fact)
                last = seq
            if fault is not None:
                raise explained(fault, self.path, writing=False, last_good=last) from fault
            if len(rows) < BATCH:
                return

    def last_seq(self) -> int:
        """The seq of the last fact, 0 in an empty journal."""
        with self._reading():
            return self._last_seq()

    def _last_seq(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def data_version(self) -> int:
        """A number that changes when another process has written; costs microseconds."""
        with self._reading() as connection:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

    # --- stream -----------------------------------------------------------------------------------------------------

    def stream_append(self, kind: str, text: str, experiment: str | None = None, at: float | None = None) -> int:
        """Write an item to the stream, without secrets; returns its seq. Raises JournalFull."""
        row = (time.time() if at is None else at, experiment, kind, mask(text).encode(errors="replace"))
        with self._writing(durable=False) as connection:
            cursor = connection.execute("INSERT INTO stream(at, experiment, kind, data) VALUES (?, ?, ?, ?)", row)
            return cursor.lastrowid or 0

    def stream_read(self, after: int = 0, experiment: str | None = None) -> Iterator[StreamItem]:
        """The stream's items with seq > `after`, in order; of one experiment where one is given."""
        last = after
        of = "" if experiment is None else "experiment=? AND "
        asked = () if experiment is None else (experiment,)
        while True:
            rows, fault = self.rows(
                f"SELECT seq, at, experiment, kind, data FROM stream WHERE {of}seq>? ORDER BY seq LIMIT ?", *asked, last
            )
            for seq, at, of_experiment, kind, data in rows:
                yield StreamItem(seq, at, of_experiment, kind, data.decode())
                last = seq
            if fault is not None:
                raise explained(fault, self.path, writing=False, last_good=self._last_intact()) from fault
            if len(rows) < BATCH:
                return

    # --- blobs ------------------------------------------------------------------------------------------------------

    def put_blob(self, data: bytes) -> str:
        """Keep `data` once; returns its SHA-256 in hex. Durable with the next `append`. Raises JournalFull."""
        return self._put(blobs.packed(data))

    def get_blob(self, digest: str) -> bytes:
        """What `put_blob` was given, or the joined parts of `put_parts`. Raises BlobMissing, JournalCorrupt."""
        return b"".join(self.get_parts(digest))

    def put_parts(self, parts: Sequence[bytes]) -> str:
        """Keep a sequence of parts, each once however many sequences share it; returns the sequence's digest."""
        return self._put(*map(blobs.packed, parts), blobs.listed(parts))

    def get_parts(self, digest: str) -> list[bytes]:
        """The parts that `put_parts` was given; one part for a digest of `put_blob`. Raises BlobMissing."""
        row = self._blob(digest)
        if row.codec != blobs.PARTS:
            return [blobs.unpacked(row, self.path)]
        return [blobs.unpacked(self._blob(part.hex()), self.path) for part in blobs.part_digests(row, self.path)]

    def _put(self, *rows: blobs.Row) -> str:
        fresh = [row for row in rows if not self._has_blob(row.digest)]
        if fresh:
            with self._writing(durable=False) as connection:
                connection.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", fresh)
        return rows[-1].digest.hex()

    def _has_blob(self, digest: bytes) -> bool:
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM blobs WHERE digest=?", (digest,)).fetchone() is not None

    def _blob(self, digest: str) -> blobs.Row:
        key = blobs.key(digest)
        with self._reading() as connection:
            row = connection.execute("SELECT digest, size, codec, data FROM blobs WHERE digest=?", (key,)).fetchone()
        if row is None:
            raise blobs.BlobMissing(
                f"{self.path} has no blob {digest}", fix="the journal was copied in part; copy it anew"
            )
        return blobs.Row(*row)

    # --- caches: both can be rebuilt --------------------------------------------------------------------------------

    def save_curves(self, experiment: str, n: int, series: Mapping[str, bytes]) -> None:
        """Replace packed series of run `n` of an experiment. Raises JournalFull."""
        with self._writing(durable=False) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO curves VALUES (?, ?, ?, ?)",
                [(experiment, n, name, data) for name, data in series.items()],
            )

    def load_curves(self, experiment: str, n: int) -> dict[str, bytes]:
        """The packed series of a run, by name."""
        with self._reading() as connection:
            asked = (experiment, n)
            return dict(
                connection.execute("SELECT series, data FROM curves WHERE experiment=? AND n=?", asked).fetchall()
            )

    def save_snapshot(self, name: str, seq: int, version: int, data: bytes) -> None:
        """Replace the snapshot `name`. Raises JournalFull."""
        with self._writing(durable=False) as connection:
            connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (name, seq, version, data))

    def load_snapshot(self, name: str) -> Snapshot | None:
        """The snapshot `name`; None where there is none, where it is damaged, or where it is ahead of the facts."""
        try:
            with self._reading() as connection:
                row = connection.execute("SELECT seq, version, data FROM snapshots WHERE name=?", (name,)).fetchone()
                return Snapshot(*row) if row is not None and row[0] <= self._last_seq() else None
        except JournalCorrupt:
            return None

    # --- ending -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the file. A writer that ends a campaign calls `checkpoint_and_close`."""
        with self._lock:
            self._connection.close()

    def check(self) -> None:
        """Raise JournalCorrupt where the file is damaged in any part: before anything more is written to it."""
        with self._reading() as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise JournalCorrupt(self.path, self._last_intact(), str(said).splitlines()[-1])

    def checkpoint_and_close(self) -> None:
        """Move everything into journal.db itself, so that this one file can be copied and read from anywhere.

        Without other readers the file also leaves WAL mode, and -wal and -shm are gone; with some, an empty -wal stays.
        Never fails: what could not be moved stays in the -wal, from which every later opening takes it.
        """
        with self._lock:
            try:
                if self.writable and self._durable is not None:
                    self._connection.execute("PRAGMA synchronous=FULL")
                self._connection.execute("PRAGMA busy_timeout=200")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                self._connection.execute("PRAGMA busy_timeout=0")
                self._connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            except sqlite3.Error:
                pass
            self._connection.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- transactions -----------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                last_good = self._last_intact() if primary(error) in BROKEN else 0
                raise explained(error, self.path, writing=False, last_good=last_good) from error

    @contextmanager
    def _writing(self, durable: bool) -> Iterator[sqlite3.Connection]:
        if not self.writable:
            raise io.UnsupportedOperation(f"{self.path} is open for reading")
        with self._lock:
            connection = self._connection
            try:
                if durable is not self._durable:
                    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                    self._durable = durable
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                last_good = self._last_intact() if primary(error) in BROKEN else 0
                raise explained(error, self.path, writing=True, last_good=last_good) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def rows(self, query: str, *asked: Any) -> tuple[list[Any], sqlite3.Error | None]:
        """One short read transaction: the rows that could be read, and what stopped it, if anything.

        The query ends with a LIMIT, whose last parameter is filled in here.
        """
        rows: list[Any] = []
        with self._lock:
            try:
                for row in self._connection.execute(query, (*asked, BATCH)):
                    rows.append(row)
            except sqlite3.Error as error:
                return rows, error
        return rows, None

    def _last_intact(self) -> int:
        last = 0
        try:
            for (seq,) in self._connection.execute("SELECT seq FROM events ORDER BY seq"):
                if seq != last + 1:
                    break
                last = seq
        except sqlite3.Error:
            pass
        return last
