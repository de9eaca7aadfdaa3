"""What the status line says, as parts that are fitted to the width by their rank. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from praxtui.journal.liveness import Engine
from praxtui.journal.shown import clock, cost, count, metric, plain, width
from praxtui.journal.state import Run, State
from praxtui.journal.status import idle_fraction, name_of, phase
from praxtui.program.spec import Program
from praxtui.tui.sources.protocol import Source

GAP = 3  # columns between two parts


class Part(NamedTuple):
    """A piece of the line; those with the highest rank are left out first. `style`: component class suffix, or ""."""

    text: str
    rank: int
    style: str = ""


def parts(source: Source, program: Program | None) -> list[Part]:
    """Everything the line may say, left to right."""
    state = source.state
    alive = source.engine.alive if source.engine is not None else None
    found = [
        Part(plain(state.leaf_name or "-"), 3, "leaf"),
        Part(plain(state.id or source.folder.name), 0, "id"),
        _doing(state, alive, source),
        *_elapsed(state, source.now, program),
        *_waits(state),
        *_money(state),
        *_time(state),
        *_experiments(state),
        *_quality(state),
        *_rest(state, source.engine),
    ]
    if source.damage is not None:
        found.insert(3, Part(plain(source.damage), 1, "bad"))
    return [part for part in found if part.text]


def _doing(state: State, alive: bool | None, source: Source) -> Part:
    """Whether it lives, and what it does: the first thing to be seen."""
    name, kind = name_of(state, alive), source.kind
    if source.damage is not None and not alive:
        return Part("damaged", 0, "bad")  # no engine starts on such a record
    said = plain(phase(state, alive))
    if name == "dead":
        return Part("dead: R resumes" if kind == "live" else "no engine", 0, "bad")
    if name in ("finished", "stopped", "imported"):
        return Part(f"{name}: {said}" if said != name else name, 0, "over")
    if state.running and name in ("paused", "waiting"):
        # The run goes on; what is waited for stands beside it.
        return Part(f"pausing: {said}", 0, "waits") if name == "paused" else Part(said, 0, "live")
    if name in ("paused", "waiting"):
        return Part(said if said.startswith(name) else f"{name}: {said}" if said != name else name, 0, "waits")
    return Part(said, 0, "live")


def running(state: State) -> tuple[str, Run] | None:
    """The experiment and the run that is under way; of several the latest."""
    for name in reversed(state.running):
        experiment, _, n = name.partition("/")
        for run in reversed(state.experiments[experiment].runs):
            if run.n == int(n):
                return experiment, run
    return None


def _elapsed(state: State, now: float, program: Program | None) -> list[Part]:
    current = running(state)
    if current is None:
        return []
    passed = clock(math.floor(max(0.0, now - current[1].asked)))
    return [Part(f"{passed} of {clock(program.loop.budget)}" if program is not None else passed, 1)]


def _waits(state: State) -> list[Part]:
    """What is waited for beside a run that goes on."""
    found = [reason if reason.startswith("waiting ") else f"waiting: {reason}" for reason in state.waits.values()]
    return [Part(plain("; ".join(found)), 2, "waits")] if found and state.running else []


def _money(state: State) -> list[Part]:
    limit = state.budgets.usd
    if not state.spent.usd and not state.spent.unpriced and state.researcher != "llm":
        return [Part("free", 7)]
    said = cost(state.spent.usd, state.spent.unpriced)
    found = [Part(f"{said} of ${limit:g}" if limit is not None else said, 4)]
    if state.budgets.tokens is not None:
        found.append(Part(f"{count(state.spent.tokens)} of {count(state.budgets.tokens)} tokens", 5))
    return found


def _time(state: State) -> list[Part]:
    spent = clock(math.floor(state.spent.seconds)) if state.spent.seconds >= 1 else "0:00"
    limit = state.budgets.hours
    return [Part(f"{spent} of {clock(limit * 3600)}" if limit is not None else spent, 4)]


def _experiments(state: State) -> list[Part]:
    tried = state.counted
    limit = state.budgets.experiments
    kept = sum(1 for e in state.children() if e.verdict == "keep" and e.standing != "revoked")
    found = [Part(f"{tried} of {limit} tried" if limit is not None else f"{tried} tried", 5)]
    if tried:
        found.append(Part(f"{kept / tried:.0%} kept", 8))
    return found


def _quality(state: State) -> list[Part]:
    """How fast experiments follow one another, how idle the machine is, how noisy the metric."""
    found = []
    idle = idle_fraction(state)
    if idle is not None:
        found.append(Part(f"idle {idle:.1%}", 6))
    if state.turnarounds:
        ordered = sorted(state.turnarounds)
        found.append(Part(f"turnaround {clock(ordered[len(ordered) // 2])}", 9))
    epoch = state.epoch
    if epoch is not None and epoch.noise_sd:
        found.append(Part(f"noise {metric(epoch.noise_sd)}", 9))
    return found


def _rest(state: State, engine: Engine | None) -> list[Part]:
    found = [Part(f"sandbox: {plain(state.sandbox)}" if state.sandbox else "", 6)]
    if state.autonomy == "review":
        found.append(Part("review", 3, "waits"))
    if engine is not None and engine.alive:
        found.append(Part(f"engine {engine.pid}", 10))
    return found


def fitted(found: Sequence[Part], columns: int, lines: int) -> list[list[Part]]:
    """The parts in at most `lines` lines of `columns`, in their order, without the highest ranks that do not fit."""
    kept = list(found)
    while kept:
        rows = _broken(kept, columns)
        if len(rows) <= lines:
            return rows
        worst = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[worst].rank == 0:
            return rows[:lines]  # what remains is said as far as there is room
        del kept[worst]
    return []


def _broken(found: Sequence[Part], columns: int) -> list[list[Part]]:
    rows: list[list[Part]] = [[]]
    used = 1
    for part in found:
        wide = width(part.text) + (GAP if rows[-1] else 0)
        if rows[-1] and used + wide > columns:
            rows.append([])
            used, wide = 1, width(part.text)
        rows[-1].append(part)
        used += wide
    return rows
