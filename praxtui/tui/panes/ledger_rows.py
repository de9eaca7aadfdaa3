"""Which experiments the ledger shows, in which order, kept up to date as facts come. Pure.

Nothing here goes through all experiments because one of them changed: a campaign may have a hundred thousand.
"""

from __future__ import annotations

import gc
import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from praxtui.journal.events import Event
from praxtui.journal.facts import EpochOpened, Restored, StandingChanged
from praxtui.journal.ledger import mean_metric
from praxtui.journal.state import COUNTED, Experiment, State
from praxtui.tui.panes.ledger_filter import ALL, Filter, is_kept

ORDERS = ("newest", "metric", "delta", "time", "cost")
"""What the rows may be sorted by; the best, the longest and the dearest first."""

Key = tuple[int, float, int]
"""Tier, rank, and minus the experiment's number, so that of equals the newest stands first; ascending."""

LAST = 9


class View:
    """The ids that are shown, in order. `counts` of experiments, kept and every standing of a keep is over all of them,
    shown or not; `state` is the one that was taken in last."""

    def __init__(self, order: str = "newest", chosen: Filter = ALL) -> None:
        self.order = order
        self.chosen = chosen
        self.counts: Counter[str] = Counter()
        self.state = State()
        self._epoch = 0
        self._signs: dict[int, int] = {}
        self._keys: list[Key] = []
        self._key_of: dict[int, Key] = {}

    @property
    def count(self) -> int:
        """How many experiments are shown."""
        return len(self._keys)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.state.experiments)

    def id(self, place: int) -> str:
        """The id of the experiment shown at `place`."""
        return f"e{-self._keys[place][2]}"

    def place(self, id: str) -> int | None:
        """Where the experiment is shown; None where it is not."""
        key = self._key_of.get(_number(id))
        return None if key is None else bisect_left(self._keys, key)

    def rebuild(self, state: State) -> None:
        """Take in a state from which nothing leads to the one before."""
        # A hundred thousand small objects, none of them garbage: collecting while they are made stops the screen.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._rebuild(state)
        finally:
            if collecting:
                gc.enable()

    def _rebuild(self, state: State) -> None:
        self._look(state)
        self.counts = Counter()
        experiments = state.experiments
        for one, many in _kinds(experiments):
            self._count(one, many)
        chosen = list(filter(self.chosen.passes, experiments.values()) if self.chosen else experiments.values())
        if self.order == "newest":
            self._key_of = {n: (0, 0.0, -n) for n in [int(e.id[1:]) for e in chosen]}
        else:
            self._key_of = {e.number: self._key(e) for e in chosen}
        self._keys = sorted(self._key_of.values())

    def apply(self, state: State, ids: Iterable[str]) -> None:
        """Take in a later state, in which only the experiments `ids` differ, or are new."""
        before = self.state.experiments
        self._look(state)
        for id in ids:
            was, now = before.get(id), state.experiments.get(id)
            if was is not None:
                self._count(was, -1)
            if now is not None:
                self._count(now, 1)
            self._put(_number(id), self._key(now) if now is not None and self.chosen.passes(now) else None)

    def _put(self, number: int, key: Key | None) -> None:
        old = self._key_of.get(number)
        if old == key:
            return
        if old is not None:
            del self._keys[bisect_left(self._keys, old)]
            del self._key_of[number]
        if key is not None:
            insort(self._keys, key)
            self._key_of[number] = key

    def _look(self, state: State) -> None:
        self.state = state
        self._epoch = state.epoch.number if state.epoch is not None else 0
        self._signs = {epoch.number: epoch.sign for epoch in state.epochs}

    def _count(self, experiment: Experiment, by: int) -> None:
        if experiment.id == "e0":
            return
        if experiment.verdict in COUNTED:
            self.counts["experiments"] += by
        if is_kept(experiment):
            self.counts["kept"] += by
            if experiment.standing is not None:
                self.counts[experiment.standing] += by

    def _key(self, e: Experiment) -> Key:
        tier, rank = self._rank(e)
        # NaN compares with nothing: a list with it in is in no order.
        return (LAST, 0.0, -e.number) if math.isnan(rank) else (tier, rank, -e.number)

    def _rank(self, e: Experiment) -> tuple[int, float]:
        if self.order == "newest":
            return 0, 0.0
        if self.order == "time":
            return 0, -sum(run.seconds for run in e.runs)
        if self.order == "cost":
            return (1 if e.unpriced else 0), -e.usd
        if self.order == "delta":
            if e.delta_sd is not None:
                return 0, -e.delta_sd
            return (1, -e.delta) if e.delta is not None else (LAST, 0.0)
        metric = mean_metric(e)
        if metric is None:
            return LAST, 0.0
        # What was measured in another epoch cannot be compared; it stands after what can.
        return (0 if e.epoch == self._epoch else 1), -self._signs.get(e.epoch, -1) * metric


def _kinds(experiments: Mapping[str, Experiment]) -> Iterator[tuple[Experiment, int]]:
    """An experiment of every kind that is counted differently, and how many there are of it."""
    kinds = [(e.verdict, e.standing, e.id == "e0") for e in experiments.values()]
    ones = dict(zip(kinds, experiments.values(), strict=True))
    for kind, many in Counter(kinds).items():
        yield ones[kind], many


def _number(id: str) -> int:
    return int(id[1:]) if id[1:].isdecimal() else -1


def touched(events: Iterable[Event], before: State | None, after: State) -> set[str] | None:
    """The experiments whose rows these events changed; None where it may be any of them."""
    found: set[str] = set()
    for event in events:
        if isinstance(event.fact, EpochOpened):
            return None
        found.update(_named(event.fact))
    if before is not None and before.head != after.head:
        found.update(head for head in (before.head, after.head) if head is not None)
    if before is not None and before.running != after.running:
        found.update(name.partition("/")[0] for name in (*before.running, *after.running))
    if before is not None and ("approval" in before.waits) != ("approval" in after.waits):
        found.update(id for id, e in _newest(after) if e.verdict is None)
    return {id for id in found if id in after.experiments}


def _named(fact: object) -> Iterator[str]:
    if isinstance(fact, StandingChanged):
        yield from fact.experiments
    elif isinstance(fact, Restored):
        yield from (fact.to, *fact.revoked)
    name = getattr(fact, "experiment", None)
    if isinstance(name, str):
        yield name


def _newest(state: State, most: int = 64) -> Iterator[tuple[str, Experiment]]:
    """The newest experiments: those that are undecided are among them."""
    for _, item in zip(range(most), reversed(state.experiments.items()), strict=False):
        yield item
