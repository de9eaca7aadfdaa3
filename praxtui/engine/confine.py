"""The walls of a campaign: tried out once per engine, and put around every stage that runs a researcher's code."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from praxtui import settings
from praxtui.journal.facts import SandboxProbed
from praxtui.runs import sandbox
from praxtui.runs.sandbox import EVALUATION, Sandbox, Sight, Walls
from praxtui.runs.spec import Stage
from praxtui.workspace.data import placements
from praxtui.workspace.tree import Tree

if TYPE_CHECKING:
    from praxtui.engine.campaign import Campaign

WRITES_CODE = frozenset({"llm"})
"""Researchers whose drafts do not run unconfined unless their person said so. The others change constants and comments
only; they take the best rung there is."""


class Confinement:
    """What is known of the sandbox: nothing before the first `settle`."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._tried_with: bool | None = None
        self._walls: Walls | None = None
        self._reads: dict[tuple[int, bool], tuple[str, ...]] = {}

    async def settle(self, campaign: Campaign) -> None:
        """Have the walls that the program of now needs: tried out, and again when it opens or closes the network.

        Raises RequirementMissing where the researcher must not go without them.
        """
        network = campaign.program.constraints.network == "run"
        async with self._lock:
            if self._tried_with == network:
                return
            env = campaign.inherited()
            found = await asyncio.to_thread(sandbox.check, campaign.interpreter, env, network=network)
            campaign.record.write(SandboxProbed(found.rung, found.findings))
            require(campaign.state.researcher, campaign.state.unsandboxed, found)
            self._tried_with, self._walls = network, found.walls

    def around(self, campaign: Campaign, stage: Stage, tree: Tree, commit: str, *, evaluator: bool = False) -> Stage:
        """`stage` behind the walls, where there are any. `tree`: where it runs, made ready at `commit`.

        The evaluator alone sees what is in `evaluation/`, of PRAXTUI_DATA and of the leaf.
        """
        if self._walls is None:
            return stage
        own = (tree.folder, Path(stage.env["PRAXTUI_SCRATCH"]), Path(stage.env["PRAXTUI_CACHE"]))
        sealed = sorted(campaign.sealed_paths(commit), key=lambda path: (path.count("/"), path))
        tops = [tree.leaf, campaign.leaf, *([campaign.data] if campaign.data else [])]
        sight = Sight(
            writable=tuple(map(str, own)),
            sealed=(str(tree.folder / ".git"), *(str(tree.leaf / path) for path in sealed)),
            reads=self._read(campaign, commit, evaluator),
            tops=tuple(map(str, tops)),
            evaluation=evaluator,
        )
        return self._walls.around(stage, sight)

    def _read(self, campaign: Campaign, commit: str, evaluator: bool) -> tuple[str, ...]:
        """The data, and where its links lead: walked once an epoch, since data does not change within one."""
        key = (campaign.epoch.number, evaluator)
        if key not in self._reads:
            tracked = campaign.repository.files(commit).keys()
            placed = placements(campaign.repository.leaf, campaign.program.loop.data, tracked)
            found = [str(target) for path, target in placed.items() if evaluator or not _for_evaluators(path)]
            found += [str(campaign.data)] if campaign.data else []
            hidden = [] if evaluator or campaign.data is None else [str(campaign.data / EVALUATION)]
            self._reads = {known: paths for known, paths in self._reads.items() if known[0] == key[0]}
            self._reads[key] = sandbox.reached(found, hidden)
        return self._reads[key]


def require(researcher: str, unsandboxed: bool, found: Sandbox) -> None:
    """Raise RequirementMissing where drafts of `researcher` must not run on the rung that was found.

    UserError, where the settings that may allow it cannot be read.
    """
    if researcher in WRITES_CODE and not unsandboxed and found.rung != "full":
        found.require(f"researcher {researcher}", settings.read().sandbox.least)


def _for_evaluators(path: str) -> bool:
    return os.path.normpath(path).split("/")[0] == EVALUATION
