"""Whether the walls stand: a program is put behind them that tries to get out, and everything that it managed counts.

No version is asked for and no setting believed. The program runs with the very arguments that runs get.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from praxtui import paths
from praxtui.runs import seccomp
from praxtui.runs.sandbox.partial import confine
from praxtui.runs.sandbox.plan import Host, Needs, argv, within_any

if TYPE_CHECKING:
    from praxtui.runs.sandbox.walls import Walls

PATIENCE_S = 20.0  # seconds for the whole trial; it takes a fifth of one where nothing is wrong
INSIDE = Path(__file__).with_name("inside.py")
CONFINED = Path(__file__).parents[1] / "confined.py"
FILES = (
    *("tree/sealed", "tree/evaluation/key", "data/file", "data/evaluation/answers"),
    *("elsewhere/journal", "elsewhere/kept"),
)
# The libraries that open a GPU, with the function that fails where they cannot (CUDA's cuInit, HIP's hipInit).
DRIVERS = (("libcuda.so.1", "cuInit"), ("libamdhip64.so", "hipInit"))
_OPEN = "import ctypes, sys\nsys.exit(getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])(0) != 0)"


class Fallen(Exception):
    """The trial could not be made; the message says what the walls, or the interpreter inside, said."""


class Trial(Struct, frozen=True):
    """What came of it: in words what holds, property by property, and what does not hold."""

    findings: dict[str, str]
    leaks: tuple[str, ...]


def trial(walls: Walls, interpreter: str, env: dict[str, str]) -> Trial:
    """Put the canary behind these walls. Raises Fallen where it does not come to an answer in time."""
    with _ground() as ground, _listeners(ground) as (tcp, udp), _driver(walls.host, env) as driver, _bystander() as pid:
        plan = _plan(ground, walls)
        asked = _asked(ground, walls.host, plan) | {
            "tcp": list(map(str, tcp.getsockname())), "udp": list(map(str, udp.getsockname())), "other": pid,
        }  # fmt: skip
        asked["gpu"] = driver.found()
        command = [interpreter, "-c", INSIDE.read_text(), json.dumps(asked)]
        said = _said(_command(walls, plan, ground, command), env, plan.cwd)
        said |= _left(asked, said["opened"])
        udp.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            said["sent"] |= bool(udp.recv(16))
    return judged(said, network=walls.network, gpu=bool(asked["gpu"]), partial=walls.means is not None)


def judged(said: dict[str, Any], *, network: bool, gpu: bool, partial: bool = False) -> Trial:
    """What the answers of the canary mean. `partial`: some of it is told and does not count against the walls."""
    leaks = [
        (bool(said["written"]), f"files outside can be written: {', '.join(said['written'][:3])}"),
        (bool(said["read"]), f"what is hidden can be read: {', '.join(said['read'][:3])}"),
        (said["home"], "the person's home can be seen"),
        (not network and said["tcp"], "a TCP port of this machine can be reached"),
        (not network and said["sent"], "datagrams get out"),
        (network and not said["tcp"], "the program asks for the network and it cannot be reached"),
        (said["environ"], "the environment of other processes can be read"),
        (said["rights"], "it has capabilities, or can get some"),
        (not said["own"], "its own folders cannot be written"),
        (not said["data"], "the data cannot be read"),
        (not said["memory"], "worker processes with shared memory do not work"),
        (gpu and not said["gpu"], "the GPU is lost inside"),
    ]
    told = [
        (said["found"], "the person's home is there"),
        (not said["processes"], "the processes of this machine can be seen"),
        (said["signalled"], "processes of this machine can be signalled"),
        (said["unsealed"], "sealed files can be written"),
        (said["changed"] or said["emptied"], "files outside can be changed"),
        (said["named"] or (said["abstract"] and not network), "unix sockets of this machine can be reached"),
        (said["tracked"] or said["listed"], "evaluation data can be seen"),
        (said["shared"], "the shared memory of this machine can be seen"),
    ]
    counted = leaks if partial else leaks + told
    return Trial(_found(said, network=network, gpu=gpu), tuple(words for true, words in counted if true))


def _found(said: dict[str, Any], *, network: bool, gpu: bool) -> dict[str, str]:
    """In words, property by property, what holds, and behind it what does not."""
    alone = "none" if said["loopback"] else "none, not even a loopback of its own"
    seen = "none but its own" if said["processes"] else "those of this machine can be seen, not read"
    return {
        "files": _but(
            "only its own folders can be written",
            (said["changed"], "rights and times of your other files can be changed"),
            (said["emptied"], "your other files can be emptied, until Linux 6.2"),
        ),
        "home": _but("hidden", (said["found"], "whether a file is there can be asked")),
        "record": "the journal, other campaigns and keys are hidden",
        "network": _but(
            "open, as the program asks" if network else alone,
            (said["named"], "unix sockets in the file system can be reached"),
            (said["abstract"] and not network, "abstract unix sockets can be reached"),
            (said["vsock"], "the host of a virtual machine can be reached (vsock)"),
        ),
        "processes": _but(seen, (said["signalled"], "your own can be signalled")),
        "memory": _but("worker processes and shared memory work", (said["shared"], "/dev/shm is this machine's")),
        "gpu": "visible" if gpu else "none on this machine",
        "evaluation": _but(
            "data in evaluation/ is hidden from runs",
            (said["listed"], "its names can be seen"),
            (said["tracked"], "what git tracks of it can be read"),
        ),
        "sealed": "compared after the run, not read-only" if said["unsealed"] else "read-only",
    }


def _but(holds: str, *lacking: tuple[bool, str]) -> str:
    return "; ".join([holds, *(words for true, words in lacking if true)])


def _command(walls: Walls, plan: Needs, ground: _Ground, command: list[str]) -> tuple[str, ...]:
    """The command line that runs `command` behind `walls`, by the code that runs get."""
    if walls.means is None:
        return sys.executable, "-I", "-S", seccomp.__file__, *argv(walls.host, plan, command)
    file = Path(ground.at("walls"))
    file.write_bytes(msgspec.json.encode(confine(walls.host, plan, walls.means)))
    return sys.executable, "-I", "-S", str(CONFINED), str(file), *command


def _left(asked: dict[str, Any], opened: list[str]) -> dict[str, Any]:
    """What the canary did that can be seen out here, whatever it says of it; most of it is undone."""
    written = [path for path in asked["outside"] if _says(path, b"written")]
    shared = _says(asked["shared"], b"written")
    for path in [*written, *([asked["shared"]] if shared else [])]:
        os.unlink(path)
    kept = os.stat(asked["kept"])
    return {
        "written": sorted({*written, *opened}),
        "shared": shared,
        "unsealed": _says(asked["sealed"], b"written"),
        "emptied": not kept.st_size,
        "changed": kept.st_mtime == 0,
    }


class _Ground(Struct, frozen=True):
    """Folders made for the trial, below praxtui's home where there is one."""

    root: str

    def at(self, name: str) -> str:
        """The path of something in it."""
        return os.path.join(self.root, name)


@contextlib.contextmanager
def _ground() -> Iterator[_Ground]:
    home = paths.home()
    folder = tempfile.mkdtemp(prefix=".canary-", dir=home if home.is_dir() else None)
    ground = _Ground(folder)
    try:
        for name in ("tree", "tree/evaluation", "scratch", "data", "data/evaluation", "elsewhere"):
            os.mkdir(ground.at(name))
        for name in FILES:
            Path(ground.at(name)).write_text("canary")
        yield ground
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plan(ground: _Ground, walls: Walls) -> Needs:
    return Needs(
        cwd=ground.at("tree"),
        writable=(ground.at("tree"), ground.at("scratch")),
        readable=(*walls.readable, ground.at("data")),
        sealed=(ground.at("tree/sealed"),),
        covered=(ground.at("data/evaluation"), ground.at("tree/evaluation")),
        network=walls.network,
    )


def _asked(ground: _Ground, host: Host, plan: Needs) -> dict[str, Any]:
    secret = [ground.at("elsewhere/journal"), ground.at("data/evaluation/answers"), *_belongings(plan), *_records()]
    name = os.path.basename(ground.root)  # others may be trying, too
    home = None
    if host.home and os.path.isdir(host.home):
        found = os.stat(host.home)
        home = [host.home, [found.st_dev, found.st_ino]]
    return {
        "outside": [ground.at("elsewhere/file"), ground.at("data/new"), f"/usr/{name}"],
        "kernel": ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/mm/ksm/run"],
        "inside": [ground.at("tree/file"), ground.at("scratch/file")],
        "secret": [*secret, *host.masked_files],
        "data": ground.at("data/file"),
        "sealed": ground.at("tree/sealed"),
        "kept": ground.at("elsewhere/kept"),
        "evaluation": ground.at("data/evaluation"),
        "tracked": ground.at("tree/evaluation/key"),
        "named": ground.at("elsewhere"),
        "abstract": name,
        "shared": f"/dev/shm/{name}",
        "home": home,
    }


def _belongings(plan: Needs) -> list[str]:
    """Some files of the person's home that can be read out here, but for what is bound."""
    home = Path.home()
    found: list[str] = []
    for folder in (home, home / ".ssh", home / ".aws"):
        with contextlib.suppress(OSError):
            found += [str(path) for path in sorted(folder.iterdir())[:50] if path.is_file() and path.stat().st_size]
    return [path for path in found if not within_any(path, plan.readable) and os.access(path, os.R_OK)][:20]


def _records() -> list[str]:
    """Some journals of campaigns."""
    with contextlib.suppress(OSError):
        return [str(path) for path in sorted(paths.campaigns_dir().glob("*/journal.db"))[:5]]
    return []


def _says(path: str, words: bytes) -> bool:
    """Whether the file at `path` holds these words."""
    try:
        return Path(path).read_bytes() == words
    except OSError:
        return False


@contextlib.contextmanager
def _listeners(ground: _Ground) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP port that listens, and a UDP port; besides, two unix sockets, one named `socket` in a folder of its own."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        folder = os.open(ground.at("elsewhere"), os.O_PATH | os.O_CLOEXEC)
        try:
            named.bind(f"/proc/self/fd/{folder}/socket")  # a longer address than 107 bytes cannot be given
        finally:
            os.close(folder)
        abstract.bind(f"\0{os.path.basename(ground.root)}")
        named.listen()
        abstract.listen()
        yield tcp, udp


@contextlib.contextmanager
def _bystander() -> Iterator[int]:
    """The number of a process of the same user that does nothing."""
    words = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    null = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=null, stderr=null, env={"CANARY": "sings"}) as process:
        try:
            yield process.pid
        finally:
            process.kill()


class _Driver:
    """The question whether a GPU can be opened out here, under way in processes of their own."""

    def __init__(self, asked: list[tuple[tuple[str, str], subprocess.Popen[bytes]]]) -> None:
        self.asked = asked

    def found(self) -> tuple[str, str] | None:
        """The first driver that answers; None where none does."""
        for driver, process in self.asked:
            try:
                if process.wait(PATIENCE_S) == 0:
                    return driver
            except subprocess.TimeoutExpired:
                raise Fallen(f"{driver[0]} did not answer within {PATIENCE_S:g} s outside the sandbox") from None
        return None


@contextlib.contextmanager
def _driver(host: Host, env: dict[str, str]) -> Iterator[_Driver]:
    asked = []
    for library, function in DRIVERS if host.devices else ():
        words = [sys.executable, "-I", "-S", "-c", _OPEN, library, function]
        null = subprocess.DEVNULL
        asked.append(((library, function), subprocess.Popen(words, stdin=null, stdout=null, stderr=null, env=env)))
    try:
        yield _Driver(asked)
    finally:
        for _, process in asked:
            process.kill()
            process.wait()


def _said(words: tuple[str, ...], env: dict[str, str], cwd: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, env=env,
            stdin=subprocess.DEVNULL, cwd=cwd,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Fallen(f"it did not come to an end within {PATIENCE_S:g} s") from None
    except OSError as error:
        raise Fallen(f"{words[0]} cannot be executed: {error.strerror or error}") from None
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if done.returncode:
        raise Fallen(last)
    try:
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise Fallen(f"the interpreter inside said nothing: {last}") from None
    return said
