"""What the bundled map says, read without LiteLLM, is what LiteLLM itself would say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from praxtui.research.llm import catalog, providers
from praxtui.settings import ModelSettings, Prices

pytestmark = pytest.mark.skipif(catalog.installed() is None, reason="litellm is not installed")

WELL_KNOWN = (
    "openai/gpt-5", "openai/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro", "deepseek/deepseek-chat",
    "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", "vertex_ai/claude-sonnet-4-5", "openai/no-such-model",
    "cohere_chat/command-r", "hosted_vllm/mine", "openai/claude-sonnet-4-5",
)  # fmt: skip


def test_prices_are_those_that_a_call_will_be_booked_at() -> None:
    from praxtui.research.llm import prices

    suggested = [model.name for name in providers.PROVIDERS for model in catalog.current(name, 3)]
    for model in [*WELL_KNOWN, *suggested]:
        booked = prices.known(model, None, catalog.listed(model), None)
        assert catalog.about(model).prices == booked, model


def test_what_a_person_says_goes_before_the_map() -> None:
    said = ModelSettings(prices=Prices(input=1, output=2), window=7, tools="json")
    known = catalog.about("openai/gpt-4o", said)
    assert (known.prices, known.window, known.tools) == (said.prices, 7, False)
    assert catalog.about("openai/gpt-4o").tools is True
    assert catalog.about("openai/no-such-model") == catalog.Model(name="openai/no-such-model")


def test_a_server_of_ones_own_costs_nothing() -> None:
    free = Prices(input=0.0, output=0.0)
    assert catalog.about("ollama_chat/x").prices == free
    assert catalog.about("llamafile/x", None, "http://127.0.0.1:1/v1").prices == free
    # It may be a proxy, or a tunnel, to a service that is paid for.
    assert catalog.about("openai/x", None, "http://127.0.0.1:1/v1").prices is None


def test_a_few_of_a_provider_are_for_conversations_with_tools() -> None:
    for name in ("openai", "anthropic", "gemini", "bedrock"):
        few = catalog.current(name, 4)
        assert len(few) == 4
        for model in few:
            assert model.name.startswith(f"{name}/")
            assert model.tools
            assert model.window
            assert model.prices is not None


def test_reading_it_imports_no_litellm() -> None:
    script = (
        "import sys; from praxtui.research.llm import catalog; "
        "assert catalog.about('openai/gpt-4o').prices; assert catalog.providers(); assert 'litellm' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
