"""The handover between stages, with the run taken as hostile."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.runs.artifacts import Handover, Unfit
from praxtui.runs.spec import Exit
from praxtui.runs.spec import Handover as Asked

if TYPE_CHECKING:
    from tests.runs.conftest import Rig


class Two:
    """A folder to hand over from, one to hand over to, and a secret outside of both."""

    def __init__(self, root: Path) -> None:
        self.source, self.target, self.outside = root / "leaf", root / "evaluation", root / "outside"
        for folder in (self.source, self.target, self.outside):
            folder.mkdir()
        (self.outside / "secret").write_text("secret")

    def take(self, *paths: str) -> list[str]:
        source, target = (os.open(folder, os.O_RDONLY) for folder in (self.source, self.target))
        handover = Handover(source, target, lambda: None)
        try:
            handover.take(list(paths))
        finally:
            os.close(source)
            os.close(target)
        return handover.refused

    def handed(self) -> dict[str, str]:
        return {str(p.relative_to(self.target)): p.read_text() for p in self.target.rglob("*") if p.is_file()}


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_files_and_folders_move(two: Two) -> None:
    (two.source / "out" / "deep").mkdir(parents=True)
    (two.source / "out" / "model.bin").write_text("weights")
    (two.source / "out" / "deep" / "b").write_text("b")
    (two.source / "results").mkdir()
    (two.source / "results" / "one.json").write_text("{}")
    (two.source / "results" / "two.json").write_text("{}")
    inode = (two.source / "out" / "model.bin").stat().st_ino
    assert two.take("out/", "results/one.json") == []
    assert two.handed() == {"out/model.bin": "weights", "out/deep/b": "b", "results/one.json": "{}"}
    assert (two.target / "out" / "model.bin").stat().st_ino == inode, "moved, not copied: checkpoints are large"


def test_what_stood_in_the_place_of_an_artifact_is_gone(two: Two) -> None:
    (two.target / "out" / "old").mkdir(parents=True)
    (two.target / "out" / "old" / "model.bin").write_text("of an earlier run")
    (two.target / "out" / "link").symlink_to(two.outside)
    (two.source / "out").mkdir()
    (two.source / "out" / "new").write_text("new")
    two.take("out")
    assert two.handed() == {"out/new": "new"} and (two.outside / "secret").exists()


@pytest.mark.parametrize("path", ["../outside/secret", "/etc/passwd", "out/../../outside", "", ".", "a\0b"])
def test_a_path_must_be_inside(two: Two, path: str) -> None:
    with pytest.raises(Unfit, match="not a path inside the leaf"):
        two.take(path)


@pytest.mark.parametrize("path", ["out", "out/", "out/model.bin"])
def test_a_missing_artifact_is_named(two: Two, path: str) -> None:
    with pytest.raises(Unfit, match=f"^artifact missing: {path}$"):
        two.take(path)


def test_a_declared_artifact_must_not_be_a_link(two: Two) -> None:
    (two.source / "out").symlink_to(two.outside)
    with pytest.raises(Unfit, match=r"^artifact refused: out/: a symbolic link$"):
        two.take("out/")
    with pytest.raises(Unfit, match="artifact refused: out/secret"):
        two.take("out/secret")
    assert two.handed() == {} and (two.outside / "secret").exists()


def test_a_folder_in_the_target_that_is_a_link_is_not_followed(two: Two) -> None:
    (two.target / "out").symlink_to(two.outside)
    (two.source / "out").mkdir()
    (two.source / "out" / "secret").write_text("changed")
    with pytest.raises(Unfit):
        two.take("out/secret")
    assert (two.outside / "secret").read_text() == "secret"


def test_what_is_no_file_is_left_behind_and_named(two: Two) -> None:
    out = two.source / "out"
    out.mkdir()
    (out / "good").write_text("good")
    (out / "link").symlink_to(two.outside / "secret")
    (out / "folder").symlink_to(two.outside)
    os.mkfifo(out / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(out)  # a socket's path must be short
    listening.bind("socket")
    os.chdir(here)
    listening.close()
    assert two.take("out") == [
        "out/folder: a symbolic link",
        "out/link: a symbolic link",
        "out/pipe: a named pipe",
        "out/socket: a socket",
    ]
    assert two.handed() == {"out/good": "good"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
def test_devices_are_refused(two: Two) -> None:
    (two.source / "out").mkdir()
    try:
        os.mknod(two.source / "out" / "zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("not allowed here")
    assert two.take("out") == ["out/zero: a device"]


def test_a_file_with_a_second_name_is_copied(two: Two) -> None:
    (two.source / "out").mkdir()
    (two.source / "out" / "model").write_text("as handed over")
    os.link(two.source / "out" / "model", two.source / "kept")
    two.take("out")
    (two.source / "kept").write_text("changed afterwards")
    assert two.handed() == {"out/model": "as handed over"}


def test_names_and_modes_of_any_kind(two: Two) -> None:
    out = two.source / "out"
    out.mkdir()
    odd = os.fsdecode(b"\xff\n\x1b[31m")
    (out / odd).write_text("odd")
    (out / odd).chmod(0o4777)
    os.symlink("x", out / (odd + "link"))
    [refused] = two.take("out")
    assert refused.encode().endswith(b"link: a symbolic link")  # fit for JSON, whatever the name
    assert stat.S_IMODE((two.target / "out" / odd).stat().st_mode) == 0o777


def test_folders_without_end_are_cut(two: Two) -> None:
    folder = os.open(two.source, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    [refused] = two.take("d")
    assert "more than 64 folders deep" in refused


def test_thousands_of_refusals_are_counted(two: Two) -> None:
    (two.source / "out").mkdir()
    for number in range(200):
        (two.source / "out" / f"{number:03}").symlink_to("x")
    assert len(two.take("out")) == 50


def evaluated(rig: Rig, code: str, paths: tuple[str, ...] = ("out/",)) -> tuple[Exit, Path]:
    leaf, place = rig.root / "leaf", rig.root / "evaluation"
    leaf.mkdir()
    evaluate = "import os\nfor f, _, names in sorted(os.walk('.')): print(f, sorted(names))"
    return rig.run(
        rig.python(code, cwd=str(leaf)),
        rig.python(
            evaluate,
            "evaluate",
            cwd=str(place),
            handover=Asked(source=str(leaf), to=str(place), paths=paths),
        ),
    )


def test_the_evaluator_gets_what_the_run_left(rig: Rig) -> None:
    end, folder = evaluated(
        rig, "import os; os.mkdir('out'); open('out/model', 'w').write('x'); os.symlink('/', 'out/all')"
    )
    assert end.ok and end.refused == ("out/all: a symbolic link",)
    assert (folder / "evaluate.log").read_text() == ". []\n./out ['model']\n"


def test_a_run_that_leaves_nothing_is_not_evaluated(rig: Rig) -> None:
    end, folder = evaluated(rig, "pass")
    assert (end.why, end.message) == ("artifact", "artifact missing: out/")
    assert [stage.name for stage in end.stages] == ["run"] and not (folder / "evaluate.log").exists()


def test_a_run_cannot_put_another_folder_in_the_place_of_its_leaf(rig: Rig) -> None:
    precious = rig.root / "precious"
    (precious / "out").mkdir(parents=True)
    (precious / "out" / "thesis").write_text("x")
    end, _ = evaluated(rig, "import os; os.chdir('..'); os.rename('leaf', 'gone'); os.symlink('precious', 'leaf')")
    assert end.message == "artifact missing: out/" and (precious / "out" / "thesis").exists()


def test_a_writer_left_behind_cannot_change_what_was_handed_over(rig: Rig) -> None:
    """It detaches, keeps the file open, and is ended before the handover."""
    code = """
import os, time
os.mkdir("out")
file = open("out/model", "w")
if os.fork() == 0:
    os.setsid()
    while True: file.write("poison"); file.flush(); time.sleep(0.01)
file.write("model"); file.flush()
"""
    end, _ = evaluated(rig, code)
    assert end.ok and rig.alive() == []


def test_a_folder_that_is_not_there_is_named_before_anything_runs(rig: Rig) -> None:
    missing = Asked(source=str(rig.root / "none"), to=str(rig.root / "to"), paths=("out",))
    end, folder = rig.run("pass", rig.python("pass", "evaluate", handover=missing))
    assert end.why == "artifact" and "none: No such file" in (end.message or "")
    assert not (folder / "run.log").exists()
