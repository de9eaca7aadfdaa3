"""Campaigns that never ran: the facts that an engine would have written, through the real journal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from praxtui.engine.clock import Clock
from praxtui.engine.record import SNAPSHOT_EVERY, Record
from praxtui.journal.facts import (
    Advanced,
    Budgets,
    CampaignCreated,
    CampaignEnded,
    Claimed,
    DraftBegun,
    DraftCommitted,
    EngineStarted,
    EngineStopped,
    EpochOpened,
    Fact,
    HypothesisStated,
    Judged,
    NoiseMeasured,
    Reflected,
    RunEnded,
    RunStarted,
)
from praxtui.journal.store import Journal

BEGAN = 1_790_000_000.0
RUN_S = 60.0
KEEP_EVERY = 9
BATCH = 1000


def campaign(folder: Path, experiments: int, *, ended: bool = True) -> Path:
    """A campaign of so many judged experiments in `folder`, snapshots as an engine leaves them.

    Not `ended`: as a killed engine leaves it, the last snapshot as far behind as can be.
    """
    folder.mkdir(parents=True)
    record = Record(Journal.create(folder), Clock())
    facts = list(story(folder.name, experiments))
    if ended:
        facts += [CampaignEnded("finished", f"{experiments} experiments done"), EngineStopped("done")]
    # In pieces that end where a snapshot is due, so that it stands where an engine's would.
    for at in range(0, len(facts), SNAPSHOT_EVERY):
        record.write(*facts[at : at + SNAPSHOT_EVERY])
    if ended:
        record.close()
    else:
        record.journal.close()
    return folder


def events(folder: Path, count: int) -> Path:
    """A journal of exactly `count` facts in `folder`, without a snapshot."""
    folder.mkdir(parents=True)
    story_of = story(folder.name, count)
    with Journal.create(folder) as journal:
        for at in range(0, count, BATCH):
            journal.append([next(story_of) for _ in range(min(BATCH, count - at))], BEGAN + at)
    return folder


def story(name: str, experiments: int) -> Iterator[Fact]:
    """The facts of a campaign, in the order in which an engine writes them."""
    rng = random.Random(name)
    yield CampaignCreated(
        name, "/leaves/ngram", "ngram", "sweep", 0, "0" * 64, Budgets(experiments=experiments), "0.1.0"
    )
    yield EngineStarted(1, 1, "boot", "host", "0.1.0", "none")
    yield EpochOpened(
        1, "start", "0" * 64, base=_hex(rng), head="e0", goal="minimize", metric="val_bpb", metric_by="evaluator"
    )
    clock = BEGAN
    for seed in range(5):
        yield RunStarted("e0", seed + 1, "baseline", seed, "0" * 40, 1)
        yield _ended("e0", seed + 1, clock, 1.9 + rng.gauss(0, 0.001))
        clock += RUN_S
    yield Judged("e0", "keep", reason="the baseline")
    yield NoiseMeasured(1, 0.001, 4, 5)
    head, best = "e0", 1.9
    for number in range(1, experiments + 1):
        value = best - 0.002 if number % KEEP_EVERY == 0 else best + abs(rng.gauss(0, 0.003))
        yield from _experiment(f"e{number}", head, clock, value, best, rng)
        clock += RUN_S + 0.1
        if number % KEEP_EVERY == 0:
            head, best = f"e{number}", value
            yield Claimed(1, head, best, 1.9 - best, 1.89 - best, 1.91 - best)


def _experiment(name: str, head: str, at: float, value: float, best: float, rng: random.Random) -> Iterator[Fact]:
    commit, keep = _hex(rng), value < best
    constant, old, new = rng.choice(("LR", "ORDER", "DISCOUNT", "CACHE")), rng.random(), rng.random()
    yield DraftBegun(name, 1, head, _hex(rng), "sweep")
    yield HypothesisStated(
        name,
        f"{constant} {old:.4g} -> {new:.4g}",
        f"{constant}: 2 of 5 changes helped; the trend is up, so a larger value should help again",
        "slightly better",
        "sweep",
        detail={"constant": f"train.py:{constant}", "before": old, "after": new, "move": "tpe"},
    )
    yield DraftCommitted(
        name, 1, commit, _hex(rng), head, ["train.py"], {"train.py": _hex(rng, 64)}, _hex(rng, 64), _hex(rng)
    )
    yield RunStarted(name, 1, "select", 0, commit, 1)
    yield _ended(name, 1, at, value)
    delta = best - value
    if keep:
        yield Judged(name, "keep", "provisional", delta, delta / 0.001, 0.9, bar=value)
        yield Advanced(name, _hex(rng))
    else:
        yield Judged(name, "discard", None, delta, delta / 0.001, 0.1, reason="not better than the incumbent")
    yield Reflected(name, "confirmed" if keep else "refuted", f"{constant}: the trend turned at {new:.4g}", "sweep")


def _ended(name: str, n: int, at: float, value: float) -> RunEnded:
    return RunEnded(
        name, n, "exit", 0, RUN_S, at, at + RUN_S, value, {"val_bpb": value, "peak_vram_mb": 1234.5}, log_bytes=40_000
    )


def _hex(rng: random.Random, digits: int = 40) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"
