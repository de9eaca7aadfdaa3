"""The live line at the bottom of a terminal: what runs, what the model does, and what the run says just now."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TextIO

from praxtui.cli.doing import Doing
from praxtui.journal import logs
from praxtui.journal.shown import clock, cut, plain
from praxtui.journal.state import Run, State
from praxtui.journal.status import phase
from praxtui.journal.store import Journal

EVERY_S = 0.25


class LiveLine:
    """One line, rewritten in place; nothing where the stream is no terminal."""

    def __init__(self, stream: TextIO, folder: Path) -> None:
        self.on = stream.isatty()
        self._stream = stream
        self._folder = folder
        self._doing = Doing()
        self._shown = ""
        self._next = 0.0

    @property
    def columns(self) -> int:
        """Width of the terminal."""
        return shutil.get_terminal_size((100, 24)).columns

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self.on and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = ""

    def show(self, state: State, journal: Journal) -> None:
        """Bring the line up to date, at most four times a second and only when it changed."""
        now = time.monotonic()
        if not self.on or now < self._next:
            return
        self._next = now + EVERY_S
        line = cut(self._line(state, journal), self.columns - 1)
        if line != self._shown:
            self._stream.write(f"\r{line}\x1b[K")
            self._stream.flush()
            self._shown = line

    def _line(self, state: State, journal: Journal) -> str:
        tried = f"{state.counted}"
        if state.budgets.experiments is not None:
            tried += f" of {state.budgets.experiments}"
        parts = [phase(state), f"{tried} experiments", clock(state.spent.seconds)]
        current = self._current(state)
        if current is not None:
            parts[0] += f" {clock(max(0.0, time.time() - current[1].asked))}"
        parts = self._with_model(parts, state, journal)
        if current is not None:
            parts.append(self._said(*current))
        return "  ".join(part for part in parts if part)

    def _with_model(self, parts: list[str], state: State, journal: Journal) -> list[str]:
        """The parts with what the model does, or what it waits for, after what runs."""
        waits = state.waits.get("provider")
        doing = self._doing.now(journal, state, time.time())
        if waits is not None:
            return parts if waits in parts[0] else [parts[0], waits, *parts[1:]]
        if doing is None:
            return parts
        name, words = doing
        nothing_else = parts[0] in (f"drafting {name}", "between runs")
        return [words, *parts[1:]] if nothing_else else [parts[0], words, *parts[1:]]

    def _current(self, state: State) -> tuple[str, Run] | None:
        for name in state.running:
            experiment, _, n = name.partition("/")
            for run in state.experiments[experiment].runs:
                if run.n == int(n):
                    return experiment, run
        return None

    def _said(self, experiment: str, run: Run) -> str:
        """The newest line of the run's output."""
        try:
            lines = logs.tail(self._folder / "runs" / experiment / str(run.n) / "run.log", 3)
        except OSError:
            return ""
        return next((plain(line) for line in reversed(lines) if line.strip()), "")
