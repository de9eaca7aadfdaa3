"""`praxtui doctor`: what it finds, what it never shows, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from praxtui.cli import abilities, machine
from praxtui.cli.main import main
from praxtui.runs import landlock, sandbox

PROGRAM = """---
metric: {name: score}
levers: {edit: [train.py]}
loop: {run: python train.py}
---
# Task
Raise the score.
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    for name in machine.KEYS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the trials of sandboxes, which have tests of their own."""
    monkeypatch.setattr(machine, "abilities", lambda: ())


def checks(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, list[dict]]:
    """The checks of `doctor --json` by name."""
    assert main(["doctor", *words, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is (code == 0)
    found: dict[str, list[dict]] = {}
    for check in document["checks"]:
        assert set(check) == {"name", "state", "found", "fix"}
        assert check["state"] in ("ok", "note", "missing")
        assert check["fix"] or check["state"] != "missing"
        found.setdefault(check["name"], []).append(check)
    return found


def leaf(base: Path, program: str = PROGRAM) -> str:
    folder = base / "leaf"
    folder.mkdir()
    (folder / "program.md").write_text(program)
    (folder / "train.py").write_text("LR = 0.1\n")
    return str(folder)


def test_this_machine(capsys, home: Path) -> None:
    found = checks(capsys)
    assert {"Python", "packages", "git", "home", "disk", "GPU", "sandbox: Landlock", "extras", "keys"} <= set(found)
    assert sys.executable in found["Python"][0]["found"]
    assert str(home) in found["home"][0]["found"]
    assert list(home.iterdir()) == []
    assert main(["doctor"]) == 0
    assert "all that is required is there" in capsys.readouterr().out


def test_keys_are_shown_by_name_and_never_by_value(capsys, monkeypatch, no_trials: None) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-aaa")
    monkeypatch.setenv("MODAL_TOKEN_ID", "secret-bbb")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert main(["doctor"]) == 0
    assert main(["doctor", "--json"]) == 0
    said = capsys.readouterr()
    assert "ANTHROPIC_API_KEY, MODAL_TOKEN_ID" in said.out
    assert "OPENAI_API_KEY" not in said.out
    assert "secret" not in said.out + said.err


def test_a_home_that_cannot_be_written_is_missing(tmp_path: Path, capsys, monkeypatch, no_trials: None) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "file" / "home"))
    found = checks(capsys, code=3)
    assert found["home"][0]["state"] == "missing"
    assert "PRAXTUI_HOME" in found["home"][0]["fix"]
    assert main(["doctor"]) == 3
    out = capsys.readouterr().out
    assert "MISSING" in out
    assert out.endswith("\n1 missing\n")


@pytest.mark.parametrize(("free", "state"), [(10**11, "ok"), (10**9, "note"), (10**8, "missing"), (0, "missing")])
def test_disk_space(free: int, state: str, capsys, monkeypatch, no_trials: None) -> None:
    usage = namedtuple("usage", "total used free")(10**12, 0, free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda place: usage)
    found = checks(capsys, code=3 if state == "missing" else 0)
    assert found["disk"][0]["state"] == state


def test_a_network_file_system_is_noted(capsys, monkeypatch, no_trials: None) -> None:
    monkeypatch.setattr("praxtui.journal.opening.file_system", lambda folder: "nfs4")
    (check,) = checks(capsys)["file system"]
    assert check["state"] == "note"
    assert "nfs4" in check["found"]
    assert "local disk" in check["fix"]


def test_a_missing_base_package_is_missing(capsys, monkeypatch, no_trials: None) -> None:
    monkeypatch.setattr(machine, "BASE", ("msgspec", "no-such-package"))
    (check,) = checks(capsys, code=3)["packages"]
    assert check["found"] == "not installed: no-such-package"
    assert check["fix"].endswith("pip install no-such-package")


def test_the_base_packages_are_those_that_the_project_declares() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]]
    assert sorted(machine.BASE) == sorted(names)
    assert set(machine.EXTRAS) == set(project["optional-dependencies"]) - {"all", "dev", "llm"}


def tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_gpus_are_listed(tmp_path: Path, capsys, monkeypatch, no_trials: None) -> None:
    tool(tmp_path / "bin", "nvidia-smi", "echo 'NVIDIA H100, 81559 MiB, 550.54'\necho 'NVIDIA H100, 81559 MiB, 550.54'")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    (check,) = checks(capsys)["GPU"]
    assert check["state"] == "ok"
    assert check["found"].count("H100") == 2
    assert "CUDA_VISIBLE_DEVICES=1" in check["found"]


def test_a_broken_driver_is_noted(tmp_path: Path, capsys, monkeypatch, no_trials: None) -> None:
    tool(tmp_path / "bin", "nvidia-smi", "echo 'NVIDIA-SMI has failed' \nexit 9")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    (check,) = checks(capsys)["GPU"]
    assert check["state"] == "note"
    assert "NVIDIA-SMI has failed" in check["found"]
    assert check["fix"]


def test_without_git_a_campaign_still_runs(tmp_path: Path, capsys, monkeypatch, no_trials: None) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (check,) = checks(capsys)["git"]
    assert check["state"] == "note"
    assert check["fix"] == "install git"


def test_a_ready_leaf(tmp_path: Path, capsys, no_trials: None) -> None:
    found = checks(capsys, leaf(tmp_path))["leaf leaf"]
    assert not [check for check in found if check["state"] == "missing"]
    assert any("metric reported by the lever" in check["found"] for check in found)


def test_a_leaf_that_misses_something_exits_3(tmp_path: Path, capsys, no_trials: None) -> None:
    path = leaf(tmp_path, PROGRAM.replace("loop: {", "loop: {requires: [no_such_package_x], "))
    lacks = [check for check in checks(capsys, path, code=3)["leaf leaf"] if check["state"] == "missing"]
    assert len(lacks) == 1
    assert "no_such_package_x" in lacks[0]["found"]
    assert "install" in lacks[0]["fix"]


def test_a_leaf_with_an_invalid_program_is_a_usage_error(tmp_path: Path, capsys) -> None:
    assert main(["doctor", leaf(tmp_path, PROGRAM.replace("score", "5 5").replace("edit", "edti")), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "edti" in said.err


def test_an_unknown_leaf_is_a_usage_error(capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "ngrma"]) == 2
    assert "did you mean: ngram" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are means of Linux")
def test_the_abilities_are_tried_and_told() -> None:
    found = abilities.abilities()
    assert [ability.name for ability in found] == ["Landlock", "user namespaces"]
    assert all(ability.found for ability in found)
    assert found[0].works == (landlock.abi() >= 1)


def test_the_sandbox_is_tried_and_told(capsys, monkeypatch) -> None:
    (check,) = checks(capsys)["sandbox"]
    assert (check["state"], check["found"]) == ("note", "none (PRAXTUI_SANDBOX=none switches it off)")
    assert check["fix"] == "unset PRAXTUI_SANDBOX"
    with monkeypatch.context() as patch:
        full = sandbox.Sandbox("full", {"network": "none", "gpu": "visible"})
        patch.setattr(machine.sandbox, "check", lambda: full)
        (check,) = checks(capsys)["sandbox"]
    assert (check["state"], check["found"]) == ("ok", "full (no network, home hidden, GPU visible)")
    monkeypatch.setenv("PRAXTUI_SANDBOX", "perhaps")
    (check,) = checks(capsys, code=3)["sandbox"]
    assert check["state"] == "missing"
    assert "auto, full, partial or none" in check["fix"]


def test_what_a_partial_sandbox_does_not_stop_is_told(capsys, monkeypatch) -> None:
    told = {name: f"not all of {name}" for name in sandbox.PROPERTIES}
    partial = sandbox.Sandbox("partial", {**told, "network": "none; but", "why": "no bwrap"}, "no bwrap", "install it")
    monkeypatch.setattr(machine.sandbox, "check", lambda: partial)
    found = checks(capsys)
    (check,) = found["sandbox"]
    assert (check["state"], check["fix"]) == ("note", "install it")
    assert check["found"].endswith("no GPU; not full: no bwrap)")
    assert [one["found"] for one in found["sandbox: network"]] == ["none; but"]
    assert {f"sandbox: {name}" for name in sandbox.PROPERTIES} <= set(found)


def test_models_keys_and_keyring_are_looked_at(home: Path, capsys, monkeypatch, no_trials: None) -> None:
    from praxtui.research.llm.providers import PROVIDERS

    for name in {name for about in PROVIDERS.values() for name in about.variables}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    (none,) = checks(capsys)["models"]
    assert none["state"] == "note"
    assert "the researcher sweep needs none" in none["found"]
    monkeypatch.setenv("OPENAI_API_KEY", "secret-ccc")
    found = checks(capsys)
    assert found["models"][0]["state"] == "ok"
    assert re.fullmatch(r"litellm 1\.\d+\.\d+; OPENAI_API_KEY \(environment\)", found["models"][0]["found"])
    assert found["keyring"][0]["state"] in ("ok", "note")
    file = home / "config" / "keys"
    file.parent.mkdir(parents=True)
    file.write_text("XAI_API_KEY=secret-ddd\n")
    file.chmod(0o644)
    (open_to_all,) = checks(capsys)["models"]
    assert (open_to_all["state"], open_to_all["fix"]) == ("note", f"chmod 600 {file}")
