"""What was tried, in the order of an axis: experiments, time or USD. Pure.

Kept up to date as facts come: what one experiment more costs does not depend on how many there were.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from praxtui.journal.ledger import mean_metric
from praxtui.journal.state import Epoch, Experiment, State

AXES = ("experiments", "time", "USD")
MARKS = {
    "invalid": "!",
    "behind": "-",
    "discard": "·",
    "crash": "\N{MULTIPLICATION SIGN}",
    "running": "◆",
    "revoked": "○",
    "keep": "●",
}
"""The mark of each kind of try, the last drawn on top."""


class Try(NamedTuple):
    """An experiment on the plot, or the baseline of an epoch. `value` None: it has none, as a crash.

    `kind` is a key of MARKS; `x` is in the unit of the axis, for time in seconds since the campaign began.
    """

    id: str
    epoch: int
    x: float
    value: float | None
    kind: str


class History(NamedTuple):
    """The tries in the order of x; `best`: of each epoch the best so far, as (x, value) at each improvement; `began`:
    where each but the first begins; `last`: how far x goes. Epochs that measured something else are left out.

    `noise`: value of the incumbent, and the sd of one run. `tries` is the same list in every history. `first`: the
    place from which on it has changed since the history before; beyond its end where it has not.
    """

    axis: str
    tries: Sequence[Try]
    best: list[list[tuple[float, float]]]
    began: list[float]
    last: float
    noise: tuple[float, float] | None = None
    first: int = 0

    def differs(self, before: History) -> bool:
        """Whether there is anything to be drawn again since the history before."""
        return self.first <= len(self.tries) or self[2:6] != before[2:6]


EMPTY = History(AXES[0], [], [], [], 0.0)

Name = tuple[int, int]
"""Which try it is, in the order of those at the same x: (0, epoch) of a baseline, (1, number) of an experiment."""

BASELINE, EXPERIMENT = 0, 1


class Tries:
    """The tries of a campaign over an axis, brought up to date by `history`."""

    def __init__(self) -> None:
        self._spots = Spots(AXES[0])
        self._epochs: list[int] = []
        self._tries: list[Try] = []
        self._keys: list[tuple[float, Name]] = []
        self._x: dict[Name, float] = {}
        self._best: list[list[tuple[float, float]]] = []
        self._first = 0
        self._kept = False

    def history(self, state: State, axis: str, now: float, ids: Collection[str] | None = None) -> History:
        """The tries over `axis`: one of AXES.

        `ids`: the experiments that may be others than in the state of the last call; None for all.
        """
        epochs = comparable(state.epochs)
        numbers = [epoch.number for epoch in epochs]
        self._first, self._kept = len(self._tries) + 1, False
        same = ids is not None and axis == self._spots.axis and numbers == self._epochs
        moved = self._spots.take(state, now, ids or ()) if same else None
        if moved is None:
            self._forget(axis, numbers)
            self._spots.take_all(state, now)
            moved = state.experiments
        for epoch in epochs:
            self._put((BASELINE, epoch.number), _baseline(state, epoch, self._spots))
        running = under_way(state)
        for id in moved:
            if id != "e0":
                e = state.experiments[id]
                self._put((EXPERIMENT, e.number), _try(e, numbers, running, self._spots))
        if not epochs:
            return EMPTY._replace(axis=axis)
        if self._kept:
            self._improve(epochs)
        began = [self._spots.beginning(epoch) for epoch in epochs[1:]]
        last = max([*(x for x, _ in self._keys[-1:]), *began], default=0.0)
        return History(axis, self._tries, self._best, began, last, _noise(self._best[-1], epochs[-1]), self._first)

    def _improve(self, epochs: Sequence[Epoch]) -> None:
        """The best so far again, from the first try on that is another one."""
        x = self._keys[self._first - 1][0] if self._first else -math.inf
        start = bisect_left(self._keys, (x, (BASELINE, 0)))
        before = self._best if len(self._best) == len(epochs) else [[] for _ in epochs]
        self._best = []
        for epoch, steps in zip(epochs, before, strict=True):
            kept = steps[: bisect_left(steps, (x, -math.inf))]
            self._best.append(_improvements(kept, islice(self._tries, start, None), epoch))

    def place(self, id: str) -> int | None:
        """The place of an experiment; of the baseline, that of the first epoch. None where it has none."""
        baseline = (BASELINE, self._epochs[0]) if self._epochs else (BASELINE, 0)
        name = baseline if id == "e0" else (EXPERIMENT, int(id[1:]) if id[1:].isdecimal() else -1)
        x = self._x.get(name)
        return None if x is None else bisect_left(self._keys, (x, name))

    def _forget(self, axis: str, epochs: list[int]) -> None:
        self._spots = Spots(axis)
        self._epochs, self._first, self._kept = epochs, 0, True
        self._tries.clear()
        self._keys.clear()
        self._x.clear()

    def _put(self, name: Name, found: Try | None) -> None:
        """Have a try where it belongs, or nowhere."""
        old = self._x.get(name)
        if old is not None:
            at = bisect_left(self._keys, (old, name))
            if self._tries[at] == found:
                return
            self._kept = self._kept or self._tries[at].kind == "keep"
            self._first = min(self._first, at)
            del self._keys[at], self._tries[at], self._x[name]
        if found is not None:
            key = (found.x, name)
            # Nearly always the last one; this saves going through all of them where they are put in for the first time.
            at = len(self._keys) if not self._keys or self._keys[-1] < key else bisect_left(self._keys, key)
            self._keys.insert(at, key)
            self._tries.insert(at, found)
            self._x[name] = found.x
            self._kept = self._kept or found.kind == "keep"
            self._first = min(self._first, at)


def comparable(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The epoch of now and those just before it that measured the same, with the same goal."""
    if not epochs:
        return []
    now = epochs[-1]
    same = takewhile(lambda epoch: (epoch.metric, epoch.goal) == (now.metric, now.goal), reversed(epochs))
    return list(reversed(list(same)))


def _try(e: Experiment, epochs: Collection[int], running: Collection[str], spots: Spots) -> Try | None:
    """An experiment as it stands on the plot; None where it has no place there (yet)."""
    if e.epoch not in epochs:
        return None
    kind = "revoked" if e.standing == "revoked" else e.verdict
    value = mean_metric(e)
    if value is not None and not math.isfinite(value):
        value = None
    if kind not in MARKS:
        kind = None  # undecided, or ended by a person or a fault
    elif kind in ("crash", "invalid"):
        value = None
    elif value is None:  # one that was given up on before it was measured; the record of a keep has no less
        kind = "behind" if kind == "discard" else None
    if kind is None and e.id in running:
        kind = "running"
    return Try(e.id, e.epoch, spots.of(e), value, kind) if kind is not None else None


def _baseline(state: State, epoch: Epoch, spots: Spots) -> Try | None:
    """What an epoch began from, measured anew in it."""
    head = state.experiments.get(epoch.head)
    if head is None:
        return None
    values = [run.metric for run in head.measured("baseline", epoch=epoch.number) if run.metric is not None]
    values = [value for value in values if math.isfinite(value)]
    return Try(head.id, epoch.number, spots.beginning(epoch), statistics.fmean(values), "keep") if values else None


def _improvements(steps: list[tuple[float, float]], tries: Iterable[Try], epoch: Epoch) -> list[tuple[float, float]]:
    """The steps with those of further tries."""
    for found in tries:
        if found.kind != "keep" or found.epoch != epoch.number or found.value is None:
            continue
        if not steps or epoch.sign * (found.value - steps[-1][1]) > 0:
            steps.append((found.x, found.value))
    return steps


def _noise(best: Sequence[tuple[float, float]], epoch: Epoch) -> tuple[float, float] | None:
    return (best[-1][1], epoch.noise_sd) if best and epoch.noise_sd else None


class Spots:
    """Where on the x axis something stands."""

    def __init__(self, axis: str) -> None:
        self.axis = axis
        self._now = self._created = self._spent = 0.0
        self._next = 1
        self._first: dict[int, int] = {}
        self._before: dict[str, float] = {}

    def take(self, state: State, now: float, ids: Collection[str]) -> Collection[str] | None:
        """Take in a moment at which the experiments `ids` are others than before, or new. The ids of those that may
        stand elsewhere by that; None where all do."""
        self._now, self._created = now, state.created
        if self.axis == "USD" and "e0" in ids:
            return None
        tail = _tail(state, ids)
        self._add(tail)
        if self.axis == "USD":
            return [e.id for e in tail]
        return {*ids, *under_way(state)} if self.axis == "time" else ids

    def take_all(self, state: State, now: float) -> None:
        """Take in a state from which nothing leads to the one before."""
        self._now, self._created = now, state.created
        self._add(list(state.experiments.values()))

    def _add(self, experiments: Sequence[Experiment]) -> None:
        """Number and add up what was spent, from one of the experiments on to the last."""
        for e in experiments[:1]:
            self._spent = self._before.get(e.id, self._spent)
        for e in experiments:
            self._first.setdefault(e.epoch, e.number)
            self._next = max(self._next, e.number + 1)
            self._before[e.id] = self._spent
            self._spent += _cost(e)

    def of(self, e: Experiment) -> float:
        """Where an experiment was judged; one that is not yet stands at the moment."""
        if self.axis == "experiments":
            return float(e.number)
        if self.axis == "USD":
            return self._before[e.id] + _cost(e)
        return max(0.0, (e.judged or self._now) - self._created)

    def beginning(self, epoch: Epoch) -> float:
        """Where an epoch began: among experiments, half way to its first one."""
        if epoch.number == 1 and self.axis != "time":
            return 0.0
        first = self._first.get(epoch.number, self._next)
        if self.axis == "experiments":
            return first - 0.5
        if self.axis == "USD":
            return self._before.get(f"e{first}", self._spent)
        return max(0.0, epoch.opened - self._created)


def under_way(state: State) -> set[str]:
    """The experiments that run."""
    return {name.partition("/")[0] for name in state.running}


def _cost(e: Experiment) -> float:
    return e.usd + sum(run.usd for run in e.runs)


def _tail(state: State, ids: Collection[str]) -> list[Experiment]:
    """The experiments from the first of `ids` on, the baseline aside."""
    left = {id for id in ids if id != "e0"}
    found = []
    for e in reversed(state.experiments.values()):
        if not left:
            break
        found.append(e)
        left.discard(e.id)
    found.reverse()
    return found
