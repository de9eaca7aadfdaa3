"""Whether a campaign's engine lives: who it says it is, and the lock that only a living one holds."""

from __future__ import annotations

import os
import socket
import time
from errno import EACCES, EAGAIN
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import TracebackType

import msgspec

from praxtui.errors import CampaignFault, UserError
from praxtui.paths import private

IDENTITY = "engine.json"
LOCK = "engine.lock"
DYING_S = 10.0  # seconds that the threads of a killed engine may take to end
LOOK_S = 0.02
UNWRITABLE = "make the campaign's folder writable, free space there, or set PRAXTUI_HOME to a folder on a local disk"


class Identity(msgspec.Struct, frozen=True):
    """One process, for good: a pid may be used again, but not with this start (clock ticks) since this boot."""

    pid: int
    start: int
    boot: str
    host: str
    started: float


class Engine(msgspec.Struct, frozen=True):
    """The engine last seen on a campaign; `pid` None where there never was one. `note`: what could not be found out."""

    pid: int | None
    alive: bool
    note: str | None = None


class AlreadyRunning(UserError):
    """Another engine has the campaign."""


def boot_id() -> str:
    """What the kernel calls this boot; empty where it does not say (it does on Linux)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_of(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (/proc/PID/stat, field 22); None if it is gone or a zombie.

    Where there is no /proc: 0 for a process that exists.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0 if not Path("/proc/self/stat").exists() and _answers(pid) else None
    # The command's name, in parentheses, may itself hold spaces and parentheses; what follows starts with field 3.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X", b"x") else int(fields[19])


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def identity(pid: int | None = None) -> Identity:
    """Who a process on this machine is; this one by default. Raises ProcessLookupError where it is not alive."""
    number = os.getpid() if pid is None else pid
    start = start_of(number)
    if start is None:
        raise ProcessLookupError(number)
    return Identity(pid=number, start=start, boot=boot_id(), host=socket.gethostname(), started=time.time())


def write_identity(folder: Path) -> Identity:
    """Say in `engine.json`, at once or not at all, that this process is the campaign's engine. Raises CampaignFault."""
    mine = identity()
    fresh = folder / f".{IDENTITY}-{mine.pid}"
    try:
        with open(fresh, "wb", opener=private) as file:
            file.write(msgspec.json.encode(mine) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / IDENTITY)
    except OSError as error:
        raise CampaignFault(f"cannot write {folder / IDENTITY}: {error.strerror}", fix=UNWRITABLE) from error
    return mine


def read_identity(folder: Path) -> Identity | None:
    """What `engine.json` says; None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / IDENTITY).read_bytes(), type=Identity)
    except (OSError, msgspec.MsgspecError):
        return None


def same(known: Identity) -> bool:
    """Whether that very process lives on this machine."""
    return known.boot == boot_id() and start_of(known.pid) == known.start


def alive(folder: Path) -> Engine:
    """The campaign's engine and whether it lives. One started on another machine counts as dead, with a note."""
    known = read_identity(folder)
    if known is None:
        return Engine(None, False)
    if known.host != socket.gethostname():
        return Engine(
            known.pid, False, f"its engine was started on {known.host}: whether it lives can be seen only there"
        )
    return Engine(known.pid, same(known))


def wait_until_gone(folder: Path, seconds: float) -> bool:
    """Wait until the campaign's engine has let go of it; False when it still lives after `seconds`."""
    deadline = time.monotonic() + seconds
    while alive(folder).alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True


class Lock:
    """Held by the one engine of a campaign until `release`, or until the process ends in whatever way."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        """Let another engine take the campaign."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock(folder: Path) -> Lock:
    """Take the campaign for this process. Raises AlreadyRunning; CampaignFault where files cannot be locked."""
    path = folder / LOCK
    # os.open sets CLOEXEC: runs, which outlive the engine, must not keep its lock.
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CampaignFault(f"cannot write {path}: {error.strerror}", fix=UNWRITABLE) from error
    try:
        _take(handle)
    except OSError as error:
        held = _holder(handle)
        os.close(handle)
        if error.errno not in (EAGAIN, EACCES):
            raise CampaignFault(f"cannot lock {path}: {error.strerror}", fix=UNWRITABLE) from error
        name = folder.name
        raise AlreadyRunning(
            f"campaign {name} has an engine already" + (f" (pid {held})" if held else ""),
            fix=f"watch it with `praxtui attach {name}`, or end it with `praxtui stop {name}`",
        ) from error
    return Lock(handle)


def _take(handle: int) -> None:
    """Lock the file, and name this process in it. Raises OSError.

    A killed engine is dead as soon as its first thread is, and keeps the lock until its last one is: on a busy machine
    that takes a moment, which is waited for.
    """
    deadline = time.monotonic() + DYING_S
    while True:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
            break
        except OSError as error:
            held = _holder(handle)
            dying = error.errno in (EAGAIN, EACCES) and held.isdigit() and start_of(int(held)) is None
            if not dying or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_S)
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _holder(handle: int) -> str:
    """The pid of the process that took the lock last, as it wrote it."""
    return os.pread(handle, 32, 0).decode(errors="replace").strip()
