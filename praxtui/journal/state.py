"""What a campaign is at one point of its journal. Built by `fold` alone; treat it as read-only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from praxtui.journal.facts import Budgets


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One execution of an experiment. Times in seconds since 1970; `why` is None while it runs."""

    n: int
    use: str
    seed: int
    epoch: int
    commit: str
    asked: float
    trial: int | None = None
    pair: int | None = None
    why: str | None = None
    exit: int | None = None
    metric: float | None = None
    started: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    usd: float = 0.0
    gpu_seconds: float = 0.0
    reason: str | None = None
    broke: str | None = None
    killed: str | None = None
    values: dict[str, float] = {}

    @property
    def over(self) -> bool:
        """Whether the run has ended, however it ended."""
        return self.why is not None


class Experiment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One hypothesis and what became of it; `e0` is the unchanged leaf."""

    id: str
    epoch: int
    parent: str | None
    base: str
    by: str
    begun: float
    title: str = ""
    mechanism: str = ""
    predicted: str = ""
    hints: tuple[str, ...] = ()
    detail: dict[str, Any] = {}
    stated: bool = False
    refusals: tuple[str, ...] = ()
    draft: int = 0
    commit: str | None = None
    levers: tuple[str, ...] = ()
    files: dict[str, str | None] = {}
    diff: str | None = None
    state_key: str | None = None
    lines: int = 0
    carried: bool = False
    approved: bool = False
    vetoed: str | None = None
    overruled: str | None = None
    overruled_by: str | None = None
    overruled_at: float | None = None
    runs: tuple[Run, ...] = ()
    verdict: str | None = None
    standing: str | None = None
    delta: float | None = None
    delta_sd: float | None = None
    confidence: float | None = None
    bar: float | None = None
    flags: tuple[str, ...] = ()
    reviewed: bool = False
    reason: str | None = None
    branch_commit: str | None = None
    reflected: str | None = None
    revision: str = ""
    note: str | None = None
    judged: float | None = None
    usd: float = 0.0
    tokens: int = 0
    cached: int = 0
    output: int = 0
    unpriced: int = 0
    stance: str = ""
    change: str | None = None

    @property
    def number(self) -> int:
        """The n of `en`."""
        return int(self.id[1:])

    def measured(self, *uses: str, epoch: int | None = None) -> list[Run]:
        """Ended runs that gave a metric, of these uses (all if none is named), in this epoch (any if None)."""
        return [
            run
            for run in self.runs
            if run.metric is not None and (not uses or run.use in uses) and epoch in (None, run.epoch)
        ]


class Epoch(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of a campaign in which results are comparable. `head` is the experiment measured as its baseline."""

    number: int
    reason: str
    program: str
    base: str
    head: str
    goal: str
    metric: str
    metric_by: str
    deterministic: bool
    target: float | None
    keep: str
    repeats: int
    holdout: str | None
    data: str | None
    uncommitted: tuple[str, ...]
    opened: float
    noise_sd: float | None = None
    noise_dof: int = 0

    @property
    def sign(self) -> int:
        """+1 where a larger metric is better, else -1."""
        return 1 if self.goal == "maximize" else -1


class Trial(msgspec.Struct, frozen=True, array_like=True):
    """Fresh paired runs of two states of the branch, and what they said; `restored` once the branch went back."""

    number: int
    kind: str
    epoch: int
    head: str
    base: str
    members: tuple[str, ...]
    plan: dict[str, Any] = {}
    outcome: str | None = None
    pairs: int = 0
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    restored: bool = False


class Hint(msgspec.Struct, frozen=True, array_like=True):
    """A person's sentence, and the experiments that used it."""

    id: str
    text: str
    by: str
    given: float
    used_by: tuple[str, ...] = ()
    withdrawn: bool = False


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """A gain over the baseline that no selection touched, with its 95% interval; `best` is the head's fresh mean."""

    experiment: str
    best: float | None
    value: float | None
    low: float | None
    high: float | None


class Spending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was used so far. `seconds`: live and not paused; `run_seconds`: while a training process was there.

    Of `tokens`, `cached` came from a provider's cache, `output` were written by a model, and `unpriced` have no known
    price, so that `usd` is less than what was spent.
    """

    usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    run_seconds: float = 0.0
    gpu_seconds: float = 0.0
    cached: int = 0
    output: int = 0
    unpriced: int = 0


class ProgramEdit(msgspec.Struct, frozen=True, array_like=True):
    """A person's edit of program.md: when it was taken, and the blob of its unified diff."""

    at: float
    diff: str


class State(msgspec.Struct, array_like=True):
    """The fold of a journal. `seq` is that of the last event in it; `at` the latest time of any, and `clock` the time
    that the last one was written at: earlier than `at` where the machine's clock was set back between two engines.
    `waits` is everything that is waited for, cause to reason; `waiting` and `waiting_reason` are the latest of them.
    `waits_since` (by cause), `paused_since` and `ended_at` say from when on, in seconds since 1970."""

    seq: int = 0
    at: float = 0.0
    clock: float = 0.0
    id: str = ""
    leaf: str = ""
    leaf_name: str = ""
    researcher: str = ""
    models: list[str] = []
    seed: int = 0
    program: str = ""
    budgets: Budgets = Budgets()
    lookahead: int = 1
    autonomy: str = "auto"
    unsandboxed: bool = False
    after: list[str] = []
    overrides: dict[str, str] = {}
    forked_from: str | None = None
    start_commit: str | None = None
    created: float = 0.0
    praxtui: str = ""

    epochs: list[Epoch] = []
    experiments: dict[str, Experiment] = {}
    trials: list[Trial] = []
    hints: dict[str, Hint] = {}
    head: str | None = None
    branch_head: str | None = None
    claim: Claim | None = None
    target_met: str | None = None

    engine_live: bool = False
    engine_pid: int | None = None
    engine_since: float | None = None
    sandbox: str = ""
    sandbox_findings: dict[str, str] = {}
    setup_key: str | None = None
    setup_running: bool = False
    data: str | None = None
    running: list[str] = []
    paused: bool = False
    stop: str | None = None
    waiting: str | None = None
    waiting_reason: str | None = None
    waits: dict[str, str] = {}
    program_edits: list[ProgramEdit] = []
    ended: str | None = None
    end_reason: str | None = None
    exit_code: int = 0
    commands: int = 0

    spent: Spending = Spending()
    free_since: float | None = None
    turnarounds: list[float] = []
    idle_seconds: float = 0.0
    first_run: float | None = None

    waits_since: dict[str, float] = {}
    paused_since: float | None = None
    ended_at: float | None = None

    @property
    def epoch(self) -> Epoch | None:
        """The epoch of now; None before the first is opened."""
        return self.epochs[-1] if self.epochs else None

    def children(self) -> Iterator[Experiment]:
        """All experiments but the baseline, in order."""
        return (experiment for experiment in self.experiments.values() if experiment.id != "e0")

    @property
    def counted(self) -> int:
        """Experiments as count and as budget: rows judged keep, discard, crash or invalid, without `e0`."""
        return sum(1 for e in self.children() if e.verdict in COUNTED)

    @property
    def next_id(self) -> str:
        """The id of the experiment that is drafted next."""
        return f"e{max((e.number for e in self.experiments.values()), default=-1) + 1}"


COUNTED = frozenset({"keep", "discard", "crash", "invalid"})
