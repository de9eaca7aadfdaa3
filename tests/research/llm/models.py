"""A model that says what a test wrote down for it, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from praxtui.research.llm.turns import Message, Reply, Tool, ToolCall
from praxtui.research.protocol import Desk, Usage

USAGE = Usage(model="scripted", prompt=100, cached=60, output=20, usd=0.001)


class Asked(msgspec.Struct, frozen=True):
    """One question as the model got it."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    schema: dict[str, Any] | None
    max_output: int
    what: str

    @property
    def last(self) -> str:
        return self.messages[-1].text

    @property
    def everything(self) -> str:
        return "\n".join(message.text for message in self.messages)


Line = Reply | Exception | Callable[[Asked], "Reply | Exception"]


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(f"call_{name}", name, json.dumps(arguments))


def uses(name: str, /, **arguments: Any) -> Reply:
    return Reply(calls=(call(name, **arguments),), finish="tools", usage=USAGE)


def several(*calls: ToolCall) -> Reply:
    return Reply(calls=calls, finish="tools", usage=USAGE)


def says(text: str, **more: Any) -> Reply:
    return Reply(text=text, usage=USAGE, **more)


def writes(name: str, /, thought: str = "why", **arguments: Any) -> Reply:
    """The call as a reply of JSON."""
    return says(json.dumps({"thought": thought, "call": {"tool": name, "arguments": arguments}}))


class Scripted:
    """Answers with its lines in turn; a line may be computed from the question, or be raised. Streams as it goes.

    After the last line it hangs where it `hangs`, and `hanging` is set, so that a test can cancel it.
    """

    def __init__(
        self, *lines: Line, window: int | None = 200_000, native_tools: bool = True, hangs: bool = False
    ) -> None:  # fmt: skip
        self.lines = list(lines)
        self._hangs = hangs
        self.window = window
        self.native_tools = native_tools
        self.asked: list[Asked] = []
        self.hanging = asyncio.Event()

    async def warm(self) -> None:
        pass

    async def ask(
        self,
        messages: Sequence[Message],
        desk: Desk,
        *,
        tools: Sequence[Tool] = (),
        schema: dict[str, Any] | None = None,
        max_output: int = 8192,
        what: str = "draft",
    ) -> Reply:
        asked = Asked(tuple(messages), tuple(tools), schema, max_output, what)
        self.asked.append(asked)
        if not self.lines:
            assert self._hangs, f"one question too many: {asked.last}"
            self.hanging.set()
            await asyncio.Event().wait()
        line = self.lines.pop(0)
        reply = line(asked) if callable(line) else line
        if isinstance(reply, Exception):
            raise reply
        for kind, text in (("thought", reply.thinking), ("text", reply.text)):
            if text:
                desk.stream(kind, text)
        desk.spend(reply.usage, what)
        return reply
