"""Disks that fill up under a campaign: it waits, says so where it can, and goes on when there is room again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from praxtui.journal import liveness
from praxtui.journal.people import WaitingBegan, WaitingEnded
from praxtui.journal.store import Journal
from praxtui.runs.local import LocalPlace
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, running, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

SIZE_MB = 24


class Disk:
    """A small file system of its own."""

    def __init__(self, at: Path) -> None:
        self.at = at
        at.mkdir(parents=True)
        done = subprocess.run(
            ("mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "praxtui-test", str(at)), capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    def fill(self) -> None:
        """Leave not a byte, and nothing that a deleted file could give back in between."""
        with open(self.at / "ballast", "ab") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))

    def free(self) -> None:
        (self.at / "ballast").unlink()

    def unmount(self) -> None:
        subprocess.run(("umount", "--lazy", str(self.at)), check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Disk]]:
    """Mount a small disk at a folder below the test's own; it is always unmounted."""
    disks: list[Disk] = []

    def mount(name: str) -> Disk:
        disks.append(Disk(tmp_path / name))
        return disks[-1]

    yield mount
    for made in disks:
        made.unmount()


def waits(scene: Scene, disk: Disk) -> None:
    """The engine lives, says that it waits if that can be written, and gets no further while the disk is full."""

    def still() -> bool:
        seq = scene.state().seq
        time.sleep(1.0)
        return scene.state().seq == seq

    disk.fill()
    until(still, "the engine to wait")
    disk.fill()
    assert liveness.alive(scene.folder).alive, scene.log()
    assert scene.state().ended is None


def waited(scene: Scene) -> list[str]:
    with Journal.open(scene.folder) as journal:
        facts = [event.fact for event in journal.read()]
    began = [fact.cause for fact in facts if isinstance(fact, WaitingBegan)]
    ended = [fact.cause for fact in facts if isinstance(fact, WaitingEnded)]
    assert began == ended
    return began


def a_run(scene: Scene) -> None:
    scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")


@pytest.mark.slow
def test_home_fills_up_during_a_run(begin: Begin, disk: Callable[[str], Disk], monkeypatch: pytest.MonkeyPatch) -> None:
    small = disk("small")
    monkeypatch.setenv("PRAXTUI_HOME", str(small.at / "home"))
    scene = begin(experiments=4, seconds=0.3)
    scene.start()
    a_run(scene)
    waits(scene, small)
    small.free()
    scene.finish()
    check(scene)


def test_the_leafs_repository_fills_up(begin: Begin, disk: Callable[[str], Disk]) -> None:
    small = disk("leaf-disk")
    scene = begin(experiments=4, seconds=0.3, at=small.at / "leaf")
    scene.start()
    a_run(scene)
    waits(scene, small)
    assert scene.state().waiting == "disk"
    small.free()
    scene.finish()
    check(scene)
    assert waited(scene) == ["disk"]


def test_a_run_that_cannot_write_is_no_crash(
    begin: Begin, disk: Callable[[str], Disk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = disk("small")
    monkeypatch.setenv("PRAXTUI_HOME", str(small.at / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    scene = begin(experiments=2, extra=WAIT_FOR_GO)
    scene.start()
    a_run(scene)
    experiment, run = running(scene.state())[0]
    scene.shim(experiment, run.n)
    small.fill()
    (tmp_path / "go").touch()
    until(lambda: not under_way(scene, experiment, run.n), "the run to end")
    waits(scene, small)
    small.free()
    scene.finish()
    state = check(scene)
    assert state.experiments[experiment].verdict in ("keep", "discard")
    assert [r.why for r in state.experiments[experiment].runs][:2] == ["lost", "exit"]


def under_way(scene: Scene, experiment: str, n: int) -> bool:
    return LocalPlace().adopt(scene.folder / "runs" / experiment / str(n)) is not None
