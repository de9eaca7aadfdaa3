"""The machine's date jumps, forwards and back, under a campaign: deadlines and budgets go by what really passed."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from praxtui.journal.store import Journal
from praxtui.runs import local
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, running

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

DAY = 86400.0
Set = Callable[[float], None]


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets the date of engines, shims and runs, and of nothing else, so many seconds off."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a clock with")
    at, made = tmp_path / "skew", tmp_path / "skew.so"
    at.write_bytes(struct.pack("d", 0.0))
    source = Path(__file__).with_name("skew.c")
    done = subprocess.run(
        (compiler, "-shared", "-fPIC", "-O1", f'-DSKEW_FILE="{at}"', "-o", made, source), capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"no clock can be made: {done.stderr.strip()[:200]}")
    monkeypatch.setenv("LD_PRELOAD", str(made))
    monkeypatch.setenv("HOME", str(tmp_path))

    def to(seconds: float) -> None:
        with at.open("r+b") as file:  # in place: it is mapped
            file.write(struct.pack("d", seconds))

    told = subprocess.run(("date", "+%s"), capture_output=True, text=True, check=True)
    to(DAY)
    off = subprocess.run(("date", "+%s"), capture_output=True, text=True, check=True)
    to(0.0)
    if int(off.stdout) - int(told.stdout) < DAY / 2:
        pytest.skip("programs here do not take a preloaded clock")
    return to


def in_a_run(scene: Scene) -> tuple[str, int]:
    state = scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")
    experiment, run = next((name, run) for name, run in running(state) if name != "e0")
    scene.shim(experiment, run.n)
    return experiment, run.n


def sane(scene: Scene, began: float) -> None:
    """Nothing was booked that did not pass."""
    state = check(scene)
    real = time.monotonic() - began
    assert 0 < state.spent.seconds <= real + 1
    assert all(0 <= seconds <= real for seconds in state.turnarounds), state.turnarounds
    for e in state.experiments.values():
        assert all(0 <= run.seconds <= real for run in e.runs)
    with Journal.open(scene.folder) as journal:
        assert [event.seq for event in journal.read()] == list(range(1, state.seq + 1))


# Hours of budget: 8. A date that counted would end the campaign, or never.
@pytest.mark.parametrize("jumps", [(2 * DAY, -DAY), (-400 * DAY, 3 * DAY)], ids=["forwards first", "back first"])
def test_the_date_jumps_under_a_run(begin: Begin, set_clock: Set, tmp_path: Path, jumps: tuple[float, float]) -> None:
    began = time.monotonic()
    scene = begin(experiments=3, extra=WAIT_FOR_GO, secrets="LD_PRELOAD")
    scene.start()
    experiment, n = in_a_run(scene)
    assert str(os.environ["LD_PRELOAD"]).encode() in Path(f"/proc/{scene.shim(experiment, n)}/maps").read_bytes()
    for jump in jumps:
        set_clock(jump)
        time.sleep(0.3)  # several looks at the clock, by the shim and by the engine
    assert in_a_run(scene) == (experiment, n), "the run was ended by a date"
    (tmp_path / "go").touch()
    scene.finish()
    sane(scene, began)
    assert scene.state().experiments[experiment].runs[0].why == "exit"


@pytest.mark.parametrize("jump", [2 * DAY, -400 * DAY], ids=["forwards", "back"])
def test_the_date_jumps_between_two_engines(begin: Begin, set_clock: Set, tmp_path: Path, jump: float) -> None:
    began = time.monotonic()
    scene = begin(experiments=3, extra=WAIT_FOR_GO, secrets="LD_PRELOAD")
    scene.start()
    experiment, n = in_a_run(scene)
    scene.kill()
    assert (experiment, n) in scene.adoptable
    set_clock(jump)
    scene.start()
    scene.wait(lambda _: "adopting run" in scene.log(), "the run to be adopted")
    assert in_a_run(scene) == (experiment, n)
    set_clock(-jump)
    (tmp_path / "go").touch()
    scene.finish()
    sane(scene, began)


def test_a_run_is_not_overdue_by_the_date(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    scene = begin(experiments=2, extra=WAIT_FOR_GO)
    scene.start()
    experiment, n = in_a_run(scene)
    scene.kill()
    folder = scene.folder / "runs" / experiment / str(n)
    # By the date, the shim came up two days ago; whoever adopts it loses patience soon after its deadline.
    os.utime(folder / "shim.json", (time.time() - 2 * DAY,) * 2)
    monkeypatch.setattr(local, "OVERDUE", 0.1)
    handle = local.LocalPlace().adopt(folder)
    assert handle is not None
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(handle.wait(), 1.0))
    assert local.LocalPlace().adopt(folder) is not None, "it was killed"
    (tmp_path / "go").touch()
    scene.start()
    scene.finish()
    check(scene)
