"""The running half of the loop: take a draft, run it, judge it, keep or discard, gather evidence, and again."""

from __future__ import annotations

import asyncio
import logging

from praxtui.engine import budget, measure, program_edits, sealed_data, verdict
from praxtui.engine.book import LOST_TRIES, NO_EVIDENCE, book_of
from praxtui.engine.branch import Branch
from praxtui.engine.campaign import Campaign
from praxtui.engine.drafting import Drafting, announce_waiting, queued, unreflected
from praxtui.engine.evidence import Evidence
from praxtui.engine.judge.decide import strict_test
from praxtui.engine.overrule import Overruling
from praxtui.engine.runner import Runner
from praxtui.journal.facts import CampaignEnded, DraftDropped, Judged
from praxtui.journal.people import WaitingEnded
from praxtui.journal.state import Experiment, Run, State
from praxtui.research.protocol import Draft, Failure, GivenUp, OutOfBudget

log = logging.getLogger(__name__)

REPAIRS = 2
LOG_TAIL = 60
WORD_S = 20.0
REFLECT_S = 120.0


class Loop:
    """Everything between two runs is decided from the record, so a killed engine's successor goes on from there."""

    def __init__(self, campaign: Campaign, runner: Runner) -> None:
        self.campaign = campaign
        self.runner = runner
        self.branch = Branch(campaign)
        self.drafting = Drafting(campaign)
        self.evidence = Evidence(campaign, runner, self.branch)
        self.overruling = Overruling(campaign, self.branch, self.drafting)
        self._work: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """The folded state of now."""
        return self.campaign.record.state

    async def go(self) -> None:
        """Run the campaign until it ends; the end is in the record."""
        for name in list(self.state.running):
            experiment, _, n = name.partition("/")
            await self.runner.adopt(experiment, int(n))
        if not await self.baseline():
            return
        drafting = self._work = asyncio.create_task(self.drafting.work())
        drafting.add_done_callback(lambda _: self.campaign.record.wake())
        try:
            while not self.state.ended:
                if drafting.done():
                    drafting.result()
                await self.step()
        finally:
            drafting.cancel()
            await asyncio.gather(drafting, return_exceptions=True)

    async def baseline(self) -> bool:
        """Measure what the epoch begins with, as often as the noise wants; False when the campaign ended instead."""
        campaign, epoch = self.campaign, self.campaign.epoch
        wanted = 1 if epoch.deterministic else epoch.repeats
        for seed in range(self.state.seed, self.state.seed + wanted):
            while not self._baseline_run(seed):
                if self.state.stop:
                    self.end("stopped", "stopped by its person")
                    return False
                await campaign.record.until(lambda: not self.state.paused or bool(self.state.stop))
                if self.state.stop:
                    continue
                run = await self.runner.run(epoch.head, "baseline", seed)
                if run.metric is None and (run.why not in NO_EVIDENCE or self._baseline_lost(seed) >= LOST_TRIES):
                    self.end("stopped", f"the baseline gives no metric: {run.reason}", exit_code=4)
                    return False
        head = self.state.experiments[epoch.head]
        if head.verdict is None:
            campaign.record.write(Judged(head.id, "keep", reason="the baseline"))
        self.evidence.publish()
        return True

    def _baseline_run(self, seed: int) -> Run | None:
        epoch = self.campaign.epoch
        runs = self.state.experiments[epoch.head].measured("baseline", epoch=epoch.number)
        return next((run for run in runs if run.seed == seed), None)

    def _baseline_lost(self, seed: int) -> int:
        epoch = self.campaign.epoch
        runs = self.state.experiments[epoch.head].runs
        return sum(
            1 for run in runs if (run.use, run.seed, run.epoch, run.why) == ("baseline", seed, epoch.number, "lost")
        )

    # --- one step ----------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        """Do the one thing that is next: settle, wait, run a draft, or end the campaign."""
        await self.settle()
        state = self.state
        draft = next(iter(queued(state)), None)
        if draft is not None and draft.runs and not state.paused:
            # Begun before a pause, or by an engine that is gone: judged before anything else may change.
            await self.experiment(draft.id)
            return
        if state.stop:
            # A run that ended while nobody watched was the current one: it is judged, and nothing more is run.
            for e in [e for e in queued(state) if e.runs]:
                await self.experiment(e.id)
            await self._reflections()
            self.end("stopped", "stopped by its person")
            return
        if state.paused:
            await self.campaign.record.until(lambda: not self.state.paused or bool(self.state.stop))
            return
        if await program_edits.take(self.campaign):
            await sealed_data.prepare(self.campaign)
            if not await self.baseline():
                return
            self.drafting.look_again()
        await self.evidence.gather()
        if self.state.target_met:
            await self.finish("the target is met")
            return
        if self.state.stop or self.state.paused:
            return
        draft = next(iter(queued(self.state)), None)
        if draft is None:
            await self._await_draft()
        else:
            await self._take(draft)

    async def settle(self) -> None:
        """Finish what an earlier step, or an engine that was killed, left half done."""
        for e in list(self.state.children()):
            if e.vetoed and e.verdict is None and not e.runs:
                self.campaign.record.write(Judged(e.id, "void", reason=e.vetoed))
            elif e.verdict == "keep" and e.branch_commit is None and e.standing != "revoked":
                await self.branch.advance(e)
        await self._unfinished_restoration()
        await self.overruling.settle()
        self.evidence.publish()

    async def _unfinished_restoration(self) -> None:
        """A test that failed while the branch still holds its members: the restoring commit is missing."""
        trial = self.state.trials[-1] if self.state.trials else None
        if (
            trial is None
            or trial.outcome != "failed"
            or trial.restored
            or trial.kind == "strict"
            or trial.epoch != self.campaign.epoch.number
        ):
            return
        if self.state.head == trial.head and self.state.experiments[trial.head].standing != "revoked":
            await self.branch.restore(trial.base, trial.reason or "worse on fresh seeds")

    async def _await_draft(self) -> None:
        """No draft waits: wait for one, or find that there will be none."""
        record, drafting = self.campaign.record, self.drafting
        spent = budget.forbids_draft(self.state, self.campaign.program)
        if not drafting.busy and Drafting.pending(self.state) is None:
            if spent:
                await self.finish(spent)
                return
            if drafting.spent_out:
                await self.finish(drafting.spent_out)
                return
            if drafting.exhausted:
                await self._exhausted(drafting.exhausted)
                return
        commands = self.state.commands
        await record.until(
            lambda: bool(
                queued(self.state) or self.state.stop or self.state.paused or self.state.commands != commands
                or self.campaign.program_waits is not None
                or (not drafting.busy and (drafting.exhausted or drafting.spent_out
                    or (Drafting.pending(self.state) is None
                        and budget.forbids_draft(self.state, self.campaign.program))))
                or any(e.vetoed and e.verdict is None for e in self.state.children())
            ),
            timeout=WORD_S,
        )  # fmt: skip

    async def _exhausted(self, reason: str) -> None:
        """The researcher has nothing left: bring the record up to date, then wait for a person."""
        await self.evidence.gather(at_end=True)
        if self.state.stop or self.state.paused or self.state.target_met:
            return
        await announce_waiting(self.campaign, "researcher", reason)
        commands = self.state.commands
        await self.campaign.record.until(lambda: self.state.commands != commands)
        if "researcher" in self.state.waits:
            self.campaign.record.write(WaitingEnded("researcher"))
        self.drafting.look_again()

    async def _take(self, draft: Experiment) -> None:
        """Run one draft to its verdict, once it may run and stands on the incumbent of now, in the epoch of now."""
        if draft.epoch != self.campaign.epoch.number:
            self.campaign.record.write(DraftDropped(draft.id, "drafted again: a new epoch began"))
            return
        ordered = bool(draft.detail.get("overrule"))  # by a person, who need not approve it, and whose word it is
        if self.state.autonomy == "review" and not draft.approved and not ordered:
            await self._await_approval(draft)
            return
        if draft.parent != self.state.head:
            await self.drafting.carry(draft.id)
            return
        spent = None if ordered else budget.forbids_run(self.state, self.campaign.program)
        if spent:
            await self.finish(spent)
            return
        await self.experiment(draft.id)

    async def _await_approval(self, draft: Experiment) -> None:
        await announce_waiting(self.campaign, "approval", f"{draft.id} waits for approval: {draft.title}")

        def decided() -> bool:
            now = self.state.experiments[draft.id]
            return bool(now.approved or now.vetoed or self.state.autonomy == "auto" or self.state.stop)

        await self.campaign.record.until(lambda: decided() or self.state.paused)
        if "approval" in self.state.waits:
            self.campaign.record.write(WaitingEnded("approval"))

    # --- one experiment --------------------------------------------------------------------------------------------

    async def experiment(self, name: str) -> None:
        """Runs, repairs and tests of one experiment until it has a verdict, or the campaign is held up."""
        record, program = self.campaign.record, self.campaign.program
        while self.state.experiments[name].verdict is None:
            e = self.state.experiments[name]
            found = verdict.decide(self.state, program, e)
            if isinstance(found, Judged):
                record.write(found)
            elif self.state.stop and found != "repair":
                # What a person stopped before it could be judged says nothing about the experiment.
                record.write(Judged(name, "void", reason="campaign ended"))
            elif found == "run":
                repaired = any(run.use in verdict.SELECTING and run.commit != e.commit for run in e.runs)
                await self.runner.run(name, "repair" if repaired else "select", self.state.seed)
            elif found == "repair":
                await self._repair(e)
            else:
                await self._strict(e)
                if self.state.stop or self.state.paused:
                    break
        e = self.state.experiments[name]
        if e.verdict == "keep" and e.branch_commit is None:
            await self.branch.advance(e)
        if e.verdict is not None:
            self.evidence.publish()

    async def _repair(self, e: Experiment) -> None:
        """Send a crash back to the researcher with the end of the log, at most twice; then it is a crash."""
        run = verdict.runs_of_draft(e)[-1]
        reason = run.reason or "no metric"
        crashed = sum(
            1 for r in e.runs if r.use in verdict.SELECTING and r.metric is None and r.over and r.why not in NO_EVIDENCE
        )
        crash = Judged(e.id, "crash", reason=reason)
        by_researcher = e.by == self.campaign.researcher.name
        if crashed > REPAIRS or not by_researcher or self.state.stop:
            self.campaign.record.write(crash)
            return
        mended = await self._mended(e, run, reason, crashed)
        if mended is None:
            self.campaign.record.write(crash)

    async def _mended(self, e: Experiment, run: Run, reason: str, attempt: int) -> Draft | None:
        campaign = self.campaign
        head = campaign.state.experiments[e.parent or "e0"]
        base = head.commit or head.base
        now = await campaign.git(campaign.levers, e.commit or base)
        files = {path: now.get(path) for path in e.levers}
        draft = Draft(
            title=e.title, mechanism=e.mechanism, predicted=e.predicted, files=files, detail=dict(e.detail),
            hints=e.hints,
        )  # fmt: skip
        lines = await campaign.git(measure.last_lines, campaign.run_folder(e.id, run.n) / "run.log", LOG_TAIL)
        failure = Failure(experiment=e.id, draft=draft, reason=reason, log_tail="\n".join(lines), attempt=attempt)
        try:
            return await self.drafting.handed_in(
                e.id, head, lambda brief, desk: campaign.researcher.repair(brief, failure, desk)
            )
        except (GivenUp, OutOfBudget):
            return None

    async def _strict(self, e: Experiment) -> None:
        """What looks better must pass a test on fresh seeds before it is kept."""
        tested = [t for t in self.state.trials if t.kind == "strict" and t.head == e.id and t.epoch == e.epoch]
        if tested and tested[-1].outcome:  # an engine was killed between the test and the verdict
            passed: bool | None = tested[-1].outcome == "held"
        else:
            passed = await self.evidence.test(strict_test(book_of(self.state), e.id))
        if passed is None:
            return
        runs = [run for run in verdict.runs_of_draft(e) if run.metric is not None]
        chosen = verdict.selection(self.state, self.campaign.program, e, runs)
        if passed:
            self.campaign.record.write(
                verdict.judged(self.state, e, chosen, "keep", "confirmed", "confirmed on fresh seeds")
            )
        else:
            why = self.state.trials[-1].reason or "not confirmed"
            self.campaign.record.write(verdict.judged(self.state, e, chosen, "discard", None, f"not confirmed: {why}"))

    # --- the end -----------------------------------------------------------------------------------------------------

    async def finish(self, reason: str) -> None:
        """The last audit, then the end; a person's stop or pause comes first."""
        await self.evidence.gather(at_end=True)
        if self.state.stop or self.state.paused:
            return
        self.evidence.publish()
        await self._reflections()
        self.end("finished", reason)

    async def _reflections(self) -> None:
        """Let the researcher say what the last results taught, unless it cannot, or a person will not wait."""
        held_up = {"provider", "keys"}

        def enough() -> bool:
            state = self.state
            gone = self._work is None or self._work.done()
            return gone or not unreflected(state) or state.stop == "now" or bool(held_up & state.waits.keys())

        await self.campaign.record.until(enough, timeout=REFLECT_S)

    def end(self, state: str, reason: str, exit_code: int = 0) -> None:
        """Close the campaign: drafts that never ran are void."""
        left = [e for e in self.state.children() if e.verdict is None]
        voids = [Judged(e.id, "void", reason="campaign ended") for e in left]
        self.campaign.record.write(*voids, CampaignEnded(state, reason, exit_code))
