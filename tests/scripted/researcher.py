"""A good researcher, played: it reads the request and answers with the call that a sensible model would make next.

It keeps nothing of a conversation: where it stands follows from the calls in the request. Of a campaign it keeps which
ideas are spent, since a ledger that is long does not name them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.scripted.ideas import Idea, Move, Sight, crash_text
from tests.scripted.said import Asked, Call, Said

Wanted = Literal["draft", "repair", "reflect"]
ENDS = ("submit", "give_up")
# So many replies without a tool call, and an idea that only talks counts as spent.
TALKED = 3
# What a brief asks for at its end, and for which experiment.
REQUEST = re.compile(r"^# Now: (draft experiment|mend|reflect on) (\S+)", re.MULTILINE)
WANTED: dict[str, Wanted] = {"draft experiment": "draft", "mend": "repair", "reflect on": "reflect"}
JSON_ANSWER = re.compile(r"^Answer of (\w+):\n", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """What the assistant did in one message of the conversation, and what it was told."""

    call: Call | None
    answer: str


class GoodResearcher:
    """The play. `ideas` are taken in order, one a draft; without one left it gives up.

    `thinks`: it thinks aloud before each call. `reflection` overrides what it says of a mechanism.
    """

    def __init__(self, ideas: Iterable[Idea], *, thinks: bool = True, reflection: str | None = None) -> None:
        self._more: Iterator[Idea] = iter(ideas)
        self._drawn: list[Idea] = []
        self._spent: set[int] = set()
        self._drafts: dict[str, int] = {}
        self._thinks = thinks
        self._reflection = reflection
        self.begun: list[str] = []  # titles, in the order in which work on them began

    def __call__(self, asked: Asked) -> Said:
        if wanted(asked) == "reflect":
            return self._say(asked, reflection(asked, self._reflection), "What does the result say?")
        mended = self._mending(asked)
        if mended is not None:
            return self._next(asked, mended, "The log says where it broke.")
        at = self._idea(asked)
        if at is None:
            return self._say(asked, Call.of("give_up", reason="no idea is left"), "I have none.")
        said = self._next(asked, self._drawn[at].plan(), f"Next: {self._drawn[at].title}.")
        if any(call.name in ENDS for call in called(asked, said)) or _talked(asked) >= TALKED:
            self._spent.add(at)
        return said

    def _idea(self, asked: Asked) -> int | None:
        """The idea of this experiment: as before where it began already, else the first that nothing came of yet."""
        named = REQUEST.findall(asked.prompt)
        key = f"{asked.key} {named[-1][1] if named else asked.prompt}"
        if key not in self._drafts:
            at = next((n for n in range(len(self._drawn)) if n not in self._spent), None)
            if at is None:
                idea = next(self._more, None)
                if idea is None:
                    return None
                self._drawn.append(idea)
                self.begun.append(idea.title)
                at = len(self._drawn) - 1
            self._drafts[key] = at
        return self._drafts[key]

    def _mending(self, asked: Asked) -> tuple[Move, ...] | None:
        """The moves that mend the crash which the request is about; None where it is about none."""
        if wanted(asked) != "repair":
            return None
        ideas = ((idea, attempt) for idea in self._drawn for attempt in range(1, len(idea.repair) + 1))
        # The last one named: the ledger before the log may name others.
        found = [(asked.prompt.rfind(crash_text(idea, attempt)), idea.repair[attempt - 1]) for idea, attempt in ideas]
        where, moves = max(found, key=lambda each: each[0], default=(-1, ()))
        if where >= 0:
            return moves
        return (Call.of("give_up", reason="the log does not say what broke"),)

    def _next(self, asked: Asked, plan: Sequence[Move], thought: str) -> Said:
        """The first move of the plan that was not made yet; after the last one nothing is left but to give up."""
        steps = history(asked)
        made: list[tuple[Call, str]] = []
        at = 0
        for step in steps:
            move = plan[at] if at < len(plan) else None
            if isinstance(move, Said):
                at += step.call is None
            elif move is not None and step.call is not None:
                wanted = self._call(move, Sight(asked, tuple(made)))
                at += same(wanted, step.call)
            if step.call is not None:
                made.append((step.call, step.answer))
        if at >= len(plan):
            last = steps[-1].answer if steps else ""
            return self._say(asked, Call.of("give_up", reason=f"it was refused: {last[:200]}"), "It leads nowhere.")
        move = plan[at]
        if isinstance(move, Said):
            return move
        return self._say(asked, self._call(move, Sight(asked, tuple(made))), thought)

    @staticmethod
    def _call(move: Move, sight: Sight) -> Call:
        assert not isinstance(move, Said)
        return move if isinstance(move, Call) else move(sight)

    def _say(self, asked: Asked, call: Call, thought: str) -> Said:
        """A call in the form that the request asks for: a native one, or a reply of JSON."""
        thinking = thought if self._thinks else ""
        if asked.schema is None:
            return Said(text=f"I use {call.name}.", thinking=thinking, calls=(call,))
        inner = {"tool": call.name, "arguments": call.given}
        wrapped = "call" in asked.schema.get("properties", {})
        form = {"thought": thought, "call": inner} if wrapped else {"thought": thought, **inner}
        return Said(text=json.dumps(form, ensure_ascii=False), thinking=thinking)


def wanted(asked: Asked) -> Wanted:
    """What the request is for: as its brief says, or as the tools show that it offers."""
    named = REQUEST.findall(asked.prompt)
    if named:
        return WANTED[named[-1][0]]
    offered = tools(asked)
    if "reflect" in offered and "edit" not in offered:
        return "reflect"
    return "draft" if "hypothesis" in offered else "repair"


def tools(asked: Asked) -> frozenset[str]:
    """Names of the tools that the model may call, natively or by a reply of JSON."""
    if asked.schema is None:
        return frozenset(tool.name for tool in asked.tools)
    return frozenset(_named(asked.schema))


def _named(schema: object) -> Iterator[str]:
    """What the property `tool` may be, anywhere in a JSON schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from _named(each)
    if not isinstance(schema, dict):
        return
    tool = schema.get("properties", {}).get("tool", {}) if isinstance(schema.get("properties"), dict) else {}
    yield from tool.get("enum", [tool["const"]] if "const" in tool else [])
    for each in schema.values():
        yield from _named(each)


def called(asked: Asked, said: Said) -> tuple[Call, ...]:
    """The calls of an answer, whichever form they have."""
    return said.calls if asked.schema is None else tuple(_json_calls(said.text))


def history(asked: Asked) -> list[Step]:
    """What was done in this conversation, in order; a message without a call is a step, too."""
    answers = {turn.call_id: turn.text for turn in asked.messages if turn.role == "tool"}
    steps: list[Step] = []
    for n, turn in enumerate(asked.messages):
        if turn.role != "assistant":
            continue
        if turn.calls:
            steps += [Step(call, answers.get(call.id, "")) for call in turn.calls]
            continue
        calls = list(_json_calls(turn.text))
        told = asked.messages[n + 1].text if n + 1 < len(asked.messages) else ""
        parts = JSON_ANSWER.split(told)[2::2]
        steps += [Step(call, parts[k] if k < len(parts) else told) for k, call in enumerate(calls)] or [
            Step(None, told)
        ]
    return steps


def _json_calls(text: str) -> Iterator[Call]:
    for line in text.splitlines():
        try:
            form = json.loads(line)
        except ValueError:
            continue
        inner = form.get("call", form) if isinstance(form, dict) else {}
        if isinstance(inner, dict) and "tool" in inner:
            yield Call(inner["tool"], json.dumps(inner.get("arguments", {}), ensure_ascii=False))


def same(wanted: Call, made: Call) -> bool:
    """Whether a call was made as planned."""
    return wanted.name == made.name and wanted.given == made.given


def _talked(asked: Asked) -> int:
    return sum(step.call is None for step in history(asked))


def reflection(asked: Asked, mechanism: str | None = None) -> Call:
    """What it learns: a kept change confirms its mechanism, a discarded one refutes it, all else says nothing."""
    found = re.findall(r"\b(keep|kept|discard|discarded|crash|crashed|invalid)\b", asked.prompt[-4000:])
    verdict = found[-1] if found else ""
    said = {"keep": "confirmed", "kept": "confirmed", "discard": "refuted", "discarded": "refuted"}
    told = mechanism or said.get(verdict, "inconclusive")
    return Call.of("reflect", mechanism=told, revision=f"the score follows the constant; it was {verdict or 'unclear'}")
