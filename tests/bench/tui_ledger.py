"""A ledger of 100,000 experiments beside Textual's DataTable with the same rows: `python -m tests.bench.tui_ledger`.

Both are applications of 120x40 without a terminal; a thing is done when its words stand on the composed screen.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import platform
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from praxtui.journal.state import Experiment, Run
from praxtui.tui.panes.ledger import LedgerPane
from praxtui.tui.panes.ledger_cells import Moment, cells, columns
from praxtui.tui.sources.protocol import ANEW
from praxtui.tui.widgets.columns import Piece
from tests.bench.figures import Figure, table
from tests.tui.told import Told, begun, drafted

SIZE = (120, 40)
TARGETS = {"interactive": 1000.0, "jump to the end": 50.0, "append a row": 5.0}
Took = dict[str, float]


def made(count: int) -> Told:
    """A campaign of `count` judged experiments, its state built in memory."""
    source = Told(begun())
    for n in range(1, count + 1):
        metric = 1 - n / (2 * count) + (n * 7919 % 101) / 1000
        run = Run(1, "select", 0, 1, f"c{n}", 0.0, why="exit", exit=0, metric=metric, seconds=325.0)
        kept = n % 6 == 0
        source.state.experiments[f"e{n}"] = Experiment(
            f"e{n}", 1, "e0", "b", "llm", 0.0, title=f"idea {n} about the schedule", stated=True, commit=f"c{n}",
            levers=("train.py",), runs=(run,), verdict="keep" if kept else "discard",
            standing="provisional" if kept else None, delta=metric - 1, delta_sd=(n * 31 % 80 - 40) / 10,
        )  # fmt: skip
    return source


class Alone(App[None]):
    """One widget on the screen."""

    def __init__(self, widget: LedgerPane | DataTable[str]) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget

    async def until(self, *words: str, every: float = 0.0005) -> None:
        """Wait until each of the words stands in a line of the screen; looking takes time, too."""
        while True:
            lines = [strip.text for strip in self.screen._compositor.render_strips()]
            if all(any(word in line for line in lines) for word in words):
                return
            await asyncio.sleep(every)


class Stopwatch:
    """Milliseconds since it was last read."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    def read(self) -> float:
        now = time.perf_counter()
        taken, self.began = 1000 * (now - self.began), now
        return taken


async def ours(source: Told, count: int) -> Took:
    """The ledger pane. `append a row` is what the pane does until the row is drawn; folding is told apart."""
    pane = LedgerPane(3)
    app = Alone(pane)
    took: Took = {}
    async with app.run_test(size=SIZE) as pilot:
        pane.rows.focus()
        await pilot.pause()
        watch = Stopwatch()
        pane.show(source, ANEW)
        await app.until(f"e{count} ", every=0.01)
        pane.rows.action_down()
        await app.until(f"▸ e{count - 1} ")
        took["interactive"] = watch.read()
        pane.rows.action_bottom()
        await app.until("▸*e0 ")
        took["jump to the end"] = watch.read()
        pane.rows.action_top()
        await app.until(f"▸ e{count} ")
        watch.read()
        change = source.tell(*drafted(f"e{count + 1}", "one more"))
        took["(folding its facts)"] = watch.read()
        pane.show(source, change)
        took["append a row"] = watch.read()
        await app.until(f"▸ e{count + 1} ")
        took["append a row, drawn"] = took["append a row"] + watch.read()
        pane.action_sort()
        await app.until("val_bpb▾", every=0.01)
        took["sort by the metric"] = watch.read()
    return took


async def theirs(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> Took:
    """The DataTable; interactive once it has measured its cells, before which no key is taken."""
    widget: DataTable[str] = DataTable(cursor_type="row")
    app = Alone(widget)
    took: Took = {}
    async with app.run_test(size=SIZE) as pilot:
        widget.focus()
        await pilot.pause()
        watch = Stopwatch()
        widget.add_columns(*titles)
        widget.add_rows(rows)
        while widget._require_update_dimensions:
            await asyncio.sleep(0.0005)
        await app.until(f" {rows[0][1]} ")
        took["interactive"] = watch.read()
        widget.move_cursor(row=len(rows) - 1, animate=False)
        await app.until(f" {rows[-1][1]} ")
        took["jump to the end"] = watch.read()
        widget.add_row("", "one-more", *rows[0][2:])
        took["append a row"] = watch.read()
        widget.move_cursor(row=len(rows), animate=False)
        await app.until(" one-more ")
        took["append a row, drawn"] = took["append a row"] + watch.read()
    return took


def as_text(source: Told) -> tuple[list[list[str]], list[str]]:
    """The ledger's rows as plain text, the newest first, and the titles."""
    state, moment = source.state, Moment(source.now)
    shape = columns(state)
    found = []
    for experiment in reversed(state.experiments.values()):
        row = cells(shape, state, experiment, moment)
        found.append(["".join(p.text for p in cell) if isinstance(cell, list) else _text(cell) for cell in row])
    return found, [column.title for column in shape]


def _text(cell: str | Piece) -> str:
    return cell if isinstance(cell, str) else cell.text


def measure(count: int, rounds: int, peer_rounds: int) -> list[Figure]:
    """The figures of both, in turns so that they meet the same load."""
    ledger, peer = defaultdict(list), defaultdict(list)
    for number in range(rounds + 1):
        source = made(count)
        gc.collect()
        for name, value in asyncio.run(ours(source, count)).items():
            if number:  # the first round loads what is imported late
                ledger[name].append(value)
        if number < peer_rounds:
            rows, titles = as_text(made(count))
            for name, value in asyncio.run(theirs(rows, titles)).items():
                peer[name].append(value)
    figures = [Figure(f"ledger: {name}", "ms", tuple(values), TARGETS.get(name)) for name, values in ledger.items()]
    return figures + [Figure(f"DataTable: {name}", "ms", tuple(values)) for name, values in peer.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="experiments (100000)")
    parser.add_argument("--rounds", type=int, default=5, help="times that the ledger is measured (5)")
    parser.add_argument("--peer-rounds", type=int, default=1, help="times that the DataTable is; each takes a minute")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{args.count:,} rows, textual {version('textual')}, Python {platform.python_version()}, load {load:.1f}")
    print(table(measure(args.count, args.rounds, args.peer_rounds)))


if __name__ == "__main__":
    main()
