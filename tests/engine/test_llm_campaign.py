"""The model researcher in whole campaigns: it is held to the protocol, its faults are journaled, nothing is lost."""

from __future__ import annotations

import importlib.util
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import pytest

from praxtui.journal.facts import CampaignEnded, DraftCommitted, HypothesisStated, RunStarted
from praxtui.journal.store import Journal
from praxtui.settings import Limits, ResearcherSettings
from tests.making import (
    EXACT,
    SETTINGS,
    all_facts,
    facts,
    git,
    make_leaf,
    send,
    with_constants,
)
from tests.scripted import Asked, Play
from tests.scripted import ideas as think
from tests.scripted.campaigns import KEY, NAMES, Played, Pocket, campaign
from tests.scripted.faults import MODEL_FAULTS, WIRE_FAULTS
from tests.scripted.plays import EachInTurn, Spoiled
from tests.scripted.researcher import wanted
from tests.scripted.server import Server

pytestmark = pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs litellm")

GOOD = think.change("GAIN", 1.0, "a good change")
FORMS = {
    "openai-tools": ("openai", True),
    "anthropic-json": ("anthropic", False),
    "openai-json": ("openai", False),
    "anthropic-tools": ("anthropic", True),
}


def whole(played: Played) -> None:
    """Nothing is lost: every draft was reasoned, kept under its ref, judged and reflected; the engine did not fail."""
    rows = played.ledger
    for name, row in rows.items():
        if name == "e0":
            continue
        assert row["verdict"] is not None, name
        if row["commit"]:
            ref = f"refs/praxtui/{played.folder.name}/{name}"
            assert git(Path(played.state.leaf), "rev-parse", ref).strip() == row["commit"]
            assert row["hypothesis"] and row["mechanism"] and row["reflection"], name
            assert "no reflection" not in row["reflection"]["revision"], name
            stated, prompted = played.turns(name), played.turns(name)[0]
            assert prompted.kind == "prompt" and any(turn.kind == "call" for turn in stated)
    ended = facts(played.folder, CampaignEnded)[-1]
    assert ended.state == "finished", ended
    assert not played.state.waits and "engine failed" not in str(all_facts(played.folder))


@pytest.mark.parametrize(
    ("wire", "native"),
    [pytest.param(*FORMS[name], id=name, marks=[pytest.mark.slow] * (n > 1)) for n, name in enumerate(FORMS)],
)
def test_a_good_researcher_is_journaled_judged_and_reflects(exact: Path, wire: str, native: bool) -> None:
    ideas = [
        think.looked_up("GAIN", 1.0),
        think.several_lines({"GAIN": -1.0, "LUCK": 0.5}),
        think.several_blocks({"GAIN": 2.0, "OTHER": 9}),
    ]
    played = campaign(exact, ideas, experiments=3, wire=wire, native=native)
    whole(played)
    rows = played.ledger
    assert [rows[name]["verdict"] for name in ("e1", "e2", "e3")] == ["keep", "discard", "keep"]
    assert [rows[name]["hypothesis"] for name in ("e1", "e2", "e3")] == [idea.title for idea in ideas]
    assert [rows[name]["metric"] for name in ("e1", "e2", "e3")] == pytest.approx([101.0, 99.5, 102.0])
    assert all(rows[name]["levers"] == ["settings.py"] and rows[name]["by"] == "llm" for name in ("e1", "e2", "e3"))
    assert [rows[name]["reflection"]["mechanism"] for name in ("e1", "e2", "e3")] == [
        "confirmed",
        "refuted",
        "confirmed",
    ]
    assert played.calls("e1") == ["ledger", "read", "hypothesis", "edit", "check", "submit", "reflect"]
    assert "I use ledger." in played.said("text", "e1") or not native
    assert "Next: GAIN to 1.0." in played.said("thought", "e1")
    assert played.said("fault") == ""
    assert rows["e1"]["tokens"] > 1000 and played.state.spent.tokens >= rows["e1"]["tokens"]


def test_the_hypothesis_is_recorded_before_the_edit_and_the_draft_after_it(exact: Path) -> None:
    played = campaign(exact, [think.eager(1.0)], experiments=1)
    whole(played)
    kinds = [type(fact) for fact in all_facts(played.folder)]
    assert kinds.index(HypothesisStated) < kinds.index(DraftCommitted)
    answers = played.answers("e1")
    assert "hypothesis" in answers["edit"][0].lower() and len(answers["edit"]) == 2
    assert played.ledger["e1"]["metric"] == pytest.approx(101.0)


def test_a_new_lever_file_is_written_where_the_program_allows_it(home: Path, tmp_path: Path) -> None:
    levers = {"levers": {"edit": ["settings.py"], "new": ["part_*.txt"]}}
    settings = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}
    leaf = make_leaf(tmp_path / "leaf", EXACT, levers, files=settings)
    played = campaign(leaf, [think.new_file("part_1.txt", 3.0), think.new_file("other.txt", 4.0)], experiments=2)
    whole(played)
    assert played.ledger["e1"]["metric"] == pytest.approx(103.0)
    assert sorted(played.ledger["e1"]["levers"]) == ["part_1.txt", "settings.py"]
    assert "part_*.txt" in played.answers("e2")["write"][0]


# --- what a researcher does wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "verdict", "native"), [(1, "keep", False), (2, "keep", True), (3, "crash", True)])
def test_a_crash_is_mended_at_most_twice(exact: Path, times: int, verdict: str, native: bool) -> None:
    played = campaign(exact, [think.crash(1.0, times=times), think.change("GAIN", 5.0)], experiments=2, native=native)
    whole(played)
    assert [played.ledger[name]["verdict"] for name in ("e1", "e2")] == [verdict, "keep"]
    runs = [run.use for run in facts(played.folder, RunStarted) if run.experiment == "e1"]
    assert runs == ["select", *["repair"] * min(times, 2)]
    assert played.calls("e1").count("submit") == 1 + min(times, 2)


def test_a_repair_that_is_given_up_leaves_the_crash(exact: Path) -> None:
    played = campaign(exact, [think.crash(1.0, mended=False), GOOD], experiments=2)
    whole(played)
    assert [played.ledger[name]["verdict"] for name in ("e1", "e2")] == ["crash", "keep"]
    assert "the idea itself is broken" in played.said("fault", "e1")


def test_a_wrong_call_is_answered_with_the_reason_and_the_draft_goes_on(exact: Path) -> None:
    ideas = [think.no_match(1.0), think.matches_twice(2.0), think.sealed(3.0), think.escape(4.0)]
    played = campaign(exact, ideas, experiments=4)
    whole(played)
    missed, twice, sealed, escaped = (played.answers(name) for name in ("e1", "e2", "e3", "e4"))
    assert "GAIN = 0.0" in missed["edit"][0]  # the line that is like it
    assert "5" in twice["edit"][0]
    assert "sealed" in sealed["edit"][0] and "sealed" in sealed["write"][0]
    assert all(text.startswith("error:") for text in (*escaped["read"], *escaped["write"]))
    assert len(escaped["write"]) == 3 and "root:" not in played.said("result")
    for name, gain in (("e1", 1.0), ("e2", 2.0), ("e3", 3.0), ("e4", 4.0)):
        assert played.ledger[name]["metric"] == pytest.approx(100 + gain)
        assert played.ledger[name]["levers"] == ["settings.py"]
    assert {path.name for path in exact.parent.iterdir()} == {"leaf", "home", "person"}
    assert git(exact, "status", "--porcelain") == ""


def test_what_was_tried_comes_back_with_its_result_and_without_a_run(exact: Path) -> None:
    ideas = [
        think.change("GAIN", -1.0, "downwards"),
        think.change("LUCK", 0.5, "kept, so that the levers are others"),
        think.repeat("GAIN", -1.0, 2.0),
    ]
    played = campaign(exact, ideas, experiments=3)
    whole(played)
    refused = played.answers("e3")["submit"][0]
    assert "downwards" in refused and "discard" in refused
    assert [run.experiment for run in facts(played.folder, RunStarted)] == ["e0", "e1", "e2", "e3"]
    assert played.ledger["e3"]["metric"] == pytest.approx(102.5)


def test_a_draft_that_comes_to_nothing_is_invalid_and_the_next_one_is_made(exact: Path) -> None:
    played = campaign(exact, [think.chatter(), think.given_up("the cupboard is bare"), GOOD], experiments=3)
    whole(played)
    rows = played.ledger
    assert [rows[name]["verdict"] for name in ("e1", "e2", "e3")] == ["invalid", "invalid", "keep"]
    assert "without using a tool" in rows["e1"]["reason"] and "the cupboard is bare" in rows["e2"]["reason"]
    assert {run.experiment for run in facts(played.folder, RunStarted)} == {"e0", "e3"}


# --- what goes wrong with a provider ---------------------------------------------------------------------------------

GIVES_UP = ("policy", "refused")
# What the journal says of each, by which it is told from the others.
TELLS = {
    "rate_limit": "429 rate limited",
    "rate_limit_retry_after": "429 rate limited",
    "server_error": "500 overloaded",
    "unavailable": "503 overloaded",
    "overloaded": "529 overloaded",
    "bad_gateway": "a web page instead of an answer",
    "down": "not reached: ",
    "reset": "Connection reset by peer",
    "cut": "peer closed connection",
    "unfinished": "the stream ended early",
    "error_in_stream": "out of order: Overloaded",
    "silent": "silent for 1.5 s",
    "no_first_byte": "no answer in 1.5 s",
    "context_too_long": "400 prompt too long",
    "no_such_model": "404 has no such model",
    "revoked_key": "401 refused the key",
    "payment_required": "402 quota or credit used up",
    "no_credit": "quota or credit used up",
    "policy": "400 refused the content",
    "html": "malformed reply",
}
ANSWERED = {
    "truncated_arguments": ("result", "broken JSON"),
    "unknown_tool": ("result", "no tool 'run_shell'"),
    "wrong_types": ("result", "read: "),
    "empty": ("fault", "malformed"),
    "chatter": ("user", "used no tool"),
    "cut_off": ("user", "cut off"),
}
QUICK = Limits(total=60, first=1.5, between=1.5)


def test_every_fault_of_a_provider_is_journaled_and_nothing_is_lost(exact: Path) -> None:
    names = [name for name in WIRE_FAULTS if name not in GIVES_UP]
    played = many_faults(exact, names, experiments=9)
    faults = played.said("fault").splitlines()
    for name in names:
        assert any(TELLS[name] in fault for fault in faults), name
    assert len(faults) >= len(names)


def test_every_reply_that_makes_no_sense_is_answered_and_nothing_is_lost(exact: Path) -> None:
    names = [name for name in MODEL_FAULTS if name not in GIVES_UP]
    played = many_faults(exact, names, experiments=5)
    for name, (kind, told) in ANSWERED.items():
        assert told in played.said(kind), name


def many_faults(exact: Path, names: list[str], experiments: int) -> Played:
    """A campaign in which every third call goes wrong, in each way once; its results are as if none had."""
    ideas = [think.looked_up("GAIN", float(n), f"idea {n}") for n in range(1, experiments + 1)]
    plays: list[EachInTurn] = []

    def spoil(good: Play) -> Play:
        plays.append(EachInTurn(good, names))
        return plays[0]

    played = campaign(exact, ideas, experiments=experiments, spoil=spoil, limits=QUICK)
    whole(played)
    assert plays[0].thrown == names
    metrics = [row["metric"] for row in played.ledger.values()]
    assert metrics == pytest.approx([100.0 + n for n in range(experiments + 1)])
    assert KEY not in "".join(item.text for item in played.stream())
    return played


@pytest.mark.parametrize("name", GIVES_UP)
def test_a_refusal_ends_its_draft_and_not_the_campaign(exact: Path, name: str) -> None:
    one_fault(exact, name, "openai", native=True)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted({**WIRE_FAULTS, **MODEL_FAULTS}))
def test_each_fault_is_survived_in_every_form(exact: Path, name: str, form: str) -> None:
    one_fault(exact, name, *FORMS[form])


def one_fault(exact: Path, name: str, wire: str, native: bool) -> None:
    """The third call of a campaign of two experiments goes wrong; the campaign is as if it had not."""
    ideas = [think.change("GAIN", float(n), f"idea {n}") for n in (1, 2, 3)]
    spoil = partial(Spoiled, spoil=name, calls={3})
    played = campaign(exact, ideas, experiments=2, wire=wire, native=native, spoil=spoil, limits=QUICK)
    whole(played)
    rows = played.ledger
    if name in GIVES_UP:
        assert rows["e1"]["verdict"] == "invalid" and "refuse" in rows["e1"]["reason"]
        assert rows["e2"]["verdict"] == "keep"
    else:
        assert [rows[e]["metric"] for e in ("e1", "e2")] == pytest.approx([101.0, 102.0])
    if name in WIRE_FAULTS:
        assert TELLS[name] in played.said("fault", "e1")


def test_a_brief_that_the_model_cannot_read_is_made_smaller(exact: Path) -> None:
    played = campaign(
        exact, [GOOD], experiments=1, spoil=lambda good: Spoiled(good, "context_too_long", calls={1, 2}),
        researcher_settings=ResearcherSettings(brief_tokens=2000),
    )  # fmt: skip
    whole(played)
    sizes = [len(seen.asked.prompt) for seen in played.requests[:3]]
    assert sizes[0] > sizes[1] > sizes[2] and played.ledger["e1"]["verdict"] == "keep"
    assert played.said("fault", "e1").count("more than the model can read") == 2


def test_a_fallback_answers_while_the_first_model_is_down(exact: Path) -> None:
    def down(good: Play) -> Play:
        return Spoiled(good, "server_error", when=lambda asked: asked.wire == "openai")

    played = campaign(exact, [GOOD], experiments=1, spoil=down, models=list(NAMES.values()))
    whole(played)
    assert played.ledger["e1"]["metric"] == pytest.approx(101.0)
    assert {seen.asked.wire for seen in played.requests} == {"openai", "anthropic"}


def test_a_revoked_key_is_waited_for_and_taken_when_it_is_there(exact: Path) -> None:
    pockets: list[Pocket] = []

    def pocket(server: Server) -> Pocket:
        pockets.append(Pocket(server, "sk-revoked"))
        return pockets[0]

    async def director(watch: object) -> None:
        state = await watch.until(lambda state: "keys" in state.waits, "a wait for keys")  # type: ignore[attr-defined]
        assert "sk-revoked" not in state.waits["keys"]
        pockets[0].key = KEY

    played = campaign(exact, [GOOD], experiments=1, keys=pocket, director=director, served={"keys": [KEY]})
    whole(played)
    assert played.ledger["e1"]["verdict"] == "keep"


# --- the person, and the prompt --------------------------------------------------------------------------------------


def test_a_hint_reaches_the_model_and_the_ledger_says_who_used_it(exact: Path) -> None:
    idea = think.change("GAIN", 2.0, "as hinted", hints=("k1",))
    played = campaign(
        exact, [GOOD, idea], experiments=2, director=lambda watch: _hint(watch, "try a GAIN of two")
    )  # fmt: skip
    whole(played)
    assert any("try a GAIN of two" in seen.asked.prompt for seen in played.requests)
    assert played.ledger["e2"]["hints"] == ["k1"]


async def _hint(watch: object, text: str) -> None:
    await watch.taken(send(watch.folder, "hint", text=text))  # type: ignore[attr-defined]


def test_consecutive_prompts_share_their_beginning_and_no_key_is_in_the_record(exact: Path) -> None:
    played = campaign(exact, islice(think.numeric(seed=1), 5), experiments=5)
    whole(played)
    first = {n: seen for n, seen in enumerate(played.requests) if _drafting(seen.asked)}
    prompts = [seen.asked.system + seen.asked.prompt for seen in first.values()]
    assert len(prompts) == 5
    shares = [_common(a, b) / len(b) for a, b in pairwise(prompts)]
    assert min(shares) > 0.5 and sum(shares) / len(shares) > 0.8, shares
    cached = [seen.used.cached / seen.used.prompt for seen in list(first.values())[1:] if seen.used]
    assert sum(cached) / len(cached) > 0.75, cached
    files = [path for path in played.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    with Journal.open(played.folder) as journal:
        assert KEY not in "".join(str(event) for event in journal.read())


def _drafting(asked: Asked) -> bool:
    """The first request of a draft."""
    return wanted(asked) == "draft" and all(turn.role == "user" for turn in asked.messages)


def _common(a: str, b: str) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
