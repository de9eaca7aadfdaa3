"""Levers that attack what watches over them: the shim, the folder of their run, the record of how it ended."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from praxtui.engine import runner
from praxtui.runs import local
from praxtui.runs.local import LocalPlace, RunHandle
from praxtui.runs.spec import Spec
from tests.attacks.target import HONEST, attacked, unharmed
from tests.making import Script, Watch, code, create, ledger, play

# What a run would like the engine to read: two stages that ended well, and an evaluator that printed a value.
FORGE = """\
import json, os, signal, time
folder = os.path.dirname(os.path.realpath(os.environ["PRAXTUI_SCRATCH"]))
def forge(at):
    stages = [{"name": name, "rc": 0} for name in ("run", "evaluate")]
    with open(os.path.join(at, "exit.json"), "w") as file:
        json.dump({"why": "exit", "stages": stages}, file)
    with open(os.path.join(at, "evaluate.log"), "w") as file:
        file.write("score: 999\\n")
"""
KILL_SHIM = "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)\n"
STOP_SHIM = "os.kill(os.getppid(), signal.SIGSTOP)\n"
MOVE = """\
os.rename(folder, folder + "-old")
os.makedirs(folder)
for name in ("spec.json", "shim.json", "child.json"):
    with open(os.path.join(folder + "-old", name)) as old, open(os.path.join(folder, name), "w") as new:
        new.write(old.read())
forge(folder)
"""
MOVE_ABOVE = """\
above = os.path.dirname(folder)
os.rename(above, f"{above}-old-{os.getpid()}")
os.makedirs(folder)
forge(folder)
"""
LINK = """\
os.rename(folder, folder + "-old")
os.makedirs(folder + "-new")
forge(folder + "-new")
os.symlink(folder + "-new", folder)
"""
DELETE = "import shutil\nshutil.rmtree(folder)\n"
LOST = {
    "kills its shim": KILL_SHIM,
    "forges a result and kills its shim": "forge(folder)\n" + KILL_SHIM,
    "puts another folder in the place of its own": MOVE,
    "puts another folder in the place of its experiment's": MOVE_ABOVE,
    "puts a link in the place of its folder": LINK,
    "deletes its folder": DELETE,
    "deletes its folder and kills its shim": DELETE + KILL_SHIM,
    "moves its folder and kills its shim": MOVE + KILL_SHIM,
}


@pytest.mark.parametrize("name", LOST)
def test_a_lever_that(target: Path, name: str) -> None:
    rows, _ = attacked(target, FORGE + LOST[name], counted=2)
    row = rows["e1"]
    assert (row["verdict"], row["metric"], row["reason"]) == ("void", None, "its run was lost 3 times")
    assert {run["metric"] for run in row["runs"]} == {None}
    unharmed(rows)


def test_a_folder_that_is_moved_and_put_back_holds_what_was_measured(target: Path) -> None:
    back = "import shutil\nshutil.rmtree(folder)\nos.rename(folder + '-old', folder)\n"
    rows, _ = attacked(target, FORGE + MOVE + back)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("discard", HONEST)
    unharmed(rows)


def test_a_shim_that_its_run_stops_measures_nothing_false(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "OVERDUE", 1.0)
    monkeypatch.setattr(runner, "Spec", partial(Spec, grace_s=0.1))
    program = target / "program.md"
    program.write_text(program.read_text().replace('"budget": "20s"', '"budget": "1s", "timeout": "5s"'))
    rows, _ = attacked(target, FORGE + "forge(folder)\n" + STOP_SHIM)
    # Woken when it is overdue, the shim finds its run out of time.
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("crash", None)
    assert rows["e1"]["reason"].startswith("timeout")
    unharmed(rows)


def test_a_result_forged_for_the_next_engine_is_not_believed_while_the_shim_lives(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(target, experiments=2)
    go, forged = tmp_path / "go", folder / "runs" / "e1" / "1" / "exit.json"
    wait = f"while not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\n"
    script = Script(code(FORGE + "forge(folder)\n" + wait + "GUESS = 9.0\n"), {"GUESS": 20.0})

    async def end_engine(watch: Watch) -> None:
        await watch.until(lambda state: forged.exists(), "the forged result")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        play(folder, script, end_engine)
    adopt = LocalPlace.adopt

    def adopt_and_let_go(place: LocalPlace, run_dir: Path) -> RunHandle | None:
        handle = adopt(place, run_dir)
        go.touch()
        return handle

    monkeypatch.setattr(LocalPlace, "adopt", adopt_and_let_go)
    play(folder, script)
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("discard", HONEST)
    assert (rows["e2"]["verdict"], rows["e2"]["metric"]) == ("keep", 60.0)
