"""The wire between the evaluator and the model: a child process, frames over two pipes, one deadline.

The model is code that a researcher writes, so it runs in a process of its own. It gets requests on its standard input
and answers on a pipe made for this alone; what it prints goes to a file, so that nothing it says is read as a result.
Its environment and working folder tell it nothing about the data. A frame is a length (8 bytes, little endian) and as
many bytes.
"""

from __future__ import annotations

import ast
import contextlib
import os
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import types
from importlib import import_module
from pathlib import Path

KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT")
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MOST_PRINTED = 1 << 20  # bytes of output that the child may leave in its log
PR_SET_DUMPABLE = 4


class Refused(Exception):
    """The model broke a rule; the message is the reason, one line."""


class Child:
    """A model's process, as the evaluator sees it. Every wait ends at the deadline."""

    def __init__(self, script: Path, arguments: list[str], seconds: float) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.home = tempfile.mkdtemp(prefix="model-", dir=os.environ.get("PRAXTUI_SCRATCH") or None)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        self.replies, answer = os.pipe()
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(script), str(answer), *arguments],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
            cwd=self.home,
            env=kept | THREADS | {"HOME": self.home, "TMPDIR": self.home},
            pass_fds=(answer,),
            start_new_session=True,
        )
        os.close(answer)
        assert self.process.stdin is not None
        self.requests = self.process.stdin.fileno()
        os.set_blocking(self.requests, False)
        os.set_blocking(self.replies, False)

    def ask(self, request: bytes, size: int) -> bytes:
        """Send one frame, return the answer's `size` bytes. Raises Refused: too slow, ended, another size."""
        self.send(request)
        return self.answer(size)

    def answer(self, size: int) -> bytes:
        """The answer to a request that was sent: one frame of `size` bytes."""
        (length,) = struct.unpack("<Q", self.receive(8))
        if length != size:
            raise Refused(f"the model answered with {length} bytes where {size} were due")
        return self.receive(size)

    def send(self, request: bytes) -> None:
        """Send one frame without waiting for its answer."""
        left = memoryview(struct.pack("<Q", len(request)) + request)
        while left:
            self.wait([], [self.requests])
            try:
                left = left[os.write(self.requests, left) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Refused(self.ending()) from None

    def receive(self, size: int) -> bytes:
        answer = bytearray()
        while len(answer) < size:
            self.wait([self.replies], [])
            try:
                piece = os.read(self.replies, min(size - len(answer), 1 << 20))
            except BlockingIOError:
                continue
            if not piece:
                raise Refused(self.ending())
            answer += piece
        return bytes(answer)

    def wait(self, readable: list[int], writable: list[int]) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0 or not any(select.select(readable, writable, [], left)):
            raise Refused(f"the model took more than {self.seconds:g} s")

    def ending(self) -> str:
        """Why the child ended: the last line that it printed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2)
        self.log.seek(max(0, self.log.seek(0, os.SEEK_END) - 4000))
        lines = self.log.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), f"exit {self.process.returncode}")
        # Without these two signs, no words of the model's can be read as `name: value` or `name=value`.
        return "the model's process ended: " + said.replace(": ", " - ").replace("=", " ")[:500]

    def close(self) -> None:
        """End the child and whatever it started in its session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        os.close(self.replies)
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


def guard() -> None:
    """Keep other processes of the same user out of this one's memory and open files (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


# The model's side, used by serve.py.


def read_lever(path: Path) -> tuple[str, set[str]]:
    """The lever's source, and the names of the packages that it imports."""
    source = path.read_text(encoding="utf-8")
    names: set[str] = set()
    for node in ast.walk(ast.parse(source, path.name)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return source, names


def preload(names: set[str], packages: set[str]) -> None:
    """Import those of `names` that belong to the standard library or to `packages`: later there is no file to open."""
    for name in sorted(names):
        if name.partition(".")[0] in packages | sys.stdlib_module_names:
            with contextlib.suppress(ImportError):
                import_module(name)


def freeze() -> None:
    """From here on this process opens no file, socket or pipe, and has no privilege to undo that."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_PRINTED, MOST_PRINTED))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def execute(source: str, name: str) -> types.ModuleType:
    """Run the lever's source as a module that was not started by hand."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def read_frame() -> bytes | None:
    """The next request; None when the evaluator has no more."""
    head = sys.stdin.buffer.read(8)
    if len(head) < 8:
        return None
    (length,) = struct.unpack("<Q", head)
    return sys.stdin.buffer.read(length)


def write_frame(descriptor: int, answer: bytes | memoryview) -> None:
    left = memoryview(struct.pack("<Q", len(answer)) + bytes(answer))
    while left:
        left = left[os.write(descriptor, left) :]


def explain(problem: BaseException, lever: str) -> str:
    """One line: where in the lever, and what."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == lever]
    where = f"{lever} line {frames[-1].lineno} in {frames[-1].name}: " if frames else ""
    return f"{where}{type(problem).__name__}: {' '.join(str(problem).split())}"
