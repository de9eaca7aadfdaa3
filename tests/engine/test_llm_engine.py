"""The model researcher in an engine of its own process: one key in the environment, kills, and a long campaign."""

from __future__ import annotations

import importlib.util
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from praxtui import settings
from praxtui.journal.facts import CampaignEnded, Noticed
from tests.making import PATIENCE, create, facts, ledger, run, start
from tests.scripted import Asked, Hold, Play, Said
from tests.scripted import ideas as think
from tests.scripted.campaigns import KEY, NAMES, campaign
from tests.scripted.faults import MODEL_FAULTS, WIRE_FAULTS
from tests.scripted.plays import RandomFaults
from tests.scripted.researcher import GoodResearcher
from tests.scripted.server import Server

pytestmark = pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs litellm")


def served(server: Server, leaf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A campaign of a person with one key in the environment, and a server named in the settings."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings.file().parent.mkdir(parents=True, exist_ok=True)
    settings.file().write_text(f"[model.\"{NAMES['openai']}\"]\napi_base = '{server.openai_base}'\ntools = 'native'\n")
    return create(leaf, researcher="llm", models=(NAMES["openai"],), experiments=3, unsandboxed=True)


def test_one_key_in_the_environment_is_enough_and_is_written_nowhere(
    exact: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(GoodResearcher(think.numeric(seed=2)), keys=[KEY]) as server:
        folder = served(server, exact, monkeypatch)
        state = run(folder)
    rows = ledger(folder)
    assert [rows[name]["by"] for name in ("e1", "e2", "e3")] == ["llm"] * 3 and state.ended
    assert all(rows[name]["reflection"] for name in ("e1", "e2", "e3"))
    files = [path for path in home.rglob("*") if path.is_file()]
    assert folder / "engine.log" in files and not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.slow
def test_an_engine_that_is_killed_in_a_call_drafts_the_same_experiment_again(
    exact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold(2)
    good = GoodResearcher(think.numeric(seed=2))

    def play(asked: Asked) -> Said:
        said = good(asked)
        return replace(said, holds=(hold,)) if asked.n == 3 else said

    with Server(play, keys=[KEY]) as server:
        folder = served(server, exact, monkeypatch)
        pid = start(folder)
        assert hold.reached.wait(PATIENCE)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert server.requests[2].ended.wait(PATIENCE) and server.requests[2].hung_up
        assert ledger(folder)["e1"]["verdict"] is None
        state = run(folder)
        assert state.ended
    rows = ledger(folder)
    assert [row["id"] for row in rows.values()] == ["e0", "e1", "e2", "e3"]
    assert all(row["verdict"] in ("keep", "discard") for row in rows.values())
    assert [rows[name]["hypothesis"] for name in ("e1", "e2", "e3")] == good.begun


@pytest.mark.slow
def test_three_hundred_experiments_with_faults_at_random(exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.making.PATIENCE", 3600.0)
    weights = {**dict.fromkeys(WIRE_FAULTS, 1.0), **dict.fromkeys(MODEL_FAULTS, 1.0)}
    weights |= {"silent": 0.1, "no_first_byte": 0.1, "policy": 0.3, "refused": 0.3}
    plays: list[RandomFaults] = []

    def spoil(good: Play) -> Play:
        plays.append(RandomFaults(good, 0.1, weights, seed=7))
        return plays[0]

    played = campaign(exact, think.numeric(seed=7), experiments=300, spoil=spoil, served={"keep": 50})
    assert facts(played.folder, CampaignEnded)[-1].state == "finished"
    assert "engine failed" not in str(facts(played.folder, Noticed))
    rows = [row for name, row in played.ledger.items() if name != "e0"]
    judged = [row["verdict"] for row in rows]
    assert len(judged) == 300 and judged.count("crash") == 0
    assert judged.count("keep") + judged.count("discard") > 250
    assert len({name for _, name in plays[0].thrown}) >= len(weights) - 4  # some are rare
