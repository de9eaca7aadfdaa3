"""The state of a journal, from its newest usable snapshot on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from praxtui.journal.events import Event
from praxtui.journal.faults import JournalCorrupt
from praxtui.journal.fold import FOLD_VERSION, fold_all, load
from praxtui.journal.state import State
from praxtui.journal.store import Journal


def folded(journal: Journal) -> State:
    """The state of now; equal to folding everything. Raises JournalCorrupt where the journal ends in damage."""
    state, damage = readable(journal)
    if damage is not None:
        raise damage
    return state


def readable(journal: Journal) -> tuple[State, JournalCorrupt | None]:
    """The state as far as the journal can be read, and what is wrong with the rest of it; None where nothing is."""
    found: list[JournalCorrupt] = []
    state = _kept(journal)
    state = fold_all(state, _intact(journal, state.seq, found))
    return state, found[0] if found else None


def _kept(journal: Journal) -> State:
    """The newest snapshot that this fold made; the empty state where there is none."""
    kept = journal.load_snapshot("state")
    if kept is not None and kept.version == FOLD_VERSION:
        try:
            return load(kept.data)
        except msgspec.MsgspecError:
            return State()
    return State()


def _intact(journal: Journal, after: int, found: list[JournalCorrupt]) -> Iterator[Event]:
    """The events after `after` up to the damage, which goes to `found`."""
    try:
        yield from journal.read(after)
    except JournalCorrupt as damage:
        found.append(damage)
