"""Campaigns as the light verbs read them: the folded state, whether the engine lives, the status document."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from praxtui.errors import UserError, did_you_mean
from praxtui.journal import campaigns, liveness, status
from praxtui.journal.faults import JournalCorrupt
from praxtui.journal.fold import FOLD_VERSION
from praxtui.journal.folded import folded, readable
from praxtui.journal.state import Experiment, State
from praxtui.journal.store import Journal

FULL = 64 << 10  # bytes: less than a fact with its page, its index and the log of both may take


def readable_state(folder: Path) -> tuple[State, JournalCorrupt | None]:
    """The state of a campaign as far as its journal can be read, and the damage; raises where nothing can be."""
    with Journal.open(folder) as journal:
        state, damage = readable(journal)
    if damage is not None and not state.seq:
        raise damage
    return state, damage


def opened(id: str) -> tuple[Path, Journal, State]:
    """Folder, journal and state of the campaign that a person named; raises UserError."""
    folder = campaigns.find(id)
    journal = Journal.open(folder)
    return folder, journal, folded(journal)


def state_of(folder: Path) -> State:
    """The folded state of a campaign as it stands."""
    with Journal.open(folder) as journal:
        return folded(journal)


def experiment_of(state: State, name: str) -> Experiment:
    """The experiment that a person named; raises UserError with the nearest ids."""
    found = state.experiments.get(name)
    if found is None:
        last = next(reversed(state.experiments), None)
        raise UserError(
            f"no experiment {name!r} in {state.id}{did_you_mean(name, state.experiments)}",
            fix=f"it has e0 to {last}" if last else "it has none yet",
        )
    return found


def status_of(folder: Path) -> dict[str, Any]:
    """The status document of a campaign, with liveness joined; raises UserError, also where its journal is damaged."""
    document, damage = readable_status(folder)
    if damage is not None:
        raise damage
    return document


def readable_status(folder: Path) -> tuple[dict[str, Any], JournalCorrupt | None]:
    """The status document as far as the journal can be read, and the damage; from its cache where that is current."""
    engine = liveness.alive(folder)
    with Journal.open(folder) as journal:
        document = _kept_status(journal)
    if document is not None:
        document["engine"] = {"pid": engine.pid, "alive": engine.alive}
        return document, None
    state, damage = readable_state(folder)
    return status.document(state, alive=engine.alive, pid=engine.pid), damage


def no_space(folder: Path) -> str:
    """That the disk of `folder` is full, in words; empty where it is not. A quota is not seen.

    An engine whose record cannot be written waits for room, and cannot say so in the record.
    """
    try:
        disk = os.statvfs(folder)
    except OSError:
        return ""
    free = (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail) * disk.f_frsize
    if free >= FULL:
        return ""
    return f"the disk of {folder} is full: engines wait until something is freed there (`praxtui clean`)"


def _kept_status(journal: Journal) -> dict[str, Any] | None:
    """The kept status document if nothing was added since and it cannot depend on an engine: of an ended campaign."""
    kept = journal.load_snapshot("status")
    try:
        if kept is None or kept.version != FOLD_VERSION or kept.seq != journal.last_seq():
            return None
    except JournalCorrupt:
        return None
    document: dict[str, Any] = msgspec.json.decode(kept.data)
    # One of a praxtui that had other keys is made anew.
    if _keys(document) != _keys(status.document(State())):
        return None
    return document if document["state"] in ("finished", "stopped", "imported") else None


def _keys(document: dict[str, Any]) -> set[str]:
    return {*document, *document.get("spent", {})}
