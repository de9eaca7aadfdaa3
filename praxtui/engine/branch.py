"""The campaign's branch: it only grows, by keeps and by commits that restore."""

from __future__ import annotations

import logging

from praxtui.engine.book import branch as standing
from praxtui.engine.campaign import Campaign
from praxtui.journal.facts import Advanced, Fact, Noticed, Restored
from praxtui.journal.state import Experiment
from praxtui.workspace.branch import Grown

log = logging.getLogger(__name__)


class Branch:
    """Appends to `praxtui/<id>`. Doing a step again after a crash gives the same commit."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._noted: str | None = None

    async def advance(self, experiment: Experiment) -> None:
        """Append a keep: its tree, with hypothesis, mechanism and numbers in the message."""
        grown = await self._grow(experiment.commit or experiment.base, self._message(experiment), experiment.judged)
        self._campaign.record.write(Advanced(experiment.id, grown.commit, grown.moved_from))
        self._report(grown)

    async def restore(self, to: str, reason: str) -> None:
        """Append a commit with the tree of `to`; the keeps after it are revoked and stay in the record."""
        campaign = self._campaign
        chain = [e.id for e in standing(campaign.state)]
        revoked = chain[chain.index(to) + 1 :] if to in chain else chain
        target = campaign.state.experiments[to]
        message = f"restore {to}: {reason}\n\nrevoked: {', '.join(revoked)}\n"
        grown = await self._grow(target.commit or target.base, message, self._when())
        campaign.record.write(Restored(to, revoked, grown.commit, grown.moved_from))
        self._report(grown)

    async def take_back(self, experiment: Experiment, by: str, verdict: Fact) -> None:
        """Append a commit with the tree of the head's parent, because a person discards the head; with its verdict."""
        campaign = self._campaign
        parent = campaign.state.experiments[experiment.parent or "e0"]
        message = f"restore {parent.id}: {experiment.id} discarded by {by}\n"
        grown = await self._grow(parent.commit or parent.base, message, self._when())
        campaign.record.write(Restored(parent.id, [], grown.commit, grown.moved_from), verdict)
        self._report(grown)

    def _when(self) -> float | None:
        # Of the record, not of the clock: the same step after a crash has to give the same commit.
        state = self._campaign.state
        return state.experiments[state.head or "e0"].judged

    async def _grow(self, tree_of: str, message: str, when: float | None) -> Grown:
        campaign = self._campaign
        return await campaign.git(
            campaign.repository.grow, campaign.state.id, tree_of, message, int(when or 0), campaign.state.branch_head
        )

    def _report(self, grown: Grown) -> None:
        if grown.moved_from:
            text = (
                f"the branch praxtui/{self._campaign.state.id} had been moved; it is back where it was, and what it "
                f"pointed to is kept at {grown.moved_from}"
            )
            log.warning(text)
            self._campaign.record.write(Noticed(text))
        elif grown.note and grown.note != self._noted:
            self._campaign.record.write(Noticed(grown.note))
        self._noted = grown.note

    def _message(self, e: Experiment) -> str:
        epoch = self._campaign.epoch
        value = next((r.metric for r in reversed(e.runs) if r.metric is not None), None)
        lines = [f"{e.id}: {e.title}", "", e.mechanism, ""]
        if value is not None:
            lines.append(f"{epoch.metric}: {value:.6g}")
        if e.delta is not None:
            sd = f" ({e.delta_sd:+.1f} sd)" if e.delta_sd is not None else ""
            lines.append(f"gain over {e.parent}: {e.delta:+.6g}{sd}")
        lines.append(f"standing: {e.standing}")
        return "\n".join(lines) + "\n"
