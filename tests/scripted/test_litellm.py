"""What LiteLLM makes of the scripted server, on both wires: answers whole, usage, and each fault's exception."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from praxtui.research.llm import provider
from tests.scripted import Asked, Broken, Call, Down, Hold, Play, Said, Server, Used
from tests.scripted.faults import FAULTS

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs litellm"),
    pytest.mark.asyncio(loop_scope="module"),
]

WIRES = ("openai", "anthropic")
MODELS = {"openai": "openai/scripted", "anthropic": "anthropic/claude-sonnet-4-5"}
READ = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "start": {"type": "integer"}},
    "required": ["path"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "read", "description": "Read a file.", "parameters": READ}}
LONG = "A rule of the protocol, as long as rules are. " * 400
EDIT = Call.of("edit", path="settings.py", blocks=[{"search": "GAIN = 0.0\n", "replace": 'GAIN = "ä"\n'}])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def imported() -> AsyncIterator[Any]:
    await provider.load()
    yield importlib.import_module("litellm")
    await provider.close()


@pytest_asyncio.fixture(loop_scope="module")
async def litellm(imported: Any) -> Any:
    """LiteLLM as praxtui uses it: one event loop for life, offline, and silenced, which pytest undoes between tests."""
    await provider.load()
    return imported


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class Client:
    """Real calls of LiteLLM to a server, streamed unless said otherwise."""

    def __init__(self, litellm: Any, wire: str, server: Server) -> None:
        self._litellm = litellm
        self.model = MODELS[wire]
        self._base = server.openai_base if wire == "openai" else server.anthropic_base

    async def ask(self, *messages: dict[str, Any], stream: bool = True, key: str = "sk-1", **more: Any) -> Any:
        given = {"messages": list(messages) or [user("hello")], "max_retries": 0, "timeout": 30, **more}
        if stream:
            given["stream_options"] = {"include_usage": True}
        answer = await self._litellm.acompletion(
            model=self.model, api_base=self._base, api_key=key, stream=stream, **given
        )
        return self._litellm.stream_chunk_builder([chunk async for chunk in answer]) if stream else answer


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def system(text: str, marked: bool = True) -> dict[str, Any]:
    mark = {"cache_control": {"type": "ephemeral"}} if marked else {}
    return {"role": "system", "content": [{"type": "text", "text": text, **mark}]}


@pytest.mark.parametrize("stream", [True, False])
async def test_thinking_text_and_tool_calls_arrive_whole(litellm: Any, wire: str, stream: bool) -> None:
    said = Said("I change it.", "What is 2 + 2?", (EDIT, Call.of("check")), usage=Used(100, 40, output=7), piece=5)
    with Server(lambda asked: said) as server:
        answer = await Client(litellm, wire, server).ask(tools=[TOOL], stream=stream)
        choice = answer.choices[0]
        made = [(call.function.name, call.function.arguments) for call in choice.message.tool_calls]
        if stream:  # each as it was written
            assert made == [(EDIT.name, EDIT.arguments), ("check", "{}")]
        assert [(name, Call(name, text).given) for name, text in made] == [(EDIT.name, EDIT.given), ("check", {})]
        assert len({call.id for call in choice.message.tool_calls}) == 2
        assert choice.message.content == "I change it."
        assert choice.message.reasoning_content == "What is 2 + 2?"
        assert choice.finish_reason == "tool_calls"
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (100, 7)
        assert answer.usage.prompt_tokens_details.cached_tokens == 40


async def test_a_play_sees_the_conversation_in_words_of_neither_wire(litellm: Any, wire: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": '{"path": "settings.py"}'}}
    told = {"role": "tool", "tool_call_id": "call_1", "content": "GAIN = 0.0"}
    said = {"role": "assistant", "content": "I look.", "tool_calls": [call]}
    with Server(lambda asked: Said("fine")) as server:
        await Client(litellm, wire, server).ask(
            system("Be good."), user("Go."), said, told, user("And now?"), tools=[TOOL], key="sk-ant-secret"
        )
        (seen,) = server.requests
    asked = seen.asked
    assert (asked.wire, asked.system, asked.prompt, asked.key) == (wire, "Be good.", "Go.", "sk-ant-secret")
    assert [(turn.role, turn.text) for turn in asked.messages] == [
        ("user", "Go."),
        ("assistant", "I look."),
        ("tool", "GAIN = 0.0"),
        ("user", "And now?"),
    ]
    assert asked.messages[1].calls[0].given == {"path": "settings.py"}
    assert asked.messages[2].call_id == asked.messages[1].calls[0].id
    assert [(tool.name, tool.parameters["required"]) for tool in asked.tools] == [("read", ["path"])]
    assert asked.stream and asked.schema is None


async def test_a_wanted_schema_reaches_the_play_and_the_json_comes_back_as_text(litellm: Any, wire: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": READ}}
    with Server(lambda asked: Said('{"path": "settings.py"}')) as server:
        client = Client(litellm, wire, server)
        answer = await client.ask(response_format=form)
        assert answer.choices[0].message.content == '{"path": "settings.py"}'
        asked = server.requests[0].asked
        assert asked.schema is not None and asked.schema["required"] == ["path"] and not asked.tools


async def test_a_prompt_that_begins_as_an_earlier_one_is_reported_as_cached(litellm: Any, wire: str) -> None:
    with Server(lambda asked: Said("fine")) as server:
        client = Client(litellm, wire, server)
        first = (await client.ask(system(LONG), user("One."))).usage
        again = (await client.ask(system(LONG), user("Another question. " * 20))).usage
        other = (await client.ask(system("Hello. " + LONG), user("One."))).usage
        keyed = (await client.ask(system(LONG), user("One."), key="sk-2")).usage
    size = len(LONG) // 4
    assert size < first.prompt_tokens < size + 100
    assert again.prompt_tokens > first.prompt_tokens
    assert size - 128 < again.prompt_tokens_details.cached_tokens <= again.prompt_tokens
    for fresh in (first, other, keyed):
        assert fresh.prompt_tokens_details.cached_tokens == 0
    if wire == "anthropic":
        assert first.cache_creation_input_tokens > size - 128 and again.cache_creation_input_tokens == 0


async def test_anthropic_caches_nothing_that_is_not_marked(litellm: Any) -> None:
    with Server(lambda asked: Said("fine")) as server:
        client = Client(litellm, "anthropic", server)
        used = [(await client.ask(system(LONG, marked=False), user("One."))).usage for _ in range(2)]
    assert used[1].prompt_tokens_details.cached_tokens == 0 and not used[1].cache_creation_input_tokens


EXPECTED = {
    "rate_limit": "RateLimitError",
    "rate_limit_retry_after": "RateLimitError",
    "server_error": "InternalServerError",
    "unavailable": "ServiceUnavailableError",
    "overloaded": "InternalServerError",
    "bad_gateway": "BadGatewayError",
    "down": "InternalServerError",  # and not APIConnectionError, whose name would say so
    "reset": "MidStreamFallbackError",
    "cut": "MidStreamFallbackError",
    "error_in_stream": "MidStreamFallbackError",
    "silent": "MidStreamFallbackError",  # and not Timeout, as before the first byte
    "no_first_byte": "Timeout",
    "context_too_long": "ContextWindowExceededError",
    "no_such_model": "NotFoundError",
    "revoked_key": "AuthenticationError",
    "payment_required": "PaymentRequiredError",
    "no_credit": "RateLimitError",
    "policy": "ContentPolicyViolationError",
}
ELSEWHERE = {
    ("openai", "overloaded"): "APIError",
    ("openai", "payment_required"): "APIError",
    ("anthropic", "no_credit"): "BadRequestError",
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_a_fault_raises_the_exception_that_litellm_documents(litellm: Any, wire: str, name: str) -> None:
    expected = getattr(litellm.exceptions, ELSEWHERE.get((wire, name), EXPECTED[name]))
    limit = 0.5 if name in ("silent", "no_first_byte") else 30
    with Server(spoiled(name)) as server, pytest.raises(expected) as raised:
        await Client(litellm, wire, server).ask(timeout=limit, stream_timeout=limit, tools=[TOOL])
    assert raised.type.__name__ == expected.__name__
    assert len(server.requests) == 1
    if name == "rate_limit_retry_after":
        assert raised.value.litellm_response_headers["retry-after"] == "1"


def spoiled(name: str) -> Play:
    good = Said("I change it.", "Let me see.", (EDIT,), piece=5)
    return lambda asked: Down(None) if name == "down" else FAULTS[name](asked, good)


async def test_what_a_model_says_wrong_arrives_as_it_said_it(litellm: Any, wire: str) -> None:
    names = ("truncated_arguments", "two_calls", "twin_ids", "empty", "chatter", "refused", "cut_off")
    said: dict[str, Any] = {}
    for name in names:
        with Server(spoiled(name)) as server:
            said[name] = (await Client(litellm, wire, server).ask(tools=[TOOL])).choices[0]
    cut = said["truncated_arguments"].message.tool_calls[0].function.arguments
    assert EDIT.arguments.startswith(cut) and len(cut) < len(EDIT.arguments)
    assert [call.function.name for call in said["two_calls"].message.tool_calls] == ["ledger", "edit"]
    assert len({call.id for call in said["twin_ids"].message.tool_calls}) == 1
    assert not said["empty"].message.content and not said["empty"].message.tool_calls
    assert not said["chatter"].message.tool_calls
    assert said["refused"].finish_reason == "content_filter"
    assert said["cut_off"].finish_reason == "length"


async def test_a_server_that_went_down_refuses_connections_until_it_is_up_again(litellm: Any, wire: str) -> None:
    with Server(lambda asked: Said("fine")) as server:
        client = Client(litellm, wire, server)
        await client.ask()
        server.down()
        with pytest.raises(litellm.InternalServerError):
            await client.ask()
        server.up()
        assert (await client.ask()).choices[0].message.content == "fine"
        assert len(server.requests) == 2


async def test_calls_at_once_are_served_at_once_and_a_client_that_goes_away_is_noticed(litellm: Any, wire: str) -> None:
    holds = [Hold(2), Hold(2)]

    def play(asked: Asked) -> Said:
        return Said("a long answer " * 9, holds=(holds[asked.n - 1],))

    with Server(play) as server:
        client = Client(litellm, wire, server)
        calls = [asyncio.create_task(client.ask()) for _ in holds]
        for hold in holds:
            assert await asyncio.to_thread(hold.reached.wait, 60)
        calls[0].cancel()
        await asyncio.wait([calls[0]])
        gone, kept = (server.requests[n] for n in (0, 1))
        if not await asyncio.to_thread(gone.ended.wait, 1):  # which of the two came first is open
            gone, kept = kept, gone
        assert gone.ended.wait(60) and gone.hung_up and not kept.ended.is_set()
        for hold in holds:
            hold.release.set()
        assert (await calls[1]).choices[0].message.content == "a long answer " * 9


async def test_an_unfinished_stream_looks_finished_to_litellm(litellm: Any, wire: str) -> None:
    # It makes up a reason to finish, so whoever calls it must see that none came.
    with Server(lambda asked: Broken(Said("a long answer " * 9), "unfinished", after=4)) as server:
        answer = await Client(litellm, wire, server).ask()
    assert answer.choices[0].finish_reason == "stop" and answer.choices[0].message.content != "a long answer " * 9
