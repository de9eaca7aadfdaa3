"""Model servers on this machine: which of the usual ports answer, and which models are there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from praxtui.research.llm.keys import Keys

LIMIT_S = 0.5
MOST_BYTES = 1_000_000
# What people call it, LiteLLM's name of it, where it lists its models below its address.
KINDS = (
    ("Ollama", "ollama_chat", "/api/tags"),
    ("vLLM", "hosted_vllm", "/models"),
    ("llama.cpp", "llamafile", "/models"),
    ("LM Studio", "lm_studio", "/models"),
)


class Served(msgspec.Struct, frozen=True):
    """A model of a server, by the name to give to `--model`; `window` in tokens where the server says it."""

    name: str
    window: int | None = None


class Server(msgspec.Struct, frozen=True):
    """A server that answers."""

    kind: str
    address: str
    models: tuple[Served, ...]


def found(keys: Keys) -> tuple[Server, ...]:
    """The servers that answer within LIMIT_S at their usual addresses, or at those that are set; all asked at once."""
    asked = [
        (kind, provider, keys.lookup(f"{provider}/any").params["api_base"], path) for kind, provider, path in KINDS
    ]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda one: _models(one[1], one[2].rstrip("/") + one[3]), asked))
    # One server may stand where two are looked for.
    seen: set[str] = set()
    servers = []
    for (kind, _, address, _), models in zip(asked, answers, strict=True):
        if models is not None and address not in seen:
            seen.add(address)
            servers.append(Server(kind, address, tuple(models)))
    return tuple(servers)


def _models(provider: str, address: str) -> list[Served] | None:
    """The models that a server lists at an address; None where none answers as such a server does."""
    said = _get(address)
    if not isinstance(said, dict):
        return None
    listed = said.get("models") if provider == "ollama_chat" else said.get("data")
    if not isinstance(listed, list):
        return None
    return [Served(f"{provider}/{name}", window) for name, window in _named(listed)]


def _named(listed: Iterable[Any]) -> Iterator[tuple[str, int | None]]:
    for one in listed:
        if not isinstance(one, dict):
            continue
        name = one.get("id") or one.get("name")
        meta = one.get("meta") if isinstance(one.get("meta"), dict) else {}
        sizes = (one.get("max_model_len"), one.get("max_context_length"), (meta or {}).get("n_ctx"))
        window = next((size for size in sizes if isinstance(size, int) and size > 0), None)
        if isinstance(name, str) and name.isprintable():
            yield name, window


def _get(address: str) -> Any:
    """The JSON at an address; None where there is none in time."""
    at = urlsplit(address)
    kind = HTTPSConnection if at.scheme == "https" else HTTPConnection
    try:
        connection = kind(at.hostname or "", at.port, timeout=LIMIT_S)
    except (HTTPException, ValueError):
        return None
    try:
        connection.request("GET", at.path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return json.loads(answer.read(MOST_BYTES)) if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
