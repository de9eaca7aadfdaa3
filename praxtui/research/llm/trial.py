"""One short call of a model, to see whether it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from praxtui.errors import UserError
from praxtui.research.llm import provider
from praxtui.research.llm.credentials import KeysMissing
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.keys import Keys
from praxtui.research.llm.turns import Message, Part

LIMIT_S = 60.0
# Some providers refuse less.
TOKENS = 16
QUESTION = Message(role="user", parts=(Part("Answer with one word: ready"),))


class Trial(msgspec.Struct, frozen=True):
    """Whether a model answered, after how many seconds, and what came back or went wrong."""

    model: str
    ok: bool
    seconds: float
    said: str


async def try_all(models: Sequence[str], keys: Keys) -> list[Trial]:
    """Ask each of `models` at once. Raises RequirementMissing where LiteLLM is not usable."""
    await provider.load()
    return list(await asyncio.gather(*(_try(model, keys) for model in models)))


async def _try(model: str, keys: Keys) -> Trial:
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            ok, said = True, await _answer(model, keys)
    except KeysMissing as missing:
        ok, said = False, f"no key: set {' or '.join(missing.names)}"
    except TimeoutError:
        ok, said = False, f"no answer in {LIMIT_S:g} s"
    except (Fault, UserError) as fault:
        ok, said = False, fault.line if isinstance(fault, Fault) else str(fault)
    return Trial(model, ok, round(time.monotonic() - began, 3), said)


async def _answer(model: str, keys: Keys) -> str:
    credentials, extra = keys.lookup(model), keys.said(model).extra
    stream = provider.stream(
        model, (QUESTION,), credentials, max_output=TOKENS, timeout=LIMIT_S, extra=extra,
    )  # fmt: skip
    try:
        return " ".join("".join([piece.text async for piece in stream]).split())
    finally:
        await stream.aclose()
