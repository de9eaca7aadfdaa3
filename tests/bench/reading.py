"""What looking at campaigns costs: the start-up of the light verbs, and folding a journal."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from praxtui.engine.clock import Clock
from praxtui.engine.record import Record
from praxtui.journal.folded import folded
from praxtui.journal.store import Journal
from tests.bench import made

BARE = (sys.executable, "-I", "-S", "-c", "pass")
LIBRARIES = (sys.executable, "-c", "import sqlite3, msgspec")


class Took(NamedTuple):
    """Milliseconds, by the clock and of processor time, once for each time that something was done."""

    wall: list[float]
    cpu: list[float]


def verbs(home: Path, experiments: int, campaigns: int, rounds: int) -> dict[str, Took]:
    """What each command takes, by name, `rounds` times, one after the other so that each meets the same load.

    One campaign of `experiments` whose engine was killed is looked at; a second home has `campaigns` of a hundred
    experiments (a tenth of them killed as well).
    """
    made.campaign(home / "campaigns" / "one", experiments, ended=False)
    many = home / "many"
    for number in range(campaigns):
        made.campaign(many / "campaigns" / f"c{number}", min(100, experiments), ended=number % 10 != 0)
    own, other = {"PRAXTUI_HOME": str(home)}, {"PRAXTUI_HOME": str(many)}
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "bare": (BARE, own),
        "libraries": (LIBRARIES, own),
        "version": (_praxtui("--version"), own),
        "status": (_praxtui("status", "one", "--json"), own),
        "ledger": (_praxtui("ledger", "one", "--json"), own),
        "list": (_praxtui("list", "--json"), own),
        "list many": (_praxtui("list", "--json"), other),
    }
    found = {name: Took([], []) for name in commands}
    for number in range(rounds + 1):
        for name, (argv, home_of) in commands.items():
            before, began = _children(), time.perf_counter()
            subprocess.run(argv, env={**os.environ, **home_of}, stdout=subprocess.DEVNULL, check=True)
            if number:  # the first round fills the disk cache
                found[name].wall.append(1000 * (time.perf_counter() - began))
                found[name].cpu.append(1000 * (_children() - before))
    return found


def folds(home: Path, count: int, rounds: int) -> tuple[Took, Took]:
    """What it takes to fold a journal of `count` facts: from nothing, and from the snapshot at its end."""
    folder = made.events(home / "campaigns" / "long", count)
    whole = _folded(folder, count, rounds)
    Record(Journal.open(folder, write=True), Clock()).close()
    return whole, _folded(folder, count, 3 * rounds)


def _folded(folder: Path, count: int, rounds: int) -> Took:
    took = Took([], [])
    for _ in range(rounds):
        before, began = time.process_time(), time.perf_counter()
        with Journal.open(folder) as journal:
            state = folded(journal)
        took.wall.append(1000 * (time.perf_counter() - began))
        took.cpu.append(1000 * (time.process_time() - before))
        if state.seq != count:
            raise AssertionError("the fold did not reach the end")
        del state  # else the next round would pay for freeing it
    return took


def _praxtui(*arguments: str) -> tuple[str, ...]:
    script = Path(sys.executable).with_name("praxtui")
    return (str(script), *arguments) if script.exists() else (sys.executable, "-m", "praxtui", *arguments)


def _children() -> float:
    """Processor time of all processes that this one started and waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
