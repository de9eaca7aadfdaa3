"""OpenAI's chat completions: requests read, answers and errors written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.scripted.cache import Cache, Span
from tests.scripted.said import Asked, Call, Fault, Offered, Said, Turn, Used

PATH = "/v1/chat/completions"
FINISH = {"stop": "stop", "tools": "tool_calls", "length": "length", "refused": "content_filter"}
KINDS = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    402: "insufficient_quota",
    404: "invalid_request_error",
    429: "requests",
}
CREATED = 1_700_000_000


def read(body: Mapping[str, Any], headers: Mapping[str, str], n: int) -> Asked:
    """A request body as a play sees it."""
    turns = [_turn(message) for message in body["messages"]]
    wanted = body.get("response_format") or {}
    functions = [tool["function"] for tool in body.get("tools") or ()]
    return Asked(
        wire="openai",
        n=n,
        model=body["model"],
        key=headers.get("authorization", "").removeprefix("Bearer "),
        system="\n".join(turn.text for turn in turns if turn.role == "system"),
        messages=tuple(turn for turn in turns if turn.role != "system"),
        tools=tuple(Offered(f["name"], f.get("description", ""), f.get("parameters", {})) for f in functions),
        schema=wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None,
        stream=bool(body.get("stream")),
        body=body,
    )


def _turn(message: Mapping[str, Any]) -> Turn:
    calls = tuple(
        Call(call["function"]["name"], call["function"]["arguments"], call["id"])
        for call in message.get("tool_calls") or ()
    )
    role = message["role"]
    return Turn(
        "system" if role == "developer" else role, _text(message.get("content")), calls, message.get("tool_call_id", "")
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def spans(body: Mapping[str, Any]) -> list[Span]:
    """The prompt as the model reads it, tools first."""
    tools = json.dumps(body.get("tools") or [])
    return [Span(tools), *(Span(_rendered(message)) for message in body["messages"])]


def _rendered(message: Mapping[str, Any]) -> str:
    calls = json.dumps(message["tool_calls"]) if message.get("tool_calls") else ""
    return f"<|{message['role']}|>{_text(message.get('content'))}{calls}"


def used(cache: Cache, asked: Asked) -> Used:
    """What the prompt costs; the answer's tokens are still to be counted."""
    return cache.by_steps(f"{asked.key} {asked.model}", spans(asked.body))


def _usage(used: Used, said: Said) -> dict[str, Any]:
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.output,
        "total_tokens": used.prompt + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": -(-len(said.thinking) // 4)},
    }


def whole(asked: Asked, said: Said, used: Used) -> dict[str, Any]:
    """The answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if said.thinking:
        message["reasoning_content"] = said.thinking
    if said.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in said.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[said.finished]}
    head = {"id": f"chatcmpl-{asked.n}", "object": "chat.completion", "created": CREATED, "model": asked.model}
    return {**head, "choices": [choice], "usage": _usage(used, said)}


def events(asked: Asked, said: Said, used: Used) -> list[bytes]:
    """The answer as a stream, one server-sent event each."""
    head = {"id": f"chatcmpl-{asked.n}", "object": "chat.completion.chunk", "created": CREATED, "model": asked.model}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in pieces(said.thinking, said.piece)]
    deltas += [{"content": piece} for piece in pieces(said.text, said.piece)]
    for index, call in enumerate(said.calls):
        start = {"name": call.name, "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": start}]})
        for piece in pieces(call.arguments, said.piece):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": FINISH[said.finished]}]})
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": _usage(used, said)})
    return [*(_event(chunk) for chunk in chunks), b"data: [DONE]\n\n"]


def pieces(text: str, size: int) -> Iterator[str]:
    """A text in stretches of `size` characters."""
    return (text[at : at + size] for at in range(0, len(text), size))


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n\n"


def error(fault: Fault) -> dict[str, Any]:
    """An error as this provider says it."""
    kind = fault.kind or KINDS.get(fault.status, "server_error")
    return {"error": {"message": fault.message, "type": kind, "param": None, "code": fault.code}}


def error_event(fault: Fault) -> bytes:
    """An error in the middle of a stream."""
    return _event(error(fault))


def models(names: Sequence[str]) -> dict[str, Any]:
    """What GET /v1/models lists."""
    made = [{"id": name, "object": "model", "created": CREATED, "owned_by": "scripted"} for name in names]
    return {"object": "list", "data": made}
