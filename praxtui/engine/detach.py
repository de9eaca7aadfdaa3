"""Two ways out of a shell: a unit of the user manager, which stays after a logout, and a second fork.

Neither puts anything on disk, on a command line or into a unit but the way to a socket: descriptors and the
environment go through that, to the one process that the user manager says it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from praxtui.engine import entry
from praxtui.engine.logout import Surroundings, answer, manager_environment

FORK_S = 60.0  # a machine that swaps may take long to start an interpreter
MANAGER_S = 10.0  # for the user manager to start a process, and for that to come to the socket
PEER = struct.Struct("3i")  # pid, uid, gid of SO_PEERCRED
# KillMode: runs outlive their engine, and are adopted. OOMPolicy: a run that the kernel kills for its memory is no
# reason to stop the engine beside it. TasksMax: as in a shell. No restart: that is what `resume` is for.
PROPERTIES = (
    *("Restart=no", "KillMode=process", "OOMPolicy=continue", "TasksMax=infinity", "UMask=0077"),
    *("WorkingDirectory=/", "StandardInput=null"),
)


class Outside(msgspec.Struct, frozen=True):
    """What an engine has of those who started it: its campaign, its environment, and open descriptors."""

    folder: Path
    environment: dict[str, str]
    log: int
    ready: int
    keys: int


class NoUnit(Exception):
    """The user manager did not start the engine, and will not do so later."""


def leave(outside: Outside, where: Surroundings) -> None:
    """Let an engine begin that is no child of this process. Raises OSError."""
    if where.as_unit:
        try:
            _as_unit(outside)
            return
        except (NoUnit, OSError) as error:
            os.write(outside.log, f"no unit of the user manager ({error}), so by a second fork\n".encode())
    _by_fork(outside)


def _entry(*words: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(entry.__file__).resolve()), *words]


# --- a second fork ---------------------------------------------------------------------------------------------------


def _by_fork(outside: Outside) -> None:
    # Until it has a session of its own a new process hears Ctrl-C, and would end by it: it starts deaf, and forgets.
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        parent = subprocess.Popen(
            _entry("fork", str(outside.folder), str(outside.ready), str(outside.keys)),
            stdin=subprocess.DEVNULL,
            stdout=outside.log,
            stderr=outside.log,
            cwd="/",
            env=outside.environment,
            pass_fds=(outside.ready, outside.keys),
            start_new_session=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    try:
        parent.wait(FORK_S)
    except subprocess.TimeoutExpired as error:
        parent.kill()
        parent.wait()
        raise OSError(f"it does not leave within {FORK_S:g} s") from error


# --- a unit ----------------------------------------------------------------------------------------------------------


def _as_unit(outside: Outside) -> None:
    """Raises NoUnit, or OSError, before an engine began."""
    environment = manager_environment()
    with _listening(environment["XDG_RUNTIME_DIR"]) as (channel, path):
        unit = _start_unit(outside.folder.name, path, environment)
        try:
            _serve(channel, _main_process(unit), outside)
        except (NoUnit, OSError):
            # What comes late finds no socket, and ends; this only spares the wait for it.
            answer("systemctl", "--user", "stop", unit)
            raise


@contextlib.contextmanager
def _listening(runtime: str) -> Iterator[tuple[socket.socket, str]]:
    """A socket in a folder of this person's own, in memory, for as long as one engine takes to begin."""
    folder = tempfile.mkdtemp(prefix="praxtui-", dir=runtime)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            path = os.path.join(folder, "s")
            channel.bind(path)
            channel.listen(4)
            yield channel, path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start_unit(campaign: str, path: str, environment: dict[str, str]) -> str:
    """The name of the transient unit. While a run of an earlier engine lives, so does the unit of that one's name."""
    said = ""
    for name in (f"praxtui-{campaign}", f"praxtui-{campaign}-{time.time_ns()}"):
        options = ["--user", "--quiet", "--collect", f"--unit={name}", "--service-type=exec"]
        options += [f"--description=praxtui campaign {campaign}", *(f"--property={one}" for one in PROPERTIES)]
        try:
            done = subprocess.run(
                ["systemd-run", *options, "--", *_entry(path)],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=MANAGER_S,
            )
        except subprocess.SubprocessError as error:
            raise NoUnit(str(error)) from error
        if done.returncode == 0:
            return f"{name}.service"
        said = done.stderr.strip()
    raise NoUnit(said or "systemd-run fails")


def _main_process(unit: str) -> int:
    said = answer("systemctl", "--user", "show", "--property=MainPID", unit) or ""
    number = said.strip().removeprefix("MainPID=")
    if not number.isdigit() or number == "0":
        raise NoUnit(f"{unit} ended at once")
    return int(number)


def _serve(channel: socket.socket, pid: int, outside: Outside) -> None:
    """Hand everything over to the process `pid` of this person; whoever else connects gets nothing."""
    given = {
        "folder": str(outside.folder),
        "environment": outside.environment,
        "limits": [(name, *resource.getrlimit(getattr(resource, name))) for name in _limits()],
        "cores": sorted(os.sched_getaffinity(0)),
    }
    deadline = time.monotonic() + MANAGER_S
    while (left := deadline - time.monotonic()) > 0:
        channel.settimeout(left)
        peer, _ = channel.accept()
        with peer:
            raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)
            who, user, _ = PEER.unpack(raw)
            if (who, user) == (pid, os.getuid()):
                peer.settimeout(MANAGER_S)
                first, rest = b"{", json.dumps(given).encode()[1:]
                socket.send_fds(peer, [first], [outside.log, outside.ready, outside.keys])
                peer.sendall(rest)
                return
    raise NoUnit(f"process {pid} did not ask for its campaign")


def _limits() -> list[str]:
    """The names of the limits that a shell sets."""
    names = ("NOFILE", "STACK", "MEMLOCK", "CORE", "FSIZE", "DATA", "AS", "CPU", "NPROC")
    return [f"RLIMIT_{name}" for name in names if hasattr(resource, f"RLIMIT_{name}")]
