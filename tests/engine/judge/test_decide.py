"""Which evidence is wanted, and what follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from praxtui.engine.judge import decide
from praxtui.engine.judge.belief import confidence
from praxtui.engine.judge.book import Book, Member, Rules, audited_state, fresh_values, head_of, since_held
from praxtui.engine.judge.claim import estimate, gain, target_met
from praxtui.engine.judge.noise import Noise
from praxtui.engine.judge.selection import select

BASELINE = (0.0, 1.0, -1.0, 0.5, -0.5)


def book(keeps: int, rules: Rules | None = None, step: float = 3.0, **more: object) -> Book:
    branch = tuple(Member(f"e{n}", step * n, step, **more) for n in range(1, keeps + 1))  # type: ignore[arg-type]
    return Book(rules or Rules(), BASELINE, branch=branch, candidates=40)


def play(found: Book, diff: float, *, at_end: bool = False) -> tuple[Book, decide.Settle]:
    """Run the test that is due until it is decided; the head is better by `diff`."""
    jitter = (0.3, -0.2, 0.1, -0.3)
    for turn in range(10):
        wanted = decide.next_step(found, at_end=at_end)
        if isinstance(wanted, decide.Settle):
            return decide.settled(found, wanted), wanted
        assert wanted is not None
        if wanted.opens:
            found = decide.begin(found, wanted)
        found = decide.add_pair(found, diff + jitter[turn % 4], -jitter[turn % 4])
    raise AssertionError("the test never ended")


def test_an_audit_is_due_every_few_keeps_and_at_the_end() -> None:
    assert decide.next_step(book(4)) is None
    due = decide.next_step(book(5))
    assert isinstance(due, decide.Pair)
    assert (due.kind, due.head, due.base, due.opens) == ("audit", "e5", "e0", True)
    assert due.members == ("e1", "e2", "e3", "e4", "e5")
    assert isinstance(decide.next_step(book(1), at_end=True), decide.Pair)
    assert decide.next_step(book(0), at_end=True) is None
    assert decide.next_step(book(9, Rules(deterministic=True)), at_end=True) is None
    assert decide.next_step(book(9, Rules(strict=True))) is None


def test_pairs_alternate_which_run_goes_first() -> None:
    found = book(5)
    first = decide.next_step(found)
    assert isinstance(first, decide.Pair) and first.first == "head"
    found = decide.add_pair(decide.begin(found, first), 0.1, 0.0)
    second = decide.next_step(found)
    assert isinstance(second, decide.Pair) and second.first == "base" and not second.opens


def test_an_audit_that_holds_supports_its_members_and_moves_the_audited_state() -> None:
    after, settle = play(book(5), 20.0)
    assert settle.outcome.verdict == "held"
    assert {member.standing for member in after.branch} == {"supported"}
    assert audited_state(after) == "e5"
    assert decide.next_step(after) is None
    claim = decide.claimed_gain(after)
    assert claim is not None and claim.low <= claim.value <= claim.high


def test_an_audit_that_fails_restores_and_revokes() -> None:
    after, settle = play(book(5), -20.0)
    assert settle.outcome.verdict == "failed"
    assert settle.restore == "e0"
    assert set(settle.standings.values()) == {"revoked"}
    assert (after.branch, head_of(after)) == ((), "e0")
    assert since_held(after) == 1
    assert decide.next_step(after, at_end=True) is None


def test_an_undecided_audit_keeps_the_head_and_is_not_repeated_at_once() -> None:
    after, settle = play(book(5), 0.0)
    assert settle.outcome.verdict == "undecided"
    assert {member.standing for member in after.branch} == {"provisional"}
    assert decide.next_step(after, at_end=True) is None
    assert decide.claimed_gain(after) is None
    more = structs.replace(after, branch=(*after.branch, Member("e6", 30.0, 3.0)))
    again = decide.next_step(more, at_end=True)
    assert isinstance(again, decide.Pair) and (again.base, len(again.members)) == ("e0", 6)


def test_a_single_member_is_confirmed_unless_it_is_flagged_and_not_trusted() -> None:
    assert play(book(1), 20.0, at_end=True)[0].branch[0].standing == "confirmed"
    assert play(book(1, flagged=True), 20.0, at_end=True)[0].branch[0].standing == "provisional"
    trusted = play(book(1, Rules(trusted=True), flagged=True), 20.0, at_end=True)[0]
    assert trusted.branch[0].standing == "confirmed"


def test_a_very_large_keep_gets_a_test_of_its_own() -> None:
    after, _ = play(book(5, step=9.0), 40.0)
    wanted = decide.next_step(after)
    assert isinstance(wanted, decide.Pair)
    assert (wanted.kind, wanted.head, wanted.base) == ("confirm", "e1", "e0")
    confirmed, settle = play(after, 9.0)
    assert settle.standings == {"e1": "confirmed"}
    assert confirmed.branch[0].standing == "confirmed"


def test_strict_keeps_what_passes_on_fresh_seeds() -> None:
    for diff, kept in ((20.0, True), (-20.0, False), (0.0, False)):
        found = book(0, Rules(strict=True))
        found = decide.begin(found, decide.strict_test(found, "e1"))
        _, settle = play(found, diff)
        assert settle.kept is kept


def test_the_stated_plan_holds_to_the_end_of_the_test() -> None:
    found = book(2)
    opening = decide.next_step(found, at_end=True)
    assert isinstance(opening, decide.Pair) and opening.plan.min_pairs == opening.plan.max_pairs
    found = decide.begin(found, opening)
    later = decide.next_step(found)
    assert isinstance(later, decide.Pair) and later.plan == opening.plan
    assert decide.next_step(book(2), at_end=True, runs_left=1) is None
    assert decide.reserve_runs(book(2)) == 2 * opening.plan.max_pairs
    assert decide.reserve_runs(book(0)) == 0
    assert decide.reserve_runs(book(0), more_keeps=1) == 4


def test_runs_that_crash_on_fresh_seeds_end_the_test() -> None:
    found = book(5)
    opening = decide.next_step(found)
    assert isinstance(opening, decide.Pair)
    found = decide.begin(found, opening)
    failed = decide.next_step(decide.add_pair(decide.add_pair(found, None, 0.0), None, 0.0))
    assert isinstance(failed, decide.Settle) and failed.outcome.verdict == "failed"
    unclear = decide.next_step(decide.add_pair(decide.add_pair(found, 1.0, None), 1.0, None))
    assert isinstance(unclear, decide.Settle) and unclear.outcome.verdict == "undecided"


def test_what_selected_is_not_claimed_from() -> None:
    after, _ = play(book(5), 20.0)
    assert fresh_values(after, "e0") == BASELINE[1:]
    assert after.branch[-1].bar not in fresh_values(after, "e5")
    more = tuple(Member(f"e{n}", 3.0 * n, 3.0) for n in range(6, 8))
    failed, settle = play(structs.replace(after, branch=after.branch + more), -20.0, at_end=True)
    assert settle.restore == "e5"
    assert fresh_values(failed, "e5") == fresh_values(after, "e5") != ()


def test_a_target_needs_fresh_runs_and_an_unflagged_head() -> None:
    rules = Rules(target=15.0)
    found = book(5, rules)
    assert not decide.has_reached(found)
    assert isinstance(decide.next_step(structs.replace(found, branch=found.branch[-1:])), decide.Pair)
    after, _ = play(found, 20.0)
    assert decide.has_reached(after)
    assert not decide.has_reached(play(book(5, rules, flagged=True), 20.0)[0])
    assert decide.has_reached(book(5, Rules(target=15.0, deterministic=True)))
    assert not target_met((), 1.0) and not target_met((2.0,), None)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 30), st.booleans())
def test_every_evidence_round_ends_and_stays_within_its_reserve(diff: float, keeps: int, at_end: bool) -> None:
    found = book(keeps)
    reserve, spent = decide.reserve_runs(found), 0
    for _ in range(200):
        wanted = decide.next_step(found, at_end=at_end)
        if wanted is None:
            break
        if isinstance(wanted, decide.Settle):
            found = decide.settled(found, wanted)
            continue
        if wanted.opens:
            found = decide.begin(found, wanted)
        spent += 2 if wanted.kind == "audit" else 0
        found = decide.add_pair(found, diff, 0.0)
    else:
        raise AssertionError("evidence never ended")
    assert not at_end or spent <= reserve


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_a_claim_contains_its_value(head: list[float], start: list[float]) -> None:
    for claim in (gain(head, start, Noise(1.0, 4, 2.0)), estimate(head, Noise(1.0, 4, 2.0))):
        assert claim is not None and claim.low < claim.value < claim.high
    assert gain(head, [], Noise(1.0, 4, 2.0)) is None
    assert gain(head, start, Noise()) is None


def test_confidence_learns_and_takes_fresh_evidence() -> None:
    noise = Noise(1.0, 20, 1.5)
    alone = confidence(1.0, noise)
    rare, common = confidence(1.0, noise, [-4.0] * 40), confidence(1.0, noise, [1.0, 2.0, 0.0, 3.0] * 10)
    backed = confidence(1.0, noise, fresh=[3.0, 4.0])
    assert alone is not None and rare is not None and common is not None and backed is not None
    assert rare < alone < common
    assert backed > alone
    assert confidence(1.0, Noise()) is None


def test_no_pair_can_be_added_without_an_open_test() -> None:
    with pytest.raises(ValueError, match="no test is open"):
        decide.add_pair(book(1), 1.0, 0.0)


def test_a_keep_joins_the_branch_with_its_bar() -> None:
    chosen = select(2.0, 0.0, Noise(1.0, 4, 2.4))
    after = decide.kept(book(0), "e1", chosen)
    assert after.branch == (Member("e1", 2.0, 2.0),)
