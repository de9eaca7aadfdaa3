"""What calls cost, and what nobody knows."""

from __future__ import annotations

import pytest

from praxtui.research.llm import prices
from praxtui.research.llm.counted import Counted
from praxtui.research.llm.turns import Message, Part, Tool, ToolCall
from praxtui.settings import Prices

LISTED = {
    "input_cost_per_token": 3e-6,
    "output_cost_per_token": 15e-6,
    "cache_read_input_token_cost": 0.3e-6,
    "cache_creation_input_token_cost": 3.75e-6,
    "input_cost_per_token_above_200k_tokens": 6e-6,
    "output_cost_per_token_above_200k_tokens": 22.5e-6,
    "input_cost_per_token_batches": 99.0,
    "output_cost_per_token_above_200k_tokens_priority": 99.0,
}


def test_each_kind_of_token_has_its_price() -> None:
    known = prices.from_map(LISTED)
    assert known == Prices(input=3, output=15, cached=pytest.approx(0.3), written=3.75)  # type: ignore[arg-type]
    counted = Counted(prompt=10_000, cached=6_000, written=1_000, output=500)
    assert prices.usd(known, counted) == pytest.approx((3_000 * 3 + 6_000 * 0.3 + 1_000 * 3.75 + 500 * 15) / 1e6)


def test_long_prompts_cost_what_long_prompts_cost() -> None:
    at, above = prices.from_map(LISTED, 200_000), prices.from_map(LISTED, 200_001)
    assert at is not None and above is not None
    assert (at.input, at.output) == (3, 15)
    assert (above.input, above.output, above.cached) == (6, 22.5, pytest.approx(0.3))


def test_cached_tokens_without_a_price_of_their_own_cost_as_much_as_others() -> None:
    assert prices.usd(Prices(input=10, output=20), Counted(prompt=1_000_000, cached=900_000)) == pytest.approx(10)


def test_more_cached_than_read_is_no_negative_price() -> None:
    assert prices.usd(Prices(input=10, output=20, cached=1), Counted(prompt=10, cached=500, written=500)) == 1e-5


@pytest.mark.parametrize(
    "entry", [None, {}, {"input_cost_per_token": 1e-6}, {"input_cost_per_token": 0, "output_cost_per_token": 0.0}]
)
def test_a_price_that_is_not_listed_is_unknown_and_not_nothing(entry: dict[str, float] | None) -> None:
    assert prices.from_map(entry) is None
    assert prices.usd(None, Counted(prompt=10)) is None
    assert prices.estimate(None, 1000, 500) == prices.Estimate(1500, None)


def test_a_model_that_is_listed_as_free_is() -> None:
    entry = {"input_cost_per_token": 0, "output_cost_per_token": 0}
    assert prices.known("openrouter/x/y:free", None, entry, None) == Prices(input=0, output=0)


def test_what_the_person_says_comes_first() -> None:
    said = Prices(input=1, output=2)
    assert prices.known("ollama/llama3", said, LISTED, None) == said


@pytest.mark.parametrize(
    ("model", "base", "own"),
    [
        ("ollama/llama3", None, True),
        ("ollama_chat/llama3", "http://localhost:11434", True),
        ("ollama/llama3", "http://gpu-box:11434", True),
        ("ollama/llama3", "http://192.168.1.7:11434", True),
        ("ollama/gpt-oss", "https://ollama.com", False),
        ("lm_studio/qwen", None, True),
        ("hosted_vllm/qwen", "https://vllm.example.com/v1", False),
        ("llamafile/local", "http://[::1]:8080/v1", True),
        ("openai/local", "http://127.0.0.1:8080/v1", False),
        ("openai/local", "http://192.168.1.7:8080/v1", False),
        ("openai/gpt-4o", None, False),
        ("openai/gpt-4o", "https://api.openai.com/v1", False),
        ("anthropic/claude-sonnet-4-5", "http://127.0.0.1:8080", False),
        ("gpt-4o", None, False),
        ("openai/x", "http://127.0.0.1.example.com/v1", False),
    ],
)
def test_only_a_server_of_ones_own_costs_nothing(model: str, base: str | None, own: bool) -> None:
    assert prices.own_server(model, base) is own
    assert (prices.known(model, None, None, base) == Prices(input=0, output=0)) is own


def test_an_estimate_counts_everything_that_is_sent() -> None:
    text = "The loss is unsteady at the end. " * 50
    bare = prices.prompt_tokens([Message(role="user", parts=(Part("hi"),))])
    call = ToolCall("c", "read", '{"path": "' + text + '"}')
    for more in (
        prices.prompt_tokens([Message(role="user", parts=(Part("hi"), Part(text)))]),
        prices.prompt_tokens([Message(role="assistant", parts=(Part("hi"),), calls=(call,))]),
        prices.prompt_tokens([Message(role="assistant", parts=(Part("hi"),), opaque=({"thinking": text},))]),
        prices.prompt_tokens([Message(role="user", parts=(Part("hi"),))], [Tool("t", text, {})]),
        prices.prompt_tokens([Message(role="user", parts=(Part("hi"),))], (), {"description": text}),
    ):
        assert more > bare + 300


def test_an_estimate_takes_the_dear_case() -> None:
    known = Prices(input=3, output=15, cached=0.3, written=3.75)
    plain, flagged = prices.estimate(known, 1000, 100), prices.estimate(known, 1000, 100, flagged=True)
    assert plain == prices.Estimate(1100, pytest.approx((3000 + 1500) / 1e6))  # type: ignore[arg-type]
    assert flagged == prices.Estimate(1100, pytest.approx((3750 + 1500) / 1e6))  # type: ignore[arg-type]
