"""Tools through replies of JSON: the schema, what models make of it, and the conversation in that form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm.schema_reply import calls, describe, schema, spoken
from praxtui.research.llm.turns import Message, Part, Tool, ToolCall
from praxtui.research.protocol import NotAllowed

READ = Tool(
    "read",
    "Read a file.",
    {
        "type": "object",
        "properties": {
            "path": {"type": "string", "pattern": "^[a-z]+$", "description": "relative to the leaf"},
            "start": {"type": "integer", "minimum": 1},
            "mode": {"type": "string", "enum": ["head", "tail"]},
        },
        "required": ["path"],
    },
)
EDIT = Tool(
    "edit",
    "Change a file.",
    {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "blocks": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "properties": {"search": {"type": "string"}}, "required": ["search"]},
            },
        },
        "required": ["path", "blocks"],
    },
)
SUBMIT = Tool("submit", "Hand in.", {"type": "object", "properties": {}})
TOOLS = (READ, EDIT, SUBMIT)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def test_the_schema_has_the_thought_before_the_call_and_arguments_for_each_tool_of_its_own() -> None:
    made = schema(TOOLS)
    assert list(made["properties"]) == ["thought", "call"] == made["required"]
    choices = made["properties"]["call"]["anyOf"]
    assert [list(each["properties"]) for each in choices] == [["tool", "arguments"]] * 3
    assert [each["properties"]["tool"]["enum"] for each in choices] == [["read"], ["edit"], ["submit"]]
    assert choices[0]["properties"]["arguments"]["required"] == ["path"]
    assert choices[1]["properties"]["arguments"]["properties"]["blocks"]["items"]["required"] == ["search"]


def test_the_schema_has_nothing_that_grammar_converters_trip_over() -> None:
    made = schema(TOOLS)
    for node in nodes(made):
        assert not {"$ref", "pattern", "format", "minimum", "minItems", "oneOf", "allOf"} & set(node)
        if node.get("type") == "object":
            assert node["additionalProperties"] is False


def test_the_description_names_each_tool_its_arguments_and_the_form() -> None:
    said = describe(TOOLS)
    assert "read(path, start?, mode?): Read a file." in said
    assert 'mode: "head" or "tail"' in said
    assert "path: string; relative to the leaf" in said
    assert "blocks: list of {search}" in said
    assert calls(said.splitlines()[-1])[0].name == "read"


BARE = '{"thought": "why", "call": {"tool": "read", "arguments": {"path": "train.py"}}}'


@pytest.mark.parametrize(
    "text",
    [
        BARE,
        f"```json\n{BARE}\n```",
        f"Let me look at {{this}} first.\n\n{BARE}\n\nThat should do.",
        '{"tool": "read", "arguments": {"path": "train.py"}}',
        '{"thought": "x", "tool": "read", "path": "train.py"}',
        '{"name": "read", "arguments": {"path": "train.py"}}',
        '{"name": "read", "parameters": {"path": "train.py"}}',
        '{"name": "read", "arguments": "{\\"path\\": \\"train.py\\"}"}',
        '{"type": "function", "function": {"name": "read", "arguments": "{\\"path\\": \\"train.py\\"}"}}',
        '{"tool_calls": [{"id": "1", "function": {"name": "read", "arguments": {"path": "train.py"}}}]}',
        '<tool_call>\n{"name": "read", "arguments": {"path": "train.py"}}\n</tool_call>',
        '[{"name": "read", "arguments": {"path": "train.py"}}]',
        '{"thought": "why", "tool": {"name": "read", "arguments": {"path": "train.py"}}}',
    ],
)
def test_a_call_is_found_in_every_shape_that_models_give_it(text: str) -> None:
    (call,) = calls(text)
    assert call.name == "read"
    assert json.loads(call.arguments) == {"path": "train.py"}


def test_several_objects_are_several_calls_in_order_with_ids_of_their_own() -> None:
    found = calls(f'{BARE}\n{{"tool": "submit", "arguments": {{}}}}', turn=7)
    assert [call.name for call in found] == ["read", "submit"]
    assert len({call.id for call in (*found, *calls(BARE, turn=8))}) == 3


def test_raw_line_breaks_in_strings_are_read_as_they_are() -> None:
    (call,) = calls('{"tool": "edit", "arguments": {"path": "a.py", "search": "x\n\ty"}}')
    assert json.loads(call.arguments)["search"] == "x\n\ty"


@pytest.mark.parametrize("missing", ["null", "{}"])
def test_arguments_may_be_missing(missing: str) -> None:
    for text in (f'{{"tool": "submit", "arguments": {missing}}}', '{"tool": "submit"}'):
        assert calls(text)[0].arguments == "{}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I would lower the rate.", "calls no tool"),
        ("", "calls no tool"),
        ('{"thought": "nothing more"}', "no `call`"),
        ('{"thought": "x", "call": {"tool": "read", "arguments": {"path": "tr', "broken"),
        ('{"thought": "x", "call": {"tool": "submit", "arguments": {}} and so on', "broken"),
        ('{"a":' * 100_000, "nested too deep"),
    ],
)
def test_what_is_wrong_with_a_reply_is_said_together_with_the_form(text: str, says: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        calls(text)
    assert says in refused.value.reason
    assert '"thought"' in refused.value.reason
    assert len(refused.value.reason) < 400


def test_the_inside_of_a_broken_call_is_never_taken_for_a_call() -> None:
    with pytest.raises(NotAllowed, match="broken"):
        calls('{"thought": "x", "call": {"tool": "write", "arguments": {"content": {"tool": "submit", "arguments": {}}')


@given(st.text() | st.text(alphabet='{}[]":,\\ ntoolame'))
def test_any_text_gives_calls_or_a_reason(text: str) -> None:
    try:
        found = calls(text)
    except NotAllowed:
        return
    assert found and all(isinstance(call.name, str) for call in found)


@given(
    st.sampled_from(["read", "edit"]),
    st.dictionaries(st.sampled_from(["path", "search"]), st.text()),
    st.text(alphabet="abc .\n{`"),
    st.text(alphabet="abc .\n}`"),
)
def test_a_call_survives_whatever_prose_stands_around_it(
    name: str, arguments: dict[str, str], before: str, after: str
) -> None:
    asked = json.dumps({"thought": "t", "call": {"tool": name, "arguments": arguments}})
    (call,) = calls(f"{before} x {asked} {after}")
    assert call.name == name
    assert json.loads(call.arguments) == arguments


def said(role: Any, text: str, **more: Any) -> Message:
    return Message(role=role, parts=(Part(text),), **more)


def test_a_conversation_without_tool_calling_takes_turns_and_keeps_every_word() -> None:
    told = spoken(
        [
            said("system", "S"),
            Message(role="user", parts=(Part("brief", cache=True), Part("ledger"))),
            said("assistant", BARE, calls=calls(BARE)),
            said("tool", "the file", call_id="json-1-1", name="read"),
            said("tool", "another", call_id="json-1-2", name="read"),
            said("user", "a hint"),
        ]
    )
    assert [message.role for message in told] == ["system", "user", "assistant", "user"]
    assert told[1].parts == (Part("brief", cache=True), Part("ledger"))
    assert told[2].text == BARE
    assert told[3].text == "Answer of read:\nthe file\n\nAnswer of read:\nanother\n\na hint"
    assert not any(message.calls or message.call_id for message in told)


def test_calls_of_a_model_with_tools_are_retold_in_the_form_of_the_one_without() -> None:
    native = Message(
        role="assistant",
        parts=(Part("I look."),),
        calls=(ToolCall("a", "read", '{"path": "x"}'), ToolCall("b", "read", '{"path": "y')),
        opaque=({"signed": 1},),
    )
    (told,) = spoken([native])
    first, second = told.text.splitlines()
    assert json.loads(first) == {"thought": "I look.", "call": {"tool": "read", "arguments": {"path": "x"}}}
    assert json.loads(second)["call"]["arguments"] == '{"path": "y'
    assert not told.opaque


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    whole = [said("system", "S"), said("user", "brief")]
    before = spoken(whole)
    for turn in range(1, 4):
        whole.append(said("assistant", BARE, calls=calls(BARE, turn)))
        whole.append(said("tool", f"answer {turn}", call_id=f"json-{turn}-1", name="read"))
        after = spoken(whole)
        assert after[: len(before)] == before
        before = after
