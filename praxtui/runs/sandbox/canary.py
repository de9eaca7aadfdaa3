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
from typing import Any

from msgspec import Struct

from praxtui import paths
from praxtui.runs.sandbox.plan import Host, Needs, argv, within_any

PATIENCE_S = 20.0  # seconds for the whole trial; it takes a fifth of one where nothing is wrong
INSIDE = Path(__file__).with_name("inside.py")
# The libraries that open a GPU, with the function that fails where they cannot (CUDA's cuInit, HIP's hipInit).
DRIVERS = (("libcuda.so.1", "cuInit"), ("libamdhip64.so", "hipInit"))
_OPEN = "import ctypes, sys\nsys.exit(getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])(0) != 0)"


class Fallen(Exception):
    """The trial could not be made; the message says what bwrap, or the interpreter inside, said."""


class Trial(Struct, frozen=True):
    """What came of it: in words what holds, property by property, and what does not hold."""

    findings: dict[str, str]
    leaks: tuple[str, ...]


def trial(host: Host, interpreter: str, readable: tuple[str, ...], env: dict[str, str], network: bool) -> Trial:
    """Put the canary behind the walls. Raises Fallen where it does not come to an answer in time."""
    with _ground() as ground, _listeners() as (tcp, udp), _driver(host, env) as driver:
        plan = _plan(ground, readable, network)
        asked = _asked(ground, host, plan, tcp, udp)
        asked["gpu"] = driver.found()
        said = _said(argv(host, plan, [interpreter, "-c", INSIDE.read_text(), json.dumps(asked)]), env)
        udp.setblocking(False)
        heard = False
        with contextlib.suppress(BlockingIOError):
            heard = bool(udp.recv(16))
        left = [path for path in asked["outside"] if _says(path, b"written")]
        for path in left:
            os.unlink(path)
    return judged(said, network=network, heard=heard, left=left, gpu=bool(asked["gpu"]))


def judged(said: dict[str, Any], *, network: bool, heard: bool, left: list[str], gpu: bool) -> Trial:
    """What the answers of the canary mean. `left`: what it wrote outside, `heard`: a datagram of its arrived."""
    wrote = sorted({*said["written"], *left})
    leaks = [
        (bool(wrote), f"files outside can be written: {', '.join(wrote[:3])}"),
        (bool(said["read"]), f"what is hidden can be read: {', '.join(said['read'][:3])}"),
        (said["home"], "the person's home can be seen"),
        (not network and said["tcp"], "a TCP port of this machine can be reached"),
        (not network and (heard or said["sent"]), "datagrams get out"),
        (network and not said["tcp"], "the program asks for the network and it cannot be reached"),
        (not said["processes"], "the processes of this machine can be seen"),
        (not said["own"], "its own folders cannot be written"),
        (not said["data"], "the data cannot be read"),
        (not said["memory"], "worker processes with shared memory do not work"),
        (gpu and not said["gpu"], "the GPU is lost inside"),
    ]
    findings = {
        "files": "only its own folders can be written",
        "home": "hidden",
        "record": "the journal, other campaigns and keys are hidden",
        "network": "open, as the program asks" if network else "none",
        "processes": "none but its own",
        "memory": "worker processes and shared memory work",
        "gpu": "visible" if gpu else "none on this machine",
        "evaluation": "data in evaluation/ is hidden from runs",
    }
    return Trial(findings, tuple(words for true, words in leaks if true))


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
        for name in ("tree", "scratch", "data", "data/evaluation", "elsewhere"):
            os.mkdir(ground.at(name))
        for name in ("tree/sealed", "data/file", "data/evaluation/answers", "elsewhere/journal"):
            Path(ground.at(name)).write_text("canary")
        yield ground
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plan(ground: _Ground, readable: tuple[str, ...], network: bool) -> Needs:
    return Needs(
        cwd=ground.at("tree"),
        writable=(ground.at("tree"), ground.at("scratch")),
        readable=(*readable, ground.at("data")),
        sealed=(ground.at("tree/sealed"),),
        covered=(ground.at("data/evaluation"),),
        network=network,
    )


def _asked(ground: _Ground, host: Host, plan: Needs, tcp: socket.socket, udp: socket.socket) -> dict[str, Any]:
    secret = [ground.at("elsewhere/journal"), ground.at("data/evaluation/answers"), *_belongings(plan), *_records()]
    outside = [ground.at("elsewhere/file"), ground.at("data/new"), ground.at("tree/sealed")]
    outside.append(f"/usr/{os.path.basename(ground.root)}")  # a name of its own: others may be trying, too
    home = None
    if host.home and os.path.isdir(host.home):
        found = os.stat(host.home)
        home = [host.home, [found.st_dev, found.st_ino]]
    return {
        "outside": outside,
        "kernel": ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/mm/ksm/run"],
        "inside": [ground.at("tree/file"), ground.at("scratch/file")],
        "secret": [*secret, *host.masked_files],
        "data": ground.at("data/file"),
        "home": home,
        "tcp": list(map(str, tcp.getsockname())),
        "udp": list(map(str, udp.getsockname())),
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
def _listeners() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP port that listens, and a UDP port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        yield tcp, udp


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


def _said(words: tuple[str, ...], env: dict[str, str]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, env=env,
            stdin=subprocess.DEVNULL,
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
