"""More commands than a person gives in a lifetime, and several people who give them at once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from praxtui.journal.inbox import Inbox
from praxtui.journal.people import CommandTaken
from praxtui.journal.store import Journal
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import PATIENCE, WAIT_FOR_GO, Scene, running

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


def flood(scene: Scene, many: int, seed: int) -> list[int]:
    """Put so many commands into the inbox at once, sense and nonsense, ending unpaused; their ids."""
    chance = random.Random(seed)
    first = Inbox(scene.folder).send("hint", {"text": "the first"}, "a@here:1")
    kinds = (
        ("hint", {"text": "try a larger one"}),
        ("unhint", {"hint": "k1"}),
        ("pause", {}),
        ("resume", {}),
        ("autonomy", {"autonomy": "auto"}),
        ("budget", {"hours": 8}),
        ("keep", {"experiment": "e999"}),
        ("dance", {}),
        ("hint", {"words": 3}),
    )
    rows = [(first + n, time.time(), *chance.choice(kinds), "a@here:1") for n in range(1, many - 1)]
    rows.append((first + many - 1, time.time(), "resume", {}, "a@here:1"))
    with sqlite3.connect(scene.folder / "inbox.db") as connection:
        connection.executemany(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?)",
            [(number, at, verb, msgspec.json.encode(args).decode(), who) for number, at, verb, args, who in rows],
        )
    connection.close()
    return [first, *(row[0] for row in rows)]


def taken(scene: Scene) -> list[CommandTaken]:
    with Journal.open(scene.folder) as journal:
        return [event.fact for event in journal.read() if isinstance(event.fact, CommandTaken)]


@pytest.mark.parametrize("many", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_flood_of_commands_is_taken_in_order_and_the_loop_goes_on(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")
    sent = flood(scene, many, seed=many)
    (tmp_path / "go").touch()
    scene.wait(lambda state: state.commands >= sent[-1], "the last command")
    scene.finish()
    check(scene)
    assert [fact.command for fact in taken(scene)] == sent
    assert sum(not fact.ok for fact in taken(scene)) > many / 6
    with Journal.open(scene.folder) as journal:
        kinds = [type(event.fact).__name__ for event in journal.read()]
    # The run that was let go was seen to end among the commands, not after all of them.
    ended = kinds.index("RunEnded", kinds.index("CommandTaken"))
    assert kinds[ended:].count("CommandTaken") > many / 10


HAND = """\
import random, sys
from pathlib import Path
from praxtui.journal.inbox import Inbox
chance = random.Random(sys.argv[2])
inbox = Inbox(Path(sys.argv[1]))
for n in range(int(sys.argv[3])):
    verb = chance.choice(["hint", "pause", "resume", "veto", "budget"])
    args = {"hint": {"text": f"{sys.argv[2]} {n}"}, "budget": {"hours": 8}}.get(verb, {})
    print(inbox.send(verb, args, f"{sys.argv[2]}@here:1"), flush=True)
"""


def test_two_hands_at_the_wheel(begin: Begin) -> None:
    scene = begin(experiments=6, seconds=0.2)
    scene.start()
    hands = [
        subprocess.Popen(
            [sys.executable, "-c", HAND, str(scene.folder), who, "40"], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )
        for who in ("ann", "bob")
    ]  # fmt: skip
    sent = [[int(line) for line in hand.communicate(timeout=PATIENCE)[0].split()] for hand in hands]
    Inbox(scene.folder).send("resume", {}, "ann@here:1")
    scene.finish()
    check(scene)
    got = taken(scene)
    assert len(got) == len({fact.command for fact in got}) == 81
    for who, ids in zip(("ann", "bob"), sent, strict=True):
        assert [fact.command for fact in got if fact.who.startswith(who)][:40] == ids
    assert all(fact.ok or fact.verb == "veto" for fact in got)
