"""Commands to a campaign: written by anyone, from anywhere, consumed by its engine.

The inbox is a file of its own, so that its writers never wait for the journal. It holds no state: which commands were
taken, and what came of them, stands in the journal as facts. It may be deleted; `send` makes it anew. A rollback
journal, not WAL: it works on every file system and leaves no files beside it.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from praxtui.errors import UserError
from praxtui.journal.faults import BROKEN, BUSY, JournalLocked, explained, primary
from praxtui.journal.opening import connect
from praxtui.masking import mask_all
from praxtui.paths import private

NAME = "inbox.db"
PATIENCE_S = 60.0  # a command is not given up because others are being written
POLL_S = 0.1  # the engine does not stand still because a command is being written
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS commands(id INTEGER PRIMARY KEY, at REAL NOT NULL, verb TEXT NOT NULL,"
    " args TEXT NOT NULL, who TEXT NOT NULL)"
)


class Command(msgspec.Struct, frozen=True):
    """What a person asked for: `at` in seconds since 1970, `who` as `sender` gives it."""

    id: int
    at: float
    verb: str
    args: dict[str, Any]
    who: str


def sender() -> str:
    """This process, as commands name it: user@host:pid."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}:{os.getpid()}"


def _make_private(path: Path) -> None:
    """Make an empty inbox for its owner alone, where there is none; SQLite would let the umask decide.

    Closed before it gets its name: to close a file that SQLite has open elsewhere in this process lets go of its locks.
    What fails here, SQLite says, or does its own way.
    """
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    with suppress(OSError):
        os.close(private(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            os.link(fresh, path)
        finally:
            fresh.unlink()


class Inbox:
    """The inbox in a campaign's folder. Not for use by several threads at once; any number of processes may hold one.

    `set_aside`: where a damaged inbox was moved, so that commands flow again; None while that did not happen.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.set_aside: Path | None = None
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # device and inode that the connection has open
        self._seen: int | None = None  # data_version at the last `pending`

    def send(self, verb: str, args: dict[str, Any], who: str, patience: float = PATIENCE_S) -> int:
        """Leave a command, without secrets; durable when this returns its id.

        Raises JournalLocked, JournalFull, UserError.

        `patience`: seconds that others may keep the inbox locked before it is given up.
        """
        text = msgspec.json.encode(mask_all(args)).decode()
        for attempt in (1, 2):
            try:
                return self._insert(verb, text, who, patience)
            except sqlite3.Error as error:
                if attempt == 2 or primary(error) not in BROKEN:
                    raise self._explained(error, writing=True) from error
                self._move_aside()
        raise AssertionError("unreachable")

    def _insert(self, verb: str, text: str, who: str, patience: float) -> int:
        connection = self._open(make=True, patience=patience)
        if connection is None:
            raise UserError(
                f"cannot write {self.path}: no such folder", fix="`praxtui list` shows the campaigns there are"
            )
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(SCHEMA)
            # Ids grow with the clock, so that those of an inbox made anew come after those of the one it replaces.
            now = time.time()
            cursor = connection.execute(
                "INSERT INTO commands SELECT max(coalesce(max(id), 0) + 1, ?), ?, ?, ?, ? FROM commands",
                (int(now * 1000), now, verb, text, who),
            )
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return cursor.lastrowid or 0

    def pending(self, after: int = 0, most: int = -1) -> list[Command]:
        """The commands with id > `after`, in the order they were sent, no more than `most` of them (-1: all).

        Empty where there is no inbox.

        While another process keeps the inbox locked it counts as empty, and `changed` stays true. A damaged inbox is
        moved aside and counts as empty.
        """
        try:
            connection = self._open(make=False, patience=POLL_S)
            if connection is None:
                return []
            seen = self._version(connection)
            rows = connection.execute(
                "SELECT id, at, verb, args, who FROM commands WHERE id>? ORDER BY id LIMIT ?", (after, most)
            ).fetchall()
        except sqlite3.Error as error:
            if primary(error) in (sqlite3.SQLITE_ERROR, *BUSY):
                return []  # made but not yet written, or being written
            if primary(error) not in BROKEN:
                raise self._explained(error, writing=False) from error
            self._move_aside()
            return []
        self._seen = seen
        return [
            Command(id=number, at=at, verb=verb, args=msgspec.json.decode(args, type=dict[str, Any]), who=who)
            for number, at, verb, args, who in rows
        ]

    def changed(self) -> bool:
        """Whether something may have been sent since the last `pending`; costs microseconds."""
        try:
            connection = self._open(make=False, patience=0.0)
            return connection is not None and self._version(connection) != self._seen
        except sqlite3.Error as error:
            if primary(error) in BUSY:
                return True  # being written at this moment
            return primary(error) in BROKEN

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = self._seen = None

    def __enter__(self) -> Inbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, make: bool, patience: float) -> sqlite3.Connection | None:
        """The connection to the file that is there now; None where there is none, and none is to be made."""
        there = self._identity()
        if self._connection is not None and there != self._file:
            self.close()  # deleted or replaced since it was opened
        if self._connection is None:
            if there is None and not (make and self.path.parent.is_dir()):
                return None
            if make and there is None:
                _make_private(self.path)
            self._connection = connect(self.path, "mode=rwc" if make else "mode=rw")
            self._file = self._identity()
        self._connection.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
        return self._connection

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def _move_aside(self) -> None:
        """Rename the damaged file, unless another process has already put a new one in its place."""
        damaged = self._file
        self.close()
        with self._alone():
            if damaged is not None and self._identity() == damaged:
                aside = self.path.with_name(f"{NAME}.damaged-{time.time_ns()}")
                self.path.rename(aside)
                self.set_aside = aside

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            flock(folder, LOCK_EX)
            yield
            flock(folder, LOCK_UN)
        finally:
            os.close(folder)

    def _explained(self, error: sqlite3.Error, writing: bool) -> Exception:
        if primary(error) in BUSY:
            return JournalLocked(f"{self.path} is locked by another process", fix="try again in a moment")
        if primary(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return UserError(f"cannot write {self.path}: {error}", fix="make the campaign's folder writable for you")
        return explained(error, self.path, writing=writing)
