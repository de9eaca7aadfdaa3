"""The program that holds at a source's moment, with what the command line changed in it."""

from __future__ import annotations

from functools import lru_cache

from praxtui.errors import UserError
from praxtui.journal.blobs import BlobMissing
from praxtui.journal.faults import JournalCorrupt
from praxtui.program.spec import Program
from praxtui.tui.sources.protocol import Source


def program_of(source: Source) -> Program | None:
    """The program of the epoch of now; None where the record does not hold one that can be read."""
    state = source.state
    digest = state.program or (state.epoch.program if state.epoch is not None else "")
    if not digest:
        return None
    try:
        return _parsed(source.blob(digest), tuple(sorted(state.overrides.items())))
    except (BlobMissing, JournalCorrupt, UserError):
        return None


@lru_cache(maxsize=8)
def _parsed(text: bytes, overrides: tuple[tuple[str, str], ...]) -> Program | None:
    from praxtui.program.edit import set_keys
    from praxtui.program.read import attempt

    written = set_keys(text.decode("utf-8", "replace"), dict(overrides))
    return attempt(written)[0]
