"""File systems that turn read-only: what cannot be written is said, nothing is half written, and `resume` goes on."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, praxtui, running, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


class Mounted:
    """A file system of its own that can be made read-only, as the kernel does after an error, and writable again."""

    def __init__(self, at: Path) -> None:
        self.at = at
        at.mkdir(parents=True)
        done = subprocess.run(
            ("mount", "-t", "tmpfs", "-o", "size=64m", "praxtui-test", str(at)), capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    def turn(self, how: str) -> None:
        """`ro` or `rw`; waits out files that are open for writing at this moment."""
        words = ("mount", "-o", f"remount,{how}", str(self.at))
        until(lambda: subprocess.run(words, capture_output=True).returncode == 0, f"a remount {how}")

    def unmount(self) -> None:
        subprocess.run(("umount", "--lazy", str(self.at)), check=False)


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Mounted]]:
    mounts: list[Mounted] = []

    def make(name: str) -> Mounted:
        mounts.append(Mounted(tmp_path / name))
        return mounts[-1]

    yield make
    for made in mounts:
        made.unmount()


def in_a_run(scene: Scene) -> tuple[str, int]:
    state = scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")
    experiment, run = next((name, run) for name, run in running(state) if name != "e0")
    scene.shim(experiment, run.n)
    return experiment, run.n


def again(scene: Scene) -> None:
    said = praxtui("resume", scene.folder.name)
    assert said.returncode == 0, said.stderr
    scene.finish()


def test_the_leafs_repository_turns_read_only(
    begin: Begin, mount: Callable[[str], Mounted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    disk = mount("leaf-disk")
    scene = begin(experiments=4, extra=WAIT_FOR_GO, at=disk.at / "leaf")
    scene.start()
    in_a_run(scene)
    # The next draft is made while this one runs: only then does nothing hold a file of the repository open.
    scene.wait(lambda state: sum(e.commit is not None for e in state.children()) == 2, "the next draft")
    disk.turn("ro")
    (tmp_path / "go").touch()
    state = scene.wait(lambda state: (state.ended and not state.engine_live) or state.waits, "the engine to say so")
    assert str(scene.leaf) in (state.end_reason or "") or "disk" in state.waits, state.end_reason
    disk.turn("rw")
    if state.ended:
        scene.reap()
        assert state.ended == "stopped" and state.exit_code == 4
        assert "is mounted read-only" in (state.end_reason or "")
        again(scene)
    else:
        scene.finish()
    check(scene)


def test_a_home_that_is_read_only_is_shown_and_refused(
    begin: Begin, mount: Callable[[str], Mounted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mount("home-disk")
    monkeypatch.setenv("PRAXTUI_HOME", str(disk.at / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    experiment, n = in_a_run(scene)
    (tmp_path / "go").touch()
    scene.kill()
    until(lambda: (scene.folder / "runs" / experiment / str(n) / "exit.json").exists(), "the run to end")
    disk.turn("ro")
    shown = praxtui("status", scene.folder.name, "--json")
    assert shown.returncode == 0 and json.loads(shown.stdout)["state"] == "dead", shown.stderr
    assert len(praxtui("ledger", scene.folder.name).stdout.splitlines()) >= 2
    refused = praxtui("resume", scene.folder.name)
    assert refused.returncode != 0
    assert "Read-only" in refused.stderr or "cannot write" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert praxtui("hint", scene.folder.name, "larger").returncode != 0
    disk.turn("rw")
    again(scene)
    state = check(scene)
    assert state.experiments[experiment].runs[n - 1].why == "exit", "its result was there all the time"


FAILING = "errors=remount-ro"


class Ext4(Mounted):
    """An ext4 that turns read-only by an error of its own, under files that are open for writing."""

    def __init__(self, at: Path, image: Path) -> None:
        self.at = at
        at.mkdir(parents=True)
        with image.open("wb") as file:
            file.truncate(96 * 1024 * 1024)
        self.image = image
        for words in (
            ("mkfs.ext4", "-q", str(image)),
            ("mount", "-o", f"loop,{FAILING}", str(image), str(at)),
        ):
            try:
                done = subprocess.run(words, capture_output=True, text=True)
            except FileNotFoundError:
                pytest.skip(f"no {words[0]} here")
            if done.returncode != 0:
                pytest.skip(f"no ext4 can be mounted here: {done.stderr.strip()}")

    def fail(self) -> None:
        """Let the file system meet an error."""
        device = subprocess.run(
            ("findmnt", "-n", "-o", "SOURCE", str(self.at)), capture_output=True, text=True, check=True
        ).stdout.strip()
        trigger = Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error")
        try:
            trigger.write_text("a test")
        except OSError as error:
            pytest.skip(f"no error can be triggered: {error.strerror}")

    def mend(self) -> None:
        """What a person does: unmount, check, mount."""
        until(lambda: subprocess.run(("umount", str(self.at)), capture_output=True).returncode == 0, "an unmount")
        subprocess.run(("fsck.ext4", "-fy", str(self.image)), capture_output=True)
        subprocess.run(("mount", "-o", f"loop,{FAILING}", str(self.image), str(self.at)), check=True)


@pytest.mark.slow
def test_the_disk_fails_under_engine_and_run(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Ext4(tmp_path / "disk", tmp_path / "image")
    try:
        monkeypatch.setenv("PRAXTUI_HOME", str(disk.at / "home"))
        monkeypatch.setenv("HOME", str(tmp_path))
        scene = begin(experiments=3, extra=WAIT_FOR_GO, at=disk.at / "leaf")
        os.sync()  # the person's leaf has been there for long; what the campaign writes has not
        scene.start()
        in_a_run(scene)
        disk.fail()
        (tmp_path / "go").touch()
        with pytest.raises(OSError, match="Read-only"):
            (disk.at / "a file").touch()
        seq = scene.state().seq
        # Nothing can be written, not even to its log: the engine waits, or is gone, and does nothing by halves.
        time.sleep(4.0)
        assert scene.state().seq == seq
        said = json.loads(praxtui("status", scene.folder.name, "--json").stdout)
        assert said["state"] in ("running", "dead")
        scene.kill()
        scene.clear()
        scene.adoptable.clear()
        disk.mend()
        again(scene)
        state = check(scene)
        assert all(e.verdict != "crash" for e in state.children()), [e.reason for e in state.children()]
    finally:
        disk.unmount()
