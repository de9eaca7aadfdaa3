"""A model server that follows a script: the wire protocols of OpenAI and Anthropic over loopback HTTP, nothing else.

    with Server(lambda asked: Said(text="hello")) as server:
        await litellm.acompletion(model="openai/scripted", api_base=server.openai_base, api_key="k", messages=...)
    assert server.requests[0].body["model"] == "scripted"

A play is what says each answer: it gets an `Asked` and gives a `Said` or a `Fault`. `python -m tests.scripted` serves
one by hand.
"""

from __future__ import annotations

from tests.scripted.said import Asked, Broken, Call, Down, Fault, Hold, Offered, Play, Said, Turn, Used
from tests.scripted.server import Seen, Server

__all__ = [
    "Asked",
    "Broken",
    "Call",
    "Down",
    "Fault",
    "Hold",
    "Offered",
    "Play",
    "Said",
    "Seen",
    "Server",
    "Turn",
    "Used",
]
