"""Programs and leaves that the tests of this folder start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MINIMAL = """---
metric:
  name: val_loss
levers:
  edit: [train.py]
loop:
  run: python train.py
---
# 1. Task

Lower the loss. Anything goes.
"""


@pytest.fixture
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def leaf(tmp_path: Path) -> Callable[..., Path]:
    """Makes a leaf folder out of a program and files by relative path."""

    def make(program: str = MINIMAL, name: str = "leaf", **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "program.md").write_text(program)
        for path, text in {"train.py": "LR = 0.1\n", **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    return make
