"""Globs of `levers.edit` and `levers.new`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.workspace.globs import matches


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("train.py", ["train.py"], ["a/train.py", "train_py", "train.pyc"]),
        ("*.py", ["a.py", ".py"], ["a/b.py", "a.pyx"]),
        ("**/*.py", ["a.py", "a/b.py", "a/b/c.py"], ["a.pyc"]),
        ("models", ["models/a.py", "models/b/c", "models"], ["models2/a", "x/models/a"]),
        ("models/", ["models/a.py"], ["x/models/a"]),
        ("models/*", ["models/a"], ["models/a/b"]),
        ("models/**", ["models/a", "models/a/b"], ["models"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z", "a/z/inside"], ["b/z", "a/bz"]),
        ("?.[a-c]", ["x.a"], ["x.d", "xx.a", "/.a"]),
        ("[!a]", ["b"], ["a", "/"]),
        ("[]]", ["]"], ["["]),
        ("[", ["["], ["]"]),
        ("[z-a]", ["[z-a]"], ["z"]),
        ("./a", ["a"], ["b"]),
        (".", ["a", "a/b"], []),
        ("a+(b).py", ["a+(b).py"], ["aab.py"]),
    ],
)
def test_glob(glob: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not matches(path, [glob])] == []
    assert [path for path in no if matches(path, [glob])] == []


@given(st.text("a*?[]!-/.", max_size=8), st.text("ab/.", min_size=1, max_size=8))
def test_any_glob_is_a_glob(glob: str, path: str) -> None:
    assert matches(path, [glob]) in (True, False)
