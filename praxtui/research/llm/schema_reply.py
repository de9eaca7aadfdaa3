"""The same tools for models that have no tool calling of their own: a call is a reply of JSON, its answer a message.

The schema is for decoders that hold a model to a grammar (llama.cpp, Ollama, vLLM): plain objects, `anyOf` for the
choice of tool, no references and no patterns. What comes back is read leniently all the same, since many servers take
a schema and do not hold the model to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from praxtui.research.llm.turns import Message, Part, Tool, ToolCall
from praxtui.research.protocol import NotAllowed

FORM = '{"thought": "...", "call": {"tool": "<name>", "arguments": {...}}}'
# How the ids of calls begin that were read from a reply's text.
OWN = "json-"
# What grammar converters have in common; bounds and formats are checked when the tool is used.
KEPT = ("type", "enum", "const", "description", "required")
NAMES = ("tool", "name")
ARGUMENTS = ("arguments", "parameters", "args", "input")
WRAPPERS = ("tool", "call", "calls", "tool_calls", "function", "function_call", "tool_call")


def schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """The JSON schema of one reply: a thought, then one call of one of these tools with arguments of its own."""
    calls = [_object({"tool": {"type": "string", "enum": [t.name]}, "arguments": plain(t.parameters)}) for t in tools]
    return _object({"thought": {"type": "string"}, "call": {"anyOf": calls}})


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema with only what every grammar converter takes; objects take no other keys than they name."""
    kept = {key: given[key] for key in KEPT if key in given}
    if "properties" in given or given.get("type") == "object":
        kept["properties"] = {name: plain(each) for name, each in given.get("properties", {}).items()}
        kept["additionalProperties"] = False
    if "items" in given:
        kept["items"] = plain(given["items"])
    for choice in ("anyOf", "oneOf"):
        if choice in given:
            kept["anyOf"] = [plain(each) for each in given[choice]]
    return kept


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def describe(tools: Sequence[Tool]) -> str:
    """What a model must know to reply in this form, for its system prompt."""
    lines = [
        "You have no tool calling of your own here. Every reply of yours is one JSON object and nothing else:",
        FORM,
        "`thought` says in a sentence or two why; `call` uses one tool. The next message brings its answer.",
        "",
        "The tools:",
    ]
    for tool in tools:
        lines.append(f"- {tool.name}({_signature(tool.parameters)}): {tool.description}")
        lines.extend(f"    {line}" for line in _arguments(tool.parameters))
    example = {"thought": "I look at this first.", "call": {"tool": tools[0].name, "arguments": _example(tools[0])}}
    return "\n".join([*lines, "", "For example:", json.dumps(example)])


def _signature(parameters: Mapping[str, Any]) -> str:
    required = parameters.get("required", ())
    return ", ".join(name if name in required else f"{name}?" for name in parameters.get("properties", {}))


def _arguments(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, each in parameters.get("properties", {}).items():
        kind = " or ".join(map(json.dumps, each["enum"])) if "enum" in each else each.get("type", "any")
        if kind == "array":
            inner = each.get("items", {}).get("properties")
            kind = "list of {" + ", ".join(inner) + "}" if inner else f"list of {each.get('items', {}).get('type')}"
        said = each.get("description")
        yield f"{name}: {kind}" + (f"; {said}" if said else "")


def _example(tool: Tool) -> dict[str, Any]:
    properties = tool.parameters.get("properties", {})
    required = [name for name in tool.parameters.get("required", ()) if name in properties]
    filled = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return {name: filled.get(properties[name].get("type", "string"), "...") for name in required}


def calls(text: str, turn: int = 1) -> tuple[ToolCall, ...]:
    """The calls that a reply asks for, at least one, in order.

    Takes the object bare, in a code fence, among prose, several of them, or in the shapes of common chat protocols
    (`{"name", "arguments"}`, `{"function": {...}}`, `{"tool_calls": [...]}`). `turn` makes their ids unlike those of
    other replies. Raises NotAllowed with what is wrong and how a reply must look.
    """
    found, broken = _objects(text)
    made = [call for each in found for call in _calls(each)]
    if made:
        return tuple(ToolCall(f"{OWN}{turn}-{n}", name, arguments) for n, (name, arguments) in enumerate(made, 1))
    if broken:
        raise NotAllowed(f"the JSON of your reply is broken ({broken}). Send it again, whole: {FORM}")
    if found:
        raise NotAllowed(f"your reply is JSON, but calls no tool: it has no `call` with a `tool`. It must be {FORM}")
    raise NotAllowed(f"your reply calls no tool. Every reply is one JSON object: {FORM}")


def _objects(text: str) -> tuple[list[Any], str]:
    """Every JSON object in a text that is not inside another one, and what is wrong with a broken one.

    A brace in prose is passed over; after an object that broke off, nothing is: what follows may be its inside.
    """
    # strict=False: models write line breaks into strings as they are
    decoder = json.JSONDecoder(strict=False)
    found: list[Any] = []
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
            found.append(value)
        except json.JSONDecodeError as error:
            if text[at + 1 :].lstrip().startswith('"'):
                return found, f"{error.msg} before {text[error.pos : error.pos + 20]!r}"
            end = at + 1
        except RecursionError:
            return found, "it is nested too deep"
        at = text.find("{", end)
    return found, ""


def _calls(value: Any) -> Iterator[tuple[str, str]]:
    """The (tool, arguments as JSON text) that a decoded value asks for, in whatever shape it does."""
    if isinstance(value, list):
        for each in value:
            yield from _calls(each)
        return
    if not isinstance(value, dict):
        return
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    if name is not None:
        beside = {key: each for key, each in value.items() if key not in (*NAMES, "thought")}
        given = next((value[key] for key in ARGUMENTS if key in value), beside)
        yield name, given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
        return
    for key in WRAPPERS:
        if key in value:
            yield from _calls(value[key])


def spoken(messages: Sequence[Message]) -> list[Message]:
    """A conversation as a model without tool calling is told it: the tools' answers come from the user.

    Neighbours of one role become one message, since some chat templates insist on turns. What was said stays word for
    word, so that a longer conversation begins with the shorter one.
    """
    told: list[Message] = []
    for message in messages:
        said = _spoken(message)
        if told and told[-1].role == said.role:
            told[-1] = Message(role=said.role, parts=(*told[-1].parts, Part("\n\n"), *said.parts))
        else:
            told.append(said)
    return told


def _spoken(message: Message) -> Message:
    if message.role == "tool":
        return Message(role="user", parts=(Part(f"Answer of {message.name}:\n"), *message.parts))
    if message.calls and not message.calls[0].id.startswith(OWN):
        # said with native tools, by the same model or by the one that this one stands in for
        return Message(role="assistant", parts=(Part("\n".join(_form(message.text, call) for call in message.calls)),))
    return Message(role=message.role, parts=message.parts)


def _form(thought: str, call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments or "{}", strict=False)
    except ValueError:
        arguments = call.arguments
    return json.dumps({"thought": thought, "call": {"tool": call.name, "arguments": arguments}}, ensure_ascii=False)
