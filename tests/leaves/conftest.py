"""Leaves in temporary copies, run by hand as a person would: one script after the other, in the leaf's folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LEAVES = Path(__file__).resolve().parents[2] / "leaves"
PATIENCE = 240.0  # seconds for one script on a machine that is busy with other tests


@dataclass
class Leaf:
    """A copy of a leaf. `data` is shared between the copies of one test session, as praxtui shares it between runs."""

    path: Path
    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRAXTUI_", "PRETRAIN_"))}
        own = {"PRAXTUI_DATA": str(self.data), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, script, *arguments],
            cwd=self.path,
            env=kept | own | self.environment | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def run(self, script: str, *arguments: str, **environment: str) -> str:
        """The standard output of a script that must succeed."""
        done = self.start(script, *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refusal(self, **environment: str) -> str:
        """The reason for which evaluate.py refuses: one line on standard error, exit 1, and no metric."""
        done = self.start("evaluate.py", **environment)
        assert done.returncode == 1, done.stdout + done.stderr
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("evaluate.py: "), done.stderr
        assert not re.search(r"(val_bpb|sum_radii|speedup)\s*[:=]", done.stdout + done.stderr)
        return lines[0]

    def set(self, script: str, **constants: object) -> None:
        """Give constants of a lever other values, as a sweep does."""
        text = (self.path / script).read_text()
        for name, value in constants.items():
            text, found = re.subn(rf"(?m)^{name} = [^#\n]*", f"{name} = {value!r}  ", text)
            assert found == 1, name
        (self.path / script).write_text(text)

    def append(self, script: str, code: str) -> None:
        """Let a lever go wrong: what is defined last holds."""
        text = (self.path / script).read_text()
        end = text.index('if __name__ == "__main__":')
        (self.path / script).write_text(text[:end] + code + "\n\n" + text[end:])


def metric(output: str, name: str) -> float:
    """The metric, which must stand in the last line."""
    last = output.strip().splitlines()[-1]
    assert last.startswith(f"{name}: "), output
    return float(last.partition(": ")[2])


@pytest.fixture
def copy_of(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Leaf]:
    def copy(name: str) -> Leaf:
        target = tmp_path / name
        shutil.copytree(LEAVES / name, target, ignore=shutil.ignore_patterns("data", "out", "__pycache__"))
        return Leaf(target, tmp_path / "data")

    return copy
