"""The sweep: one constant at a time, never twice the same, from the record alone."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from praxtui.program.spec import Space
from praxtui.research.constants import constants
from praxtui.research.protocol import Brief, Draft, Exhausted, Failure, Hint, Outcome, Tried
from praxtui.research.sweep import Sweep
from tests.research.conftest import LEAF, Recorder, brief, campaign, draft, loss, point, program, tried


def test_changes_one_constant_and_never_repeats_a_point() -> None:
    seen = {repr(point(LEAF))}

    def one_new_change(asked: Brief, made: Draft) -> None:
        before = point(asked.incumbent.levers["train.py"])
        text = made.files["train.py"]
        assert text is not None
        after = point(text)
        changed = [name for name in before if before[name] != after[name]]
        assert [f"train.py:{name}" for name in changed] == [made.detail["constant"]]
        assert made.title.startswith(changed[0] + " ") and made.mechanism and made.predicted
        assert changed[0] != "SEED"
        assert repr(after) not in seen
        seen.add(repr(after))

    drafts, _, last = campaign(Sweep(), 200, one_new_change)
    assert len(drafts) == 200
    assert loss(point(last)) < 1.01 < loss(point(LEAF)) - 0.2


def test_the_same_brief_gets_the_same_draft_also_from_the_journals_json() -> None:
    _, record, text = campaign(Sweep(), 25)
    asked = brief(text, 26, tried=tuple(record))
    reread = msgspec.json.decode(msgspec.json.encode(record), type=tuple[Tried, ...])
    again = brief(text, 26, tried=reread)
    assert draft(Sweep(), asked) == draft(Sweep(), again)
    other = brief(text, 26, tried=reread, seed=1)
    assert [draft(Sweep(), other), draft(Sweep(), brief(text, 27, tried=reread))] != [draft(Sweep(), asked)] * 2


def test_detail_is_plain_json() -> None:
    made = draft(Sweep(), brief("B = (0.9, 0.95)\n"))
    assert msgspec.json.decode(msgspec.json.encode(made.detail)) == made.detail
    assert made.detail["point"]["train.py:B"][made.detail["index"]] == made.detail["after"]


def test_a_refusal_moves_on_to_something_else() -> None:
    made = [draft(Sweep(), brief(refusals=("tried already",) * n)) for n in range(4)]
    assert len({each.title for each in made}) == 4


def test_every_constant_gets_a_first_look() -> None:
    drafts, _, _ = campaign(Sweep(), 12)
    assert {each.detail["constant"].split(":")[1] for each in drafts} == set(point(LEAF)) - {"SEED"}


def test_goes_further_while_it_helps_and_turns_when_it_does_not() -> None:
    first = draft(Sweep(), brief("LR = 0.01\n"))
    helped = tried(1, first, 0.05)
    up = first.detail["after"] > 0.01
    text = first.files["train.py"]
    assert text is not None
    further = draft(Sweep(), brief(text, 2, tried=(helped,)))
    assert (further.detail["after"] > first.detail["after"]) is up
    assert "1 of 1 change helped" in further.mechanism and f"trend {'up' if up else 'down'}" in further.mechanism
    assert "0.025 better" in further.predicted
    turned = draft(Sweep(), brief("LR = 0.01\n", 2, tried=(tried(1, first, -0.05),)))
    assert (turned.detail["after"] > 0.01) is not up
    assert "0 of 1 change helped" in turned.mechanism and "lost 0.05 (5.0 sd)" in turned.mechanism


def test_a_revoked_keep_does_not_count_as_better() -> None:
    first = draft(Sweep(), brief("LR = 0.01\n"))
    revoked = tried(1, first, 0.05, "keep", standing="revoked")
    said = draft(Sweep(), brief("LR = 0.01\n", 2, tried=(revoked,)))
    assert "0 of 1 change helped" in said.mechanism


def _share(record: list[Tried], text: str) -> float:
    asked = [draft(Sweep(), brief(text, number, tried=tuple(record))) for number in range(10, 50)]
    return sum(each.detail["constant"] == "train.py:A" for each in asked) / len(asked)


def test_constants_that_gained_come_before_those_that_crashed() -> None:
    text = "A = 0.01\nB = 0.01\n"

    def record(delta: float | None, verdict: str) -> list[Tried]:
        rows = []
        for number, after in enumerate((0.02, 0.005, 0.03), 1):
            for name in "AB":
                values = {"train.py:A": 0.01, "train.py:B": 0.01, f"train.py:{name}": after}
                detail = {
                    "constant": f"train.py:{name}",
                    "index": None,
                    "before": 0.01,
                    "after": after,
                    "point": values,
                }
                good = name == "A"
                rows.append(
                    Tried(
                        id=f"e{number}{name}",
                        campaign="c",
                        verdict="keep" if good else verdict,
                        delta=0.02 if good else delta,
                        detail=detail,
                    )
                )
        return rows

    assert _share(record(None, "crash"), text) > 0.8
    assert _share(record(-0.02, "discard"), text) > 0.7


def test_what_makes_no_difference_waits_until_a_switch_is_changed() -> None:
    text = 'MODE = "a"  # a | b\nIDLE = 0.5\nLR = 0.01\n'
    point = {"train.py:MODE": "a", "train.py:LR": 0.01}
    rows = []
    for number, after in enumerate((0.3, 0.7), 1):
        detail = {"constant": "train.py:IDLE", "index": None, "before": 0.5, "after": after}
        detail["point"] = {**point, "train.py:IDLE": after}
        rows.append(Tried(id=f"e{number}", campaign="c", verdict="discard", delta=0.0, detail=detail))

    def chosen(source: str) -> set[str]:
        return {draft(Sweep(), brief(source, n, tried=tuple(rows))).detail["constant"] for n in range(10, 60)}

    assert "train.py:IDLE" not in chosen(text)
    assert "train.py:IDLE" in chosen(text.replace('"a"', '"b"'))


def test_looks_again_where_most_has_changed_since() -> None:
    text = "ORDER = 3\nBYTES = 4096\n"
    start = {"train.py:ORDER": 3, "train.py:BYTES": 512}
    rows: list[Tried] = []

    def row(name: str, before: int, after: int, delta: float, **now: int) -> None:
        point = {**start, **{f"train.py:{key}": value for key, value in now.items()}, f"train.py:{name}": after}
        detail = {"constant": f"train.py:{name}", "index": None, "before": before, "after": after, "point": point}
        verdict = "keep" if delta > 0 else "discard"
        rows.append(Tried(id=f"e{len(rows) + 1}", campaign="c", verdict=verdict, delta=delta, detail=detail))

    space = {"ORDER": Space(low=2, high=4), "BYTES": Space(choices=(512, 1024, 2048, 4096))}
    row("ORDER", 3, 4, -0.01)
    row("ORDER", 3, 2, -0.2)
    for before in (512, 1024, 2048):
        row("BYTES", before, before * 2, 0.1, BYTES=before)
    made = draft(Sweep(), brief(text, 9, tried=tuple(rows), program=program(space)))
    assert made.title == "ORDER 3 -> 4"
    assert "another look" in made.mechanism


def test_earlier_campaigns_teach_and_are_not_repeated() -> None:
    _, record, text = campaign(Sweep(), 30)
    earlier = tuple(msgspec.structs.replace(each, campaign="old") for each in record)
    made = draft(Sweep(), brief(text, 1, earlier=earlier))
    assert "untried" not in made.mechanism
    assert made.detail["point"] not in [each.detail["point"] for each in record]


def test_another_epoch_may_measure_a_point_again() -> None:
    only = {"X": Space(choices=(1, 2))}
    first = draft(Sweep(), brief("X = 1\n", program=program(only)))
    judged = tried(1, first, -0.1)
    with pytest.raises(Exhausted, match="nothing left to try"):
        draft(Sweep(), brief("X = 1\n", 2, program=program(only), tried=(judged,)))
    again = draft(Sweep(), brief("X = 1\n", 2, program=program(only), tried=(judged,), epoch=2))
    assert again.detail["after"] == 2


def test_a_knob_in_flight_is_changed_last_and_its_point_is_taken() -> None:
    text = "A = True\nB = True\n"
    first = draft(Sweep(), brief(text))
    flying = tried(1, first, None, "x")
    flying = msgspec.structs.replace(flying, verdict=None)
    second = draft(Sweep(), brief(text, 2, in_flight=(flying,)))
    assert second.detail["constant"] != first.detail["constant"]


def test_what_never_ran_may_be_tried() -> None:
    only = {"X": Space(choices=(1, 2))}
    first = draft(Sweep(), brief("X = 1\n", program=program(only)))
    ended = tried(1, first, None, "void", reason="campaign ended", campaign="old")
    vetoed = tried(1, first, None, "void", reason="vetoed", campaign="old")
    assert draft(Sweep(), brief("X = 1\n", program=program(only), earlier=(ended,))).detail["after"] == 2
    with pytest.raises(Exhausted):
        draft(Sweep(), brief("X = 1\n", program=program(only), earlier=(vetoed,)))


@pytest.mark.parametrize(
    ("text", "constant", "after"),
    [
        ("try LR 0.01 please", "LR", 0.01),
        ("LR=0.01", "LR", 0.01),
        ("set ACT to silu", "ACT", "silu"),
        ("BETAS -> (0.9, 0.99)", "BETAS", 0.99),
        ("BATCH: 128.", "BATCH", 128),
        ("LR = 1", "LR", 1.0),
    ],
)
def test_honours_a_hint_that_names_constant_and_value(text: str, constant: str, after: Any) -> None:
    made = draft(Sweep(), brief(hints=(Hint("k1", text),)))
    assert (made.detail["constant"], made.detail["after"], made.hints) == (f"train.py:{constant}", after, ("k1",))
    assert "k1" in made.mechanism and text.strip() in made.mechanism


@pytest.mark.parametrize("text", ["lower the LR", "SEED=3", "BATCH=big", "LR = 3e-3", "MY_LR=0.01", "ACT = swish"])
def test_leaves_other_hints_to_researchers_that_can_read(text: str) -> None:
    assert draft(Sweep(), brief(hints=(Hint("k1", text),))).hints == ()
    assert draft(Sweep(), brief(hints=(Hint("k1", "LR=0.01", ("e1",)),))).hints == ()


def test_says_what_it_looked_for_when_nothing_is_tunable() -> None:
    levers = {"train.py": "lr = 0.1\nSEED = 1\n", "broken.py": "X = (\n", "notes.md": "# x\n"}
    with pytest.raises(Exhausted) as raised:
        draft(Sweep(), brief(levers))
    for word in ("UPPER_CASE", "train.py", "broken.py cannot be parsed", "SEED (its name says SEED)", "levers.space"):
        assert word in raised.value.reason


def test_says_which_name_of_the_space_is_no_constant() -> None:
    with pytest.raises(Exhausted, match=r"levers\.space names LRR, .*train\.py:LR"):
        draft(Sweep(), brief(program=program({"LRR": Space(low=1, high=2)})))


def test_works_in_another_thread_and_streams_one_thought() -> None:
    main = threading.get_ident()
    where: list[int] = []

    class Levers(dict[str, str]):
        def __iter__(self) -> Any:
            where.append(threading.get_ident())
            return super().__iter__()

    record = Recorder()
    asyncio.run(Sweep().warm())
    asyncio.run(Sweep().draft(brief(Levers({"train.py": LEAF})), record))
    assert where and main not in where
    assert [kind for kind, _ in record.lines] == ["thought"]


def test_does_not_repair_a_constant_that_crashes() -> None:
    made = draft(Sweep(), brief())
    failure = Failure(experiment="e1", draft=made, reason="exit 1", log_tail="", attempt=1)
    assert asyncio.run(Sweep().repair(brief(), failure, Recorder())) is None


@pytest.mark.parametrize(
    ("verdict", "delta", "delta_sd", "mechanism", "said"),
    [
        ("keep", 0.02, 2.0, "confirmed", "gained 0.02 (2.0 noise sd)"),
        ("keep", 0.02, None, "confirmed", "gained 0.02"),
        ("discard", -0.02, -2.0, "refuted", "lost 0.02 (2.0 noise sd)"),
        ("discard", -0.002, None, "refuted", "lost 0.002"),
        ("discard", -0.005, -0.5, "inconclusive", "within noise"),
        ("discard", 0.005, 0.5, "inconclusive", "within noise"),
        ("discard", 0.0, None, "inconclusive", "no difference"),
        ("crash", None, None, "refuted", "crashed: exit 1"),
        ("void", None, None, "inconclusive", "exit 1"),
    ],
)
def test_reflects_on_what_was_measured(
    verdict: str, delta: float | None, delta_sd: float | None, mechanism: str, said: str
) -> None:
    made = draft(Sweep(), brief())
    row = tried(1, made, delta, verdict)
    outcome = Outcome(experiment=row, verdict=verdict, delta=delta, delta_sd=delta_sd, reason="exit 1")
    answer = asyncio.run(Sweep().reflect(brief(), outcome, Recorder()))
    assert answer.mechanism == mechanism
    assert said in answer.revision and made.title in answer.revision


def test_finds_constants_in_several_levers() -> None:
    levers = {"a.py": "LR = 0.1\n", "b/c.py": "LR = 0.2\n", "d.md": "LR = 1\n"}
    assert [each.key for each in constants(levers)] == ["a.py:LR", "b/c.py:LR"]
    files = {path for n in range(1, 9) for path in draft(Sweep(), brief(levers, n)).files}
    assert files == {"a.py", "b/c.py"}
