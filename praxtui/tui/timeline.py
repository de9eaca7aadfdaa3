"""The timeline of a replay: what its two lines say, and what its keys do to the controls. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from praxtui.journal.shown import clock, width
from praxtui.tui.sources.protocol import Controls, Mark

SHAPES: dict[str, str] = {
    "revoked": "○",
    "keep": "●",
    "hint": "?",
    "steer": "▴",
    "crash": "×",  # noqa: RUF001
    "invalid": "!",
    "void": "-",
    "end": "|",
    "discard": "·",
}
"""How each kind of mark looks; where several share a column, the first of these is shown."""

DONE, KNOB, LEFT = "━", "◆", "─"
GAP = 2  # columns between the bar and the words
LEAST_BAR = 12
DAY_S = 86_400.0
RANK = {kind: rank for rank, kind in enumerate(SHAPES)}


class Words(NamedTuple):
    """What stands right of the marks and right of the bar."""

    above: str
    below: str


def column(where: float, columns: int) -> int:
    """The column of a bar of `columns` that stands for a share of the whole."""
    return min(max(0, round(where * (columns - 1))), max(0, columns - 1))


def share(at: int, columns: int) -> float:
    """The share of the whole that a column of a bar stands for."""
    return min(max(0.0, at / (columns - 1)), 1.0) if columns > 1 else 0.0


def placed(marks: Sequence[Mark], columns: int) -> dict[int, Mark]:
    """The mark that is shown in each column of the bar that has any."""
    found: dict[int, Mark] = {}
    for mark in marks:
        at = column(mark.where, columns)
        other = found.get(at)
        if other is None or RANK.get(mark.kind, len(RANK)) <= RANK.get(other.kind, len(RANK)):
            found[at] = mark
    return found


def nearest(marks: Sequence[Mark], at: int, columns: int, reach: int = 1) -> Mark | None:
    """The mark shown at a column, or at most `reach` beside it."""
    shown = placed(marks, columns)
    return next((shown[at + off] for off in sorted(range(-reach, reach + 1), key=abs) if at + off in shown), None)


def words(controls: Controls, now: float, columns: int) -> Words:
    """The words that leave at least LEAST_BAR of `columns` to the bar: as many as fit, fewer where it is narrow."""
    for found in _choices(controls, now):
        if columns - max(width(found.above), width(found.below)) - GAP >= max(LEAST_BAR, columns // 3):
            return found
    return Words("", "")


def _choices(controls: Controls, now: float) -> list[Words]:
    begin, end = controls.span
    speed = f"{controls.speed:g}x"
    doing = "playing" if controls.playing else "at the end" if controls.at_end else "standing"
    sign = "▸" if controls.playing else "="
    waiting = "skips the waiting" if controls.skips else "with the waiting"
    if not controls.timed:
        tick = _experiments(controls)
        return [
            Words(f"{tick}, without timings", f"{sign} {doing} {speed}, one a second"),
            Words(tick, f"{sign} {doing} {speed}"),
            Words("", f"{sign} {speed}"),
        ]
    moment = datetime.fromtimestamp(now)
    at = f"{moment:%b %d %H:%M:%S}" if end - begin > DAY_S else f"{moment:%H:%M:%S}"
    passed = f"{clock(math.floor(now - begin))} of {clock(math.floor(end - begin))}"
    return [
        Words(f"{at}  {passed}", f"{sign} {doing} {speed}, {waiting}"),
        Words(f"{moment:%H:%M:%S}  {passed}", f"{sign} {doing} {speed}"),
        Words(f"{moment:%H:%M:%S}", f"{sign} {speed}"),
        Words("", f"{sign} {speed}"),
    ]


def _experiments(controls: Controls) -> str:
    total = round(controls.span[1] - controls.span[0])
    return f"{round(controls.where * total) if total else 0} of {total}"


ACTS: dict[str, Callable[[Controls], None]] = {
    "play": lambda controls: controls.play(not controls.playing),
    "previous_experiment": lambda controls: controls.step(-1),
    "next_experiment": lambda controls: controls.step(1),
    "previous_keep": lambda controls: controls.step(-1, "keep"),
    "next_keep": lambda controls: controls.step(1, "keep"),
    "slower": lambda controls: controls.set_speed(controls.speed / 2),
    "faster": lambda controls: controls.set_speed(controls.speed * 2),
    "earlier": lambda controls: controls.step(-1, "second"),
    "later": lambda controls: controls.step(1, "second"),
    "skip": lambda controls: controls.skip(not controls.skips),
    "begin": lambda controls: controls.seek(0.0),
    "live": lambda controls: controls.seek(1.0),
}
"""What each action of a replay does, by its name in the table of actions."""
