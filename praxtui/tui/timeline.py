"""The timeline of a replay: what its two lines say, and what its keys do to the controls. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
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
PLAYING, STANDING = "▸", "="
GAP = 2  # columns between the bar and the words
LEAST_BAR = 12
DAY_S = 86_400.0
RANK = {kind: rank for rank, kind in enumerate(SHAPES)}


class Words(NamedTuple):
    """What stands right of the marks and right of the bar, and the columns kept for it, so that the bar stays as long
    as it is while the words change."""

    above: str
    below: str
    columns: int


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
        if columns - found.columns - GAP >= max(LEAST_BAR, columns // 3):
            return found
    return Words("", "", 0)


def _choices(controls: Controls, now: float) -> Iterator[Words]:
    begin, end = controls.span
    doing = "playing" if controls.playing else "at the end" if controls.at_end else "standing"
    sign = PLAYING if controls.playing else STANDING
    waiting = "skips the waiting" if controls.skips else "with the waiting"
    if controls.timed:
        moment = datetime.fromtimestamp(now)
        at = f"{moment:%H:%M:%S}"
        dated = f"{moment:%b %d} {at}" if end - begin > DAY_S else at
        total = _passed(end - begin)
        passed = f"{_passed(now - begin):>{len(total)}} of {total}"
    else:
        dated, passed, at = _experiments(controls), "without timings", ""
        waiting = "one a second"
    speed = f"{controls.speed:g}x"
    longest = f"{sign} {speed} at the end"
    for above, below, most in (
        (f"{dated}  {passed}", f"{sign} {speed} {doing}, {waiting}", f"{longest}, skips the waiting"),
        (f"{at or dated}  {passed}", f"{sign} {speed} {doing}", longest),
        (at or dated, f"{sign} {speed}", f"{sign} {speed}"),
        ("", f"{sign} {speed}", f"{sign} {speed}"),
    ):
        yield Words(above, below, max(width(above), width(most)))


def _passed(seconds: float) -> str:
    """Time since the beginning, in whole seconds: `0:04`, `12:31`, `5h12`."""
    whole = math.floor(max(0.0, seconds))
    return f"0:{whole:02d}" if whole < 10 else clock(whole)


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
