"""What a model saw and said while it worked on one experiment, read back from the stream.

One item of the stream is one line of this table. A draft, a repair and a reflection each begin with a `prompt`; what
follows it, up to the next, is one conversation.

| kind | its text |
|---|---|
| `prompt` | digest of the parts of the first prompt (see `prompt_shown`), in the journal's blobs |
| `thought` | a stretch of the model's thinking, as it came |
| `text` | a stretch of the model's answer, as it came |
| `usage` | the reply is whole: `{"what", "model", "prompt", "cached", "output", "usd", "seconds", "finish"}` |
| `call` | a tool call: `{"id", "name", "arguments"}`; `arguments` is the text as the model wrote it |
| `result` | what it was answered: `{"id", "name", "text"}` |
| `user` | what the model was told besides: reminders, a person's new hint |
| `left_out` | answers that the next prompt no longer holds: `{"ids"}` |
| `fault` | what went wrong, and what is done about it; a stretch before it with no `usage` between was cut off |

Tokens: `prompt` are all that were read, `cached` of them from the provider's cache; `output` were written, thinking
included. `usd` is null where the price is not known. `seconds` is the time from question to answer, waits included.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import msgspec

Kind = Literal["prompt", "thought", "text", "usage", "call", "result", "user", "left_out", "fault"]
KINDS: tuple[Kind, ...] = ("prompt", "thought", "text", "usage", "call", "result", "user", "left_out", "fault")
STRETCHES = ("thought", "text")


class Item(Protocol):
    """An item of the stream, as the journal hands it out."""

    @property
    def at(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was shown to the model, said by it or done for it; stretches that belong together are one turn.

    `at` is the time of its first item. `text` is plain: the digest of a `prompt`, a call's arguments, a result's text.
    `id` and `name` belong to calls and results, `data` is what a `usage` or `left_out` holds. `whole` is False where a
    thought or an answer broke off before it was complete.
    """

    kind: Kind
    at: float
    text: str = ""
    id: str = ""
    name: str = ""
    data: dict[str, Any] = {}
    whole: bool = True


class Shown(msgspec.Struct, frozen=True):
    """A part of a first prompt: `role` is `system`, `user`, or `tools` (what the model was told of its tools)."""

    role: str
    text: str


def prompt_shown(parts: Sequence[str]) -> tuple[str, list[Shown]]:
    """What a prompt was for (`draft`, `repair`, `reflect`) and its parts, as they were written when it was asked."""
    head = json.loads(parts[0])
    return head["what"], [Shown(role, text) for role, text in zip(head["roles"], parts[1:], strict=True)]


def read_back(items: Iterable[Item]) -> list[Turn]:
    """The conversations of an experiment from the stream's items, in order; items of other kinds are passed over."""
    turns: list[Turn] = []
    open_from = 0
    for item in items:
        if item.kind in STRETCHES and len(turns) > open_from and turns[-1].kind == item.kind:
            turns[-1] = msgspec.structs.replace(turns[-1], text=turns[-1].text + item.text)
            continue
        turn = _turn(item)
        if turn is None:
            continue
        if turn.kind == "usage":
            open_from = len(turns) + 1
        elif turn.kind in ("fault", "prompt"):
            open_from = _broken_off(turns, open_from) + 1
        turns.append(turn)
    _broken_off(turns, open_from)
    return turns


def _broken_off(turns: list[Turn], start: int) -> int:
    """Mark the stretches from `start` on as cut off; returns how many turns there are."""
    for n in range(start, len(turns)):
        if turns[n].kind in STRETCHES:
            turns[n] = msgspec.structs.replace(turns[n], whole=False)
    return len(turns)


def _turn(item: Item) -> Turn | None:
    kind = next((kind for kind in KINDS if kind == item.kind), None)
    if kind is None:
        return None
    if kind not in ("usage", "call", "result", "left_out"):
        return Turn(kind=kind, at=item.at, text=item.text)
    data = json.loads(item.text)
    if kind == "call":
        return Turn(kind=kind, at=item.at, text=data["arguments"], id=data["id"], name=data["name"])
    if kind == "result":
        return Turn(kind=kind, at=item.at, text=data["text"], id=data["id"], name=data["name"])
    return Turn(kind=kind, at=item.at, data=data)
