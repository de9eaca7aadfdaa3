"""Globs: what they match in words and on disk is the same, and nothing hidden or outside is reached by a wildcard."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.program import globs


@pytest.mark.parametrize(
    ("glob", "path", "matched"),
    [
        ("train.py", "train.py", True),
        ("train.py", "a/train.py", False),
        ("./train.py", "train.py", True),
        ("*.py", "train.py", True),
        ("*.py", "a/train.py", False),
        ("*/train.py", "a/train.py", True),
        ("**/*.py", "train.py", True),
        ("**/*.py", "a/b/train.py", True),
        ("models/**", "models/a/b.txt", True),
        ("models/**", "models", False),
        ("models/", "models/a/b.txt", True),
        ("models", "models/a", False),
        ("a/**/b.py", "a/b.py", True),
        ("a/**/b.py", "a/x/y/b.py", True),
        ("a?.py", "ab.py", True),
        ("[ab].py", "a.py", True),
        ("[!ab].py", "a.py", False),
        ("*", ".hidden", False),
        (".*", ".hidden", True),
        ("**/*.py", ".venv/x.py", False),
        ("**", "a/.cache/x", False),
        (".github/**", ".github/x.yml", True),
        ("**/config", ".git/config", False),
        (".git/config", ".git/config", False),
        ("a.py", "axpy", False),
        ("*.py", "a.py\n", False),
    ],
)
def test_matches(glob: str, path: str, matched: bool) -> None:
    assert globs.matches(glob, path) is matched


NAMES = st.sampled_from(["a", "b.py", ".h", "c", ".git"])
GLOBS = st.lists(st.sampled_from(["a", "*", "**", "*.py", "?", ".h", ".*", "[ac]"]), min_size=1, max_size=4).map(
    "/".join
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=8), GLOBS, st.booleans())
def test_expanding_finds_exactly_what_matches(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], glob: str, folder: bool
) -> None:
    leaf = tmp_path_factory.mktemp("leaf")
    for path in paths:
        try:
            (leaf / path).parent.mkdir(parents=True, exist_ok=True)
            (leaf / path).touch()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    glob += "/" if folder else ""
    files = [path.relative_to(leaf).as_posix() for path in leaf.rglob("*") if path.is_file()]
    assert globs.expand(leaf, [glob]) == tuple(sorted(path for path in files if globs.matches(glob, path)))


def test_expanding_does_not_follow_links_to_folders(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.py").touch()
    (tmp_path / "leaf").mkdir()
    (tmp_path / "leaf" / "link").symlink_to(tmp_path / "outside")
    assert globs.expand(tmp_path / "leaf", ["**/*.py"]) == ()
    assert globs.expand(tmp_path / "leaf", ["../outside/x.py"]) == ()
