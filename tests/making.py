"""Tiny leaves, campaigns on them, and ways to run and watch an engine: everything real but the researcher's ideas.

A leaf made here scores what its evaluator works out from `settings.py`, the lever: 100 + GAIN, plus LUCK on the
selection seed (minus LUCK on others), plus the mean of numbers that the run really sampled by its seed (SPREAD times).
A run takes some 50 ms.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from praxtui.engine import engine, supervisor
from praxtui.engine.epochs import read_program
from praxtui.journal import liveness
from praxtui.journal.facts import Budgets, Fact
from praxtui.journal.fold import fold_all
from praxtui.journal.folded import folded
from praxtui.journal.inbox import Inbox
from praxtui.journal.ledger import rows
from praxtui.journal.state import State
from praxtui.journal.status import document
from praxtui.journal.store import Journal
from praxtui.research.protocol import Brief, Draft, Exhausted, Failure, GivenUp, Outcome, Recorder, Reflection

PATIENCE = 120.0  # seconds for something to happen on a busy machine
F = TypeVar("F", bound=Fact)

SETTINGS = """\
GAIN = 0.0

LUCK = 0.0

SPREAD = 1.0

OTHER = 4

WAIT = ""
"""

TRAIN = """\
import json, os, random, time
settings = {}
with open("settings.py") as file:
    text = file.read()
exec(compile(text, "settings.py", "exec"), settings)
deadline = time.monotonic() + 120
while settings["WAIT"] and not os.path.exists(settings["WAIT"]) and time.monotonic() < deadline:
    time.sleep(0.01)
seed = int(os.environ["PRAXTUI_SEED"])
with open("numbers.json") as file:
    sample = random.Random(seed).sample(json.load(file), 8)
os.makedirs("out", exist_ok=True)
with open("out/result.json", "w") as file:
    json.dump({"gain": settings["GAIN"], "luck": settings["LUCK"], "noise": settings["SPREAD"] * sum(sample) / 8}, file)
print("loss: 1.5", flush=True)
"""

EVALUATE = """\
import json, os
with open("out/result.json") as file:
    result = json.load(file)
lucky = os.environ["PRAXTUI_SEED"] == "0"
print("score:", 100 + result["gain"] + (result["luck"] if lucky else -result["luck"]) + result["noise"])
if "PRAXTUI_HOLDOUT" in os.environ:
    print("unseen:", 7 - result["gain"] + result["noise"])
"""

NUMBERS = json.dumps([round((index * 7919 % 400) / 400 - 0.5, 4) for index in range(400)])

FRONT: dict[str, dict[str, Any]] = {
    "metric": {"name": "score", "goal": "maximize"},
    "levers": {"edit": ["settings.py"]},
    "loop": {
        "run": "python -I -S train.py",
        "evaluate": "python -I -S evaluate.py",
        "artifacts": ["out/"],
        "budget": "20s",
        "lookahead": 0,
    },
    "constraints": {"repeats": 3},
}
EXACT = {"metric": {"deterministic": True}}


def program_text(changes: Mapping[str, Mapping[str, Any]] = {}, prose: str = "# Task\nRaise the score.\n") -> str:
    """A program.md: `FRONT` with `changes` merged into its blocks."""
    blocks = {name: {**block, **changes.get(name, {})} for name, block in FRONT.items()}
    lines = [f"{name}: {json.dumps(block)}" for name, block in blocks.items()]
    return "\n".join(["---", *lines, "---", prose])


def merged(*changes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Several changes of the front matter as one."""
    whole: dict[str, dict[str, Any]] = {}
    for change in changes:
        for name, block in change.items():
            whole.setdefault(name, {}).update(block)
    return whole


def git(folder: Path, *words: str) -> str:
    """What git says in `folder`."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def make_leaf(
    folder: Path, *changes: Mapping[str, Mapping[str, Any]], files: Mapping[str, str] = {}, repository: bool = True
) -> Path:
    """A leaf in `folder`, as a git repository with one commit."""
    front = program_text(merged(*changes))
    own = {"program.md": front, "settings.py": SETTINGS, "train.py": TRAIN, "evaluate.py": EVALUATE}
    write(folder, {**own, "numbers.json": NUMBERS, ".gitignore": "out/\n", **files})
    if repository:
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "first")
    return folder


# --- the scripted researcher -----------------------------------------------------------------------------------------

Move = Mapping[str, Any] | Callable[[Brief], Draft] | Exception


def draft(files: Mapping[str, str | None], title: str = "a change", **more: Any) -> Draft:
    """A draft of these files."""
    said = {"mechanism": f"because of {title}", "predicted": "better"} | more
    return Draft(title=title, files=dict(files), **said)


def with_constants(text: str, changes: Mapping[str, Any]) -> str:
    """The lever with other values of its constants."""
    for name, value in changes.items():
        text, found = re.subn(rf"^{name} = .*$", lambda _, n=name, v=value: f"{n} = {v!r}", text, flags=re.MULTILINE)
        assert found == 1, name
    return text


def code(text: str, title: str = "code") -> Callable[[Brief], Draft]:
    """A move that adds code to the end of the lever."""
    return lambda brief: draft({"settings.py": brief.incumbent.levers["settings.py"] + text}, title)


class Script:
    """A researcher that follows a script: one move an experiment, or a list of moves, one an attempt.

    A move is the constants to change, a function from the brief to a draft, or what is raised. `repairs` are moves by
    experiment. Past the end of the script there is nothing left to try. Every brief is kept, by what it was for.
    """

    name = "script"

    def __init__(
        self, *moves: Move | Sequence[Move], repairs: Mapping[str, Sequence[Move | None]] = {}, exempt: bool = False
    ) -> None:
        self.moves = moves
        self.repairs = repairs
        self.exempt_from_novelty = exempt
        self.briefs: list[Brief] = []
        self.reflected: list[Brief] = []
        self.failures: list[Failure] = []

    async def draft(self, brief: Brief, record: Recorder) -> Draft:
        self.briefs.append(brief)
        number = int(brief.experiment[1:])
        if number > len(self.moves):
            raise Exhausted("the script is at its end")
        move = self.moves[number - 1]
        if isinstance(move, list | tuple):
            move = move[min(len(brief.refusals), len(move) - 1)]
        return self._made(move, brief)

    async def repair(self, brief: Brief, failure: Failure, record: Recorder) -> Draft | None:
        self.failures.append(failure)
        moves = self.repairs.get(brief.experiment, ())
        move = moves[failure.attempt - 1] if failure.attempt <= len(moves) else None
        return None if move is None else self._made(move, brief)

    async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
        self.reflected.append(brief)
        helped = outcome.verdict == "keep"
        return Reflection(mechanism="confirmed" if helped else "refuted", revision=f"{outcome.verdict}: noted")

    @staticmethod
    def _made(move: Any, brief: Brief) -> Draft:
        if isinstance(move, Exception):
            raise move
        if callable(move):
            made: Draft = move(brief)
            return made
        text = with_constants(brief.incumbent.levers["settings.py"], move)
        return draft({"settings.py": text}, ", ".join(f"{name} {value}" for name, value in move.items()))


GIVE_UP = GivenUp("no idea")


# --- campaigns -------------------------------------------------------------------------------------------------------


def create(
    leaf: Path, name: str = "c", researcher: str = "script", experiments: int | None = None, **more: Any
) -> Path:
    """A new campaign on `leaf`; its folder. `hours`, `usd`: budgets; the rest as in `Request`."""
    overrides = more.pop("overrides", {})
    program = read_program(leaf, overrides)
    budgets = Budgets(experiments, more.pop("hours", None), more.pop("usd", None), None)
    given = {"lookahead": program.loop.lookahead, **more}
    return supervisor.create(
        supervisor.Request(
            leaf=leaf, leaf_name=leaf.name, program=program, researcher=researcher, budgets=budgets, name=name,
            overrides=overrides, **given,
        )
    )  # fmt: skip


def state_of(folder: Path) -> State:
    """The folded state of a campaign as it stands."""
    with Journal.open(folder) as journal:
        return folded(journal)


def ledger(folder: Path) -> dict[str, dict[str, Any]]:
    """Ledger rows by id."""
    return {row["id"]: row for row in rows(state_of(folder))}


def status(folder: Path) -> dict[str, Any]:
    """The status document."""
    return document(state_of(folder), alive=liveness.alive(folder).alive)


def facts(folder: Path, kind: type[F]) -> list[F]:
    """All facts of a kind, in order."""
    with Journal.open(folder) as journal:
        return [event.fact for event in journal.read() if isinstance(event.fact, kind)]


def all_facts(folder: Path) -> list[Fact]:
    """All facts, in order."""
    with Journal.open(folder) as journal:
        return [event.fact for event in journal.read()]


def send(folder: Path, verb: str, **args: Any) -> int:
    """Leave a command in the inbox."""
    with Inbox(folder) as inbox:
        return inbox.send(verb, args, "person@test")


class Watch:
    """Follows a campaign's journal from outside, as any other process would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = State()

    def look(self) -> State:
        """The state of now."""
        with Journal.open(self.folder) as journal:
            self.state = fold_all(self.state, journal.read(self.state.seq))
        return self.state

    async def until(self, true: Callable[[State], Any], what: str = "") -> State:
        """Wait until `true(state)`; fails after a long while."""
        deadline = time.monotonic() + PATIENCE
        while not true(self.look()):
            assert time.monotonic() < deadline, f"never happened: {what}; {self._where()}"
            await asyncio.sleep(0.02)
        return self.state

    def wait(self, true: Callable[[State], Any], what: str = "") -> State:
        """`until`, for tests without a loop of their own."""
        return asyncio.run(self.until(true, what))

    async def started(self, experiment: str, n: int = 1) -> State:
        """Wait until the command of a run has printed or is there to print."""
        child = self.folder / "runs" / experiment / str(n) / "child.json"
        return await self.until(lambda state: child.exists(), f"run {n} of {experiment}")

    async def taken(self, command: int) -> State:
        """Wait until a command was taken."""
        return await self.until(lambda state: state.commands >= command, f"command {command}")

    def _where(self) -> str:
        return str(document(self.state))


Director = Callable[[Watch], Awaitable[None]]


def play(folder: Path, script: Script | None = None, director: Director | None = None) -> State:
    """Serve the campaign in this process, with the script as its researcher, until it ends; the state it leaves.

    `director` acts from outside meanwhile, and must be done by the end.
    """
    with pytest.MonkeyPatch.context() as patch:
        if script is not None:
            patch.setattr(engine, "make", lambda name, **options: script)
        try:
            asyncio.run(_serve(folder, director))
        finally:
            # This process, which the file names as the engine, lives on.
            (folder / liveness.IDENTITY).unlink(missing_ok=True)
    return state_of(folder)


async def _serve(folder: Path, director: Director | None) -> None:
    serving = asyncio.create_task(engine.serve(folder, lambda: None))
    acting = asyncio.create_task(director(Watch(folder))) if director else None  # type: ignore[arg-type]
    try:
        pending = {serving, *([acting] if acting else [])}
        deadline = time.monotonic() + PATIENCE
        while pending:
            left = max(0.0, deadline - time.monotonic())
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            assert done, f"not done: {document(state_of(folder))}"
            for task in done:
                task.result()
    finally:
        for task in (serving, acting):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in (serving, acting) if task is not None), return_exceptions=True)


PR_SET_CHILD_SUBREAPER = 36


def start(folder: Path) -> int:
    """Start an engine in a process of its own, as `praxtui run` does; its pid. It becomes this process's child."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        return supervisor.start(folder)
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def run(folder: Path) -> State:
    """Run the campaign under an engine of its own until that is gone."""
    wait_for_end(start(folder))
    return state_of(folder)


def wait_for_end(pid: int) -> int:
    """Wait until an engine that `start` started is gone; its exit code."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(code)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the engine does not end")
