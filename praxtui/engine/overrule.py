"""A person's word against a verdict, carried out between two runs: nothing counts that was not run."""

from __future__ import annotations

from praxtui.engine.book import branch as standing
from praxtui.engine.branch import Branch
from praxtui.engine.campaign import Campaign
from praxtui.engine.drafting import Drafting
from praxtui.journal.events import DraftBegun, HypothesisStated, Judged, Noticed
from praxtui.journal.state import Experiment
from praxtui.workspace import novelty


class Overruling:
    """Carries out `keep` and `discard` of a person. What needs a new tree becomes an experiment that is run first."""

    def __init__(self, campaign: Campaign, branch: Branch, drafting: Drafting) -> None:
        self._campaign = campaign
        self._branch = branch
        self._drafting = drafting

    async def settle(self) -> None:
        """Carry out everything that was asked for."""
        for experiment in list(self._campaign.state.children()):
            if experiment.overruled == "keep":
                await self._keep(experiment)
            elif experiment.overruled == "discard":
                await self._discard(experiment)

    async def _keep(self, e: Experiment) -> None:
        record, who = self._campaign.record, e.overruled_by or "person"
        if e.parent == record.state.head:
            measured = e.measured("select", "repair", epoch=self._campaign.epoch.number)
            record.write(
                Judged(
                    e.id, "keep", "provisional", e.delta, e.delta_sd, e.confidence, list(e.flags),
                    f"kept by {who}", measured[-1].metric, who,
                )
            )  # fmt: skip
            await self._branch.advance(record.state.experiments[e.id])
            return
        base = e.base
        await self._run_first(e, who, "keep", e.commit or base, base, f"{e.title} (kept by {who})", e.mechanism)

    async def _discard(self, e: Experiment) -> None:
        record, who = self._campaign.record, e.overruled_by or "person"
        if e not in standing(record.state):
            record.write(self._said(e, "is no longer on the branch"))
        elif e.id == record.state.head:
            await self._branch.take_back(e, who)
            record.write(self._judged(e, "discard", f"discarded by {who}", who))
        else:
            parent = record.state.experiments[e.parent or "e0"]
            title, why = f"without {e.id}: {e.title}", f"{who} discarded {e.id}; later keeps stay"
            done = await self._run_first(
                e, who, "discard", parent.commit or parent.base, e.commit or e.base, title, why
            )
            if done:
                record.write(self._judged(e, "discard", f"discarded by {who}", who))

    async def _run_first(
        self, e: Experiment, who: str, verb: str, theirs: str, base: str, title: str, mechanism: str
    ) -> bool:
        """Make an experiment of the change `base` -> `theirs` on top of the head; False where it conflicts."""
        campaign = self._campaign
        record, repository = campaign.record, campaign.repository
        head = record.state.experiments[record.state.head or "e0"]
        onto = head.commit or head.base
        message = f"{title}\n\n{mechanism}\n"
        merged = await campaign.git(repository.carry, theirs, base, onto, message, int(e.judged or 0))
        if merged is None:
            record.write(
                self._judged(e, e.verdict or "discard", e.reason, "judge"),
                self._said(e, f"cannot be {verb}ed on top of {head.id}: the changes conflict; fork from it instead"),
            )
            return False
        name = record.state.next_id
        detail = {"overrule": verb, "of": e.id, "by": who}
        record.write(
            self._judged(e, e.verdict or "discard", f"{verb} by {who}: runs as {name}", "judge"),
            DraftBegun(name, campaign.epoch.number, head.id, onto, who),
            HypothesisStated(name, title, mechanism, "", who, detail=detail),
        )
        before, after = await campaign.git(campaign.levers, onto), await campaign.git(campaign.levers, merged)
        files = {path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}
        key = novelty.state_key(after)
        await self._drafting.keep_draft(name, 1, merged, onto, head.id, files, key, before, after)
        return True

    @staticmethod
    def _judged(e: Experiment, verdict: str, reason: str | None, by: str) -> Judged:
        standing = e.standing if verdict == e.verdict else None
        return Judged(
            e.id, verdict, standing, e.delta, e.delta_sd, e.confidence, list(e.flags), reason, e.bar, by
        )  # fmt: skip

    @staticmethod
    def _said(e: Experiment, what: str) -> Noticed:
        return Noticed(f"{e.id} {what}", e.id)
