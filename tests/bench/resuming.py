"""How soon a run under way has an engine again: `praxtui resume` after a SIGKILL of its engine.

    python tests/bench/resuming.py [--rounds 15]

One run of a leaf that prints goes on all the time; its engine is killed and resumed again and again. Everything is
counted from the start of `praxtui resume`, its own interpreter included. Prints a table, and one JSON object as the
last line.

- `answers`: the command has returned; its engine has the campaign and has said so in the record.
- `adopted`: that engine has recognised the run's shim and waits for its end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from praxtui.journal import liveness
from praxtui.journal.facts import RunStarted
from tests.bench.figures import Figure, summary, table
from tests.bench.running import PATIENCE_S, Engine

ADOPTED = b"adopting run "
LOOK_S = 0.001
TARGET_MS = 2000


def main() -> int:
    """Measure; 0 whatever the figures are: they are for reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="kills (default 15)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="praxtui-bench-", ignore_cleanup_errors=True) as home:
        answers, adopted = resumed(Path(home), rounds)
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the end")
    figures = [
        Figure("answers", "ms", tuple(answers), TARGET_MS, "p95", key="resume_answers_ms_p95"),
        Figure("adopted", "ms", tuple(adopted), TARGET_MS, "p95", key="resume_adopted_ms_p95"),
    ]
    print(table(figures))
    print(json.dumps(summary(figures)))
    return 0


def resumed(home: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds until the engine answers, and until the run is adopted, of each round."""
    seconds = 60 + 10 * rounds
    lasting = ("--set", f"loop.budget={seconds}s", "--set", f"loop.timeout={2 * seconds}s")
    engine = Engine(home, "talking", "--experiments", "1", *lasting)
    answers, adopted = [], []
    try:
        engine.until(lambda event: isinstance(event.fact, RunStarted))
        env = {**os.environ, "PRAXTUI_HOME": str(home)}
        shim = engine.folder / "runs" / "e0" / "1" / "shim.json"
        while not shim.exists():
            time.sleep(LOOK_S)
        for _ in range(rounds):
            kill(engine.folder)
            answered, taken = resume(engine.folder, env)
            answers.append(answered)
            adopted.append(taken)
    finally:
        running(engine.folder, "stop", "--now", env={**os.environ, "PRAXTUI_HOME": str(home)}).wait(PATIENCE_S)
        liveness.wait_until_gone(engine.folder, PATIENCE_S)
    return answers, adopted


def resume(folder: Path, env: dict[str, str]) -> tuple[float, float]:
    """One round, in milliseconds. Raises RuntimeError where it does not come to that."""
    log = folder / "engine.log"
    before = log.stat().st_size
    began = time.monotonic()
    verb = running(folder, "resume", env=env)
    answered = adopted = 0.0
    while not (answered and adopted):
        now = 1000 * (time.monotonic() - began)
        if not answered and verb.poll() is not None:
            answered = now
        if not adopted and ADOPTED in log.read_bytes()[before:]:
            adopted = now
        if verb.returncode or now > 1000 * PATIENCE_S:
            raise RuntimeError(f"nothing was adopted; see {log}")
        time.sleep(LOOK_S)
    return answered, adopted


def running(folder: Path, verb: str, *more: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A verb on the campaign, under way."""
    words = [sys.executable, "-m", "praxtui", verb, folder.name, *more]
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)


def kill(folder: Path) -> None:
    """SIGKILL the engine, and return when it is gone."""
    known = liveness.read_identity(folder)
    if known is None:
        raise RuntimeError(f"no engine in {folder}")
    os.kill(known.pid, signal.SIGKILL)
    liveness.wait_until_gone(folder, PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main())
