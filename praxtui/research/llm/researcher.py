"""The `llm` researcher: a language model that proposes, repairs what crashes, and says what was learned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from praxtui.research.llm import schema_reply
from praxtui.research.llm.brief import protocol, sections, stances
from praxtui.research.llm.hands import Hands, Reflected, Submitted
from praxtui.research.llm.inner import STEPS, work
from praxtui.research.llm.shown import Sealed, diff_of, log_tail_of
from praxtui.research.llm.talk import Manner, longest_reply, offered, size
from praxtui.research.llm.tools import DRAFT_TOOLS, REFLECT_TOOLS, REPAIR_TOOLS, TOOLS
from praxtui.research.llm.turns import ContextTooLong, Message, Model, Part, Tool
from praxtui.research.protocol import Brief, Desk, Draft, Failure, GivenUp, Outcome, Reflection, Tried
from praxtui.settings import ResearcherSettings, Settings

if TYPE_CHECKING:
    from praxtui.research.llm.credentials import Keys

REPAIR_STEPS = 12
REFLECT_STEPS = 4
# Tokens of a brief: within these, at most half of what the model can read; the last where nobody knows that.
FEWEST, MOST, UNKNOWN = 1_500, 48_000, 24_000
# A brief that is too long after all is made smaller by this factor, so often.
SHRINKS, SHRUNK = 3, 0.6


class Llm:
    """Proposes with a model. All it knows is in the brief; it keeps only what saves asking or reading twice."""

    name = "llm"
    exempt_from_novelty = False
    strict_novelty = True

    def __init__(self, model: Model, settings: ResearcherSettings | None = None) -> None:
        self._model = model
        self._settings = settings or ResearcherSettings()
        self._manner = Manner()
        self._sealed = Sealed()

    async def warm(self) -> None:
        """Load what a first call would wait for. Raises RequirementMissing where LiteLLM is not usable."""
        await self._model.warm()

    def stance(self, tried: Sequence[Tried]) -> str:
        """What to turn to after these experiments of the epoch, oldest first; empty outside a dry spell."""
        return stances.stance(tried)

    async def draft(self, brief: Brief, record: Desk) -> Draft:
        """One hypothesis with its edit, handed in already. Raises GivenUp, OutOfBudget."""
        texts = await self._sealed.texts(brief, record)
        steps = self._settings.steps or STEPS
        try:
            await self._work(
                lambda budget: sections.parts(brief, texts, budget),
                lambda: Hands(brief, record),
                DRAFT_TOOLS, record, steps=steps, what="draft",
            )  # fmt: skip
        except Submitted as submitted:
            return submitted.draft

    async def repair(self, brief: Brief, failure: Failure, record: Desk) -> Draft | None:
        """A mended draft, handed in already; None where the model gives up or gets no further. Raises OutOfBudget."""
        texts = await self._sealed.texts(brief, record)
        try:
            await self._work(
                lambda budget: sections.repair_parts(brief, failure, texts, budget),
                lambda: Hands(brief, record, failure.draft),
                REPAIR_TOOLS, record, steps=REPAIR_STEPS, what="repair",
            )  # fmt: skip
        except Submitted as submitted:
            return submitted.draft
        except GivenUp as given_up:
            record.stream("fault", f"no repair: {given_up.reason}")
            return None

    async def reflect(self, brief: Brief, outcome: Outcome, record: Desk) -> Reflection:
        """What the result says about the mechanism; `inconclusive` with the reason where the model does not say.

        Raises OutOfBudget.
        """
        texts = await self._sealed.texts(brief, record)
        diff = await diff_of(outcome.experiment.id, record)
        tail = await log_tail_of(outcome.experiment.id, brief.program, record)
        try:
            await self._work(
                lambda budget: sections.reflect_parts(brief, outcome, diff, texts, budget, tail),
                lambda: Hands(brief, record, offered=REFLECT_TOOLS),
                REFLECT_TOOLS, record, steps=REFLECT_STEPS, what="reflect",
            )  # fmt: skip
        except Reflected as reflected:
            return reflected.reflection
        except GivenUp as given_up:
            return Reflection(mechanism="inconclusive", revision=f"no reflection was given: {given_up.reason}")

    async def _work(
        self, parts: Callable[[int], tuple[Part, ...]], hands: Callable[[], Hands], of_use: Sequence[Tool], desk: Desk,
        *, steps: int, what: str,
    ) -> NoReturn:  # fmt: skip
        """One inner loop, begun again with a smaller brief where the model cannot read it all; ends as `work` does."""
        await self.warm()
        budget = self.budget()
        for _ in range(1 + SHRINKS):
            shown = Message(role="user", parts=await asyncio.to_thread(parts, budget))
            try:
                await work(
                    self._model, desk, hands(), [self._system(), shown], TOOLS,
                    steps=steps, what=what, manner=self._manner, of_use=of_use,
                )  # fmt: skip
            except ContextTooLong:
                desk.stream("fault", f"more than the model can read, with a brief of at most {budget} tokens")
                budget = int(budget * SHRUNK)
        raise GivenUp(f"the model cannot read a brief of {int(budget / SHRUNK)} tokens and work on it")

    def budget(self) -> int:
        """Tokens that a brief may have beside the tools."""
        window = self._model.window
        if self._settings.brief_tokens is not None or window is None:
            return self._settings.brief_tokens or UNKNOWN
        told = size(self._system()) + (offered(TOOLS) if self._manner.native(self._model) else 0)
        room = window - longest_reply(window) - told - window // 8  # the last for what is said on the way
        return max(FEWEST, min(MOST, window // 2, room))

    def _system(self) -> Message:
        native = self._manner.native(self._model)
        told = [Part(protocol.system(native))]
        if not native:
            told.append(Part("\n" + schema_reply.describe(TOOLS)))
        return Message(role="system", parts=tuple(told))


def build(models: Sequence[str], keys: Keys, settings: Settings) -> Llm:
    """The researcher that works with `models`, by LiteLLM's names: the first is asked, the others stand in for it."""
    from praxtui.research.llm.call import Models

    return Llm(Models(models, keys, settings.model), settings.researcher)
