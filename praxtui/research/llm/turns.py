"""What is said between the researcher and a model: messages, tool calls, replies. No provider's own types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from praxtui.research.protocol import Desk, Usage


class Part(msgspec.Struct, frozen=True):
    """A stretch of a message. `cache`: everything up to its end is worth keeping in the provider's cache."""

    text: str
    cache: bool = False


class ToolCall(msgspec.Struct, frozen=True):
    """A model's wish to use a tool; `arguments` is the JSON text as the model wrote it, which may be broken."""

    id: str
    name: str
    arguments: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `calls` are an assistant's; `call_id` and `name` belong to a tool's answer.

    `opaque` is what a provider wants to get back with an assistant's message unchanged (signed thinking blocks).
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    name: str | None = None
    opaque: tuple[dict[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """All parts joined."""
        return "".join(part.text for part in self.parts)


class Tool(msgspec.Struct, frozen=True):
    """A tool as a model is told of it; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said. `thinking` is kept apart from `text`, shown, and never executed.

    `finish` is `stop`, `tools`, `length` (cut off by its limit) or `refused` (by the provider's content rules).
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    opaque: tuple[dict[str, Any], ...] = ()
    finish: Literal["stop", "tools", "length", "refused"] = "stop"
    usage: Usage


class ContextTooLong(Exception):
    """The provider says that the prompt is longer than the model can read; a shorter one may be tried."""


class ContentRefused(Exception):
    """The provider refuses this prompt or its answer; `reason` is what it says. The same prompt is not sent again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Model(Protocol):
    """A model, or a list of them with fallbacks, behind one question."""

    @property
    def window(self) -> int | None:
        """Tokens that the model of now can read and write together; None where nobody knows."""
        ...

    @property
    def native_tools(self) -> bool:
        """Whether the model of now takes tools; if not, `ask` it with a `schema` instead."""
        ...

    async def warm(self) -> None:
        """Load what a first call would wait for, and what is known of the models; nothing where that is done."""
        ...

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
        """One answer, whatever it takes: retries, waits and fallbacks are inside, each visible at the desk.

        `schema`: the answer's text must be JSON of this schema. Deltas are streamed to the desk as they come. Raises
        OutOfBudget, ContextTooLong, ContentRefused; nothing else but cancellation.
        """
        ...
