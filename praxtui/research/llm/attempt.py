"""One call: its time limits, and what is heard of the answer while it comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from praxtui.research.llm import provider, wire
from praxtui.research.llm.brief import tokens
from praxtui.research.llm.coalesce import Coalescer
from praxtui.research.llm.counted import Counted
from praxtui.research.llm.credentials import Credentials
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.turns import Message, Reply, Tool
from praxtui.research.protocol import Usage

# Seconds that the end of a call may take; what then still hangs is left to itself.
CLOSING = 0.5


class Heard:
    """An answer as far as it came. `counted` is what the provider says that it used, None before it does."""

    def __init__(self, shown: Coalescer) -> None:
        self._shown = shown
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls = wire.Joined()
        self._blocks: list[dict[str, Any]] = []
        self.finish: wire.Finish | None = None
        self.counted: Counted | None = None
        self.begun = False

    def take(self, delta: wire.Delta) -> None:
        """One more piece."""
        self._text.append(delta.text)
        self._thinking.append(delta.thinking)
        self._shown.add("thought", delta.thinking)
        self._shown.add("text", delta.text)
        for piece in delta.calls:
            self._calls.add(piece)
        self._blocks += delta.blocks
        self.begun = self.begun or bool(delta.text or delta.thinking or delta.calls or delta.blocks)
        self.finish = delta.finish or self.finish
        self.counted = delta.counted or self.counted

    def used(self, prompt: int) -> Counted | None:
        """What the call used: as reported, else counted here, `prompt` being its prompt; None for nothing at all."""
        text = "".join(self._text + self._thinking) + "".join(c.name + c.arguments for c in self._calls.calls())
        if self.counted is None:
            return Counted(prompt=prompt, output=tokens.count(text)) if self.begun else None
        if self.finish is not None:
            return self.counted
        # A stream that broke off has reported its prompt, and of its output next to nothing.
        said = self.counted
        output = max(said.output, tokens.count(text))
        return Counted(prompt=said.prompt, cached=said.cached, written=said.written, output=output)

    def reply(self, provider_name: str, usage: Usage, stem: str) -> Reply:
        """The whole answer. Raises Fault for one that says nothing; `stem` begins the ids of calls that have none."""
        text, calls = "".join(self._text), self._calls.calls(stem)
        finish = self.finish or "stop"
        if finish in ("stop", "tools"):
            if not text.strip() and not calls:
                raise Fault("malformed", "an empty reply", provider_name)
            finish = "tools" if calls else "stop"
        return Reply(
            text=text, thinking="".join(self._thinking), calls=calls, opaque=wire.joined_blocks(self._blocks),
            finish=finish, usage=usage,
        )  # fmt: skip


async def listen(
    heard: Heard, model: str, messages: Sequence[Message], credentials: Credentials, *, tools: Sequence[Tool],
    schema: Mapping[str, Any] | None, max_output: int, extra: Mapping[str, Any], first: float, between: float,
    total: float, alive: Callable[[], None],
) -> None:  # fmt: skip
    """Ask once, and hear the answer to its end. `alive` is called at each sign of it. Raises Fault.

    `first`, `between` and `total` are in seconds: a stream that falls silent is not waited for. Cancelling ends it.
    """
    # LiteLLM's own limit is for each read: it only has to outlast these.
    stream = provider.stream(
        model, messages, credentials, tools=tools, schema=schema, max_output=max_output,
        timeout=max(first, between) + 5, extra=extra,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    whole, patience = asyncio.timeout(total), asyncio.timeout(first)
    try:
        async with whole, patience:
            async for delta in stream:
                patience.reschedule(loop.time() + between)
                heard.take(delta)
                alive()
    except TimeoutError:
        silent = f"silent for {between:g} s in its answer" if heard.begun else f"no answer in {first:g} s"
        limit = silent if patience.expired() else f"not done in {total:g} s"
        raise Fault("silent", limit, provider.name_of(model)) from None
    except Fault as fault:
        heard.counted = heard.counted or fault.counted
        raise
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await stream.aclose()
