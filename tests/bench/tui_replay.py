"""How long a replay takes to open and to show another moment, in a campaign of many experiments.

    python tests/bench/tui_replay.py [EXPERIMENTS]

A seek is everything that a screen waits for: going to the moment, the ledger's rows of the state, the newest part of
the stream, the log's size and the curves of the newest run.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from praxtui.journal.ledger import rows
from praxtui.tui.sources.replay import Replay
from tests.tui.recorded import recorded

SEEKS = 300


def seek(source: Replay, where: float) -> tuple[float, float]:
    """Seconds until the source has its moment, and until all that a screen asks of it is there."""
    began = time.perf_counter()
    source.seek(where)
    source.advance()
    there = time.perf_counter() - began
    rows(source.state)
    newest = list(source.state.experiments)[-1]
    source.newest_stream(newest)
    for experiment in list(source.state.experiments.values())[-2:]:
        if experiment.runs:
            source.log(experiment.id, experiment.runs[-1].n)
            source.curves(experiment.id, experiment.runs[-1].n)
    return there, time.perf_counter() - began


def said(name: str, seconds: list[float]) -> None:
    """One line: median, p95, least and most, in milliseconds."""
    ms = sorted(1000 * s for s in seconds)
    p95 = ms[int(0.95 * (len(ms) - 1))]
    print(f"{name:<34} median {statistics.median(ms):7.2f}  p95 {p95:7.2f}  least {ms[0]:6.2f}  most {ms[-1]:7.2f} ms")


def main() -> None:
    """Record a campaign, open it three times, seek."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as place:
        folder = recorded(Path(place), count, streams=count)
        opening, looking = [], []
        for _ in range(3):
            began = time.perf_counter()
            source = Replay(folder)
            opening.append(time.perf_counter() - began)
            source.play(False)
            while not source._looked:
                began = time.perf_counter()
                source.advance()
                looking.append(time.perf_counter() - began)
            source.seek(1.0)
            source.advance()
            facts, kept = source.state.seq, source
        chance = random.Random(1)
        moved, shown = zip(*(seek(kept, chance.random()) for _ in range(SEEKS)), strict=True)
        stood = []
        for _ in range(1000):
            began = time.perf_counter()
            kept.advance()
            stood.append(time.perf_counter() - began)
        print(f"{count} experiments, {facts} facts; {SEEKS} seeks to moments at random")
        said("open", opening)
        said("one step of finding the waiting", looking)
        said("seek: the source has its moment", list(moved))
        said("seek: all a screen asks of it", list(shown))
        said("advance, standing still", stood)
        print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()
