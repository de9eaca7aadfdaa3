"""Parts of a campaign's stream, found without reading the rest of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from praxtui.journal.faults import explained
from praxtui.journal.store import BATCH, Journal, StreamItem

COLUMNS = "seq, at, experiment, kind, data"
ALL = 1 << 62  # no item has as high a seq


def part(
    journal: Journal, after: int = 0, experiment: str | None = None, *, until: int = ALL, most: int = BATCH
) -> list[StreamItem]:
    """The items with `after` < seq <= `until`, in order, at most `most`; of one experiment where one is given.

    Raises JournalCorrupt, JournalLocked.
    """
    of, asked = _of(experiment)
    query = f"SELECT {COLUMNS} FROM stream WHERE {of}seq>? AND seq<=? ORDER BY seq LIMIT min(?, ?)"
    return _items(_read(journal, query, *asked, after, until, most))


def newest(journal: Journal, experiment: str, most: int, *, until: int = ALL) -> list[StreamItem]:
    """The last `most` items about an experiment with seq <= `until`, in order. Raises JournalCorrupt, JournalLocked."""
    query = f"SELECT {COLUMNS} FROM stream WHERE experiment=? AND seq<=? ORDER BY seq DESC LIMIT min(?, ?)"
    return _items(reversed(_read(journal, query, experiment, until, most)))


def last(journal: Journal) -> int:
    """The seq of the last item; 0 where there is none. Raises JournalCorrupt, JournalLocked."""
    return int(_read(journal, "SELECT coalesce(max(seq), 0) FROM stream LIMIT ?")[0][0])


def seq_at(journal: Journal, at: float) -> int:
    """The highest seq up to which all items were written by `at`, in seconds since 1970; 0 where there is none.

    Found by bisection, as items are written in the order of their times. Raises JournalCorrupt, JournalLocked.
    """
    low, high = 0, last(journal)  # all up to `low` are early enough, none above `high` is
    while low < high:
        middle = (low + high + 1) // 2
        # What was deleted leaves holes: the item at the middle, else the next one below it.
        found = _read(journal, "SELECT seq, at FROM stream WHERE seq<=? ORDER BY seq DESC LIMIT min(1, ?)", middle)
        if not found or found[0][0] <= low or found[0][1] <= at:
            low = middle
        else:
            high = int(found[0][0]) - 1
    return low


def times(journal: Journal, after: int = 0, most: int = BATCH) -> list[tuple[int, float]]:
    """(seq, time) of at most `most` items with seq > `after`, in order. Raises JournalCorrupt, JournalLocked."""
    query = "SELECT seq, at FROM stream WHERE seq>? ORDER BY seq LIMIT min(?, ?)"
    return [(int(seq), float(at)) for seq, at in _read(journal, query, after, most)]


def _of(experiment: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if experiment is None else ("experiment=? AND ", (experiment,))


def _read(journal: Journal, query: str, *asked: Any) -> list[Any]:
    rows, fault = journal.rows(query, *asked)
    if fault is not None:
        raise explained(fault, journal.path, writing=False) from fault
    return rows


def _items(rows: Iterable[Any]) -> list[StreamItem]:
    return [StreamItem(seq, at, experiment, kind, data.decode()) for seq, at, experiment, kind, data in rows]
