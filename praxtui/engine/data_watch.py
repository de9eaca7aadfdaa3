"""Whether the data that runs may read is still what it was when it was sealed."""

from __future__ import annotations

import os

from praxtui.workspace import data as leaf_data
from praxtui.workspace.data import Fingerprint


class DataWatch:
    """Sees whether sealed data is still what it was: `own` (the leaf's `loop.data`) and `made` (PRAXTUI_DATA)."""

    def __init__(self, own: Fingerprint | None = None, made: Fingerprint | None = None) -> None:
        self._known = [known for known in (own, made) if known is not None]

    def changed(self) -> list[str]:
        """Files whose content changed since they were sealed, as paths."""
        found: list[str] = []
        for index, known in enumerate(self._known):
            differs, now = leaf_data.look(known)
            found += [os.path.join(known.folder, path) for path in differs]
            if not differs:
                self._known[index] = now
        return found
