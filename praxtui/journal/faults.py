"""What can go wrong with a journal or an inbox, and how SQLite's codes map to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from praxtui.errors import CampaignFault, RequirementMissing, UserError

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class JournalMissing(UserError):
    """There is no journal in the folder."""


class JournalTooNew(RequirementMissing):
    """The journal has a format that only a later praxtui reads."""


class JournalLocked(CampaignFault):
    """Another process kept the file locked for longer than praxtui waits."""


class JournalCorrupt(CampaignFault):
    """The journal is damaged. `last_good`: seq of the last event before the damage, 0 if none; None: none is lost.

    `short`: the same for one line of a screen, without the path.
    """

    def __init__(self, path: Path, last_good: int | None, why: str) -> None:
        self.path = path
        self.last_good = last_good
        intact = f"events 1 to {last_good} are intact" if last_good else "no event can be read"
        kept = "its events are intact" if last_good is None else intact
        self.short = f"{path.name} is damaged: {kept} ({why})"
        super().__init__(
            f"{path} is damaged: {why}; {kept}",
            fix="restore journal.db from a backup; the commit of every experiment is also under "
            f"refs/praxtui/{path.parent.name}/ in the leaf's git repository",
        )


class JournalFull(CampaignFault):
    """Nothing of a write was kept: the disk is full or refused it. The same write may be tried again later."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(
            f"cannot write {path}: {why}; nothing was written",
            fix="free space on that disk (`praxtui clean` removes what can be rebuilt), then `praxtui resume`",
        )


def primary(error: sqlite3.Error) -> int:
    """The primary result code of an SQLite error; 0 where Python itself raised it."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def explained(error: sqlite3.Error, path: Path, *, writing: bool, last_good: int = 0) -> Exception:
    """The exception to raise in place of an SQLite error; the error itself where it is a programming mistake."""
    code = primary(error)
    if code in BUSY:
        return JournalLocked(
            f"{path} is locked by another process",
            fix="close what holds it (a backup, a database browser, an engine on another machine) and try again",
        )
    if code in BROKEN or (not writing and code == sqlite3.SQLITE_IOERR):
        return JournalCorrupt(path, last_good, str(error))
    if writing and code in UNWRITABLE:
        return JournalFull(path, str(error))
    if code in UNWRITABLE:
        return CampaignFault(f"cannot read {path}: {error}", fix="check the permissions of the folder and its files")
    return error
