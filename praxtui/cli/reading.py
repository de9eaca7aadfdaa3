"""Campaigns as the light verbs read them: the folded state, whether the engine lives, the status document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from praxtui.journal import campaigns, liveness, status
from praxtui.journal.fold import FOLD_VERSION
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import Journal


def opened(id: str) -> tuple[Path, Journal, State]:
    """Folder, journal and state of the campaign that a person named; raises UserError."""
    folder = campaigns.find(id)
    journal = Journal.open(folder)
    return folder, journal, folded(journal)


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
