"""What a researcher is asked, what it may know, and what it answers.

A researcher keeps no memory: everything that it may know is one immutable `Brief`, built from the journal. The same
brief gets the same draft from a researcher that uses no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from praxtui.program.spec import Program


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment as the researcher may know it, of this campaign or an earlier one.

    `metric` is the mean of its runs, in the metric's unit; `delta` is the difference to its parent in the same unit,
    positive is better; `delta_sd` is `delta` in noise standard deviations (None where the noise is 0 or unknown).
    `detail` is what the draft carried, word for word; `state_key` names the content of the levers as run, `change`
    what was changed whatever it was changed on. `reflected` is what became of the mechanism (`confirmed`, `refuted`,
    `inconclusive`), `revision` what was learned. `person`: what a person did to it, in words (a veto with its reason,
    an overruled verdict); empty where nobody did. `lines`: change in lines of code. `seconds` sums its runs.
    """

    id: str
    campaign: str | None = None
    epoch: int = 1
    by: str = ""
    title: str = ""
    mechanism: str = ""
    verdict: str | None = None
    standing: str | None = None
    metric: float | None = None
    delta: float | None = None
    delta_sd: float | None = None
    reason: str | None = None
    detail: dict[str, Any] = {}
    state_key: str | None = None
    flags: tuple[str, ...] = ()
    parent: str | None = None
    predicted: str = ""
    change: str | None = None
    levers: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    reflected: str | None = None
    revision: str = ""
    note: str | None = None
    person: str = ""
    stance: str = ""
    lines: int = 0
    seconds: float = 0.0
    usd: float = 0.0


class Incumbent(msgspec.Struct, frozen=True, kw_only=True):
    """The experiment at the head of the campaign's branch; `levers` maps a path (relative to the leaf) to its text."""

    id: str
    commit: str
    levers: dict[str, str]
    metric: float | None = None


class Hint(msgspec.Struct, frozen=True):
    """A sentence from the person; `used_by` are the experiments that took it up."""

    id: str
    text: str
    used_by: tuple[str, ...] = ()


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a researcher may know when it drafts `experiment`.

    `tried` are the judged experiments of this campaign, oldest first, `earlier` those of earlier campaigns of the
    leaf, `in_flight` the drafted but not yet judged. `tried_keys` are the state keys that would be a repetition.
    `refusals` say why earlier attempts at this very draft were refused, oldest first. `noise_sd` is in the metric's
    unit, None before the baseline was measured. `stance` is what the researcher shall turn to after a dry spell, empty
    outside one. `program_edits` are unified diffs of the person's edits of program.md, oldest first. `lineage` are the
    ids of the keeps that the incumbent is made of, oldest first; `baseline` is the mean metric of the epoch's start.
    """

    campaign: str
    experiment: str
    epoch: int
    seed: int
    program: Program
    incumbent: Incumbent
    tried: tuple[Tried, ...] = ()
    earlier: tuple[Tried, ...] = ()
    in_flight: tuple[Tried, ...] = ()
    tried_keys: frozenset[str] = frozenset()
    hints: tuple[Hint, ...] = ()
    refusals: tuple[str, ...] = ()
    noise_sd: float | None = None
    stance: str = ""
    program_edits: tuple[str, ...] = ()
    lineage: tuple[str, ...] = ()
    baseline: float | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A hypothesis with its edit: `files` maps each changed lever to its whole new text, None deletes it.

    `detail` is opaque to the engine: plain JSON, journaled with the hypothesis, handed back as `Tried.detail`.
    `hints` are the ids of the hints that the draft took up.
    """

    title: str
    mechanism: str
    predicted: str
    files: dict[str, str | None]
    detail: dict[str, Any] = {}
    hints: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a draft that crashed: why, the end of its log, and which attempt at repair this is (from 1)."""

    experiment: str
    draft: Draft
    reason: str
    log_tail: str
    attempt: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an experiment was judged; `confidence` is the probability that its true effect is positive."""

    experiment: Tried
    predicted: str = ""
    verdict: str | None = None
    metric: float | None = None
    delta: float | None = None
    delta_sd: float | None = None
    confidence: float | None = None
    reason: str | None = None


class Reflection(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment says about its mechanism, and the theory revision: one sentence that was learned."""

    mechanism: Literal["confirmed", "refuted", "inconclusive"]
    revision: str
    note: str | None = None


class GivenUp(Exception):
    """This draft cannot be made; `reason` says why. The experiment is judged `invalid`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Exhausted(Exception):
    """Nothing is left to try; `reason` says what was looked for and what would open more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(Exception):
    """What was asked for breaks a rule; `reason` says which, and what would be allowed. It may be tried again.

    `printed` is what a program said about it, which nobody vouches for; `whole` is both.
    """

    def __init__(self, reason: str, printed: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.printed = printed

    @property
    def whole(self) -> str:
        """The reason, and below it what was printed."""
        return f"{self.reason}\n{self.printed}".rstrip()


class OutOfBudget(Exception):
    """No money or tokens are left for another call; `reason` names the budget. The campaign ends with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one model call used, in tokens. `prompt` are all that were read, `cached` of them from a provider's cache;
    `output` were written, thinking included. `usd` is None where the price is not known."""

    model: str
    prompt: int = 0
    cached: int = 0
    output: int = 0
    usd: float | None = None


class Recorder(Protocol):
    """Takes thoughts and tool traffic as they come; they are shown and kept, never folded into state."""

    def stream(self, kind: str, text: str) -> None: ...


class Desk(Recorder, Protocol):
    """What the engine lends a researcher while it works on one experiment: reading, checking, recording, spending."""

    def files(self) -> tuple[str, ...]:
        """Every tracked file of the leaf that may be read, relative to it, sorted: levers and sealed files."""
        ...

    async def read(self, path: str) -> str:
        """A file as the incumbent has it, not as drafted; NotAllowed where there is none, or it is no text."""
        ...

    async def diff(self, experiment: str) -> str:
        """The change of an experiment as a unified diff; NotAllowed where there is no such draft."""
        ...

    def logs(self, experiment: str, run: int | None) -> list[Path]:
        """The log files of one run of an experiment, None being its latest; NotAllowed where there are none.

        Runs that measure a claim are not shown: they hold what no proposal may be fitted to.
        """
        ...

    async def check(self, draft: Draft) -> str:
        """Try a draft: rules, syntax, imports, the leaf's dry run. Says what passed; NotAllowed says what did not."""
        ...

    def state(self, title: str, mechanism: str, predicted: str, hints: tuple[str, ...]) -> None:
        """Record the hypothesis, before any edit. Stating another one replaces it."""
        ...

    async def submit(self, draft: Draft) -> None:
        """Hand in a draft: checked, committed, queued. NotAllowed with the reason; GivenUp at the third refusal."""
        ...

    def prompt(self, parts: Sequence[str]) -> None:
        """Keep what the model is about to be shown. Parts that earlier prompts had are kept once."""
        ...

    def hints(self) -> tuple[Hint, ...]:
        """The person's hints of now, oldest first: there may be more than the brief had."""
        ...

    def left(self) -> tuple[float | None, int | None]:
        """USD and tokens that the campaign's budgets leave; None is without limit."""
        ...

    def spend(self, usage: Usage, what: str) -> None:
        """Book what a call used; `what` says for what in a word."""
        ...

    def waiting(self, cause: str, reason: str) -> None:
        """Say that the researcher waits, and for what: `provider` or `keys`. Saying it again replaces the reason."""
        ...

    def waited(self, cause: str) -> None:
        """What was waited for came; nothing where nothing was waited for."""
        ...


@runtime_checkable
class Researcher(Protocol):
    """Whoever proposes. `exempt_from_novelty`: its drafts may repeat what was tried (only `null`).

    Each method gets a `Desk`; a researcher that only thinks aloud needs no more of it than a `Recorder`. A draft that
    was handed in through `Desk.submit` is not checked and committed again. Cancelling ends the work at once.
    """

    name: str
    exempt_from_novelty: bool

    async def draft(self, brief: Brief, record: Desk) -> Draft:
        """One hypothesis with its edit; raises GivenUp or Exhausted."""
        ...

    async def repair(self, brief: Brief, failure: Failure, record: Desk) -> Draft | None:
        """A mended draft after a crash, or None when the crash is the result."""
        ...

    async def reflect(self, brief: Brief, outcome: Outcome, record: Desk) -> Reflection:
        """What the judged experiment says about its mechanism."""
        ...
