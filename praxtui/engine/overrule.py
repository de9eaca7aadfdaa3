"""A person's word against a verdict, carried out between two runs: nothing counts that was not run."""

from __future__ import annotations

from praxtui.engine.book import branch as standing
from praxtui.engine.branch import Branch
from praxtui.engine.campaign import Campaign
from praxtui.engine.drafting import Drafting
from praxtui.journal.facts import DraftBegun, Fact, HypothesisStated, Judged, Noticed
from praxtui.journal.people import OverruleSettled
from praxtui.journal.state import Experiment
from praxtui.workspace import novelty


class Overruling:
    """Carries out `keep` and `discard` of a person. What needs a new tree becomes an experiment that is run first."""

    def __init__(self, campaign: Campaign, branch: Branch, drafting: Drafting) -> None:
        self._campaign = campaign
        self._branch = branch
        self._drafting = drafting

    async def settle(self) -> None:
        """Do what is next for everything that was asked for."""
        for e in list(self._campaign.state.children()):
            if e.overruled is None:
                continue
            carrier = self._carrier(e)
            if carrier is None:
                await (self._keep(e) if e.overruled == "keep" else self._discard(e))
            elif carrier.verdict is not None:
                self._campaign.record.write(_outcome(e, carrier))
            elif carrier.commit is None:
                await self._commit(e, carrier)

    def _carrier(self, e: Experiment) -> Experiment | None:
        """The experiment that carries out what was asked for, once it was begun."""
        for other in self._campaign.state.children():
            if other.detail.get("of") == e.id and other.begun >= (e.overruled_at or 0.0):
                return other
        return None

    async def _keep(self, e: Experiment) -> None:
        record = self._campaign.record
        measured = e.measured("select", "repair", epoch=self._campaign.epoch.number)
        if e.parent != record.state.head or not measured:
            await self._run_first(e)
            return
        said = f"kept by {_who(e)}"
        judged = Judged(
            e.id, "keep", "provisional", e.delta, e.delta_sd, e.confidence, list(e.flags), said, measured[-1].metric,
            _who(e),
        )  # fmt: skip
        record.write(judged)
        await self._branch.advance(record.state.experiments[e.id])

    async def _discard(self, e: Experiment) -> None:
        record = self._campaign.record
        if e not in standing(record.state):
            record.write(*_refused(e, f"{e.id} is no longer on the branch"))
        elif e.id == record.state.head:
            await self._branch.take_back(e, _who(e), _discarded(e))
        else:
            await self._run_first(e)

    async def _run_first(self, e: Experiment) -> None:
        """Begin an experiment of the change on top of the head; where it conflicts, say so."""
        record = self._campaign.record
        merged = await self._merged(e)
        if merged is None:
            record.write(*_refused(e, self._conflict(e)))
            return
        head = record.state.experiments[record.state.head or "e0"]
        name = record.state.next_id
        record.write(*self._begun(e, name, head))
        await self._commit(e, record.state.experiments[name])

    def _begun(self, e: Experiment, name: str, head: Experiment) -> tuple[Fact, ...]:
        detail = {"overrule": e.overruled, "of": e.id, "by": _who(e)}
        title, why = f"{e.title} (kept by {_who(e)})", e.mechanism
        if e.overruled == "discard":
            title, why = f"without {e.id}: {e.title}", f"{_who(e)} discarded {e.id}; later keeps stay"
        return (
            DraftBegun(name, self._campaign.epoch.number, head.id, head.commit or head.base, _who(e)),
            HypothesisStated(name, title, why, "", _who(e), detail=detail),
        )

    async def _commit(self, e: Experiment, carrier: Experiment) -> None:
        """Give the carrier its draft on top of the head: at once, or after a crash, or when the head moved."""
        campaign = self._campaign
        head = campaign.state.experiments[campaign.state.head or "e0"]
        onto = head.commit or head.base
        merged = await self._merged(e)
        if merged is None:
            campaign.record.write(Judged(carrier.id, "void", reason=self._conflict(e)), *_refused(e, self._conflict(e)))
            return
        if carrier.epoch != campaign.epoch.number:
            campaign.record.write(*self._begun(e, carrier.id, head))
        before, after = await campaign.git(campaign.levers, onto), await campaign.git(campaign.levers, merged)
        files = {path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}
        key = novelty.state_key(after)
        await self._drafting.keep_draft(
            carrier.id, carrier.draft + 1, merged, onto, head.id, files, key, before, after
        )  # fmt: skip

    async def _merged(self, e: Experiment) -> str | None:
        """The head with the change of `e` made (keep) or taken back (discard); None where that conflicts."""
        campaign = self._campaign
        state = campaign.state
        head, parent = state.experiments[state.head or "e0"], state.experiments[e.parent or "e0"]
        onto, own, below = head.commit or head.base, e.commit or e.base, parent.commit or parent.base
        theirs, base = (own, e.base) if e.overruled == "keep" else (below, own)
        message = f"{e.overruled} {e.id} by {_who(e)}\n"
        return await campaign.git(campaign.repository.carry, theirs, base, onto, message, int(e.overruled_at or 0))

    def _conflict(self, e: Experiment) -> str:
        verb = "kept" if e.overruled == "keep" else "discarded"
        head = self._campaign.state.head
        return f"{e.id} cannot be {verb} on top of {head}: the changes conflict; fork from it instead"


def _who(e: Experiment) -> str:
    return e.overruled_by or "person"


def _outcome(e: Experiment, carrier: Experiment) -> Fact:
    """What follows for `e` from the verdict on the experiment that carried out what was asked for."""
    if carrier.verdict == "keep":
        return (
            _discarded(e) if e.overruled == "discard" else OverruleSettled(e.id, f"kept by {_who(e)} as {carrier.id}")
        )
    verb = "kept" if e.overruled == "keep" else "discarded"
    return OverruleSettled(e.id, f"not {verb}: {carrier.id} is {carrier.verdict} ({carrier.reason})")


def _discarded(e: Experiment) -> Judged:
    return Judged(
        e.id, "discard", None, e.delta, e.delta_sd, e.confidence, list(e.flags), f"discarded by {_who(e)}", e.bar,
        _who(e),
    )  # fmt: skip


def _refused(e: Experiment, why: str) -> tuple[Fact, ...]:
    return OverruleSettled(e.id, e.reason or why), Noticed(why, e.id)
