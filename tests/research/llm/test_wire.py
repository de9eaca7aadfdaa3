"""Messages out, pieces in: without a network."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm import wire
from praxtui.research.llm.attempt import Heard
from praxtui.research.llm.coalesce import Coalescer
from praxtui.research.llm.counted import Counted
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.provider import flags_cache
from praxtui.research.llm.turns import Message, Part, ToolCall
from praxtui.research.llm.wire import Delta, Fragment, Joined
from praxtui.research.protocol import Usage


def marks(sent: list[dict[str, Any]]) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    for n, message in enumerate(sent):
        if "cache_control" in message:
            found.append((n, None))
        if isinstance(message["content"], list):
            found += [(n, i) for i, part in enumerate(message["content"]) if "cache_control" in part]
    return found


messages = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        parts=st.lists(st.builds(Part, st.text(max_size=5), st.booleans()), max_size=6).map(tuple),
        call_id=st.just("c"),
    ),
    min_size=1,
    max_size=8,
)


@given(said=messages)
def test_at_most_four_marks_the_last_at_the_end_and_none_on_nothing(said: list[Message]) -> None:
    sent = wire.messages(said, flags=True)
    found = marks(sent)
    assert len(found) <= 4
    texts = [n for n, message in enumerate(said) if message.text]
    assert bool(found) == bool(texts)
    if texts:
        assert found[-1][0] == texts[-1]
    for message in sent:
        if isinstance(message["content"], list):
            assert all(part["text"] for part in message["content"])


@given(said=messages)
def test_other_providers_get_text_alone_and_a_longer_talk_begins_with_the_shorter(said: list[Message]) -> None:
    sent = wire.messages(said, flags=False)
    assert marks(sent) == []
    assert [message["content"] or "" for message in sent] == [message.text for message in said]
    assert msgspec.json.encode(sent).startswith(msgspec.json.encode(wire.messages(said[:-1], flags=False))[:-1])


def test_the_first_stretch_worth_keeping_and_the_last_ones_are_marked() -> None:
    said = [Message(role="user", parts=tuple(Part(f"p{n}", cache=True) for n in range(6)))]
    assert marks(wire.messages(said, flags=True)) == [(0, 0), (0, 3), (0, 4), (0, 5)]


@pytest.mark.parametrize(
    ("model", "flagged"),
    [
        ("anthropic/claude-sonnet-4-5", True),
        ("claude-sonnet-4-5", True),
        ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("vertex_ai/claude-sonnet-4-5@20250929", True),
        ("openrouter/anthropic/claude-sonnet-4.5", True),
        ("openrouter/openai/gpt-5", False),
        ("openai/gpt-5", False),
        ("gemini/gemini-2.5-pro", False),
        ("openai/my-claude", False),
    ],
)
def test_only_claude_is_told_what_to_keep(model: str, flagged: bool) -> None:
    assert flags_cache(model) is flagged


@pytest.mark.parametrize("broken", ['{"path": "a', "nothing", "[1]", '"text"'])
def test_broken_arguments_are_sent_back_as_an_object(broken: str) -> None:
    sent = wire.messages([Message(role="assistant", calls=(ToolCall("c", "read", broken),))], flags=False)
    arguments = sent[0]["tool_calls"][0]["function"]["arguments"]
    assert msgspec.json.decode(arguments) == {"unreadable": broken}


def test_thinking_goes_back_to_claude_alone() -> None:
    said = [Message(role="assistant", parts=(Part("x"),), opaque=({"type": "thinking", "signature": "s"},))]
    assert wire.messages(said, flags=True)[0]["thinking_blocks"] == [{"type": "thinking", "signature": "s"}]
    assert "thinking_blocks" not in wire.messages(said, flags=False)[0]


# --- tool calls ------------------------------------------------------------------------------------------------------


def joined(*pieces: Fragment) -> list[tuple[str, str, str]]:
    made = Joined()
    for piece in pieces:
        made.add(piece)
    return [(call.id, call.name, call.arguments) for call in made.calls()]


def test_interleaved_fragments_find_their_calls() -> None:
    assert joined(
        Fragment(0, "a", "read", ""),
        Fragment(1, "b", "search", '{"pat'),
        Fragment(0, "", "", "{}"),
        Fragment(1, "", "", 'tern": 1}'),
    ) == [("a", "read", "{}"), ("b", "search", '{"pattern": 1}')]


def test_calls_without_an_id_get_one_each() -> None:
    found = joined(Fragment(0, "", "read", "{}"), Fragment(1, "", "read", "{}"), Fragment(2, "call_0", "read", "{}"))
    assert len({call[0] for call in found}) == 3 and all(call[0] for call in found)


def test_calls_that_all_have_the_number_0_are_told_apart() -> None:
    assert joined(
        Fragment(0, "a", "read", '{"path"'), Fragment(0, "", "", ': "x"}'),
        Fragment(0, "b", "read", "{"), Fragment(0, "", "", "}"),
    ) == [("a", "read", '{"path": "x"}'), ("b", "read", "{}")]  # fmt: skip


def test_an_id_and_a_name_that_come_with_every_fragment_are_of_one_call() -> None:
    pieces = [Fragment(0, "a", "read", part) for part in ('{"path"', ": ", '"x"}')]
    assert joined(*pieces) == [("a", "read", '{"path": "x"}')]


@given(
    calls=st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=30)), min_size=1, max_size=5),
    data=st.data(),
)
def test_calls_come_out_as_they_went_in_however_they_are_cut(calls: list[tuple[str, str]], data: st.DataObject) -> None:
    todo = {n: list(arguments) for n, (_, arguments) in enumerate(calls)}
    made = Joined()
    for n, (name, _) in enumerate(calls):
        made.add(Fragment(n, f"id{n}", name, ""))
    while any(todo.values()):
        n = data.draw(st.sampled_from([n for n, left in todo.items() if left]))
        made.add(Fragment(n, "", "", todo[n].pop(0)))
    assert [(call.name, call.arguments) for call in made.calls()] == calls


def test_thinking_blocks_are_joined_up_to_their_signature() -> None:
    pieces = [
        {"type": "thinking", "thinking": "one "},
        {"type": "thinking", "thinking": "two"},
        {"type": "thinking", "thinking": "", "signature": "S1"},
        {"type": "redacted_thinking", "data": "xx"},
        {"type": "thinking", "thinking": "three"},
        {"type": "thinking", "thinking": "", "signature": "S2"},
        {"type": "thinking", "thinking": "never signed"},
    ]
    assert wire.joined_blocks(pieces) == (
        {"type": "thinking", "thinking": "one two", "signature": "S1"},
        {"type": "redacted_thinking", "data": "xx"},
        {"type": "thinking", "thinking": "three", "signature": "S2"},
    )


# --- usage -----------------------------------------------------------------------------------------------------------


def chunk(**usage: Any) -> SimpleNamespace:
    details = SimpleNamespace(**usage.pop("details", {}))
    return SimpleNamespace(usage=SimpleNamespace(prompt_tokens_details=details, **usage))


def test_usage_is_the_most_that_was_reported() -> None:
    first = chunk(prompt_tokens=125, completion_tokens=1, details={"cached_tokens": 100, "cache_creation_tokens": 20})
    last = chunk(prompt_tokens=0, completion_tokens=30, total_tokens=30)
    assert wire.counted([first, SimpleNamespace(), last]) == Counted(prompt=125, cached=100, written=20, output=30)
    assert wire.counted([SimpleNamespace()]) is None


def test_thoughts_that_are_in_the_sum_only_are_output() -> None:
    only = chunk(prompt_tokens=10, completion_tokens=5, total_tokens=65)
    assert wire.counted([only]) == Counted(prompt=10, output=55)


def heard(*deltas: Delta) -> Heard:
    made = Heard(Coalescer(lambda kind, text: None))
    for delta in deltas:
        made.take(delta)
    return made


def test_what_was_used_is_counted_here_where_nobody_reports_it() -> None:
    assert heard().used(500) is None
    guess = heard(Delta(text="one two three four five"), Delta(finish="stop")).used(500)
    assert guess is not None and guess.prompt == 500 and 4 <= guess.output <= 12
    broke = heard(Delta(text="one two three four five " * 20))
    broke.counted = Counted(prompt=400, cached=300, output=1)
    used = broke.used(500)
    assert used is not None and (used.prompt, used.cached) == (400, 300) and used.output > 80


@pytest.mark.parametrize("finish", ["stop", "tools"])
def test_an_answer_that_says_nothing_is_malformed(finish: wire.Finish) -> None:
    with pytest.raises(Fault, match="an empty reply") as fault:
        heard(Delta(thinking="Hm."), Delta(text=" \n"), Delta(finish=finish)).reply("acme", Usage(model="m"), "c")
    assert fault.value.kind == "malformed"


def test_an_answer_cut_off_before_it_said_anything_is_one() -> None:
    assert heard(Delta(thinking="Hm."), Delta(finish="length")).reply("acme", Usage(model="m"), "c").finish == "length"


# --- coalescing ------------------------------------------------------------------------------------------------------


@given(
    deltas=st.lists(
        st.tuples(st.sampled_from(["thought", "text"]), st.text(max_size=4), st.floats(0, 0.6)), max_size=40
    )
)  # fmt: skip
def test_nothing_is_lost_and_writes_keep_their_distance(deltas: list[tuple[str, str, float]]) -> None:
    time = 0.0
    written: list[tuple[float, str, str]] = []
    shown = Coalescer(lambda kind, text: written.append((time, kind, text)), lambda: time)
    for kind, text, pause in deltas:
        time += pause
        shown.add(kind, text)
    times = [at for at, _, _ in written]
    assert all(later - sooner >= 0.25 for sooner, later in pairwise(times))
    shown.flush()
    for kind in ("thought", "text"):
        given_ = "".join(text for of, text, _ in deltas if of == kind)
        assert "".join(text for _, of, text in written if of == kind) == given_
    assert "".join(text for _, _, text in written) == "".join(text for _, text, _ in deltas)
