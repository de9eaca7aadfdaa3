"""A journal as one file that can be carried away, and made again from such a file, whoever wrote it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace

from praxtui.errors import UserError
from praxtui.journal import opening
from praxtui.journal.events import decode, encode
from praxtui.journal.facts import CampaignCreated
from praxtui.journal.faults import explained
from praxtui.journal.store import NAME

TABLES = ("events", "stream", "blobs", "curves")  # snapshots are made anew


def copy(folder: Path, to: Path) -> None:
    """Write the journal in `folder` as it stands to the new file `to`, also while an engine writes it.

    Raises JournalMissing, JournalCorrupt, JournalLocked, JournalFull.
    """
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(opening.open_read(folder / NAME).connection) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise explained(error, folder / NAME, writing=True) from error


def rebuild(file: Path, to: Path, id: str | None = None) -> None:
    """Make the journal `to` from the rows of another one, of which nothing else is trusted. `id`: another name for it.

    Raises UserError for a file that is no journal, FileExistsError.
    """
    with _read(file) as source:
        row = source.execute("SELECT value FROM meta WHERE key='format'").fetchone()
        if row is None or row[0] != opening.FORMAT:
            raise UserError(f"its journal has a format that this praxtui does not read: {row and row[0]!r}")
        created = source.execute("SELECT value FROM meta WHERE key='created'").fetchone()
        opening.create(to, float(created[0]) if created else 0.0)
        with closing(opening.connect(to, "mode=rw")) as target:
            target.execute("BEGIN")
            for table in TABLES:
                rows = source.execute(f"SELECT * FROM {table}")
                width = len(rows.description)
                target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)
            if id is not None:
                _rename(target, id)
            target.execute("COMMIT")


def _rename(target: sqlite3.Connection, id: str) -> None:
    """The first fact says what a campaign is called, and no other."""
    row = target.execute("SELECT kind, v, data FROM events WHERE seq=1").fetchone()
    first = decode(*row) if row is not None else None
    if not isinstance(first, CampaignCreated):
        raise UserError("its journal does not begin with a campaign")
    target.execute("UPDATE events SET data=?, v=? WHERE seq=1", (encode(replace(first, id=id))[2], first.version))


@contextmanager
def _read(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal that anybody may have made: no views, triggers or tables but those of a journal."""
    try:
        with (
            closing(opening.connect(file, "mode=ro&immutable=1")) as source,
            closing(sqlite3.connect(":memory:")) as own,
        ):
            source.execute("PRAGMA trusted_schema=OFF")
            source.execute("PRAGMA cell_size_check=ON")
            own.executescript(opening.SCHEMA)
            if _schema(source) != _schema(own):
                raise UserError("its journal is none of praxtui's")
            yield source
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise UserError(f"its journal cannot be read: {error}") from error


def _schema(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100").fetchall()
    return {row for row in rows if not str(row[1]).startswith("sqlite_stat")}
