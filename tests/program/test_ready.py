"""Which interpreter runs a leaf, and what is missing before it can."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from praxtui.program import interpreter, ready
from praxtui.program.interpreter import Probe, Probes, candidates, choose, probe
from praxtui.program.read import parse
from praxtui.program.ready import Missing, gpu_count, install, readiness, survey
from praxtui.program.spec import Program


def program(loop: str = "", walls: str = "{}", run: str = "python a.py") -> Program:
    head = "metric: {name: m}\nlevers: {edit: [a.py]}"
    return parse(f"---\n{head}\nloop:\n  run: {run}\n  {loop}\nconstraints: {walls}\n---\n")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[str, str], Path]:
    """Makes an environment's folder whose `bin/python` is this interpreter and has one more module."""

    def make(name: str, module: str) -> Path:
        folder = tmp_path / name
        (folder / "bin").mkdir(parents=True)
        (folder / "lib").mkdir()
        (folder / "lib" / f"{module}.py").touch()
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}/lib" exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        return folder

    return make


def test_without_requirements_it_is_this_interpreter_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("no process was needed"))
    assert choose(program(), tmp_path).path == sys.executable
    assert readiness(program(), tmp_path) == ()


def test_auto_takes_the_first_that_has_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: Callable[[str, str], Path]
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(environment("venv", "only_in_venv")))
    monkeypatch.setenv("CONDA_PREFIX", str(environment("conda", "only_in_conda")))
    chosen = {
        name: choose(program(f"requires: [msgspec, {name}]"), tmp_path)
        for name in ("json", "only_in_venv", "only_in_conda")
    }
    assert chosen["json"].path == sys.executable
    assert chosen["only_in_venv"].path == str(tmp_path / "venv/bin/python")
    assert chosen["only_in_conda"].path == str(tmp_path / "conda/bin/python")
    assert "CONDA_PREFIX" in chosen["only_in_conda"].why
    none = choose(program("requires: [only_in_venv, only_in_conda]"), tmp_path)
    assert none.path == sys.executable
    assert "none of 3" in none.why


def test_an_environment_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", os.path.dirname(os.path.dirname(sys.executable)))
    monkeypatch.setenv("CONDA_PREFIX", "/nowhere")
    assert [one.path for one in candidates()] == [sys.executable]


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/opt/x/python", "/opt/x/python"), (".venv/bin/python", "{leaf}/.venv/bin/python"), ("sh", "/bin/sh")],
)
def test_a_path_is_taken_as_given(tmp_path: Path, asked: str, path: str) -> None:
    chosen = choose(program(f"python: {asked}\n  requires: [nothing_has_this]"), tmp_path).path
    assert chosen == path.format(leaf=tmp_path) or os.path.samefile(chosen, path)


def test_a_probe_knows_modules_and_distributions_and_ignores_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in_the_way.py").touch()
    monkeypatch.chdir(tmp_path)
    said = probe(
        sys.executable, ["msgspec", "ruamel.yaml", "pytest-xdist", "nothing_has_this", "no.such.module", "in_the_way"]
    )
    assert said.has == {"msgspec", "ruamel.yaml", "pytest-xdist"}
    assert said.version == tuple(sys.version_info[:3])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "not found"),
        ("#!/bin/sh\nexit 3\n", "not a working Python"),
        ("no program", "cannot be executed"),
        ("#!/bin/sh\necho '[1]'\n", "not a"),
    ],
)
def test_broken_interpreters_are_missing_not_tracebacks(tmp_path: Path, content: str | None, fault: str) -> None:
    path = tmp_path / "python"
    if content is not None:
        path.write_text(content)
        path.chmod(0o755 if content.startswith("#!") else 0o644)
    (missing,) = readiness(program(f"python: {path}"), tmp_path)
    assert str(path) in missing.what
    assert fault in missing.what
    assert "loop.python" in missing.fix


def test_an_interpreter_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o755)
    monkeypatch.setattr(interpreter, "PROBE_S", 0.2)
    assert "did not answer" in readiness(program(f"python: {path}"), tmp_path)[0].what


def test_missing_packages_come_with_a_command_that_installs_them(tmp_path: Path) -> None:
    (missing,) = readiness(program("requires: [msgspec, nothing_has_this, nor_this]"), tmp_path)
    assert missing.what == "packages nothing_has_this, nor_this"
    assert missing.fix.endswith("install nothing_has_this nor_this")


@pytest.mark.parametrize(
    ("name", "installed", "has", "command"),
    [
        ("torch", True, {"pip"}, "pip install 'praxtui[pretrain]'"),
        ("torch", False, {"pip"}, "pip install torch"),
        ("sklearn", True, {"pip"}, "pip install scikit-learn"),
        ("torch", True, set(), "uv pip install --python"),
    ],
)
def test_install_commands_for_this_interpreter(
    monkeypatch: pytest.MonkeyPatch, name: str, installed: bool, has: set[str], command: str
) -> None:
    monkeypatch.setattr(ready, "_installed", lambda: installed)
    said = install([name], Probe(sys.executable, (3, 11, 0), frozenset(has)))
    assert command in said


def test_another_interpreter_installs_with_its_own_pip() -> None:
    assert (
        install(["torch"], Probe("/opt/my env/python", (3, 12, 0), frozenset({"pip"})))
        == "'/opt/my env/python' -m pip install torch"
    )


def test_a_survey_asks_each_interpreter_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = interpreter.probe
    monkeypatch.setattr(interpreter, "probe", lambda path, names: asked.append(path) or real(path, names))
    leaves = [(program(f"requires: [{name}]"), tmp_path) for name in ("msgspec", "json", "nothing_has_this")]
    assert [len(missing) for missing in survey(leaves)] == [0, 0, 1]
    assert asked == [sys.executable]
    assert Probes(["b", "a"]).names == ("a", "b", "pip")


def test_secrets_must_be_set_and_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_SET", "x")
    monkeypatch.setenv("SECRET_EMPTY", "")
    missing = readiness(program(walls="{secrets: [SECRET_SET, SECRET_EMPTY, SECRET_UNSET]}"), tmp_path)
    assert [one.fix for one in missing] == ["export SECRET_EMPTY=...", "export SECRET_UNSET=..."]


def test_gpus_asked_for_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_devices", lambda: 1)
    assert readiness(program("gpus: 1"), tmp_path) == ()
    assert readiness(program("gpus: 2"), tmp_path)[0].what == "2 GPUs (1 is visible)"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpu_count() == 0
    assert readiness(program("gpus: 1"), tmp_path)[0].what == "1 GPU (no GPU is visible)"
    assert readiness(program("gpus: auto"), tmp_path) == ()


def test_the_programs_of_commands_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "plain.sh").touch()
    asked = program(
        "setup: ./plain.sh\n  check: cd x && ls\n  evaluate: A=1 no_such_program x", run="no_such_program --fast"
    )
    assert readiness(asked, tmp_path) == (
        Missing("loop.setup: ./plain.sh is not executable", f"chmod +x {tmp_path}/plain.sh"),
        Missing(
            "loop.run: no_such_program is not on PATH", "install no_such_program, or change loop.run in program.md"
        ),
    )


def test_features_of_later_versions_keep_a_leaf_from_being_ready(tmp_path: Path) -> None:
    (missing,) = readiness(program("place: modal"), tmp_path)
    assert missing == Missing(
        "loop.place: not available yet: place modal: runs execute on this machine", "set loop.place: local"
    )
