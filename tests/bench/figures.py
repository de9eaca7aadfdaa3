"""Measured figures: what was measured, how often, and how it stands against its target."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One row of the table. `values`: the single measurements, in `unit`; `most`: the target, in the same unit.

    `by`: which of median and p95 counts. `key`: its name in the JSON object; of two rows with the same key the larger
    value stands there. `cpu`: the processor time of each measurement, which other work on the machine changes little.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    most: float | None = None
    by: Literal["median", "p95"] = "median"
    key: str | None = None
    cpu: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """The smallest value that 95% of all do not exceed (nearest rank)."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]

    @property
    def value(self) -> float:
        """What counts of the measurements."""
        return self.p95 if self.by == "p95" else self.median

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.most is None else self.value <= self.most


HEAD = ("", "unit", "median", "p95", "min", "max", "n", "cpu", "target", "")


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text, one a line."""
    rows = [HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:-1], widths[2:-1], strict=True)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def summary(figures: Sequence[Figure]) -> dict[str, float]:
    """The figures that have a key, by key."""
    found: dict[str, float] = {}
    for figure in figures:
        if figure.key is not None:
            found[figure.key] = max(round(figure.value, 4), found.get(figure.key, 0.0))
            if figure.cpu:
                found[f"{figure.key}_cpu"] = round(statistics.median(figure.cpu), 4)
    return found


def _row(figure: Figure) -> tuple[str, ...]:
    shown = (_number(value) for value in (figure.median, figure.p95, min(figure.values), max(figure.values)))
    target = "" if figure.most is None else f"{figure.by} <= {_number(figure.most)}"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.reached]
    cpu = _number(statistics.median(figure.cpu)) if figure.cpu else ""
    return (figure.name, figure.unit, *shown, str(len(figure.values)), cpu, target, verdict)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
