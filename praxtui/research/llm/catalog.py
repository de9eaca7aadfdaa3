"""What LiteLLM's bundled map says of models: prices, sizes, tools. Read from its file, without importing LiteLLM."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from praxtui.research.llm import prices
from praxtui.settings import ModelSettings, Prices

# Files of the LiteLLM package.
MAP = "model_prices_and_context_window_backup.json"
SUPPORT = "provider_endpoints_support_backup.json"
SIMILAR = "llms/openai_like/providers.json"
FAMILIES = {"bedrock": ("bedrock_converse",), "vertex_ai": ("vertex_ai-language-models", "vertex_ai-anthropic_models")}
# Not for conversations, not fixed, or one of many dated names for the same.
_LEFT_OUT = re.compile(
    r"audio|realtime|search|image|tts|embed|guard|transcribe|vision-exp|robotics|lyria|cyber|deep-research|computer-use"
    r"|latest|preview|experimental|-exp\b|beta|instruct|rosalind|container|gemma|-gv2|@|ft:|:(?!\d+$)|-\d{8}$|-\d{4}-\d{2}-\d{2}$|-\d{4}$"
)
_REGION = re.compile(r".*/|(us|us-gov|eu|apac|au|jp|global|ca)\.")


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model; None is unknown. `window` in tokens, `tools`: whether it takes tool calls."""

    name: str
    window: int | None = None
    prices: Prices | None = None
    tools: bool | None = None


def about(model: str, said: ModelSettings | None = None, api_base: str | None = None) -> Model:
    """A model as its calls will take it: what the person says of it, else what the map lists."""
    said = said or ModelSettings()
    entry = listed(model)
    known = (entry or {}).get("supports_function_calling")
    window = (entry or {}).get("max_input_tokens")
    return Model(
        name=model,
        window=said.window or (int(window) if isinstance(window, (int, float)) and window > 0 else None),
        prices=prices.known(model, said.prices, entry, api_base),
        tools=(None if known is None else bool(known)) if said.tools == "auto" else said.tools == "native",
    )


def listed(model: str) -> Mapping[str, Any] | None:
    """The entry of a model in the map; None where there is none, or no LiteLLM."""
    entries = _entries()
    provider, slash, bare = model.partition("/")
    if model in entries:
        found: Mapping[str, Any] = entries[model]
        return found
    # Some are listed without their provider; those of another provider under the same name do not count.
    entry = entries.get(bare) if slash else None
    theirs = str((entry or {}).get("litellm_provider", "")).removesuffix("_chat").removesuffix("_converse")
    return entry if theirs.startswith(provider.removesuffix("_chat")) else None


def current(provider: str, most: int) -> list[Model]:
    """A few models of a provider that are good to begin with: the newest that take tools, without dated names."""
    found: dict[str, Model] = {}
    for name, entry in _entries().items():
        if _fits(name, entry, provider):
            whole = name if name.startswith(f"{provider}/") else f"{provider}/{name}"
            found.setdefault(whole, about(whole))
    return [found[name] for name in sorted(found, key=_newness, reverse=True)[:most]]


def providers() -> frozenset[str]:
    """The names of all providers that LiteLLM knows; none where it is not installed."""
    found = _read(SUPPORT).get("providers", {})
    return frozenset(name for name in [*found, *_read(SIMILAR)] if "/" not in name)


def _fits(name: str, entry: Any, provider: str) -> bool:
    if not isinstance(entry, dict) or entry.get("mode") != "chat" or not entry.get("supports_function_calling"):
        return False
    theirs = str(entry.get("litellm_provider"))
    if theirs != provider and theirs not in FAMILIES.get(provider, ()):
        return False
    # Each is there once more for every region.
    if _LEFT_OUT.search(name) or (provider == "bedrock" and _REGION.match(name)):
        return False
    ends = entry.get("deprecation_date")
    return not (isinstance(ends, str) and ends <= date.today().isoformat())


def _newness(name: str) -> tuple[float, float, str]:
    """Sorts by the version in a name (`5-5`, `5.5`; no number of parameters), then by price."""
    found = re.search(r"(?<![\d.])(\d{1,2})(?:[.-](\d{1,2}))?(?![\d.]*[\dbB])", name.rpartition("/")[2])
    version = float(f"{found[1]}.{found[2] or 0}") if found else 0.0
    known = about(name).prices
    return version, known.output if known else 0.0, name


@lru_cache(1)
def _entries() -> Mapping[str, Any]:
    return _read(MAP)


@lru_cache(4)
def _read(name: str) -> dict[str, Any]:
    folder = installed()
    if folder is None:
        return {}
    try:
        found = json.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def installed() -> Path | None:
    """Where LiteLLM is installed; None where it is not."""
    try:
        found = find_spec("litellm")
    except (ImportError, ValueError):
        return None
    return next((Path(place) for place in _places(found)), None)


def _places(found: Any) -> Iterator[str]:
    yield from (getattr(found, "submodule_search_locations", None) or ())
