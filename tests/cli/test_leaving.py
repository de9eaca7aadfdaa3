"""Engines that are gone and come back: by `resume` alone, once, whoever else resumes; what `list` shows of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess

import msgspec
import pytest

from praxtui.cli import leaving
from praxtui.engine import logout
from praxtui.engine.logout import Surroundings
from praxtui.journal import liveness
from praxtui.journal.facts import EngineStarted
from tests.cli.place import Place


def engines(place: Place) -> int:
    return sum(isinstance(event.fact, EngineStarted) for event in place.events())


def test_of_several_that_resume_at_once_one_starts_an_engine_and_the_others_say_so(place: Place) -> None:
    place.hold()
    place.begin()
    place.running()
    place.kill_engine()
    several = [place.start("resume", "c") for _ in range(4)]
    said = [process.communicate(timeout=120) for process in several]
    assert [process.returncode for process in several] == [0] * 4, said
    lines = sorted(out.partition(":")[0].strip() for out, _ in said)
    assert lines == ["c goes on", *["c is running already"] * 3]
    assert engines(place) == 2
    place.release()
    place.until(lambda: place.state().ended, "the end")
    assert [run.n for run in place.state().experiments["e1"].runs] == [1]


def test_an_engine_of_another_boot_is_dead_whoever_has_its_number_now(place: Place) -> None:
    place.hold()
    place.begin()
    place.running()
    place.kill_engine()
    known = liveness.read_identity(place.folder())
    assert known is not None
    # After a reboot the same numbers may belong to anybody.
    mine = liveness.identity(os.getpid())
    other = msgspec.structs.replace(known, pid=mine.pid, start=mine.start, boot="another-boot")
    (place.folder() / liveness.IDENTITY).write_bytes(msgspec.json.encode(other))
    [listed] = place.json("list")
    assert listed["state"] == "dead"
    assert "dead" in place.praxtui("list").stdout
    assert engines(place) == 1  # looking restarts nothing
    assert "c goes on: engine" in place.praxtui("resume", "--all").stdout
    assert engines(place) == 2
    assert place.praxtui("resume", "--all").stdout == "no campaign is dead\n"
    place.release()


def test_a_boot_resumes_all_that_is_dead_with_hardly_any_environment(place: Place) -> None:
    place.hold()
    place.begin()
    place.begin("d")
    place.running()
    place.running("d")
    for name in ("c", "d"):
        place.kill_engine(name)
    bare = {name: place.env[name] for name in ("HOME", "PRAXTUI_HOME", "PRAXTUI_SANDBOX", "PRAXTUI_DETACH")}
    done = subprocess.run(
        place.command("resume", "--all"), env={**bare, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("goes on: engine") == 2
    assert done.stderr == ""
    assert place.alive("c") and place.alive("d")
    place.release()


@pytest.mark.parametrize(("detached", "lines"), [(True, 1), (False, 0)])
def test_a_container_is_spoken_of_once_and_to_those_who_leave(
    detached: bool, lines: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logout, "look", lambda: Surroundings("ada", inside="Slurm job 12"))
    leaving.warn.cache_clear()
    try:
        leaving.warn(detached=detached)
        leaving.warn(detached=detached)
    finally:
        leaving.warn.cache_clear()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("praxtui: the engine ends with Slurm job 12; its record does not") == lines
    assert said.err.count("\n") == lines


def test_the_recipes_for_the_boot_name_the_command_by_its_whole_path(place: Place) -> None:
    text = place.praxtui("help", "detach").stdout
    cron = next(line for line in text.splitlines() if "@reboot" in line)
    start = next(line for line in text.splitlines() if "ExecStart=" in line)
    command = start.strip().removeprefix("ExecStart=")
    assert cron.strip() == f"@reboot {command}"
    done = subprocess.run(["sh", "-c", command], env=place.env, cwd="/", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "no campaign is dead\n")


def test_the_cockpit_s_start_is_told_on_stderr_and_its_document_stays_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    del place.env["PRAXTUI_DETACH"]
    place.env["SLURM_JOB_ID"] = "12"
    done = place.praxtui(
        "run", "leaf", "--name", "c", "--researcher", "null", "--experiments", "0", "--detach", "--json"
    )
    assert json.loads(done.stdout)["id"] == "c"
    assert done.stderr.splitlines()[-1].startswith("praxtui: the engine ends with Slurm job 12;")


def test_a_full_disk_that_no_record_can_tell_of_is_told_of_by_those_who_look(place: Place) -> None:
    place.home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "praxtui-test", str(place.home)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        place.hold()
        place.begin()
        place.running()
        assert place.praxtui("status", "c").stderr == ""
        with open(place.home / "ballast", "ab") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))
        for words in (("status", "c"), ("list",)):
            assert re.search(r"^praxtui: the disk of \S+ is full: engines wait", place.praxtui(*words).stderr)
        (place.home / "ballast").unlink()
        assert place.praxtui("list").stderr == ""
        place.release()
        place.until(lambda: not place.alive(), "the engine to be gone")
    finally:
        place.clear()
        subprocess.run(["umount", "--lazy", str(place.home)], check=False)
