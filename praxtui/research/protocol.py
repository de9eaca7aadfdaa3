"""What a researcher is asked, what it may know, and what it answers.

A researcher keeps no memory: everything that it may know is one immutable `Brief`, built from the journal. The same
brief gets the same draft from a researcher that uses no model.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from praxtui.program.spec import Program


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment as the researcher may know it, of this campaign or an earlier one.

    `metric` is the mean of its runs, in the metric's unit; `delta` is the difference to its parent in the same unit,
    positive is better; `delta_sd` is `delta` in noise standard deviations (None where the noise is 0 or unknown).
    `detail` is what the draft carried, word for word; `state_key` names the content of the levers as run.
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
    unit, None before the baseline was measured.
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


class Recorder(Protocol):
    """Takes thoughts and tool traffic as they come; they are shown and kept, never folded into state."""

    def stream(self, kind: str, text: str) -> None: ...


@runtime_checkable
class Researcher(Protocol):
    """Whoever proposes. `exempt_from_novelty`: its drafts may repeat what was tried (only `null`)."""

    name: str
    exempt_from_novelty: bool

    async def draft(self, brief: Brief, record: Recorder) -> Draft:
        """One hypothesis with its edit; raises GivenUp or Exhausted."""
        ...

    async def repair(self, brief: Brief, failure: Failure, record: Recorder) -> Draft | None:
        """A mended draft after a crash, or None when the crash is the result."""
        ...

    async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
        """What the judged experiment says about its mechanism."""
        ...
