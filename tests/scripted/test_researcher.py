"""The played researcher: its next call follows from the request, in either form, whatever went wrong in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from tests.making import SETTINGS
from tests.scripted import Asked, Call, Offered, Said, Turn
from tests.scripted import ideas as think
from tests.scripted.ideas import Idea
from tests.scripted.researcher import GoodResearcher

DRAFT = ("read", "search", "ledger", "diff", "log", "hypothesis", "edit", "write", "check", "submit", "give_up")
REPAIR = ("read", "search", "log", "edit", "write", "check", "submit", "give_up")
Answers = Callable[[Call], str]


def fine(call: Call) -> str:
    """What a harness answers when all is well."""
    if call.name == "read":
        return "\n".join(f"{n:4d} | {line}" for n, line in enumerate(SETTINGS.splitlines(), 1))
    return "done"


class Conversation:
    """One draft, repair or reflection as the harness leads it; `native` or by replies of JSON."""

    def __init__(
        self, prompt: str, tools: tuple[str, ...] = DRAFT, native: bool = True, answers: Answers = fine
    ) -> None:
        self.native = native
        self.tools = tools
        self.answers = answers
        self.turns = [Turn("user", prompt)]

    def asked(self) -> Asked:
        offered = tuple(Offered(name, "", {}) for name in self.tools) if self.native else ()
        anyof = [{"properties": {"tool": {"type": "string", "enum": [name]}}} for name in self.tools]
        schema = None if self.native else {"properties": {"thought": {}, "call": {"anyOf": anyof}}}
        return Asked("openai", 1, "m", "k", "protocol", tuple(self.turns), offered, schema, True, {})

    def step(self, researcher: GoodResearcher) -> Call | None:
        """One reply, its call answered."""
        said = researcher(self.asked())
        call = self.call(said)
        if call is None:
            self.turns += [Turn("assistant", said.text), Turn("user", "Use a tool.")]
            return None
        answer = self.answers(call)
        if self.native:
            name = f"c{len(self.turns)}"
            self.turns += [Turn("assistant", said.text, (Call(call.name, call.arguments, name),))]
            self.turns += [Turn("tool", answer, (), name)]
        else:
            self.turns += [Turn("assistant", said.text), Turn("user", f"Answer of {call.name}:\n{answer}")]
        return call

    def call(self, said: Said) -> Call | None:
        if self.native:
            return said.calls[0] if said.calls else None
        try:
            form = json.loads(said.text)["call"]
        except ValueError:
            return None
        return Call(form["tool"], json.dumps(form["arguments"]))

    def play(self, researcher: GoodResearcher, most: int = 20) -> list[Call]:
        """Every call until one ends it, which the harness would take."""
        made: list[Call] = []
        for _ in range(most):
            call = self.step(researcher)
            if call is not None:
                made.append(call)
            if call is not None and (
                call.name in ("give_up", "reflect") or (call.name, "done") == ("submit", self.answers(call))
            ):
                break
        return made


def names(calls: list[Call]) -> list[str]:
    return [call.name for call in calls]


def prompt(of: str = "e1") -> str:
    old = "# An earlier campaign\n\nGAIN = -7.5\n\n"
    return f"{old}# The levers, as e0 (the incumbent) has them\n\n{SETTINGS}\n# Now: draft experiment {of}\n"


@pytest.mark.parametrize("native", [True, False])
def test_a_draft_is_looked_up_stated_edited_checked_and_handed_in(native: bool) -> None:
    calls = Conversation("no levers in here", native=native).play(GoodResearcher([think.looked_up("GAIN", 1.5)]))
    assert names(calls) == ["ledger", "read", "hypothesis", "edit", "check", "submit"]
    assert calls[2].given["title"] == "GAIN to 1.5" and set(calls[2].given) == {"title", "mechanism", "predicted"}
    assert calls[3].given == {"path": "settings.py", "search": "GAIN = 0.0", "replace": "GAIN = 1.5"}


IDEAS: dict[str, tuple[Idea, list[str]]] = {
    "lines": (think.several_lines({"GAIN": 1.0, "LUCK": 2.0}), ["hypothesis", "edit", "check", "submit"]),
    "blocks": (think.several_blocks({"GAIN": 1.0, "OTHER": 5}), ["hypothesis", "edit", "check", "submit"]),
    "new file": (think.new_file("parts/a.py", 1.0), ["hypothesis", "write", "edit", "check", "submit"]),
    "eager": (think.eager(1.0), ["edit", "hypothesis", "edit", "check", "submit"]),
    "given up": (think.given_up(), ["give_up"]),
}


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("name", sorted(IDEAS))
def test_each_idea_is_carried_out_in_order(name: str, native: bool) -> None:
    idea, expected = IDEAS[name]
    assert names(Conversation(prompt(), native=native).play(GoodResearcher([idea]))) == expected


@pytest.mark.parametrize("native", [True, False])
def test_several_places_of_the_lever_are_found_as_they_stand(native: bool) -> None:
    lines = Conversation(prompt(), native=native).play(GoodResearcher([IDEAS["lines"][0]]))[1].given
    blocks = Conversation(prompt(), native=native).play(GoodResearcher([IDEAS["blocks"][0]]))[1].given["blocks"]
    assert SETTINGS.count(lines["search"]) == 1
    assert [SETTINGS.count(block["search"]) for block in blocks] == [1, 1]


@pytest.mark.parametrize("native", [True, False])
def test_what_was_said_wrong_in_between_is_said_again_rightly(native: bool) -> None:
    researcher = GoodResearcher([think.change("GAIN", 1.0)])
    talk = Conversation(prompt(), native=native)
    assert talk.step(researcher).name == "hypothesis"  # type: ignore[union-attr]
    talk.turns += [Turn("assistant", "Hm, let me think."), Turn("user", "Use a tool.")]
    if native:
        talk.turns += [Turn("assistant", "", (Call("edit", '{"path": "sett', "x"),)), Turn("tool", "broken", (), "x")]
    assert names(talk.play(researcher)) == ["edit", "check", "submit"]


def test_the_same_request_gets_the_same_answer_and_a_new_brief_the_next_idea() -> None:
    researcher = GoodResearcher(islice(think.numeric(seed=3), 3))
    first, again = Conversation(prompt()), Conversation(prompt())
    assert names(first.play(researcher)) == names(again.play(researcher))
    assert first.turns == again.turns
    titles = [Conversation(prompt(f"e{n}")).play(researcher)[0].given for n in (2, 3, 4)]
    assert len({said.get("title") for said in titles}) == 3 and titles[2] == {"reason": "no idea is left"}
    assert researcher.begun == [idea.title for idea in islice(think.numeric(seed=3), 3)]


def test_an_experiment_that_is_drafted_again_gets_the_same_idea_with_whatever_else_the_brief_says() -> None:
    researcher = GoodResearcher([think.change("GAIN", 1.0), think.change("GAIN", 2.0)])
    Conversation(prompt()).play(researcher)
    assert Conversation("Shorter.\n" + prompt()).play(researcher)[0].given["title"] == "GAIN to 1.0"


def test_an_idea_that_came_to_nothing_is_taken_up_in_the_next_draft() -> None:
    researcher = GoodResearcher([think.change("GAIN", 1.0), think.change("GAIN", 2.0)])
    Conversation(prompt("e1")).step(researcher)
    assert Conversation(prompt("e2")).play(researcher)[0].given["title"] == "GAIN to 1.0"


def test_an_idea_that_is_refused_to_the_end_is_given_up_with_the_reason() -> None:
    def refused(call: Call) -> str:
        return "refused: it was tried" if call.name == "submit" else "done"

    calls = Conversation(prompt(), answers=refused).play(GoodResearcher([think.repeat("GAIN", 1.0, 2.0)]))
    assert names(calls) == ["hypothesis", "edit", "submit", "edit", "submit", "give_up"]
    assert "it was tried" in calls[-1].given["reason"]


@pytest.mark.parametrize("native", [True, False])
def test_a_crash_is_mended_by_the_idea_that_made_it(native: bool) -> None:
    researcher = GoodResearcher([think.change("OTHER", 3), think.crash(1.0, times=2)])
    Conversation(prompt("e1"), native=native).play(researcher)
    broken = Conversation(prompt("e2"), native=native).play(researcher)[1].given["replace"]
    bugs = [broken.splitlines()[1]]
    for _ in range(2):
        prompt_of_repair = f"It crashed.\nTraceback\n  File settings.py\n{bugs[-1]}"
        mended, *rest = Conversation(prompt_of_repair, REPAIR, native).play(researcher)
        assert names([mended, *rest]) == ["edit", "check", "submit"]
        assert mended.given["search"] == bugs[-1]
        bugs.append(mended.given["replace"])
    assert "scripted crash 2" in bugs[1] and bugs[2] == "FIXED = True"


def test_a_talker_uses_no_tool_and_is_left_behind_by_the_next_draft() -> None:
    researcher = GoodResearcher([think.chatter(), think.change("GAIN", 1.0)])
    assert Conversation(prompt("e1")).play(researcher, most=6) == []
    assert names(Conversation(prompt("e2")).play(researcher)) == ["hypothesis", "edit", "check", "submit"]


@pytest.mark.parametrize(
    ("told", "expected"), [("keep", "confirmed"), ("discard", "refuted"), ("void", "inconclusive")]
)
@pytest.mark.parametrize("native", [True, False])
def test_a_result_is_reflected_on(told: str, expected: str, native: bool) -> None:
    (call,) = Conversation(f"The verdict: {told}.", ("reflect",), native).play(GoodResearcher([]))
    given: dict[str, Any] = call.given
    assert call.name == "reflect" and given["mechanism"] == expected and given["revision"]


def test_what_is_asked_for_is_read_in_the_brief_where_every_tool_is_offered() -> None:
    tools = (*DRAFT, "reflect")
    researcher = GoodResearcher([think.crash(1.0)])
    Conversation(prompt("e1"), tools).play(researcher)
    log = "RuntimeError: scripted crash 1 of a change that crashes"
    assert names(Conversation(f"{log}\n# Now: mend e1\n", tools).play(researcher)) == ["edit", "check", "submit"]
    assert names(Conversation("verdict: keep\n# Now: reflect on e1\n", tools).play(researcher)) == ["reflect"]
