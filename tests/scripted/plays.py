"""Plays made of other plays: a fault at certain calls, or at random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tests.scripted.faults import FAULTS, Spoil
from tests.scripted.said import Answer, Asked, Play, Said


@dataclass
class Spoiled:
    """A good play of whose answers those at `calls` (by their number, from 1) are spoiled.

    `spoil` is a fault's name or a function. `when` chooses calls instead of numbers.
    """

    good: Play
    spoil: str | Spoil
    calls: Collection[int] = ()
    when: Callable[[Asked], bool] | None = None

    def __call__(self, asked: Asked) -> Answer:
        answer = self.good(asked)
        chosen = asked.n in self.calls if self.when is None else self.when(asked)
        if not chosen or not isinstance(answer, Said):
            return answer
        spoil = FAULTS[self.spoil] if isinstance(self.spoil, str) else self.spoil
        return spoil(asked, answer)


@dataclass
class EachInTurn:
    """A good play of which every `every`th answer is spoiled, by each of the faults `names` once, in order.

    `thrown` are the names so far.
    """

    good: Play
    names: Sequence[str]
    every: int = 3
    thrown: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        answer = self.good(asked)
        if asked.n % self.every or len(self.thrown) == len(self.names) or not isinstance(answer, Said):
            return answer
        self.thrown.append(self.names[len(self.thrown)])
        return FAULTS[self.thrown[-1]](asked, answer)


@dataclass
class RandomFaults:
    """A good play with a fault in place of an answer with probability `p`, chosen by `seed`.

    At most `in_a_row` calls after one another are spoiled, so that any number of retries gets through. `faults` are
    names and their weights. `thrown` lists (number of the call, name).
    """

    good: Play
    p: float
    faults: Mapping[str, float]
    seed: int = 0
    in_a_row: int = 3
    thrown: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._row = 0

    def __call__(self, asked: Asked) -> Answer:
        answer = self.good(asked)
        dice = self._random.random()
        name = self._random.choices([*self.faults], weights=[*self.faults.values()])[0]
        if not isinstance(answer, Said) or dice >= self.p or self._row >= self.in_a_row:
            self._row = 0
            return answer
        self._row += 1
        self.thrown.append((asked.n, name))
        return FAULTS[name](asked, answer)


def first_try(good: Play, spoil: str) -> Spoiled:
    """Each call's first try is spoiled: a request is answered well when it comes a second time as it was."""
    seen: set[str] = set()

    def new(asked: Asked) -> bool:
        key = repr((asked.system, asked.messages, asked.schema))
        found = key not in seen
        seen.add(key)
        return found

    return Spoiled(good, spoil, when=new)
