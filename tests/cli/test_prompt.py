"""`show --prompt`: what a model saw and said, as a page and as JSON, from journals that hold real conversations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from praxtui.cli.prompt import Ink, page, turns
from praxtui.journal import called
from praxtui.journal.facts import (
    DraftBegun,
    DraftCommitted,
    DraftRefused,
    HypothesisStated,
    Judged,
    Reflected,
)
from praxtui.journal.folded import folded
from praxtui.journal.people import WaitingBegan, WaitingEnded
from tests.cli.place import Inside
from tests.cli.terminal import Terminal
from tests.cli.written import PROTOCOL, Writer, beginning
from tests.journal.facts import ran


@pytest.fixture
def place(tmp_path: Path) -> Inside:
    return Inside(tmp_path / "place")


EDIT = {"path": "a.py", "search": 'LR = "1"\n', "replace": 'LR = "2"\n# wider'}


def whole(place: Inside) -> None:
    """e1: refused once, drafted again after a wait, crashed, mended, judged, reflected on."""
    w = Writer(place.folder(), beginning())
    w.facts(DraftBegun("e1", 1, "e0", "b" * 40, "llm"))
    talk = w.conversation("draft", "# Program\nLower the loss.\x1b[31m\u202e")
    w.reply(talk, thinks="The rate is small.\nDouble it.", says="I look first.")
    w.use(talk, "read", {"path": "a.py", "start": 1, "end": 2}, 'LR = "1"\n\n')
    w.reply(talk)
    w.use(talk, "hypothesis", {"title": "LR 2", "mechanism": "faster " * 12, "predicted": "-0.1"}, "stated")
    w.facts(HypothesisStated("e1", "LR 2", "faster", "-0.1", "llm"))
    w.use(talk, "edit", EDIT, "changed")
    w.use(talk, "submit", {}, "refused: sealed")
    w.facts(DraftRefused("e1", 1, "evaluate.py is sealed"))
    talk.fault("anthropic: 429 rate limited; waiting 4 s")
    w.facts(WaitingBegan("provider", "waiting 4 s for anthropic: 429"))
    talk.fault("anthropic: 429 rate limited; waiting 8 s")
    w.facts(WaitingBegan("provider", "waiting 8 s for anthropic: 429"), WaitingEnded("provider"))
    talk.told("k2: try wider")
    w.reply(talk, thinks="Only a.py then.", usd=None)
    talk.left_out(["t1", "t2"])
    w.use(
        talk,
        "edit",
        {"path": "a.py", "blocks": [{"search": "a", "replace": "b"}, {"search": "c", "replace": ""}]},
        "ok",
    )
    w.facts(DraftCommitted("e1", 1, "e1" * 20, "b" * 40, "e0", ["a.py"], {"a.py": "f" * 64}, w.diff, "key"))
    w.facts(*ran("e1", 1, None))
    mend = w.conversation("repair", "It crashed: exit 1")
    w.reply(mend, says="A typo.")
    w.use(mend, "write", '{"path": "b.py", "content": "x = 1', "the arguments are no JSON")
    w.facts(*ran("e1", 2, 0.9), Judged("e1", "keep", "provisional", 0.1, 2.0))
    w.facts(WaitingBegan("provider", "waiting 9 s for somebody else's experiment"), WaitingEnded("provider"))
    back = w.conversation("reflect", "It is 0.1 better")
    w.reply(back, says='{"thought": "It held.", "call": {"tool": "reflect", "arguments": {"mechanism": "confirmed"}}}')
    w.use(back, "reflect", {"mechanism": "confirmed"}, "noted")
    w.facts(Reflected("e1", "confirmed", "a larger rate helps", "llm"))
    w.journal.close()


def test_the_page_reads_from_the_first_prompt_to_the_totals(place: Inside) -> None:
    whole(place)
    text = place.praxtui("show", "c", "e1", "--prompt").stdout
    order = [
        "e1  LR 2", "conversation 1, a draft", "system   part 1 of 3, 57 characters", "    │ You are a researcher.",
        "    │ State a hypothesis", "user     part 2 of 3", "    │ # Program", "    │ Lower the loss.",
        "tools    part 3 of 3", "    │ read: Lines of a file.",
        "thinks", "    ┆ The rate is small.", "    ┆ Double it.", "says", "    │ I look first.",
        "used     a-model: 200 tokens fresh, 800 cached, 50 written; $0.01; 2.5s",
        'calls    read(path="a.py", start=1, end=2)', "gets     from read:", '    │ LR = "1"',
        'calls    hypothesis(title="LR 2", predicted="-0.1")', "    mechanism:", "    │ faster faster",
        'calls    edit "a.py"', '    - LR = "1"', '    + LR = "2"', "    + # wider",
        "calls    submit", "gets     from submit:", "refused  draft 1: evaluate.py is sealed",
        "fault    anthropic: 429 rate limited; waiting 4 s", "waits    3.0s: waiting 8 s for anthropic: 429",
        "is told", "    │ k2: try wider", "thinks", "Only a.py then.", "price unknown",
        "forgets  the answers to 2 earlier calls",
        "    @@ block 1 of 2", "    - a", "    + b", "    @@ block 2 of 2", "    - c", "    +",
        "draft    1 changes a.py; commit e1e1e1e1e1", "run      1 (select, seed 0): run: exit 1",
        "conversation 2, a repair", "system   part 1 of 3, 57 characters: the same as part 1 of conversation 1",
        "It crashed: exit 1",
        "A typo.", "calls    write with arguments that are no JSON object", '    │ {"path": "b.py", "content": "x = 1',
        "run      2 (select, seed 0): 0.9000 in 2.0s", "verdict  keep provisional",
        "conversation 3, a reflection", "says     in JSON, with the call below:", "    │ It held.",
        'calls    reflect(mechanism="confirmed")', "learned  confirmed: a larger rate helps",
        "in all   3 conversations, 5 replies: 5,000 tokens read, 80% cached, 250 written;"
        " $0.04 + 1.1k tokens of unknown price",
    ]  # fmt: skip
    at = 0
    for words in order:
        found = text.find(words, at)
        assert found >= 0, f"{words!r} is not where it should be:\n{text}"
        at = found + len(words)
    assert "somebody else" not in text
    assert text.count("You are a researcher.") == 1


def test_nothing_steers_a_terminal_and_a_pipe_has_no_colours(place: Inside) -> None:
    whole(place)
    text = place.praxtui("show", "c", "e1", "--prompt").stdout
    assert all(c == "\n" or c.isprintable() for c in text)
    assert "\x1b" not in text


def test_on_a_terminal_thoughts_are_dim(place: Inside) -> None:
    whole(place)
    seen = Terminal(place, "show", "c", "e1", "--prompt")
    assert seen.end() == 0
    seen.close()
    assert "\x1b[2m    ┆ Double it.\x1b[22m" in seen.said
    assert "\x1b[1mthinks  \x1b[22m" in seen.said


def test_without_colours_where_they_are_not_wanted(place: Inside) -> None:
    whole(place)
    place.env |= {"NO_COLOR": "1"}
    seen = Terminal(place, "show", "c", "e1", "--prompt")
    assert seen.end() == 0
    seen.close()
    assert "\x1b" not in seen.said


def test_the_json_has_the_stream_with_prompts_spelled_out_and_the_turns(place: Inside) -> None:
    whole(place)
    document = place.json("show", "c", "e1")
    assert document["prompt"][0].startswith(PROTOCOL + "# Program\nLower the loss.\x1b[31m")
    kinds = [turn["kind"] for turn in document["turns"]]
    assert kinds[:8] == ["prompt", "thought", "text", "usage", "call", "result", "usage", "call"]
    first, thought = document["turns"][:2]
    assert (first["what"], [part["role"] for part in first["parts"]]) == ("draft", ["system", "user", "tools"])
    assert thought["text"] == "The rate is small.\nDouble it."
    assert document["turns"][3]["cached"] == 800
    edits = [turn for turn in document["turns"] if turn.get("name") == "edit" and turn["kind"] == "call"]
    assert edits[0]["arguments"] == EDIT
    assert json.loads(edits[0]["text"]) == EDIT
    [broken] = [turn for turn in document["turns"] if turn.get("name") == "write" and turn["kind"] == "call"]
    assert (broken["arguments"], broken["text"]) == (None, '{"path": "b.py", "content": "x = 1')


def test_a_reply_that_breaks_off_says_so_and_its_wait_goes_on(place: Inside) -> None:
    w = Writer(place.folder(), beginning())
    w.facts(DraftBegun("e1", 1, "e0", "b" * 40, "llm"))
    talk = w.conversation("draft", "go")
    w.stream("thought", "half a th")
    talk.fault("anthropic: fell silent")
    w.facts(WaitingBegan("provider", "waiting 40 s for anthropic: silent"))
    w.journal.close()
    text = place.praxtui("show", "c", "e1", "--prompt").stdout
    assert "thinks   broke off:\n    ┆ half a th\n" in text
    assert "waits    waiting 40 s for anthropic: silent\n" in text
    assert "in all   1 conversation, 0 replies: 0 tokens read, 0 written; free\n" in text


def test_a_fault_that_comes_again_and_again_is_one_line(place: Inside) -> None:
    w = Writer(place.folder(), beginning())
    w.facts(DraftBegun("e1", 1, "e0", "b" * 40, "llm"))
    talk = w.conversation("draft", "go")
    for seconds in (4, 8, 16, 32):
        talk.fault(f"anthropic: 503 overloaded; waiting {seconds} s")
    talk.fault("anthropic: not reached")
    w.journal.close()
    faults = [line for line in place.praxtui("show", "c", "e1", "--prompt").stdout.splitlines() if "fault" in line]
    assert faults == [
        "fault    anthropic: 503 overloaded; waiting 4 s (and 3 more like it)", "fault    anthropic: not reached",
    ]  # fmt: skip


def test_an_experiment_that_no_model_was_asked_about_yet(place: Inside) -> None:
    w = Writer(place.folder(), [*beginning(), DraftBegun("e1", 1, "e0", "b" * 40, "llm")])
    w.journal.close()
    assert place.praxtui("show", "c", "e1", "--prompt").stdout == "no model was asked about e1 yet\n"
    assert place.json("show", "c", "e1")["turns"] == []


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("submit", "", ("submit", [])),
        ("submit", "{}", ("submit", [])),
        ("ledger", '{"query": "lever:LR"}', ('ledger(query="lever:LR")', [])),
        ("edit", "[1]", ("edit with arguments that are no JSON object", ["│ [1]"])),
        ("edit", '{"path": 3, "search": "a", "replace": "b"}', ("edit 3", ["- a", "+ b"])),
        ("edit", '{"path": "a", "search": "a"}', ('edit(path="a", search="a")', [])),
        ("edit", '{"path": "a", "blocks": []}', ('edit(path="a", blocks=[])', [])),
        ("edit", '{"path": "a", "blocks": ["b"]}', ('edit(path="a", blocks=["b"])', [])),
        ("edit", '{"path": "a", "search": "a", "replace": "b", "all": true}', ('edit "a"(all=true)', ["- a", "+ b"])),
        ("write", '{"path": "a", "content": "x\\ny"}', ('write(path="a")', ["content:", "│ x", "│ y"])),
    ],
)
def test_a_call_is_shown_whole_and_readable(name: str, text: str, shown: tuple[str, list[str]]) -> None:
    assert called.said(name, text) == shown


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("read", '{"path": "train.py", "start": 3}', "read train.py"),
        ("search", '{"pattern": "lr", "path": "a.py"}', "search a.py"),
        ("diff", '{"experiment": "e3"}', "diff e3"),
        ("submit", "{}", "submit"),
        ("read", "{broken", "read"),
    ],
)
def test_a_call_in_a_few_words(name: str, text: str, shown: str) -> None:
    assert called.short(name, text) == shown


def test_the_page_of_a_long_conversation_is_made_line_by_line(place: Inside) -> None:
    w = Writer(place.folder(), [*beginning(), DraftBegun("e1", 1, "e0", "b" * 40, "llm")])
    talk = w.conversation("draft", "go")
    text = "".join(f"line {n}\n" for n in range(20_000))
    w.use(talk, "read", {"path": "a.py"}, text)
    found = turns(w.journal, w.journal.stream_read(experiment="e1"))
    lines = list(page(w.journal, folded(w.journal).experiments["e1"], found, Ink(False)))
    assert sum(line.startswith("    │ line ") for line in lines) == 20_000
    w.journal.close()
