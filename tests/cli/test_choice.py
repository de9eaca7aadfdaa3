"""Who proposes in a campaign: what is chosen, and what is refused before anything is created."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.research.llm.providers import PROVIDERS
from tests.cli.place import Inside, Place

KEY = "sk-planted-3f9a"
LLM = ("run", "leaf", "--model", "openai/gpt-4o")
NO_SANDBOX = "the researcher llm needs a sandbox for its runs, and there is none"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Place]:
    """A place without any key; PRAXTUI_SANDBOX=none, so that what would start is refused at the last."""
    made = Inside(tmp_path / "place")
    for name in {name for about in PROVIDERS.values() for name in about.variables}:
        made.env.pop(name, None)
    (made.home / "config").mkdir(parents=True)
    yield made
    campaigns = made.home / "campaigns"
    assert not campaigns.exists() or not list(campaigns.iterdir())
    for path in made.home.rglob("*"):
        assert path.is_dir() or path.name == "keys" or KEY.encode() not in path.read_bytes()


def settings(at: Place, text: str) -> None:
    (at.home / "config" / "settings.toml").write_text(text)


def test_a_model_alone_means_the_model_researcher(at: Place) -> None:
    assert NO_SANDBOX in at.refused(*LLM, code=3, OPENAI_API_KEY=KEY)
    said = at.refused("run", "leaf", "--researcher", "llm", "--model", "gpt-4o", code=3, OPENAI_API_KEY=KEY)
    assert NO_SANDBOX in said
    assert "--allow-unsandboxed" in said


def test_the_model_researcher_without_a_model_says_what_would_do(at: Place) -> None:
    said = at.refused("run", "leaf", "--researcher", "llm")
    assert "--researcher llm needs a model" in said
    assert "no key is there: export ANTHROPIC_API_KEY=..." in said
    said = at.refused("run", "leaf", "--researcher", "llm", OPENAI_API_KEY=KEY)
    assert "for example --model openai/gpt-" in said
    assert KEY not in said


def test_a_missing_key_is_named_with_the_ways_to_set_it(at: Place) -> None:
    said = at.refused(*LLM, code=3)
    assert "no key for openai/gpt-4o: set OPENAI_API_KEY" in said
    for way in ("export OPENAI_API_KEY=...", str(at.home / "config" / "keys"), "keyring set praxtui OPENAI_API_KEY"):
        assert way in said
    both = at.refused(*LLM, "--model", "claude-sonnet-4-5", code=3, OPENAI_API_KEY=KEY)
    assert "no key for anthropic/claude-sonnet-4-5: set ANTHROPIC_API_KEY" in both
    assert "OPENAI" not in both


def test_a_key_in_the_private_file_will_do(at: Place) -> None:
    file = at.home / "config" / "keys"
    file.write_text(f"OPENAI_API_KEY={KEY}\n")
    file.chmod(0o644)
    said = at.refused(*LLM, code=3)
    assert "can be read by others (mode 0644)" in said
    assert f"chmod 600 {file}" in said
    file.chmod(0o600)
    assert NO_SANDBOX in at.refused(*LLM, code=3)


def test_a_model_goes_with_the_model_researcher_only(at: Place) -> None:
    assert "--model is for the researcher llm, not for sweep" in at.refused(*LLM, "--researcher", "sweep")
    assert "did you mean: anthropic" in at.refused("run", "leaf", "--model", "antropic/claude")


def test_litellm_that_is_missing_or_bad_is_said(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    true = importlib.metadata.version

    def version(name: str) -> str:
        if name == "litellm":
            raise importlib.metadata.PackageNotFoundError(name)
        return true(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "pip install 'litellm" in at.refused(*LLM, code=3, OPENAI_API_KEY=KEY)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.82.8" if name == "litellm" else true(name))
    assert "litellm 1.82.8 is not used" in at.refused(*LLM, code=3, OPENAI_API_KEY=KEY)


# --- money -----------------------------------------------------------------------------------------------------------


UNKNOWN = ("run", "leaf", "--model", "openai/no-such-model")


def test_an_unknown_price_is_refused_under_a_limit_of_dollars(at: Place) -> None:
    said = at.refused(*UNKNOWN, OPENAI_API_KEY=KEY)
    assert "nobody knows the price of openai/no-such-model, and 10 USD are the limit" in said
    for way in ("price_input", "--tokens", "--usd none", str(at.home / "config" / "settings.toml")):
        assert way in said
    assert "3 USD" in at.refused(*UNKNOWN, "--usd", "3", OPENAI_API_KEY=KEY)
    assert "no-such-model" in at.refused(*LLM, "--model", "openai/no-such-model", OPENAI_API_KEY=KEY)


@pytest.mark.parametrize("words", [["--usd", "none"], ["--tokens", "1000"], ["--usd", "3", "--tokens", "1000"]])
def test_another_limit_will_do(at: Place, words: list[str]) -> None:
    assert NO_SANDBOX in at.refused(*UNKNOWN, *words, code=3, OPENAI_API_KEY=KEY)


def test_a_price_in_the_settings_will_do(at: Place) -> None:
    settings(at, '[model."openai/no-such-model"]\nprice_input = 1\nprice_output = 2\n')
    assert NO_SANDBOX in at.refused(*UNKNOWN, code=3, OPENAI_API_KEY=KEY)


def test_a_server_on_this_machine_needs_no_key(at: Place) -> None:
    assert NO_SANDBOX in at.refused("run", "leaf", "--model", "ollama_chat/qwen3", code=3)
    settings(at, '[model."openai/mine"]\napi_base = "http://127.0.0.1:1/v1"\n')
    # It may be a proxy to a service that is paid for.
    assert "nobody knows the price of openai/mine" in at.refused("run", "leaf", "--model", "openai/mine")
    assert NO_SANDBOX in at.refused("run", "leaf", "--model", "openai/mine", "--usd", "none", code=3)


# --- nothing chosen --------------------------------------------------------------------------------------------------


def test_the_models_of_the_settings_are_used_where_their_keys_are(at: Place) -> None:
    settings(at, 'models = ["anthropic/claude-sonnet-4-5", "openai/gpt-4o"]\n')
    assert NO_SANDBOX in at.refused("run", "leaf", code=3, OPENAI_API_KEY=KEY)
    said = at.refused("run", "leaf", "--researcher", "llm", code=3, OPENAI_API_KEY=KEY)
    assert "no key for anthropic/claude-sonnet-4-5" in said


def test_faults_of_the_settings_are_said_before_anything_else(at: Place) -> None:
    settings(at, "modles = []\n")
    said = at.refused("run", "leaf")
    assert "settings.toml:1: modles is unknown; did you mean: models" in said


@pytest.mark.parametrize(
    ("text", "environment", "words"),
    [
        ("", {}, "researcher: sweep, without a model (no key; praxtui models says how)"),
        ("", {"OPENAI_API_KEY": KEY}, "researcher: sweep, without a model (--model openai/gpt-"),
        (
            'models = ["openai/gpt-4o"]',
            {},
            "researcher: sweep, without a model (no key for openai/gpt-4o: set OPENAI_API_KEY)",
        ),
    ],
)
def test_nothing_chosen_is_the_sweep_and_says_so_in_a_line(
    place: Place, text: str, environment: dict[str, str], words: str
) -> None:
    for name in {name for about in PROVIDERS.values() for name in about.variables}:
        place.env.pop(name, None)
    (place.home / "config").mkdir(parents=True)
    settings(place, text)
    done = place.praxtui("run", "leaf", "--name", "c", "--experiments", "0", **environment)
    assert done.stderr.startswith(words)
    assert len(done.stderr.splitlines()) == 1
    assert place.state().researcher == "sweep"


def test_the_sweep_that_was_asked_for_says_nothing(place: Place) -> None:
    done = place.praxtui("run", "leaf", "--researcher", "sweep", "--experiments", "0")
    assert done.stderr == ""
