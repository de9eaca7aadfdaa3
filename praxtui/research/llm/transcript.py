"""Writes what a model sees and says while it works on one experiment to the stream.

The items and their texts are described in `journal.transcript`, which reads them back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from praxtui.journal.transcript import Kind
from praxtui.masking import mask_all
from praxtui.research.llm.turns import Message, Reply, Tool, ToolCall
from praxtui.research.protocol import Desk


def prompt_parts(what: str, messages: Sequence[Message], tools: Sequence[Tool]) -> list[str]:
    """A prompt as parts that are kept once each; the first, JSON, says what for and whose part each other one is."""
    shown: list[tuple[str, str]] = [(message.role, part.text) for message in messages for part in message.parts]
    if tools:
        shown.append(("tools", json.dumps([msgspec.to_builtins(tool) for tool in tools], ensure_ascii=False, indent=1)))
    head = json.dumps({"what": what, "roles": [role for role, _ in shown]})
    return [head, *(text for _, text in shown)]


class Transcript:
    """Writes one conversation to the stream, in the order in which it happens.

    The stretches of thoughts and answers are not written here but where they arrive, as they come.
    """

    def __init__(self, desk: Desk, what: str) -> None:
        self._desk = desk
        self._what = what

    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> None:
        """The model is about to be shown these messages, for the first time."""
        self._desk.prompt(prompt_parts(self._what, messages, tools))

    def replied(self, reply: Reply, seconds: float) -> None:
        """A reply is whole; the stretches of it are in the stream already."""
        used = {"what": self._what, **msgspec.to_builtins(reply.usage)}
        self._write("usage", {**used, "seconds": round(seconds, 3), "finish": reply.finish})

    def called(self, call: ToolCall) -> None:
        """The model wants a tool used."""
        self._write("call", msgspec.to_builtins(call))

    def answered(self, call: ToolCall, text: str) -> None:
        """What the model is told of a call."""
        self._write("result", {"id": call.id, "name": call.name, "text": text})

    def told(self, text: str) -> None:
        """What the model is told that it did not ask for."""
        self._desk.stream("user", text)

    def left_out(self, ids: Sequence[str]) -> None:
        """The answers to these calls are no longer in what the model is shown."""
        self._write("left_out", {"ids": list(ids)})

    def fault(self, text: str) -> None:
        """Something went wrong, and what is done about it."""
        self._desk.stream("fault", text)

    def _write(self, kind: Kind, data: dict[str, Any]) -> None:
        self._desk.stream(kind, json.dumps(mask_all(data), ensure_ascii=False))
