"""What two experiments have beside each other: their headers in columns, the contents of their levers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from praxtui.journal.state import Experiment, State
from praxtui.tui.screens.experiment_words import header
from praxtui.tui.sources.protocol import Source
from praxtui.tui.widgets.columns import Piece, fitted
from praxtui.tui.widgets.diff import undone
from praxtui.tui.widgets.folds import Line

BESIDE = 100  # columns from which on they stand beside each other
GAP = 3
Texts = dict[str, tuple[str, str]]
"""The contents of a lever on both sides, by its path."""


def side_by_side(
    state: State, both: Sequence[Experiment], now: float, width: int, most: int
) -> list[Line]:  # fmt: skip
    """The headers in columns, or one below the other where there is no room, in at most `most` lines."""
    if width < BESIDE or len(both) < 2:
        each = max(1, most // max(1, len(both)))
        return [line for e in both for line in header(state, e, now, width, each)]
    column = (width - GAP) // 2
    left, right = (header(state, e, now, column, most) for e in both)
    lines = max(len(left), len(right))
    blank: Line = ()
    rows = zip([*left, *[blank] * (lines - len(left))], [*right, *[blank] * (lines - len(right))], strict=True)
    return [(*fitted(list(a), column), Piece(" │ ", "weak"), *fitted(list(b), column)) for a, b in rows]


def contents(source: Source, left: Experiment, right: Experiment) -> Texts:
    """What their levers hold, of every lever that either changes. Raises BlobMissing, JournalCorrupt.

    A lever that only one of them changes has, on the other side, what the nearest ancestor that changed it left there;
    where none did, what its own change began with.
    """
    return {
        path: (_content(source, left, path, right), _content(source, right, path, left))
        for path in sorted({*left.files, *right.files})
    }


def _content(source: Source, e: Experiment, path: str, other: Experiment) -> str:
    own = next((one for one in ancestry(source.state, e) if path in one.files), None)
    if own is not None:
        return _text(source, own.files[path])
    # Nobody before it changed this lever: it is what the first change on the other side began with.
    first = [one for one in ancestry(source.state, other) if path in one.files][-1]
    diff = _text(source, first.diff)
    return undone(_text(source, first.files[path]), diff, path)


def ancestry(state: State, e: Experiment) -> Iterator[Experiment]:
    """The experiment, its parent, and so on; each once."""
    seen: set[str] = set()
    found: Experiment | None = e
    while found is not None and found.id not in seen:
        seen.add(found.id)
        yield found
        found = state.experiments.get(found.parent or "")


def _text(source: Source, digest: str | None) -> str:
    return "" if digest is None else source.blob(digest).decode("utf-8", "replace")
