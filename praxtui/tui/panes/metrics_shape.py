"""How the metrics pane divides its room: the plot of all tries, the run of now beside, below or instead of it. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from praxtui.journal.shown import metric, plain, width
from praxtui.journal.state import State
from praxtui.journal.status import best, best_observed, claimed_gain

BESIDE = (74, 5)
"""Columns and rows from which the run stands beside the plot."""
BELOW_FROM = 14  # rows from which it stands below it
LEAST = 36  # columns that it has beside it
CURVE = 3  # rows without which its large series is not drawn


class Shape(NamedTuple):
    """`how` both stand; `columns` and `rows` of the run's part, 0 where it is not shown. In it, from above: `best`, a
    line of how far it has come; `head` of the large series, its curve over `curve` rows; `series`, `gpus` lines."""

    how: Literal["beside", "below", "history", "run"]
    columns: int = 0
    rows: int = 0
    best: bool = False
    head: bool = False
    curve: int = 0
    series: int = 0
    gpus: int = 0


def shape(columns: int, rows: int, *, series: int, gpus: int, large: bool, run_first: bool = False) -> Shape:
    """For a pane of this size. `large`: the run has a series to draw; `series`: how many others; `run_first`: a person
    wants to see the run where there is room for one only."""
    if not large and not gpus:
        return Shape("history")
    if columns >= BESIDE[0] and rows >= BESIDE[1]:
        return _divided(Shape("beside", max(LEAST, columns * 2 // 5), rows, best=rows > BESIDE[1]), series, gpus, large)
    if rows >= BELOW_FROM:
        return _divided(Shape("below", columns, rows - rows * 11 // 20), series, gpus, large)
    return _divided(Shape("run", columns, rows), series, gpus, large) if run_first and large else Shape("history")


def _divided(part: Shape, series: int, gpus: int, large: bool) -> Shape:
    """The head first, then the first GPU, the curve, the other series, the other GPUs; the curve gets what is left."""
    left = part.rows - part.best - large
    first = min(1, gpus) if left > 1 else 0
    left -= first
    least = 1 if part.how == "run" else CURVE  # there it is all that keys can go to
    curve = min(left, max(CURVE, left // 2)) if large and left >= least else 0
    left -= curve
    shown = min(series, left)
    more = min(gpus - first, left - shown)
    left -= shown + more
    return part._replace(head=large, curve=curve + left if curve else 0, series=shown, gpus=first + more)


# --- words -----------------------------------------------------------------------------------------------------------


def progress(state: State) -> list[str]:
    """`best 0.9697` and `claimed +0.0271 ±.0006`: what was measured afresh, else what was observed, and says so."""
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
        words.append(f"claimed {gain:+.4g}" + (f" ±{half:.2g}".replace("±0.", "±.") if half else ""))
    return words


def best_line(state: State, columns: int) -> str:
    """How far it has come, at the end of a line of `columns`; as much of it as there is room for."""
    words = progress(state)
    while words and width("   ".join(words)) > columns:
        words.pop()
    return "   ".join(words).rjust(columns)


def heading(state: State, columns: int, *, best_below: bool) -> str:
    """What stands in the border: what is measured, and how far it has come where that is not said `best_below`."""
    epoch = state.epoch
    if epoch is None:
        return ""
    name, up = plain(epoch.metric), epoch.sign > 0
    more = f", epoch {epoch.number}" if epoch.number > 1 else ""
    long = f"{name}, {'higher' if up else 'lower'} is better{more}"
    short = f"{name} {'↑' if up else '↓'}{more}"
    said = [] if best_below else progress(state)
    for parts in ([long, *said], [short, *said], [short, *said[:1]], [long], [short]):
        words = "   ".join(parts)
        if width(words) <= columns:
            return words
    return short


def empty(state: State, output: str) -> str:
    """What will appear, where nothing was measured yet; `output`: the key of the output."""
    epoch = state.epoch
    name = plain(epoch.metric) if epoch is not None else "metric"
    return (
        f"Every experiment will have a mark here at its {name}, under the best so far as steps. First the baseline is "
        f"measured.\n\nThe live curve of a run comes as soon as it prints progress. {output} shows what it prints."
    )
