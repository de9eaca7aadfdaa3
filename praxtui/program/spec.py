"""The specification that `program.md` carries, typed and immutable. No YAML here: importing this is cheap."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from praxtui.errors import UserError

GRACE_S = 60.0
"""Seconds that the default of `loop.timeout` adds to twice the budget: start-up, evaluation, a slow disk."""


class Limit(Struct, frozen=True):
    """A wall for a summary value of a run: the value must stand in relation `op` to `value`."""

    op: Literal["<=", "<", ">=", ">"]
    value: float

    def holds(self, measured: float) -> bool:
        """Whether `measured` respects the limit; NaN never does."""
        if self.op == "<=":
            return measured <= self.value
        if self.op == "<":
            return measured < self.value
        return measured >= self.value if self.op == ">=" else measured > self.value

    def __str__(self) -> str:
        return f"{self.op} {self.value:g}"


class Space(Struct, frozen=True):
    """Where `sweep` may look for one constant: a range [low, high], or choices, or nowhere (`exclude`).

    `log` is None where the program does not say whether the range is searched on a logarithmic scale.
    """

    low: int | float | None = None
    high: int | float | None = None
    log: bool | None = None
    choices: tuple[Any, ...] = ()
    exclude: bool = False

    def __str__(self) -> str:
        if self.exclude:
            return "left alone"
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        return f"{self.low:g} to {self.high:g}" + (", log scale" if self.log else "")


class Metric(Struct, frozen=True):
    """What "better" means."""

    name: str
    goal: Literal["minimize", "maximize"] = "minimize"
    target: float | None = None
    bound: float | None = None
    deterministic: bool = False
    holdout: str | None = None
    curve: str | None = None
    also: tuple[str, ...] = ()


class Levers(Struct, frozen=True):
    """What may change: globs of files (`praxtui.program.globs`), and ranges by constant, `NAME` or `file.py:NAME`."""

    edit: tuple[str, ...]
    new: tuple[str, ...] = ()
    space: dict[str, Space] = {}


class Loop(Struct, frozen=True):
    """How feedback is obtained. `budget` and `timeout` are seconds; timeout 0 becomes twice the budget and 60."""

    run: str
    setup: str | None = None
    data: tuple[str, ...] = ()
    evaluate: str | None = None
    artifacts: tuple[str, ...] = ()
    check: str | None = None
    budget: float = 60.0
    timeout: float = 0.0
    requires: tuple[str, ...] = ()
    python: str = "auto"
    gpus: int | Literal["auto"] = "auto"
    place: Literal["local", "ray", "slurm", "modal"] = "local"
    ray: dict[str, Any] = {}
    slurm: dict[str, Any] = {}
    modal: dict[str, Any] = {}
    slots: int = 1
    lookahead: int = 1
    search: Literal["greedy", "tree"] = "greedy"
    early_stop: Literal["off", "shadow", "auto"] = "auto"

    def __post_init__(self) -> None:
        if not self.timeout:
            force_setattr(self, "timeout", 2 * self.budget + GRACE_S)


class Constraints(Struct, frozen=True):
    """The walls. None for a budget means no limit of that kind; `hours` is a number of hours."""

    keep: Literal["fast", "strict"] = "fast"
    repeats: int = 5
    limits: dict[str, Limit] = {}
    network: Literal["none", "setup", "run"] = "setup"
    secrets: tuple[str, ...] = ()
    experiments: int | None = None
    hours: float | None = 8.0
    usd: float | None = 10.0
    tokens: int | None = None
    gpu_usd_per_hour: float | None = None


class Program(Struct, frozen=True):
    """A whole `program.md`. Its mappings are to be read only.

    `text` is the file as it stands, `prose` the Markdown after the front matter, `lines` the 1-based line of every
    dotted key that the file gives (what it does not give has its default and is not in `lines`).
    """

    metric: Metric
    levers: Levers
    loop: Loop
    constraints: Constraints = Constraints()
    report: dict[str, Any] = {}
    path: Path | None = None
    text: str = ""
    prose: str = ""
    lines: dict[str, int] = {}

    @property
    def sign(self) -> int:
        """+1 where larger is better, -1 where smaller is."""
        return 1 if self.metric.goal == "maximize" else -1

    def better(self, a: float, b: float) -> bool:
        """Whether `a` is strictly better than `b` by the goal; False where either is NaN."""
        return self.sign * a > self.sign * b

    @property
    def metric_by(self) -> Literal["evaluator", "lever"]:
        """Who prints the metric: the sealed evaluator, or the run itself."""
        return "evaluator" if self.loop.evaluate else "lever"

    @property
    def early_stop(self) -> Literal["off", "shadow", "auto"]:
        """`loop.early_stop` as it takes effect: off where there is no curve to judge by."""
        return self.loop.early_stop if self.metric.curve else "off"

    def comparability(self) -> dict[str, Any]:
        """The part, as plain data by dotted key, whose change makes results incomparable and opens a new epoch."""
        metric, levers, loop = self.metric, self.levers, self.loop
        return {
            "metric.name": metric.name,
            "metric.goal": metric.goal,
            "metric.deterministic": metric.deterministic,
            "metric.holdout": metric.holdout,
            "levers.edit": list(levers.edit),
            "levers.new": list(levers.new),
            "loop.setup": loop.setup,
            "loop.data": list(loop.data),
            "loop.run": loop.run,
            "loop.evaluate": loop.evaluate,
            "loop.artifacts": list(loop.artifacts),
            "loop.budget": loop.budget,
            "loop.timeout": loop.timeout,
        }


class Problem(Struct, frozen=True):
    """One thing wrong with a program, as one sentence. `line` is 1-based, 0 where no line is to blame."""

    file: str
    line: int
    key: str
    found: str
    valid: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        said = [f"{where}: {self.key}: {self.found}" if self.key else f"{where}: {self.found}"]
        # The list of all keys is noise where one key is clearly meant.
        if self.valid and not (self.nearest and self.found == UNKNOWN):
            said.append(f"valid: {self.valid}")
        if self.nearest:
            said.append(f"nearest: {self.nearest}")
        return "; ".join(said)


UNKNOWN = "unknown key"


class ProgramError(UserError):
    """A program that cannot be used; `problems` holds everything that is wrong with it, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...], *, fix: str | None = None) -> None:
        super().__init__("\n".join(map(str, problems)), fix=fix)
        self.problems = problems


def shown(path: Path | None) -> str:
    """How a program's path reads in messages: relative to the working directory where it lies inside it."""
    if path is None:
        return "program.md"
    full = os.path.abspath(path)
    here = os.getcwd()
    return os.path.relpath(full, here) if full.startswith(here.rstrip("/") + "/") else full


def seconds(duration: float) -> str:
    """A duration in seconds for people: `90 s`, `5 min`, `1 h 30 min`, `0.5 s`."""
    if duration < 120 or not math.isfinite(duration):
        return f"{duration:g} s"
    whole = round(duration)
    parts = [(whole // 3600, "h"), (whole % 3600 // 60, "min"), (whole % 60, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n)
