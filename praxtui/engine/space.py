"""What may be deleted or packed to free space, when, and why nothing is lost by it. The one place that says so.

`of_campaign` and `of_home` find it, `free` does it, and nothing else does. Never found: journals, inboxes, refs,
branches, results, what stands in a leaf that a person may have worked in, and anything of a campaign that has an
engine or a run under way.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from praxtui import paths
from praxtui.engine import packing
from praxtui.engine.runner import OWN
from praxtui.journal import packed
from praxtui.journal.state import State
from praxtui.workspace import copies, leftovers

HOUR, DAY = 3600.0, 86400.0


class Kind(NamedTuple):
    """A kind of what may go: how old it must be, in seconds, and why it is safe."""

    name: str
    age: float
    why: str


WORKTREES = Kind("worktrees", 0, "of ended campaigns; made again from the commits when needed")
IDLE_TREES = Kind("worktrees", 7 * DAY, "of campaigns without an engine for a week; made again when they go on")
SCRATCH = Kind("scratch", 0, "of runs that are over; no other run may read it")
CACHE = Kind("caches", 0, "of compilers and packages, of ended or deleted campaigns; filled again when needed")
LOGS = Kind("logs", 0, "of judged runs, from 64 KiB on; packed, not deleted: zcat and praxtui read them as before")
ASIDE = Kind("set aside", 7 * DAY, "what runs had put where praxtui's own files belong, and damaged inboxes")
DATA = Kind("data", 30 * DAY, "made by loop.setup, used by no campaign that goes on; made again when needed")
LEAVES = Kind("leaves", 30 * DAY, "copies of bundled leaves as they came, without a campaign; copied again when used")
SAMPLE = Kind("sample", 30 * DAY, "the sample campaign unpacked; unpacked again when opened")
CRASHES = Kind("crash reports", 30 * DAY, "tracebacks of praxtui, older than a month")
HALF = Kind("half-made", HOUR, "left by processes that were killed at it")

HALF_MADE = (".canary-*", ".removed-*", ".import-*", "leaves/.*.new-*", "cache/.sample-*", "data/.*")
FOUND = re.compile(r".+\.found-\d{15,}")


class Spare(msgspec.Struct, frozen=True):
    """One thing that may go. `octets`: what that would free on disk; of a log, about."""

    kind: Kind
    campaign: str | None
    path: Path
    octets: int


def of_campaign(folder: Path, state: State, now: float | None = None) -> Iterator[Spare]:
    """What a campaign without an engine and without a run under way can spare. Whoever asks holds its lock."""
    at = time.time() if now is None else now
    name = folder.name

    def spare(kind: Kind, path: Path, octets: int | None = None) -> Spare:
        return Spare(kind, name, path, disk_use(path) if octets is None else octets)

    kind = WORKTREES if state.ended else IDLE_TREES
    trees = folder / "trees"
    if at - state.clock >= kind.age:
        known = leftovers.administrative(Path(state.leaf), trees) if state.leaf else []
        if known or trees.is_dir():
            yield spare(kind, trees, disk_use(trees) + sum(map(disk_use, known)))
        cache = paths.cache_dir() / name
        if cache.is_dir():
            yield spare(CACHE, cache)
    for run in _run_folders(folder):
        for path in sorted(run.iterdir()):
            if path.name in OWN and f"{run.parent.name}/{run.name}" not in state.running:
                yield spare(SCRATCH, path)
            elif FOUND.fullmatch(path.name) and _age(path, at) >= ASIDE.age:
                yield spare(ASIDE, path)
    judged = (folder / "runs" / e / str(n) for e, n in packing.due(state, set()))
    for run in _run_folders(folder) if state.ended else judged:
        yield from _logs(name, run)
    for path in sorted(folder.glob("inbox.db.damaged-*")):
        if _age(path, at) >= ASIDE.age:
            yield spare(ASIDE, path)


def _logs(campaign: str, run: Path) -> Iterator[Spare]:
    """The logs in a run's folder that are worth packing, with what that saves judging by their beginnings."""
    try:
        with packing.opened(run) as handle:
            names = packing.large(handle)
    except OSError:
        return
    for name in names:
        yield Spare(LOGS, campaign, run / name, packed.saving(run / name))


def of_home(states: Collection[State], names: Collection[str], now: float | None = None) -> Iterator[Spare]:
    """What lies in PRAXTUI_HOME outside of campaigns and can go. `states`: of all campaigns that can be read; `names`:
    of all there are, so that where one cannot be read nothing that it may use is found."""
    at = time.time() if now is None else now
    home = paths.home()
    for pattern in HALF_MADE:
        for path in sorted(home.glob(pattern)):
            if _age(path, at) >= HALF.age:
                yield Spare(HALF, None, path, disk_use(path))
    for path in sorted(home.glob("crash-*.txt")):
        if _age(path, at) >= CRASHES.age:
            yield Spare(CRASHES, None, path, disk_use(path))
    for path in _folders(paths.cache_dir()):
        if path.name.startswith("sample-"):
            if _age(path, at) >= SAMPLE.age:
                yield Spare(SAMPLE, None, path, disk_use(path))
        elif path.name not in names:
            yield Spare(CACHE, None, path, disk_use(path))
    if len(states) == len(names):
        yield from _data(states, at)
        yield from _leaves(states, at)


def _data(states: Collection[State], at: float) -> Iterator[Spare]:
    wanted = {state.setup_key for state in states if not state.ended or at - state.clock < DATA.age}
    for path in _folders(paths.data_dir()):
        if path.name not in wanted and _age(path, at) >= DATA.age:
            yield Spare(DATA, None, path, disk_use(path))


def _leaves(states: Collection[State], at: float) -> Iterator[Spare]:
    used = {os.path.realpath(state.leaf) for state in states}
    for path in _folders(paths.leaves_dir()):
        below = os.path.realpath(path) + os.sep
        if any(leaf + os.sep == below or leaf.startswith(below) for leaf in used) or _age(path, at) < LEAVES.age:
            continue
        if copies.untouched(path):
            yield Spare(LEAVES, None, path, disk_use(path))


def free(spare: Spare, leaf: Path | None = None) -> int:
    """Delete, or pack, what was found; bytes freed. `leaf`: of its campaign. Raises CampaignFault."""
    if spare.kind is LOGS:
        with packing.opened(spare.path.parent) as handle:
            return packed.pack(handle, spare.path.name, lambda _: True)
    if spare.kind.name == WORKTREES.name:
        leftovers.delete_worktrees(leaf or Path(), spare.path)
    else:
        leftovers.erase(spare.path)
        if spare.kind is DATA:
            leftovers.erase(spare.path.with_suffix(".json"))
    return spare.octets


def tidy(folder: Path, state: State) -> None:
    """What the engine of a campaign that has ended frees of its own, logs apart. Raises CampaignFault.

    Nothing where a run is not known to be over: a fault may have ended the campaign under it.
    """
    if not state.ended or state.running:
        return
    for spare in of_campaign(folder, state):
        if spare.kind is not LOGS:
            free(spare, Path(state.leaf))


def disk_use(path: Path) -> int:
    """The bytes that a file or folder takes on disk; links are not followed, and what cannot be seen is not counted."""
    try:
        found = path.lstat()
        octets = found.st_blocks * 512
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(path) as entries:
                octets += sum(disk_use(Path(entry.path)) for entry in entries)
    except (OSError, RecursionError):
        return 0
    return octets


def _run_folders(folder: Path) -> list[Path]:
    """The folders of runs, checks and setups."""
    return [run for e in _folders(folder / "runs") for run in _folders(e)]


def _folders(place: Path) -> list[Path]:
    try:
        with os.scandir(place) as entries:
            found = [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")]
    except OSError:
        return []
    return sorted(found)


def _age(path: Path, at: float) -> float:
    """Seconds since a file or folder was last changed, or renamed to what it is."""
    try:
        found = path.lstat()
    except OSError:
        return 0.0
    return at - max(found.st_mtime, found.st_ctime)
