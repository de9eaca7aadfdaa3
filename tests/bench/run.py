"""The figures that praxtui holds itself to: turnaround, processor time, memory, start-up and folding.

    python tests/bench/run.py [--quick]

Prints a table, and one JSON object as the last line. Everything is real: campaigns are started through the command
line on leaves beside this file and on `ngram`, in a home of their own. Takes about six minutes; `--quick` takes
seconds, with sizes that only show that it works. On a machine that does other work at the same time, milliseconds say
little: then read the ratios, which compare processes of the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import reading, running
from tests.bench.figures import Figure, summary, table


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    experiments: int = 100
    ngram: int = 40
    talking_s: float = 20.0
    rounds: int = 15
    told: int = 500
    campaigns: int = 200
    events: int = 100_000
    folds: int = 5


QUICK = Sizes(experiments=2, ngram=0, talking_s=0.5, rounds=2, told=20, campaigns=3, events=2_000, folds=2)


def main() -> int:
    """Measure everything; 0 whatever the figures are: they are for reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="sizes that only show that it works")
    sizes = QUICK if parser.parse_args().quick else Sizes()
    with tempfile.TemporaryDirectory(prefix="praxtui-bench-", ignore_cleanup_errors=True) as home:
        figures = [*campaigns(Path(home) / "a", sizes), *looking(Path(home) / "b", sizes)]
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the end")
    print(table(figures))
    found = summary(figures)
    compared = ratios(found)
    print(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in compared.items()))
    print(json.dumps(found | {"fold_s": found["fold_ms"] / 1000} | compared))
    return 0


def campaigns(home: Path, sizes: Sizes) -> list[Figure]:
    """What a campaign that runs costs."""
    say(f"{sizes.experiments} experiments of half a second")
    engine = running.Engine(home, "leaf", "--experiments", str(sizes.experiments))
    engine.wait()
    events = engine.events()
    gaps = running.process_gaps(engine.folder, events)
    found = [
        *turnaround("0.5 s runs", running.turnarounds(events)),
        Figure("between their processes", "ms", tuple(gaps), key="process_gap_ms_median"),
    ]
    if sizes.ngram:
        say(f"{sizes.ngram} experiments of ngram")
        ngram = running.Engine(home, "ngram", "--experiments", str(sizes.ngram))
        ngram.wait()
        found += turnaround("ngram", running.turnarounds(ngram.events()))
    say(f"{sizes.talking_s:g} s of a run that prints")
    share, shim = running.shares(home, sizes.talking_s)
    many = f"{sizes.experiments} experiments"
    per_experiment = 1000 * engine.cpu_s / sizes.experiments
    return [
        *found,
        Figure("engine while a run is running", "of a core", (share,), 0.02, key="engine_cpu_share"),
        Figure("shim while a run is running", "of a core", (shim,), key="shim_cpu_share"),
        Figure("engine's processor time per experiment", "ms", (per_experiment,), key="engine_cpu_ms_per_experiment"),
        Figure(f"engine's memory, {many}: peak", "MB", (engine.peak_mb,), 120, key="engine_mb"),
        Figure("engine's memory: proportional", "MB", (engine.pss_mb,), key="engine_pss_mb"),
    ]


def turnaround(leaf: str, milliseconds: list[float]) -> list[Figure]:
    """Median and p95, each against its target."""
    values = tuple(milliseconds)
    return [
        Figure(f"turnaround, {leaf}", "ms", values, 150, key="turnaround_ms_median"),
        Figure(f"turnaround, {leaf}", "ms", values, 400, "p95", key="turnaround_ms_p95"),
    ]


def looking(home: Path, sizes: Sizes) -> list[Figure]:
    """What looking at campaigns costs."""
    say("the light verbs")
    took = reading.verbs(home, sizes.told, sizes.campaigns, sizes.rounds)
    say("folding")
    whole, kept = reading.folds(home, sizes.events, sizes.folds)
    told = f"{sizes.told} experiments"

    def row(name: str, took: reading.Took, most: float | None, key: str) -> Figure:
        return Figure(name, "ms", tuple(took.wall), most, key=key, cpu=tuple(took.cpu))

    return [
        row("python -I -S -c pass", took["bare"], None, "bare_ms"),
        row("python -c 'import sqlite3, msgspec'", took["libraries"], None, "libraries_ms"),
        row("praxtui --version", took["version"], 120, "version_ms"),
        row(f"praxtui status, {told}", took["status"], 250, "status_ms"),
        row(f"praxtui ledger, {told}", took["ledger"], 250, "ledger_ms"),
        row(f"praxtui list, {told}", took["list"], 250, "list_one_ms"),
        row(f"praxtui list, {sizes.campaigns} campaigns", took["list many"], 300, "list_ms"),
        row(f"fold of {sizes.events:,} facts", whole, 1500, "fold_ms"),
        row("fold from the snapshot", kept, 50, "fold_snapshot_ms"),
    ]


def ratios(found: dict[str, float]) -> dict[str, float]:
    """Figures as multiples of a bare interpreter, or of one with the libraries, started in the same run."""
    bare, libraries = found["bare_ms"], found["libraries_ms"]
    return {
        "turnaround_to_bare": round(found["turnaround_ms_median"] / bare, 2),
        "version_to_bare": round(found["version_ms"] / bare, 2),
        "status_to_libraries": round(found["status_ms"] / libraries, 2),
        "ledger_to_libraries": round(found["ledger_ms"] / libraries, 2),
        "list_to_libraries": round(found["list_ms"] / libraries, 2),
    }


def say(what: str) -> None:
    """Progress, to stderr: stdout is for the figures."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
