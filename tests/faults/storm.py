"""Kills at random instants: engine, shim, training and cockpit, each alone and together, all chosen by a seed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import msgspec

from praxtui.journal.state import Run, State
from praxtui.runs import proc
from praxtui.runs.identity import Identity
from tests.faults.invariants import ended
from tests.faults.scene import Scene, running
from tests.tui.window import Window

KINDS = ("engine", "shim", "training", "cockpit")
# One kind alone half of the time, else two of them, or all four at once.
CHOICES = (*((kind,) for kind in KINDS * 3), *((a, b) for a in KINDS for b in KINDS if a < b), *(KINDS,) * 3)
# A campaign whose baseline crashes, or is lost three times, ends and says so: the storm kills no more than this of it.
BASELINE_SHIMS = 2


class Storm:
    """A campaign with a cockpit on it, and what is killed of both. `hit`: what fell upon each run."""

    def __init__(self, scene: Scene, seed: int, most_events: int = 5, cockpit: bool = True) -> None:
        self.scene = scene
        self.chance = random.Random(seed)
        self.most_events = most_events
        self.hit: dict[tuple[str, int], set[str]] = {}
        self.window: Window | None = None
        self.with_cockpit = cockpit
        self.alive = False
        self._blows = 0

    @property
    def kills(self) -> int:
        """Processes killed so far."""
        return self.scene.killed.total()

    def rage(self, kills: int) -> None:
        """Kill until so many are dead or the campaign is over, then let it end in peace."""
        while self.kills < kills and not ended(self.scene.state()):
            self.revive()
            target = self.scene.state().seq + self.chance.randint(0, self.most_events)
            self._wait(target, self.chance.random() * 0.15)
            self.strike(self.chance.choice(CHOICES))
        self.revive()
        if self.alive:
            self.scene.finish()

    def revive(self) -> None:
        """Start what is dead: the engine while the campaign goes on, and the cockpit."""
        if not self.alive and not ended(self.scene.state()):
            self.scene.start()
            self.alive = True
        if self.with_cockpit and self.window is None:
            command = [sys.executable, "-m", "praxtui", "attach", self.scene.folder.name]
            self.window = Window(command, dict(os.environ), Path("/"), columns=80, rows=24)

    def strike(self, kinds: tuple[str, ...]) -> None:
        """Kill one process of each of `kinds`, as nearly at one instant as a process can."""
        state = self.scene.state()
        under_way = running(state)
        victims = [(kind, found) for kind in kinds if (found := self._find(kind, under_way)) is not None]
        self.chance.shuffle(victims)
        for _, who in victims:
            proc.send(who.pid, who.start, signal.SIGKILL)
        fell = {kind for kind, _ in victims}
        for kind in fell - {"engine"}:
            self.scene.killed[kind] += 1
        if fell & {"shim", "training"}:
            for experiment, run in under_way:
                self.hit.setdefault((experiment, run.n), set()).update(fell & {"shim", "training"})
                self._blows += run.use == "baseline" and "shim" in fell
        if "cockpit" in fell and self.window is not None:
            self.window.end()
            self.window.close()
            self.window = None
        if "engine" in fell:
            self.scene.kill()  # notes it, and which runs go on
            self.alive = False
        # A run may have been begun between the look at the record and the blow: its folder tells whose pid it was.
        self.scene.adoptable -= self.hit.keys()

    def _find(self, kind: str, under_way: list[tuple[str, Run]]) -> Identity | None:
        if kind == "cockpit":
            return None if self.window is None else _who(self.window.process.pid)
        if kind == "engine":
            return _who(self.scene.pid) if self.alive else None
        for experiment, run in under_way:
            if run.use == "baseline" and (kind == "training" or self._blows >= BASELINE_SHIMS):
                continue
            name = "shim.json" if kind == "shim" else "child.json"
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                path = self.scene.folder / "runs" / experiment / str(run.n) / name
                who = msgspec.json.decode(path.read_bytes(), type=Identity)
                if proc.start_of(who.pid) == who.start:
                    return who
        return None

    def _wait(self, target: int, rest: float) -> None:
        """Until the journal has come to `target`, then `rest` seconds more; the cockpit is read meanwhile."""

        def there(state: State) -> bool:
            self.read()
            return state.seq >= target or ended(state)

        self.scene.wait(there, "some more facts")
        deadline = time.monotonic() + rest
        while time.monotonic() < deadline:
            self.read()
            time.sleep(0.005)

    def read(self) -> None:
        """Take what the cockpit paints, as a terminal does."""
        if self.window is not None:
            self.window._read(0)

    def goodbye(self) -> None:
        """The cockpit, started late or alive since long, shows the end; it is left as a person leaves it."""
        window = self.window
        assert window is not None
        window.until("finished")
        window.press("q")
        assert window.end() == 0
        assert window.restored

    def close(self) -> None:
        """Let go of the cockpit."""
        if self.window is not None:
            self.window.close()


def fair(storm: Storm, state: State) -> None:
    """No experiment pays for what did not fall upon it.

    A run whose shim and training were left alone ended well, whatever became of engine and cockpit; a crash is of an
    experiment whose training was killed, and void is what lost its shim three times.
    """
    for e in state.experiments.values():
        blows: set[str] = set()
        for run in e.runs:
            hit = storm.hit.get((e.id, run.n), set())
            blows |= hit
            if not hit:
                assert (run.why, run.exit) in (("exit", 0), ("not started", None)), f"{e.id} run {run.n}: {run.reason}"
            if run.why == "lost":
                assert "shim" in hit, f"{e.id} run {run.n} was lost: {run.reason}"
        if e.verdict == "crash":
            assert "training" in blows, f"{e.id} crashed of itself: {e.reason}"
        if e.verdict == "void" and e.reason != "campaign ended":
            assert sum(run.why == "lost" for run in e.runs) == 3, e.reason
        assert e.verdict != "invalid", e.reason


def _who(pid: int) -> Identity | None:
    start = proc.start_of(pid)
    return None if start is None else Identity(pid, start, proc.boot_id())
