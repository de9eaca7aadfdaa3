"""The drafting half of the loop: a brief goes to the researcher, a checked and committed draft goes into the queue."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from praxtui.engine import briefing, budget, dry_run, program_edits
from praxtui.engine.campaign import Campaign
from praxtui.engine.checks import Refused, check, check_novelty
from praxtui.journal.facts import DraftBegun, DraftCommitted, DraftDropped, DraftRefused, HypothesisStated, Judged
from praxtui.journal.people import WaitingBegan
from praxtui.journal.state import Experiment, State
from praxtui.research.protocol import Brief, Draft, Exhausted, GivenUp
from praxtui.workspace import novelty

log = logging.getLogger(__name__)

REFUSALS = 3


class Voices:
    """Where a researcher's thoughts go while it works on one experiment."""

    def __init__(self, campaign: Campaign, experiment: str) -> None:
        self._record = campaign.record
        self._experiment = experiment

    def stream(self, kind: str, text: str) -> None:
        """Keep one thought or tool call."""
        self._record.stream(kind, text, self._experiment)


class Drafting:
    """Keeps the queue filled: `lookahead` drafts beyond the one that runs. `exhausted` says that nothing is left."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self.exhausted: str | None = None
        self.busy = False

    async def work(self) -> None:
        """Draft whenever a draft is wanted, until cancelled."""
        record = self._campaign.record
        while True:
            await record.until(self._wanted)
            self.busy = True
            try:
                if not await program_edits.look(self._campaign):
                    await self._draft()
            finally:
                self.busy = False
                record.wake()

    def _wanted(self) -> bool:
        state = self._campaign.state
        if state.paused or state.stop or state.ended or self.exhausted or not started(state):
            return False
        if self._campaign.starting or self._campaign.program_waits is not None:
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
        begun = DraftBegun(
            experiment, campaign.epoch.number, head.id, head.commit or head.base, campaign.researcher.name
        )
        campaign.record.write(begun)
        before = await campaign.git(campaign.levers, begun.base)
        key = await campaign.git(campaign.start_key)
        reasons = 0
        while True:
            brief = briefing.brief(campaign.state, campaign.program, experiment, before, campaign.earlier, key)
            try:
                draft = await campaign.researcher.draft(brief, Voices(campaign, experiment))
                await self.commit(experiment, draft, before, brief, begun.base, begun.parent)
                return
            except Refused as refused:
                reasons += 1
                campaign.record.write(DraftRefused(experiment, reasons, refused.reason))
                if reasons >= REFUSALS:
                    self._invalid(experiment, f"refused {REFUSALS} times: {refused.reason}")
                    return
            except GivenUp as given_up:
                self._invalid(experiment, f"given up: {given_up.reason}")
                return
            except Exhausted as exhausted:
                self.exhausted = exhausted.reason
                if campaign.state.experiments[experiment].verdict is None:
                    campaign.record.write(Judged(experiment, "void", reason=exhausted.reason))
                return
            if campaign.state.experiments[experiment].vetoed:
                return

    def _invalid(self, experiment: str, reason: str) -> None:
        # A person may have vetoed it meanwhile; that stands.
        if self._campaign.state.experiments[experiment].verdict is None:
            self._campaign.record.write(Judged(experiment, "invalid", reason=reason))

    async def commit(
        self, experiment: str, draft: Draft, before: Mapping[str, str], brief: Brief, base: str, parent: str,
        use: str = "select",
    ) -> None:  # fmt: skip
        """Check a draft, commit it under its ref and record it; raises Refused."""
        campaign = self._campaign
        sealed = await campaign.git(campaign.sealed_paths, base)
        after = check(campaign, draft, before, sealed)
        if campaign.researcher.exempt_from_novelty:
            key = novelty.state_key(after)
        else:
            key = check_novelty(before, after, brief.tried_keys)
        stated = HypothesisStated(
            experiment, draft.title.strip(), draft.mechanism.strip(), draft.predicted.strip(), campaign.researcher.name,
            list(draft.hints), dict(draft.detail),
        )  # fmt: skip
        found = campaign.state.experiments[experiment]
        if not found.stated or found.title != stated.title or found.mechanism != stated.mechanism:
            campaign.record.write(stated)
        number = found.draft + 1
        message = f"{experiment}: {stated.title}\n\n{stated.mechanism}\n\npredicted: {stated.predicted}\n"
        files = {
            path: None if text is None else text.encode("utf-8", "surrogateescape")
            for path, text in draft.files.items()
        }
        when = int(found.begun)
        commit = await campaign.git(campaign.repository.commit, base, files, message, when, (base,))
        if campaign.program.loop.check:
            await dry_run.check(campaign, experiment, commit)
        await self.keep_draft(experiment, number, commit, base, parent, draft.files, key, before, after, use=use)

    async def keep_draft(
        self, experiment: str, number: int, commit: str, base: str, parent: str, files: Mapping[str, str | None],
        key: str, before: Mapping[str, str], after: Mapping[str, str], *, carried: bool = False, use: str = "select",
    ) -> None:  # fmt: skip
        """Record a committed draft: its levers' contents and diff as blobs, its ref, then the fact."""
        campaign = self._campaign
        record = campaign.record
        diff = await campaign.git(campaign.repository.diff, base, commit)
        blobs = {
            path: None if text is None else record.put_blob(text.encode("utf-8", "surrogateescape"))
            for path, text in files.items()
        }
        fact = DraftCommitted(
            experiment, number, commit, base, parent, sorted(files), blobs,
            record.put_blob(diff.encode("utf-8", "surrogateescape")), key,
            novelty.line_count(after) - novelty.line_count(before), carried, use,
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


async def announce_waiting(campaign: Campaign, cause: str, reason: str) -> None:
    """Say that the engine waits, once."""
    if cause not in campaign.state.waits:
        campaign.record.write(WaitingBegan(cause, reason))
