"""Starting campaigns and their engines. An engine is always a process of its own, without a terminal."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

import praxtui
from praxtui import paths
from praxtui.engine import detach, handed
from praxtui.engine.logout import Surroundings, look
from praxtui.errors import CampaignFault, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.facts import Budgets, CampaignCreated
from praxtui.journal.store import Journal
from praxtui.program.spec import Program

READY_S = 60.0


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


def start(folder: Path, where: Surroundings | None = None) -> int:
    """Start the engine of a campaign and return its pid once it answers.

    It is no child of this process and has no terminal: neither Ctrl-C nor a logout reaches it, as far as `where`, this
    process's surroundings unless given, lets anything stay. Keys and other secrets come to it through a pipe. Raises
    what it says it cannot start for, AlreadyRunning, or CampaignFault when it dies or stays silent.
    """
    found = liveness.alive(folder)
    if found.alive:
        raise liveness.AlreadyRunning(f"{folder.name} has an engine already (process {found.pid})")
    given = handed.collect(folder)
    reader, writer = os.pipe()
    keys_reader, keys_writer = os.pipe()
    try:
        with open(folder / "engine.log", "ab", opener=paths.private) as log:
            outside = detach.Outside(folder, _environment(given), log.fileno(), writer, keys_reader)
            detach.leave(outside, look() if where is None else where)
    except OSError as error:
        os.close(reader)
        os.close(keys_writer)
        raise CampaignFault(f"cannot start an engine: {error}") from error
    finally:
        os.close(writer)
        os.close(keys_reader)
    handed.write(given, keys_writer)
    with open(reader, "rb") as pipe:
        return _answer(folder, _first_line(pipe.fileno()))


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


def _answer(folder: Path, said: bytes) -> int:
    """The pid of an engine that answers; raises what another one says."""
    try:
        answer = json.loads(said)
        if "ready" in answer:
            return int(answer["ready"])
        kind = liveness.AlreadyRunning if answer.get("taken") else UserError
        raise kind(answer["message"], fix=answer["fix"], exit_code=answer["exit_code"])
    except (ValueError, KeyError, TypeError) as error:
        log = folder / "engine.log"
        raise CampaignFault(f"the engine of {folder.name} did not start", fix=f"its log: {log}") from error
