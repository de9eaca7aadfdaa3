"""The tool table, and calls as models write them: one meaning is taken, all else comes back with what is valid."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm import tools
from praxtui.research.llm.tools import DRAFT_TOOLS, REFLECT_TOOLS, REPAIR_TOOLS, Block, arguments, usage
from praxtui.research.llm.turns import Tool, ToolCall
from praxtui.research.protocol import NotAllowed

EVERY = {tool.name: tool for tool in (*DRAFT_TOOLS, *REPAIR_TOOLS, *REFLECT_TOOLS)}


def read(name: str, given: Any, offered: tuple[Tool, ...] | None = None) -> Any:
    text = given if isinstance(given, str) else json.dumps(given)
    return arguments(ToolCall("c1", name, text), offered)


def refused(name: str, given: Any, offered: tuple[Tool, ...] | None = None) -> str:
    with pytest.raises(NotAllowed) as raised:
        read(name, given, offered)
    return raised.value.reason


def test_the_names_and_arguments_are_the_contract() -> None:
    assert [usage(tool) for tool in (*DRAFT_TOOLS, REFLECT_TOOLS[-1])] == [
        "read(path, start?, end?)",
        "search(pattern, path?)",
        "ledger(query)",
        "diff(experiment)",
        "log(experiment, run?, mode?, pattern?)",
        "hypothesis(title, mechanism, predicted, hints?)",
        "edit(path, search?, replace?, blocks?)",
        "write(path, content)",
        "check()",
        "submit()",
        "give_up(reason)",
        "reflect(mechanism, revision, note?)",
    ]
    assert "hypothesis" not in {tool.name for tool in REPAIR_TOOLS}
    assert {"edit", "write", "submit"}.isdisjoint(tool.name for tool in REFLECT_TOOLS)


@pytest.mark.parametrize("tool", EVERY.values(), ids=list(EVERY))
def test_every_schema_is_plain_and_closed(tool: Tool) -> None:
    def look(schema: dict[str, Any]) -> None:
        assert schema["type"] in ("string", "integer", "array", "object")
        assert set(schema) <= {"type", "description", "enum", "items", "properties", "required", "additionalProperties"}
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert set(schema["required"]) <= set(schema["properties"])
            for each in schema["properties"].values():
                look(each)
        if schema["type"] == "array":
            look(schema["items"])

    look(tool.parameters)
    assert tool.parameters["type"] == "object"
    assert 0 < len(tool.description) < 220
    assert json.loads(msgspec.json.encode(tool)) == msgspec.to_builtins(tool)


def test_numbers_as_text_and_null_for_what_is_left_out_are_taken() -> None:
    assert read("read", {"path": "a.py", "start": "12", "end": None}) == tools.Read("a.py", 12)
    assert read("read", {"path": "a.py", "start": 12.0}) == tools.Read("a.py", 12)
    assert read("log", {"experiment": "e1", "run": " 2 ", "pattern": ""}) == tools.Log("e1", 2)
    assert read("reflect", {"mechanism": "Refuted ", "revision": "x"}) == tools.Reflect("refuted", "x")
    assert read("check", "") == tools.Check() == read("check", "{}")


def test_both_forms_of_an_edit_become_blocks() -> None:
    one = (Block("a", "b"),)
    assert read("edit", {"path": "p", "search": "a", "replace": "b"}).blocks == one
    whole = {"path": "p", "blocks": [{"search": "a", "replace": "b"}]}
    assert read("edit", whole).blocks == one
    assert read("edit", {**whole, "search": "", "replace": None}).blocks == one
    assert read("edit", {**whole, "blocks": json.dumps(whole["blocks"])}).blocks == one
    assert read("edit", {"path": "p", "search": "a", "replace": "", "blocks": []}).blocks == (Block("a", ""),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "p"}, "needs either search and replace, or blocks"),
        ({"path": "p", "search": "a"}, "has search, but no replace"),
        ({"path": "p", "replace": "a"}, "has replace, but no search"),
        ({"path": "p", "search": "a", "replace": "b", "blocks": [{"search": "c", "replace": "d"}]}, "not both"),
        ({"path": "p", "blocks": [{"search": "a"}]}, "item 1 needs replace"),
        ({"path": "p", "blocks": [{"search": "a", "replace": "b", "line": 3}]}, "no argument 'line'"),
        ({"path": "p", "blocks": "search a"}, "blocks must be a list"),
        ({"path": "p", "blocks": ["a"]}, "item 1 must be an object"),
        ({"search": "a", "replace": "b"}, "edit needs path"),
    ],
)
def test_an_edit_with_neither_or_both_forms_is_refused(given: Any, said: str) -> None:
    assert said in refused("edit", given)


@pytest.mark.parametrize("name", ["bash", "Read", "str_replace", "", "edit" * 50])
def test_an_unknown_tool_is_answered_with_those_there_are(name: str) -> None:
    said = refused(name, {}, DRAFT_TOOLS)
    assert "hypothesis" in said and "submit" in said
    assert len(said) < 400


def test_the_nearest_name_is_named() -> None:
    assert "did you mean submit?" in refused("submitt", {})
    assert "did you mean path?" in refused("read", {"pth": "a"})


def test_a_tool_that_is_not_offered_now_is_refused_as_such() -> None:
    assert "edit cannot be used here" in refused("edit", {"path": "p"}, REFLECT_TOOLS)
    assert "reflect cannot be used here" in refused("reflect", {}, DRAFT_TOOLS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"path": "train.py", "search": "LR', "as if cut off"),
        ('{"path": "train.py", ', "as if cut off"),
        ('{"path": train.py}', "broken JSON"),
        ("[1]", "one JSON object"),
        ("null", "one JSON object"),
        ('"just text"', "broken JSON"),
        ('{"path": "a", "path": "b"}', "'path' is given twice"),
        ("[" * 100_000, "nested too deep"),
        ('{"path": "a", "start": ' + "1" * 5000 + "}", "cannot be read"),
        ('{"path": "\\ud800"}', "surrogate"),
        ('{"path": "a\\u0000b"}', "NUL"),
    ],
)
def test_broken_arguments_are_refused_with_what_is_wrong(text: str, said: str) -> None:
    assert said in refused("read" if "search" not in text else "edit", text)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("read", {"path": ["a"]}, "path must be text"),
        ("read", {"path": "a", "start": "first"}, "start must be a whole number"),
        ("read", {"path": "a", "start": True}, "start must be a whole number"),
        ("read", {"path": "a", "start": 1.5}, "start must be a whole number"),
        ("read", {"path": None}, "read needs path"),
        ("hypothesis", {"title": "t"}, "needs mechanism and predicted"),
        ("hypothesis", {"title": "t", "mechanism": "m", "predicted": "p", "hints": "k1"}, "hints must be a list"),
        ("log", {"experiment": "e1", "mode": "middle"}, "one of head, tail, grep"),
        ("log", {"experiment": "e1", "mode": "grep"}, "needs a pattern"),
        ("log", {"experiment": "e1", "mode": "head", "pattern": "x"}, "a pattern is for mode grep"),
        ("submit", {"sure": True}, "takes no arguments"),
        ("reflect", {"mechanism": "proven", "revision": "x"}, "confirmed, refuted, inconclusive"),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_valid(name: str, given: Any, said: str) -> None:
    assert said in refused(name, given)


def test_line_breaks_written_as_they_are_and_an_object_wrapped_in_text_are_taken() -> None:
    assert read("write", '{"path": "a", "content": "x\ny"}') == tools.Write("a", "x\ny")
    assert read("diff", json.dumps(json.dumps({"experiment": "e3"}))) == tools.Diff("e3")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*EVERY, "nothing"]), st.data())
def test_whatever_is_called_is_understood_or_refused(name: str, data: st.DataObject) -> None:
    keys = list(EVERY[name].parameters["properties"]) if name in EVERY else ["a"]
    given = data.draw(st.dictionaries(st.sampled_from([*keys, "other"]), JSON, max_size=4) | JSON)
    text = data.draw(st.just(json.dumps(given)) | st.text(max_size=20))
    try:
        made = read(name, text)
    except NotAllowed as error:
        said = error.reason
    else:
        said = repr(made)
    assert said
