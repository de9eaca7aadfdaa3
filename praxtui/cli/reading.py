"""Campaigns as the light verbs read them: the folded state, whether the engine lives, the status document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from praxtui.errors import UserError, did_you_mean
from praxtui.journal import campaigns, liveness, status
from praxtui.journal.fold import FOLD_VERSION
from praxtui.journal.folded import folded
from praxtui.journal.state import Experiment, State
from praxtui.journal.store import Journal


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
    """The status document of a campaign, with liveness joined; from its cache where nothing was added since."""
    with Journal.open(folder) as journal:
        engine = liveness.alive(folder)
        kept = journal.load_snapshot("status")
        if kept is not None and kept.version == FOLD_VERSION and kept.seq == journal.last_seq():
            document: dict[str, Any] = msgspec.json.decode(kept.data)
            # Only an ended campaign's state does not depend on its engine.
            if document["state"] in ("finished", "stopped", "imported"):
                document["engine"] = {"pid": engine.pid, "alive": engine.alive}
                return document
        return status.document(folded(journal), alive=engine.alive, pid=engine.pid)
