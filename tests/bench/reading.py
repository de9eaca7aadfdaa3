"""What looking at campaigns costs: the start-up of the light verbs, and folding a journal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from praxtui.engine.clock import Clock
from praxtui.engine.record import Record
from praxtui.journal.folded import folded
from praxtui.journal.store import Journal
from tests.bench import made

BARE = (sys.executable, "-I", "-S", "-c", "pass")
LIBRARIES = (sys.executable, "-c", "import sqlite3, msgspec")


def verbs(home: Path, experiments: int, campaigns: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each command, by name, `rounds` times, one after the other so that each meets the same load.

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
    found: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, (argv, home_of) in commands.items():
            took = _timed(lambda argv=argv, home_of=home_of: _run(argv, home_of))  # type: ignore[misc]
            if number:  # the first round fills the disk cache
                found[name].append(1000 * took)
    return found


def folds(home: Path, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds to fold a journal of `count` facts from nothing, and from the snapshot at its end."""
    folder = made.events(home / "campaigns" / "long", count)

    def fold() -> None:
        with Journal.open(folder) as journal:
            if folded(journal).seq != count:
                raise AssertionError("the fold did not reach the end")

    whole = [_timed(fold) for _ in range(rounds)]
    Record(Journal.open(folder, write=True), Clock()).close()
    return whole, [_timed(fold) for _ in range(3 * rounds)]


def _praxtui(*arguments: str) -> tuple[str, ...]:
    script = Path(sys.executable).with_name("praxtui")
    return (str(script), *arguments) if script.exists() else (sys.executable, "-m", "praxtui", *arguments)


def _run(argv: Sequence[str], home: Mapping[str, str]) -> None:
    subprocess.run(argv, env={**os.environ, **home}, stdout=subprocess.DEVNULL, check=True)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
