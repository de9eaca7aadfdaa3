"""SIGSTOP: engine, shim and training stand still for longer than anybody's heartbeat, and go on, or are ended."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from praxtui.runs import proc
from praxtui.runs.local import read_exit
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, praxtui, running, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

# The shim looks every 0.1 s, the engine at its inbox as often, and at a run's output every second.
LONG = 2.5


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def in_a_run(scene: Scene) -> tuple[str, Path, dict[str, int]]:
    """An experiment that runs: its name, the folder of its run, and who is there."""
    state = scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")
    experiment, run = next((name, run) for name, run in running(state) if name != "e0")
    folder = scene.folder / "runs" / experiment / str(run.n)
    shim = scene.shim(experiment, run.n)
    child = json.loads((folder / "child.json").read_text())["pid"]
    return experiment, folder, {"engine": scene.pid, "shim": shim, "training": child}


def stopped(pid: int) -> bool:
    now = proc.stat(pid)
    return now is not None and now.state == "T"


@pytest.mark.parametrize(
    "who",
    [*(pytest.param(who, marks=pytest.mark.slow) for who in ("engine", "shim", "training")), "engine shim training"],
)
def test_what_stood_still_goes_on(begin: Begin, person: Path, who: str) -> None:
    scene = begin(experiments=2, extra=WAIT_FOR_GO)
    scene.start()
    experiment, folder, pids = in_a_run(scene)
    chosen = [pids[name] for name in who.split()]
    for pid in chosen:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(map(stopped, chosen)), "them to stand still")
    # What it waits for comes meanwhile.
    (person / "go").touch()
    time.sleep(LONG)
    # The command line still answers, and does not take a standing engine for a dead one.
    said = json.loads(praxtui("status", scene.folder.name, "--json").stdout)
    assert said["engine"]["alive"]
    if who != "engine":
        assert read_exit(folder) is None
    for pid in chosen:
        os.kill(pid, signal.SIGCONT)
    scene.finish()
    state = check(scene)
    assert state.experiments[experiment].runs[0].why == "exit"
    assert state.experiments[experiment].verdict in ("keep", "discard")


@pytest.mark.slow
def test_a_training_that_stands_still_for_good_runs_out_of_time(begin: Begin, person: Path) -> None:
    scene = begin(experiments=2, extra=WAIT_FOR_GO, timeout="4s")
    scene.start()
    experiment, _, pids = in_a_run(scene)
    os.kill(pids["training"], signal.SIGSTOP)
    (person / "go").touch()
    scene.finish()
    state = check(scene)
    assert state.experiments[experiment].verdict == "crash"
    assert "timeout" in (state.experiments[experiment].reason or "")
    assert [e.verdict for e in state.children()].count("crash") == 1


@pytest.mark.slow
def test_a_shim_that_stands_still_for_good_is_woken(begin: Begin, person: Path) -> None:
    scene = begin(experiments=2, extra=WAIT_FOR_GO, timeout="2s")
    scene.start()
    experiment, folder, pids = in_a_run(scene)
    os.kill(pids["shim"], signal.SIGSTOP)
    (person / "go").touch()
    # Deadline, grace and a minute later the engine wakes it, and it ends what it finds.
    scene.finish()
    state = check(scene)
    assert read_exit(folder) is not None
    assert state.experiments[experiment].verdict in ("keep", "discard", "crash")
    assert len(state.experiments[experiment].runs) <= 2
