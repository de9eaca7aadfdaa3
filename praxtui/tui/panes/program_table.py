"""A specification as a table of two columns for a narrow pane, and the lines of the program pane. Pure."""

from __future__ import annotations

from typing import NamedTuple

from praxtui.journal.facts import Budgets
from praxtui.journal.shown import clock, count, cut, plain, width
from praxtui.journal.state import State
from praxtui.program.leaves import task
from praxtui.program.spec import Program, seconds
from praxtui.tui.hints import Row as HintRow
from praxtui.tui.prose import Line, Piece, rendered, wrapped

LABEL = 9
"""Columns of the labels: the longest, and a space."""

HINT_TEXT = 44
"""Columns from which on the text of a hint is shown below its fate."""


class Row(NamedTuple):
    """A label, and what the specification says there."""

    label: str
    value: str


class Frame(NamedTuple):
    """What the campaign adds to its program: all of it that the table shows."""

    budgets: Budgets
    by: str
    overrides: tuple[tuple[str, str], ...]
    edits: str
    epoch: str


def frame(state: State) -> Frame:
    """What is shown of a state."""
    epoch = state.epoch
    return Frame(
        budgets=state.budgets,
        by=", ".join(filter(None, (state.researcher, *state.models))),
        overrides=tuple(sorted(state.overrides.items())),
        edits=_edits(state),
        epoch=f"{epoch.number}: {epoch.reason}" if epoch is not None and epoch.number > 1 else "",
    )


def _edits(state: State) -> str:
    if not state.program_edits:
        return ""
    times = len(state.program_edits)
    last = clock(state.program_edits[-1].at - state.created)
    return f"{'once' if times == 1 else f'{times} times, last'} after {last}"


def title(state: State) -> str:
    """What the pane's border says besides its name."""
    epoch = state.epoch
    if epoch is not None and epoch.number > 1:
        edited = state.program_edits and epoch.reason.startswith("program.md")
        return f"edited: new epoch {epoch.number}" if edited else f"epoch {epoch.number}"
    return "edited" if state.program_edits else ""


def rows(program: Program, around: Frame) -> list[Row]:
    """The essentials, and what is not the default."""
    metric, levers, loop, walls = program.metric, program.levers, program.loop, program.constraints
    found = [Row("metric", f"{metric.name}, {metric.goal}" + (", no noise" if metric.deterministic else ""))]
    found += [
        Row(name, f"{value:.10g}") for name in ("target", "bound") if (value := getattr(metric, name)) is not None
    ]
    found.append(Row("levers", ", ".join(levers.edit)))
    found += [Row("new", ", ".join(levers.new))] if levers.new else []
    found += [Row("setup", loop.setup)] if loop.setup else []
    found.append(Row("run", f"{loop.run}, {seconds(loop.budget)}"))
    found.append(Row("evaluate", f"{loop.evaluate}, sealed" if loop.evaluate else "no: the run prints the metric"))
    network = {"none": "no network", "setup": "network in setup only", "run": "network open"}[walls.network]
    found.append(Row("walls", ", ".join([*(f"{name} {limit}" for name, limit in walls.limits.items()), network])))
    found += [Row("secrets", ", ".join(walls.secrets))] if walls.secrets else []
    found.append(Row("keep", walls.keep if metric.deterministic else f"{walls.keep}, {walls.repeats} baseline runs"))
    found.append(Row("budget", budget(around.budgets)))
    found += [Row("by", around.by)] if around.by else []
    found += [Row("set", f"{key}={value}") for key, value in around.overrides]
    found += [Row("edited", around.edits)] if around.edits else []
    found += [Row("epoch", around.epoch)] if around.epoch else []
    return [Row(row.label, plain(row.value)) for row in found]


def budget(budgets: Budgets) -> str:
    """`12 experiments, 8 h, $10, 2M tokens`."""
    parts = [
        "" if budgets.experiments is None else f"{budgets.experiments} experiments",
        "" if budgets.hours is None else seconds(round(budgets.hours * 3600)),
        "" if budgets.usd is None else f"${budgets.usd:g}",
        "" if budgets.tokens is None else f"{count(budgets.tokens)} tokens",
    ]
    return ", ".join(filter(None, parts)) or "none: until it is stopped"


def lines(program: Program, around: Frame, columns: int) -> list[Line]:
    """The whole program in `columns`: the task in a sentence, the table, the prose."""
    columns = max(1, columns)
    said = task(program)
    found: list[Line] = [*wrapped([Piece(plain(said), "strong")], columns), []] if said else []
    for row in rows(program, around):
        found += _row(row, columns)
    prose = rendered(program.prose, columns)
    return [*found, [], *prose] if prose else found


def _row(row: Row, columns: int) -> list[Line]:
    if columns < 2 * LABEL:  # no room for two columns
        return wrapped([Piece(f"{row.label} ", "label"), Piece(row.value)], columns, rest=" ")
    return wrapped([Piece(row.value)], columns, f"{row.label:<{LABEL}}", " " * LABEL, "label")


def hint_lines(hints: list[HintRow], columns: int, most: int) -> list[Line]:
    """The newest hints and their fate in at most `most` lines, a heading included; none where there are none."""
    if not hints or most < 2:
        return []
    each = 2 if columns >= HINT_TEXT else 1
    shown = hints[-max(1, (most - 1) // each) :]
    hidden = len(hints) - len(shown)
    found: list[Line] = [[Piece(cut("hints" + (f"  {hidden} earlier" if hidden else ""), columns), "heading")]]
    for hint in shown:
        label = f"{hint.id:<4}"
        fate = hint.fate if width(hint.fate) <= columns - 4 else hint.brief
        found.append([Piece(label, "label"), Piece(cut(fate, max(0, columns - 4)), hint.kind)])
        if each == 2:
            found.append([Piece(" " * 4, "label"), Piece(cut(hint.text, columns - 4), "weak")])
    return found[:most]
