"""Logs are packed beside the work, and what an ended campaign needs no more goes."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.engine import packing, space
from praxtui.journal import packed
from praxtui.workspace.leftovers import administrative
from tests.cli.place import TRAIN, Place

LOUD = 'print("".join(f"step {n} | loss: {1 / (n + 1):.6f}\\n" for n in range(20000)), flush=True)\n'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "place")
    made.write("leaf", {"train.py": TRAIN.format(gate=str(made.gate)) + LOUD})
    yield made
    made.clear()


def text(log: Path) -> bytes:
    with packed.opened(log) as file:
        return file.read()


def test_a_campaign_that_ended_has_packed_logs_and_no_worktrees(place: Place) -> None:
    folder = place.finished(experiments=2)
    logs = sorted(folder.glob("runs/e*/*/run.log*"))
    assert len(logs) >= 3 and all(log.name == "run.log.gz" for log in logs)
    assert text(folder / "runs" / "e1" / "1" / "run.log").count(b"\n") == 20_002
    assert (folder / "runs" / "e1" / "1" / "evaluate.log").exists(), "a small log stays as it is"
    assert "step 19999" in place.praxtui("show", "c", "e1", "--log").stdout
    assert place.json("show", "c", "e1")["logs"][0].endswith("run.log.gz")
    assert not (folder / "trees").exists() and not administrative(place.leaf, folder / "trees")
    assert place.json("clean")["items"] == []


def test_a_judged_run_is_packed_while_the_next_one_runs(place: Place) -> None:
    folder = place.begin(experiments=2)
    place.hold()
    place.when(lambda state: any(run.over for run in state.experiments["e0"].runs) if "e0" in state.experiments else 0)
    place.until(lambda: (folder / "runs" / "e0" / "1" / "run.log.gz").exists(), "the log of e0 to be packed")
    assert place.alive() and text(folder / "runs" / "e0" / "1" / "run.log").count(b"\n") == 20_002
    place.release()
    place.until(lambda: not place.alive(), "the end")


def test_an_engine_killed_at_its_end_leaves_what_resume_and_clean_take_away(place: Place) -> None:
    folder = place.begin(experiments=1)
    trees = folder / "trees"
    place.until(lambda: place.state().ended, "the campaign to end")
    with contextlib.suppress(AssertionError):
        os.kill(place.engine(), signal.SIGKILL)
    place.until(lambda: not place.alive(), "the engine to be gone")
    for way in ("resume", "clean"):
        # As they stand when the kill comes first: whether it did is chance.
        slot = trees / "0"
        slot.mkdir(parents=True, exist_ok=True)
        (slot / "left").write_text("x" * 5000)
        known = place.leaf / ".git" / "worktrees" / "praxtui-c-0"
        known.mkdir(parents=True, exist_ok=True)
        (known / "gitdir").write_text(f"{slot}/.git\n")
        others = place.leaf / ".git" / "worktrees" / "mine"
        others.mkdir(exist_ok=True)
        (others / "gitdir").write_text("/elsewhere/.git\n")
        assert known in administrative(place.leaf, trees) and others not in administrative(place.leaf, trees)
        if way == "resume":
            place.praxtui("resume", "c")
        else:
            kinds = {item["kind"] for item in place.json("clean", "c", "--yes")["items"]}
            assert "worktrees" in kinds
        assert not trees.exists() and not administrative(place.leaf, trees) and others.exists()


def test_a_log_is_packed_through_no_link_that_a_run_left(tmp_path: Path) -> None:
    victim = tmp_path / "elsewhere" / "1"
    victim.mkdir(parents=True)
    (victim / "run.log").write_bytes(b"not a log of ours\n" * 10_000)
    runs = tmp_path / "c" / "runs"
    runs.mkdir(parents=True)
    (runs / "e1").symlink_to(tmp_path / "elsewhere")
    assert packing.pack_run(runs / "e1" / "1", lambda _: True) == 0
    assert [each.name for each in victim.iterdir()] == ["run.log"]
    (runs / "e2").mkdir()
    (runs / "e2" / "1").symlink_to(victim)
    assert packing.pack_run(runs / "e2" / "1", lambda _: True) == 0
    assert [each.name for each in victim.iterdir()] == ["run.log"]


def test_every_kind_says_why_it_is_safe() -> None:
    kinds = [kind for kind in vars(space).values() if isinstance(kind, space.Kind)]
    assert len(kinds) > 8 and all(kind.why and kind.age >= 0 for kind in kinds)


def test_nothing_is_taken_from_under_a_run_that_a_fault_left_behind(place: Place) -> None:
    place.hold()
    folder = place.begin(experiments=2)
    place.running()
    state = place.state()
    state.ended = "stopped"
    space.tidy(folder, state)
    assert (folder / "trees" / "0").is_dir()
    place.release()
    place.until(lambda: not place.alive(), "the end")


def test_an_engine_killed_while_it_packs_leaves_the_log_and_the_next_one_packs_it(place: Place) -> None:
    place.write("leaf", {"train.py": TRAIN.format(gate=str(place.gate)) + LOUD.replace("20000", "800000")})
    place.hold()
    folder = place.begin(experiments=1)
    run = folder / "runs" / "e0" / "1"
    place.until(lambda: (run / ".run.log.gz.part").exists(), "packing to begin")
    place.kill_engine()
    whole = (run / "run.log").read_bytes()
    assert text(run / "run.log") == whole and whole.count(b"\n") == 800_002
    place.release()
    place.praxtui("resume", "c")
    place.until(lambda: not place.alive() and place.state().ended, "the end")
    place.praxtui("clean", "--yes")
    assert sorted(each.name for each in run.glob("*run.log*")) == ["run.log.gz"]
    assert text(run / "run.log") == whole
