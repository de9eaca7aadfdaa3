"""An engine that kills itself at a chosen step: `python -m tests.faults.crashing_engine FOLDER STEP NUMBER [LIST]`.

Steps are what the engine does to the world outside it, each with its two edges: `before grow`, `after grow`; writes to
the journal go by the kinds of their facts: `after RunStarted`, `before TrialEnded+StandingChanged`. It dies at the
NUMBER-th edge that begins with STEP (an empty one: at any). Edges passed are appended to LIST, one a line.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from praxtui.engine.__main__ import main
from praxtui.engine.record import Record
from praxtui.runs.local import LocalPlace
from praxtui.workspace.repository import LeafRepository
from praxtui.workspace.tree import Tree

WATCHED: tuple[tuple[type, str], ...] = (
    (Record, "write"),
    (Record, "snapshot"),
    (LeafRepository, "baseline"),
    (LeafRepository, "record"),
    (LeafRepository, "record_draft"),
    (LeafRepository, "commit"),
    (LeafRepository, "carry"),
    (LeafRepository, "grow"),
    (Tree, "prepare"),
    (Tree, "remove"),
    (LocalPlace, "start"),
    (LocalPlace, "adopt"),
)


class Edges:
    """Counts the edges passed and ends the process at the one that was asked for."""

    def __init__(self, step: str, number: int, list_to: str | None) -> None:
        self.step = step
        self.left = number
        self.list_to = list_to

    def cross(self, edge: str) -> None:
        if self.list_to:
            with open(self.list_to, "a") as file:
                file.write(edge + "\n")
        if edge.startswith(self.step):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def watched(owner: Any, *args: Any, **more: Any) -> Any:
            what = "+".join(type(fact).__name__ for fact in args) if name == "write" else name
            self.cross(f"before {what}")
            done = work(owner, *args, **more)
            self.cross(f"after {what}")
            return done

        return watched


def install(edges: Edges) -> None:
    """Put an edge on both sides of every watched step."""
    for owner, name in WATCHED:
        setattr(owner, name, edges.around(name, getattr(owner, name)))


if __name__ == "__main__":
    folder, step, number, *listing = sys.argv[1:]
    install(Edges(step, int(number), listing[0] if listing else None))
    sys.exit(main([folder]))
