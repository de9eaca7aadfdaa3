"""What the home screen reads from disk: leaves and campaigns, again only where something changed.

Meant for a thread: folding a long journal, or asking an interpreter for its packages, takes longer than a frame. A look
at a home of 200 campaigns in which nothing changed costs a few hundred calls of `stat`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from praxtui import paths
from praxtui.errors import UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.fold import fold_all
from praxtui.journal.folded import readable
from praxtui.journal.state import State
from praxtui.journal.store import NAME as JOURNAL
from praxtui.journal.store import Journal, JournalCorrupt
from praxtui.program.leaves import Leaf, discover, task
from praxtui.program.read import load
from praxtui.program.ready import Missing, survey
from praxtui.program.spec import Program
from praxtui.tui.screens.home_rows import CampaignRow, LeafRow, campaign_row

Stamp = tuple[object, ...]


class _Known(NamedTuple):
    """What was read of a campaign, and of which files. `state` is kept where the engine lives, to fold on from."""

    stamp: Stamp
    alive: bool
    over: bool
    row: CampaignRow
    state: State | None


class CampaignWatch:
    """The campaigns of PRAXTUI_HOME as rows. One thread at a time may look."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}
        self._folders: list[Path] = []
        self._listed: Stamp | None = None

    def ids(self) -> list[str]:
        """The campaigns that there are, newest first. Raises UserError where the folder cannot be read."""
        place = paths.campaigns_dir()
        stamp = _stamp(place)
        if self._listed != stamp:
            self._folders = campaigns.campaigns()
            # A folder without a journal is a campaign that is just being made: look again until it has one.
            self._listed = stamp if len(self._folders) == _folders_in(place) else None
            for folder in self._known.keys() - set(self._folders):
                del self._known[folder]
        return [folder.name for folder in self._folders]

    def unread(self) -> list[CampaignRow]:
        """A row for each of `ids`, with nothing but its name and its age: enough to stand in its place."""
        return [CampaignRow(folder.name, created=campaigns.created(folder), read=False) for folder in self._folders]

    def changed(self) -> Iterator[CampaignRow]:
        """The rows that differ from what was told before, the newest campaign first. Call `ids` before."""
        for folder in list(self._folders):
            known = self._known.get(folder)
            stamp = (_stamp(folder / JOURNAL), _stamp(folder / f"{JOURNAL}-wal"))
            alive = liveness.alive(folder).alive if known is None or not known.over else False
            if known is not None and known.stamp == stamp and known.alive == alive:
                continue
            self._known[folder] = fresh = _read(folder, known, stamp, alive)
            if known is None or known.row != fresh.row:
                yield fresh.row


def _read(folder: Path, known: _Known | None, stamp: Stamp, alive: bool) -> _Known:
    created = known.row.created if known is not None else campaigns.created(folder)
    try:
        with Journal.open(folder) as journal:
            state, fault = _state(journal, known.state if known is not None else None)
    except (UserError, OSError) as error:
        row = CampaignRow(id=folder.name, created=created, fault=str(error))
        return _Known(stamp, alive, False, row, None)
    over = state.ended is not None
    # The engine that ends a campaign lives on for a moment: liveness only matters before.
    row = campaign_row(state, alive=alive, created=created, fault=fault)._replace(id=folder.name)
    return _Known(stamp, alive and not over, over, row, state if alive and not over else None)


def _state(journal: Journal, before: State | None) -> tuple[State, str]:
    """The state, folded on from the one before where there is one, and what is wrong with the record."""
    if before is not None and before.seq <= journal.last_seq():
        try:
            return fold_all(before, journal.read(before.seq)), ""
        except JournalCorrupt:
            pass  # said below, with the state up to the damage
    state, damage = readable(journal)
    return state, damage.message if damage is not None else ""


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    # Readers leave an empty -wal behind, or take it away: that says as little as none.
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_size else ()


def _folders_in(place: Path) -> int:
    try:
        return sum(1 for entry in os.scandir(place) if entry.is_dir())
    except OSError:
        return 0


class LeafWatch:
    """The leaves that can be found, as rows. One thread at a time may look."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, LeafRow]] = {}

    def found(self) -> list[LeafRow]:
        """The leaves by name alone, without reading their programs."""
        return [LeafRow(leaf.name, working(leaf)) for leaf in discover()]

    def changed(self, anew: bool = False) -> Iterator[LeafRow]:
        """The rows that differ from what was told before: first without what the leaf lacks, then with it.

        `anew`: ask the machine again even where no program changed, since something may have been installed.
        """
        again: list[tuple[Program, LeafRow]] = []
        found = {leaf.name: working(leaf) for leaf in discover()}
        for name in self._known.keys() - found.keys():
            del self._known[name]
        for name, path in found.items():
            stamp = (str(path), _stamp(path / "program.md"), _stamp(path))
            known = self._known.get(name)
            if known is not None and known[0] == stamp and not anew:
                continue
            before = known[1].missing if known is not None and not known[1].faulty else None
            row, program = _leaf_row(name, path, before)
            self._known[name] = (stamp, row)
            if known is None or known[1] != row:
                yield row
            if program is not None:
                again.append((program, row))
        for (_, row), missing in zip(again, survey([(program, row.path) for program, row in again]), strict=True):
            complete = row._replace(missing=missing)
            self._known[row.name] = (self._known[row.name][0], complete)
            if complete != row:
                yield complete

    def names(self) -> list[str]:
        """The leaves there were at the last look."""
        return list(self._known)


def working(leaf: Leaf) -> Path:
    """The folder that a campaign on the leaf works in: of a bundled leaf its copy in PRAXTUI_HOME, if there is one."""
    if is_bundled(leaf.path):
        own = own_copy(leaf.name)
        if (own / "program.md").is_file():
            return own
    return leaf.path


def is_bundled(path: Path) -> bool:
    """Whether the leaf came with praxtui: such a leaf is not edited, but copied first."""
    return path.is_relative_to(paths.bundled_leaves())


def own_copy(name: str) -> Path:
    """Where the copy of a bundled leaf lies, or would."""
    return paths.leaves_dir() / name


def _leaf_row(name: str, path: Path, missing: tuple[Missing, ...] | None) -> tuple[LeafRow, Program | None]:
    try:
        program = load(path)
    except UserError as error:
        fix = error.fix or f"correct {path / 'program.md'}"
        faults = tuple(Missing(line, fix) for line in error.message.splitlines())
        return LeafRow(name, path, missing=faults, faulty=True), None
    about = LeafRow(name, path, task(program), program.metric.name, program.metric.goal, missing)
    return about, program
