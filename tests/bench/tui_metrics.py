"""The curve of a run that printed 1,000,000 lines of progress: `python -m tests.bench.tui_metrics`.

Opening is measured from outside: `praxtui attach` as a process in a terminal of 120x40, until the curve's head line and
dots of it are on the screen. Redrawing is measured inside an application of the same size without a terminal: zooming
until the strips are composed, both over the 2,000 points that the journal keeps of a series and over all of them in
memory. The peer draws the same values to a text of the same size; without plotext its lines are left out, and said so.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import math
import os
import platform
import random
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from textual.app import App, ComposeResult

from praxtui.journal.curves import CurveWriter
from praxtui.journal.store import Journal
from praxtui.tui.panes.metrics_run import Live, large
from praxtui.tui.sources.live import Live as LiveSource
from praxtui.tui.themes import variable_defaults
from praxtui.tui.widgets.plot import Plot
from praxtui.tui.widgets.points import Points
from tests.bench.figures import Figure, table
from tests.tui.recorded import recorded
from tests.tui.window import Window

SIZE = (120, 40)
RUN = ("e12", 1)
OPEN_MS, REDRAW_MS = 3000.0, 30.0


def losses(count: int) -> array[float]:
    """A loss that falls, with noise and a spike."""
    chance = random.Random(0)
    values = array("d", (3 + 5 * math.exp(-12 * n / count) + chance.gauss(0, 0.05) for n in range(count)))
    values[count * 2 // 3] = 9.0
    return values


def made(home: Path, values: array[float]) -> Path:
    """A live campaign whose run under way has this loss: its log line by line, its series as the engine keeps them."""
    folder = recorded(home, 12, live=True)
    with (folder / "runs" / RUN[0] / str(RUN[1]) / "run.log").open("w") as log:
        log.writelines(f"step {n:07d} | loss: {v:.6f} | dt: 0.1ms | tok/s: 412,000\n" for n, v in enumerate(values))
    with Journal.open(folder, write=True) as journal:
        writer = CurveWriter(journal, *RUN)
        for n, value in enumerate(values):
            writer.add("loss", float(n), value, n / 1000)
        writer.write(now=True)
    return folder


def opened(folder: Path, rounds: int) -> list[float]:
    """Milliseconds from starting the process to the curve on the screen."""
    env = {**os.environ, "PRAXTUI_HOME": str(folder.parent.parent), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "praxtui", "attach", folder.name]
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        window = Window(command, env, folder.parent.parent, *SIZE)
        try:
            window.until(rf"loss \S+ {RUN[0]}[^\n]*\n[^\n]*[\u2801-\u28ff]")
            found.append(1000 * (time.perf_counter() - begun))
        finally:
            window.close()
    return found


class Alone(App[None]):
    """A plot on the whole screen."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = Plot(ascii=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.plot


async def redrawn(points: Points, rounds: int) -> list[float]:
    """Milliseconds of a change of the view until the whole screen is composed again."""
    app, found = Alone(), []
    async with app.run_test(size=SIZE) as pilot:
        app.plot.show(large(Live(*RUN, {"loss": points}, "", {}, "loss")))
        await pilot.pause()
        looks: list[Callable[[], None]] = [
            lambda: app.plot.zoom(2.0), lambda: app.plot.pan(-0.25), lambda: app.plot.zoom(0.5), app.plot.rescale,
        ]  # fmt: skip
        for n in range(rounds):
            begun = time.perf_counter()
            looks[n % len(looks)]()
            app.screen._compositor.render_strips()
            found.append(1000 * (time.perf_counter() - begun))
            await pilot.pause()
    return found


def peer(values: array[float], rounds: int) -> list[float]:
    """Milliseconds that plotext takes for the same picture."""
    plotext = importlib.import_module("plotext")
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        plotext.clear_figure()
        plotext.plot_size(*SIZE)
        plotext.plot(range(len(values)), values, marker="braille")
        plotext.build()
        found.append(1000 * (time.perf_counter() - begun))
    return found


def measure(count: int, rounds: int, peer_rounds: int) -> list[Figure]:
    """All figures."""
    values = losses(count)
    with tempfile.TemporaryDirectory(prefix="praxtui-bench-") as home:
        folder = made(Path(home), values)
        figures = [Figure("praxtui attach: curve on the screen", "ms", tuple(opened(folder, rounds)), OPEN_MS)]
        source = LiveSource(folder)
        kept = source.curves(*RUN)["loss"]
        source.close()
    reduced = []
    for _ in range(rounds):
        begun = time.perf_counter()
        whole = Points(range(count), values)
        reduced.append(1000 * (time.perf_counter() - begun))
    few = Points(kept.step, kept.value)
    figures += [
        Figure(f"redraw, {len(few):,} points kept", "ms", tuple(asyncio.run(redrawn(few, 8 * rounds))), REDRAW_MS),
        Figure(f"redraw, all {count:,} points", "ms", tuple(asyncio.run(redrawn(whole, 8 * rounds))), REDRAW_MS),
        Figure(f"reducing {count:,} points, once", "ms", tuple(reduced)),
    ]
    if peer_rounds and find_spec("plotext"):
        few_values = array("d", kept.value)
        figures.append(Figure(f"plotext, {len(few):,} points", "ms", tuple(peer(few_values, peer_rounds))))
        figures.append(Figure(f"plotext, {count:,} points", "ms", tuple(peer(values, peer_rounds))))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="lines of progress (1000000)")
    parser.add_argument("--rounds", type=int, default=10, help="times that it is opened (10)")
    parser.add_argument("--peer-rounds", type=int, default=3, help="times that plotext draws (3)")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{args.count:,} points, textual {version('textual')}, Python {platform.python_version()}, load {load:.1f}")
    if not find_spec("plotext"):
        print("plotext is not installed: no peer in this run")
    print(table(measure(args.count, args.rounds, args.peer_rounds)))


if __name__ == "__main__":
    main()
