"""Real runs under the real shim, in temporary folders."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from praxtui.runs import proc
from praxtui.runs.local import LocalPlace, RunHandle
from praxtui.runs.spec import Exit, Spec, Stage

PATIENCE = 60.0  # seconds for something to happen on a busy machine


class Rig:
    """Starts runs in folders of their own and cleans up after them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.numbers = itertools.count()
        self.tokens: list[str] = []
        self.handles: list[RunHandle] = []

    def python(self, code: str, name: str = "run", **more: Any) -> Stage:
        """A stage that runs Python code."""
        argv = (sys.executable, "-I", "-S", "-c", code)
        return Stage(**{"name": name, "argv": argv, "cwd": str(self.root), "log": f"{name}.log"} | more)

    def spec(self, *stages: Stage | str, **more: Any) -> Spec:
        token = f"{os.getpid()}-{time.time_ns()}"
        self.tokens.append(token)
        typed = tuple(self.python(stage) if isinstance(stage, str) else stage for stage in stages)
        return Spec(**{"token": token, "stages": typed, "timeout_s": PATIENCE, "grace_s": 5.0} | more)

    def folder(self) -> Path:
        folder = self.root / f"run{next(self.numbers)}"
        folder.mkdir()
        return folder

    def start(self, *stages: Stage | str, env: dict[str, str] | None = None, **more: Any) -> RunHandle:
        handle = LocalPlace().start(self.folder(), self.spec(*stages, **more), env or {})
        self.handles.append(handle)
        return handle

    def run(self, *stages: Stage | str, env: dict[str, str] | None = None, **more: Any) -> tuple[Exit, Path]:
        """Run to the end: how it ended, and its folder."""
        handle = self.start(*stages, env=env, **more)
        return asyncio.run(handle.wait()), handle.run_dir

    @staticmethod
    def until(condition: Callable[[], Any]) -> Any:
        """The first true answer of `condition`; fails after a long while."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.01)
        pytest.fail("what was waited for never happened")

    def printed(self, run_dir: Path) -> bytes:
        """What the run has printed, once it has printed something."""
        log = run_dir / "run.log"
        found: bytes = self.until(lambda: log.exists() and log.read_bytes())
        return found

    def alive(self) -> list[int]:
        """The processes alive that belong to any run of this test."""
        markers = [f"PRAXTUI_RUN={token}".encode() for token in self.tokens]
        present = [p.pid for p in proc.everyone() if p.state not in proc.DEAD]
        return [pid for pid in present if any(proc.has_marker(pid, marker) for marker in markers)]

    def close(self) -> None:
        for handle in self.handles:
            proc.send(handle.identity.pid, handle.identity.start, signal.SIGKILL)
        for pid in self.alive():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()
