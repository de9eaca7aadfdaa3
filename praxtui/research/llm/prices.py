"""What a call costs in USD, and what it may cost before it is made. What nobody knows is None, never 0."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from praxtui.research.llm.brief import tokens
from praxtui.research.llm.counted import Counted
from praxtui.research.llm.turns import Message, Tool
from praxtui.settings import Prices

MILLION = 1_000_000
FREE = Prices(input=0.0, output=0.0)
# What a provider puts around each message and each tool, in tokens, and around it all.
AROUND = 8
# Servers that a person runs, by LiteLLM's names.
_OWN = frozenset({"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm", "vllm", "docker_model_runner"})
_LISTED = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "written": "cache_creation_input_token_cost",
}


class Estimate(msgspec.Struct, frozen=True):
    """The most that a call may use; `usd` is None where its price is not known."""

    tokens: int
    usd: float | None


def usd(prices: Prices | None, counted: Counted) -> float | None:
    """What a call cost; None where its price is not known."""
    if prices is None:
        return None
    cached = min(counted.cached, counted.prompt)
    written = min(counted.written, counted.prompt - cached)
    rest = counted.prompt - cached - written
    total = rest * prices.input + counted.output * prices.output
    total += cached * (prices.input if prices.cached is None else prices.cached)
    total += written * (prices.input if prices.written is None else prices.written)
    return total / MILLION


def estimate(prices: Prices | None, prompt: int, max_output: int, *, flagged: bool = False) -> Estimate:
    """The most that a call of `prompt` tokens can use; `flagged`: its prompt may be put into a cache, for a price."""
    counted = Counted(prompt=prompt, output=max_output, written=prompt if flagged else 0)
    return Estimate(prompt + max_output, usd(prices, counted))


def prompt_tokens(
    messages: Sequence[Message], tools: Sequence[Tool] = (), schema: Mapping[str, Any] | None = None
) -> int:
    """Tokens of a prompt as counted here: near the provider's count, which is not known before the call."""
    total = AROUND
    for message in messages:
        hidden = "".join(msgspec.json.encode(block).decode() for block in message.opaque)
        called = "".join(call.name + call.arguments for call in message.calls)
        total += tokens.count(message.text + hidden + called) + AROUND * (1 + len(message.calls))
    for tool in tools:
        total += tokens.count(msgspec.json.encode(tool).decode()) + AROUND
    return total + (tokens.count(msgspec.json.encode(schema).decode()) if schema else 0)


def known(
    model: str, said: Prices | None, listed: Mapping[str, Any] | None, api_base: str | None, prompt: int = 0
) -> Prices | None:
    """The prices of a model for a prompt of `prompt` tokens: what the person says, else nothing for a server made to
    be run by oneself, else what the map lists.

    An OpenAI-compatible address on this machine may be a proxy or a tunnel to a service that is paid for: what it
    costs is not known.
    """
    if said is not None:
        return said
    if own_server(model, api_base):
        return FREE
    return from_map(listed, prompt, free=model.endswith(":free"))


def own_server(model: str, api_base: str | None) -> bool:
    """Whether a model runs on a server of the person's, of a kind that is made for that."""
    provider = model.partition("/")[0] if "/" in model else ""
    return provider in _OWN and (api_base is None or near(api_base, private=True))


def from_map(listed: Mapping[str, Any] | None, prompt: int = 0, *, free: bool = False) -> Prices | None:
    """The prices in an entry of LiteLLM's map (USD per token there) for a prompt of `prompt` tokens; None without any.

    A price of 0 there mostly stands for one that nobody entered: it is believed where the model's name says `free`.
    """
    found = {name: _at(listed or {}, key, prompt) for name, key in _LISTED.items()}
    if found["input"] is None or found["output"] is None or not (found["input"] or found["output"] or free):
        return None
    if found["cached"] is None:
        found["cached"] = _at(listed or {}, "input_cost_per_token_cache_hit", prompt)
    return Prices(**{name: price for name, price in found.items() if price is not None})


def _at(listed: Mapping[str, Any], key: str, prompt: int) -> float | None:
    """A price per million tokens: of the highest threshold that the prompt is beyond."""
    best, price = -1, None
    for name, value in listed.items():
        tier = re.fullmatch(rf"{key}(?:_above_(\d+)k_tokens)?", name)
        if tier is None or not isinstance(value, (int, float)):
            continue
        threshold = int(tier.group(1) or 0) * 1000
        if threshold > best and (threshold == 0 or prompt > threshold):
            best, price = threshold, value * MILLION
    return price


def near(address: str, *, private: bool = False) -> bool:
    """Whether an address is this machine's, or (`private`) one of a network that is not the public one."""
    host = (urlsplit(address if "://" in address else f"//{address}").hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return private and ("." not in host or host.endswith((".local", ".lan", ".internal")))
    return ip.is_loopback or (private and ip.is_private)
