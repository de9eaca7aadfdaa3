"""Connections to a journal: for the engine that writes it, and for anyone who reads it wherever it lies.

SQLite's write-ahead log lets readers and the writer work side by side, but needs shared memory and thus one machine
and a folder that can be written. This module finds out what a place allows and chooses accordingly:

- a writer uses WAL; on network file systems, where WAL would corrupt, a rollback journal (slower: `slow_reason`);
- a reader connects read-only; where even that cannot work (read-only folder, network file system) it opens the file
  as immutable when nothing is pending in a `-wal`, else a private copy, in which SQLite recovers what is pending.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from praxtui.errors import UserError
from praxtui.journal.faults import JournalCorrupt, JournalFull, JournalMissing, explained, primary

FORMAT = 1
WAIT_S = 10.0  # how long a connection waits for another one's lock
WAL_LIMIT = 64 << 20  # bytes a -wal may keep on disk after a checkpoint
MODE_VARIABLE = "PRAXTUI_JOURNAL_MODE"

# File systems that are reached over a network or through a user-space server: no shared memory between machines.
NETWORK = re.compile(
    r"9p|afs|beegfs|ceph|cifs|coda|davfs|gfs2?|glusterfs|gpfs|lustre|ncpfs|nfs4?|ocfs2|orangefs|smb[23]|smbfs"
    r"|fuse\.(ceph|davfs|gcsfuse|glusterfs|goofys|juicefs|rclone|s3fs|sshfs)"
)

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE events(seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, v INTEGER NOT NULL,
    data BLOB NOT NULL);
CREATE TABLE stream(seq INTEGER PRIMARY KEY, at REAL NOT NULL, experiment TEXT, kind TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX stream_of ON stream(experiment, seq);
CREATE TABLE blobs(digest BLOB PRIMARY KEY, size INTEGER NOT NULL, codec TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE curves(experiment TEXT, n INTEGER, series TEXT, data BLOB NOT NULL, PRIMARY KEY(experiment, n, series));
CREATE TABLE snapshots(name TEXT PRIMARY KEY, seq INTEGER NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL);
"""


class Opened(NamedTuple):
    """A connection; why writing is slow here, if it is; whether later changes can be seen through it."""

    connection: sqlite3.Connection
    slow_reason: str | None = None
    follows: bool = True


def connect(path: Path, query: str) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any thread (its owner keeps a lock), by URI parameters."""
    uri = f"{path.absolute().as_uri()}?{query}"
    return sqlite3.connect(uri, uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False)


def slow_reason(folder: Path) -> str | None:
    """Why WAL cannot be used in `folder`; None where it can. `PRAXTUI_JOURNAL_MODE=delete` forces a reason."""
    if os.environ.get(MODE_VARIABLE) == "delete":
        return f"{MODE_VARIABLE}=delete is set: a rollback journal is used, which is slower"
    kind = file_system(folder)
    if NETWORK.fullmatch(kind):
        return f"{folder} is on a network file system ({kind}): a rollback journal is used, which is slower"
    return None


def file_system(folder: Path) -> str:
    """The type of the file system that holds `folder`, as in /proc/self/mountinfo; empty where it cannot be known."""
    return _file_system(os.path.realpath(folder))


@lru_cache(maxsize=256)
def _file_system(real: str) -> str:
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    return mounted_at(real, mounts)


def mounted_at(real: str, mounts: list[str]) -> str:
    """The file system type of the mount that `real`, an absolute path, lies under; later mounts cover earlier ones."""
    longest, kind = -1, ""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4]
        for octal, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(octal, char)
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            longest, kind = len(point), rest.split(" ")[0]
    return kind


def create(path: Path, created: float) -> None:
    """Make an empty journal at `path`: whole or not at all, never in place of another.

    Raises FileExistsError, JournalFull.
    """
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = connect(fresh, "mode=rw")
        try:
            connection.execute("BEGIN")
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('format', ?), ('created', ?)", (FORMAT, created))
            connection.execute("COMMIT")
        finally:
            connection.close()
        _place(fresh, path)
    except sqlite3.Error as error:
        raise explained(error, path, writing=True) from error
    except FileExistsError:
        raise
    except OSError as error:
        raise JournalFull(path, error.strerror or str(error)) from error
    finally:
        fresh.unlink(missing_ok=True)


def _place(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; engine.lock keeps a second creator away
        if path.exists():
            raise FileExistsError(path) from None
        fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError:
        pass  # some network file systems cannot sync a folder
    finally:
        os.close(folder)


def open_write(path: Path) -> Opened:
    """A connection that may write. Raises JournalMissing, JournalCorrupt, JournalLocked, or UserError (read-only)."""
    wal = _header(path)[18] == 2
    slow = slow_reason(path.parent)
    connection = connect(path, "mode=rw")
    try:
        if slow:
            _leave_wal(connection, wal)
        else:
            slow = _enter_wal(connection, path.parent)
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        connection.execute("PRAGMA fullfsync=1")  # macOS: fsync alone leaves data in the drive's cache
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if primary(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise UserError(
                f"cannot write {path}: {error}", fix="make the campaign's folder writable, or work on a copy of it"
            ) from error
        if primary(error) == sqlite3.SQLITE_ERROR:
            raise JournalCorrupt(path, 0, f"not a journal of praxtui ({error})") from error
        raise explained(error, path, writing=True) from error
    return Opened(connection, slow)


def _enter_wal(connection: sqlite3.Connection, folder: Path) -> str | None:
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    except sqlite3.Error as error:
        if primary(error) not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
            raise
        mode = "none"
    if mode == "wal":
        return None
    _leave_wal(connection, False)
    return f"the file system of {folder} cannot share memory: a rollback journal is used, which is slower"


def _leave_wal(connection: sqlite3.Connection, wal: bool) -> None:
    if wal:
        # With an exclusive lock SQLite keeps the WAL index in its own memory instead of a shared file.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=TRUNCATE")
    if wal:
        connection.execute("PRAGMA locking_mode=NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the lock is let go at the next access


def open_read(path: Path) -> Opened:
    """A connection that never writes to the campaign's folder. Raises JournalMissing, JournalCorrupt, JournalLocked."""
    wal = _header(path)[18] == 2
    if wal and slow_reason(path.parent):
        return _open_still(path)
    try:
        return Opened(_checked(path, "mode=ro"))
    except sqlite3.Error as error:
        if primary(error) == sqlite3.SQLITE_CORRUPT:
            # Shorter than its header says: SQLite reads what there is only when told to accept a damaged schema.
            connection = connect(path, "mode=ro")
            connection.execute("PRAGMA writable_schema=ON")
            return Opened(connection)
        if primary(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise explained(error, path, writing=False) from error
    return _open_still(path)


def _checked(path: Path, query: str) -> sqlite3.Connection:
    """A connection through which the file could be read."""
    connection = connect(path, query)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _open_still(path: Path) -> Opened:
    """Read a file that cannot be shared with a writer: in place when it is whole, else by a copy made whole."""
    try:
        if any(_size(path, end) for end in ("-wal", "-journal")):
            return Opened(_open_copy(path), follows=False)
        return Opened(_checked(path, "immutable=1"), follows=False)
    except sqlite3.Error as error:
        raise explained(error, path, writing=False) from error


def _open_copy(path: Path) -> sqlite3.Connection:
    folder = Path(tempfile.mkdtemp(prefix="praxtui-journal-"))
    try:
        copy = folder / path.name
        for _ in range(5):
            before = _log_header(path)
            shutil.copyfile(path, copy)
            for end in ("-wal", "-journal"):
                if _size(path, end):
                    shutil.copyfile(f"{path}{end}", f"{copy}{end}")
            if _log_header(path) == before:
                break  # the log was not begun anew meanwhile, so it covers whatever changed in the file
        with closing(connect(copy, "mode=rw")) as recovering:
            recovering.execute("PRAGMA journal_mode=DELETE")
        return _checked(copy, "immutable=1")
    except OSError as error:
        raise UserError(
            f"cannot copy {path} to {folder} to read it: {error.strerror}", fix="set TMPDIR to a folder with more space"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the connection keeps the file that it has open


def _log_header(path: Path) -> bytes:
    try:
        with open(f"{path}-wal", "rb") as log:
            return log.read(32)
    except FileNotFoundError:
        return b""


def _size(path: Path, end: str) -> int:
    try:
        return os.stat(f"{path}{end}").st_size
    except FileNotFoundError:
        return 0


def _header(path: Path) -> bytes:
    """The first 100 bytes of the file; byte 18 is 2 in WAL mode (sqlite.org/fileformat2.html, section 1.3)."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except (FileNotFoundError, NotADirectoryError):
        raise JournalMissing(
            f"there is no journal at {path}", fix="`praxtui list` shows the campaigns there are"
        ) from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", fix="check the permissions of the folder") from error
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise JournalCorrupt(path, 0, "file is not a database")
    return header
