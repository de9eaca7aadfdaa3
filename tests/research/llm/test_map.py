"""The map as it is read from its file, compared with what LiteLLM itself makes of it."""

from __future__ import annotations

import importlib

import pytest

from praxtui.research.llm import catalog, providers

pytestmark = pytest.mark.skipif(catalog.installed() is None, reason="litellm is not installed")

WELL_KNOWN = (
    "openai/gpt-5", "openai/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro", "deepseek/deepseek-chat",
    "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", "openai/no-such-model", "cohere_chat/command-r",
    "hosted_vllm/mine", "openai/claude-sonnet-4-5",
)  # fmt: skip


def test_prices_are_those_of_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("LITELLM_OFFLINE_MODE", "true")
    litellm = importlib.import_module("litellm")
    # Of Ollama's, LiteLLM asks a server.
    remote = [name for name in providers.PROVIDERS if not name.startswith("ollama")]
    suggested = [model.name for name in remote for model in catalog.current(name, 3)]
    for model in [*WELL_KNOWN, *suggested]:
        try:
            entry = litellm.model_cost[litellm.get_model_info(model)["key"]]
        except Exception:  # it raises a bare Exception for what is not in its map
            entry = None
        found = catalog.listed(model)
        for name in ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost"):
            assert (found or {}).get(name) == (entry or {}).get(name), (model, name)
