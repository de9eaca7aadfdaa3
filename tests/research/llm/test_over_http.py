"""Whole drafts through LiteLLM over loopback HTTP, on both wires, with and without tool calling."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from praxtui.research.llm import provider
from praxtui.research.llm.call import Models
from praxtui.research.llm.researcher import Llm
from praxtui.settings import ModelSettings
from tests.research.llm.counter import Clock, Pocket
from tests.research.llm.desks import TRAIN, FolderDesk
from tests.scripted import Asked, Call, Fault, Said, Server
from tests.scripted.said import Answer

GPT = "openai/gpt-4o"
CLAUDE = "anthropic/claude-sonnet-4-5"
EDITED = TRAIN.replace("LR = 3e-3", "LR = 1.5e-3")
STEPS = (
    Call.of("hypothesis", title="halve the rate", mechanism="smaller steps overshoot less", predicted="-0.02 loss"),
    Call.of("read", path="train.py"),
    Call.of("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3"),
    Call.of("submit"),
)


@pytest.fixture(scope="module", autouse=True)
def litellm() -> None:
    asyncio.run(provider.load())


@pytest.fixture(autouse=True)
async def no_connection_outlives_its_test() -> AsyncIterator[None]:
    yield
    await provider.close()


def researcher(server: Server, *models: str, **settings: ModelSettings) -> Llm:
    bases = {"openai": server.openai_base, "anthropic": server.anthropic_base}
    keys = Pocket({m: {"api_key": "sk-x", "api_base": bases[m.partition("/")[0]]} for m in models})
    clock = Clock()
    made = {model: settings.get(model.partition("/")[0], ModelSettings()) for model in models}
    return Llm(Models(models, keys, made, now=clock.now, sleep=clock.sleep, chance=random.Random(0)))


def next_step(asked: Asked) -> Call:
    """The step after those whose answers the conversation holds, in whichever form it is told."""
    if not asked.schema:
        return STEPS[sum(len(message.calls) for message in asked.messages)]
    return STEPS[sum(message.role == "assistant" for message in asked.messages)]


def as_json(call: Call) -> Said:
    return Said(json.dumps({"thought": "go on", "call": {"tool": call.name, "arguments": call.given}}))


def play(asked: Asked) -> Answer:
    return as_json(next_step(asked)) if asked.schema else Said("Going on.", "Hm.", calls=(next_step(asked),))


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("tools", ["native", "json"])
async def test_a_whole_draft_over_each_wire_in_each_form(model: str, tools: Any, tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)
    with Server(play) as server:
        said = {model.partition("/")[0]: ModelSettings(tools=tools)}
        draft = await researcher(server, model, **said).draft(desk.brief(), desk)
    assert draft.files == {"train.py": EDITED} and desk.submitted == [draft]
    assert not [text for kind, text in desk.items if kind == "fault"]
    assert [json.loads(text)["name"] for kind, text in desk.items if kind == "call"] == [s.name for s in STEPS]


async def test_a_model_without_tools_takes_over_in_the_middle_of_a_draft(tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)

    def fails(asked: Asked) -> Answer:
        if asked.wire == "anthropic" and asked.n > 2:
            return Fault(529, "Overloaded", "overloaded_error")
        return play(asked)

    with Server(fails) as server:
        made = researcher(server, CLAUDE, GPT, openai=ModelSettings(tools="json"))
        draft = await made.draft(desk.brief(), desk)
    assert draft.files == {"train.py": EDITED}
    assert f"going on with {GPT}" in desk.said("fault")
