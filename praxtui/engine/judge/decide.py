"""Which evidence is wanted next, and what follows from it. The engine runs what `next_step` asks for; so does the
simulation (tests/bench/judge_sim.py), through the same functions."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct, structs

from praxtui.engine.judge.book import (
    Book,
    Kind,
    Member,
    Test,
    audited_state,
    bar_of,
    differences,
    evidence_runs,
    fresh_values,
    head_of,
    holdout_noise,
    noise_of,
    open_test,
    parent_of,
    position,
    replace_last,
    since_audit,
    since_held,
)
from praxtui.engine.judge.claim import Claim, estimate, gain, target_met
from praxtui.engine.judge.noise import Noise, difference, mean
from praxtui.engine.judge.selection import Selection, in_sd
from praxtui.engine.judge.sequential import Outcome, Plan, confirm_plan, fitted, plan_audit, step

CONFIRM_SD = 6.0
"""A supported keep whose selected gain is at least this many noise sd gets a test of its own: a pair will do."""
CONFIRM_DOF = 4.0
PAIR_CRASHES = 2
EVIDENCE_SHARE = 0.03
"""Share of the candidates' runs that audits on the way may cost, after the first. Each run spent on evidence is an
idea not tried; this share is what keeps the rule within a tenth of greedy's speed."""
END_PAIRS = ((1, 6.0), (2, -math.inf))
"""Pairs of the end audit, each with the least selected gain (in noise sd) for which that many are enough."""


class Pair(Struct, frozen=True):
    """Run `head` and `base` once each on the next seed unused in the campaign, `first` of the two first.

    `opens`: this pair begins a new test. Which of the two goes first alternates, so that slow drift of the machine
    falls on both alike.
    """

    kind: Kind
    head: str
    base: str
    members: tuple[str, ...]
    plan: Plan
    first: Literal["head", "base"]
    opens: bool


class Settle(Struct, frozen=True):
    """The open test is decided. `standings`: experiment to new standing (`revoked` included); `restore`: the state to
    which the branch goes back, or None; `kept`: a strict candidate passed (True), failed (False), else None."""

    test: Test
    outcome: Outcome
    standings: dict[str, str]
    restore: str | None
    kept: bool | None


def audit_due(kept_since: int, at_end: bool, *, every: int = 5, strict: bool = False, reached: bool = False) -> bool:
    """Whether keeps that no audit has covered call for one: `every` of them, the end, or a target that looks reached.
    Strict keeps have been tested already, so only the end (for the claim) or the target does."""
    return kept_since > 0 and (at_end or reached or (not strict and kept_since >= every))


def affordable(book: Book) -> bool:
    """Whether one more pair keeps the evidence of the epoch within its share of the candidates' runs."""
    return evidence_runs(book) + 2 <= EVIDENCE_SHARE * book.candidates


def selected_sum(book: Book, noise: Noise) -> float:
    """What the keeps since the audited state promise together, by their selecting runs, in noise sd; 0 if unknown."""
    index = position(book, audited_state(book)) or 0
    base = book.branch[index - 1].bar if index else book.baseline[0]
    return (in_sd(difference(bar_of(book), base), noise) or 0.0) if noise.sd else 0.0


def plan_of(book: Book, kind: Kind, noise: Noise, *, at_end: bool = False) -> Plan:
    """The stated test of a kind, if it began now."""
    return next_audit(book, noise, at_end=at_end) if kind == "audit" else confirm_plan(noise)


def next_audit(book: Book, noise: Noise, *, at_end: bool) -> Plan:
    """The stated test of the audit that would open now.

    On the way it may stop at the first look. At the end its size is fixed beforehand, so that no early stop colours
    the claim; the selecting runs, which are not part of it, say how many pairs it needs to have a fair chance.
    """
    if not at_end:
        return plan_audit(since_held(book), noise, holdout=book.rules.holdout)
    promised = selected_sum(book, noise)
    pairs = next(count for count, least in END_PAIRS if promised >= least)
    return plan_audit(since_held(book), noise, holdout=book.rules.holdout, min_pairs=pairs, max_pairs=pairs)


def next_step(book: Book, *, at_end: bool = False, runs_left: int | None = None) -> Pair | Settle | None:
    """What the record needs now: one more pair of runs, the end of the open test, or nothing (propose, or finish).

    `at_end`: no further candidate will run. `runs_left`: runs that a budget still allows (None: no such limit); a test
    that begins is cut to them. A deterministic metric needs nothing; one whose repeats never differed, an audit of one
    pair at the end.
    """
    if book.rules.deterministic:
        return None
    test = open_test(book)
    noise = noise_of(book)
    if test is not None:
        outcome = _look(book, test, noise)
        if outcome is not None:
            return _settle(book, test, outcome)
        first: Literal["head", "base"] = "base" if len(test.head_values) % 2 else "head"
        plan = test.plan or plan_of(book, test.kind, noise)
        return Pair(test.kind, test.head, test.base, test.members, plan, first, False)
    rules = book.rules
    reached = rules.target is not None and bar_of(book) >= rules.target
    audited = any(test.kind == "audit" for test in book.tests)
    every = rules.every if not noise.exact and (not audited or affordable(book)) else len(book.branch) + 1
    if audit_due(since_audit(book), at_end, every=every, strict=rules.strict, reached=reached):
        base = audited_state(book)
        members = tuple(member.id for member in book.branch[position(book, base) or 0 :])
        return _opening("audit", head_of(book), base, members, next_audit(book, noise, at_end=at_end), runs_left)
    member = _confirmable(book, noise)
    if member is None:
        return None
    return _opening("confirm", member.id, parent_of(book, member.id), (member.id,), confirm_plan(noise), runs_left)


def _opening(
    kind: Kind, head: str, base: str, members: tuple[str, ...], plan: Plan, runs_left: int | None
) -> Pair | None:
    cut = fitted(plan, runs_left)
    return Pair(kind, head, base, members, cut, "head", True) if cut else None


def _look(book: Book, test: Test, noise: Noise) -> Outcome | None:
    if max(test.head_crashes, test.base_crashes) >= PAIR_CRASHES:
        diffs = differences(test.head_values, test.base_values)
        seen = mean(diffs) if diffs else 0.0
        if test.head_crashes > test.base_crashes:
            return Outcome("failed", seen, None, None, len(diffs), "crashed on fresh seeds")
        return Outcome("undecided", seen, None, None, len(diffs), "runs on fresh seeds crash")
    found = step(
        test.plan or plan_of(book, test.kind, noise),
        differences(test.head_values, test.base_values),
        noise,
        differences(test.head_holdout, test.base_holdout),
        holdout_noise(book) if book.rules.holdout else None,
    )
    return None if found == "continue" else found


def _settle(book: Book, test: Test, outcome: Outcome) -> Settle:
    held, failed = outcome.verdict == "held", outcome.verdict == "failed"
    if test.kind == "strict":
        return Settle(test, outcome, {test.head: "confirmed"} if held else {}, None, held)
    if failed and (test.kind == "audit" or test.head == head_of(book)):
        return Settle(test, outcome, dict.fromkeys(test.members, "revoked"), test.base, None)
    standings: dict[str, str] = {}
    if held:
        alone = len(test.members) == 1
        for member in book.branch:
            waits = member.flagged and not book.rules.trusted
            if member.id in test.members and member.standing != "confirmed" and not waits:
                standings[member.id] = "confirmed" if alone or test.kind == "confirm" else "supported"
    return Settle(test, outcome, standings, None, None)


def _confirmable(book: Book, noise: Noise) -> Member | None:
    """A supported keep whose selected gain is so large that a pair or two will confirm it, and that had no test."""
    if noise.sd is None or noise.dof < CONFIRM_DOF or book.rules.strict or noise.exact:
        return None
    tested = {test.head for test in book.tests if test.kind == "confirm"}
    for member in book.branch:
        large = member.delta >= CONFIRM_SD * noise.sd
        if large and member.standing == "supported" and member.id not in tested:
            return member
    return None


def strict_test(book: Book, candidate: str) -> Pair:
    """The first pair of the test that a strict candidate must pass (`Selection.verdict` was `test`)."""
    return Pair("strict", candidate, head_of(book), (candidate,), confirm_plan(noise_of(book)), "head", True)


def begin(book: Book, pair: Pair) -> Book:
    """The book with the test that `pair` opens."""
    return structs.replace(
        book, tests=(*book.tests, Test(pair.kind, pair.head, pair.base, pair.members, plan=pair.plan))
    )


def add_pair(
    book: Book,
    head: float | None,
    base: float | None,
    head_holdout: float | None = None,
    base_holdout: float | None = None,
) -> Book:
    """The book with one more pair in the open test; None is a run that crashed, which drops the pair.

    Raises ValueError when no test is open.
    """
    test = open_test(book)
    if test is None:
        raise ValueError("no test is open")
    if head is None or base is None:
        crashes = (test.head_crashes + (head is None), test.base_crashes + (base is None))
        return replace_last(book, structs.replace(test, head_crashes=crashes[0], base_crashes=crashes[1]))
    test = structs.replace(test, head_values=(*test.head_values, head), base_values=(*test.base_values, base))
    if head_holdout is not None and base_holdout is not None:
        test = structs.replace(
            test,
            head_holdout=(*test.head_holdout, head_holdout),
            base_holdout=(*test.base_holdout, base_holdout),
        )
    return replace_last(book, test)


def settled(book: Book, settle: Settle) -> Book:
    """The book after the open test's outcome: standings changed, the branch restored where it failed.

    A strict candidate that passed is not on the branch yet: add it with `kept`.
    """
    book = replace_last(book, structs.replace(settle.test, verdict=settle.outcome.verdict))
    branch = book.branch
    if settle.restore is not None:
        branch = branch[: position(book, settle.restore) or 0]
    branch = tuple(
        structs.replace(member, standing=settle.standings[member.id]) if member.id in settle.standings else member
        for member in branch
    )
    return structs.replace(book, branch=branch)


def kept(book: Book, experiment: str, selection: Selection) -> Book:
    """The book with `experiment` at the head of the branch, as `selection` judged it."""
    standing = selection.standing or "confirmed"
    member = Member(experiment, selection.bar, selection.delta, standing, bool(selection.flags))
    return structs.replace(book, branch=(*book.branch, member))


def reserve_runs(book: Book, *, more_keeps: int = 0) -> int:
    """The most runs that end audit and confirmations can cost now, or after `more_keeps` further keeps. For budgets:
    no candidate starts that would leave less."""
    if book.rules.deterministic:
        return 0
    if since_audit(book) + more_keeps == 0:
        return 0
    noise = noise_of(book)
    return (
        2 if noise.exact else 2 * (END_PAIRS[-1][0] if more_keeps else next_audit(book, noise, at_end=True).max_pairs)
    )


def has_reached(book: Book) -> bool:
    """Whether the epoch's target is met: see `target_met`. A flagged head that is not trusted cannot meet it."""
    rules = book.rules
    if book.branch and book.branch[-1].flagged and not rules.trusted:
        return False
    if rules.deterministic:
        return target_met((bar_of(book),), rules.target)
    return target_met(fresh_values(book, head_of(book)), rules.target)


def best_of(book: Book) -> Claim | None:
    """The head's value from fresh runs; None before there are any."""
    if book.rules.deterministic:
        return Claim(bar_of(book), bar_of(book), bar_of(book), 1)
    return estimate(fresh_values(book, head_of(book)), noise_of(book))


def claimed_gain(book: Book) -> Claim | None:
    """The head's gain over the start, from runs that did not select; None before an audit held and the head has fresh
    runs. Of a deterministic metric: the exact difference, None before there is a keep."""
    if book.rules.deterministic:
        exact = difference(bar_of(book), book.baseline[0])
        return Claim(exact, exact, exact, 2) if book.branch else None
    if audited_state(book) == book.start:
        return None
    return gain(fresh_values(book, head_of(book)), fresh_values(book, book.start), noise_of(book))
