"""A program against its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from praxtui.program.check import check
from praxtui.program.read import load, parse

Make = Callable[..., Path]


def text(levers: str = "[train.py]", loop: str = "run: python train.py") -> str:
    return f"---\nmetric: {{name: m}}\nlevers:\n  edit: {levers}\nloop:\n  {loop}\n---\n"


def found(folder: Path) -> list[tuple[str, int, str]]:
    program = parse((folder / "program.md").read_text(), folder / "program.md")
    return [(problem.key, problem.line, problem.found) for problem in check(program, folder)]


def test_a_whole_leaf_has_no_problems(leaf: Make) -> None:
    loop = (
        "run: python train.py\n  setup: python prepare.py\n  evaluate: python -u evaluate.py out/\n"
        "  check: ./dry.sh\n  data: [corpus/, words.txt]\n  artifacts: [out/]"
    )
    files = {"prepare.py": "", "evaluate.py": "", "dry.sh": "", "corpus/a.txt": "", "words.txt": "", "lib/a/b.py": ""}
    folder = leaf(text('[train.py, "lib/**/*.py"]', loop), **files)
    assert found(folder) == []
    assert load(folder).levers.edit == ("train.py", "lib/**/*.py")


def test_a_glob_that_matches_nothing_gives_the_nearest_file(leaf: Make) -> None:
    folder = leaf(text("[trian.py, train.py]"))
    program = parse((folder / "program.md").read_text())
    (problem,) = check(program, folder)
    assert (problem.key, problem.line, problem.nearest) == ("levers.edit", 4, "train.py")


def test_a_folder_is_no_glob_of_files(leaf: Make) -> None:
    folder = leaf(text("[lib]"), **{"lib/a.py": ""})
    (problem,) = check(parse((folder / "program.md").read_text()), folder)
    assert problem.nearest == "lib/**"


@pytest.mark.parametrize("glob", ["out.py", "*.py", "linked/x.py"])
def test_a_lever_must_not_leave_the_leaf_through_a_link(leaf: Make, tmp_path: Path, glob: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.py").touch()
    folder = leaf(text(f'["{glob}"]'))
    (folder / "out.py").symlink_to(tmp_path / "elsewhere" / "x.py")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    ((key, _, said),) = found(folder)
    assert key == "levers.edit"
    assert "link that leaves" in said


def test_a_link_into_git_leaves_the_leaf(leaf: Make) -> None:
    folder = leaf(text("[hook]"))
    (folder / ".git").mkdir()
    (folder / ".git" / "config").touch()
    (folder / "hook").symlink_to(".git/config")
    assert "link that leaves" in found(folder)[0][2]


@pytest.mark.parametrize(
    ("levers", "loop", "blamed"),
    [
        ('["*.md"]', "", "program.md is the program itself"),
        ('["*.py"]', "evaluate: python evaluate.py", "evaluate.py is what loop.evaluate executes"),
        ("[prepare.py]", "setup: python ./prepare.py", "prepare.py is what loop.setup executes"),
        ("[train.py]", "evaluate: python train.py --eval", "train.py is what loop.evaluate executes"),
        ('["pkg/**"]', "evaluate: python -m pkg.measure", "pkg/measure.py is what loop.evaluate executes"),
        ("[run.sh]", "evaluate: sh run.sh | tail", "run.sh is what loop.evaluate executes"),
        ("[alias.py]", "evaluate: python evaluate.py", "alias.py (a link to evaluate.py) is what"),
    ],
)
def test_what_measures_is_no_lever(leaf: Make, levers: str, loop: str, blamed: str) -> None:
    files = {"prepare.py": "", "evaluate.py": "", "pkg/measure.py": "", "run.sh": ""}
    folder = leaf(text(levers, "run: python train.py\n  " + loop), **files)
    (folder / "alias.py").symlink_to("evaluate.py")
    said = [message for key, line, message in found(folder) if (key, line) == ("levers.edit", 4)]
    assert any(message.startswith(blamed) for message in said)


def test_data_must_be_there_and_hold_no_lever(leaf: Make) -> None:
    folder = leaf(
        text("[train.py, corpus/a.py]", "run: python train.py\n  data: [corpus, gone/]"), **{"corpus/a.py": ""}
    )
    said = found(folder)
    assert [key for key, _, _ in said] == ["loop.data", "loop.data"]
    assert any("gone/ is not in" in message for _, _, message in said)
    assert any("corpus holds levers" in message for _, _, message in said)


@pytest.mark.parametrize("key", ["setup", "evaluate", "check"])
def test_scripts_must_be_there(leaf: Make, key: str) -> None:
    folder = leaf(text(loop=f"run: python train.py\n  {key}: python lost.py"))
    ((blamed, line, said),) = found(folder)
    assert (blamed, line) == (f"loop.{key}", 7)
    assert said.startswith("lost.py is not in")


def test_commands_without_a_script_of_the_leaf_are_not_judged(leaf: Make) -> None:
    folder = leaf(
        text(loop="run: python $SCRIPT\n  setup: make\n  check: python -m pytest\n  evaluate: python -c 'print(1)'")
    )
    assert found(folder) == []
