"""Messages, tools and replies in the form that LiteLLM takes and gives: plain dictionaries as OpenAI has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from praxtui.masking import mask
from praxtui.research.llm.counted import Counted
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.turns import Message, Part, Tool, ToolCall

Finish = Literal["stop", "tools", "length", "refused"]
FINISHES: dict[str, Finish] = {
    "tool_calls": "tools",
    "function_call": "tools",
    "length": "length",
    "content_filter": "refused",
}
# Anthropic's limit of breakpoints in one prompt.
BREAKPOINTS = 4
KEEP = {"type": "ephemeral"}


class Fragment(msgspec.Struct, frozen=True):
    """A piece of the tool call number `index` of a reply; `id` and `name` mostly come with the first only."""

    index: int
    id: str
    name: str
    arguments: str


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a streamed reply; whatever it brings nothing of is empty.

    `calls` are fragments of tool calls, `blocks` of what goes back unchanged. `counted` (None where the provider does
    not report) and `finish` come with the last one, and only where the provider said that it is done.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[Fragment, ...] = ()
    blocks: tuple[dict[str, Any], ...] = ()
    counted: Counted | None = None
    finish: Finish | None = None


def delta(chunk: Any) -> Delta:
    """One of LiteLLM's chunks as ours."""
    if not chunk.choices:
        return Delta()
    said = chunk.choices[0].delta
    return Delta(
        text=said.content or getattr(said, "refusal", None) or "",
        thinking=getattr(said, "reasoning_content", None) or "",
        calls=tuple(fragment(call, n) for n, call in enumerate(said.tool_calls or ())),
        blocks=tuple(dict(block) for block in getattr(said, "thinking_blocks", None) or ()),
    )


def finish(reason: str) -> Finish:
    """How a reply ended, from the word that LiteLLM has for it."""
    return FINISHES.get(reason, "stop")


def unfinished(provider: str, *, begun: bool) -> Fault:
    """The fault of a stream that ended without having been finished."""
    if begun:
        return Fault("network", "the stream ended early", provider)
    return Fault("malformed", "an empty reply, or none in the provider's protocol", provider)


def messages(said: Sequence[Message], flags: bool) -> list[dict[str, Any]]:
    """A conversation as LiteLLM takes it. `flags`: for a provider that must be told what to keep in its cache.

    The same messages give the same bytes: a provider finds what it has kept by its beginning. No secret is in them.
    """
    marked = _breakpoints(said) if flags else frozenset()
    return [_message(message, flags, n, marked) for n, message in enumerate(said)]


def _message(message: Message, flags: bool, n: int, marked: frozenset[tuple[int, int]]) -> dict[str, Any]:
    content: Any = mask(message.text)
    if flags:
        # Empty text is refused, and so is a mark on it.
        kept = [(mask(part.text), (n, i) in marked) for i, part in enumerate(message.parts) if part.text]
        content = [{"type": "text", "text": text, **({"cache_control": KEEP} if mark else {})} for text, mark in kept]
    found: dict[str, Any] = {"role": message.role, "content": content}
    if message.role == "assistant":
        found["content"] = content or None
        if message.calls:
            found["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": _sound(mask(c.arguments))}}
                for c in message.calls
            ]
        if flags and message.opaque:
            found["thinking_blocks"] = list(message.opaque)
    if message.role == "tool":
        # LiteLLM takes the mark of an answer from the message, and makes it one of the whole block.
        found["content"] = mask(message.text)
        if any(at[0] == n for at in marked):
            found["cache_control"] = KEEP
        found["tool_call_id"] = message.call_id
        if message.name:
            found["name"] = message.name
    return found


def _sound(arguments: str) -> str:
    """Arguments as JSON of an object: some providers parse what the model wrote, and refuse all when it is broken."""
    try:
        whole = isinstance(msgspec.json.decode(arguments), dict)
    except msgspec.DecodeError:
        whole = False
    return arguments if whole else msgspec.json.encode({"unreadable": arguments} if arguments else {}).decode()


def _breakpoints(said: Sequence[Message]) -> frozenset[tuple[int, int]]:
    """Which parts carry a mark: the end of it all, the first stretch worth keeping, and the last ones."""
    texts = [(n, i) for n, message in enumerate(said) for i, part in enumerate(message.parts) if part.text]
    if not texts:
        return frozenset()
    asked = [at for at in texts[:-1] if _part(said, at).cache]
    spare = BREAKPOINTS - 1
    if len(asked) > spare:
        asked = [asked[0], *asked[1 - spare :]]
    return frozenset([*asked, texts[-1]])


def _part(said: Sequence[Message], at: tuple[int, int]) -> Part:
    return said[at[0]].parts[at[1]]


def offered(tools: Sequence[Tool], schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters that tell a model of its tools, or of the schema that its answer must have."""
    found: dict[str, Any] = {}
    if tools:
        found["tools"] = [
            {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.parameters}}
            for t in tools
        ]
    if schema is not None:
        found["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": dict(schema)}}
    return found


def fragment(call: Any, place: int) -> Fragment:
    """A piece of a tool call as LiteLLM gives it; `place` where the provider does not number them."""
    function = call.function
    index = getattr(call, "index", None)
    return Fragment(place if index is None else index, call.id or "", function.name or "", function.arguments or "")


class Joined:
    """Tool calls as their fragments come in: interleaved, without ids, or several under one number."""

    def __init__(self) -> None:
        self._calls: dict[int, list[str]] = {}
        self._order: list[int] = []
        self._now: dict[int, int] = {}

    def add(self, piece: Fragment) -> None:
        """Take one more fragment."""
        key = self._now.get(piece.index, piece.index)
        found = self._calls.get(key)
        # Some servers number each call 0: another id with another name is another call.
        if found is not None and piece.id and found[0] and piece.id != found[0] and piece.name:
            key, found = -1 - len(self._order), None
            self._now[piece.index] = key
        if found is None:
            found = self._calls[key] = ["", "", ""]
            self._order.append(key)
        found[0] = found[0] or piece.id
        found[1] = found[1] or piece.name
        found[2] += piece.arguments

    def calls(self, stem: str = "call") -> tuple[ToolCall, ...]:
        """All calls so far, in the order in which they began; each has an id of its own, made up with `stem`."""
        taken: set[str] = set()
        found = []
        for n, key in enumerate(self._order):
            given, name, arguments = self._calls[key]
            chosen = given or f"{stem}_{n}"
            while chosen in taken:
                chosen = f"{chosen}_{n}"
            taken.add(chosen)
            found.append(ToolCall(chosen, name, arguments))
        return tuple(found)


def joined_blocks(pieces: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Thinking blocks from their fragments, which carry no number: a signature ends the one before."""
    found: list[dict[str, Any]] = []
    for piece in pieces:
        last = found[-1] if found else None
        if piece.get("type") == "thinking" and last and last.get("type") == "thinking" and not last.get("signature"):
            last["thinking"] = (last.get("thinking") or "") + (piece.get("thinking") or "")
            if piece.get("signature"):
                last["signature"] = piece["signature"]
        else:
            found.append(dict(piece))
    # One without a signature is no block that its provider would take back.
    return tuple(block for block in found if block.get("type") != "thinking" or block.get("signature"))


def counted(chunks: Sequence[Any]) -> Counted | None:
    """The usage that the provider reported in the chunks of a reply; None where it did not."""
    reports = [usage for chunk in chunks if (usage := getattr(chunk, "usage", None)) is not None]
    if not reports:
        return None

    def most(name: str, *, detail: bool = False) -> int:
        where = [getattr(r, "prompt_tokens_details", None) for r in reports] if detail else reports
        return max((int(getattr(one, name, None) or 0) for one in where), default=0)

    prompt, output = most("prompt_tokens"), most("completion_tokens")
    # Some count what was thought in the sum only.
    return Counted(
        prompt=prompt,
        cached=max(most("cached_tokens", detail=True), most("cache_read_input_tokens")),
        written=max(most("cache_creation_tokens", detail=True), most("cache_creation_input_tokens")),
        output=max(output, most("total_tokens") - prompt),
    )
