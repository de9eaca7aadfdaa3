"""Starting campaigns and their engines. An engine is always a process of its own, without a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

import praxtui
from praxtui.engine import handed
from praxtui.errors import CampaignFault, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.facts import Budgets, CampaignCreated
from praxtui.journal.store import Journal
from praxtui.program.spec import Program

READY_S = 60.0
REFUSED_S = 5.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for when starting a campaign."""

    leaf: Path
    leaf_name: str
    program: Program
    researcher: str
    budgets: Budgets
    name: str | None = None
    models: tuple[str, ...] = ()
    seed: int = 0
    lookahead: int = 1
    autonomy: str = "auto"
    unsandboxed: bool = False
    after: tuple[str, ...] = ()
    overrides: Mapping[str, str] = {}
    forked_from: str | None = None
    start_commit: str | None = None


def create(request: Request, taken: tuple[str, ...] = ()) -> Path:
    """Make the campaign's folder and journal, with its first fact; returns the folder. Raises UserError."""
    now = time.time()
    folder = campaigns.create(request.name, taken, now=now)
    with Journal.create(folder) as journal:
        fact = CampaignCreated(
            id=folder.name,
            leaf=str(request.leaf),
            leaf_name=request.leaf_name,
            researcher=request.researcher,
            seed=request.seed,
            program=journal.put_blob(request.program.text.encode()),
            budgets=request.budgets,
            praxtui=praxtui.__version__,
            models=list(request.models),
            lookahead=request.lookahead,
            autonomy=request.autonomy,
            unsandboxed=request.unsandboxed,
            after=list(request.after),
            overrides=dict(request.overrides),
            forked_from=request.forked_from,
            start_commit=request.start_commit,
        )
        journal.append([fact], now)
    return folder


def start(folder: Path) -> int:
    """Start the engine of a campaign and return its pid once it answers.

    It has a session of its own, so that neither Ctrl-C nor a lost terminal reaches it, and gets keys and other secrets
    through a pipe. Raises what it says it cannot start for, or CampaignFault when it dies or stays silent.
    """
    found = liveness.alive(folder)
    if found.alive:
        raise liveness.AlreadyRunning(f"{folder.name} has an engine already (process {found.pid})")
    given = handed.collect(folder)
    reader, writer = os.pipe()
    keys_reader, keys_writer = os.pipe()
    # Until it has a session of its own a new process hears Ctrl-C, and would end by it: it starts deaf, and forgets.
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with open(folder / "engine.log", "ab") as log:
            engine = subprocess.Popen(
                [sys.executable, "-m", "praxtui.engine", str(folder), str(writer), str(keys_reader)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(given),
                pass_fds=(writer, keys_reader),
                start_new_session=True,
            )
    except OSError as error:
        os.close(reader)
        os.close(keys_writer)
        raise CampaignFault(f"cannot start an engine: {error}") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        os.close(writer)
        os.close(keys_reader)
    handed.write(given, keys_writer)
    with open(reader, "rb") as pipe:
        said = _first_line(pipe.fileno())
    if said == b"ready":
        return engine.pid
    with contextlib.suppress(subprocess.TimeoutExpired):
        engine.wait(REFUSED_S)
    raise _refused(folder, said)


def _environment(given: handed.Handed) -> dict[str, str]:
    """The person's environment without secrets, and praxtui importable as it is here: an engine starts elsewhere."""
    root = str(Path(praxtui.__file__).resolve().parent.parent)
    env = handed.bare(given)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))
    home = env.get("PRAXTUI_HOME")
    if home:
        env["PRAXTUI_HOME"] = str(Path(home).expanduser().absolute())
    return env


def _first_line(fd: int) -> bytes:
    """What the engine says first; empty when it ends, or says nothing in time."""
    import select

    said = b""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN | select.POLLHUP)
    deadline = time.monotonic() + READY_S
    while not said.endswith(b"\n") and time.monotonic() < deadline:
        if not waiting.poll((deadline - time.monotonic()) * 1000):
            break
        part = os.read(fd, 65536)
        if not part:
            break
        said += part
    return said.strip()


def _refused(folder: Path, said: bytes) -> UserError:
    try:
        reason = json.loads(said)
        return UserError(reason["message"], fix=reason["fix"], exit_code=reason["exit_code"])
    except (ValueError, KeyError, TypeError):
        return CampaignFault(f"the engine of {folder.name} did not start", fix=f"its log: {folder / 'engine.log'}")
