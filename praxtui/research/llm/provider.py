"""The one door to LiteLLM: loading it, one streamed call, closing it. Nothing here tries again."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.metadata
import logging
import os
import sys
import time
import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from praxtui.errors import RequirementMissing
from praxtui.research.llm import diagnosis, providers, wire
from praxtui.research.llm.credentials import Credentials
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.turns import Message, Tool

FIX = "pip install 'litellm==1.106.2' mcp"
# 1.82.7 and 1.82.8 stole keys, 1.107 is reported as compromised.
FIRST, LAST, BAD = (1, 106), (1, 110), ((1, 82, 7), (1, 82, 8), (1, 107))
SERVING_CLAUDE = frozenset({"bedrock", "vertex_ai", "openrouter", "azure_ai", "databricks"})
LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "httpx", "openai")


async def load() -> None:
    """Import LiteLLM in a thread (seconds, once). Raises RequirementMissing where it is not there or not allowed."""
    if "litellm" not in sys.modules:
        check_version()
    await asyncio.to_thread(_litellm)


def check_version() -> None:
    """Raise RequirementMissing unless an allowed LiteLLM is installed; imports nothing."""
    try:
        found = importlib.metadata.version("litellm")
        importlib.metadata.version("mcp")  # without it every call with tools fails
    except importlib.metadata.PackageNotFoundError as missing:
        raise RequirementMissing(f"the researcher llm needs the package {missing.name}", fix=FIX) from None
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if not FIRST <= numbers < LAST or any(numbers[: len(bad)] == bad for bad in BAD):
        raise RequirementMissing(f"litellm {found} is not used: it takes 1.106, 1.108 or 1.109", fix=FIX)


def _litellm() -> Any:
    """The module, silenced and kept from the network. Each look at it quiets it again: others may have undone that."""
    os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_OFFLINE_MODE="true")
    warnings.filterwarnings("ignore", module=r"(litellm|openai|pydantic|httpx|httpcore|anyio|aiohttp|botocore)(\.|$)")
    known = sys.modules.get("litellm")
    rehearsed = known is not None and getattr(known, "disable_aiohttp_transport", False)
    litellm: Any = known if hasattr(known, "acompletion") else importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.set_verbose = False
    litellm.drop_params = True
    litellm.disable_streaming_logging = True
    # It reports a stream that the peer reset as one that ended well, and knows no proxy with credentials.
    litellm.disable_aiohttp_transport = True
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [], False, True
    if not rehearsed:
        _rehearse(litellm)
    return litellm


def _rehearse(litellm: Any) -> None:
    """A call that goes nowhere, for what LiteLLM imports with its first one: 2 s that would stop the event loop."""
    with contextlib.suppress(Exception):
        importlib.import_module("openai.resources.chat")
        answer = litellm.completion(
            model="gpt-4o", messages=[{"role": "user", "content": "?"}], mock_response="!", stream=True,
            stream_options={"include_usage": True}, **wire.offered([Tool("none", "", {"type": "object"})], None),
        )  # fmt: skip
        for _ in answer:
            pass


async def stream(
    model: str, messages: Sequence[Message], credentials: Credentials, *, tools: Sequence[Tool] = (),
    schema: Mapping[str, Any] | None = None, max_output: int, timeout: float, extra: Mapping[str, Any] | None = None,
) -> AsyncGenerator[wire.Delta, None]:  # fmt: skip
    """One answer in pieces. Raises Fault, also where the stream ends without having been finished.

    `timeout` in seconds is for each read; the whole is bounded by whoever asks. Closing the iterator ends the call.
    """
    provider = name_of(model)
    answer: Any = None
    try:
        litellm = _litellm()
        answer = await litellm.acompletion(
            **(extra or {}), **credentials.params, model=model, messages=wire.messages(messages, flags_cache(model)),
            **wire.offered(tools, schema), max_tokens=max_output, stream=True, timeout=timeout, max_retries=0,
            stream_options={"include_usage": True}, drop_params=True,
        )  # fmt: skip
        async for chunk in answer:
            yield wire.delta(chunk)
        # Where a stream breaks off, LiteLLM makes up a `stop`; what the provider itself sent is kept here.
        finish = answer.received_finish_reason or answer.intermittent_finish_reason
        if finish is None:
            raise wire.unfinished(provider, begun=bool(answer.chunks))
        yield wire.Delta(counted=wire.counted(answer.chunks), finish=wire.finish(finish))
    except Exception as error:
        fault = error
        if not isinstance(fault, Fault):
            fault = diagnosis.fault(error, provider, credentials.secrets(), now=time.time())
        fault.counted = wire.counted(answer.chunks) if answer is not None else None
        raise fault from None
    finally:
        if answer is not None:
            with contextlib.suppress(Exception):
                await answer.aclose()


async def close() -> None:
    """Close the connections that LiteLLM keeps open; in the event loop that made them."""
    if "litellm" in sys.modules:
        litellm = _litellm()
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()
        # One more is kept beside those, and made anew when next asked for.
        alone = vars(litellm).pop("module_level_aclient", None)
        if alone is not None:
            await alone.close()


def name_of(model: str) -> str:
    """The provider of a model in a word."""
    return providers.with_provider(model).partition("/")[0]


def flags_cache(model: str) -> bool:
    """Whether the provider keeps a prefix only where it is told to: Claude, wherever it is served."""
    provider = name_of(model)
    return provider == "anthropic" or (provider in SERVING_CLAUDE and "claude" in model.lower())
