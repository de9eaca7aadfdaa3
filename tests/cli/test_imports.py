"""Verbs that a person types all the time import nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from praxtui.cli.verbs import VERBS
from praxtui.journal.facts import Budgets, CampaignCreated, DraftBegun
from praxtui.journal.store import Journal

HEAVY = {"textual", "litellm", "openai", "mcp", "torch", "optuna", "libcst", "numpy", "pygit2", "ruamel"}
LIGHT = {
    "--version": [],
    "list": ["--json"],
    "status": ["c1", "--json"],
    "ledger": ["c1", "--json"],
    "show": ["c1", "e1"],
    "hint": ["c1", "try a larger one"],
    "pause": ["c1"],
    "help": ["loop"],
    "models": [],
}
SCRIPT = """
import sys
from praxtui.cli.main import main
code = main(sys.argv[1:])
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the campaign c1, just created and with no engine."""
    folder = tmp_path / "campaigns" / "c1"
    folder.mkdir(parents=True)
    with Journal.create(folder) as journal:
        created = CampaignCreated("c1", "/leaf", "leaf", "sweep", 0, "0" * 64, Budgets(experiments=5), "0.1.0")
        journal.append([created, DraftBegun("e1", 0, "e0", "0" * 40, "sweep")])
    return tmp_path


def answer(home: Path, *words: str) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    environment = {**os.environ, "PRAXTUI_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, env=environment, timeout=120
    )
    loaded = [line for line in done.stderr.splitlines() if line.startswith("loaded: ")]
    assert loaded, done.stderr
    return set(loaded[-1].split()[1:]), done


@pytest.mark.parametrize("verb", [verb for verb in LIGHT if verb[0] == "-" or find_spec(VERBS[verb][0])])
def test_a_light_verb_imports_nothing_heavy(verb: str, home: Path) -> None:
    loaded, done = answer(home, verb, *LIGHT[verb])
    assert done.returncode == 0, done.stderr
    assert not loaded & HEAVY


def test_the_version_needs_the_standard_library_only(home: Path) -> None:
    loaded, _ = answer(home, "--version")
    assert not {name for name in loaded if name not in sys.stdlib_module_names and not _starts(name)}
    assert not loaded & {"argparse", "msgspec", "sqlite3", "asyncio", "subprocess"}


def test_listing_models_with_keys_at_hand_loads_no_litellm(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_PROFILE"):
        monkeypatch.setenv(name, "sk-x")
    for words in (["models"], ["models", "--json"], ["doctor", "--json"], ["run", "leaf", "--model", "gpt-4o"]):
        loaded, done = answer(home, *words)
        assert done.returncode in (0, 2, 3), done.stderr
        assert not loaded & {"litellm", "openai", "mcp", "torch", "textual", "optuna"}


def _starts(name: str) -> bool:
    """Whether the interpreter loads `name` by itself: `__main__`, praxtui, and what .pth files bring."""
    return name.startswith("_") or name in ("praxtui", "sitecustomize", "usercustomize", "distutils-precedence")


@pytest.mark.parametrize("words", [["leaves", "--json"], ["doctor", "--json"]])
def test_looking_around_loads_no_package_that_only_runs_need(words: list[str], home: Path) -> None:
    loaded, done = answer(home, *words)
    assert done.returncode in (0, 3), done.stderr
    assert not loaded & (HEAVY - {"ruamel"})
