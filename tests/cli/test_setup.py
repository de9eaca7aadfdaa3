"""What `make` does before anything is installed: find a Python, make the environment, or say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "venv"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not a checkout")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with no Python on it."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "rm", "sed", "tail", "grep", "mktemp", "uname", "mkdir", "chmod"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def python(folder: Path, name: str) -> Path:
    """A Python whose environments are made in no time: a folder with this interpreter in it."""
    real = f'exec "{sys.executable}" "$@"'
    tool(
        folder,
        name,
        f"""[ "$1 $2" = "-m venv" ] || {real}
mkdir -p "$3/bin"
printf '%s\\n' '#!/bin/sh' '{real}' >"$3/bin/python"
chmod +x "$3/bin/python\"""",
    )
    return folder / name


def make_venv(tools: Path, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    words = ["sh", str(SCRIPT), str(folder)]
    env = {"PATH": str(tools), "HOME": str(tools), **environ}
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=300)


def test_without_a_python_it_says_what_to_install(tools: Path, tmp_path: Path) -> None:
    done = make_venv(tools, tmp_path / "venv")
    assert done.returncode == 1
    assert "needs Python 3.11 or later" in done.stderr
    assert "PYTHON=" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_too_old_or_broken_is_passed_over(tools: Path, tmp_path: Path) -> None:
    tool(tools, "python3", "exit 1")
    tool(tools, "python3.11", "echo 'command not found' >&2; exit 127")
    python(tools, "python3.12")
    done = make_venv(tools, tmp_path / "a b" / "venv")
    assert done.returncode == 0, done.stderr
    assert "python3.12" in done.stdout
    assert (tmp_path / "a b" / "venv" / "bin" / "python").exists()


def test_a_working_environment_is_left_alone(tools: Path, tmp_path: Path) -> None:
    python(tools, "python3")
    folder = tmp_path / "venv"
    assert make_venv(tools, folder).returncode == 0
    (folder / "mine").touch()
    done = make_venv(tools, folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert (folder / "mine").exists()


def test_a_broken_environment_is_made_anew(tools: Path, tmp_path: Path) -> None:
    python(tools, "python3")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/no/such/python")
    assert make_venv(tools, tmp_path / "venv").returncode == 0
    assert os.access(tmp_path / "venv" / "bin" / "python", os.X_OK)


def test_a_python_without_venv_names_the_package(tools: Path, tmp_path: Path) -> None:
    script = f'case "$2" in *ensurepip*) exit 1;; *) exec "{sys.executable}" "$@";; esac'
    tool(tools, "python3", script)
    done = make_venv(tools, tmp_path / "venv")
    assert done.returncode == 1
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr


def test_a_named_python_is_taken_or_refused(tools: Path, tmp_path: Path) -> None:
    tool(tools, "python3", "exit 1")
    mine = python(tmp_path, "my own python")
    assert make_venv(tools, tmp_path / "venv", PYTHON=str(mine)).returncode == 0
    assert (tmp_path / "venv" / "bin" / "python").exists()
    done = make_venv(tools, tmp_path / "other", PYTHON="/no/such/python")
    assert done.returncode == 1
    assert "/no/such/python" in done.stderr


def test_where_no_small_torch_is_to_be_had_it_says_so_and_goes_on(tools: Path, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    tool(tmp_path, "python", 'echo "$@" >>"$0.log"\necho "ERROR: No matching distribution found" >&2\nexit 1')
    words = ["sh", str(ROOT / ".ci" / "torch"), str(fake), str(ROOT / "constraints.txt")]
    tool(tools, "uname", "echo Linux")
    done = subprocess.run(words, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "will be skipped" in done.stderr
    assert "No matching distribution" in done.stderr
    asked = [line for line in (tmp_path / "python.log").read_text().splitlines() if "install" in line]
    assert asked
    assert all("+cpu" in line for line in asked), "without a GPU, never the build with CUDA"


def test_the_constraints_pin_what_the_project_asks_for() -> None:
    from packaging.requirements import Requirement

    pins: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            assert [spec.operator for spec in pin.specifier] == ["=="], line
            pins.setdefault(name_of(pin), []).append(next(iter(pin.specifier)).version)
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for line in [*project["dependencies"], *extras["dev"], *extras["pretrain"]]:
        asked = Requirement(line)
        assert name_of(asked) in pins, line
        assert all(asked.specifier.contains(version) for version in pins[name_of(asked)]), line


def name_of(requirement: object) -> str:
    """The name as package indexes compare it (PEP 503)."""
    import re

    return re.sub(r"[-_.]+", "-", requirement.name).lower()  # type: ignore[attr-defined]
