"""Thousands of campaigns through the judge's own code: true gain, false claims and honesty at an equal number of runs.

    python tests/bench/judge_sim.py [--campaigns N]

Only the effects and the noise are made up here; every decision is taken by the functions that the engine calls. The
effects are modelled by eye on a public record of 125 experiments: most proposals are slightly harmful, a third make no
difference that one run could show, 1.5% help a lot. Greedy (one run each, better is kept) gets the same 125 runs for
candidates, and one for its baseline besides; praxtui's rule pays for its baseline repeats, audits and confirmations
out of the 125. Both meet the same candidates with the same luck. Prints a table, and one JSON object as the last line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from msgspec import structs

from praxtui.engine.judge import decide
from praxtui.engine.judge.book import Book, Rules, bar_of, fresh_values, head_of, noise_of, since_audit
from praxtui.engine.judge.claim import Claim, gain
from praxtui.engine.judge.noise import Noise
from praxtui.engine.judge.selection import select
from praxtui.engine.judge.sequential import confirm_plan

S = 0.0005
"""Run-to-run noise of the modelled record, in its metric (bits per byte)."""
RUNS = 125
SPARE = 2 * RUNS


@dataclass(frozen=True)
class Scenario:
    """What a campaign meets. `shared`: part of the noise variance that runs with the same seed have in common;
    `shorter`: share of candidates with fewer lines of code."""

    name: str
    effects: str = "record"
    noise: float = S
    shared: float = 0.0
    shorter: float = 0.0
    strict: bool = False


SCENARIOS = (
    Scenario("null", effects="null"),
    Scenario("record"),
    Scenario("noise 0", noise=0.0),
    Scenario("noise x10", noise=10 * S),
    Scenario("half good", effects="half"),
    Scenario("none good", effects="none"),
    Scenario("record, seeds 0.5", shared=0.5),
    Scenario("record, 1/3 shorter", shorter=1 / 3),
    Scenario("null, 1/3 shorter", effects="null", shorter=1 / 3),
    Scenario("strict, record", strict=True),
    Scenario("strict, null", effects="null", strict=True),
)


def effects(rng: np.random.Generator, kind: str) -> list[float]:
    """True improvements of one campaign's candidates (positive is better)."""
    if kind == "null":
        return [0.0] * RUNS
    draw = rng.random(RUNS)
    harmful = -np.abs(rng.normal(0, 0.0012, RUNS)) - 0.0002
    nothing = rng.normal(0, 0.0003, RUNS)
    helpful = np.abs(rng.normal(0, 0.0008, RUNS))
    large = rng.exponential(0.004, RUNS)
    if kind == "none":
        found = np.where(draw < 0.65, harmful, -np.abs(nothing))
    else:
        first, second = (0.60, 0.90) if kind == "record" else (0.35, 0.50)
        found = np.select([draw < first, draw < second, draw < 0.985], [harmful, nothing, helpful], large)
    return cast("list[float]", found.tolist())


@dataclass
class Luck:
    """The noise of runs: a seed's part, which runs with that seed share, and the run's own."""

    selecting: list[float]
    own: list[float]
    seeds: list[float]
    shared: float
    used: int = 0

    @staticmethod
    def draw(rng: np.random.Generator, scenario: Scenario) -> Luck:
        def scaled(count: int) -> list[float]:
            return cast("list[float]", (scenario.noise * rng.normal(0, 1, count)).tolist())

        common = math.sqrt(scenario.shared) * scaled(1)[0]
        apart = math.sqrt(1 - scenario.shared)
        selecting = [common + apart * value for value in scaled(RUNS + 1)]
        return Luck(selecting, scaled(SPARE), scaled(SPARE), scenario.shared)

    def fresh(self, seed: int) -> float:
        """One more run, on fresh seed number `seed`."""
        self.used += 1
        return math.sqrt(self.shared) * self.seeds[seed] + math.sqrt(1 - self.shared) * self.own[self.used - 1]


def greedy(found: list[float], luck: Luck) -> float:
    """The true gain of keeping whatever one run shows to be better."""
    true, bar = 0.0, luck.selecting[0]
    for effect, noise in zip(found, luck.selecting[1:], strict=True):
        value = true + effect + noise
        if value > bar:
            true, bar = true + effect, value
    return true


@dataclass
class Play:
    """One campaign under praxtui's rule, driven as the engine drives it."""

    scenario: Scenario
    found: list[float]
    luck: Luck
    lines: list[int]
    book: Book
    truth: dict[str, float]
    effect: dict[str, float]
    noise: Noise
    used: int
    seed: int
    candidates: int = 0
    audits: list[str] = field(default_factory=list)
    pairs: int = 0
    sure: list[tuple[float, bool]] = field(default_factory=list)
    deltas: list[float] | None = None

    @staticmethod
    def start(scenario: Scenario, rng: np.random.Generator, repeats: int = 5, *, calibrate: bool = False) -> Play:
        found, luck = effects(rng, scenario.effects), Luck.draw(rng, scenario)
        lines = [-1 if share < scenario.shorter else 0 for share in rng.random(RUNS)]
        baseline = (luck.selecting[0], *(luck.fresh(seed) for seed in range(repeats - 1)))
        book = Book(Rules(strict=scenario.strict), baseline)
        return Play(
            scenario, found, luck, lines, book, {"e0": 0.0}, {}, noise_of(book), repeats, repeats - 1,
            deltas=[] if calibrate else None,
        )  # fmt: skip

    def pair(self, wanted: decide.Pair) -> None:
        """Make the two runs of a pair on one fresh seed."""
        if wanted.opens:
            self.book = decide.begin(self.book, wanted)
        head, base = (self.truth[name] + self.luck.fresh(self.seed) for name in (wanted.head, wanted.base))
        self.book = decide.add_pair(self.book, head, base)
        self.seed, self.used, self.pairs = self.seed + 1, self.used + 2, self.pairs + 1

    def settle(self, settle: decide.Settle) -> None:
        """Take the outcome of a decided test over into the book."""
        self.book = decide.settled(self.book, settle)
        if settle.test.kind == "audit":
            self.audits.append(settle.outcome.verdict)

    def gather(self, *, at_end: bool = False) -> None:
        """Make the runs that the judge wants now."""
        while True:
            step = decide.next_step(self.book, at_end=at_end, runs_left=RUNS - self.used)
            if step is None:
                break
            if isinstance(step, decide.Pair):
                self.pair(step)
            else:
                self.settle(step)
        self.noise = noise_of(self.book)

    def passes(self, name: str) -> bool:
        """A strict candidate's test on fresh seeds."""
        step: decide.Pair | decide.Settle | None = decide.strict_test(self.book, name)
        while isinstance(step, decide.Pair):
            self.pair(step)
            step = decide.next_step(self.book)
        assert isinstance(step, decide.Settle)
        self.settle(step)
        self.noise = noise_of(self.book)
        return bool(step.kept)

    def propose(self) -> None:
        """Run and judge the next candidate."""
        index = self.candidates
        effect, true = self.found[index], self.truth[head_of(self.book)] + self.found[index]
        self.candidates, self.used = index + 1, self.used + 1
        self.book = structs.replace(self.book, candidates=self.candidates)
        chosen = select(
            true + self.luck.selecting[index + 1], bar_of(self.book), self.noise,
            lines=self.lines[index], strict=self.scenario.strict, deltas=self.deltas or (),
        )  # fmt: skip
        if self.deltas is not None and chosen.confidence is not None:
            self.sure.append((chosen.confidence, effect > 0))
            self.deltas.append(chosen.delta)
        name = f"e{self.candidates}"
        self.truth[name], self.effect[name] = true, effect
        if chosen.verdict == "keep" or (chosen.verdict == "test" and self.passes(name)):
            self.book = decide.kept(self.book, name, chosen)
            self.gather()

    def run(self) -> Play:
        """Propose while the budget allows it beside the end audit; then that audit; then what is left of the budget."""
        strict_most = 2 * confirm_plan(self.noise).max_pairs if self.scenario.strict else 0
        while True:
            # After the end audit a single pair is enough to be worth one more candidate.
            reserve = max(decide.reserve_runs(self.book), min(2, decide.reserve_runs(self.book, more_keeps=1)))
            if RUNS - self.used - 1 >= reserve + strict_most:
                self.propose()
            elif since_audit(self.book):
                self.gather(at_end=True)
            else:
                break
        assert self.used <= RUNS, "the rule spent more than its budget"
        return self

    def interval(self) -> Claim | None:
        """The head's gain as it would be claimed, also where no audit held and nothing is claimed."""
        return gain(fresh_values(self.book, head_of(self.book)), fresh_values(self.book, "e0"), self.noise)


def measure(scenario: Scenario, campaigns: int) -> dict[str, float]:
    """Play `campaigns` campaigns; means and shares, errors in noise sd (in the metric's unit where noise is 0)."""
    rng = np.random.default_rng(20261122)
    rows: list[list[float]] = []
    base: list[float] = []
    experiments = confirmed = harmful = 0
    errors, covered = [], []
    for _ in range(campaigns):
        play = Play.start(scenario, rng)
        base.append(greedy(play.found, play.luck))
        play.run()
        true = play.truth[head_of(play.book)]
        own = [play.effect[m.id] <= 0 for m in play.book.branch if m.standing == "confirmed"]
        experiments, confirmed, harmful = experiments + play.candidates, confirmed + len(own), harmful + sum(own)
        claim, shown = decide.claimed_gain(play.book), play.interval()
        if claim is not None:
            errors.append((claim.value - true) / (scenario.noise or 1))
        covered.append(shown is None or shown.low - 1e-12 <= true <= shown.high + 1e-12)
        half = math.nan if shown is None else (shown.high - shown.low) / 2 / (scenario.noise or 1)
        bad = sum(play.effect[m.id] <= 0 for m in play.book.branch)
        rows.append(
            [
                true,
                play.candidates,
                len(play.book.branch),
                bad,
                len(play.audits),
                "held" in play.audits,
                play.pairs,
                half,
            ]
        )
    names = ("true", "candidates", "keeps", "bad_keeps", "audits", "audit_share", "pairs", "half_width")
    found = dict(zip(names, np.nanmean(np.array(rows, dtype=float), axis=0).tolist(), strict=True))
    usual = float(np.mean(base))
    return {
        **found,
        "greedy": usual,
        "ratio": found["true"] / usual if usual else math.nan,
        "ratio_se": float(np.std(np.array(rows)[:, 0] - np.array(base) * found["true"] / usual)) / abs(usual)
        / math.sqrt(campaigns) if usual else math.nan,
        "confirmed": confirmed / campaigns,
        "confirmed_share": confirmed / experiments,
        "harmful_share": harmful / confirmed if confirmed else 0.0,
        "claims": len(errors) / campaigns,
        "bias": float(np.mean(errors)) if errors else math.nan,
        "coverage": float(np.mean(covered)),
    }  # fmt: skip


def calibration(campaigns: int) -> list[tuple[str, int, float, float]]:
    """Stated confidence against the share of truly positive effects, on the modelled record, by range."""
    rng = np.random.default_rng(1)
    said = [pair for _ in range(campaigns) for pair in Play.start(SCENARIOS[1], rng, calibrate=True).run().sure]
    edges = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0001)
    rows = []
    for low, high in itertools.pairwise(edges):
        here = [(p, good) for p, good in said if low <= p < high]
        if here:
            mean = np.mean(np.array(here, dtype=float), axis=0)
            rows.append((f"{low:.2f}-{min(high, 1):.2f}", len(here), float(mean[0]), float(mean[1])))
    return rows


def main() -> None:
    """Print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--campaigns", type=int, default=2000, help="campaigns per scenario (default 2000)")
    count = parser.parse_args().campaigns
    began = time.monotonic()
    print(f"{count} campaigns of {RUNS} runs each; gains in 0.001 bits per byte; bias and half-width in noise sd")
    print(
        f"{'scenario':20s} {'greedy':>7s} {'praxtui':>7s} {'ratio':>13s} {'cand.':>6s} {'keeps':>5s} {'bad':>4s}"
        f" {'pairs':>5s} {'audit held':>10s}"
        f" {'confirmed':>9s} {'harmful':>7s} {'claims':>6s} {'bias':>6s} {'cover':>6s} {'+-':>5s}"
    )
    rows = {}
    for scenario in SCENARIOS:
        row = rows[scenario.name] = measure(scenario, count)
        ratio = f"{row['ratio']:.3f}+-{row['ratio_se']:.3f}" if scenario.effects != "null" else ""
        print(
            f"{scenario.name:20s} {row['greedy'] * 1e3:7.2f} {row['true'] * 1e3:7.2f} {ratio:>13s}"
            f" {row['candidates']:6.1f} {row['keeps']:5.1f} {row['bad_keeps']:4.1f}"
            f" {row['pairs']:5.1f} {row['audit_share']:10.1%}"
            f" {row['confirmed']:9.3f} {row['harmful_share']:7.1%} {row['claims']:6.1%} {row['bias']:+6.3f}"
            f" {row['coverage']:6.1%} {row['half_width']:5.2f}",
            flush=True,
        )
    print("confidence on the record: stated, and share that truly helped")
    for name, runs, stated, true in calibration(max(count // 10, 5)):
        print(f"  {name}  {runs:6d} experiments  stated {stated:.2f}  true {true:.2f}")
    print(f"{time.monotonic() - began:.0f} s")
    null, record = rows["null"], rows["record"]
    figures = {
        "null_confirmed_share": null["confirmed_share"],
        "null_audit_share": null["audit_share"],
        "true_gain_ratio": record["ratio"],
        "claim_bias_sd": record["bias"],
        "harmful_confirmed_share": record["harmful_share"],
        "null_coverage": null["coverage"],
        "worst_ratio": min(rows[name]["ratio"] for name in ("noise 0", "noise x10", "half good")),
        "none_good_gain_over_greedy": rows["none good"]["true"] - rows["none good"]["greedy"],
        "strict_null_confirmed_share": rows["strict, null"]["confirmed_share"],
    }
    print(json.dumps({name: round(value, 6) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
