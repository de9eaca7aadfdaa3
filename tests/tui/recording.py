"""Writes what happened in a campaign without an engine: facts, stream, run logs with their times, curves."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from praxtui.journal.curves import Point, Series, packed
from praxtui.journal.events import encode
from praxtui.journal.facts import Fact, RunEnded, RunStarted
from praxtui.journal.store import Journal
from tests.tui.recorded_ideas import PROGRAM, TRAIN

BEGAN = datetime(2026, 3, 22, 9, 0, tzinfo=UTC).timestamp()
START = 0.998  # val_bpb of the unchanged leaf
NOISE = 0.0006
BUDGET_S, EVALUATION_S = 300.0, 24.0
STEPS, LINES = 2000, 100  # of a whole run
PERSON = "ada@box:4711"


def commit_of(*of: object) -> str:
    return hashlib.sha1(repr(of).encode()).hexdigest()


class Recording:
    """Collects what happened, with its times, and writes it in the order of the times."""

    def __init__(
        self, home: Path, id: str, leaf: str, researcher: str, *, timed: bool = True, lines: int = LINES
    ) -> None:
        self.folder = home / "campaigns" / id
        self.leaf = home / "leaves" / leaf
        self.researcher, self.timed, self.lines = researcher, timed, lines
        self.at = BEGAN
        self.best, self.head, self.text = START, "e0", TRAIN
        self.drafted, self.drafted_on = BEGAN, "e0"  # when the latest draft was done, and on top of what it was made
        self.kept: list[str] = []
        self.trials, self.commands, self.seeds = 0, 0, 100
        self.runs: dict[str, int] = {}
        self.facts: list[tuple[float, Fact]] = []
        self.items: list[tuple[float, str, str, str]] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        self.leaf.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "journal.db").exists():
            (self.folder / "created").write_text(f"{BEGAN!r}\n")
            (self.leaf / "program.md").write_text(PROGRAM)
            (self.leaf / "train.py").write_text(TRAIN)
            Journal.create(self.folder).close()
        self.journal = Journal.open(self.folder, write=True)

    # --- writing -----------------------------------------------------------------------------------------------------

    def fact(self, at: float, *facts: Fact) -> None:
        """These happened at `at`."""
        self.facts += [(at, fact) for fact in facts]

    def stream(self, at: float, experiment: str, kind: str, text: str | dict[str, Any]) -> None:
        """The researcher's stream had this."""
        self.items.append((at, experiment, kind, text if isinstance(text, str) else json.dumps(text)))

    def blob(self, text: str) -> str:
        """The digest of a text that is kept."""
        return self.journal.put_blob(text.encode())

    def write(self) -> None:
        """Everything collected, in the order in which it happened, in one transaction: durability is for engines."""
        self.facts.sort(key=lambda entry: entry[0])
        self.items.sort(key=lambda entry: entry[0])
        last = self.journal.last_seq()
        self.journal.close()
        with sqlite3.connect(self.folder / "journal.db") as connection:
            connection.executemany(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                [(last + i, at if self.timed else BEGAN, *encode(fact)) for i, (at, fact) in enumerate(self.facts, 1)],
            )
            connection.executemany(
                "INSERT INTO stream(at, experiment, kind, data) VALUES (?, ?, ?, ?)",
                [(at if self.timed else BEGAN, name, kind, text.encode()) for at, name, kind, text in self.items],
            )
        connection.close()

    # --- runs --------------------------------------------------------------------------------------------------------

    def run(
        self, name: str, use: str, metric: float | None, *, share: float = 1.0, why: str = "exit",
        exit: int | None = 0, end: str = "", broke: str | None = None, trial: int | None = None,
        pair: int | None = None,
    ) -> None:  # fmt: skip
        """A run from its start to its end."""
        n = self.started(name, use, trial, pair)
        self.log(name, n, 0, round(self.lines * share), self.at, end=end)
        begun = self.at + 0.1
        seconds = BUDGET_S * share + (EVALUATION_S if exit == 0 else 0.0)
        self.at += 0.1 + seconds
        values = {} if metric is None else {"val_bpb": metric, "train_seconds": 300.0, "peak_vram_mb": 61_204.0}
        folder = self.folder / "runs" / name / str(n)
        self.fact(
            self.at,
            RunEnded(
                name, n, why, exit, seconds, begun, self.at, metric, values, end.strip().rsplit("\n")[-1] or None,
                broke, 0.0, seconds, (folder / "run.log").stat().st_size,
            ),
        )  # fmt: skip
        record = {"why": why, "message": None, "started": begun, "ended": self.at, "seconds": seconds}
        (folder / "exit.json").write_text(json.dumps(record))

    def started(self, name: str, use: str, trial: int | None = None, pair: int | None = None) -> int:
        """A run begins; its number."""
        n = self.runs[name] = self.runs.get(name, 0) + 1
        self.seeds += 1
        self.fact(self.at, RunStarted(name, n, use, self.seeds if trial else 7, commit_of(name), 1, trial, pair))
        return n

    def under_way(self, number: int, share: float) -> None:
        """The experiment's run has begun and gets as far as `share`."""
        n = self.started(f"e{number}", "select")
        self.log(f"e{number}", n, 0, round(self.lines * share), self.at)

    def log(self, name: str, n: int, first: int, last: int, asked: float, end: str = "") -> None:
        """The lines from `first` up to `last` of a run's log, when they were there, and the curves up to them."""
        folder = self.folder / "runs" / name / str(n)
        folder.mkdir(parents=True, exist_ok=True)
        written: list[tuple[str, float]] = []
        if first == 0:
            head = f"Vocab size: 8,192   parameters: 50.3 M   {name} run {n}\n\x1b[33mwarning\x1b[0m: torch.compile\n"
            written.append((head + "compiling 10%\rcompiling 60%\rcompiled in 9.1 s\n", 1.0))
        values = {line: self.point(name, line) for line in range(last + 1)}
        for line in range(first + 1, last + 1):
            loss, _, speed, mfu = values[line]
            step = round(line * STEPS / self.lines)
            text = f"step {step:05d} ({line / self.lines:.1%}) | loss: {loss:.3f} | dt: 242ms"
            written.append((f"{text} | tok/s: {speed / 1000:.0f}k | mfu: {mfu:.1f}\n", line * BUDGET_S / self.lines))
        if end:
            written.append((end, (written[-1][1] if written else 0.0) + 0.5))
        with (folder / "run.log").open("ab") as log, (folder / "run.times").open("a") as times:
            for text, seconds in written:
                log.write(text.encode())
                if self.timed:
                    times.write(f"{log.tell()} {seconds:.2f}\n")
        series = {key: Series() for key in ("loss", "lr", "tok/s", "mfu")}
        for line in range(1, last + 1):
            step, seconds = round(line * STEPS / self.lines), line * BUDGET_S / self.lines
            for key, value in zip(series, values[line], strict=True):
                series[key].add(Point(step, value, seconds))
        self.journal.save_curves(name, n, {key: packed(found.points()) for key, found in series.items()})

    def point(self, name: str, line: int) -> tuple[float, float, float, float]:
        """Loss, rate, tokens a second and MFU in per cent at a line of a run."""
        number, share = int(name[1:]), line / self.lines
        wobble = math.sin(line * 1.7 + number) * 0.01
        loss = 3.1 + 4.7 * math.exp(-7 * share) - 0.006 * number % 0.1 + wobble
        return loss, 0.02 * min(1.0, (1 - share) / 0.4 + 0.01), 412_000 + 900 * math.sin(line), 51.2 + wobble
