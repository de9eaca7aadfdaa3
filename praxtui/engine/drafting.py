"""The drafting half of the loop: a brief goes to the researcher, a checked and committed draft goes into the queue.

It also asks what was learned from each result: so the next run never waits for a reflection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from praxtui.engine import briefing, budget, dry_run, imports, program_edits
from praxtui.engine.campaign import Campaign
from praxtui.engine.checks import check, check_novelty
from praxtui.engine.desk import Desk, RefusedThrice
from praxtui.errors import UserError
from praxtui.journal.facts import (
    Budgets,
    DraftBegun,
    DraftCommitted,
    DraftDropped,
    HypothesisStated,
    Judged,
    Noticed,
    Reflected,
)
from praxtui.journal.people import WaitingBegan, WaitingEnded
from praxtui.journal.state import Experiment, State
from praxtui.masking import mask
from praxtui.research.protocol import Brief, Draft, Exhausted, GivenUp, NotAllowed, OutOfBudget
from praxtui.workspace import novelty

log = logging.getLogger(__name__)
T = TypeVar("T")

Work = Callable[[Brief, Desk], Coroutine[Any, Any, Draft | None]]

FAULTS = 3


class Drafting:
    """Keeps the queue filled: `lookahead` drafts beyond the one that runs. `exhausted` says that nothing is left."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self.exhausted: str | None = None
        self.busy = False
        self._spent_out: tuple[str, Budgets] | None = None
        self._dry_runs: set[str] = set()
        self._faults = 0

    @property
    def spent_out(self) -> str | None:
        """Which budget a model call found used up, in words; None once a person has changed the budgets."""
        if self._spent_out is None or self._spent_out[1] != self._campaign.state.budgets:
            return None
        return self._spent_out[0]

    async def work(self) -> None:
        """Draft and reflect whenever that is wanted, until cancelled."""
        record = self._campaign.record
        while True:
            await record.until(self._wanted)
            self.busy = True
            try:
                judged = unreflected(self._campaign.state)
                if judged:
                    await self._reflect(judged[0])
                elif not await program_edits.look(self._campaign):
                    await self._draft()
            finally:
                self.busy = False
                record.wake()

    def _wanted(self) -> bool:
        state = self._campaign.state
        if state.ended or not started(state) or self._campaign.starting:
            return False
        if state.stop != "now" and unreflected(state):
            return True
        if state.paused or state.stop or self.exhausted or self.spent_out:
            return False
        if self._campaign.program_waits is not None:
            return False
        if self.pending(state) is not None:
            return True
        waiting = [e for e in queued(state) if not e.runs]
        current = state.running or any(e.runs for e in queued(state))
        limit = state.lookahead if current else 1
        return len(waiting) < limit and budget.forbids_draft(state, self._campaign.program) is None

    @staticmethod
    def pending(state: State) -> Experiment | None:
        """An experiment of the researcher's that has no committed draft: left by a crash, or sent back."""
        waiting = (e for e in state.children() if e.verdict is None and e.commit is None and e.vetoed is None)
        return next((e for e in waiting if not e.detail.get("overrule")), None)

    async def _draft(self) -> None:
        campaign, state = self._campaign, self._campaign.state
        pending = self.pending(state)
        experiment = pending.id if pending else state.next_id
        head = state.experiments[state.head or "e0"]
        stance = briefing.stance(state, campaign.researcher)
        begun = DraftBegun(
            experiment, campaign.epoch.number, head.id, head.commit or head.base, campaign.researcher.name, stance
        )
        campaign.record.write(begun)
        try:
            await self.handed_in(experiment, head, campaign.researcher.draft)
        except GivenUp as given_up:
            said = given_up.reason if isinstance(given_up, RefusedThrice) else f"given up: {given_up.reason}"
            self._judge(experiment, "invalid", said)
        except Exhausted as exhausted:
            self.exhausted = exhausted.reason
            self._judge(experiment, "void", exhausted.reason)
        except OutOfBudget as out:
            self._spent_out = (out.reason, campaign.state.budgets)
            self._judge(experiment, "void", out.reason)

    async def handed_in(self, experiment: str, head: Experiment, work: Work) -> Draft | None:
        """The draft that `work` makes on top of `head`, checked and committed; what is refused goes back to it.

        None where it makes none, or where a person's veto or stop made it pointless. Raises GivenUp, Exhausted,
        OutOfBudget.
        """
        refused = 0
        while True:
            brief, desk = await self._desk(experiment, head, refused)
            try:
                draft = await self._asked(experiment, work(brief, desk))
                if draft is not None and desk.submitted is not draft:
                    await desk.submit(draft)
                return draft
            except NotAllowed:
                refused += 1

    def _judge(self, experiment: str, verdict: str, reason: str) -> None:
        # A person may have vetoed it meanwhile; that stands.
        if self._campaign.state.experiments[experiment].verdict is None:
            self._campaign.record.write(Judged(experiment, verdict, reason=reason))

    async def _desk(self, experiment: str, head: Experiment, refused: int = 0) -> tuple[Brief, Desk]:
        """The brief for an experiment on top of `head`, and the desk to work on it."""
        campaign = self._campaign
        base = head.commit or head.base
        before = await campaign.git(campaign.levers, base)
        key = await campaign.git(campaign.start_key)
        files = await campaign.git(lambda: sorted(campaign.repository.files(base)))
        journal = campaign.record.journal
        edits = tuple(journal.get_blob(edit.diff).decode("utf-8", "replace") for edit in campaign.state.program_edits)
        brief = briefing.brief(campaign.state, campaign.program, experiment, before, campaign.earlier, key, edits)
        desk = Desk(
            campaign, self, brief, base=base, parent=head.id, before=before, files=files, refused=refused
        )  # fmt: skip
        return brief, desk

    async def _asked(self, experiment: str, answer: Coroutine[Any, Any, T]) -> T | None:
        """A researcher's answer; None where a person's veto or stop made it pointless and it was cancelled."""
        record = self._campaign.record

        def moot() -> bool:
            state = record.state
            return bool(state.stop or state.ended or state.experiments[experiment].vetoed)

        if moot():
            answer.close()
            return None
        working = asyncio.ensure_future(self._sound(experiment, answer))
        watching = asyncio.ensure_future(record.until(moot))
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in (working, watching):
                task.cancel()
            await asyncio.gather(working, watching, return_exceptions=True)
            self._nothing_waited_for()

    async def _sound(self, experiment: str, answer: Coroutine[Any, Any, T]) -> T:
        """An answer. What goes wrong inside the researcher costs one experiment; the third in a row is raised."""
        try:
            said = await answer
        except (NotAllowed, GivenUp, Exhausted, OutOfBudget, UserError, OSError):
            raise
        except Exception as error:
            log.exception("the researcher failed at %s", experiment)
            self._faults += 1
            if self._faults >= FAULTS:
                raise
            self._campaign.record.write(Noticed(f"the researcher failed: {error!r}; see engine.log", experiment))
            raise GivenUp(f"the researcher failed: {error!r}") from error
        self._faults = 0
        return said

    def _nothing_waited_for(self) -> None:
        """What a cancelled call was waiting for is not waited for any more."""
        record = self._campaign.record
        for cause in ("provider", "keys"):
            if cause in record.state.waits:
                record.write(WaitingEnded(cause))

    async def _reflect(self, e: Experiment) -> None:
        """Ask the researcher what the result says about the mechanism, and record the theory revision."""
        campaign = self._campaign
        head = campaign.state.experiments[campaign.state.head or "e0"]
        brief, desk = await self._desk(e.id, head)
        try:
            said = await self._sound(e.id, campaign.researcher.reflect(brief, briefing.outcome(e), desk))
            fact = Reflected(e.id, said.mechanism, said.revision, campaign.researcher.name, said.note)
        except (OutOfBudget, GivenUp) as none:
            fact = Reflected(e.id, "inconclusive", f"no reflection: {none.reason}", "praxtui")
        campaign.record.write(fact)

    async def vet(self, brief: Brief, draft: Draft, base: str, before: Mapping[str, str]) -> str:
        """Every check of a draft, in words what passed; raises Refused."""
        campaign = self._campaign
        files = await campaign.git(campaign.repository.files, base)
        sealed = await campaign.git(campaign.sealed_paths, base)
        after = check(campaign, draft, before, sealed)
        if not campaign.researcher.exempt_from_novelty:
            check_novelty(before, after, brief, strict=getattr(campaign.researcher, "strict_novelty", False))
        await imports.check(campaign, before, after, {*files, *after})
        passed = "the rules hold, it parses, its imports are there, and nothing equal was tried"
        if campaign.program.loop.check:
            key = novelty.state_key(after)
            if key not in self._dry_runs:
                commit = await self._committed(brief.experiment, draft, base)
                await dry_run.check(campaign, brief.experiment, commit)
                self._dry_runs.add(key)
            passed += f"; `{campaign.program.loop.check}` passes"
        return passed

    async def _committed(self, experiment: str, draft: Draft, base: str) -> str:
        """The draft as a commit on `base`; the same draft gives the same commit."""
        campaign = self._campaign
        title, mechanism, predicted = draft.title.strip(), draft.mechanism.strip(), draft.predicted.strip()
        message = f"{experiment}: {title}\n\n{mechanism}\n\npredicted: {predicted}\n"
        files = {
            path: None if text is None else text.encode("utf-8", "surrogateescape")
            for path, text in draft.files.items()
        }
        when = int(campaign.state.experiments[experiment].begun)
        return await campaign.git(campaign.repository.commit, base, files, message, when, (base,))

    async def commit(
        self, draft: Draft, before: Mapping[str, str], brief: Brief, base: str, parent: str, use: str = "select"
    ) -> None:
        """Check a draft, commit it under its ref and record it; raises Refused."""
        campaign, experiment = self._campaign, brief.experiment
        await self.vet(brief, draft, base, before)
        after = {path: text for path, text in {**before, **draft.files}.items() if text is not None}
        stated = HypothesisStated(
            experiment, draft.title.strip(), draft.mechanism.strip(), draft.predicted.strip(), campaign.researcher.name,
            list(draft.hints), dict(draft.detail),
        )  # fmt: skip
        found = campaign.state.experiments[experiment]
        if not found.stated or (found.title, found.mechanism, found.hints) != (
            stated.title,
            stated.mechanism,
            draft.hints,
        ):
            campaign.record.write(stated)
        commit = await self._committed(experiment, draft, base)
        key = novelty.state_key(after)
        await self.keep_draft(
            experiment, found.draft + 1, commit, base, parent, draft.files, key, before, after, use=use
        )

    async def keep_draft(
        self, experiment: str, number: int, commit: str, base: str, parent: str, files: Mapping[str, str | None],
        key: str, before: Mapping[str, str], after: Mapping[str, str], *, carried: bool = False, use: str = "select",
    ) -> None:  # fmt: skip
        """Record a committed draft: its levers' contents and diff as blobs, its ref, then the fact.

        The blobs are there to be shown, without secrets; the commit has the files as they are.
        """
        campaign = self._campaign
        record = campaign.record
        diff = await campaign.git(campaign.repository.diff, base, commit)
        blobs = {
            path: None if text is None else record.put_blob(mask(text).encode("utf-8", "surrogateescape"))
            for path, text in files.items()
        }
        fact = DraftCommitted(
            experiment, number, commit, base, parent, sorted(files), blobs,
            record.put_blob(mask(diff).encode("utf-8", "surrogateescape")), key,
            novelty.line_count(after) - novelty.line_count(before), carried, use,
            novelty.change_digest(before, after) or "",
        )  # fmt: skip
        await campaign.git(campaign.repository.record_draft, campaign.state.id, experiment, commit)
        if not campaign.state.experiments[experiment].vetoed:
            campaign.record.write(fact)

    async def carry(self, experiment: str) -> bool:
        """Carry a draft over to the incumbent of now; False when it must be drafted again (recorded as dropped)."""
        campaign, state = self._campaign, self._campaign.state
        found, head = state.experiments[experiment], state.experiments[state.head or "e0"]
        onto = head.commit or head.base
        commit = found.commit
        if commit is None:
            return False
        message = f"{experiment}: {found.title}\n\n{found.mechanism}\n\ncarried over to {head.id}\n"
        old = await campaign.git(campaign.levers, found.base)
        new = await campaign.git(campaign.levers, commit)
        now = await campaign.git(campaign.levers, onto)
        both = novelty.changed_constants(old, new) & novelty.changed_constants(old, now)
        merged = None
        if not both:
            merged = await campaign.git(campaign.repository.carry, commit, found.base, onto, message, int(found.begun))
        if merged is None:
            why = f"{head.id} changed {', '.join(sorted(both))} too" if both else f"it conflicts with {head.id}"
            campaign.record.write(DraftDropped(experiment, f"drafted again: {why}"))
            return False
        after = await campaign.git(campaign.levers, merged)
        key = novelty.state_key(after)
        exempt = campaign.researcher.exempt_from_novelty
        if not exempt and (key == novelty.state_key(now) or key in self._others(experiment)):
            campaign.record.write(DraftDropped(experiment, f"drafted again: on top of {head.id} it was tried already"))
            return False
        files = {path: after.get(path) for path in {*found.levers}}
        await self.keep_draft(
            experiment,
            found.draft + 1,
            merged,
            onto,
            head.id,
            files,
            key,
            now,
            after,
            carried=True,
        )
        return True

    def _others(self, experiment: str) -> frozenset[str]:
        """State keys of everything in this epoch but `experiment` itself."""
        state = self._campaign.state
        number = self._campaign.epoch.number
        mates = (e for e in state.children() if e.id != experiment and e.epoch == number and e.verdict != "void")
        return frozenset(e.state_key for e in mates if e.state_key)

    def look_again(self) -> None:
        """Something changed that may give the researcher new ideas: a hint, a program, a new incumbent."""
        self.exhausted = None


def started(state: State) -> bool:
    """Whether the epoch's baseline is measured and judged, so that drafts may be made."""
    epoch = state.epoch
    if epoch is None:
        return False
    head = state.experiments[epoch.head]
    wanted = 1 if epoch.deterministic else epoch.repeats
    return head.verdict is not None and len(head.measured("baseline", epoch=epoch.number)) >= wanted


def queued(state: State) -> list[Experiment]:
    """Committed, undecided drafts in order: the one that runs, then those that wait."""
    return [e for e in state.children() if e.verdict is None and e.commit is not None and e.vetoed is None]


def unreflected(state: State) -> list[Experiment]:
    """Judged experiments with runs, of which nobody has said yet what was learned, in order."""
    judged = (e for e in state.children() if e.verdict not in (None, "void") and e.reflected is None)
    return [e for e in judged if e.stated and e.runs]


async def announce_waiting(campaign: Campaign, cause: str, reason: str) -> None:
    """Say that the engine waits, once."""
    if cause not in campaign.state.waits:
        campaign.record.write(WaitingBegan(cause, reason))
