"""A researcher without a model: changes one constant of the levers at a time.

The constant is picked by a bandit (`bandit`), its value by steps and Optuna's TPE (`values`), both from the measured
changes in the brief (`evidence`). It keeps nothing itself: the same brief gets the same draft, in any process.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping

from praxtui.research import words
from praxtui.research.bandit import ranked
from praxtui.research.constants import constants, rewrite, unreadable
from praxtui.research.evidence import Evidence, detail_of, gather, point_key
from praxtui.research.hinted import Wish, wishes
from praxtui.research.literals import Value
from praxtui.research.protocol import Brief, Draft, Exhausted, Failure, Outcome, Recorder, Reflection
from praxtui.research.ranges import Choice, Knob, knobs, unknown
from praxtui.research.values import Candidate, candidates


class Sweep:
    """The `sweep` researcher. Has no state: everything comes from the brief."""

    name = "sweep"
    exempt_from_novelty = False

    async def warm(self) -> None:
        """Import what the first draft needs (libcst, numpy, optuna: about half a second) off the caller's loop."""
        await asyncio.to_thread(_import_heavy)

    async def draft(self, brief: Brief, record: Recorder) -> Draft:
        """The next change of one constant; raises Exhausted when no constant has an untried value left."""
        draft, thought = await asyncio.to_thread(_draft, brief)
        record.stream("thought", thought)
        return draft

    async def repair(self, brief: Brief, failure: Failure, record: Recorder) -> Draft | None:
        """None: a constant that crashes the run is a result, and the next drafts learn from it."""
        return None

    async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
        """Whether the change did what was expected, with the measured fact as the revision."""
        return words.reflection(outcome)


def _import_heavy() -> None:
    import libcst
    import optuna

    libcst.parse_module("X = 1\n")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))


class _Choice:
    """One attempt at a draft: the knob, its new value, and the hint that asked for it, if one did."""

    def __init__(self, knob: Knob, candidate: Candidate, point: dict[str, Value], wish: Wish | None) -> None:
        self.knob, self.candidate, self.point, self.wish = knob, candidate, point, wish


def _draft(brief: Brief) -> tuple[Draft, str]:
    found = constants(brief.incumbent.levers)
    tunable = knobs(found, brief.program.levers.space)
    odd = unknown(found, brief.program.levers.space)
    if not tunable or odd:
        raise Exhausted(words.nothing_tunable(brief, found, odd, unreadable(brief.incumbent.levers)))
    here = {constant.key: constant.value for constant in found}
    evidence = gather(brief, here)
    choice = _choice(brief, here, tunable, evidence)
    constant = choice.knob.constant
    after = choice.knob.whole(choice.candidate.value)
    text = rewrite(brief.incumbent.levers[constant.path], constant.name, after)
    draft = Draft(
        title=words.title(constant, after),
        mechanism=words.mechanism(choice.knob, choice.candidate, evidence, choice.wish),
        predicted=words.predicted(choice.candidate, evidence.of(choice.knob), brief),
        files={constant.path: text},
        detail=detail_of(choice.knob, choice.candidate.value, choice.point),
        hints=(choice.wish.hint,) if choice.wish else (),
    )
    return draft, words.thought(tunable, evidence, choice.knob, choice.candidate)


def _choice(brief: Brief, here: dict[str, Value], tunable: list[Knob], evidence: Evidence) -> _Choice:
    """The first choice that is neither tried nor was refused for this draft.

    The reasons for refusals are prose; what they refused follows from the brief: attempt n chooses what the attempts
    before it chose, and skips that.
    """
    seen = set(evidence.seen) | {point_key(here)}
    attempt = 0
    while True:
        rng = random.Random(f"{brief.seed}/{brief.experiment}/{attempt}")
        choice = next(_choices(brief, here, tunable, evidence, seen, rng), None)
        if choice is None:
            raise Exhausted(words.nothing_left(tunable, evidence, len(brief.refusals)))
        if attempt == len(brief.refusals):
            return choice
        seen.add(point_key(choice.point))
        attempt += 1


def _choices(
    brief: Brief,
    here: Mapping[str, Value],
    tunable: list[Knob],
    evidence: Evidence,
    seen: set[str],
    rng: random.Random,
) -> Iterator[_Choice]:
    for wish in wishes(brief.hints, tunable):
        point = _moved(here, wish.knob, wish.value)
        if point_key(point) not in seen:
            yield _Choice(wish.knob, Candidate(wish.value, "first"), point, wish)
    order = ranked(tunable, evidence, rng)
    for late in (False, True):
        # what is measured once was measured among other constants: look again where most has changed since
        for knob in sorted(order, key=lambda knob: -evidence.doubt(knob)) if late else order:
            if knob.key in evidence.inert and not late:
                continue
            for candidate in candidates(knob, evidence.of(knob), rng, late=late):
                point = _moved(here, knob, candidate.value)
                if point_key(point) not in seen:
                    yield _Choice(knob, candidate, point, None)


def _moved(here: Mapping[str, Value], knob: Knob, value: Choice) -> dict[str, Value]:
    return {**here, knob.constant.key: knob.whole(value)}
