"""Everything that goes wrong with a provider or a model, by name: what becomes of a good answer.

`FAULTS[NAME](asked, said)` is the answer in its place. Names in `WIRE_FAULTS` are the provider's or the network's and
may be asked again unchanged; those in `MODEL_FAULTS` are what the model itself says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from tests.scripted.said import Answer, Asked, Broken, Call, Down, Fault, Hold, Said

Spoil = Callable[[Asked, Said], Answer]

PAGE = "<html><head><title>Sign in</title></head><body><h1>Hotel WiFi</h1>Please sign in to go on.</body></html>"
CHATTER = "That is an interesting question. There are several things one could think about before doing anything. "


def _status(status: int, message: str, **more: str) -> Spoil:
    return lambda asked, said: Fault(status, message, **more)  # type: ignore[arg-type]


def retry_after(seconds: float) -> Spoil:
    """429 that says how long to wait."""
    wait = {"retry-after": f"{seconds:g}"}
    return lambda asked, said: Fault(429, "Rate limit reached for requests", code="rate_limit_exceeded", headers=wait)


def _too_long(asked: Asked, said: Said) -> Answer:
    if asked.wire == "anthropic":
        return Fault(400, "prompt is too long: 212345 tokens > 200000 maximum")
    message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
    return Fault(400, message, code="context_length_exceeded")


def _no_model(asked: Asked, said: Said) -> Answer:
    if asked.wire == "anthropic":
        return Fault(404, f"model: {asked.model}")
    return Fault(404, f"The model `{asked.model}` does not exist or you do not have access.", code="model_not_found")


def _revoked(asked: Asked, said: Said) -> Answer:
    if asked.wire == "anthropic":
        return Fault(401, "invalid x-api-key")
    return Fault(401, f"Incorrect API key provided: {asked.key[:3]}****.", code="invalid_api_key")


def _no_credit(asked: Asked, said: Said) -> Answer:
    if asked.wire == "anthropic":
        return Fault(400, "Your credit balance is too low to access the Anthropic API.")
    message = "You exceeded your current quota, please check your plan and billing details."
    return Fault(429, message, kind="insufficient_quota", code="insufficient_quota")


def _policy(asked: Asked, said: Said) -> Answer:
    if asked.wire == "anthropic":
        return Fault(400, "Output blocked by content filtering policy")
    message = "Your request was rejected as a result of our safety system (content_policy_violation)."
    return Fault(400, message, code="content_policy_violation")


def _broken(how: str) -> Spoil:
    return lambda asked, said: Broken(said, how)  # type: ignore[arg-type]


def _no_first_byte(asked: Asked, said: Said) -> Answer:
    return replace(said, holds=(Hold(0),))


# --- what a model says wrong -----------------------------------------------------------------------------------------


def _first(said: Said) -> Call:
    return said.calls[0] if said.calls else Call.of("read", path="settings.py")


def _cut_json(asked: Asked, said: Said) -> Answer:
    if not said.calls:  # a reply of JSON
        return replace(said, text=said.text[: len(said.text) // 2], finish="stop")
    call = _first(said)
    return replace(said, calls=(replace(call, arguments=call.arguments[: len(call.arguments) // 2] or '{"'),))


def _calling(asked: Asked, said: Said, *calls: Call) -> Said:
    """The answer with other calls, in whatever form it has them."""
    if said.calls or asked.schema is None:
        return replace(said, calls=calls, finish=None)
    made = [json.dumps({"thought": "", "call": {"tool": c.name, "arguments": c.given}}) for c in calls]
    return replace(said, text="\n".join(made))


def _unknown_tool(asked: Asked, said: Said) -> Answer:
    return _calling(asked, said, Call.of("run_shell", command="ls"))


def _wrong_types(asked: Asked, said: Said) -> Answer:
    return _calling(asked, said, Call.of("read", path=["settings.py"], start="first", end={"line": 3}))


def _chatter(asked: Asked, said: Said) -> Answer:
    return Said(text=CHATTER * 3, thinking="Let me think about how to put this.")


def _empty(asked: Asked, said: Said) -> Answer:
    return Said()


def _refused(asked: Asked, said: Said) -> Answer:
    return Said(text="I cannot help with that.", finish="refused")


def _cut_off(asked: Asked, said: Said) -> Answer:
    half = said.text or CHATTER
    return replace(said, text=half[: len(half) // 2], calls=(), finish="length")


def _two_calls(asked: Asked, said: Said) -> Answer:
    call = said.calls[0] if said.calls else Call.of("ledger", query="all")
    return _calling(asked, said, Call.of("ledger", query="all"), call)


def _twin_ids(asked: Asked, said: Said) -> Answer:
    call = _first(said)
    twin = f"twin_{asked.n}"
    return replace(said, calls=(replace(call, id=twin), Call("ledger", '{"query": "all"}', twin)), finish=None)


WIRE_FAULTS: dict[str, Spoil] = {
    "rate_limit": _status(429, "Rate limit reached for requests", code="rate_limit_exceeded"),
    "rate_limit_retry_after": retry_after(1),
    "server_error": _status(500, "The server had an error while processing your request."),
    "unavailable": _status(503, "The engine is currently overloaded, please try again later."),
    "overloaded": _status(529, "Overloaded"),
    "bad_gateway": lambda asked, said: Fault(502, "", page="<html><body>502 Bad Gateway</body></html>"),
    "down": lambda asked, said: Down(0.2),
    "reset": _broken("reset"),
    "cut": _broken("cut"),
    "unfinished": _broken("unfinished"),
    "error_in_stream": _broken("error"),
    "silent": _broken("silent"),
    "no_first_byte": _no_first_byte,
    "context_too_long": _too_long,
    "no_such_model": _no_model,
    "revoked_key": _revoked,
    "payment_required": _status(402, "Insufficient credits. Add more and try again.", code="insufficient_quota"),
    "no_credit": _no_credit,
    "policy": _policy,
    "html": lambda asked, said: Fault(200, "", page=PAGE),
}
MODEL_FAULTS: dict[str, Spoil] = {
    "truncated_arguments": _cut_json,
    "unknown_tool": _unknown_tool,
    "wrong_types": _wrong_types,
    "chatter": _chatter,
    "empty": _empty,
    "refused": _refused,
    "cut_off": _cut_off,
    "two_calls": _two_calls,
    "twin_ids": _twin_ids,
}
FAULTS: dict[str, Spoil] = {**WIRE_FAULTS, **MODEL_FAULTS}
