"""What a campaign that runs costs: the time between two runs, the engine's processor time and memory."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from praxtui.journal.events import Event
from praxtui.journal.facts import RunEnded, RunStarted
from praxtui.journal.store import Journal

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 120.0
LOOK_S = 0.5


class Engine:
    """A campaign started through the command line, in the home `home`, on a copy of a leaf of this folder."""

    def __init__(self, home: Path, leaf: str, *options: str) -> None:
        own = HERE / leaf
        if own.is_dir():
            leaf = str(repository(own, home / "leaves" / leaf))
        said = subprocess.run(
            [sys.executable, "-m", "praxtui", "run", leaf, "--detach", "--json", *options],
            env={**os.environ, "PRAXTUI_HOME": str(home)},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        status = json.loads(said.stdout)
        self.home = home
        self.folder = home / "campaigns" / status["id"]
        self.pid: int = status["engine"]["pid"]
        self.peak_mb, self.pss_mb, self.cpu_s = 0.0, 0.0, 0.0
        self._handle = os.pidfd_open(self.pid)

    def stop(self) -> None:
        """End the campaign now, and wait for its engine."""
        env = {**os.environ, "PRAXTUI_HOME": str(self.home)}
        subprocess.run(
            [sys.executable, "-m", "praxtui", "stop", self.folder.name, "--now"],
            env=env,
            check=True,
            capture_output=True,
        )
        self.wait()

    def wait(self) -> None:
        """Return when the engine has ended, with its memory and processor time as last seen."""
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        while not ended.poll(LOOK_S * 1000):
            self._look()
        os.close(self._handle)

    def _look(self) -> None:
        try:
            memory = Path(f"/proc/{self.pid}/status").read_text()
            shared = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
            self.cpu_s = cpu_seconds(self.pid)
        except (OSError, IndexError):
            return  # it has just ended
        self.peak_mb = max(self.peak_mb, _kilobytes(memory, "VmHWM") / 1024)
        self.pss_mb = max(self.pss_mb, _kilobytes(shared, "Pss") / 1024)

    def events(self) -> list[Event]:
        """Everything in the record so far."""
        with Journal.open(self.folder) as journal:
            return list(journal.read())

    def until(self, true: Callable[[Event], bool]) -> Event:
        """The first event for which `true` holds, as soon as it is there."""
        deadline = time.monotonic() + PATIENCE_S
        with Journal.open(self.folder) as journal:
            last = 0
            while time.monotonic() < deadline:
                for event in journal.read(last):
                    if true(event):
                        return event
                    last = event.seq
                time.sleep(0.02)
        raise TimeoutError(f"nothing of the kind in {self.folder} within {PATIENCE_S:g} s; see engine.log there")


def repository(leaf: Path, to: Path) -> Path:
    """A copy of a leaf that is a git repository of its own: praxtui's must not get the refs of a benchmark."""
    shutil.copytree(leaf, to)
    git = ("git", "-C", str(to), "-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "The leaf as it stands"]):
        subprocess.run([*git, *command], check=True)
    return to


def turnarounds(events: list[Event]) -> list[float]:
    """Milliseconds from one run's end to the next run's start, as their exit records say, while an engine was there."""
    runs = [event.fact for event in events if isinstance(event.fact, RunEnded)]
    return [1000 * (after.started - before.ended) for before, after in pairwise(runs)]


def process_gaps(folder: Path, events: list[Event]) -> list[float]:
    """Milliseconds from the end of one run's last process to the start of the next run's first one."""
    runs = [event.fact for event in events if isinstance(event.fact, RunEnded)]
    exits: list[list[dict[str, Any]]] = [
        json.loads((folder / "runs" / run.experiment / str(run.n) / "exit.json").read_text())["stages"] for run in runs
    ]
    return [1000 * (after[0]["started"] - before[-1]["ended"]) for before, after in pairwise(exits) if before and after]


def shares(home: Path, seconds: float) -> tuple[float, float]:
    """Share of one core that the engine, and the shim, use during `seconds` of a run that prints ten lines a second.

    Counted from the moment at which the run was asked for: its start, its live curve and the drafting of the next
    experiment are in it.
    """
    engine = Engine(home, "talking", "--experiments", "3", "--set", f"loop.budget={1.1 * seconds + 0.5:g}s")
    try:
        started = engine.until(lambda event: isinstance(event.fact, RunStarted) and event.fact.use == "select").fact
        before, began = cpu_seconds(engine.pid), time.monotonic()
        assert isinstance(started, RunStarted)
        run = engine.folder / "runs" / started.experiment / str(started.n)
        time.sleep(seconds)
        used, wall = cpu_seconds(engine.pid) - before, time.monotonic() - began
        shim = cpu_seconds(json.loads((run / "shim.json").read_text())["pid"])
    finally:
        engine.stop()
    return used / wall, shim / wall


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its children left out (/proc/PID/stat, fields 14 and 15)."""
    text = Path(f"/proc/{pid}/stat").read_bytes()
    fields = text[text.rindex(b")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _kilobytes(text: str, name: str) -> int:
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0)
