"""Engines that leave: nobody's children, without a terminal, in a session without its first process, or as a unit."""

from __future__ import annotations

import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.engine import detach
from praxtui.engine.logout import Surroundings
from praxtui.journal import liveness
from praxtui.runs import proc
from tests.cli.place import Place
from tests.engine import user_manager
from tests.making import create
from tests.making import start as start_engine

UNIT = Surroundings("ada", linger=True, manager=True)
RUN = ("run", "leaf", "--name", "c", "--researcher", "null", "--experiments", "1", "--detach")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "place")
    yield made
    made.clear()


def ancestors(pid: int) -> list[int]:
    found = []
    while (stat := proc.stat(pid)) is not None and stat.ppid:
        pid = stat.ppid
        found.append(pid)
    return found


def test_an_engine_survives_the_end_of_the_terminal_and_a_hang_up_of_all_that_was_there(place: Place) -> None:
    place.hold()
    shell, terminal = pty.fork()
    if shell == 0:
        os.chdir(place.root)
        os.execve("/bin/sh", ["sh", "-c", f"{' '.join(place.command(*RUN))}; exec sleep 600"], place.env)
    try:
        place.until(lambda: place.folder().exists() and liveness.alive(place.folder()).alive, "the engine")
        engine = proc.stat(place.engine())
        assert engine is not None
        assert shell not in ancestors(engine.pid)
        assert engine.sid != shell
        assert engine.sid != engine.pid  # so it can never be given a terminal again
        assert proc.stat(engine.sid) is None
        about = Path(f"/proc/{engine.pid}")
        # The engine is not to be read by others of its person; its umask and its folder need root to be seen.
        if os.geteuid() == 0:
            assert "Umask:\t0077" in (about / "status").read_text()
            assert os.readlink(about / "cwd") == "/"
            targets = [os.readlink(about / "fd" / str(number)) for number in range(3)]
            assert targets == ["/dev/null", *[str(place.folder() / "engine.log")] * 2]
        place.running()
        os.kill(engine.pid, signal.SIGHUP)
        os.killpg(shell, signal.SIGHUP)
    finally:
        os.close(terminal)
        os.kill(shell, signal.SIGKILL)
        os.waitpid(shell, 0)
    place.release()
    place.until(lambda: place.state().ended, "the campaign to end")
    assert place.state().ended == "finished"


def by_unit(place: Place, tmp_path: Path, **more: str) -> Path:
    """A place where a user manager answers; the folder of what it knows."""
    place.env |= user_manager.fake(tmp_path / "systemd", **more)
    place.env["PYTHONPATH"] = str(Path(detach.__file__).parents[2])
    del place.env["PRAXTUI_DETACH"]
    # The surroundings of this machine may be a container's: what is tested begins where it is known that it is none.
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "from praxtui.engine import logout\nlogout._container = lambda root: ''\nlogout._booted = lambda root: True\n"
    )
    place.env["PYTHONPATH"] += f":{site}"
    return tmp_path / "systemd" / "state"


def test_an_engine_is_a_unit_where_the_user_manager_stays(place: Place, tmp_path: Path) -> None:
    state = by_unit(place, tmp_path)
    place.env |= {"SOME_TOKEN": "p1anted-token", "PLAIN": "of the shell"}
    place.hold()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    done = place.praxtui(*RUN)
    assert done.stderr == ""
    engine = place.engine()
    assert int((state / "praxtui-c").read_text()) == engine
    options = (state / "options").read_text()
    for said in ("--user", "--collect", "--unit=praxtui-c", "KillMode=process", "Restart=no", "OOMPolicy=continue"):
        assert said in options
    assert "--setenv" not in options
    assert str(place.leaf) not in options
    if os.geteuid() == 0:
        about = Path(f"/proc/{engine}")
        environment = (about / "environ").read_bytes().split(b"\0")
        assert b"PLAIN=of the shell" in environment
        assert b"MANAGED=yes" not in environment
        assert b"p1anted-token" not in b"".join(environment)
        assert resource.prlimit(engine, resource.RLIMIT_NOFILE) == limit
        assert os.readlink(about / "fd/1") == str(place.folder() / "engine.log")
    # Nothing of the handing over is left.
    assert list((tmp_path / "systemd" / "run").iterdir()) == []
    place.running()
    place.kill_engine()
    # A run that goes on keeps the unit, and so its name.
    done = place.praxtui("resume", "c")
    assert place.engine() != engine
    assert (state / "options").read_text().count("--unit=praxtui-c-") == 1
    place.release()
    place.until(lambda: place.state().ended, "the campaign to end")
    assert [run.n for run in place.state().experiments["e1"].runs] == [1]


def test_a_manager_that_refuses_is_told_of_in_the_log_and_the_engine_forks(place: Place, tmp_path: Path) -> None:
    state = by_unit(place, tmp_path)
    (state / "refuse").touch()
    place.praxtui(*RUN)
    log = (place.folder() / "engine.log").read_text()
    assert "no unit of the user manager (Failed to start transient service unit: no)" in log
    place.until(lambda: place.state().ended == "finished", "the end")


def test_who_is_about_to_lose_an_engine_is_told_before_it_begins(place: Place, tmp_path: Path) -> None:
    by_unit(place, tmp_path, linger="no", logind='b true\nas 0\nas 1 "nobody"')
    [line] = place.praxtui(*RUN).stderr.splitlines()
    assert line.startswith("praxtui: a logout ends the engine (logind kills what a session leaves)")
    assert "loginctl enable-linger, or: sudo loginctl enable-linger " in line
    [check] = [one for one in place.json("doctor")["checks"] if one["name"] == "logout"]
    assert check["state"] == "note"
    assert check["found"].startswith("a logout ends engines; linger is off for ")
    assert "sudo loginctl enable-linger" in check["fix"]


def test_only_the_process_that_was_started_is_handed_anything(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    outside = detach.Outside(tmp_path / "c", {"A": "b"}, 1, writer, writer)
    path = str(tmp_path / "s")
    ask = textwrap.dedent(
        """
        import socket, sys
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(sys.argv[1])
        print("connected", flush=True)
        print(len(channel.recv(100)), flush=True)
        """
    )

    def asks() -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-IS", "-c", ask, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        return process

    with socket.socket(socket.AF_UNIX) as channel:
        channel.bind(path)
        channel.listen(4)
        with asks() as other, asks() as ours:
            detach._serve(channel, ours.pid, outside)
            assert other.stdout is not None and ours.stdout is not None
            assert other.stdout.readline() == "0\n"
            assert int(ours.stdout.readline()) > 0
    os.close(reader)
    os.close(writer)


def test_what_begins_too_late_finds_nothing_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(detach._entry(str(tmp_path / "gone")), capture_output=True, text=True)
    assert done.returncode != 0
    assert "FileNotFoundError" in done.stderr


REAL = """
import os, subprocess, sys, time
from pathlib import Path
from praxtui.engine import logout, supervisor
from praxtui.journal import liveness
folder, gate = Path(sys.argv[1]), Path(sys.argv[2])
where = logout.Surroundings("root", linger=True, manager=logout._manager_answers())
assert where.as_unit
pids = []
for _ in range(2):
    pids.append(supervisor.start(folder, where))
    cgroup = Path(f"/proc/{pids[-1]}/cgroup").read_text()
    assert f"/praxtui-{folder.name}" in cgroup, cgroup
    while not (folder / "runs/e0/1/child.json").exists():
        time.sleep(0.02)
    show = ["systemctl", "--user", "show", "praxtui-" + folder.name + "*"]
    shown = subprocess.run(show, capture_output=True, text=True)
    assert "KillMode=process" in shown.stdout
    assert "PRAXTUI_HOME" not in shown.stdout
    if len(pids) == 1:
        subprocess.run(["systemctl", "--user", "stop", "praxtui-" + folder.name], check=True)
        assert liveness.wait_until_gone(folder, 60)
gate.touch()
assert liveness.wait_until_gone(folder, 100)
print("done")
"""


@pytest.mark.skipif(
    user_manager.REAL is None or os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs systemd, and root"
)
def test_a_real_user_manager_starts_stops_and_starts_an_engine_whose_run_goes_on(exact: Path, tmp_path: Path) -> None:
    from tests.engine.test_processes import waiting_leaf
    from tests.making import state_of

    gate = tmp_path / "gate"
    waiting_leaf(exact, gate)
    folder = create(exact, researcher="null", experiments=1)
    done = subprocess.run(
        user_manager.inside(sys.executable, "-c", REAL, str(folder), str(gate)),
        capture_output=True, text=True, timeout=200, cwd=Path(detach.__file__).parents[2],
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("no user manager can be started here")
    log = (folder / "engine.log").read_text()
    assert done.stdout.endswith("done\n"), done.stderr + log
    state = state_of(folder)
    assert state.ended == "finished"
    assert [run.n for run in state.experiments["e0"].runs] == [1]
    assert "no unit of the user manager" not in log


def test_an_engine_started_here_is_a_child_of_whoever_collects_orphans(exact: Path) -> None:
    from tests.making import wait_for_end

    folder = create(exact, researcher="null", experiments=0)
    assert wait_for_end(start_engine(folder)) == 0
