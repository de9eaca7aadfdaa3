"""What the metrics pane draws, from the state of a campaign and the series of its runs. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from praxtui.journal.curves import Curve
from praxtui.journal.ledger import mean_metric
from praxtui.journal.shown import metric
from praxtui.journal.state import Epoch, Experiment, State
from praxtui.journal.status import baseline_value, best, best_observed, claimed_gain
from praxtui.tui.status_line import running
from praxtui.tui.widgets.braille import Trace, Window

AXES = ("experiments", "time", "USD")
MARKS = {"keep": "●", "revoked": "○", "discard": "·", "crash": "x", "running": "◆"}


class Try(NamedTuple):
    """An experiment on the plot. `value` None: it has none, as a crash. `kind` is a key of MARKS."""

    id: str
    x: float
    value: float | None
    kind: str


class History(NamedTuple):
    """What was tried in the epoch of now, in order, and the best so far: (x, value) at each improvement."""

    tries: list[Try]
    best: list[tuple[float, float]]
    last: float  # where the best so far is drawn to
    sign: int


def history(state: State, axis: str, now: float) -> History:
    """The tries over experiments (their number), time (hours since the campaign began) or USD (spent before)."""
    epoch = state.epoch
    if epoch is None:
        return History([], [], 0.0, -1)
    tries: list[Try] = []
    steps: list[tuple[float, float]] = []
    spent = 0.0
    live = running(state)
    for e in state.experiments.values():
        spent += e.usd + sum(run.usd for run in e.runs)
        found = _try(e, epoch, _x(e, axis, state, now, spent), live is not None and live[0] == e.id, state)
        if found is None:
            continue
        tries.append(found)
        value = found.value
        if found.kind == "keep" and value is not None and (not steps or epoch.sign * (value - steps[-1][1]) > 0):
            steps.append((found.x, value))
    return History(tries, steps, max((t.x for t in tries), default=0.0), epoch.sign)


def _x(e: Experiment, axis: str, state: State, now: float, spent: float) -> float:
    if axis == "experiments":
        return float(e.number)
    if axis == "USD":
        return spent
    return max(0.0, (e.judged or now) - state.created) / 3600


def _try(e: Experiment, epoch: Epoch, x: float, live: bool, state: State) -> Try | None:
    """None for what has no place on the plot: drafts, other epochs, what a person or a fault ended."""
    if e.id == epoch.head:
        value = baseline_value(state)
        return None if value is None else Try(e.id, x, value, "keep")
    if e.epoch != epoch.number:
        return None
    if live and e.verdict is None:
        return Try(e.id, x, None, "running")
    kind = "revoked" if e.standing == "revoked" else e.verdict
    if kind not in ("keep", "revoked", "discard", "crash"):
        return None
    value = mean_metric(e)
    return Try(e.id, x, value, kind if value is not None else "crash")


def scale(found: History, *, log: bool = False) -> tuple[float, float] | None:
    """Bottom and top of the plot: all that was kept, and of the rest what lies about as far away as most of it.

    One try that went astray must not flatten the picture; how many are off it is said beside it.
    """
    kept = [t.value for t in found.tries if t.kind in ("keep", "revoked") and t.value is not None]
    every = [t.value for t in found.tries if t.value is not None and math.isfinite(t.value)]
    if not every:
        return None
    kept = kept or every
    low, high = min(kept), max(kept)
    middle = statistics.median(every)
    spread = statistics.median(abs(value - middle) for value in every)
    reach = max(high - low, 4 * spread)
    inside = [value for value in every if low - reach <= value <= high + reach]
    low, high = min([low, *inside]), max([high, *inside])
    pad = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    bottom = low - pad
    return (low / 1.02 if log and bottom <= 0 < low else bottom), high + pad


def off_scale(found: History, window: Window) -> int:
    """How many tries with a value are above or below the window."""
    return sum(1 for t in found.tries if t.value is not None and not window.bottom <= t.value <= window.top)


def traces(found: History, window: Window) -> list[Trace]:
    """The best so far as steps, under marks for every try; those without a value stand on the bottom line."""
    made = []
    if found.best:
        xs = [x for x, _ in found.best]
        ys = [y for _, y in found.best]
        made.append(Trace([*xs, max(found.last, xs[-1])], [*ys, ys[-1]], "best", "step"))
    for kind in ("discard", "crash", "running", "revoked", "keep"):
        here = [t for t in found.tries if t.kind == kind]
        ys = [window.bottom if t.value is None else t.value for t in here]
        made.append(Trace([t.x for t in here], ys, kind, "marks", MARKS[kind]))
    return made


def caption(state: State) -> str:
    """`best 0.9697   claimed +0.0271 ±.0006`: what is measured afresh, else what was observed, and says so."""
    value = best(state)
    words = []
    if value is not None:
        words.append(f"best {metric(value)}")
    elif (seen := best_observed(state)) is not None:
        words.append(f"best {metric(seen)} observed")
    claim = claimed_gain(state)
    gain, low, high = claim["value"], claim["low"], claim["high"]
    if gain is not None and low is not None and high is not None:
        half = (high - low) / 2
        words.append(f"claimed {gain:+.4g}" + (f" ±{half:.2g}" if half else ""))
    return "   ".join(words)


# --- series of a run ------------------------------------------------------------------------------------------------


def latest(values: Sequence[float]) -> str:
    """The last value, short: `3.214`, `412k`."""
    if not values:
        return "-"
    value = values[-1]
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10_000:
        for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"{value / size:.3g}{unit}"
    return metric(value)


def main_series(names: Iterable[str], wanted: str | None) -> str | None:
    """The series that is drawn large: `metric.curve` where the run has it, else the first one."""
    there = list(names)
    return wanted if wanted in there else there[0] if there else None


def value_at(curve: Curve, step: float) -> float | None:
    """The value of a curve at the last step that is not beyond `step`."""
    found = None
    for at, value in zip(curve.step, curve.value, strict=True):
        if at > step:
            break
        found = value
    return found


def window_of(curves: Sequence[Curve], *, log: bool = False) -> Window | None:
    """Every step of these curves. The first tenth sets no bounds: a loss falls from far above the rest."""
    steps = [step for curve in curves for step in curve.step]
    values = [v for curve in curves for v in curve.value[len(curve.value) // 10 :] if math.isfinite(v)]
    values = values or [v for curve in curves for v in curve.value if math.isfinite(v)]
    if not steps or not values:
        return None
    low, high = min(values), max(values)
    pad = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    bottom = low / 1.02 if log and low - pad <= 0 < low else low - pad
    return Window(min(steps), max(steps), bottom, high + pad)


def shown_names(series: Mapping[str, Curve], main: str | None, hidden: frozenset[str]) -> list[str]:
    """The series that have a line of their own beside the large one, in the order in which the run prints them."""
    return [name for name in series if name != main and name not in hidden]
