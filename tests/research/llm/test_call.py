"""Asking models through LiteLLM over loopback HTTP: answers, faults, waits, keys, money."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from praxtui.research.llm import provider
from praxtui.research.llm.call import Models
from praxtui.research.llm.turns import ContentRefused, ContextTooLong, Message, Part, Tool
from praxtui.research.protocol import OutOfBudget
from praxtui.settings import Limits, ModelSettings, Prices
from tests.research.llm.counter import Clock, Counter, Pocket
from tests.scripted import Asked, Call, Fault, Hold, Play, Said, Server, Used
from tests.scripted.faults import FAULTS
from tests.scripted.said import Answer

GPT = "openai/gpt-4o"
CLAUDE = "anthropic/claude-sonnet-4-5"
KEY = "sk-proj-Zq81nS0meVeryPrivateThing"
READ = Tool("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
PROMPT = (
    Message(role="system", parts=(Part("You are a researcher. " * 300, cache=True),)),
    Message(role="user", parts=(Part("The ledger. " * 300, cache=True), Part("Propose."))),
)
PATIENT = Limits(total=120, first=60, between=60)
# Long enough for a busy machine to answer within it, short enough to be sat out.
QUICK = Limits(total=120, first=2, between=2)


@pytest.fixture(scope="module", autouse=True)
def litellm() -> None:
    """The import takes seconds: once for all that is here."""
    asyncio.run(provider.load())


@pytest.fixture(autouse=True)
async def no_connection_outlives_its_test() -> AsyncIterator[None]:
    yield
    await provider.close()


def keys(server: Server, *models: str) -> Pocket:
    bases = {"openai": server.openai_base, "anthropic": server.anthropic_base, "llamafile": server.openai_base}
    return Pocket({m: {"api_key": KEY, "api_base": bases[m.partition("/")[0]]} for m in models or (GPT, CLAUDE)})


def asked(server: Server, *models: str, clock: Clock | None = None, **settings: Any) -> Models:
    clock = clock or Clock()
    made = {model: ModelSettings(**{"limits": PATIENT, **settings}) for model in models}
    return Models(
        models, keys(server, *models), made, now=clock.now, sleep=clock.sleep, chance=random.Random(0)
    )  # fmt: skip


def first(answer: Answer, then: Answer | None = None) -> Play:
    """One answer to the first request, another to those after it."""
    return lambda a: answer if a.n == 1 else (then or Said("fine"))


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_an_answer_comes_with_its_text_thinking_calls_and_usage(model: str) -> None:
    said = Said(
        text="I look at it first.", thinking="Where is the rate?", piece=3, usage=Used(900, 600, 100, 50),
        calls=(Call.of("read", path="train.py"), Call.of("read", path="räte.py")),
    )  # fmt: skip
    desk = Counter()
    with Server(lambda a: said) as server:
        reply = await asked(server, model).ask(PROMPT, desk, tools=[READ], what="repair")
    assert (reply.text, reply.thinking, reply.finish) == (said.text, said.thinking, "tools")
    assert [(call.name, call.arguments) for call in reply.calls] == [(c.name, c.arguments) for c in said.calls]
    assert reply.usage.prompt == 900 and reply.usage.output == 50
    assert reply.usage.cached == 600
    assert [(usage, what) for usage, what in desk.spent] == [(reply.usage, "repair")]
    assert (desk.said("text"), desk.said("thought")) == (said.text, said.thinking)
    assert desk.faults == [] and desk.reasons == []


async def test_claude_is_told_what_to_keep_and_gets_its_thinking_back() -> None:
    with Server(lambda a: Said(thinking="Hm.", calls=(Call.of("read", path="a"),))) as server:
        models, desk = asked(server, CLAUDE), Counter()
        reply = await models.ask(PROMPT, desk, tools=[READ])
        answer = Message(role="tool", parts=(Part("LR = 3"),), call_id=reply.calls[0].id, name="read")
        again = await models.ask(
            [*PROMPT, Message(role="assistant", calls=reply.calls, opaque=reply.opaque), answer], desk, tools=[READ]
        )
        body = server.requests[-1].body
    assert again.usage.cached > 0.8 * again.usage.prompt
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    marked = [block for message in body["messages"] for block in message["content"] if "cache_control" in block]
    assert [block["type"] for block in marked] == ["text", "tool_result"]
    assert body["messages"][1]["content"][0] == {"type": "thinking", "thinking": "Hm.", "signature": "signed-1"}


async def test_openai_gets_plain_strings_and_no_sampling_parameters() -> None:
    with Server(lambda a: Said("fine")) as server:
        await asked(server, GPT).ask(PROMPT, Counter(), tools=[READ])
        body = server.requests[-1].body
    assert [message["content"] for message in body["messages"]] == [message.text for message in PROMPT]
    assert "cache_control" not in str(body)
    assert not {"temperature", "top_p", "n", "seed", "stop"} & set(body)
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_a_schema_is_asked_for(model: str) -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"type": "integer"}},
        "required": ["x"],
        "additionalProperties": False,
    }
    with Server(lambda a: Said('{"x": 1}')) as server:
        reply = await asked(server, model).ask(PROMPT, Counter(), schema=schema)
        wanted = server.requests[-1].asked.schema
    assert reply.text == '{"x": 1}'
    assert wanted is not None and wanted["properties"] == schema["properties"]


async def test_two_calls_under_one_id_get_one_each() -> None:
    with Server(lambda a: Said(calls=(Call("read", "{}", "twin"), Call("read", '{"path": "b"}', "twin")))) as server:
        reply = await asked(server, GPT).ask(PROMPT, Counter(), tools=[READ])
    assert [call.arguments for call in reply.calls] == ["{}", '{"path": "b"}']
    assert len({call.id for call in reply.calls}) == 2


async def test_a_reply_cut_off_by_its_limit_says_so() -> None:
    with Server(lambda a: Said("half a", finish="length")) as server:
        reply = await asked(server, GPT).ask(PROMPT, Counter())
    assert (reply.text, reply.finish) == ("half a", "length")


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_an_answer_that_the_provider_stops_is_refused(model: str) -> None:
    with Server(lambda a: Said("I cannot", finish="refused")) as server:
        reply = await asked(server, model).ask(PROMPT, Counter())
    assert reply.finish == "refused"


async def test_thoughts_are_written_at_most_four_times_a_second() -> None:
    said = Said(text="b" * 400, thinking="a" * 400, piece=1)
    clock, desk = Clock(), Counter()
    with Server(lambda a: said) as server:
        await asked(server, GPT, clock=clock).ask(PROMPT, desk)
    # no time passes on this clock: the first delta, and the rest of each kind at the end
    assert [(kind, len(text)) for kind, text in desk.streamed] == [("thought", 1), ("thought", 399), ("text", 400)]


# --- faults ----------------------------------------------------------------------------------------------------------

WAITED = {
    "rate_limit": "429 rate limited",
    "rate_limit_retry_after": "429 rate limited",
    "server_error": "500 overloaded",
    "unavailable": "503 overloaded",
    "overloaded": "529 overloaded",
    "bad_gateway": "502 overloaded",
    "reset": "not reached",
    "cut": "not reached",
    "unfinished": "not reached",
    "error_in_stream": "overloaded",
    "silent": "fell silent",
    "no_first_byte": "fell silent",
    "payment_required": "402 quota or credit used up",
    "no_credit": "quota or credit used up",
    "html": "malformed reply",
    "empty": "malformed reply",
}


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("name", WAITED)
async def test_a_fault_is_named_waited_out_and_asked_again(name: str, model: str) -> None:
    good = Said("Propose a smaller learning rate, since the loss is unsteady at the end.", thinking="Hm.")
    desk, clock = Counter(), Clock()
    with Server(lambda a: FAULTS[name](a, good) if a.n == 1 else good) as server:
        limits = QUICK if name in ("silent", "no_first_byte") else PATIENT
        reply = await asked(server, model, clock=clock, limits=limits).ask(PROMPT, desk, tools=[READ])
        assert server.asked == 2
    assert reply.text == good.text
    who = model.partition("/")[0]
    assert len(desk.faults) == 1
    assert WAITED[name] in desk.faults[0] and desk.faults[0].startswith(f"{who}: ")
    assert "; waiting " in desk.faults[0]
    # by our own limits: LiteLLM's are longer
    assert name != "silent" or "silent for 2 s in its answer" in desk.faults[0]
    assert name != "no_first_byte" or "no answer in 2 s" in desk.faults[0]
    assert len(desk.reasons) == 1 and WAITED[name] in desk.reasons[0]
    assert f"for {who}: " in desk.reasons[0]
    assert desk.waits == {}
    assert len(clock.slept) == 1
    assert KEY not in desk.everything


async def test_a_model_whose_server_takes_no_tools_is_asked_for_json_from_then_on() -> None:
    refusal = Fault(400, "registry/llama3 does not support tools")
    desk, models = Counter(), None
    said = Said('{"thought": "I look.", "call": {"tool": "read", "arguments": {"path": "train.py"}}}')
    with Server(lambda a: refusal if a.tools else said) as server:
        models = asked(server, GPT)
        assert models.native_tools
        for _ in range(2):
            reply = await models.ask(PROMPT, desk, tools=[READ])
            assert [call.name for call in reply.calls] == ["read"]
        assert not models.native_tools
        assert server.asked == 3
    assert len(desk.faults) == 1 and "asked for JSON replies" in desk.faults[0]
    assert desk.reasons == []


async def test_a_refused_connection_is_waited_out() -> None:
    desk = Counter()
    with Server(lambda a: Said("back again")) as server:
        server.down()
        clock = Clock(lambda seconds: server.up() if len(clock.slept) == 3 else None)
        reply = await asked(server, GPT, clock=clock).ask(PROMPT, desk)
    assert reply.text == "back again"
    assert desk.faults[0].startswith("openai: not reached: Connection re")
    assert len(clock.slept) == 3


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_a_prompt_that_is_too_long_goes_back_to_the_caller(model: str) -> None:
    desk = Counter()
    with Server(lambda a: FAULTS["context_too_long"](a, Said())) as server, pytest.raises(ContextTooLong):
        await asked(server, model).ask(PROMPT, desk)
    assert "prompt too long" in desk.faults[0]


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_a_refused_prompt_goes_back_to_the_caller(model: str) -> None:
    desk = Counter()
    with Server(lambda a: FAULTS["policy"](a, Said())) as server:
        with pytest.raises(ContentRefused) as refused:
            await asked(server, model).ask(PROMPT, desk)
        assert server.asked == 1
    assert "refused the content" in refused.value.reason


async def test_a_wait_lasts_as_long_as_the_provider_asks() -> None:
    busy = Fault(429, "Slow down.", headers={"retry-after": "40"})
    clock, desk = Clock(), Counter()
    with Server(first(busy)) as server:
        await asked(server, CLAUDE, clock=clock).ask(PROMPT, desk)
    assert 40 <= clock.slept[0] <= 44
    assert desk.reasons[0].startswith(f"waiting {-(-clock.slept[0] // 1):.0f} s for anthropic: 429")


async def test_waits_grow_to_five_minutes_and_go_on_for_hours() -> None:
    down = Fault(503, "down for maintenance")
    clock, desk = Clock(), Counter()
    with Server(lambda a: down if a.n <= 80 else Said("back")) as server:
        reply = await asked(server, GPT, clock=clock).ask(PROMPT, desk)
    assert reply.text == "back"
    assert clock.slept[0] <= 2 and clock.slept == [pytest.approx(s) for s in clock.slept]
    assert max(clock.slept) <= 300 and min(clock.slept[20:]) >= 150
    assert sum(clock.slept) > 3600 * 3
    assert desk.spent and len(desk.spent) == 1


# --- fallbacks -------------------------------------------------------------------------------------------------------


def by_model(**plays: Callable[[Asked], Answer]) -> Play:
    return lambda a: plays["claude" if "claude" in a.model else "gpt"](a)


async def test_another_model_stands_in_for_one_that_is_down_and_then_makes_room_again() -> None:
    up: list[bool] = []
    play = by_model(claude=lambda a: Said("claude") if up else Fault(529, "Overloaded"), gpt=lambda a: Said("gpt"))
    clock, desk = Clock(), Counter()
    with Server(play) as server:
        models = asked(server, CLAUDE, GPT, clock=clock)
        assert (await models.ask(PROMPT, desk)).text == "gpt"
        assert models.window == 128_000
        assert sum("claude" in seen.asked.model for seen in server.requests) == 4
        assert desk.faults[-1].endswith(f"going on with {GPT}")
        assert (await models.ask(PROMPT, desk)).text == "gpt"
        assert sum("claude" in seen.asked.model for seen in server.requests) == 4
        clock.time += 600
        up.append(True)
        assert (await models.ask(PROMPT, desk)).text == "claude"
        assert models.window == 200_000
    assert desk.waits == {}


async def test_a_long_wait_is_not_sat_out_where_another_model_is() -> None:
    busy = Fault(429, "Slow down.", headers={"retry-after": "3000"})
    clock, desk = Clock(), Counter()
    with Server(by_model(claude=lambda a: busy, gpt=lambda a: Said("gpt"))) as server:
        assert (await asked(server, CLAUDE, GPT, clock=clock).ask(PROMPT, desk)).text == "gpt"
    assert clock.slept == [] and len(desk.faults) == 1


async def test_when_all_are_down_the_first_that_is_back_answers() -> None:
    play = by_model(claude=lambda a: Fault(503, "down"), gpt=lambda a: Said("gpt") if a.n > 20 else Fault(503, "down"))
    clock, desk = Clock(), Counter()
    with Server(play) as server:
        assert (await asked(server, CLAUDE, GPT, clock=clock).ask(PROMPT, desk)).text == "gpt"
        assert server.asked >= 21
    assert max(clock.slept) <= 300


async def test_a_model_without_tools_stands_in_with_replies_of_json() -> None:
    reply = '{"thought": "first", "call": {"tool": "read", "arguments": {"path": "a.py"}}}'
    play = by_model(claude=lambda a: Fault(402, "pay"), gpt=lambda a: Said(reply))
    clock, desk = Clock(), Counter()
    with Server(play) as server:
        made = {GPT: ModelSettings(tools="json", limits=PATIENT)}
        models = Models([CLAUDE, GPT], keys(server), made, now=clock.now, sleep=clock.sleep)
        assert models.native_tools
        got = await models.ask(PROMPT, desk, tools=[READ])
        sent = server.requests[-1].asked
        assert not models.native_tools
    assert [(call.name, call.arguments) for call in got.calls] == [("read", '{"path":"a.py"}')] or got.calls[
        0
    ].name == "read"
    assert not sent.tools and sent.schema is not None
    assert "read" in sent.messages[-1].text


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_waits_for_another_one_and_says_which(model: str, status: int) -> None:
    refusal = Fault(status, f"Incorrect API key provided: {KEY}.")
    desk = Counter()
    with Server(lambda a: refusal if a.key == KEY else Said("welcome")) as server:
        pocket = keys(server, model)

        def look(seconds: float) -> None:
            if len(clock.slept) == 3:
                pocket.params[model]["api_key"] = "sk-another"

        clock = Clock(look)
        models = Models([model], pocket, now=clock.now, sleep=clock.sleep)
        assert (await models.ask(PROMPT, desk)).text == "welcome"
        assert server.asked == 2
    who = model.partition("/")[0]
    print(desk.faults)
    assert desk.reasons[0] == f"{who} refused the key: set SCRIPTED_API_KEY, then `praxtui resume`"
    assert {one[1] for one in desk.told if one[0] == "waiting"} == {"keys"}
    assert ("waited", "keys") in desk.told and desk.waits == {}
    assert max(clock.slept) <= 5
    assert KEY not in desk.everything


async def test_a_missing_key_is_named_and_waited_for() -> None:
    desk = Counter()
    with Server(lambda a: Said("welcome")) as server:
        pocket = Pocket({}, name="OPENAI_API_KEY")
        clock = Clock(lambda seconds: pocket.params.update({GPT: {"api_key": "k", "api_base": server.openai_base}}))
        assert (await Models([GPT], pocket, now=clock.now, sleep=clock.sleep).ask(PROMPT, desk)).text == "welcome"
    assert desk.reasons == [f"no key for {GPT}: set OPENAI_API_KEY, then `praxtui resume`"]
    assert desk.told[0][1] == "keys" and desk.waits == {}


async def test_a_revoked_key_is_tried_again_in_the_end() -> None:
    clock, desk = Clock(), Counter()
    with Server(first(Fault(401, "invalid x-api-key"))) as server:
        assert (await asked(server, CLAUDE, clock=clock).ask(PROMPT, desk)).text == "fine"
    assert 150 <= sum(clock.slept) <= 310


async def test_a_model_that_is_not_there_waits_for_a_person() -> None:
    clock, desk = Clock(), Counter()
    with Server(lambda a: FAULTS["no_such_model"](a, Said()) if a.n == 1 else Said("there")) as server:
        assert (await asked(server, GPT, clock=clock).ask(PROMPT, desk)).text == "there"
    assert "openai has no model openai/gpt-4o for this key" in desk.reasons[0]
    assert desk.told[1][1] == "keys"


async def test_another_model_answers_while_a_key_is_refused() -> None:
    play = by_model(claude=lambda a: Fault(401, "invalid x-api-key"), gpt=lambda a: Said("gpt"))
    clock, desk = Clock(), Counter()
    with Server(play) as server:
        models = asked(server, CLAUDE, GPT, clock=clock)
        for _ in range(3):
            assert (await models.ask(PROMPT, desk)).text == "gpt"
        assert sum("claude" in seen.asked.model for seen in server.requests) == 1
    assert desk.reasons == [] and len(desk.faults) == 1


# --- money -----------------------------------------------------------------------------------------------------------

DEAR = Prices(input=100.0, cached=10.0, output=1000.0)


async def test_a_call_is_booked_at_the_prices_given() -> None:
    desk = Counter(usd=100.0)
    with Server(lambda a: Said("fine", usage=Used(10_000, 4_000, 0, 200))) as server:
        reply = await asked(server, GPT, prices=DEAR).ask(PROMPT, desk)
    assert reply.usage.usd == pytest.approx((6_000 * 100 + 4_000 * 10 + 200 * 1000) / 1e6)


async def test_no_call_is_made_without_money() -> None:
    desk = Counter(usd=0.01)
    with Server(lambda a: Said("fine", usage=Used(1_000, 0, 0, 10))) as server:
        models = asked(server, GPT, prices=DEAR)
        assert (await models.ask(PROMPT, desk)).text == "fine"
        with pytest.raises(OutOfBudget, match="USD used up"):
            await models.ask(PROMPT, desk)
        assert server.asked == 1


async def test_tokens_are_limited_as_well() -> None:
    desk = Counter(tokens=4_000)
    with Server(lambda a: Said("fine", usage=Used(3_000, 0, 0, 500))) as server:
        models = asked(server, GPT)
        for _ in range(2):
            await models.ask(PROMPT, desk)
        with pytest.raises(OutOfBudget, match="tokens used up"):
            await models.ask(PROMPT, desk)
        assert server.asked == 2


@pytest.mark.parametrize("budget", [{"usd": 8.0}, {"tokens": 8_000}])
async def test_calls_in_flight_count_as_if_they_used_all_they_may(budget: dict[str, Any]) -> None:
    hold = Hold(0)
    desk = Counter(**budget)
    with Server(lambda a: Said("fine", holds=(hold,))) as server:
        models = Models([GPT], keys(server), {GPT: ModelSettings(prices=DEAR)})
        one = asyncio.create_task(models.ask(PROMPT, desk))
        await asyncio.to_thread(hold.reached.wait, 30)
        with pytest.raises(OutOfBudget):
            await models.ask(PROMPT, desk)
        hold.release.set()
        assert (await one).text == "fine"
        assert server.asked == 1


async def test_the_budget_is_never_overshot_by_more_than_one_call() -> None:
    desk = Counter(usd=1.0)
    with Server(lambda a: Said("fine " * 100, usage=Used(2_000, 0, 0, 500))) as server:
        models = asked(server, GPT, prices=Prices(input=10.0, output=100.0))
        spent_out = False
        while not spent_out:
            try:
                await models.ask(PROMPT, desk, max_output=600)
            except OutOfBudget:
                spent_out = True
        assert server.asked > 5
    one = 2_000 * 10.0 / 1e6 + 500 * 100.0 / 1e6
    assert 1.0 <= sum(usage.usd or 0.0 for usage, _ in desk.spent) < 1.0 + one


async def test_a_price_that_nobody_knows_is_none_and_starts_nothing_under_a_limit_of_usd() -> None:
    model = "anthropic/claude-of-tomorrow"
    with Server(lambda a: Said("fine")) as server:
        models = asked(server, model)
        free = Counter()
        assert (await models.ask(PROMPT, free)).usage.usd is None
        with pytest.raises(OutOfBudget, match="nobody knows the price"):
            await models.ask(PROMPT, Counter(usd=1.0))
        assert (await models.ask(PROMPT, Counter(usd=1.0, tokens=100_000))).text == "fine"
        priced = Models([model, CLAUDE], keys(server, model, CLAUDE))
        assert (await priced.ask(PROMPT, Counter(usd=1.0))).usage.model == CLAUDE


async def test_a_server_of_ones_own_costs_nothing() -> None:
    with Server(lambda a: Said("fine")) as server:
        reply = await asked(server, "llamafile/local-thing").ask(PROMPT, Counter(usd=0.0))
    assert reply.usage.usd == 0.0


@pytest.mark.parametrize("model", [GPT, CLAUDE])
async def test_what_broke_off_is_paid_for(model: str) -> None:
    desk = Counter()
    long = Said("Many words were said before it broke. " * 20)
    with Server(lambda a: FAULTS["reset"](a, long) if a.n == 1 else Said("fine")) as server:
        await asked(server, model, prices=DEAR).ask(PROMPT, desk)
    broken, whole = (usage for usage, _ in desk.spent)
    assert broken.prompt > 1000 and broken.output > 50 and broken.usd
    assert whole.output < 10


# --- ends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("event", [0, 6])
async def test_a_call_that_is_cancelled_ends_within_a_second(model: str, event: int) -> None:
    hold = Hold(event)
    desk = Counter()
    with Server(lambda a: Said("one two three four five six", piece=2, holds=(hold,))) as server:
        models = Models([model], keys(server))
        call = asyncio.create_task(models.ask(PROMPT, desk))
        assert await asyncio.to_thread(hold.reached.wait, 30)
        async with asyncio.timeout(30):
            while event and not desk.streamed:
                await asyncio.sleep(0.01)
        call.cancel()
        async with asyncio.timeout(1):
            with pytest.raises(asyncio.CancelledError):
                await call
        assert await asyncio.to_thread(server.requests[-1].ended.wait, 30)
        assert server.requests[-1].hung_up
    assert desk.waits == {}
    assert len(desk.spent) == (1 if event else 0)


async def test_a_wait_is_cancelled_at_once() -> None:
    with Server(lambda a: Fault(503, "down")) as server:
        desk = Counter()
        call = asyncio.create_task(Models([GPT], keys(server)).ask(PROMPT, desk))
        while not desk.reasons:
            await asyncio.sleep(0.01)
        call.cancel()
        async with asyncio.timeout(1):
            with pytest.raises(asyncio.CancelledError):
                await call
    assert desk.waits == {}


async def test_a_call_is_over_after_its_total_time() -> None:
    desk = Counter()
    endless = Said("a" * 2000, piece=1, pause_s=0.02)
    with Server(lambda a: endless if a.n == 1 else Said("fine")) as server:
        reply = await asked(server, GPT, limits=Limits(total=0.5, first=5, between=5)).ask(PROMPT, desk)
    assert reply.text == "fine"
    assert "not done in 0.5 s" in desk.faults[0]


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_no_fault_writes_to_the_terminal(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    good = Said("fine", calls=(Call.of("read", path="a"),))
    clock = Clock()
    with Server(lambda a: FAULTS[name](a, good) if a.n == 1 else good) as server:
        clock.on_sleep = lambda seconds: server.up() if name == "down" else None
        with contextlib.suppress(ContextTooLong, ContentRefused):
            limits = QUICK if name in ("silent", "no_first_byte") else PATIENT
            await asked(server, GPT, clock=clock, limits=limits).ask(PROMPT, Counter(), tools=[READ])
    assert capfd.readouterr() == ("", "")
