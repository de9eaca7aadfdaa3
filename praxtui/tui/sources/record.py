"""What both sources read in the same way: a campaign's journal, whatever state it is in, and the logs beside it."""

from __future__ import annotations

import time
from pathlib import Path

from praxtui.errors import UserError
from praxtui.journal.curves import Curve, read_curves
from praxtui.journal.events import Event
from praxtui.journal.faults import JournalCorrupt, JournalLocked
from praxtui.journal.store import NAME, Journal

EVENTS, SECONDS = 2000, 0.05
"""At most so many events, in at most so much time, are taken in at once: the screen has other things to do."""

LOOK_S, REOPEN_S = 1.0, 5.0


class Record:
    """A campaign's journal, opened for reading; what is wrong with it becomes a sentence instead of an error.

    Raises JournalMissing, JournalTooNew, JournalCorrupt, JournalLocked where it cannot be opened at all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal.open(folder)
        self._corrupt: str | None = None
        self._trouble: str | None = None
        self._gone = self._again = False
        # Before anything is read: what is written from here on is a change.
        self._version = self._data_version()
        self._looked = self._opened = time.monotonic()
        self._file = self._stat()

    @property
    def damage(self) -> str | None:
        """What is wrong with the record, in a sentence."""
        if self._gone:
            return f"{self.folder} is gone; what is shown was read before"
        return self._corrupt or self._trouble

    def found(self, damage: JournalCorrupt | None) -> None:
        """Remember damage, so that it is shown and not run into again."""
        self._corrupt = None if damage is None else f"{damage.short}; restore it from a backup"

    def failed(self, error: UserError) -> None:
        """Remember what kept something from being read; it is tried again in a second."""
        self._trouble = error.message
        self._again = True

    def changed(self) -> bool:
        """Whether something was written since the last call. Costs microseconds."""
        again = self._look() and self._again
        version = self._data_version()
        if version is None or (version == self._version and not again):
            return False
        self._version, self._again, self._trouble = version, False, None
        return True

    def events(self, after: int) -> tuple[list[Event], bool]:
        """The next events, and whether there may be more to take in at once."""
        taken: list[Event] = []
        until = time.monotonic() + SECONDS
        try:
            for event in self.journal.read(after):
                taken.append(event)
                if len(taken) >= EVENTS or (len(taken) % 64 == 0 and time.monotonic() > until):
                    return taken, True
        except JournalCorrupt as damage:
            self.found(damage)
        except (JournalLocked, UserError) as error:
            self.failed(error)
        return taken, False

    def curves(self, experiment: str, n: int) -> dict[str, Curve]:
        """The series of a run; none where they cannot be read."""
        try:
            return read_curves(self.journal, experiment, n)
        except UserError as error:
            self.failed(error)
            return {}

    def close(self) -> None:
        """Let go of the journal."""
        self.journal.close()

    def _data_version(self) -> int | None:
        try:
            return self.journal.data_version()
        except UserError as error:
            self.failed(error)
            return None

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = (self.folder / NAME).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _look(self) -> bool:
        """Once a second: is the file still there, and, where changes cannot be seen through the connection, another?"""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return False
        self._looked = now
        file = self._stat()
        self._gone = file is None
        if self.journal.follows or file in (None, self._file) or now - self._opened < REOPEN_S:
            return True
        self._opened, self._file = now, file
        try:
            again = Journal.open(self.folder)
        except UserError as error:
            self.failed(error)
            return True
        self.journal.close()
        self.journal, self._version = again, -1
        return True
