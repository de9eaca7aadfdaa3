"""What is said of one experiment around its parts: the numbers above them, its reflection, its runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from praxtui.journal.ledger import mean_metric
from praxtui.journal.logs import safe
from praxtui.journal.shown import DASH, clock, cost, cut, delta, metric, plain
from praxtui.journal.state import Experiment, Run, State
from praxtui.tui.panes.ledger_cells import Moment, running, ticking, verdict
from praxtui.tui.widgets.columns import Column, Piece, Slot, arranged, fitted
from praxtui.tui.widgets.folds import Line
from praxtui.tui.widgets.wrapping import wrapped

LABEL = 12
RUNS = (
    Column("n", "run", 3, right=True),
    Column("use", "use", 9),
    Column("seed", "seed", 5, 4, right=True),
    Column("metric", "metric", 9, right=True),
    Column("ended", "ended", 9, 2, grows=True),
    Column("exit", "exit", 4, 5, right=True),
    Column("time", "time", 6, 3, right=True),
    Column("usd", "cost", 8, 6, right=True),
)


def numbers(state: State, e: Experiment, now: float) -> Line:
    """`e45  keep prov.  val_bpb 0.9697  +1.1 sd  confidence 97%  2 runs, 5:25  $0.05`."""
    cell = verdict(state, e, Moment(now))
    pieces = [Piece(cell)] if isinstance(cell, str) else [cell] if isinstance(cell, Piece) else list(cell)
    name = plain(state.epoch.metric) if state.epoch else "metric"
    found = mean_metric(e)
    said = [Piece(f"{e.id}  ", "strong"), *pieces, Piece("  ")]
    said.append(Piece(f"{name} {metric(found)}  " if found is not None else "", "strong"))
    if e.delta is not None or e.delta_sd is not None:
        kind = "weak" if e.delta_sd is not None and abs(e.delta_sd) < 1 else ""
        said.append(Piece(f"{delta(e.delta, e.delta_sd)}  ", kind))
    if e.confidence is not None:
        said.append(Piece(f"confidence {e.confidence:.0%}  ", "weak"))
    said.append(Piece(f"{duration(state, e, now)}  ", "weak"))
    spent = cost(e.usd, e.unpriced)
    said.append(Piece(spent if e.usd or e.unpriced else "", "weak"))
    return tuple(piece for piece in said if piece.text)


def duration(state: State, e: Experiment, now: float) -> str:
    """`2 runs, 5:25`; of one under way in whole seconds."""
    if not e.runs:
        return "no run yet" if e.verdict is None else "no run"
    total = sum(run.seconds for run in e.runs)
    live = running(state, e)
    count = "1 run" if len(e.runs) == 1 else f"{len(e.runs)} runs"
    if live is None:
        return f"{count}, {clock(total)}"
    return f"{count}, {ticking(total + max(0.0, now - (live.started or live.asked)))}"


def header(state: State, e: Experiment, now: float, width: int, most: int) -> list[Line]:
    """What is known of the experiment, the most telling first, in at most `most` lines."""
    lines: list[Line] = [tuple(piece for piece in fitted(list(numbers(state, e, now)), width) if piece.text)]
    by = " ".join(word for word in (e.by, e.stance and f"({e.stance})") if word)
    facts: list[tuple[str, str, str]] = [
        ("hypothesis", e.title or ("the unchanged leaf" if e.id == "e0" else "being thought of"), "strong"),
        ("because", e.mechanism, ""),
        ("predicts", e.predicted, ""),
        ("reason", e.reason or "", "warn" if e.verdict in ("crash", "invalid") else ""),
        ("flags", _flags(e), "warn"),
        ("overruled", _overruled(e), "warn"),
        ("hints", _hints(state, e), ""),
        ("commit", _commits(e), "weak"),
        ("parent", f"{e.parent or DASH}, epoch {e.epoch}, by {plain(by)}", "weak"),
    ]
    kept = [(name, text, kind) for name, text, kind in facts if text][: max(0, most - 1)]
    spare = max(0, most - 1 - len(kept))
    label = LABEL if width >= 40 else 2
    for name, text, kind in kept:
        broken = wrapped(plain(safe(text)), max(1, width - label))
        more = min(spare, len(broken) - 1)
        spare -= more
        shown = broken[: 1 + more]
        if len(shown) < len(broken):
            shown[-1] = cut(f"{shown[-1]}…", max(1, width - label))
        head = f"{name:<{LABEL}}" if label == LABEL else "  "
        lines += [(Piece(head if n == 0 else " " * label, "weak"), Piece(line, kind)) for n, line in enumerate(shown)]
    return lines[: max(0, most)]


def _flags(e: Experiment) -> str:
    return f"{', '.join(e.flags)}{', let stand by a person' if e.reviewed else ''}" if e.flags else ""


def _overruled(e: Experiment) -> str:
    if e.overruled is not None:
        return f"{e.overruled_by or 'a person'} asks for {e.overruled}"
    return f"by {e.overruled_by}" if e.overruled_by else ""


def _hints(state: State, e: Experiment) -> str:
    return "; ".join(f"{id}: {state.hints[id].text}" if id in state.hints else id for id in e.hints)


def _commits(e: Experiment) -> str:
    if not e.commit:
        return ""
    return f"{e.commit[:10]}" + (f", on the branch {e.branch_commit[:10]}" if e.branch_commit else "")


# --- parts -----------------------------------------------------------------------------------------------------------


def reflection(state: State, e: Experiment, width: int) -> list[Line]:
    """Whether the mechanism held, and what was learned; before that, when it will be said."""
    if e.reflected is None:
        if e.id == "e0":
            said = "The baseline tests no hypothesis: there is nothing to reflect on."
        elif e.verdict is None:
            said = "Once it is judged, the researcher says here whether its mechanism held, and what was learned."
        elif state.ended:
            said = "Nobody said what was learned from it before the campaign ended."
        else:
            said = "It is judged; what was learned from it has not been said yet."
        return [(Piece(line, "weak"),) for line in wrapped(said, width)]
    kind = {"confirmed": "good", "refuted": "bad"}.get(e.reflected, "warn")
    facts = [
        ("mechanism", e.reflected, kind),
        ("because", e.mechanism, "weak"),
        ("predicted", e.predicted, "weak"),
        ("measured", _measured(state, e), ""),
        ("learned", e.revision, "strong"),
        ("note", e.note or "", ""),
    ]
    return list(labelled(facts, width))


def _measured(state: State, e: Experiment) -> str:
    found = mean_metric(e)
    if found is None:
        return ""
    name = plain(state.epoch.metric) if state.epoch else "metric"
    known = e.delta is not None or e.delta_sd is not None
    return f"{name} {metric(found)}{f', {delta(e.delta, e.delta_sd)}' if known else ''}"


def labelled(facts: Iterable[tuple[str, str, str]], width: int) -> Iterable[Line]:
    """Names and texts (and their kinds), each text wrapped beside its name; a blank line between them."""
    label = LABEL if width >= 40 else 2
    for name, text, kind in facts:
        if not text:
            continue
        if label != LABEL:
            yield (Piece(name, "weak"),)
        broken = [
            line for part in text.split("\n") for line in wrapped(safe(part), max(1, width - label))
        ]  # fmt: skip
        for n, line in enumerate(broken):
            yield (Piece(f"{name:<{LABEL}}" if n == 0 and label == LABEL else " " * label, "weak"), Piece(line, kind))
        yield (Piece(""),)


def runs(state: State, e: Experiment, now: float, width: int) -> list[Line]:
    """A table of its runs."""
    if not e.runs:
        return [(Piece("Its runs will stand here, with their seeds, once it runs.", "weak"),)]
    slots = arranged(RUNS, width)
    lines = [_cells([Piece(column.title, "weak") for column in RUNS], slots)]
    return lines + [_cells(_run(state, run, now), slots) for run in e.runs]


def _run(state: State, run: Run, now: float) -> list[Piece]:
    if not run.over:
        time, ended, kind = ticking(max(0.0, now - (run.started or run.asked))), "running", "live"
    else:
        time = clock(run.seconds)
        ended = run.broke or run.reason or run.why or ""
        kind = "" if run.metric is not None else "bad"
    if run.killed:
        ended, kind = f"killed by {run.killed}", "warn"
    return [
        Piece(str(run.n)),
        Piece(run.use),
        Piece(str(run.seed)),
        Piece(metric(run.metric), "strong" if run.metric is not None else "weak"),
        Piece(safe(ended), kind),
        Piece(str(run.exit) if run.exit is not None else DASH, "bad" if run.exit else ""),
        Piece(time),
        Piece(cost(run.usd, 0) if run.usd else DASH, "weak"),
    ]


def _cells(cells: Sequence[Piece], slots: Sequence[Slot]) -> Line:
    line: list[Piece] = []
    at = 0
    for slot in slots:
        if slot.at > at:
            line.append(Piece(" " * (slot.at - at)))
        line += fitted(cells[slot.column], slot.width, slot.right)
        at = slot.at + slot.width
    return tuple(line)
