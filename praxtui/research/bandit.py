"""Which knob is changed next: Thompson sampling over what its last changes gained.

Each knob's chance to gain is a Beta distribution over its rewards in [0, 1]: a kept gain in units of a typical one, 0
for a change that did not help, and a loss counted twice for a crash (Chapelle and Li, "An Empirical Evaluation of
Thompson Sampling", NeurIPS 2011). Old rewards fade: a constant at its optimum has nothing more to give.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from praxtui.research.evidence import Change, Evidence
from praxtui.research.ranges import Knob

FADE = 0.7
GOOD = 1.0
BAD = 0.5
UNTRIED = 1.0
OPEN = 1.0


def ranked(knobs: Sequence[Knob], evidence: Evidence, rng: random.Random) -> list[Knob]:
    """`knobs`, the one to change next first; those that an experiment in flight changes come last."""
    drawn = [(knob.key in evidence.busy, -_draw(evidence.of(knob), rng), knob.key, knob) for knob in knobs]
    return [knob for *_, knob in sorted(drawn, key=lambda each: each[:3])]


def _draw(changes: Sequence[Change], rng: random.Random) -> float:
    if not changes:
        return UNTRIED + rng.random()
    good, bad = GOOD, BAD
    if len(changes) == 1 and changes[0].effect in ("worse", "same"):
        # one step that lost leaves the other side open: it says as much for that side as against the constant
        return rng.betavariate(good + OPEN * min(1.0, -changes[0].gain), bad)
    weight = 1.0
    for change in reversed(changes):
        reward = max(0.0, change.gain) if change.effect == "better" else 0.0
        good += weight * reward
        bad += weight * (2.0 if change.effect == "crash" else 1.0 - reward)
        weight *= FADE
    return rng.betavariate(good, bad)
