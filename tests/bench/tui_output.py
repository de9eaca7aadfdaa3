"""The output pane on a large log and in a flood, in a real terminal.

    python tests/bench/tui_output.py [--rounds 5] [--gigabytes 1.0] [--seconds 30] [--rate 10000] [--toolong PATH]

Prints medians with their spread (least to most). The peer is toolong (`tl`, or $TOOLONG) on the same file in the same
run; without it its lines are left out. Times end when the words are on the emulated screen; the file's pages are in the
kernel's cache. The app is the pane alone, over a log named on its command line, with a line to type in below it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.tui.window import Window

NEEDLE = "the very last line"
LINE = "step {:09d} ({:5.1f}%) | loss: {:.6f} | dt: 242ms | tok/sec: 412,000 | mfu: 51.2 | epoch 1\n"

SHOWS = {"/": "case count", "000000000 ": "│ 000000000 "}  # on the screen after these keys

FLOOD = """\
import sys, time
begun, step = time.monotonic(), 0
with open(sys.argv[1], "ab", 0) as log:
    while True:
        due, lines = int((time.monotonic() - begun) * {rate}), []
        while step < due:
            step += 1
            lines.append(b"step %09d | loss: %.6f | dt: 0.1ms | tok/sec: 412,000 | mfu: 51.2\\n" % (step, 3.2))
        log.write(b"".join(lines))
        time.sleep(0.005)
"""


def main() -> None:
    asked = argparse.ArgumentParser(description="The output pane on a large log and in a flood.")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--gigabytes", type=float, default=1.0)
    asked.add_argument("--seconds", type=float, default=30.0, help="how long the flood is followed")
    asked.add_argument("--rate", type=int, default=10_000, help="lines a second of the flood")
    asked.add_argument("--toolong", default=os.environ.get("TOOLONG") or shutil.which("tl") or "")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "large.log"
        lines = large(log, int(args.gigabytes * 1e9))
        print(f"{log.stat().st_size / 1e9:.2f} GB, {lines:,} lines; load {os.getloadavg()[0]:.1f}")
        opened(log, args.rounds, args.toolong)
        log.unlink()
        flooded(Path(folder) / "flood.log", args.rate, args.seconds)


def large(path: Path, octets: int) -> int:
    """Write a log of about so many bytes; how many lines it has."""
    written = lines = 0
    with path.open("wb") as file:
        while written < octets:
            block = "".join(LINE.format(n, n / 1e6, 3.2) for n in range(lines, lines + 20_000)).encode()
            written += file.write(block)
            lines += 20_000
        file.write(f"{NEEDLE}\n".encode())
    return lines + 1


def ours(log: Path) -> list[str]:
    return [sys.executable, __file__, "--app", str(log)]


def said(name: str, values: Sequence[float], unit: str, wanted: str = "") -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{name:<44} median {statistics.median(ordered):8.2f} {unit}  p95 {p95:8.2f}  "
        f"({ordered[0]:.2f} to {ordered[-1]:.2f}, n {len(ordered)})  {wanted}"
    )


def opened(log: Path, rounds: int, toolong: str) -> None:
    """Time until the last line is on the screen, and the most memory that took."""
    time_of: dict[str, list[float]] = {}
    for _ in range(rounds):
        empty = ours(Path(os.devnull))
        for name, command, pattern in (
            ("empty", empty, "following"),
            ("ours", ours(log), NEEDLE),
            ("toolong", [toolong, str(log)], NEEDLE),
        ):
            if not command[0]:
                continue
            took, memory = _once(command, log.parent, pattern)
            time_of.setdefault(f"{name} s", []).append(took)
            time_of.setdefault(f"{name} MB", []).append(memory)
    said("last line of a large log on screen", time_of["ours s"], "s", "(1 asked)")
    said("  of which is the start of an app", time_of["empty s"], "s")
    said("most resident memory", time_of["ours MB"], "MB", "(120 asked)")
    counted = [_once(ours(log), log.parent, r"line [\d,]+ of [\d,]+", press=("g",)) for _ in range(rounds)]
    said("numbers of lines known after", [took for took, _ in counted], "s")
    said("  most resident memory", [memory for _, memory in counted], "MB")
    searched = [
        _once(ours(log), log.parent, r"step 000000000 ", press=("/", "000000000 ", "enter")) for _ in range(rounds)
    ]
    said("search through all of it", [took for took, _ in searched], "s")
    said("  most resident memory", [memory for _, memory in searched], "MB")
    if not toolong:
        print("toolong is not installed here: no comparison")
        return
    said("last line, toolong", time_of["toolong s"], "s")
    said("most resident memory, toolong", time_of["toolong MB"], "MB")
    for what in ("s", "MB"):
        ratio = statistics.median(time_of[f"ours {what}"]) / statistics.median(time_of[f"toolong {what}"])
        print(f"{'ratio of the medians, ' + what:<44} {ratio:8.3f}")


def _once(command: Sequence[str], cwd: Path, pattern: str = NEEDLE, press: Sequence[str] = ()) -> tuple[float, float]:
    window = Window(command, {**os.environ, "COLORTERM": "truecolor"}, cwd)
    begun = time.perf_counter()
    try:
        if press:
            window.until(NEEDLE)
            begun = time.perf_counter()
            for keys in press:
                window.press(keys)
                window.until(SHOWS.get(keys, ""))
        window.until(pattern)
        took = time.perf_counter() - begun
        status = Path(f"/proc/{window.process.pid}/status").read_text()
        return took, int(status.partition("VmHWM:")[2].split()[0]) / 1000
    finally:
        window.close()


def flooded(log: Path, rate: int, seconds: float) -> None:
    """CPU while following, and key to screen."""
    log.write_bytes(b"")
    writer = subprocess.Popen([sys.executable, "-c", FLOOD.format(rate=rate), str(log)])
    window = Window(ours(log), {**os.environ, "COLORTERM": "truecolor"}, log.parent)
    try:
        window.until(r"step \d+")
        _cpu(window, 3.0)
        before = log.stat().st_size
        share = _cpu(window, seconds)
        with log.open("rb") as file:
            line = len(file.readline())
        lines = (log.stat().st_size - before) / line / seconds
        print(f"{f'CPU while following {lines:,.0f} lines/s':<44} {share:8.1%} of a core   (35% asked)")
        window.press("tab")
        _cpu(window, 1.0)
        times, typed = [], ""
        for n in range(100):
            letter = "abcdefghijklmnopqrstuvwxyz"[n % 26]
            typed = (typed + letter)[-12:]
            begun = time.perf_counter()
            window.press(letter)
            window.until(typed)
            times.append((time.perf_counter() - begun) * 1000)
            _cpu(window, 0.05 + 0.007 * (n % 13))
        said("key to screen in the flood", times, "ms", "(60 at p95 asked)")
    finally:
        writer.kill()
        writer.wait()
        window.close()


def _cpu(window: Window, seconds: float) -> float:
    """Share of a core that the program used over a while, in which all it draws is read."""

    def used() -> float:
        fields = Path(f"/proc/{window.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before, begun = used(), time.monotonic()
    while (left := begun + seconds - time.monotonic()) > 0:
        window._read(min(0.05, left))
    return (used() - before) / (time.monotonic() - begun)


def app(path: Path) -> None:
    """The pane alone, in an app of its own."""
    from textual.app import App, ComposeResult
    from textual.widgets import Input

    from praxtui.journal.state import Experiment, Run, State
    from praxtui.tui.panes.output import OutputPane
    from praxtui.tui.sources.protocol import ANEW, RunLog

    class Alone:
        """A campaign with one run under way."""

        engine = None
        folder = path.parent
        state = State(
            experiments={"e1": Experiment("e1", 1, None, "", "", 0.0, runs=(Run(1, "select", 0, 1, "", 0.0),))},
            running=["e1/1"],
        )

        def log(self, experiment: str, n: int) -> RunLog:
            return RunLog(path, growing=True)

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield OutputPane(5)
            yield Input(compact=True)

        def on_mount(self) -> None:
            self.query_one(OutputPane).show(Alone(), ANEW)  # type: ignore[arg-type]
            self.query_one(OutputPane).scrolled.focus()

    Shown().run()


if __name__ == "__main__":
    looks: dict[bool, Callable[[], None]] = {True: lambda: app(Path(sys.argv[2])), False: main}
    looks[sys.argv[1:2] == ["--app"]]()
