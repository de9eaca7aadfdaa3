"""Whole drafts, repairs and reflections with a model that follows a script, on a desk over real files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from praxtui.journal.transcript import Turn, prompt_shown, read_back
from praxtui.research.llm.brief import protocol, tokens
from praxtui.research.llm.researcher import Llm
from praxtui.research.llm.schema_reply import describe
from praxtui.research.llm.talk import LEFT_OUT
from praxtui.research.llm.tools import TOOLS
from praxtui.research.llm.turns import ContentRefused, ContextTooLong, ToolCall
from praxtui.research.protocol import (
    Draft,
    Failure,
    GivenUp,
    Hint,
    NotAllowed,
    Outcome,
    OutOfBudget,
    Reflection,
    Researcher,
    Usage,
)
from praxtui.settings import ResearcherSettings
from tests.research.llm.briefs import history
from tests.research.llm.desks import LEAF, TRAIN, FolderDesk, tried
from tests.research.llm.models import USAGE, Asked, Scripted, call, says, several, uses, writes

STATED = {"title": "halve the rate", "mechanism": "smaller steps overshoot less", "predicted": "-0.02 loss"}
HYPOTHESIS = uses("hypothesis", **STATED)
EDIT = uses("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3")
EDITED = TRAIN.replace("LR = 3e-3", "LR = 1.5e-3")
SUBMIT = uses("submit")


@pytest.fixture
def desk(tmp_path: Path) -> FolderDesk:
    return FolderDesk(tmp_path)


async def drafted(model: Scripted, desk: FolderDesk, **known: Any) -> Draft:
    return await Llm(model).draft(desk.brief(**known), desk)


async def given_up(model: Scripted, desk: FolderDesk) -> str:
    with pytest.raises(GivenUp) as end:
        await drafted(model, desk)
    return end.value.reason


class _Item:
    def __init__(self, kind: str, text: str) -> None:
        self.at, self.kind, self.text = 0.0, kind, text


def turns(desk: FolderDesk) -> list[Turn]:
    return read_back([_Item(kind, text) for kind, text in desk.items])


def failure(desk: FolderDesk) -> Failure:
    draft = Draft(**STATED, files={"train.py": EDITED + "boom\n"}, hints=("k1",))
    return Failure(experiment="e5", draft=draft, reason="exit 1: NameError", log_tail="NameError: boom", attempt=1)


def outcome() -> Outcome:
    judged = tried(5, "halve the rate", -0.02, predicted="-0.02 loss")
    return Outcome(experiment=judged, predicted="-0.02 loss", verdict="discard", metric=1.27, delta=-0.02, delta_sd=-2)


# --- drafting --------------------------------------------------------------------------------------------------------


async def test_a_draft_is_stated_edited_checked_and_handed_in(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, uses("read", path="train.py"), EDIT, uses("check"), SUBMIT)
    draft = await drafted(model, desk)
    assert draft.files == {"train.py": EDITED}
    assert (draft.title, draft.mechanism, draft.predicted) == tuple(STATED.values())
    assert desk.submitted == [draft] and desk.submitted[0] is draft
    assert desk.stated[0][:3] == tuple(STATED.values())
    assert len(model.asked) == 5 and all(asked.what == "draft" for asked in model.asked)


def test_it_is_a_researcher_that_is_held_to_novelty() -> None:
    researcher = Llm(Scripted())
    assert isinstance(researcher, Researcher)
    assert (researcher.name, researcher.exempt_from_novelty, researcher.strict_novelty) == ("llm", False, True)


async def test_the_first_prompt_is_the_protocol_then_the_brief_with_the_evaluator(desk: FolderDesk) -> None:
    model = Scripted(uses("give_up", reason="enough"))
    await given_up(model, desk)
    first = model.asked[0]
    assert [message.role for message in first.messages] == ["system", "user"]
    assert first.tools == TOOLS and first.schema is None
    assert "The sealed evaluator." in first.messages[1].text and "LR = 3e-3" in first.messages[1].text
    assert any(part.cache for part in first.messages[1].parts)


async def test_what_the_model_saw_and_said_reads_back_in_order(desk: FolderDesk) -> None:
    model = Scripted(says("Let me think.", thinking="hm"), HYPOTHESIS, EDIT, SUBMIT)
    await drafted(model, desk)
    told = turns(desk)
    assert [turn.kind for turn in told] == [
        "prompt", "thought", "text", "usage", "user", "usage", "call", "result", "usage", "call", "result", "usage",
        "call", *(turn.kind for turn in told[13:]),
    ]  # fmt: skip
    what, shown = prompt_shown(desk.prompts[0])
    assert what == "draft" and shown[0].role == "system" and shown[-1].role == "tools"
    parts = [part.text for message in model.asked[0].messages for part in message.parts]
    assert [part.text for part in shown[:-1]] == parts
    usage = next(turn for turn in told if turn.kind == "usage")
    assert (usage.data["prompt"], usage.data["cached"], usage.data["output"], usage.data["usd"]) == (100, 60, 20, 0.001)
    results = [turn.text for turn in told if turn.kind == "result"]
    seen = [m.text for asked in model.asked for m in asked.messages if m.role == "tool"]
    assert set(seen) <= set(results)


async def test_an_edit_before_the_hypothesis_is_refused_and_works_after_it(desk: FolderDesk) -> None:
    model = Scripted(EDIT, HYPOTHESIS, EDIT, SUBMIT)
    draft = await drafted(model, desk)
    assert "hypothesis" in model.asked[1].last
    assert draft.files == {"train.py": EDITED}


async def test_an_unknown_tool_is_answered_with_the_ones_there_are(desk: FolderDesk) -> None:
    model = Scripted(uses("bash", command="ls"), uses("give_up", reason="enough"))
    await given_up(model, desk)
    assert "bash" in model.asked[1].last and "edit" in model.asked[1].last


@pytest.mark.parametrize("arguments", ['{"path": "tr', "[1]", "", '{"path": 7}', '{"paths": "train.py"}'])
async def test_broken_arguments_go_back_with_what_is_wrong(desk: FolderDesk, arguments: str) -> None:
    model = Scripted(several(ToolCall("c", "read", arguments)), uses("give_up", reason="enough"))
    await given_up(model, desk)
    assert model.asked[1].messages[-1].role == "tool"
    assert "path" in model.asked[1].last or "JSON" in model.asked[1].last


async def test_several_calls_in_a_reply_are_done_in_order_and_answered_each(desk: FolderDesk) -> None:
    edit = call("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3")
    model = Scripted(several(call("hypothesis", **STATED), edit, call("check")), SUBMIT)
    draft = await drafted(model, desk)
    assert draft.files == {"train.py": EDITED}
    answers = [message for message in model.asked[1].messages if message.role == "tool"]
    assert [message.name for message in answers] == ["hypothesis", "edit", "check"]
    assert len({message.call_id for message in answers}) == 3


async def test_what_follows_a_submission_in_the_same_reply_is_not_done(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, EDIT, several(call("submit"), call("give_up", reason="no")))
    assert (await drafted(model, desk)).files == {"train.py": EDITED}
    assert len([turn for turn in turns(desk) if turn.kind == "call"]) == 3


async def test_calls_whose_ids_repeat_from_reply_to_reply_are_told_apart(desk: FolderDesk) -> None:
    model = Scripted(*[uses("read", path="train.py")] * 3, uses("give_up", reason="enough"))
    await given_up(model, desk)
    messages = model.asked[3].messages
    asked = [each.id for message in messages for each in message.calls]
    assert len(set(asked)) == 3
    assert asked == [message.call_id for message in messages if message.role == "tool"]


async def test_a_refused_submission_may_be_mended_and_the_third_ends_the_draft(desk: FolderDesk) -> None:
    desk.faults = [NotAllowed("tried already as e2")]
    model = Scripted(HYPOTHESIS, EDIT, SUBMIT, SUBMIT)
    assert (await drafted(model, desk)).files == {"train.py": EDITED}
    assert "tried already as e2" in model.asked[3].last
    desk.refused, desk.faults = [], [NotAllowed("again")] * 3
    assert "refused 3 times" in await given_up(Scripted(HYPOTHESIS, EDIT, SUBMIT, SUBMIT, SUBMIT), desk)


async def test_a_draft_without_submission_is_given_up_after_its_steps_and_warned_before(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, *[uses("read", path="train.py")] * 30)
    assert await given_up(model, desk) == "no submission after 20 steps"
    assert len(model.asked) == 20
    assert "3 more replies" in model.asked[17].last
    assert not any("more replies" in asked.last for asked in model.asked[:17])


async def test_the_number_of_steps_can_be_set(desk: FolderDesk) -> None:
    model = Scripted(*[uses("read", path="train.py")] * 9)
    with pytest.raises(GivenUp, match="after 6 steps"):
        await Llm(model, ResearcherSettings(steps=6)).draft(desk.brief(), desk)


# --- replies that use no tool ----------------------------------------------------------------------------------------


async def test_chatter_is_reminded_then_asked_for_json_then_given_up(desk: FolderDesk) -> None:
    model = Scripted(*[says("I would lower the rate.")] * 9)
    assert "6 times in a row" in await given_up(model, desk)
    assert [bool(asked.tools) for asked in model.asked] == [True] * 3 + [False] * 3
    assert [asked.schema is not None for asked in model.asked] == [False] * 3 + [True] * 3
    assert "used no tool" in model.asked[1].last
    assert describe(TOOLS) in model.asked[3].last
    assert "JSON replies" in desk.said("fault")


async def test_a_model_that_ignores_its_tools_can_go_on_in_json_and_is_asked_so_at_once_next_time(
    desk: FolderDesk,
) -> None:
    edit = writes("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3")
    model = Scripted(*[says("Hm.")] * 3, writes("hypothesis", **STATED), edit, writes("submit"), writes("submit"))
    researcher = Llm(model)
    assert (await researcher.draft(desk.brief(), desk)).files == {"train.py": EDITED}
    before = len(model.asked)
    model.lines.append(writes("give_up", reason="enough"))
    with pytest.raises(GivenUp):
        await researcher.draft(desk.brief(6), desk)
    assert model.asked[before].schema is not None
    assert describe(TOOLS) in model.asked[before].messages[0].text


async def test_another_model_than_the_one_that_ignored_its_tools_gets_tools(desk: FolderDesk) -> None:
    other = writes("read", path="train.py")
    other = type(other)(text=other.text, usage=Usage(model="other"))
    model = Scripted(*[says("Hm.")] * 3, other, uses("give_up", reason="enough"))
    await given_up(model, desk)
    assert [bool(asked.tools) for asked in model.asked] == [True, True, True, False, True]


async def test_a_call_now_and_then_starts_the_count_of_chatter_again(desk: FolderDesk) -> None:
    chat, look = says("Hm."), uses("read", path="train.py")
    model = Scripted(chat, chat, look, chat, chat, HYPOTHESIS, EDIT, chat, chat, SUBMIT)
    assert (await drafted(model, desk)).files == {"train.py": EDITED}


@pytest.mark.parametrize("finish", ["stop", "length"])
async def test_an_empty_reply_goes_on(desk: FolderDesk, finish: Any) -> None:
    model = Scripted(says("", finish=finish), HYPOTHESIS, EDIT, SUBMIT)
    assert (await drafted(model, desk)).files
    assert all(m.text or m.calls for asked in model.asked for m in asked.messages)


async def test_a_reply_that_was_cut_off_is_told_so(desk: FolderDesk) -> None:
    model = Scripted(says("I think that", finish="length"), uses("give_up", reason="enough"))
    await given_up(model, desk)
    assert "cut off" in model.asked[1].last


@pytest.mark.parametrize(
    "refusal", [ContentRefused("400: not this"), says("not this", finish="refused")], ids=["prompt", "answer"]
)
async def test_a_refusal_of_the_provider_ends_the_draft_with_its_reason(desk: FolderDesk, refusal: Any) -> None:
    reason = await given_up(Scripted(HYPOTHESIS, refusal), desk)
    assert "refuses" in reason and "not this" in reason


async def test_an_empty_purse_ends_the_draft(desk: FolderDesk) -> None:
    with pytest.raises(OutOfBudget, match="usd"):
        await drafted(Scripted(HYPOTHESIS, OutOfBudget("usd: 1.00 is spent")), desk)


# --- models without tool calling -------------------------------------------------------------------------------------


async def test_a_model_without_tools_drafts_in_json(desk: FolderDesk) -> None:
    edit = writes("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3")
    model = Scripted(writes("hypothesis", **STATED), edit, writes("submit"), native_tools=False)
    assert (await drafted(model, desk)).files == {"train.py": EDITED}
    first, second = model.asked[0], model.asked[1]
    assert not first.tools and first.schema is not None
    assert describe(TOOLS) in first.messages[0].text
    assert [message.role for message in second.messages] == ["system", "user", "assistant", "user"]
    assert second.last.startswith("Answer of hypothesis:")
    _, shown = prompt_shown(desk.prompts[0])
    assert "".join(part.text for part in shown if part.role == "system") == first.messages[0].text
    assert not any(part.role == "tools" for part in shown)


async def test_a_malformed_json_reply_goes_back_with_the_form(desk: FolderDesk) -> None:
    model = Scripted(says('{"thought": "x", "call": {"tool'), writes("give_up", reason="enough"), native_tools=False)
    await given_up(model, desk)
    assert "broken" in model.asked[1].last and '"thought"' in model.asked[1].last


async def test_a_model_that_stands_in_without_tools_is_told_of_them(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, native_tools=True)

    def weaker(_: Asked) -> Any:
        model.native_tools = False
        return uses("read", path="train.py")

    model.lines += [weaker, writes("read", path="train.py")]

    def stronger(_: Asked) -> Any:
        model.native_tools = True
        return writes("check")

    model.lines += [stronger, uses("give_up", reason="enough")]
    await given_up(model, desk)
    third, last = model.asked[2], model.asked[-1]
    assert third.schema is not None and describe(TOOLS) in third.last
    assert json.loads(third.messages[2].text)["call"]["tool"] == "hypothesis"
    assert last.tools and "by calling them" in last.last


# --- what fits -------------------------------------------------------------------------------------------------------


async def test_a_prompt_that_is_too_long_is_begun_again_with_a_smaller_brief(desk: FolderDesk) -> None:
    model = Scripted(ContextTooLong("8k"), ContextTooLong("8k"), HYPOTHESIS, EDIT, SUBMIT, window=None)
    brief = desk.brief(tried=history(200), number=201)
    assert (await Llm(model, ResearcherSettings(brief_tokens=6000)).draft(brief, desk)).files
    sizes = [sum(tokens.count(part.text) for part in asked.messages[1].parts) for asked in model.asked[:3]]
    assert 6000 >= sizes[0] > 3600 >= sizes[1] > 2160 >= sizes[2]
    assert len(desk.prompts) == 3
    assert "6000 tokens" in desk.said("fault")


async def test_a_model_that_reads_too_little_for_any_brief_ends_the_draft(desk: FolderDesk) -> None:
    model = Scripted(*[ContextTooLong("tiny")] * 9)
    assert "cannot read a brief" in await given_up(model, desk)
    assert len(model.asked) == 4


async def test_old_answers_are_left_out_when_the_window_is_full_and_the_last_ones_stay(tmp_path: Path) -> None:
    long = "".join(f"VALUE_{n} = {n}  # a line of some length, to fill the window\n" for n in range(400))
    desk = FolderDesk(tmp_path, {**LEAF, "long.py": long})
    look = [uses("read", path="long.py", start=1 + 30 * n, end=300 + 30 * n) for n in range(8)]
    model = Scripted(*look, uses("give_up", reason="enough"), window=40_000)
    with pytest.raises(GivenUp, match="enough"):
        await Llm(model, ResearcherSettings(brief_tokens=2000)).draft(desk.brief(), desk)
    for asked in model.asked:
        total = sum(tokens.count(m.text) + sum(tokens.count(c.arguments) for c in m.calls) for m in asked.messages)
        assert total + asked.max_output <= 40_000
    answers = [message.text for message in model.asked[-1].messages if message.role == "tool"]
    assert answers[0] == LEFT_OUT and LEFT_OUT not in answers[-3:]
    left_out = [turn for turn in turns(desk) if turn.kind == "left_out"]
    assert left_out and left_out[0].data["ids"][0] == model.asked[-1].messages[2].calls[0].id


async def test_old_answers_are_left_out_where_a_provider_says_that_it_is_too_much(desk: FolderDesk) -> None:
    look = [uses("log", experiment="e1", mode="head")] * 3
    desk.ran("e1", 1, "step: 1 | loss: 2.0\n" * 200)
    model = Scripted(*look, ContextTooLong("x"), HYPOTHESIS, EDIT, SUBMIT, window=None)
    assert (await drafted(model, desk)).files
    answers = [message.text for message in model.asked[4].messages if message.role == "tool"]
    assert answers[:2] == [LEFT_OUT] * 2 and answers[2] != LEFT_OUT
    assert len(desk.prompts) == 1


async def test_an_answer_is_bounded_and_holds_nothing_that_is_no_unicode(tmp_path: Path) -> None:
    raw = b"VALUE = '\xff\xfe'\n" + b"# a comment that goes on for a while\n" * 3000
    desk = FolderDesk(tmp_path, {**LEAF, "odd.py": raw})
    model = Scripted(uses("read", path="odd.py"), uses("give_up", reason="enough"))
    await given_up(model, desk)
    assert len(model.asked[1].last) < 17_000
    model.asked[1].everything.encode()


async def test_a_reply_has_less_room_where_the_window_is_small(desk: FolderDesk) -> None:
    model = Scripted(uses("give_up", reason="enough"), window=8192)
    await given_up(model, desk)
    assert model.asked[0].max_output == 2048


@pytest.mark.parametrize(
    ("window", "set_to", "budget"),
    [(None, None, 24_000), (200_000, None, 48_000), (32_000, None, 16_000), (2048, None, 1500), (32_000, 4000, 4000)],
)
def test_the_brief_has_half_the_window_within_bounds_or_what_is_set(
    window: int | None, set_to: int | None, budget: int
) -> None:
    assert Llm(Scripted(window=window), ResearcherSettings(brief_tokens=set_to)).budget() == budget


def test_a_small_window_holds_the_brief_what_is_told_of_the_tools_and_a_reply() -> None:
    budget = Llm(Scripted(window=8192, native_tools=False)).budget()
    told = tokens.count(protocol.system(False)) + tokens.count(describe(TOOLS))
    assert 1500 < budget < 8192 - 2048 - told - 1000


async def test_a_model_with_a_small_window_works_on_its_first_brief(desk: FolderDesk) -> None:
    edit = writes("edit", path="train.py", search="LR = 3e-3", replace="LR = 1.5e-3")
    lines = [writes("hypothesis", **STATED), writes("read", path="train.py"), edit, writes("submit")]
    model = Scripted(*lines, window=8192, native_tools=False)
    assert (await drafted(model, desk)).files == {"train.py": EDITED}
    assert len(desk.prompts) == 1
    assert sum(tokens.count(message.text) for message in model.asked[-1].messages) + 2048 <= 8192


async def test_sealed_files_are_read_once_for_an_incumbent(desk: FolderDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = FolderDesk.read

    async def counted(self: FolderDesk, path: str) -> str:
        read.append(path)
        return await original(self, path)

    monkeypatch.setattr(FolderDesk, "read", counted)
    model = Scripted(*[uses("give_up", reason="enough")] * 2)
    researcher = Llm(model)
    for number in (5, 6):
        with pytest.raises(GivenUp):
            await researcher.draft(desk.brief(number), desk)
    assert read == ["evaluate.py"]


# --- the person ------------------------------------------------------------------------------------------------------


async def test_a_hint_that_comes_meanwhile_reaches_the_model_once(desk: FolderDesk) -> None:
    def hinted(_: Asked) -> Any:
        desk.given.append(Hint("k7", "try a cosine schedule"))
        return HYPOTHESIS

    model = Scripted(hinted, EDIT, SUBMIT)
    await drafted(model, desk)
    assert "try a cosine schedule" in model.asked[1].last and "k7" in model.asked[1].last
    assert sum("cosine schedule" in message.text for message in model.asked[2].messages) == 1
    assert "cosine schedule" in desk.said("user")


async def test_cancelling_ends_the_work_at_once(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, hangs=True)
    working = asyncio.ensure_future(drafted(model, desk))
    await asyncio.wait_for(model.hanging.wait(), 30)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(working, 30)
    assert not desk.submitted


# --- after the run ---------------------------------------------------------------------------------------------------


async def test_a_crash_is_mended_from_the_draft_as_it_crashed(desk: FolderDesk) -> None:
    model = Scripted(uses("edit", path="train.py", search="boom\n", replace="pass\n"), SUBMIT)
    mended = await Llm(model).repair(desk.brief(), failure(desk), desk)
    assert mended is not None
    assert mended.files == {"train.py": EDITED + "pass\n"}
    assert (mended.title, mended.mechanism, mended.hints) == (STATED["title"], STATED["mechanism"], ("k1",))
    assert desk.submitted == [mended]
    assert "NameError" in model.asked[0].messages[1].text and model.asked[0].what == "repair"


async def test_a_crash_that_is_given_up_is_the_result(desk: FolderDesk) -> None:
    model = Scripted(uses("give_up", reason="it cannot work at this size"))
    assert await Llm(model).repair(desk.brief(), failure(desk), desk) is None
    assert "it cannot work at this size" in desk.said("fault")


async def test_a_repair_has_twelve_steps(desk: FolderDesk) -> None:
    model = Scripted(*[uses("read", path="train.py")] * 20)
    assert await Llm(model).repair(desk.brief(), failure(desk), desk) is None
    assert len(model.asked) == 12


async def test_a_reflection_may_look_first(desk: FolderDesk) -> None:
    desk.ran("e5", 1, "loss: 1.27\nthe end of the log\n")
    desk.diffs["e5"] = "-LR = 3e-3\n+LR = 1.5e-3\n"
    said = {"mechanism": "refuted", "revision": "Half the rate costs 0.02: it was not overshooting.", "note": "try 2x"}
    model = Scripted(uses("log", experiment="e5", mode="tail"), uses("reflect", **said))
    assert await Llm(model).reflect(desk.brief(), outcome(), desk) == Reflection(**said)
    first = model.asked[0].messages[1].text
    assert "+LR = 1.5e-3" in first and "the end of the log" in first


async def test_every_conversation_begins_alike_so_that_it_is_read_from_a_cache(desk: FolderDesk) -> None:
    said = {"mechanism": "refuted", "revision": "Half the rate costs 0.02."}
    model = Scripted(uses("submit"), uses("reflect", **said), uses("give_up", reason="no idea"))
    llm = Llm(model)
    assert (await llm.reflect(desk.brief(), outcome(), desk)).mechanism == "refuted"
    assert "submit cannot be used here" in model.asked[1].last
    with pytest.raises(GivenUp):
        await llm.draft(desk.brief(), desk)
    reflecting, drafting = model.asked[0], model.asked[2]
    assert reflecting.tools == drafting.tools == TOOLS
    assert reflecting.messages[0] == drafting.messages[0]
    assert reflecting.messages[1].parts[:2] == drafting.messages[1].parts[:2]


async def test_a_reply_in_json_can_be_of_no_tool_that_is_of_no_use(desk: FolderDesk) -> None:
    model = Scripted(uses("reflect", mechanism="refuted", revision="It costs 0.02."), native_tools=False)
    await Llm(model).reflect(desk.brief(), outcome(), desk)
    schema = str(model.asked[0].schema)
    assert "reflect" in schema and "submit" not in schema


@pytest.mark.parametrize(
    "lines",
    [
        [uses("log", experiment="e5")] * 9,
        [ContentRefused("not this")],
        [ContextTooLong("tiny")] * 9,
        [says("It was fine.")] * 9,
    ],
    ids=["steps", "refused", "too long", "chatter"],
)
async def test_a_reflection_that_is_not_given_is_inconclusive_and_says_why(desk: FolderDesk, lines: Any) -> None:
    model = Scripted(*lines)
    made = await Llm(model).reflect(desk.brief(), outcome(), desk)
    assert made.mechanism == "inconclusive" and made.revision.startswith("no reflection was given: ")
    assert len(model.asked) <= 4


async def test_a_reflection_with_an_unknown_word_is_asked_again(desk: FolderDesk) -> None:
    said = {"mechanism": "proven", "revision": "x is y by 0.02"}
    model = Scripted(uses("reflect", **said), uses("reflect", **{**said, "mechanism": "confirmed"}))
    made = await Llm(model).reflect(desk.brief(), outcome(), desk)
    assert made.mechanism == "confirmed" and "refuted" in model.asked[1].last


def test_a_dry_spell_changes_the_stance() -> None:
    dry = tuple(tried(n, "x", -0.01) for n in range(1, 9))
    assert Llm(Scripted()).stance(dry[:7]) == "" and Llm(Scripted()).stance(dry) == "combine"


async def test_every_call_is_booked_by_what_it_was_for(desk: FolderDesk) -> None:
    model = Scripted(HYPOTHESIS, EDIT, SUBMIT)
    await drafted(model, desk)
    assert desk.spent == [("draft", USAGE)] * 3
