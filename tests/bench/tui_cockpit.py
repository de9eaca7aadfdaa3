"""The cockpit from outside: a real terminal, a real engine, a run that floods its log.

    python tests/bench/tui_cockpit.py [--rounds 10] [--seconds 30] [--toolong PATH]

Prints medians with their spread (least to most). The peer is toolong (`tl`) on a log of 1,000 lines, in the same run;
without it its lines are left out. Times end when the words are on the emulated screen.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.cli.place import Place
from tests.tui.window import Window

FLOOD = """\
import os, time
budget = float(os.environ["PRAXTUI_BUDGET_S"]) if os.environ["PRAXTUI_EXPERIMENT"] != "e0" else 0.5
begun, step = time.monotonic(), 0
while time.monotonic() - begun < budget:
    due = int((time.monotonic() - begun) * {rate})
    while step < due:
        step += 1
        print(f"step {{step:07d}} | loss: {{3.2 - step * 1e-7:.6f}} | dt: 0.1ms | tok/sec: 412,000", flush=step == due)
    time.sleep(0.01)
os.makedirs("out", exist_ok=True)
open("out/score", "w").write("1.0")
"""


def main() -> None:
    asked = argparse.ArgumentParser(description="The cockpit from outside.")
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--seconds", type=float, default=30.0, help="length of each CPU measurement")
    asked.add_argument("--rate", type=int, default=10_000, help="lines a second of the flood")
    asked.add_argument("--toolong", default=shutil.which("tl") or "", help="the `tl` command to compare with")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Place(Path(folder) / "place")
        stack.callback(place.clear)
        leaf = place.make_leaf(
            "flood", {"loop": {"budget": "600s", "timeout": "700s"}}, files={"train.py": FLOOD.format(rate=args.rate)}
        )
        place.begin("f", experiments=3, leaf=leaf)
        place.running("f", "e1")
        paint(place, args.rounds, args.toolong)
        flooded(place, args.seconds)
        place.praxtui("stop", "f", "--now")
        place.until(lambda: not place.alive("f"), "the engine to be gone")
        paused(place, args.seconds)


def said(name: str, values: Sequence[float], unit: str, wanted: str = "") -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{name:<44} median {statistics.median(ordered):8.1f} {unit}  p95 {p95:8.1f}  "
        f"({ordered[0]:.1f} to {ordered[-1]:.1f}, n {len(ordered)})  {wanted}"
    )


@contextlib.contextmanager
def opened(place: Place, command: Sequence[str]) -> Iterator[Window]:
    window = Window(command, place.env, place.root)
    try:
        yield window
    finally:
        window.close()


def timed(window: Window, pattern: str) -> float:
    """Milliseconds until a pattern is on the screen."""
    begun = time.perf_counter()
    window.until(pattern)
    return (time.perf_counter() - begun) * 1000


def paint(place: Place, rounds: int, toolong: str) -> None:
    """First useful paint, against the peer's; ways between panes and screens."""
    log = place.root / "thousand.log"
    log.write_text("".join(f"line {n} of a log that says little\n" for n in range(1000)))
    ours, theirs = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        with opened(place, place.command("attach", "f")) as window:
            window.until(r"running e1")
            ours.append((time.perf_counter() - begun) * 1000)
        if toolong:
            begun = time.perf_counter()
            with opened(place, [toolong, str(log)]) as window:
                window.until(r"line \d+ of a log")
                theirs.append((time.perf_counter() - begun) * 1000)
    said("first paint of attach", ours, "ms")
    if theirs:
        said("first paint of toolong, 1,000 lines", theirs, "ms")
        print(f"{'ratio of the medians':<44} {statistics.median(ours) / statistics.median(theirs):8.2f}   (1 asked)")


def flooded(place: Place, seconds: float) -> None:
    """Key to screen, and CPU, while the log grows by thousands of lines a second."""
    with opened(place, place.command("attach", "f")) as window:
        window.until(r"step \d+")
        cpu_share(window, 3.0)
        print(f"{'CPU while following the flood':<44} {cpu_share(window, seconds):8.1%} of a core   (35% asked)")
        window.press("h")
        window.until(r"(?i)hint")
        times, typed = [], ""
        for n in range(60):
            letter = "abcdefghijklmnopqrstuvwxyz"[n % 26]
            typed = (typed + letter)[-12:]
            window.press(letter)
            times.append(timed(window, typed))
            linger(window, 0.05 + 0.007 * (n % 13))
        said("key to screen in the flood", times, "ms", "(60 at p95 asked)")
        window.press("escape")
        linger(window, 1.0)
        turns = []
        for n in range(20):
            window.press("z")
            turns.append(timed(window, r"3 ledger.*4 researcher" if n % 2 == 0 else r"1 program[^\n]*2 metrics"))
            linger(window, 0.2)
        said("maximise a pane, and back", turns, "ms")


def linger(window: Window, seconds: float) -> None:
    """Let the program go on, reading what it draws."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        window._read(max(0.0, min(0.05, end - time.monotonic())))


def cpu_share(window: Window, seconds: float) -> float:
    """Share of a core that the program used over a while."""

    def used() -> float:
        fields = Path(f"/proc/{window.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before, begun = used(), time.monotonic()
    linger(window, seconds)
    return (used() - before) / (time.monotonic() - begun)


def paused(place: Place, seconds: float) -> None:
    """CPU while nothing happens."""
    place.hold()
    place.begin("p", experiments=5)
    place.running("p")
    place.praxtui("pause", "p")
    place.release()
    place.when(lambda state: state.paused and not state.running, "p")
    with opened(place, place.command("attach", "p")) as window:
        window.until(r"paused")
        linger(window, 3.0)
        print(f"{'CPU while paused':<44} {cpu_share(window, seconds):8.2%} of a core   (1% asked)")


if __name__ == "__main__":
    main()
