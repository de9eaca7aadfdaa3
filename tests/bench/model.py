"""What the model researcher costs beside its model: time a step, memory, and how much of a prompt a cache can hold.

    python tests/bench/model.py [--steps 2000]

A campaign on a tiny leaf (runs of 50 ms) with the scripted model server, through the command line and the real LiteLLM.
Prints a table, and one JSON object as the last line. Takes about ten minutes.

- `step`: from the moment the server has sent the last of an answer to the moment the next request of the same
  conversation reaches it: all that is not waiting for the model, LiteLLM and the connection included.
- `memory`: the engine's resident size, at the end above that after the first tenth of the steps.
- `ready`, `longest word`: until a new engine answers, and the longest that it takes to take a command while it imports
  LiteLLM beside its work.
- `shared`: of the first prompt of each proposal, the share of tokens that a provider's cache of prompts would hold,
  because the proposal before it began with the same ones. Counted as the server counts, to 128 tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from praxtui.journal import liveness
from tests.making import EXACT, Watch, create, make_leaf, send, start, status, wait_for_end
from tests.scripted import Asked, Server
from tests.scripted.ideas import numeric
from tests.scripted.researcher import GoodResearcher
from tests.scripted.said import Answer

BATCH = 128  # tokens; what a provider caches comes in multiples
CHARACTERS = 4  # of a token, as the server counts
WORDS = 40  # hints sent one after the other to an engine that has just started


class Ended(threading.Event):
    """Remembers when it was set."""

    at = 0.0

    def set(self) -> None:
        self.at = time.perf_counter()
        super().set()


class Timed:
    """A play that remembers when each request came, and the beginnings of the proposals."""

    def __init__(self) -> None:
        self.good = GoodResearcher(numeric("GAIN"))
        self.intervals: list[float] = []
        self.shared: list[float] = []
        self.asked = 0
        self.server: Server | None = None
        self._ended = Ended()
        self._turns = 0
        self._first = ""

    def __call__(self, asked: Asked) -> Answer:
        now = time.perf_counter()
        self.asked += 1
        turns = len(asked.messages)
        if turns > self._turns > 0:
            self.intervals.append(1000 * (now - self._ended.at))
        elif "# Now: propose" in asked.prompt or "hypothesis" in asked.prompt[-3000:]:
            self._begins(json.dumps(asked.body.get("tools")) + asked.system + asked.prompt)
        answer = self.good(asked)
        self._turns, self._ended = turns, Ended()
        if self.server is not None:
            self.server.requests[-1].ended = self._ended
        return answer

    def _begins(self, prompt: str) -> None:
        if self._first:
            same = next((n for n, (a, b) in enumerate(zip(self._first, prompt, strict=False)) if a != b), 0)
            tokens = same // CHARACTERS // BATCH * BATCH
            self.shared.append(tokens / (len(prompt) / CHARACTERS))
        self._first = prompt


class Sampled(threading.Thread):
    """Resident size in MB and open files of the engine, by how many steps were made."""

    def __init__(self, folder: Path, play: Timed) -> None:
        super().__init__(daemon=True)
        self.folder, self.play = folder, play
        self.samples: list[tuple[int, float, int]] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            pid = liveness.alive(self.folder).pid if self.folder.exists() else None
            if pid is not None:
                try:
                    engine = psutil.Process(pid)
                    size, files = engine.memory_info().rss / 1e6, engine.num_fds()
                    if size:
                        self.samples.append((self.play.asked, size, files))
                except psutil.Error:
                    continue


def campaign(home: Path, steps: int) -> tuple[Timed, Sampled, float]:
    """Run one campaign of about so many steps; how it went, and its seconds."""
    play = Timed()
    leaf = make_leaf(home / "leaf", EXACT)
    (home / "config").mkdir()
    with Server(play, keep=4) as server:
        play.server = server
        (home / "config" / "settings.toml").write_text(
            f'[model."openai/scripted"]\napi_base = "{server.openai_base}"\ncontext = 128000\ntools = "native"\n'
        )
        sampled = Sampled(home / "campaigns" / "bench", play)
        sampled.start()
        began = time.perf_counter()
        # Drafting takes four steps, reflecting one.
        command = ["-m", "praxtui", "run", str(leaf), "--name", "bench", "--model", "openai/scripted"]
        subprocess.run(
            [sys.executable, *command, "--experiments", str(steps // 5), "--usd", "none", "--allow-unsandboxed"],
            env={**os.environ, "PRAXTUI_HOME": str(home), "PRAXTUI_SANDBOX": "none"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - began
        sampled.over.set()
        sampled.join()
    return play, sampled, seconds


def answers(home: Path) -> tuple[float, float]:
    """Seconds until an engine answers, and the longest that a command waits while LiteLLM is being imported."""
    os.environ["PRAXTUI_HOME"], os.environ["PRAXTUI_SANDBOX"] = str(home), "none"
    (home / "config").mkdir(parents=True)
    base = 'api_base = "http://127.0.0.1:9/v1"'
    (home / "config" / "settings.toml").write_text(f'[model."openai/scripted"]\n{base}\n')
    leaf = make_leaf(home / "leaf", EXACT)
    folder = create(leaf, "answers", "llm", 1, models=("openai/scripted",), unsandboxed=True)
    began = time.perf_counter()
    pid = start(folder)
    ready, longest = time.perf_counter() - began, 0.0
    for _ in range(WORDS):
        command, sent = send(folder, "hint", text="a word"), time.perf_counter()
        asyncio.run(Watch(folder).taken(command))
        longest = max(longest, time.perf_counter() - sent)
    send(folder, "stop", now=True)
    wait_for_end(pid)
    return ready, longest


def figures(play: Timed, sampled: Sampled) -> dict[str, float]:
    """Everything in one dictionary."""
    warm = [sample for sample in sampled.samples if sample[0] >= play.asked // 10]
    ordered = sorted(play.intervals)
    return {
        "steps": play.asked,
        "step_ms_median": round(statistics.median(ordered), 1),
        "step_ms_p95": round(ordered[int(0.95 * len(ordered))], 1),
        "memory_mb_start": round(warm[0][1], 1),
        "memory_mb_end": round(warm[-1][1], 1),
        "memory_mb_growth": round(warm[-1][1] - warm[0][1], 1),
        "files_least": min(files for _, _, files in warm),
        "files_most": max(files for _, _, files in warm),
        "shared_median": round(statistics.median(play.shared), 3),
        "shared_mean": round(statistics.fmean(play.shared), 3),
        "shared_least": round(min(play.shared), 3),
        "proposals": len(play.shared) + 1,
    }


def main() -> int:
    """Measure; 0 whatever the figures are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory(prefix="praxtui-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        play, sampled, seconds = campaign(home, steps)
        ended = status(home / "campaigns" / "bench")
        ready, longest = answers(home / "answers")
        found = figures(play, sampled) | {"ready_s": round(ready, 2), "longest_word_s": round(longest, 2)}
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    done, tokens = ended["experiments"], ended["spent"]["tokens"]
    print(f"{done} experiments, {ended['kept']} kept, {seconds:.0f} s, {tokens:,} tokens")
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<20} {value:>10g}")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
