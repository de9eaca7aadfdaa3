from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from praxtui.errors import CampaignFault, UserError
from praxtui.journal import liveness
from praxtui.journal.liveness import AlreadyRunning, Engine, alive, identity, lock, start_of, write_identity


def change(folder: Path, **fields: object) -> None:
    path = folder / "engine.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_an_engine_that_says_who_it_is_lives(tmp_path: Path) -> None:
    assert alive(tmp_path) == Engine(None, False)
    mine = write_identity(tmp_path)
    assert alive(tmp_path) == Engine(os.getpid(), True)
    assert liveness.read_identity(tmp_path) == mine
    assert {"pid", "start", "boot", "started"} <= json.loads((tmp_path / "engine.json").read_text()).keys()
    assert [path.name for path in tmp_path.iterdir()] == ["engine.json"]


def test_the_start_of_a_process_is_the_kernels(tmp_path: Path) -> None:
    fields = Path(f"/proc/{os.getpid()}/stat").read_text().rsplit(")", 1)[1].split()
    assert start_of(os.getpid()) == int(fields[19])


@pytest.mark.parametrize("fields", [{"start": 1}, {"boot": "another"}, {"pid": 2**22 + 1}])
def test_a_pid_used_again_another_boot_or_no_process_is_dead(tmp_path: Path, fields: dict[str, object]) -> None:
    write_identity(tmp_path)
    change(tmp_path, **fields)
    engine = alive(tmp_path)
    assert not engine.alive
    assert engine.note is None


def test_an_engine_of_another_machine_counts_as_dead_with_a_note(tmp_path: Path) -> None:
    write_identity(tmp_path)
    change(tmp_path, host="elsewhere")
    engine = alive(tmp_path)
    assert not engine.alive
    assert engine.note is not None
    assert "elsewhere" in engine.note


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_a_spoiled_identity_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "engine.json").write_bytes(content)
    assert alive(tmp_path) == Engine(None, False)


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        known = identity(child.pid)
        assert liveness.same(known)
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it ended, and stays in the table
        assert Path(f"/proc/{child.pid}").exists()
        assert not liveness.same(known)
        with pytest.raises(ProcessLookupError):
            identity(child.pid)


def test_a_name_with_spaces_and_parentheses_does_not_confuse(tmp_path: Path) -> None:
    code = "open('/proc/self/comm', 'w').write(') R 1 (x y'); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        boot_ticks = start_of(os.getpid())
        found = start_of(child.pid)
        assert found is not None
        assert boot_ticks is not None
        assert found >= boot_ticks
        child.kill()


HOLDER = """
import sys
from pathlib import Path
from praxtui.journal.liveness import lock
held = lock(Path(sys.argv[1]))
print("held", flush=True)
input()
"""


def test_one_engine_a_campaign_until_it_dies(tmp_path: Path) -> None:
    folder = tmp_path / "nov22-a"
    folder.mkdir()
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=rf"nov22-a has an engine already \(pid {holder.pid}\)") as caught:
            lock(folder)
        assert isinstance(caught.value, UserError)
        assert "praxtui stop nov22-a" in str(caught.value)
        holder.kill()
        holder.wait()
        with lock(folder):
            assert (folder / "engine.lock").read_text() == f"{os.getpid()}\n"
            with pytest.raises(AlreadyRunning):
                lock(folder)
        lock(folder).release()


def test_children_do_not_keep_the_lock(tmp_path: Path) -> None:
    held = lock(tmp_path)
    command = [sys.executable, "-c", "print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        held.release()
        lock(tmp_path).release()
        child.kill()


DYING = """
import ctypes, os, platform, sys, threading, time
from pathlib import Path
from praxtui.journal.liveness import lock
folder = Path(sys.argv[1])
held = lock(folder)
def linger():
    while not (folder / "go").exists():
        time.sleep(0.01)
    os._exit(0)
threading.Thread(target=linger).start()
print(1, flush=True)
# Ends the first thread alone: the process is a zombie whose other thread has the lock.
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="the number of a system call is not known")
def test_the_last_thread_of_a_dead_engine_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", DYING, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        while start_of(holder.pid) is not None:
            time.sleep(0.01)
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            (tmp_path / "go").touch()
            holder.wait()

        monkeypatch.setattr(liveness.time, "sleep", sleep)
        try:
            lock(tmp_path).release()
        finally:
            (tmp_path / "go").touch()
        assert waits


def test_a_place_without_locks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(liveness, "flock", refuse)
    with pytest.raises(CampaignFault, match="cannot lock"):
        lock(tmp_path)
    assert fcntl.flock is not refuse
