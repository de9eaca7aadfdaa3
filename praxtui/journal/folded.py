"""The state of a journal, from its newest usable snapshot on."""

from __future__ import annotations

import msgspec

from praxtui.journal.fold import FOLD_VERSION, fold_all, load
from praxtui.journal.state import State
from praxtui.journal.store import Journal


def folded(journal: Journal) -> State:
    """The state of now; equal to folding everything. Raises JournalCorrupt where the journal ends in damage."""
    state = State()
    kept = journal.load_snapshot("state")
    if kept is not None and kept.version == FOLD_VERSION:
        try:
            state = load(kept.data)
        except msgspec.MsgspecError:
            state = State()
    return fold_all(state, journal.read(state.seq))
