"""Anthropic's messages: requests read, answers and errors written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.scripted.cache import Cache, Span
from tests.scripted.openai_wire import pieces
from tests.scripted.said import Asked, Call, Fault, Offered, Said, Turn, Used

PATH = "/v1/messages"
FINISH = {"stop": "end_turn", "tools": "tool_use", "length": "max_tokens", "refused": "refusal"}
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "api_error",
    529: "overloaded_error",
}
# What some clients make of a wanted schema for models that have no such thing: a tool that must be called.
FORCED = "json_tool_call"


def read(body: Mapping[str, Any], headers: Mapping[str, str], n: int) -> Asked:
    """A request body as a play sees it."""
    tools = tuple(
        Offered(tool["name"], tool.get("description", ""), tool["input_schema"]) for tool in body.get("tools") or ()
    )
    form = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
    forced = next((tool.parameters for tool in tools if tool.name == FORCED), None)
    return Asked(
        wire="anthropic",
        n=n,
        model=body["model"],
        key=headers.get("x-api-key", "") or headers.get("authorization", "").removeprefix("Bearer "),
        system=_text(body.get("system")),
        messages=tuple(turn for message in body["messages"] for turn in _turns(message)),
        tools=tuple(tool for tool in tools if tool.name != FORCED),
        schema=form.get("schema") or forced,
        stream=bool(body.get("stream")),
        body=body,
    )


def _turns(message: Mapping[str, Any]) -> list[Turn]:
    """A message holds the answers to calls and what is said besides, in blocks; each answer is a turn of its own."""
    blocks = _blocks(message["content"])
    answers = [
        Turn("tool", _text(block.get("content")), (), block["tool_use_id"])
        for block in blocks
        if block["type"] == "tool_result"
    ]
    calls = tuple(
        Call(block["name"], json.dumps(block["input"], ensure_ascii=False), block["id"])
        for block in blocks
        if block["type"] == "tool_use"
    )
    text = _text(blocks)
    spoken = [Turn(message["role"], text, calls)] if text or calls or not answers else []
    return [*answers, *spoken]


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def _text(content: Any) -> str:
    return "".join(block.get("text", "") for block in _blocks(content) if block["type"] == "text")


def spans(body: Mapping[str, Any]) -> list[Span]:
    """The prompt as the model reads it: tools, system, messages, a block each."""
    made = [_span(tool, json.dumps(_unmarked(tool))) for tool in body.get("tools") or ()]
    made += [_span(block, "<|system|>" + json.dumps(_unmarked(block))) for block in _blocks(body.get("system"))]
    for message in body["messages"]:
        made += [_span(b, f"<|{message['role']}|>" + json.dumps(_unmarked(b))) for b in _blocks(message["content"])]
    return made


def _span(block: Mapping[str, Any], text: str) -> Span:
    return Span(text, "cache_control" in block)


def _unmarked(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key != "cache_control"}


def used(cache: Cache, asked: Asked) -> Used:
    """What the prompt costs; the answer's tokens are still to be counted."""
    return cache.by_marks(f"{asked.key} {asked.model}", spans(asked.body))


def _usage(used: Used, output: int) -> dict[str, Any]:
    return {
        "input_tokens": used.prompt - used.cached - used.written,
        "cache_creation_input_tokens": used.written,
        "cache_read_input_tokens": used.cached,
        "output_tokens": output,
    }


def _content(asked: Asked, said: Said) -> tuple[list[dict[str, Any]], Said]:
    """The blocks of an answer without their streamed parts, and the answer they are of."""
    forced = any(tool["name"] == FORCED for tool in asked.body.get("tools") or ())
    if forced and said.text:
        said = Said(thinking=said.thinking, calls=(Call(FORCED, said.text, f"toolu_{asked.n}_0"),), finish=said.finish)
    blocks: list[dict[str, Any]] = []
    if said.thinking:
        blocks.append({"type": "thinking", "thinking": said.thinking, "signature": f"signed-{asked.n}"})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    for call in said.calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.given or {}}
        blocks.append({**block, "arguments": call.arguments})
    return blocks, said


def whole(asked: Asked, said: Said, used: Used) -> dict[str, Any]:
    """The answer in one piece; arguments that are no JSON cannot be said in it and become none."""
    blocks, said = _content(asked, said)
    content = [{key: value for key, value in block.items() if key != "arguments"} for block in blocks]
    return {
        **_head(asked),
        "content": content,
        "stop_reason": FINISH[said.finished],
        "stop_sequence": None,
        "usage": _usage(used, used.output),
    }


def _head(asked: Asked) -> dict[str, Any]:
    return {"id": f"msg_{asked.n}", "type": "message", "role": "assistant", "model": asked.model}


def events(asked: Asked, said: Said, used: Used) -> list[bytes]:
    """The answer as a stream, one server-sent event each."""
    blocks, made = _content(asked, said)
    start = {**_head(asked), "content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(used, 1)}
    frames = [_event("message_start", message=start), _event("ping")]
    for index, block in enumerate(blocks):
        frames += _block(index, block, said.piece)
    delta = {"stop_reason": FINISH[made.finished], "stop_sequence": None}
    frames.append(_event("message_delta", delta=delta, usage={"output_tokens": used.output}))
    return [*frames, _event("message_stop")]


def _block(index: int, block: Mapping[str, Any], size: int) -> list[bytes]:
    kind = block["type"]
    if kind == "thinking":
        empty = {"type": kind, "thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"], size)]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif kind == "text":
        empty = {"type": kind, "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"], size)]
    else:
        empty = {"type": kind, "id": block["id"], "name": block["name"], "input": {}}
        parts = ["", *pieces(block["arguments"], size)]
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in parts]
    return [
        _event("content_block_start", index=index, content_block=empty),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _event(kind: str, **data: Any) -> bytes:
    said = json.dumps({"type": kind, **data}, ensure_ascii=False)
    return f"event: {kind}\ndata: {said}\n\n".encode("utf-8", "surrogatepass")


def error(fault: Fault) -> dict[str, Any]:
    """An error as this provider says it."""
    kind = fault.kind if fault.kind.endswith("_error") else KINDS.get(fault.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": fault.message}, "request_id": "req_scripted"}


def error_event(fault: Fault) -> bytes:
    """An error in the middle of a stream."""
    return _event("error", error=error(fault)["error"])


def models(names: Sequence[str]) -> dict[str, Any]:
    """What GET /v1/models lists."""
    made = [{"type": "model", "id": name, "display_name": name, "created_at": "2023-11-14T00:00:00Z"} for name in names]
    return {
        "data": made,
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }
