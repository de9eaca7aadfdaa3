"""What the engine and the shim tell each other: `spec.json` and `exit.json`, typed.

Keys that a later version adds are ignored. The shim reads and writes plain dictionaries of the same shape.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from praxtui import paths
from praxtui.errors import UserError

Why = Literal["exit", "timeout", "stopped", "failed to start", "artifact", "seal", "lost", "not started"]

LOG_CAP = 256 * 10**6
SMALLEST_CAP = 64 * 1024
UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}

T = TypeVar("T")


class Handover(msgspec.Struct, frozen=True):
    """What a stage gets from those before it: `paths` (relative; files or folders) move from one folder to the other.

    What stands at such a path in `to` is removed first. Only regular files and folders pass. In the folders `sealed`
    nothing may change between the start of the run and the handover; if something did, the run ends with `seal`.
    """

    source: str = msgspec.field(name="from")
    to: str
    paths: tuple[str, ...]
    sealed: tuple[str, ...] = ()


class Confine(msgspec.Struct, frozen=True, kw_only=True):
    """Walls that the command's process makes around itself before it becomes the command, as absolute paths.

    `reads`: files and folders to read and execute, `lists`: folders whose names can be listed (what of either is not
    there is left out), `writes`: folders in which everything is allowed, `devices`: nodes to read and write. `kernel`:
    existing files below /proc can be written, which a GPU's driver needs. `abi`: Landlock's, which the walls are made
    by. `namespaces`: with a network (but for `network`), mounts and shared memory of its own; in them the folders
    `empty` are covered and `sealed` files are read-only. Without them, `network` or no socket but unix ones.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    devices: tuple[str, ...]
    abi: int
    lists: tuple[str, ...] = ()
    kernel: bool = False
    namespaces: bool = False
    network: bool = False
    empty: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `env` is added to what `pass_env` lets through and holds no secrets; `log` is a plain file name.

    Beside a log `x.log` stand its times, `x.times`. `pass_env` of a stage, where given, replaces that of the spec.
    `sandbox`: `argv` begins with bwrap, which runs the command in a world of its own. `confine`: walls without bwrap.
    """

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str] = {}
    log: str
    timeout_s: float | None = None
    handover: Handover | None = None
    pass_env: tuple[str, ...] | None = None
    sandbox: bool = False
    confine: Confine | None = None


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A run: stages that follow one another, each only if those before it exited 0.

    `token` is unique to the run and marks its processes. `pass_env` names the variables of the shim's own environment
    that stages get, secrets among them. `timeout_s` covers all stages, `grace_s` lies between TERM and KILL, `log_cap`
    is in bytes.
    """

    token: str
    stages: tuple[Stage, ...]
    pass_env: tuple[str, ...] = ()
    timeout_s: float | None = None
    grace_s: float = 10.0
    log_cap: int = LOG_CAP
    version: int = 1

    def __post_init__(self) -> None:
        logs = [stage.log for stage in self.stages]
        if not self.stages or any(not stage.argv for stage in self.stages):
            raise ValueError("a run needs at least one stage, and each stage a command")
        if (
            any(not re.fullmatch(r"[\w-][\w.-]*\.log", log) for log in logs)
            or len({*logs, "shim.log"}) != len(logs) + 1
        ):
            raise ValueError(f"logs must be plain names that end in .log, each used once, none shim.log: {logs}")


class StageExit(msgspec.Struct, frozen=True, kw_only=True):
    """How a stage ended. `rc` is negative for a signal, None when the command never started; times are Unix seconds.

    `max_rss_mb` is that of its largest process; `cpu_seconds` sums all its processes; `dropped`: bytes cut by the cap.
    """

    name: str
    rc: int | None = None
    signal: str | None = None
    seconds: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    max_rss_mb: float = 0.0
    cpu_seconds: float = 0.0
    log_bytes: int = 0
    dropped: int = 0


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended; `why` is `exit` when a command ended by itself, whatever its code.

    `refused` names what was left behind at a handover, and files that stood where the shim's own belong. `disk_full`:
    the disk of the run's folder had no room when the run ended, which may be why it did.
    """

    why: Why
    message: str | None = None
    stages: tuple[StageExit, ...] = ()
    refused: tuple[str, ...] = ()
    started: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    boot: str = ""
    disk_full: bool = False

    @property
    def ok(self) -> bool:
        """Whether every stage that was started exited 0 and nothing cut the run short."""
        return self.why == "exit" and all(stage.rc == 0 for stage in self.stages)

    def stage(self, name: str) -> StageExit | None:
        """The stage of that name, or None when it never began."""
        return next((stage for stage in self.stages if stage.name == name), None)


def write(path: Path, record: msgspec.Struct, *, durable: bool = True) -> None:
    """Put `record` at `path` as JSON, in one step; raises OSError. `durable`: against a loss of power, too."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb", opener=paths.private) as file:
            file.write(msgspec.json.encode(record))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if not durable:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path, kind: type[T]) -> T | None:
    """The record at `path`; None when it is missing or not a record of that kind (a crash can leave it empty)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def log_cap(source: Mapping[str, str] | None = None) -> int:
    """The cap on a log in bytes: `PRAXTUI_LOG_CAP` such as `256MB` (also kB, GB, KiB, MiB, GiB), else 256 MB.

    Raises UserError for what is no size, or less than 64 KiB.
    """
    text = (os.environ if source is None else source).get("PRAXTUI_LOG_CAP", "").strip()
    if not text:
        return LOG_CAP
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text)
    unit = UNITS.get(found[2].upper()) if found else None
    if found is None or unit is None:
        raise UserError(f"PRAXTUI_LOG_CAP: {text!r} is not a size", fix="write a number and a unit, for example 256MB")
    cap = int(float(found[1]) * unit)
    if cap < SMALLEST_CAP:
        raise UserError(f"PRAXTUI_LOG_CAP: {text} is too small", fix="the least is 64KiB; leave it unset for 256MB")
    return cap
