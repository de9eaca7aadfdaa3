"""What every part of the engine shares: folder, record, program, the leaf's repository, the place to run."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from praxtui import masking
from praxtui.engine.confine import Confinement
from praxtui.engine.data_watch import DataWatch
from praxtui.engine.record import FULL_RETRY_S, Record
from praxtui.errors import DiskFull
from praxtui.journal.people import WaitingBegan, WaitingEnded
from praxtui.journal.state import Epoch, State
from praxtui.program.spec import Program
from praxtui.research.protocol import Researcher, Tried
from praxtui.runs import environment
from praxtui.runs.local import LocalPlace
from praxtui.workspace import locks, novelty
from praxtui.workspace.refusals import RefLocked
from praxtui.workspace.repository import LeafRepository
from praxtui.workspace.tree import Tree

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

SLOT = "0"
LOCK_RETRY_S = 0.2
LOCK_PATIENCE_S = 30.0


class Campaign:
    """One campaign in the hands of its engine. `data` is the folder that setup made, None without setup."""

    def __init__(
        self,
        folder: Path,
        record: Record,
        program: Program,
        leaf: Path,
        repository: LeafRepository,
        researcher: Researcher,
        interpreter: str,
        earlier: tuple[Tried, ...] = (),
    ) -> None:
        self.folder = folder
        self.record = record
        self.program = program
        self.leaf = leaf
        self.repository = repository
        self.researcher = researcher
        self.interpreter = interpreter
        self.earlier = earlier
        self.place = LocalPlace()
        self.confinement = Confinement()
        # While a run is being started nothing is drafted: a researcher at work in this process would hold it up.
        self.starting = False
        self.data: Path | None = None
        # Of the variables that the program declares for its runs, those that were handed to the engine.
        self.secrets: Mapping[str, str] = {}
        self.watch = DataWatch()
        self.installed = frozenset(program.loop.requires)
        # Modules that the run's interpreter is known to have.
        self.found_modules: frozenset[str] = frozenset()
        self.program_seen: tuple[int, int, int] | None = None
        # An edit of the specification that waits for the running half to open an epoch.
        self.program_waits: Program | None = None
        self.program_lock = asyncio.Lock()
        trees = folder / "trees"
        self.run_tree = Tree(repository, trees / SLOT, folder.name, SLOT)
        self.evaluation_tree = Tree(repository, trees / f"{SLOT}-evaluate", folder.name, f"{SLOT}-evaluate")
        self.check_tree = Tree(repository, trees / "check", folder.name, "check")
        # libgit2's objects belong to one thread, and git work must not block the loop.
        self._git = ThreadPoolExecutor(1, "git")
        self._levers: dict[str, dict[str, str]] = {}

    @property
    def state(self) -> State:
        """The folded state of now."""
        return self.record.state

    @property
    def epoch(self) -> Epoch:
        """The epoch of now; raises RuntimeError before the first is opened."""
        epoch = self.record.state.epoch
        if epoch is None:
            raise RuntimeError("no epoch is open")
        return epoch

    async def git(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do git or file work, which may be done again, in the one thread for it.

        While the disk is full, the campaign says so and waits. A lock on a ref is waited for, too; one that a killed
        engine left is taken away.
        """
        waited = False
        patience = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                done = await asyncio.get_running_loop().run_in_executor(self._git, lambda: work(*args, **kwargs))
            except DiskFull as full:
                waited = True
                if "disk" not in self.state.waits:
                    log.error("%s; trying again every %g s", full.message, FULL_RETRY_S)
                    self.record.write(WaitingBegan("disk", full.message))
                await asyncio.sleep(FULL_RETRY_S)
                continue
            except RefLocked as locked:
                if time.monotonic() > patience:
                    raise
                await asyncio.sleep(LOCK_RETRY_S)
                locks.free(locked.lock, self.repository.common)
                continue
            if waited and "disk" in self.state.waits:
                self.record.write(WaitingEnded("disk"))
            return done

    def lever_paths(self, commit: str) -> tuple[str, ...]:
        """The levers of a commit: every tracked file of the leaf that a glob of `levers.edit` or `levers.new` names."""
        levers = self.program.levers
        return self.repository.match(commit, (*levers.edit, *levers.new))

    def sealed_paths(self, commit: str) -> frozenset[str]:
        """Every other tracked file of the leaf."""
        return frozenset(self.repository.files(commit)) - frozenset(self.lever_paths(commit))

    def levers(self, commit: str) -> Mapping[str, str]:
        """Path to text of the levers of a commit; bytes that are no UTF-8 come as surrogates and go back unharmed."""
        if commit not in self._levers:
            if len(self._levers) > 8:
                self._levers.clear()
            self._levers[commit] = {
                path: self.repository.read(commit, path).decode("utf-8", "surrogateescape")
                for path in self.lever_paths(commit)
            }
        return self._levers[commit]

    def start_key(self) -> str:
        """The state key of the levers that the epoch began with."""
        return novelty.state_key(self.levers(self.epoch.base))

    def inherited(self, secrets: Sequence[str] = ()) -> dict[str, str]:
        """What a run sees of the person's environment, `secrets` among it; raises UserError for a missing one."""
        found = environment.inherited(secrets, {**os.environ, **self.secrets})
        masking.hold({name: found[name] for name in secrets}, declared=True)
        return found

    def run_folder(self, experiment: str, n: int) -> Path:
        """Where a run's log, spec and exit record lie."""
        return self.folder / "runs" / experiment / str(n)

    def close(self) -> None:
        """Let go of the git thread."""
        self._git.shutdown(wait=True)
