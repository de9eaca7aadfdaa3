"""Many experiments over four campaigns at once, everything killed at random: `python -m tests.faults.soak`.

Two campaigns sweep, two ask a scripted model that fails often. Engines, shims and trainings are killed all the while;
the only help is what a person's cron would give: `praxtui resume --all`, every two seconds. What is measured has to be
the same in the last hundred experiments as in the first.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from praxtui.journal import liveness
from praxtui.journal.events import Event
from praxtui.journal.facts import EngineStarted, Judged, RunEnded, RunStarted
from praxtui.journal.store import Journal
from praxtui.runs import proc
from praxtui.runs.identity import Identity
from tests.faults.counts import Counts
from tests.faults.invariants import check, ended
from tests.faults.report import SOAK, machine
from tests.faults.scene import Scene, make_leaf, praxtui, running
from tests.scripted.faults import MODEL_FAULTS
from tests.scripted.ideas import numeric
from tests.scripted.plays import RandomFaults
from tests.scripted.researcher import GoodResearcher
from tests.scripted.server import Server

CAMPAIGNS = 4
WATCH_S = 2.0
KILL_S = 4.0  # seconds between two kills, on the average
SAMPLE_S = 1.0
FAULTY = 0.1
# What a person must see to, such as a revoked key, is no part of a night without one.
PASSING = ("rate_limit", "server_error", "unavailable", "overloaded", "bad_gateway", "reset", "cut", "unfinished",
           "error_in_stream", *MODEL_FAULTS)  # fmt: skip


@dataclass
class Sample:
    """At `at` (Unix seconds) the engine of campaign `name` had so much memory, and so many descriptors open."""

    at: float
    name: str
    rss_mb: float
    files: int


@dataclass
class Night:
    """Four campaigns, what is done to them, and what is seen of them."""

    scenes: list[Scene]
    chance: random.Random
    samples: list[Sample] = field(default_factory=list)
    disk: list[tuple[float, float]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    resumes: int = 0
    wanted: str = ""

    def spend(self, home: Path) -> None:
        """Until every campaign is over."""
        jobs: list[tuple[Callable[[], None], Callable[[], float]]] = [
            (self.resume, lambda: WATCH_S),
            (self.kill, lambda: 0.0 if self.wanted else self.chance.expovariate(1 / KILL_S)),
            (lambda: self.look(home), lambda: SAMPLE_S),
        ]
        due = [time.monotonic() + wait() for _, wait in jobs]
        while not all(ended(scene.state()) for scene in self.scenes):
            for at, (job, wait) in enumerate(jobs):
                if time.monotonic() >= due[at]:
                    job()
                    due[at] = time.monotonic() + wait()
            time.sleep(0.05)

    def resume(self) -> None:
        """What the person's cron does."""
        said = praxtui("resume", "--all")
        self.resumes += said.stdout.count(" goes on")

    def kill(self) -> None:
        """One process of the kind that is next, in any campaign; where there is none, at the next look."""
        self.wanted = self.wanted or self.chance.choice(("engine", "shim", "training"))
        for scene in self.chance.sample(self.scenes, len(self.scenes)):
            who = _engine(scene) if self.wanted == "engine" else _of_run(scene, self.wanted)
            if who is not None and proc.send(who.pid, who.start, signal.SIGKILL):
                self.kills[self.wanted] += 1
                self.wanted = ""
                return

    def look(self, home: Path) -> None:
        """Note memory, descriptors and disk."""
        now = time.time()
        for scene in self.scenes:
            who = _engine(scene)
            with contextlib.suppress(psutil.Error):
                if who is not None:
                    engine = psutil.Process(who.pid)
                    self.samples.append(
                        Sample(now, scene.folder.name, engine.memory_info().rss / 1e6, engine.num_fds())
                    )
        done = subprocess.run(("du", "-sk", str(home)), capture_output=True, text=True)
        self.disk.append((now, int(done.stdout.split()[0]) / 1e3))


def _engine(scene: Scene) -> Identity | None:
    known = liveness.alive(scene.folder)
    start = proc.start_of(known.pid) if known.alive and known.pid else None
    return Identity(known.pid or 0, start, proc.boot_id()) if start is not None else None


def _of_run(scene: Scene, kind: str) -> Identity | None:
    for experiment, run in running(scene.state()):
        if run.use == "baseline":
            continue  # a campaign whose baseline crashes ends, and says so
        path = scene.folder / "runs" / experiment / str(run.n) / ("shim.json" if kind == "shim" else "child.json")
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            who = msgspec.json.decode(path.read_bytes(), type=Identity)
            if proc.start_of(who.pid) == who.start:
                return who
    return None


def turnarounds(events: Sequence[Event]) -> list[tuple[float, float]]:
    """(when, seconds) from the end of each run to the start of the next by the same engine."""
    found, before = [], None
    for event in events:
        if isinstance(event.fact, EngineStarted):
            before = None
        elif isinstance(event.fact, RunEnded):
            if before is not None and event.fact.started >= before:
                found.append((event.at, event.fact.started - before))
            before = event.fact.ended
        elif isinstance(event.fact, RunStarted) and event.fact.use == "baseline":
            before = None
    return found


def table(night: Night, events: Sequence[Sequence[Event]], size: int) -> list[str]:
    """One line for each `size` experiments: what the machine had to give for them."""
    judged = sorted(e.at for of in events for e in of if isinstance(e.fact, Judged) and e.fact.experiment != "e0")
    gaps = [gap for of in events for gap in turnarounds(of)]
    llm = {scene.folder.name for scene in night.scenes if scene.folder.name.startswith("model")}
    lines = [
        "| experiments | minutes | turnaround ms | p95 | RSS MB, sweep | RSS MB, model | most descriptors | disk MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    began = night.samples[0].at if night.samples else judged[0]
    for first in range(0, len(judged), size):
        low = judged[first - 1] if first else began
        high = judged[min(first + size, len(judged)) - 1]
        seen = [sample for sample in night.samples if low < sample.at <= high]
        took = sorted(1000 * seconds for at, seconds in gaps if low < at <= high)
        rss = [[s.rss_mb for s in seen if (s.name in llm) == model] for model in (False, True)]
        disk = [mb for at, mb in night.disk if low < at <= high]
        cells = [
            f"{first + 1}-{min(first + size, len(judged))}",
            f"{(high - low) / 60:.1f}",
            f"{statistics.median(took):.0f}" if took else "-",
            f"{took[int(0.95 * (len(took) - 1))]:.0f}" if took else "-",
            *(f"{statistics.median(of):.0f}" if of else "-" for of in rss),
            str(max((s.files for s in seen), default=0)),
            f"{disk[-1]:.0f}" if disk else "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def campaigns(root: Path, experiments: int, seed: int, servers: Sequence[Server]) -> list[Scene]:
    """The four, each on a leaf of its own; the last two with the models of `servers`."""
    config = root / "home" / "config"
    config.mkdir(parents=True)
    (config / "settings.toml").write_text(
        "".join(
            f'[model."openai/scripted{n}"]\napi_base = "{server.openai_base}"\ncontext = 128000\ntools = "native"\n'
            for n, server in enumerate(servers)
        )
    )
    each = [experiments // CAMPAIGNS + (n < experiments % CAMPAIGNS) for n in range(CAMPAIGNS)]
    scenes = []
    for n, name in enumerate(("sweep0", "sweep1", "model0", "model1")):
        leaf = make_leaf(root / name, seconds=0.3)
        model = f"openai/scripted{name[-1]}" if name.startswith("model") else ""
        scenes.append(Scene(leaf, experiments=each[n], name=name, seed=seed + n, model=model))
    return scenes


def play(seed: int) -> RandomFaults:
    """A good researcher behind a bad line."""
    good = GoodResearcher(numeric("LR", path="train.py", seed=seed, low=0.001, high=0.1))
    return RandomFaults(good, FAULTY, dict.fromkeys(PASSING, 1.0), seed)


def main() -> int:
    """Spend the night; 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--experiments", type=int, default=550, help="over all four campaigns")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, help="the Markdown file whose part about the soak is written anew")
    given = parser.parse_args()
    os.environ |= {"PRAXTUI_SANDBOX": "none", "OPENAI_API_KEY": "sk-for-a-scripted-server"}
    plays = [play(given.seed + n) for n in range(2)]
    with tempfile.TemporaryDirectory(prefix="praxtui-soak-") as folder, contextlib.ExitStack() as stack:
        root = Path(folder)
        os.environ["PRAXTUI_HOME"] = str(root / "home")
        servers = [stack.enter_context(Server(one, keep=4)) for one in plays]
        scenes = campaigns(root, given.experiments, given.seed, servers)
        stack.callback(lambda: [scene.clear() for scene in scenes])
        night = Night(scenes, random.Random(given.seed))
        began = time.monotonic()
        for scene in scenes:
            scene.start()
        night.spend(root / "home")
        minutes = (time.monotonic() - began) / 60
        total, faults, events = Counts(), [], []
        for scene in scenes:
            scene.reap()
            try:
                check(scene)
            except AssertionError as error:
                faults.append(f"{scene.folder.name}: {str(error).splitlines()[0] if str(error) else 'see above'}")
            if scene.counts is not None:
                total.add(scene.counts)
            with Journal.open(scene.folder) as journal:
                events.append(list(journal.read()))
    thrown = sum(len(one.thrown) for one in plays)
    text = "\n".join(words(night, total, events, minutes, thrown, faults, given))
    print(text)
    print(json.dumps({**total.row(), "kills": dict(night.kills), "minutes": round(minutes, 1), "faults": faults}))
    if given.page:
        before = given.page.read_text() if given.page.exists() else ""
        given.page.write_text(before.partition(SOAK)[0].rstrip() + "\n\n" + text + "\n")
    return int(bool(faults))


def words(
    night: Night, total: Counts, events: Sequence[Sequence[Event]], minutes: float, thrown: int, faults: list[str],
    given: argparse.Namespace,
) -> list[str]:  # fmt: skip
    """The page's part about the soak."""
    size = 100 if given.experiments >= 300 else max(10, given.experiments // 4)
    return [
        f"{SOAK}: {given.experiments} experiments over {CAMPAIGNS} campaigns at once",
        "",
        f"Made by `make soak SOAK={given.experiments}` (seed {given.seed}): two sweeps and two scripted models, of"
        f" whose answers {FAULTY:.0%} are spoiled; engines, shims and trainings killed all the while; no help but"
        f" `praxtui resume --all` every {WATCH_S:g} s.",
        "",
        *machine(),
        "",
        f"- {minutes:.0f} min; SIGKILLs {night.kills.total()}"
        f" ({', '.join(f'{kind} {times}' for kind, times in night.kills.items())})",
        f"- engines started again {night.resumes} times; {thrown} answers of the models spoiled",
        f"- experiments {total.experiments}, runs {total.runs}",
        f"- **lost {total.lost}, doubled {total.doubled}, processes left {total.processes}, worktrees left"
        f" {total.worktrees}, faults of `git fsck` {total.fsck}**",
        f"- {'every invariant held' if not faults else 'BROKEN: ' + '; '.join(faults)}",
        "",
        *table(night, events, size),
    ]


if __name__ == "__main__":
    sys.exit(main())
