"""The brief: how long it takes to make, and how much of it the next one shares.

    python -m tests.bench.brief [--show]

Prints one line a size; `--show` prints an example brief of some 30 experiments instead, as a model gets it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

from praxtui.research.llm.brief import protocol, sections, tokens
from praxtui.research.llm.turns import Part
from tests.research.llm import briefs

BUDGET = 48_000
SIZES = (5, 10, 30, 100, 200, 400, 1000, 3000, 10_000)
ROUNDS = 7


def main() -> int:
    """Measure, or show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print an example brief")
    parser.add_argument("--budget", type=int, default=BUDGET, help="tokens that a brief may have")
    parser.add_argument("--experiments", type=int, default=0, help="with --show: so many, without the extras")
    given = parser.parse_args()
    if given.show:
        brief = briefs.brief(briefs.history(given.experiments)) if given.experiments else briefs.example()
        for part in sections.parts(brief, briefs.texts(), given.budget):
            print(part.text, end="======== cache\n" if part.cache else "")
        return 0
    print(f"protocol: {tokens.count(protocol.system(True)):,} tokens; budget of a brief: {given.budget:,}")
    print(f"{'experiments':>11}  {'tokens':>7}  {'first ms':>8}  {'ms':>6}  {'shared with the one before':>26}")
    for count in SIZES:
        print(line(count, given.budget))
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0


def line(count: int, budget: int) -> str:
    """Figures for a campaign of `count` experiments; the shared part is the median over discards that come next."""
    history = briefs.history(count + 20)
    texts = briefs.texts()
    started = time.perf_counter()
    before = sections.parts(briefs.brief(history[:count]), texts, budget)
    first = time.perf_counter() - started
    took = []
    for _ in range(ROUNDS):
        brief = briefs.brief(history[:count])
        started = time.perf_counter()
        sections.parts(brief, texts, budget)
        took.append(time.perf_counter() - started)
    share = []
    for n in range(count, count + 20):
        after = sections.parts(briefs.brief(history[: n + 1]), texts, budget)
        if history[n].verdict != "keep":
            share.append(shared(before, after))
        before = after
    size = sum(tokens.count(part.text) for part in before)
    low, middle = min(share), statistics.median(share)
    told = f"{middle:.1%}, least {low:.1%}"
    return f"{count:>11,}  {size:>7,}  {first * 1e3:>8.1f}  {statistics.median(took) * 1e3:>6.1f}  {told:>26}"


def shared(before: tuple[Part, ...], after: tuple[Part, ...]) -> float:
    """The share of the tokens of `before` that stands unchanged at the beginning of `after`."""
    old, new = ("".join(part.text for part in parts) for parts in (before, after))
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return tokens.count(old[:same]) / tokens.count(old)


if __name__ == "__main__":
    sys.exit(main())
