"""What a researcher is lent while it works on one experiment: reading, checking, handing in, booking, waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from praxtui.engine import measure
from praxtui.engine.campaign import Campaign
from praxtui.engine.checks import Refused
from praxtui.journal import packed
from praxtui.journal.facts import DraftRefused, HypothesisStated
from praxtui.journal.people import Spent, WaitingBegan, WaitingEnded
from praxtui.journal.state import Experiment, State
from praxtui.masking import mask
from praxtui.research.protocol import Brief, Draft, GivenUp, Hint, NotAllowed, Usage
from praxtui.runs.sandbox import EVALUATION

if TYPE_CHECKING:
    from praxtui.engine.drafting import Drafting

REFUSALS = 3
SHOWN_USES = ("baseline", "select", "repair")


class RefusedThrice(GivenUp):
    """The third draft of an experiment broke a rule."""


class Desk:
    """The desk of one experiment; `parent` and `base` are the incumbent that it starts from, `before` its levers.

    `submitted` is the draft that was handed in and committed, None before that.
    """

    def __init__(
        self, campaign: Campaign, drafting: Drafting, brief: Brief, *, base: str, parent: str,
        before: Mapping[str, str], files: Sequence[str], refused: int = 0,
    ) -> None:  # fmt: skip
        self._campaign = campaign
        self._drafting = drafting
        self._brief = brief
        self._base = base
        self._parent = parent
        self._before = before
        self._files = tuple(path for path in files if not path.startswith(f"{EVALUATION}/"))
        self._refused = refused
        self.submitted: Draft | None = None

    @property
    def _state(self) -> State:
        return self._campaign.state

    # --- reading -----------------------------------------------------------------------------------------------------

    def files(self) -> tuple[str, ...]:
        """Every tracked file of the leaf that may be read, sorted."""
        return self._files

    async def read(self, path: str) -> str:
        """A file as the incumbent has it; raises NotAllowed where there is none, or it is no text."""
        if path not in self._files:
            raise NotAllowed(f"there is no file {path!r} that may be read")
        raw = await self._campaign.git(self._campaign.repository.read, self._base, path)
        if b"\0" in raw[:8192]:
            raise NotAllowed(f"{path} is no text")
        return raw.decode("utf-8", "surrogateescape")

    async def diff(self, experiment: str) -> str:
        """The change of an experiment as a unified diff; raises NotAllowed where there is no such draft."""
        found = self._experiment(experiment)
        if found.diff is None:
            raise NotAllowed(f"{experiment} has no change: nothing was committed for it")
        return self._campaign.record.journal.get_blob(found.diff).decode("utf-8", "replace")

    def logs(self, experiment: str, run: int | None) -> list[Path]:
        """The logs of one run of an experiment, None being its latest; raises NotAllowed where there are none.

        Runs of tests on fresh seeds are not shown: a proposal that is fitted to them would spoil what may be claimed.
        """
        found = self._experiment(experiment)
        shown = {r.n: r for r in found.runs if r.use in SHOWN_USES and r.over}
        if not shown:
            raise NotAllowed(f"{experiment} has no run whose log may be read")
        n = max(shown) if run is None else run
        if n not in shown:
            raise NotAllowed(f"{experiment} has no run {n} that may be read; there are: {', '.join(map(str, shown))}")
        at = self._campaign.run_folder(experiment, n)
        return [path for path in (at / measure.RUN_LOG, at / measure.EVALUATE_LOG) if packed.exists(path)]

    def _experiment(self, name: str) -> Experiment:
        found = self._state.experiments.get(name)
        if found is None:
            raise NotAllowed(f"there is no experiment {name!r}; the latest is e{len(self._state.experiments) - 1}")
        return found

    # --- drafting ----------------------------------------------------------------------------------------------------

    async def check(self, draft: Draft) -> str:
        """Try a draft without handing it in; says what passed, raises NotAllowed with what did not."""
        return await self._drafting.vet(self._brief, draft, self._base, self._before)

    def state(self, title: str, mechanism: str, predicted: str, hints: tuple[str, ...]) -> None:
        """Record the hypothesis, before any edit."""
        name = self._campaign.researcher.name
        self._campaign.record.write(
            HypothesisStated(self._brief.experiment, title, mechanism, predicted, name, list(hints))
        )

    async def submit(self, draft: Draft) -> None:
        """Check, commit and queue a draft. Raises NotAllowed with the reason, RefusedThrice for the third of them."""
        try:
            await self._drafting.commit(draft, self._before, self._brief, self._base, self._parent)
        except Refused as refused:
            self._refused += 1
            fact = DraftRefused(self._brief.experiment, self._refused, refused.whole)
            self._campaign.record.write(fact)
            if self._refused >= REFUSALS:
                raise RefusedThrice(f"refused {REFUSALS} times: {refused.whole}") from refused
            raise
        self.submitted = draft

    # --- recording, spending, waiting ------------------------------------------------------------------------------

    def stream(self, kind: str, text: str) -> None:
        """Keep one thought or tool call."""
        self._campaign.record.stream(kind, text, self._brief.experiment)

    def prompt(self, parts: Sequence[str]) -> None:
        """Keep what the model is about to be shown; the stream holds its digest."""
        raw = [mask(part).encode("utf-8", "surrogateescape") for part in parts]
        self.stream("prompt", self._campaign.record.put_parts(raw))

    def hints(self) -> tuple[Hint, ...]:
        """The person's hints of now, oldest first, without those withdrawn."""
        return tuple(Hint(h.id, h.text, h.used_by) for h in self._state.hints.values() if not h.withdrawn)

    def left(self) -> tuple[float | None, int | None]:
        """USD and tokens that the budgets leave; None is without limit."""
        budgets, spent = self._state.budgets, self._state.spent
        usd = None if budgets.usd is None else budgets.usd - spent.usd
        tokens = None if budgets.tokens is None else budgets.tokens - spent.tokens
        return usd, tokens

    def spend(self, usage: Usage, what: str) -> None:
        """Book what a call used."""
        tokens = usage.prompt + usage.output
        spent = Spent(
            usage.usd or 0.0, tokens, f"{what}: {usage.model}", self._brief.experiment, usage.cached, usage.output,
            tokens if usage.usd is None else 0,
        )  # fmt: skip
        self._campaign.record.write(spent)

    def waiting(self, cause: str, reason: str) -> None:
        """Say that the researcher waits, and for what."""
        if self._state.waits.get(cause) != reason:
            self._campaign.record.write(WaitingBegan(cause, reason))

    def waited(self, cause: str) -> None:
        """What was waited for came."""
        if cause in self._state.waits:
            self._campaign.record.write(WaitingEnded(cause))
