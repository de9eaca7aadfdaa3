"""Shims, trainings and engines that are killed, stopped or gone with the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from praxtui.journal import liveness
from praxtui.journal.state import Run
from praxtui.runs import proc
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, praxtui, running, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


def in_a_run(scene: Scene, use: str = "select") -> tuple[str, Run]:
    """Wait until a run of that use is under way, its first stage included; the experiment and the run."""
    state = scene.wait(lambda state: any(run.use == use for _, run in running(state)), f"a {use} run")
    experiment, run = next((name, run) for name, run in running(state) if run.use == use)
    scene.shim(experiment, run.n)
    return experiment, run


def sleeping(begin: Begin, experiments: int = 2) -> Scene:
    """A campaign whose runs of experiments wait for `let_go`."""
    return begin(experiments=experiments, extra=WAIT_FOR_GO)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("person")))


def let_go() -> None:
    open(os.environ["HOME"] + "/go", "w").close()


def test_a_killed_shim_loses_its_run_once_and_the_campaign_goes_on(begin: Begin) -> None:
    scene = sleeping(begin)
    scene.start()
    experiment, run = in_a_run(scene)
    os.kill(scene.shim(experiment, run.n), signal.SIGKILL)
    state = scene.wait(lambda state: len(state.experiments[experiment].runs) == run.n + 1, "the run to be made again")
    let_go()
    scene.finish()
    state = check(scene)
    first, again = state.experiments[experiment].runs[:2]
    assert (first.why, first.metric) == ("lost", None) and "shim was killed" in (first.reason or "")
    assert again.why == "exit" and state.experiments[experiment].verdict in ("keep", "discard")


def test_three_losses_are_void(begin: Begin) -> None:
    scene = sleeping(begin, experiments=1)
    scene.start()
    name = ""
    for n in (1, 2, 3):
        scene.wait(lambda state, n=n: any(run.n == n and e != "e0" for e, run in running(state)), f"run {n}")
        name, run = running(scene.state())[0]
        os.kill(scene.shim(name, run.n), signal.SIGKILL)
    state = scene.wait(lambda state: state.experiments[name].verdict, "a verdict")
    assert state.experiments[name].verdict == "void"
    assert state.experiments[name].reason == "its run was lost 3 times"
    let_go()
    scene.finish()
    check(scene)


def test_a_killed_training_is_a_crash_of_its_experiment_alone(begin: Begin) -> None:
    scene = sleeping(begin)
    scene.start()
    experiment, run = in_a_run(scene)
    shim = scene.shim(experiment, run.n)
    child = json.loads((scene.folder / "runs" / experiment / str(run.n) / "child.json").read_text())["pid"]
    assert child in [process.pid for process in proc.descendants(shim)]
    os.kill(child, signal.SIGKILL)
    scene.wait(lambda state: state.experiments[experiment].verdict, "a verdict")
    let_go()
    scene.finish()
    state = check(scene)
    assert state.experiments[experiment].verdict == "crash"
    assert "signal 9" in (state.experiments[experiment].runs[0].reason or "")


@pytest.mark.parametrize("first", ["shim", pytest.param("engine", marks=pytest.mark.slow)])
def test_shim_and_engine_killed_together(begin: Begin, first: str) -> None:
    scene = sleeping(begin)
    scene.start()
    experiment, run = in_a_run(scene)
    shim = scene.shim(experiment, run.n)
    for pid in (shim, scene.pid) if first == "shim" else (scene.pid, shim):
        os.kill(pid, signal.SIGKILL)
    until(lambda: proc.start_of(shim) is None, "the shim to be gone")
    scene.kill()
    let_go()
    scene.start()
    scene.finish()
    state = check(scene)
    assert [r.why for r in state.experiments[experiment].runs][:2] == ["lost", "exit"]


def test_a_stopped_engine_goes_on_where_it_stood(begin: Begin) -> None:
    scene = begin(experiments=3)
    scene.start()
    experiment, run = in_a_run(scene)
    os.kill(scene.pid, signal.SIGSTOP)
    folder = scene.folder / "runs" / experiment / str(run.n)
    until(lambda: (folder / "exit.json").exists(), "the run to end without its engine")
    seq = scene.state().seq
    time.sleep(0.3)
    assert scene.state().seq == seq
    assert liveness.alive(scene.folder).alive
    os.kill(scene.pid, signal.SIGCONT)
    scene.finish()
    check(scene)


def test_a_restarted_machine_loses_the_run_and_nothing_else(begin: Begin) -> None:
    scene = sleeping(begin)
    scene.start()
    experiment, run = in_a_run(scene)
    shim = scene.shim(experiment, run.n)
    folder = scene.folder / "runs" / experiment / str(run.n)
    scene.kill()
    scene.adoptable.clear()
    os.kill(shim, signal.SIGKILL)
    until(lambda: proc.start_of(shim) is None, "the shim to be gone")
    for name in ("shim.json", "child.json"):
        record = json.loads((folder / name).read_text()) | {"boot": "an earlier boot"}
        (folder / name).write_text(json.dumps(record))
    let_go()
    scene.start()
    scene.finish()
    state = check(scene)
    lost, again = state.experiments[experiment].runs[:2]
    assert (lost.why, lost.reason) == ("lost", "lost: the machine was restarted")
    assert again.why == "exit" and again.commit == lost.commit


def test_a_second_engine_is_refused_and_the_first_goes_on(begin: Begin) -> None:
    scene = sleeping(begin)
    pid = scene.start()
    in_a_run(scene)
    with pytest.raises(liveness.AlreadyRunning):
        scene.start()
    # The lock, not the look at engine.json, is what keeps a second engine out.
    second = subprocess.run((sys.executable, "-m", "praxtui.engine", str(scene.folder)), capture_output=True, text=True)
    assert second.returncode == 2 and "has an engine already" in second.stderr
    said = praxtui("resume", scene.folder.name)
    assert said.returncode == 0 and "running already" in said.stdout
    assert liveness.alive(scene.folder).pid == pid
    let_go()
    scene.pid = pid
    scene.finish()
    check(scene)


@pytest.mark.slow
def test_a_killed_engine_shows_as_dead_and_resume_takes_it_up(begin: Begin) -> None:
    scene = sleeping(begin)
    scene.start()
    in_a_run(scene)
    scene.kill()
    said = praxtui("status", scene.folder.name, "--json")
    assert json.loads(said.stdout)["state"] == "dead"
    let_go()
    said = praxtui("resume", scene.folder.name)
    assert said.returncode == 0, said.stderr
    scene.pid = liveness.alive(scene.folder).pid or 0
    scene.finish()
    check(scene)
