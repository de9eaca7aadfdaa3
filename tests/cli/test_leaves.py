"""`praxtui leaves` and `praxtui new`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from praxtui.cli.main import main
from praxtui.workspace.copies import recorded, working_copy

PROGRAM = """---
metric: {name: score, goal: maximize}
levers: {edit: [train.py]}
loop: {run: python train.py}
---
# 1. Task

Raise the score. By any means.
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, an empty home, and no bundled leaves."""
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("praxtui.paths.bundled_leaves", lambda: tmp_path / "bundled")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def leaf(base: Path, name: str, program: str = PROGRAM) -> Path:
    folder = base / "leaves" / name
    folder.mkdir(parents=True)
    (folder / "program.md").write_text(program)
    (folder / "train.py").write_text("LR = 0.1\n")
    return folder


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    assert main(["leaves", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_no_leaves_is_an_empty_list(capsys) -> None:
    assert listed(capsys) == []
    assert main(["leaves"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "no leaves" in said.err


def test_a_ready_leaf(here: Path, capsys) -> None:
    folder = leaf(here, "mine")
    assert listed(capsys) == [
        {
            "name": "mine",
            "path": str(folder),
            "task": "Raise the score.",
            "metric": "score",
            "goal": "maximize",
            "ready": True,
            "missing": [],
        }
    ]


def test_a_leaf_that_misses_a_package_says_what_and_how(here: Path, capsys) -> None:
    leaf(here, "mine", PROGRAM.replace("loop: {", "loop: {requires: [no_such_package_a], "))
    (about,) = listed(capsys)
    assert about["ready"] is False
    (lack,) = about["missing"]
    assert set(lack) == {"what", "fix"}
    assert "no_such_package_a" in lack["what"]
    assert "install" in lack["fix"]
    assert main(["leaves"]) == 0
    out = capsys.readouterr().out
    assert "mine is not ready" in out
    assert lack["fix"] in out


def test_a_program_with_errors_hides_no_other_leaf(here: Path, capsys) -> None:
    leaf(here, "bad", PROGRAM.replace("goal", "gaol").replace("edit", "edti"))
    leaf(here, "good")
    bad, good = listed(capsys)
    assert good["ready"]
    assert not bad["ready"]
    assert (bad["metric"], bad["goal"]) == (None, None)
    said = "\n".join(lack["what"] for lack in bad["missing"])
    assert "metric.gaol" in said
    assert "levers.edti" in said
    assert all(lack["fix"] for lack in bad["missing"])
    assert main(["leaves"]) == 0
    assert "metric.gaol" in capsys.readouterr().out


def test_readiness_goes_with_its_own_leaf(here: Path, capsys) -> None:
    leaf(here, "a", "no front matter\n")
    leaf(here, "b")
    leaf(here, "c", PROGRAM.replace("loop: {", "loop: {requires: [no_such_package_c], "))
    assert [(about["name"], about["ready"]) for about in listed(capsys)] == [("a", False), ("b", True), ("c", False)]


def test_the_bundled_leaves_are_found_and_valid(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("praxtui.paths.bundled_leaves", lambda: Path(__file__).parents[2] / "leaves")
    found = {about["name"]: about for about in listed(capsys)}
    assert {"ngram", "pretrain", "circles"} <= set(found)
    for about in found.values():
        assert about["metric"], about["missing"]
        assert about["task"]


def test_a_copy_of_an_older_bundled_leaf_is_named(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("praxtui.cli.leaves.bundled_leaves", lambda: tmp_path / "bundled" / "leaves")
    bundled = leaf(tmp_path / "bundled", "mine")
    copy = working_copy(bundled, "mine", tmp_path / "home", "0.1.0")
    (copy / "train.py").write_text("LR = 0.2  # an edit of one's own\n")
    assert main(["leaves"]) == 0
    assert "newer" not in capsys.readouterr().out
    (bundled / "train.py").write_text("LR = 0.3\n")
    assert main(["leaves"]) == 0
    out = capsys.readouterr().out
    assert "mine: this praxtui brings a newer one" in out
    assert str(copy) in out


def test_new_makes_a_leaf_that_can_be_run(here: Path, capsys) -> None:
    leaf(here, "mine")
    assert main(["new", "mine", "other"]) == 0
    assert "praxtui run ./other" in capsys.readouterr().out
    assert (here / "other" / "program.md").read_text() == PROGRAM
    assert (here / "other" / ".git").is_dir()
    assert main(["doctor", "./other"]) == 0


def test_new_of_an_unknown_leaf_names_the_nearest(here: Path, capsys) -> None:
    leaf(here, "ngram")
    assert main(["new", "ngrm", "other"]) == 2
    assert "did you mean: ngram" in capsys.readouterr().err
    assert not (here / "other").exists()


def test_new_never_writes_into_a_folder_with_something_in_it(here: Path, capsys) -> None:
    leaf(here, "mine")
    (here / "other").mkdir()
    (here / "other" / "note").write_text("mine\n")
    assert main(["new", "mine", "other"]) == 2
    assert "other" in capsys.readouterr().err
    assert [path.name for path in (here / "other").iterdir()] == ["note"]


def test_new_in_the_place_of_a_bundled_leafs_copy_is_that_copy(
    here: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does the cockpit, before a bundled leaf is edited: later editions can be told of."""
    monkeypatch.setattr("praxtui.cli.leaves.bundled_leaves", lambda: tmp_path / "bundled")
    bundled = tmp_path / "bundled" / "mine"
    bundled.mkdir(parents=True)
    (bundled / "program.md").write_text(PROGRAM)
    (bundled / "train.py").write_text("LR = 0.1\n")
    own = tmp_path / "home" / "leaves" / "mine"
    assert main(["new", "mine", str(own)]) == 0
    assert recorded(own, "leaf") == "mine"
    (bundled / "train.py").write_text("LR = 0.2\n")
    capsys.readouterr()
    assert main(["leaves"]) == 0
    assert "this praxtui brings a newer one" in capsys.readouterr().out
    assert main(["new", str(bundled), str(own)]) == 2
