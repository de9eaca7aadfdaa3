"""Engines as processes: started, refused, told to go, and followed by the next."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from praxtui.engine import supervisor
from praxtui.journal import liveness
from praxtui.journal.facts import EngineStarted, EngineStopped, RunEnded, RunStarted
from praxtui.runs.local import LocalPlace
from tests.making import SETTINGS, Watch, create, facts, ledger, send, start, state_of, wait_for_end, with_constants


def waiting_leaf(leaf: Path, gate: Path) -> None:
    """Every run of the leaf waits for the gate."""
    text = with_constants((leaf / "settings.py").read_text(), {"WAIT": str(gate)})
    (leaf / "settings.py").write_text(text)
    assert text != SETTINGS


def test_an_engine_told_to_go_leaves_the_run_to_the_next_engine(exact: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waiting_leaf(exact, gate)
    folder = create(exact, researcher="sweep", experiments=1)
    watch = Watch(folder)
    first = start(folder)
    run_dir = folder / "runs" / "e0" / "1"
    asyncio.run(watch.started("e0"))
    os.kill(first, signal.SIGTERM)
    assert wait_for_end(first) == 0
    state = state_of(folder)
    assert (state.ended, state.running) == (None, ["e0/1"])
    assert facts(folder, EngineStopped)[-1].reason == "told to go by SIGTERM"
    shim = LocalPlace().adopt(run_dir)
    assert shim is not None
    second = start(folder)
    gate.touch()
    assert wait_for_end(second) == 0
    runs = [(run.experiment, run.n) for run in facts(folder, RunStarted)]
    assert runs == [("e0", 1), ("e1", 1)]
    assert [run.why for run in facts(folder, RunEnded)] == ["exit", "exit"]
    assert len(facts(folder, EngineStarted)) == 2
    assert state_of(folder).ended == "finished"


def test_a_second_engine_is_refused_and_the_first_goes_on(exact: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waiting_leaf(exact, gate)
    folder = create(exact, researcher="sweep", experiments=1)
    first = start(folder)
    with pytest.raises(liveness.AlreadyRunning, match="has an engine already"):
        start(folder)
    # One that comes to the lock itself is refused too.
    (folder / liveness.IDENTITY).rename(folder / "engine.aside")
    with pytest.raises(supervisor.UserError, match=f"has an engine already.*{first}") as refused:
        start(folder)
    assert refused.value.exit_code != 0
    (folder / "engine.aside").rename(folder / liveness.IDENTITY)
    gate.touch()
    assert wait_for_end(first) == 0
    assert len(facts(folder, EngineStarted)) == 1
    assert ledger(folder)["e1"]["verdict"] is not None


def test_a_killed_engine_is_dead_and_its_commands_wait_for_the_next(exact: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waiting_leaf(exact, gate)
    folder = create(exact, researcher="sweep", experiments=1)
    first = start(folder)
    asyncio.run(Watch(folder).started("e0"))
    os.kill(first, signal.SIGKILL)
    assert wait_for_end(first) == -signal.SIGKILL
    assert not liveness.alive(folder).alive
    send(folder, "stop")
    second = start(folder)
    Watch(folder).wait(lambda state: state.stop)
    gate.touch()
    assert wait_for_end(second) == 0
    state = state_of(folder)
    # The adopted run is seen through, then the stop is obeyed.
    assert (state.ended, [run.n for run in state.experiments["e0"].runs]) == ("stopped", [1])
    assert state.experiments["e0"].runs[0].why == "exit"
    assert "e1" not in state.experiments


def test_an_engine_that_cannot_start_says_why(exact: Path) -> None:
    folder = create(exact, researcher="sweep", experiments=1)
    exact.rename(exact.with_name("gone"))
    assert wait_for_end(start(folder)) == 4
    state = state_of(folder)
    assert (state.ended, state.exit_code) == ("stopped", 4)
    assert state.end_reason.startswith(f"the leaf is gone: {exact}")
