"""What the rules need to know of an epoch: its baseline, the keeps on its branch, and the tests made so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from praxtui.engine.judge.noise import NONE, Noise, difference, noise
from praxtui.engine.judge.sequential import Plan, Verdict

Kind = Literal["audit", "confirm", "strict"]


class Rules(Struct, frozen=True):
    """The settings of one epoch; `target` is signed. `trusted`: a separate evaluator measures, autonomy is `auto`."""

    every: int = 5
    strict: bool = False
    deterministic: bool = False
    holdout: bool = False
    target: float | None = None
    trusted: bool = False


class Member(Struct, frozen=True):
    """A keep on the branch. `bar` and `delta` as in `Selection`; `flagged`: no person has looked yet."""

    id: str
    bar: float
    delta: float
    standing: Literal["provisional", "supported", "confirmed"] = "provisional"
    flagged: bool = False


class Test(Struct, frozen=True):
    """One sequential test: `head` against `base` on pairs of fresh seeds, in order; values are signed.

    kind: `audit` (members: the keeps between base and head), `confirm` (head: one keep, base: its parent) or `strict`
    (head: a candidate not yet kept). Crashes are fresh runs that gave no value; such a pair is dropped.
    plan: the test as it was stated when it began; every later look follows it.
    """

    __test__ = False

    kind: Kind
    head: str
    base: str
    members: tuple[str, ...]
    head_values: tuple[float, ...] = ()
    base_values: tuple[float, ...] = ()
    head_holdout: tuple[float, ...] = ()
    base_holdout: tuple[float, ...] = ()
    head_crashes: int = 0
    base_crashes: int = 0
    verdict: Verdict | None = None
    plan: Plan | None = None


class Book(Struct, frozen=True):
    """The record of one epoch, as the judge reads it.

    start: the experiment the epoch began with (`e0`); baseline: its signed values, the selection seed's first.
    branch: the keeps that stand, oldest first (revoked ones are not in it). tests: in order; only the last may be open.
    candidates: experiments of the epoch that ran, so far.
    carried: audits of earlier epochs that did not hold since the last that did. prior: noise known beforehand.
    """

    rules: Rules
    baseline: tuple[float, ...]
    start: str = "e0"
    branch: tuple[Member, ...] = ()
    tests: tuple[Test, ...] = ()
    carried: int = 0
    prior: Noise | None = None
    candidates: int = 0


def head_of(book: Book) -> str:
    """The incumbent: the last keep that stands, or the start."""
    return book.branch[-1].id if book.branch else book.start


def bar_of(book: Book) -> float:
    """The signed value that the next candidate has to beat."""
    return book.branch[-1].bar if book.branch else book.baseline[0]


def position(book: Book, experiment: str) -> int | None:
    """How many keeps lie on the branch up to and with `experiment`: 0 for the start, None if it is not there."""
    if experiment == book.start:
        return 0
    for index, member in enumerate(book.branch):
        if member.id == experiment:
            return index + 1
    return None


def parent_of(book: Book, experiment: str) -> str:
    """The state that a keep on the branch was built on."""
    index = position(book, experiment) or 0
    return book.branch[index - 2].id if index > 1 else book.start


def open_test(book: Book) -> Test | None:
    """The test under way, if any."""
    return book.tests[-1] if book.tests and book.tests[-1].verdict is None else None


def audited_state(book: Book) -> str:
    """The head of the latest audit that held and is still on the branch; the start before there is one."""
    for test in reversed(book.tests):
        if test.kind == "audit" and test.verdict == "held" and position(book, test.head) is not None:
            return test.head
    return book.start


def since_audit(book: Book) -> int:
    """Keeps at the head of the branch that no finished audit has covered yet, whatever it said."""
    for test in reversed(book.tests):
        if test.kind == "audit" and test.verdict is not None:
            covered = position(book, test.base if test.verdict == "failed" else test.head)
            if covered is not None:
                return len(book.branch) - covered
    return len(book.branch)


def since_held(book: Book) -> int:
    """Finished audits that did not hold since the last that did."""
    count = 0
    for test in reversed(book.tests):
        if test.kind == "audit" and test.verdict is not None:
            if test.verdict == "held":
                return count
            count += 1
    return count + book.carried


def noise_of(book: Book) -> Noise:
    """The epoch's noise, pooled over the baseline and every fresh run so far, one group an experiment."""
    if book.rules.deterministic:
        return NONE
    groups: dict[str, list[float]] = {book.start: list(book.baseline)}
    for test in book.tests:
        groups.setdefault(test.head, []).extend(test.head_values)
        groups.setdefault(test.base, []).extend(test.base_values)
    return noise(list(groups.values()), book.prior)


def holdout_noise(book: Book) -> Noise:
    """The noise of the hold-out metric, which only fresh runs show."""
    groups: dict[str, list[float]] = {}
    for test in book.tests:
        groups.setdefault(test.head, []).extend(test.head_holdout)
        groups.setdefault(test.base, []).extend(test.base_holdout)
    return noise(list(groups.values()))


def fresh_values(book: Book, experiment: str) -> tuple[float, ...]:
    """The runs of a state from which its value may be claimed: none of them selected it.

    The baseline's run on the selection seed is left out (candidates were compared with it), and so are the runs of
    audits that failed (they chose to go back, so the restored state's were the luckier ones) and of strict tests
    (a head is there because it passed one). A start that was repeated is valued by those repeats alone: in an audit
    that stops as soon as it holds, the base's runs are the unluckier ones.
    """
    if experiment == book.start and len(book.baseline) > 1:
        return book.baseline[1:]
    values: list[float] = []
    for test in book.tests:
        if test.verdict == "failed" or (test.kind == "strict" and test.head == experiment):
            continue
        values += test.head_values if test.head == experiment else ()
        values += test.base_values if test.base == experiment else ()
    return tuple(values)


def evidence_runs(book: Book) -> int:
    """Fresh runs that audits and confirmations have cost so far, crashed ones included."""
    spent = 0
    for test in book.tests:
        if test.kind != "strict":
            spent += 2 * len(test.head_values) + 2 * (test.head_crashes + test.base_crashes)
    return spent


def differences(head: Sequence[float], base: Sequence[float]) -> list[float]:
    """Head minus base, pair by pair."""
    return [difference(a, b) for a, b in zip(head, base, strict=True)]


def replace_last(book: Book, test: Test) -> Book:
    """The book with its last test replaced."""
    return structs.replace(book, tests=(*book.tests[:-1], test))
