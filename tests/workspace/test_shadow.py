"""New lever files that Python would take for something the evaluator trusts."""

from __future__ import annotations

import re

import pytest

from praxtui.workspace.shadow import shadowing

SEALED = [
    "program.md",
    "evaluate.py",
    "prepare.py",
    "lib/__init__.py",
    "lib/text.py",
    "scripts/score.py",
    "pkg/inner.py",
]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("random.py", "Python's own module random"),
        ("json/__init__.py", "Python's own module json"),
        ("numpy.py", "installed package numpy"),
        ("numpy/__init__.py", "installed package numpy"),
        ("scripts/numpy.py", "installed package numpy"),
        ("sitecustomize.py", "run before any evaluator"),
        ("usercustomize/__init__.py", "run before any evaluator"),
        ("conftest.py", "run before any evaluator"),
        ("prepare/__init__.py", r"sealed prepare\.py"),
        ("lib.py", r"sealed lib/__init__\.py"),
        ("pkg.py", "sealed pkg/"),
        ("lib/text/__init__.py", r"sealed lib/text\.py"),
        ("prepare.cpython-311-x86_64-linux-gnu.so", "compiled"),
        ("x.PTH", "start-up"),
        ("evaluate.pyc", "compiled"),
        ("__pycache__/evaluate.cpython-311.txt", "in place of the source"),
        ("evil.dist-info/entry_points.txt", "installed package"),
        ("pyvenv.cfg", "start-up"),
    ],
)
def test_refused(path: str, why: str) -> None:
    reason = shadowing(path, SEALED, {"numpy", "torch"})
    assert reason is not None
    assert re.search(why, reason)


@pytest.mark.parametrize(
    "path",
    [
        "model.py",
        "layers/attention.py",
        "lib/extra.py",
        "lib/random.py",
        "data/numpy.txt",
        "notes.md",
        "train/random.py",
    ],
)
def test_allowed(path: str) -> None:
    assert shadowing(path, SEALED, {"numpy"}) is None
