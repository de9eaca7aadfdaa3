"""What happens in a campaign, as facts: small typed records, written once and never changed.

Each fact has a kind (its name in the journal) and a version. A field may be added with a default without a new version;
anything else gets one, with an entry in `events.UPGRADES` that reads the older form.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=False, omit_defaults=True):
    """Something that happened. Subclasses are listed in `KINDS`."""

    version: ClassVar[int] = 1


class Budgets(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a campaign may use; None is without limit. Hours are wall-clock hours of a live, unpaused engine."""

    experiments: int | None = None
    hours: float | None = None
    usd: float | None = None
    tokens: int | None = None


# --- the campaign and its engine ---------------------------------------------------------------------------------


class CampaignCreated(Fact, frozen=True):
    """The request that began a campaign. `program` is the blob of program.md as it stood."""

    id: str
    leaf: str
    leaf_name: str
    researcher: str
    seed: int
    program: str
    budgets: Budgets
    praxtui: str
    models: list[str] = []
    lookahead: int = 1
    autonomy: str = "auto"
    unsandboxed: bool = False
    after: list[str] = []
    overrides: dict[str, str] = {}
    forked_from: str | None = None
    start_commit: str | None = None


class EpochOpened(Fact, frozen=True):
    """Results from here on are comparable with each other. `base` is the commit measured as its baseline, `data` the
    content digest of `loop.data`."""

    epoch: int
    reason: str
    program: str
    base: str
    head: str
    goal: str
    metric: str
    metric_by: str
    deterministic: bool = False
    target: float | None = None
    keep: str = "fast"
    repeats: int = 5
    holdout: str | None = None
    data: str | None = None
    uncommitted: list[str] = []
    interpreter: str | None = None


class EngineStarted(Fact, frozen=True):
    """An engine took the campaign. `start` is in clock ticks since boot, as in /proc/PID/stat."""

    pid: int
    start: int
    boot: str
    host: str
    praxtui: str
    sandbox: str


class SandboxProbed(Fact, frozen=True):
    """What the canary found out: the rung (`full`, `none`) and, property by property, what holds in words."""

    rung: str
    findings: dict[str, str] = {}


class EngineStopped(Fact, frozen=True):
    """The engine let go of the campaign in order."""

    reason: str


class SetupStarted(Fact, frozen=True):
    """`loop.setup` was started for a content key."""

    key: str


class SetupEnded(Fact, frozen=True):
    """`loop.setup` ended, or its result was there already (`cached`). `data` is the content digest of PRAXTUI_DATA."""

    key: str
    ok: bool
    seconds: float = 0.0
    cached: bool = False
    data: str | None = None
    reason: str | None = None


class CampaignEnded(Fact, frozen=True):
    """`state` is `finished` or `stopped`; `exit_code` is what a follower of it exits with."""

    state: str
    reason: str
    exit_code: int = 0


class CampaignReopened(Fact, frozen=True):
    """An ended campaign goes on: its person gave it more budget, or resumed it."""

    reason: str


class Noticed(Fact, frozen=True):
    """Something a person should know that changes nothing in the record."""

    text: str
    experiment: str | None = None


# --- an experiment, in the order in which its facts are written -----------------------------------------------------


class DraftBegun(Fact, frozen=True):
    """The researcher was asked for an experiment, on top of `parent` at `base`. `stance`: what it was asked to turn
    to after a dry spell, empty outside one."""

    experiment: str
    epoch: int
    parent: str
    base: str
    by: str
    stance: str = ""


class HypothesisStated(Fact, frozen=True):
    """What will be tried and why, before any edit. `detail` is the researcher's own and comes back to it."""

    experiment: str
    title: str
    mechanism: str
    predicted: str
    by: str
    hints: list[str] = []
    detail: dict[str, Any] = {}


class DraftRefused(Fact, frozen=True):
    """A draft that broke a rule went back to the researcher."""

    experiment: str
    attempt: int
    reason: str


class DraftCommitted(Fact, frozen=True):
    """A draft passed the checks and is about to be kept under a ref. `lines`: change in lines of code; `change`: the
    key of what it changes, whatever it changes it on."""

    experiment: str
    draft: int
    commit: str
    base: str
    parent: str
    levers: list[str]
    files: dict[str, str | None]
    diff: str
    state_key: str
    lines: int = 0
    carried: bool = False
    use: str = "select"
    change: str = ""


class DraftDropped(Fact, frozen=True):
    """A draft that cannot be used any more; the experiment keeps its id and is drafted again."""

    experiment: str
    reason: str


class DraftApproved(Fact, frozen=True):
    """A person let a draft run (autonomy `review`)."""

    experiment: str
    by: str


class RunStarted(Fact, frozen=True):
    """A run is about to start: intent, written before the act."""

    experiment: str
    n: int
    use: str
    seed: int
    commit: str
    epoch: int
    trial: int | None = None
    pair: int | None = None


class RunEnded(Fact, frozen=True):
    """A run is over. `metric` is None where there is none, and `reason` says why. Times in seconds since 1970."""

    experiment: str
    n: int
    why: str
    exit: int | None
    seconds: float
    started: float
    ended: float
    metric: float | None = None
    values: dict[str, float] = {}
    reason: str | None = None
    broke: str | None = None
    usd: float = 0.0
    gpu_seconds: float = 0.0
    log_bytes: int = 0
    dropped: int = 0


class KillAsked(Fact, frozen=True):
    """A person wants this run ended; its experiment becomes `void`."""

    experiment: str
    n: int
    by: str


class DraftVetoed(Fact, frozen=True):
    """A person does not want this draft; it becomes `void`."""

    experiment: str
    by: str
    reason: str


class Judged(Fact, frozen=True):
    """A verdict. `delta` is against `parent`, positive is better; `bar` is what the next candidate has to beat if this
    one is kept. Both in the metric's unit."""

    experiment: str
    verdict: str
    standing: str | None = None
    delta: float | None = None
    delta_sd: float | None = None
    confidence: float | None = None
    flags: list[str] = []
    reason: str | None = None
    bar: float | None = None
    by: str = "judge"


class Advanced(Fact, frozen=True):
    """The campaign's branch grew by a keep. `moved_from`: where a person had moved the branch to meanwhile."""

    experiment: str
    branch_commit: str
    moved_from: str | None = None


class Reflected(Fact, frozen=True):
    """Whether the mechanism held (`confirmed`, `refuted`, `inconclusive`), and what was learned."""

    experiment: str
    mechanism: str
    revision: str
    by: str
    note: str | None = None


# --- evidence and claims --------------------------------------------------------------------------------------------


class NoiseMeasured(Fact, frozen=True):
    """Run-to-run standard deviation of the metric, pooled over `runs` repeats with `dof` degrees of freedom."""

    epoch: int
    sd: float
    dof: int
    runs: int


class TrialStarted(Fact, frozen=True):
    """Fresh paired runs of `head` and `base` begin. `kind`: `audit`, `confirm`, `strict`, `target` or `rerun`."""

    trial: int
    kind: str
    head: str
    base: str
    members: list[str]
    plan: dict[str, Any] = {}


class TrialEnded(Fact, frozen=True):
    """What the fresh pairs say: `held`, `failed` or `undecided`; the gain with its 95% interval, positive is better."""

    trial: int
    outcome: str
    pairs: int
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class StandingChanged(Fact, frozen=True):
    """Keeps whose standing changed together, by a trial or by a person."""

    experiments: list[str]
    standing: str
    reason: str
    trial: int | None = None


class Restored(Fact, frozen=True):
    """The branch grew by a commit that restores `to`; `revoked` are the keeps that this takes back."""

    to: str
    revoked: list[str]
    branch_commit: str
    moved_from: str | None = None


class Claimed(Fact, frozen=True):
    """What may be claimed now, from runs that did not select: gain over the baseline with its 95% interval."""

    epoch: int
    experiment: str
    best: float | None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class TargetMet(Fact, frozen=True):
    """The head's fresh mean reached the target."""

    experiment: str
    value: float
