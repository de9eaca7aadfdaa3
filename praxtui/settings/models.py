"""What settings.toml says of language models and of the researcher that uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from praxtui import paths
from praxtui.settings.values import Kind, Reading, number, one_of, seconds, table, whole


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens. `cached` and `written` (put into the provider's cache) are `input` where not given."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: for a whole call, until the first sign of an answer, and from one to the next.

    `first` not given is 120, or 300 for models that think, since many of those say nothing while they do.
    """

    total: float = 600.0
    first: float | None = None
    between: float = 60.0


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about one model; None is what LiteLLM's bundled map knows.

    `window`: tokens that it reads and writes together; `max_output`: tokens of one reply at most. `tools`: whether it
    is given tools as such (`native`) or asked for JSON. `api_base`: the address of its server, which reaches a call
    with its credentials. `extra` goes into each call as it is, by LiteLLM's names.
    """

    prices: Prices | None = None
    window: int | None = None
    max_output: int | None = None
    tools: Literal["auto", "native", "json"] = "auto"
    api_base: str | None = None
    extra: dict[str, Any] = {}
    limits: Limits = Limits()


class ResearcherSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the llm researcher works: most steps of one draft, tokens of one brief; None is its own choice."""

    steps: int | None = None
    brief_tokens: int | None = None


def _address(value: Any) -> str | None:
    fine = isinstance(value, str) and re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value)
    return None if fine else "an address such as http://127.0.0.1:8080/v1, without a password"


def names(value: Any) -> str | None:
    fine = isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)
    return None if fine else "a list of models, such as [\"anthropic/claude-sonnet-4-5\"]"  # fmt: skip


RESEARCHER: dict[str, Kind] = {"steps": whole, "brief_tokens": whole}
MODEL: dict[str, Kind] = {
    "price_input": number,
    "price_cached": number,
    "price_written": number,
    "price_output": number,
    "context": whole,
    "max_output": whole,
    "tools": one_of(("auto", "native", "json")),
    "api_base": _address,
    "total_s": seconds,
    "first_s": seconds,
    "between_s": seconds,
    "extra": table,
}
# What a call is given anyway, and what a file that anybody may read must not hold.
TAKEN = frozenset(
    {"model", "messages", "tools", "tool_choice", "response_format", "max_tokens", "max_completion_tokens", "stream"}
    | {"stream_options", "timeout", "stream_timeout", "max_retries", "num_retries", "drop_params", "api_base"}
    | {"parallel_tool_calls", "n", "base_url", "fallbacks"}
)
_SECRET = re.compile(r"key|token(?!s)|secret|password|credential|authorization", re.IGNORECASE)


def models_of(reading: Reading, found: Mapping[str, Any]) -> dict[str, ModelSettings]:
    """The tables `[model."name"]`, checked."""
    models = {}
    for name, said in found.items():
        if table(said) is not None:
            reading.say(("model", name), f'is not a table; write [model."{name}"]')
            continue
        models[name] = _model(reading, ("model", name), said)
    return models


def _model(reading: Reading, at: tuple[str, ...], found: Mapping[str, Any]) -> ModelSettings:
    said = reading.checked(at, found, MODEL)
    prices = {
        name: said[f"price_{name}"] for name in ("input", "output", "cached", "written") if f"price_{name}" in said
    }
    lacking = [f"price_{name}" for name in ("input", "output") if name not in prices]
    if prices and lacking:
        reading.say(at, f"{lacking[0]} is missing: a price is known whole or not at all")
        prices = {}
    limits = {name: said[f"{name}_s"] for name in ("total", "first", "between") if f"{name}_s" in said}
    extra = said.get("extra", {})
    for name in extra:
        if name in TAKEN:
            reading.say((*at, "extra", name), "is set for each call by praxtui itself")
        elif _SECRET.search(name):
            fix = f"keys belong in the environment or in {paths.config_dir() / 'keys'}"
            reading.say((*at, "extra", name), f"sounds like a secret, and {fix}")
    return ModelSettings(
        prices=Prices(**prices) if prices else None,
        window=said.get("context"),
        max_output=said.get("max_output"),
        tools=said.get("tools", "auto"),
        api_base=said.get("api_base"),
        extra=dict(extra),
        limits=Limits(**limits),
    )
