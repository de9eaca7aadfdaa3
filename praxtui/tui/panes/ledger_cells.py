"""The words and numbers of one row of the ledger. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from praxtui.journal.ledger import mean_metric
from praxtui.journal.shown import DASH, clock, delta, metric, plain, price
from praxtui.journal.state import Experiment, Run, State
from praxtui.tui.panes.ledger_filter import is_behind, wants_a_look
from praxtui.tui.widgets.columns import Cell, Column, Piece

BAR_SD = 3  # the noise bar goes from minus to plus this
BAR_STEPS = 2  # characters a standard deviation
BAR_WIDTH = 2 * BAR_SD * BAR_STEPS + 1
VERDICT_WIDTH = 14
MARKED, FLAGGED, HEAD = "=", "!", "*"


class Moment(NamedTuple):
    """What a row shows besides its experiment. `budget`: seconds a run may train; `estimates`: metric of what runs."""

    now: float
    budget: float | None = None
    estimates: Mapping[str, float] = {}
    marked: str | None = None


def columns(state: State) -> tuple[Column, ...]:
    """The columns that say something in this campaign: noise, cost and hints are left out where there are none."""
    epoch = state.epoch
    newest = next(reversed(state.experiments), "e0")
    noisy = epoch is not None and bool(epoch.noise_sd)
    found = [
        Column("sign", "", 1),
        Column("id", "id", max(3, len(newest)), gap=0),
        Column("verdict", "verdict", VERDICT_WIDTH),
        Column("metric", plain(epoch.metric) if epoch else "metric", _metric_width(state), 2, right=True),
        Column("delta", "delta", 8 if noisy else 9, 1, right=True),
    ]
    if noisy:
        found.append(Column("bar", "-3   ±sd   +3", BAR_WIDTH, 9, gap=1))
    found += [Column("runs", "runs", 4, 7, right=True, gap=1), Column("time", "time", 5, 6, right=True)]
    if state.spent.usd or state.spent.unpriced:
        found.append(Column("cost", "cost", 7, 8, right=True))
    found.append(Column("hypothesis", "hypothesis", 8, 3, grows=True, wish=20))
    if any(hint.used_by for hint in state.hints.values()):
        found.append(Column("hint", "hint", 4, 5, gap=1))
    return tuple(found)


def _metric_width(state: State) -> int:
    """Room for the metric's name and the mark of the sorting, up to a length at which it is cut; and for a number."""
    name = len(state.epoch.metric) if state.epoch else 6
    return max(8, min(name + 1, 12))


def cells(columns: tuple[Column, ...], state: State, e: Experiment, moment: Moment) -> list[Cell]:
    """The row's cells, one for each column."""
    make: dict[str, Callable[[], Cell]] = {
        "sign": lambda: sign(state, e, moment),
        "id": lambda: e.id,
        "verdict": lambda: verdict(state, e, moment),
        "metric": lambda: value(e, moment),
        "delta": lambda: difference(e),
        "bar": lambda: bar(e.delta_sd),
        "runs": lambda: str(len(e.runs)) if e.runs else DASH,
        "time": lambda: time(state, e, moment),
        "cost": lambda: cost(e),
        "hypothesis": lambda: hypothesis(state, e),
        "hint": lambda: Piece(" ".join(e.hints), "live"),
    }
    return [make[column.key]() for column in columns]


def sign(state: State, e: Experiment, moment: Moment) -> Piece:
    """One character before the id: marked, flagged, or the best one so far."""
    if e.id == moment.marked:
        return Piece(MARKED, "strong")
    if wants_a_look(e):
        return Piece(FLAGGED, "warn")
    return Piece(HEAD if e.id == state.head else "", "good")


def verdict(state: State, e: Experiment, moment: Moment) -> Cell:
    """What became of it, in words."""
    if e.verdict is None:
        return _undecided(state, e, moment)
    if e.verdict == "keep":
        return _kept(e)
    if is_behind(e):
        return Piece("discard behind", "weak")
    return Piece(plain(e.verdict), "bad" if e.verdict in ("crash", "invalid") else "weak")


def _kept(e: Experiment) -> Cell:
    if e.standing == "revoked":
        return Piece("revoked", "warn")
    if e.standing is None:
        return Piece("keep", "good")
    if e.standing == "provisional":
        return [Piece("keep ", "good"), Piece("prov.", "weak")]
    return Piece(f"keep {plain(e.standing)}", "good")


def _undecided(state: State, e: Experiment, moment: Moment) -> Piece:
    run = running(state, e)
    if run is not None:
        if run.use == "baseline":
            epoch = state.epoch
            total = 1 if epoch is None or epoch.deterministic else epoch.repeats
            done = sum(1 for other in e.runs if other.use == "baseline" and other.epoch == run.epoch)
            return Piece(f"baseline {done}/{max(done, total)}", "live")
        if run.killed:
            return Piece("being killed", "warn")
        share = (moment.now - (run.started or run.asked)) / moment.budget if moment.budget else None
        # Past its budget a run only ends and is evaluated: no percentage is true then.
        return Piece(f"running {share:.0%}" if share is not None and 0 <= share < 1 else "running", "live")
    if e.vetoed is not None:
        return Piece("vetoed", "warn")
    if e.runs and e.commit is not None and e.runs[-1].over:
        return Piece("judging" if e.runs[-1].metric is not None else "repairing", "live")
    if e.commit is None:
        return Piece("drafting", "weak")
    waits = state.autonomy == "review" and not e.approved
    return Piece("drafted, waits", "warn") if waits else Piece("drafted", "weak")


def running(state: State, e: Experiment) -> Run | None:
    """Its run that is under way; None where there is none."""
    for run in reversed(e.runs):
        if not run.over and f"{e.id}/{run.n}" in state.running:
            return run
    return None


def value(e: Experiment, moment: Moment) -> Cell:
    """The metric; with a tilde what a run that is under way says of it so far."""
    found = mean_metric(e)
    if found is None and e.id in moment.estimates:
        return Piece(f"{metric(moment.estimates[e.id])}~", "live")
    return metric(found) if found is not None else Piece(DASH, "weak")


def difference(e: Experiment) -> Cell:
    """The delta against the parent in noise units, positive is better; bare where noise is not known."""
    if e.delta_sd is not None and abs(e.delta_sd) >= 99.95:
        text = f"{e.delta_sd:+.0f} sd" if abs(e.delta_sd) < 1e4 else f"{e.delta_sd:+.0e}"
    elif e.delta_sd is None and e.delta:
        text = f"{e.delta:+.3g}"  # nine columns at most
    else:
        text = delta(e.delta, e.delta_sd)
    within = e.delta_sd is not None and abs(e.delta_sd) < 1
    return Piece(text, "weak" if within or text == DASH else "")


def bar(in_sd: float | None) -> Cell:
    """The delta on a scale from -3 to +3 sd; the line in its middle is what noise alone does, one sd to each side."""
    if in_sd is None or math.isnan(in_sd):
        return ""
    middle = BAR_SD * BAR_STEPS
    noise = range(middle - BAR_STEPS, middle + BAR_STEPS + 1)
    drawn = ["┼" if at == middle else "─" if at in noise else "·" for at in range(BAR_WIDTH)]
    at = round(max(-BAR_SD, min(BAR_SD, in_sd)) * BAR_STEPS) + middle
    mark = "◂" if in_sd < -BAR_SD else "▸" if in_sd > BAR_SD else "●"
    kind = "" if abs(in_sd) < 1 else "good" if in_sd > 0 else "bad"
    return [Piece("".join(drawn[:at]), "weak"), Piece(mark, kind), Piece("".join(drawn[at + 1 :]), "weak")]


def cost(e: Experiment) -> Cell:
    """What it cost; unknown where some of its tokens have no known price."""
    if e.verdict is None and not e.usd and not e.unpriced:
        return Piece(DASH, "weak")
    return price(None if e.unpriced else e.usd)


def time(state: State, e: Experiment, moment: Moment) -> Cell:
    """Seconds of all its runs, that under way included."""
    total = sum(run.seconds for run in e.runs)
    run = running(state, e)
    if run is None:
        return clock(total) if e.runs else Piece(DASH, "weak")
    return ticking(total + max(0.0, moment.now - (run.started or run.asked)))


def ticking(seconds: float) -> str:
    """A duration that grows while it is looked at: in whole seconds."""
    whole = math.floor(seconds)
    return f"0:{whole:02d}" if whole < 10 else clock(whole)


def hypothesis(state: State, e: Experiment) -> Cell:
    """What it tries; before it what a person must know, after it what became of it."""
    pieces: list[Piece] = []
    if e.flags and not is_behind(e):
        said = f"flag {', '.join(e.flags)}{', let stand' if e.reviewed else ''}: "
        pieces.append(Piece(said, "warn" if wants_a_look(e) else "weak"))
    if e.overruled is not None:
        pieces.append(Piece(f"{e.overruled_by or 'a person'} asks for {e.overruled}: ", "warn"))
    elif e.overruled_by is not None:
        pieces.append(Piece(f"overruled by {e.overruled_by}: ", "warn"))
    run = running(state, e)
    if e.verdict is not None and run is not None:
        pieces.append(Piece(f"{run.use} runs: ", "live"))
    after = e.reason if e.id != "e0" and e.reason != "behind" else None
    pieces.append(Piece(f"{e.title}  " if after else e.title) if e.title else Piece("being thought of  ", "weak"))
    if after:
        pieces.append(Piece(after, "weak"))
    return pieces
