"""A leaf that runs in some 60 ms with a noisy metric, real campaigns on it, and engines that are started and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.engine import supervisor
from praxtui.journal import liveness
from praxtui.journal.facts import Budgets
from praxtui.journal.fold import fold_all
from praxtui.journal.state import Run, State
from praxtui.journal.store import Journal
from praxtui.program.read import parse
from praxtui.runs import proc
from praxtui.runs.local import LocalPlace, read_exit

if TYPE_CHECKING:
    from tests.faults.counts import Counts

PATIENCE = 120.0  # seconds for something to happen on a busy machine
LOOK = 0.005

# The true gains are small beside the noise, so that luck is kept, and audits take it back.
TRAIN = """\
import os
import time
from zlib import crc32

LR = 0.01
WIDTH = 32
DEPTH = 2
DROP = 0.1
MODE = "plain"

print("step: 1 | loss: 3.2", flush=True)
time.sleep({seconds})
bonus = 0.0
{extra}
what = f"{{LR}} {{WIDTH}} {{DEPTH}} {{DROP}} {{MODE}} {{os.environ.get('PRAXTUI_SEED', '0')}}"
draws = [crc32(f"{{what}} {{k}}".encode()) / 2**32 for k in range(12)]
score = -abs(WIDTH - 64) / 640 - abs(DEPTH - 4) / 40 + 0.15 * (sum(draws) - 6) + bonus
os.makedirs("out", exist_ok=True)
with open("out/score", "w") as file:
    file.write(f"{{score:.6f}}\\n")
print("step: 2 | loss: 3.1")
print("trained to the end", flush=True)
"""

# Runs of experiments, but not the baseline's, wait for a file of the person's.
WAIT_FOR_GO = """\
while os.environ["PRAXTUI_EXPERIMENT"] != "e0" and not os.path.exists(os.environ["HOME"] + "/go"):
    time.sleep(0.01)
"""

EVALUATE = """\
with open("out/score") as file:
    print("score:", float(file.read()))
"""

PROGRAM = """\
---
metric:
  name: score
  goal: maximize
  {deterministic}
levers:
  edit: [train.py]
loop:
  {setup}
  run: python -S -E train.py
  evaluate: python -S -E evaluate.py
  artifacts: [out/]
  budget: 1s
  timeout: {timeout}
constraints:
  repeats: {repeats}
  secrets: [{secrets}]
---
# 1. Task

Find constants with a better score.
"""


def git(folder: Path, *words: str) -> str:
    """What git prints; fails the test when git does."""
    done = subprocess.run(("git", "-C", str(folder), *words), capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def make_leaf(
    folder: Path, *, seconds: float = 0.03, extra: str = "", repeats: int = 2, deterministic: bool = False,
    setup: str = "", timeout: str = "60s", secrets: str = "",
) -> Path:  # fmt: skip
    """The leaf, committed to a repository of its own."""
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(TRAIN.format(seconds=seconds, extra=extra))
    (folder / "evaluate.py").write_text(EVALUATE)
    program = PROGRAM.format(
        repeats=repeats,
        deterministic="deterministic: true" if deterministic else "bound: null",
        setup=f"setup: {setup}" if setup else "data: []",
        timeout=timeout,
        secrets=secrets,
    )
    (folder / "program.md").write_text(program)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "The leaf")
    return folder


class Scene:
    """One campaign: created here, its engines started, killed and waited for. `pid`: of the engine last started."""

    def __init__(self, leaf: Path, *, experiments: int, name: str = "c", seed: int = 0, model: str = "") -> None:
        self.leaf = leaf
        self.experiments = experiments
        self.seed = seed
        program = parse((leaf / "program.md").read_text(), leaf / "program.md")
        self.folder = supervisor.create(
            supervisor.Request(
                leaf=leaf, leaf_name=leaf.name, program=program, researcher="llm" if model else "sweep", name=name,
                seed=seed, budgets=Budgets(experiments=experiments, hours=8.0), lookahead=1,
                models=(model,) if model else (), unsandboxed=bool(model),
            )
        )  # fmt: skip
        self.pid = 0
        self.kills = 0
        # What was killed how often; when each engine was asked for.
        self.killed: Counter[str] = Counter()
        self.starts: list[tuple[int, float]] = []
        self.counts: Counts | None = None  # once its invariants were checked
        self.adoptable: set[tuple[str, int]] = set()

    # --- engines ----------------------------------------------------------------------------------------------------

    def start(self) -> int:
        """Start an engine, and return its pid once it answers."""
        asked = time.time()
        self.pid = supervisor.start(self.folder)
        self.starts.append((self.pid, asked))
        return self.pid

    def kill(self) -> State:
        """SIGKILL the engine and wait until it is gone; the state that it leaves. Notes which runs go on."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.reap()
        self.kills += 1
        self.killed["engine"] += 1
        state = self.state()
        self.adoptable |= {(experiment, run.n) for experiment, run in running(state) if self.goes_on(experiment, run)}
        return state

    def goes_on(self, experiment: str, run: Run) -> bool:
        """Whether a run, whose engine has just died, is under way or over: the next engine must not make it again."""
        folder = self.folder / "runs" / experiment / str(run.n)
        known = read_exit(folder)
        if known is not None:
            return known.why == "exit"
        return (folder / "child.json").exists() and LocalPlace().adopt(folder) is not None

    def reap(self) -> None:
        """Return when the engine's process is gone, and collect it."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        until(lambda: not liveness.alive(self.folder).alive, "the engine to be gone")

    def finish(self) -> State:
        """Wait until the campaign has ended and its engine has gone."""
        self.wait(lambda state: state.ended is not None and not state.engine_live, "the campaign to end")
        self.reap()
        return self.state()

    # --- the record -------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """The fold of everything that is in the journal now."""
        with Journal.open(self.folder) as journal:
            return fold_all(State(), journal.read())

    def wait(self, true: Callable[[State], object], what: str) -> State:
        """Follow the journal until `true(state)`; fails the test when that takes too long."""
        deadline = time.monotonic() + PATIENCE
        with Journal.open(self.folder) as journal:
            state = fold_all(State(), journal.read())
            while not true(state):
                if time.monotonic() > deadline:
                    pytest.fail(f"waited {PATIENCE:g} s for {what}\n{self.log()}")
                time.sleep(LOOK)
                state = fold_all(state, journal.read(state.seq))
        return state

    def log(self) -> str:
        """The end of the engine's log."""
        path = self.folder / "engine.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    # --- processes --------------------------------------------------------------------------------------------------

    def shim(self, experiment: str, n: int) -> int:
        """The pid of the shim over a run, once its first stage is there."""
        folder = self.folder / "runs" / experiment / str(n)
        until(lambda: (folder / "child.json").exists(), "the run's first stage")
        handle = LocalPlace().adopt(folder)
        assert handle is not None
        return handle.identity.pid

    def processes(self) -> list[int]:
        """Everything alive that belongs to this campaign: its engine, its shims, its runs."""
        # A disk that failed may have left an empty one.
        specs = (path.read_bytes().partition(b'"token":"')[2] for path in self.folder.glob("runs/**/spec.json"))
        tokens = {b"PRAXTUI_RUN=" + spec.partition(b'"')[0] for spec in specs if spec}
        found = []
        for process in proc.everyone():
            if process.state in proc.DEAD or process.pid == os.getpid():
                continue
            try:
                line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                environment = set(Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"))
            except OSError:
                line, environment = b"", set()
            if os.fsencode(self.folder) in line or environment & tokens:
                found.append(process.pid)
        return found

    def clear(self) -> None:
        """Kill whatever a failed test left behind."""
        deadline = time.monotonic() + 10
        while (left := self.processes()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            time.sleep(LOOK)


def running(state: State) -> list[tuple[str, Run]]:
    """The runs that are under way by the record."""
    names = [name.partition("/") for name in state.running]
    return [
        (experiment, next(run for run in state.experiments[experiment].runs if run.n == int(n)))
        for experiment, _, n in names
    ]


def until(true: Callable[[], object], what: str) -> None:
    """Return when `true()`; fails the test when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE:g} s for {what}")
        time.sleep(LOOK)


def praxtui(*words: str) -> subprocess.CompletedProcess[str]:
    """A command line, as a person types it."""
    return subprocess.run((sys.executable, "-m", "praxtui", *words), capture_output=True, text=True, timeout=PATIENCE)
