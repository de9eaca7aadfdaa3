"""Finding leaves by path and by name, and what their prose asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from praxtui import paths
from praxtui.errors import UserError
from praxtui.program.leaves import discover, find, task
from praxtui.program.read import parse

FRONT = "---\nmetric: {name: m}\nlevers: {edit: [a.py]}\nloop: {run: x}\n---\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A working directory, a home and bundled leaves, all empty."""
    made = {"here": tmp_path / "work" / "leaves", "home": tmp_path / "home" / "leaves", "bundled": tmp_path / "bundled"}
    for folder in made.values():
        folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "bundled_leaves", lambda: made["bundled"])
    return made


def put(base: Path, *names: str) -> None:
    for name in names:
        (base / name).mkdir(parents=True)
        (base / name / "program.md").write_text(FRONT)


def test_a_path_is_a_leaf_before_a_name(places: dict[str, Path]) -> None:
    put(places["here"].parent, "ngram")
    put(places["bundled"], "ngram")
    assert find("ngram") == places["here"].parent / "ngram"
    assert find("./ngram/") == places["here"].parent / "ngram"
    assert find(places["bundled"] / "ngram") == places["bundled"] / "ngram"
    assert find("ngram/program.md") == places["here"].parent / "ngram"


def test_names_are_looked_up_here_then_at_home_then_bundled(places: dict[str, Path]) -> None:
    put(places["bundled"], "a", "b", "tinker/rl")
    put(places["home"], "a", "b")
    put(places["here"], "a")
    assert [find(name) for name in ("a", "b", "tinker/rl")] == [
        places["here"] / "a",
        places["home"] / "b",
        places["bundled"] / "tinker/rl",
    ]
    assert [(leaf.name, leaf.where, leaf.path) for leaf in discover()] == [
        ("a", "here", places["here"] / "a"),
        ("b", "home", places["home"] / "b"),
        ("tinker/rl", "bundled", places["bundled"] / "tinker/rl"),
    ]


def test_a_folder_without_a_program_does_not_hide_a_name(places: dict[str, Path]) -> None:
    put(places["bundled"], "ngram")
    (places["here"].parent / "ngram").mkdir()
    assert find("ngram") == places["bundled"] / "ngram"


@pytest.mark.parametrize(("asked", "near"), [("ngrm", "ngram"), ("tinker/lr", "tinker/rl"), ("circle", "circles")])
def test_unknown_names_get_the_nearest_and_where_it_looked(places: dict[str, Path], asked: str, near: str) -> None:
    put(places["bundled"], "ngram", "tinker/rl", "circles")
    with pytest.raises(UserError) as caught:
        find(asked)
    assert near in caught.value.message
    for place in places.values():
        assert place.name in str(caught.value)
    assert str(places["home"]) in str(caught.value)


@pytest.mark.parametrize("asked", ["", " ", "..", "../x", "/nowhere", "~", "a\0b"])
def test_odd_names_are_refused_not_followed(places: dict[str, Path], asked: str) -> None:
    put(places["here"].parent, "leaves/inner")
    with pytest.raises(UserError):
        find(asked)


def test_discovery_passes_over_hidden_folders_and_the_insides_of_leaves(places: dict[str, Path]) -> None:
    put(places["here"], "a", "a/inner", ".hidden", "g/b", "d1/d2/d3", "d1/d2/d3/d4")
    (places["here"] / "file").touch()
    assert [leaf.name for leaf in discover()] == ["a", "d1/d2/d3", "g/b"]


@pytest.mark.parametrize(
    ("prose", "line"),
    [
        ("# 1. Task\n\nLower the loss. Anything goes.\n", "Lower the loss."),
        (
            "# Task\nLower\nthe **loss** of `train.py`, by 2.5 e.g. now\n\nmore",
            "Lower the loss of train.py, by 2.5 e.g. now",
        ),
        ("# Only a heading\n", "Only a heading"),
        ("```\ncode.\n```\n<!-- note. -->\n- Do [this](http://x.y).\n- not that", "Do this."),
        ("Title\n=====\nx", "Title"),
        ("---\n\nText after a rule!", "Text after a rule!"),
        ("", ""),
    ],
)
def test_the_task_in_one_line(prose: str, line: str) -> None:
    assert task(parse(FRONT + prose)) == line


Make = Callable[..., Path]


@pytest.mark.parametrize("name", [leaf.name for leaf in discover() if leaf.where in ("here", "bundled")])
def test_leaves_of_this_repository_have_a_task(name: str) -> None:
    assert task(parse((find(name) / "program.md").read_text()))
