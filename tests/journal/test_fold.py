"""The fold: pure, the same in one part or many, from snapshots and from nothing, whatever facts come."""

from __future__ import annotations

import copy
import math
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from praxtui.journal import fold as folding
from praxtui.journal.events import KINDS, UPGRADES, Event, Unknown, decode, encode
from praxtui.journal.facts import (
    CampaignEnded,
    Claimed,
    EngineStarted,
    EngineStopped,
    Fact,
    NoiseMeasured,
    Noticed,
    RunEnded,
)
from praxtui.journal.fold import FOLD_VERSION, dump, fold, fold_all, load
from praxtui.journal.folded import folded
from praxtui.journal.people import HintGiven, Paused, Resumed, WaitingBegan, WaitingEnded
from praxtui.journal.state import State
from praxtui.journal.steps.experiment import TURNAROUNDS_KEPT
from praxtui.journal.store import Journal
from tests.journal.facts import begun, drafted, events, judged, of_kind, ran, sequences, unknowns

# --- facts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_fact_of_every_kind_is_read_as_it_was_written(kind: type[Fact]) -> None:
    @settings(max_examples=25)
    @given(of_kind(kind))
    def same(fact: Fact) -> None:
        assert decode(*encode(fact)) == fact

    same()


@given(unknowns)
def test_what_a_later_praxtui_wrote_is_kept_byte_for_byte(fact: Unknown) -> None:
    written = (fact.kind, fact.written_version, fact.raw)
    assert decode(*written) == fact
    assert encode(decode(*written)) == written


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_version_of_a_known_kind_is_kept_too(kind: str) -> None:
    written = (kind, KINDS[kind].version + 1, b'{"anything":1}')
    fact = decode(*written)
    assert isinstance(fact, Unknown)
    assert encode(fact) == written


def test_unknown_fields_of_a_known_version_are_passed_over() -> None:
    assert decode("HintGiven", 1, b'{"hint":"k1","text":"t","by":"a","later":[1]}') == HintGiven("k1", "t", "a")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_could_not_be_read_again_is_not_written(number: float) -> None:
    for fact in (NoiseMeasured(1, number, 1, 2), RunEnded("e1", 1, "exit", 0, number, 1.0, 2.0)):
        with pytest.raises(msgspec.ValidationError):
            encode(fact)
    assert decode(*encode(Claimed(1, "e1", number))) == Claimed(1, "e1", None)


def test_a_fact_that_lacks_a_field_is_damage() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode("HintGiven", 1, b'{"hint":"k1"}')


# --- older versions --------------------------------------------------------------------------------------------------


# What a third version of HintGiven might be.
HintGivenOfLater: Any = msgspec.defstruct(
    "HintGiven", [("hint", str), ("words", list[str]), ("by", str), ("urgent", bool)], bases=(Fact,), frozen=True
)
HintGivenOfLater.version = 3


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A praxtui in which HintGiven has its third version."""
    monkeypatch.setitem(KINDS, "HintGiven", HintGivenOfLater)
    monkeypatch.setattr("praxtui.journal.events._decoders", {})
    monkeypatch.setitem(UPGRADES, ("HintGiven", 1), lambda old: {**old, "words": old["text"].split()})
    monkeypatch.setitem(UPGRADES, ("HintGiven", 2), lambda old: {**old, "urgent": old.get("priority", 0) > 1})


def test_older_versions_are_read_step_by_step(later: None) -> None:
    first = decode("HintGiven", 1, b'{"hint":"k1","text":"try it","by":"a"}')
    assert first == HintGivenOfLater("k1", ["try", "it"], "a", False)
    second = decode("HintGiven", 2, b'{"hint":"k1","words":["now"],"by":"a","priority":2}')
    assert second == HintGivenOfLater("k1", ["now"], "a", True)
    assert encode(first)[:2] == ("HintGiven", 3)
    assert decode(*encode(first)) == first
    assert isinstance(decode("HintGiven", 4, b"{}"), Unknown)


def test_a_journal_of_an_older_version_is_read_and_never_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with Journal.create(tmp_path) as journal:
        journal.append([*begun(), HintGiven("k1", "try it", "a")])
        written = journal._connection.execute("SELECT kind, v, data FROM events ORDER BY seq").fetchall()
    request.getfixturevalue("later")
    with Journal.open(tmp_path, write=True) as journal:
        *_, last = journal.read()
        journal.append([last.fact])
        rows = journal._connection.execute("SELECT kind, v, data FROM events ORDER BY seq").fetchall()
    assert last.fact == HintGivenOfLater("k1", ["try", "it"], "a", False)
    assert rows[:-1] == written
    assert rows[-1][:2] == ("HintGiven", 3)


def test_every_older_version_has_an_upgrade() -> None:
    wanted = {(name, version) for name, kind in KINDS.items() for version in range(1, kind.version)}
    assert set(UPGRADES) == wanted


# --- the fold --------------------------------------------------------------------------------------------------------


def test_every_kind_is_folded_but_what_changes_nothing() -> None:
    assert set(KINDS.values()) - set(folding._STEPS) == {Noticed}
    assert set(folding._STEPS) <= set(KINDS.values())


@given(sequences)
def test_any_prefix_folds_and_one_by_one_is_the_same_as_at_once(facts: list[Fact]) -> None:
    state = State()
    happened = events(facts)
    for n, event in enumerate(happened, 1):
        state = fold(state, event)
        assert state.seq == n
        assert state.next_id.startswith("e")
    assert state == fold_all(State(), happened)


@given(sequences, st.integers(0, 25))
def test_in_two_parts_is_the_same_also_over_a_snapshot(facts: list[Fact], cut: int) -> None:
    happened = events(facts)
    whole = fold_all(State(), happened)
    first = fold_all(State(), happened[:cut])
    assert fold_all(first, happened[cut:]) == whole
    assert load(dump(first)) == first
    assert fold_all(load(dump(first)), happened[cut:]) == whole


@given(sequences, sequences)
def test_the_state_that_comes_in_is_never_changed(before: list[Fact], after: list[Fact]) -> None:
    state = fold_all(State(), events(before))
    kept = copy.deepcopy(state)
    try:
        packed = dump(state)
    except OverflowError:
        assume(False)  # sums beyond 64 bits fit a journal, but no snapshot
    fold_all(state, events(after, first=len(before) + 1))
    assert state == kept
    assert dump(state) == packed
    assert State() == load(dump(State()))


@settings(max_examples=40)
@given(sequences, st.integers(0, 25), st.booleans())
def test_a_journal_folds_the_same_from_its_snapshot(facts: list[Fact], cut: int, foreign: bool) -> None:
    with TemporaryDirectory() as folder, Journal.create(Path(folder)) as journal:
        first = [event for fact in facts[:cut] for event in journal.append([fact], 1000.0)]
        state = fold_all(State(), first)
        # Another version of the fold gives other states.
        other = msgspec.structs.replace(state, leaf_name="of another fold")
        version = FOLD_VERSION + 1 if foreign else FOLD_VERSION
        journal.save_snapshot("state", state.seq, version, dump(other if foreign else state))
        for fact in facts[cut:]:
            journal.append([fact], 1001.0)
        assert folded(journal) == fold_all(State(), journal.read())
        assert folded(journal).seq == len(facts)


@pytest.mark.parametrize("data", [b"", b"\x93\x01", b"no snapshot", msgspec.msgpack.encode(["x", 1])])
def test_a_damaged_snapshot_is_not_used(tmp_path: Path, data: bytes) -> None:
    with Journal.create(tmp_path) as journal:
        journal.append(begun())
        journal.save_snapshot("state", 3, FOLD_VERSION, data)
        assert folded(journal) == fold_all(State(), journal.read())


def test_a_snapshot_is_really_used(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        journal.append(begun())
        state = folded(journal)
        state.leaf_name = "from the snapshot"
        journal.save_snapshot("state", state.seq, FOLD_VERSION, dump(state))
        journal.append([Paused("a")])
        assert folded(journal).leaf_name == "from the snapshot"
        assert folded(journal).paused


def test_the_version_of_the_fold_follows_the_shape_of_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    assert folding._layout() == FOLD_VERSION & 0xFFFFFFFF
    monkeypatch.setattr(folding, "Hint", type("Hint", (), {"__struct_fields__": ("id", "text")}))
    assert folding._layout() != FOLD_VERSION & 0xFFFFFFFF


@given(sequences, sequences, unknowns)
def test_what_is_not_known_is_skipped(before: list[Fact], after: list[Fact], unknown: Unknown) -> None:
    with_it = fold_all(State(), events([*before, unknown, *after], step=0))
    without = fold_all(State(), events([*before, *after], step=0))
    with_it.seq -= 1
    if not before and not after:  # a fact that is not understood has its time all the same
        without.clock = without.at = with_it.at
    assert with_it == without


# --- time ------------------------------------------------------------------------------------------------------------


@given(sequences, st.data())
def test_time_and_place_never_run_backwards(facts: list[Fact], data: st.DataObject) -> None:
    state, seconds = State(), 0.0
    for seq, fact in enumerate(facts, 1):
        after = fold(state, Event(seq, data.draw(st.floats(0, 1e10)), fact))
        assert after.seq == state.seq + 1
        assert after.at >= state.at
        assert after.spent.seconds >= seconds
        assert after.idle_seconds >= state.idle_seconds
        state, seconds = after, after.spent.seconds


def test_a_clock_that_was_set_back_loses_no_time() -> None:
    state = fold_all(State(), events(begun(), at=10_000.0, step=0))
    later = [Event(100, 4_000.0, EngineStarted(8, 2, "boot", "host", "0.1", "none"))]
    later += [Event(101 + n, 4_000.0 + 60 * n, Noticed("still there")) for n in range(1, 11)]
    after = fold_all(state, later)
    assert after.spent.seconds == 600.0
    assert after.at == 10_000.0


def test_time_counts_while_an_engine_lives_and_is_not_paused() -> None:
    engine = EngineStarted(8, 2, "boot", "host", "0.1", "none")
    timeline: list[tuple[float, Fact]] = [
        (0, begun()[0]),
        (50, engine),                             # nobody was there before
        (60, Noticed("+10")),
        (60, Paused("a")),
        (100, Resumed("a")),                   # paused
        (110, Noticed("+10")),
        (500, engine),                            # dead, and another one
        (505, EngineStopped("told to go")),    # +5
        (900, engine),
        (901, CampaignEnded("stopped", "x")),  # +1
        (950, EngineStopped("x")),             # ended
    ]  # fmt: skip
    state = fold_all(State(), [Event(n, at, fact) for n, (at, fact) in enumerate(timeline, 1)])
    assert state.spent.seconds == 26.0


def test_a_run_that_goes_on_while_paused_counts() -> None:
    facts = [*begun(), *drafted("e1"), ran("e1", 1, 0.9)[0], Paused("a"), Noticed("+10"), ran("e1", 1, 0.9)[1]]
    state = fold_all(State(), events(facts, step=0))
    start = state.spent.seconds
    happened = events(facts[:-2], step=0)
    last = len(happened)
    happened += [Event(last + 1, 1010.0, facts[-2]), Event(last + 2, 1015.0, facts[-1])]
    happened += [Event(last + 3, 2000.0, Noticed("paused"))]
    assert fold_all(State(), happened).spent.seconds == start + 15.0


def test_what_is_waited_for_has_its_time_and_another_reason_does_not_begin_it_anew() -> None:
    timeline: list[tuple[float, Fact]] = [
        (10, begun()[0]),
        (20, WaitingBegan("provider", "again in 40 s")),
        (60, WaitingBegan("provider", "again in 80 s")),
        (70, Paused("a")),
        (80, Paused("a")),
    ]
    state = fold_all(State(), [Event(n, at, fact) for n, (at, fact) in enumerate(timeline, 1)])
    assert (state.waits_since, state.paused_since, state.ended_at) == ({"provider": 20.0}, 70.0, None)
    later = [Event(6, 90.0, WaitingEnded("provider")), Event(7, 91.0, Resumed("a"))]
    resumed = fold_all(state, later)
    assert (resumed.waits_since, resumed.paused_since) == ({}, None)
    ended = fold_all(state, [Event(6, 95.0, CampaignEnded("stopped", "x"))])
    assert (ended.waits_since, ended.paused_since, ended.ended_at) == ({}, None, 95.0)
    assert state.waits_since == {"provider": 20.0}


def test_turnaround_is_from_one_runs_end_to_the_next_ones_start() -> None:
    facts = [*begun(), *judged("e1", "discard", 1.0), *judged("e2", "discard", 1.0)]
    ended = [fact for fact in facts if isinstance(fact, RunEnded)]
    state = fold_all(State(), events(facts))
    gaps = [b.started - a.ended for a, b in pairwise(ended) if b.started >= a.ended]
    assert state.turnarounds == gaps
    assert len(state.turnarounds) <= TURNAROUNDS_KEPT


# --- size ------------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_events_fold() -> None:
    facts, number = begun(), 0
    while len(facts) < 100_000:
        number += 1
        facts += judged(f"e{number}", "keep" if number % 50 == 0 else "discard", 1.0)
    state = fold_all(State(), events(facts))
    assert (state.seq, len(state.experiments), state.counted) == (len(facts), number + 1, number)
    assert state.next_id == f"e{number + 1}"
    assert state.head == f"e{number // 50 * 50}"
    assert len(state.turnarounds) <= TURNAROUNDS_KEPT
    assert load(dump(state)) == state
    assert fold(state, Event(state.seq + 1, state.at, Paused("a"))).paused
    assert not state.paused
