"""Real stages behind real walls, with a person's home, keys and campaigns made for the purpose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from praxtui.runs import environment, landlock
from praxtui.runs.sandbox import Sandbox, Sight, Walls, check, host, interpreter, reached, rungs
from praxtui.runs.sandbox.partial import Means
from praxtui.runs.sandbox.rungs import Failed
from praxtui.runs.spec import Exit, Stage
from tests.runs.conftest import Rig

MEANS = {"full": None, "namespaces": Means(landlock.abi(), True), "filter": Means(landlock.abi(), False)}
"""The walls that there are, the best first: two of them are ways to make the rung `partial`."""


@dataclass
class Person:
    """Somebody's home, with a key in it, praxtui's home with two campaigns, and the sandbox as it was found there."""

    home: Path
    praxtui: Path
    sandbox: Sandbox
    walls: dict[str, Walls | Failed]

    @property
    def key(self) -> Path:
        return self.home / ".ssh" / "id_ed25519"

    @property
    def journal(self) -> Path:
        return self.praxtui / "campaigns" / "other" / "journal.db"


@pytest.fixture(scope="session")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    root = tmp_path_factory.mktemp("machine")
    home, praxtui = root / "home", root / "home" / "praxtui"
    for path in (home / ".ssh" / "id_ed25519", home / ".bashrc", praxtui / "campaigns" / "other" / "journal.db"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("private")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("PRAXTUI_HOME", str(praxtui))
        yield Person(home, praxtui, check(asked="auto"), {name: made(means) for name, means in MEANS.items()})


def made(means: Means | None, *, network: bool = False) -> Walls | Failed:
    """Walls that were tried out, or why they do not stand."""
    machine, env = host.look(), environment.inherited()
    told = interpreter.ask(sys.executable, env)
    walls = Walls(
        machine, interpreter.readable(sys.executable, env, told, machine.system, machine.home), network, means
    )
    if means is None and not machine.bwrap:
        return Failed("no bwrap")
    result = rungs.tried(walls, sys.executable, env)
    return result if isinstance(result, Failed) else walls


@dataclass
class Yard:
    """A tree, a scratch folder and data of one campaign, and stages that run there."""

    rig: Rig
    walls: Walls
    root: Path
    kind: str

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    def sight(self, **more: Any) -> Sight:
        data = str(self.root / "data")
        given = {
            "writable": (str(self.tree), str(self.root / "scratch")),
            "sealed": (str(self.tree / "sealed.py"), str(self.tree / ".git")),
            "tops": (str(self.tree), data),
        } | more
        hidden = () if more.get("evaluation") else (f"{data}/evaluation",)
        return Sight(**{"reads": reached([data], hidden)} | given)

    def stage(self, code: str, sight: Sight | None = None, **more: Any) -> Stage:
        """A confined stage that runs Python code in the tree."""
        given = {"cwd": str(self.tree), "argv": (sys.executable, "-c", code)} | more
        return self.walls.around(self.rig.python(code, **given), sight or self.sight())

    def run(self, code: str, sight: Sight | None = None, **more: Any) -> tuple[Exit, str]:
        """How a confined stage ended, and what it printed."""
        end, folder = self.rig.run(self.stage(code, sight, **more.pop("stage", {})), **more)
        return end, (folder / "run.log").read_text()


@pytest.fixture(params=list(MEANS))
def kind(request: pytest.FixtureRequest) -> str:
    """One after the other of MEANS."""
    return str(request.param)


@pytest.fixture
def yard(kind: str, person: Person, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    walls = person.walls[kind]
    if isinstance(walls, Failed):
        pytest.skip(f"no such walls here: {walls.why}")
    monkeypatch.setenv("HOME", str(person.home))
    root = person.praxtui / "campaigns" / tmp_path.name
    for name in ("tree/evaluation", "scratch", "data/evaluation", "data/train"):
        (root / name).mkdir(parents=True)
    for name in ("tree/sealed.py", "tree/.git", "tree/evaluation/key", "data/evaluation/answers", "data/train/text"):
        (root / name).write_text("content")
    return Yard(rig, walls, root, kind)
