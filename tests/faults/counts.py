"""What a fault did to a campaign, in numbers: docs/faults.md is made of them, whether the test held or not."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from praxtui.journal.events import Event
from praxtui.journal.facts import EngineStarted, Judged, RunEnded, RunStarted
from praxtui.journal.people import Overruled
from praxtui.journal.state import Experiment, State
from tests.faults.scene import LOOK, Scene, git

ROWS = "PRAXTUI_FAULTS"  # names the file that gets one line of JSON a test
NUMBERS = ("campaigns", "experiments", "runs", "lost", "doubled", "processes", "worktrees", "fsck")
GONE_S = 30.0  # what is being ended at this moment may take a while
ADOPTING = re.compile(r"^(\S+ \S+) INFO \S+: adopting run ", re.MULTILINE)


@dataclass
class Counts:
    """Sums over the campaigns of a test. `resumes`: seconds until an engine that was started again was at work."""

    kills: Counter[str] = field(default_factory=Counter)
    campaigns: int = 0
    experiments: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    processes: int = 0
    worktrees: int = 0
    fsck: int = 0
    resumes: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, scene: Scene, events: list[Event], state: State) -> Counts:
        """What `scene` left behind, with its events and their fold; the kills are counted by itself."""
        return cls(
            campaigns=1,
            experiments=len(list(state.children())),
            runs=sum(isinstance(event.fact, RunStarted) for event in events),
            lost=lost(state),
            doubled=len(doubled(events, state)),
            processes=len(left_over(scene)),
            worktrees=worktrees(scene),
            fsck=len(damage(scene)),
            resumes=resumes(scene, events),
        )

    def add(self, other: Counts) -> None:
        """Add another's numbers to these."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def row(self) -> dict[str, Any]:
        """As one line of the record has it."""
        taken = sorted(self.resumes)
        return {
            "kills": dict(self.kills),
            **{name: getattr(self, name) for name in NUMBERS},
            "resumes": len(taken),
            "resume_s_median": round(statistics.median(taken), 2) if taken else None,
            "resume_s_worst": round(taken[-1], 2) if taken else None,
        }


def lost(state: State) -> int:
    """Experiments whose number is missing, and, of a finished campaign, those without a verdict and open runs."""
    numbers = {int(name[1:]) for name in state.experiments}
    missing = len(set(range(max(numbers, default=-1) + 1)) - numbers)
    if state.ended is None:
        return missing
    return missing + sum(e.verdict is None for e in state.experiments.values()) + len(state.running)


def doubled(events: list[Event], state: State) -> list[str]:
    """What happened once too often: a run begun or ended, an experiment judged, a measurement made for nothing."""
    facts = [event.fact for event in events]
    overruled = {fact.experiment for fact in facts if isinstance(fact, Overruled)}
    begun = Counter((fact.experiment, fact.n) for fact in facts if isinstance(fact, RunStarted))
    ended = Counter((fact.experiment, fact.n) for fact in facts if isinstance(fact, RunEnded))
    judged = Counter(
        fact.experiment
        for fact in facts
        if isinstance(fact, Judged) and fact.by == "judge" and fact.experiment not in overruled
    )
    again = Counter(key for e in state.experiments.values() for key in _again(e))
    kinds = {"begun": begun, "ended": ended, "judged": judged, "measured": again}
    return [
        f"{what} {key}" for what, counted in kinds.items() for key, times in counted.items() for _ in range(times - 1)
    ]


def _again(e: Experiment) -> list[object]:
    """A key for each measurement of an experiment; equal ones are a measurement that was made again for nothing.

    A result that is too good is run again on purpose; that second run may crash, too. A baseline that crashed is run
    again by the next engine.
    """
    keys: list[object] = []
    crashed = set()
    for run in e.runs:
        key = (e.id, run.use, run.seed, run.pair, run.trial, run.epoch, run.commit)
        if key in crashed:
            keys += [key, key]
        elif run.why == "exit" and run.use != "baseline" and run.metric is None:
            crashed.add(key)
        elif run.metric is not None and not e.flags:
            keys.append(key)
    return keys


def left_over(scene: Scene) -> list[int]:
    """The processes of an ended campaign that do not go by themselves."""
    deadline = time.monotonic() + GONE_S
    while (left := scene.processes()) and time.monotonic() < deadline:
        time.sleep(LOOK)
    return left


def worktrees(scene: Scene) -> int:
    """The worktrees that are left, known to git or on disk alone."""
    known = git(scene.leaf, "worktree", "list", "--porcelain").count("worktree ") - 1
    return max(known, len(list(scene.folder.glob("trees/*"))))


def damage(scene: Scene) -> list[str]:
    """What `git fsck` says of the leaf's repository that is no mere dangling object."""
    done = subprocess.run(
        ("git", "-C", str(scene.leaf), "fsck", "--strict", "--no-dangling"), capture_output=True, text=True
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if re.search("error|missing|broken|fatal", line)]
    return said or ([f"git fsck exits with {done.returncode}"] if done.returncode else [])


def resumes(scene: Scene, events: list[Event]) -> list[float]:
    """Seconds from asking for an engine to the fact or log line by which it is at work, for all but the first.

    It is at work once it answers; where runs were under way, once it has taken up or closed the first of them.
    """
    asked = dict(scene.starts[1:])
    log = scene.folder / "engine.log"
    adopted = [
        datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f").timestamp()
        for at in ADOPTING.findall(log.read_text(errors="replace") if log.exists() else "")
    ]
    found = []
    running: set[tuple[str, int]] = set()
    for at, event in enumerate(events):
        fact = event.fact
        if isinstance(fact, RunStarted):
            running.add((fact.experiment, fact.n))
        elif isinstance(fact, RunEnded):
            running.discard((fact.experiment, fact.n))
        elif isinstance(fact, EngineStarted) and fact.pid in asked:
            later = events[at + 1 :]
            until = next((e.at for e in later if isinstance(e.fact, EngineStarted)), float("inf"))
            ready = [event.at]
            if running:
                ready = [e.at for e in later if isinstance(e.fact, RunEnded)][:1] + adopted
            took = min((when for when in ready if event.at - 0.01 <= when <= until), default=None)
            if took is not None:
                found.append(took - asked[fact.pid])
    return found


def write(row: dict[str, Any]) -> None:
    """Append a line to the record that the environment names; nothing where it names none."""
    path = os.environ.get(ROWS)
    if path:
        with Path(path).open("a") as file:
            file.write(json.dumps(row) + "\n")
