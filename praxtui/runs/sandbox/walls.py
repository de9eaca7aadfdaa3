"""Stages put behind the walls of the rung that this machine has."""

from __future__ import annotations

import os

from msgspec import Struct
from msgspec.structs import replace

from praxtui.runs.sandbox import interpreter, partial
from praxtui.runs.sandbox.partial import Means
from praxtui.runs.sandbox.plan import Host, Needs, argv, within_any
from praxtui.runs.sandbox.sealing import bound
from praxtui.runs.spec import Stage

EVALUATION = "evaluation"
"""The folder at the top of PRAXTUI_DATA, and of a leaf, that is there for the evaluator only."""


class Sight(Struct, frozen=True, kw_only=True):
    """What one stage is to see, as absolute paths.

    `writable`: its tree, scratch and caches; `sealed`: files in the tree that it must not change; `reads`: what else it
    reads, as `links.reached` gives it; `tops`: folders whose `evaluation/` is hidden from all but the evaluator.
    """

    writable: tuple[str, ...]
    sealed: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    evaluation: bool = False

    def hidden(self) -> tuple[str, ...]:
        """The folders of evaluation data that this stage must not see."""
        return () if self.evaluation else tuple(os.path.join(top, EVALUATION) for top in self.tops)


class Walls(Struct, frozen=True):
    """Everything about this machine and the interpreter that a confined stage is made from.

    `means`: of the rung `partial`; without any, the walls are bubblewrap's.
    """

    host: Host
    readable: tuple[str, ...]
    network: bool = False
    means: Means | None = None

    def around(self, stage: Stage, sight: Sight) -> Stage:
        """`stage`, confined: it sees `sight`, and what its interpreter and its command need."""
        needs = self._needs(stage, sight)
        env = stage.env | self._told()
        if self.means is not None:
            return replace(stage, confine=partial.confine(self.host, needs, self.means), env=env)
        return replace(stage, argv=argv(self.host, needs, stage.argv), env=env, sandbox=True)

    def _needs(self, stage: Stage, sight: Sight) -> Needs:
        shown = (*self.host.system, *self.readable)
        hops = interpreter.hops(stage.argv[0], stage.env.get("PATH"))
        command = [hop for hop in hops if os.path.exists(hop) and not within_any(hop, shown)]
        readable = (*self.readable, *command, *sight.reads)
        repositories, links = interpreter.repositories(readable)
        seen = (*shown, *sight.writable, *sight.reads)
        covered = [path for path in (*repositories, *sight.hidden()) if within_any(path, seen)]
        return Needs(
            cwd=stage.cwd,
            writable=sight.writable,
            readable=readable,
            sealed=bound(sight.sealed, sight.hidden()),
            covered=tuple(path for path in covered if os.path.isdir(path) and not os.path.islink(path)),
            blanked=links,
            network=self.network,
        )

    def _told(self) -> dict[str, str]:
        """What a program is told so that it does not wait for a network, or for the name of its user."""
        added = {} if any(os.environ.get(name) for name in ("LOGNAME", "USER")) else {"USER": "sandbox"}
        return added if self.network else added | {"HF_HUB_OFFLINE": "1"}
