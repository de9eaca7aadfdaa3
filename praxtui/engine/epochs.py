"""Epochs: what is measured against what. The first begins with the leaf as it stands on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from praxtui.engine import sealed_data
from praxtui.engine.campaign import Campaign
from praxtui.errors import UserError
from praxtui.journal.facts import EpochOpened, Fact, Noticed
from praxtui.program.edit import set_keys
from praxtui.program.read import load, text_of
from praxtui.program.spec import Program


def read_program(leaf: Path, overrides: Mapping[str, str]) -> Program:
    """program.md of a leaf with the `--set` overrides of the campaign; raises UserError with everything wrong."""
    text = text_of(leaf / "program.md")
    return load(leaf, set_keys(text, overrides) if overrides else text)


async def open_first(campaign: Campaign) -> None:
    """Open epoch 1: e0 is an in-memory commit of the leaf as it stands, or the commit that a fork starts from."""
    state, repository = campaign.state, campaign.repository
    recorded = await campaign.git(repository.recorded, state.id)
    uncommitted: list[str] = []
    # Recorded but not in the journal: an engine was killed between the two. The leaf may have changed since.
    base = recorded.get("e0") or state.start_commit
    if base is None:
        baseline = await campaign.git(repository.baseline, int(state.created), campaign.program.loop.data)
        base, uncommitted = baseline.commit, list(baseline.uncommitted)
    await campaign.git(repository.record, state.id, "e0", base)
    levers = await campaign.git(campaign.lever_paths, base)
    if not levers:
        globs = ", ".join(campaign.program.levers.edit)
        raise UserError(
            f"levers.edit ({globs}) matches no file that git would keep", fix="is it ignored by .gitignore?"
        )
    await _refuse_sealed_artifacts(campaign, base)
    facts: list[Fact] = [await _opened(campaign, 1, "start", base, "e0", uncommitted)]
    if uncommitted:
        facts.append(Noticed(f"the leaf has uncommitted edits; e0 includes them: {', '.join(uncommitted[:10])}"))
    if campaign.record.journal.slow_reason:
        facts.append(Noticed(campaign.record.journal.slow_reason))
    campaign.record.write(*facts)


async def reopen(campaign: Campaign, reason: str) -> None:
    """Open the next epoch: the incumbent, as it is, is measured again."""
    state = campaign.state
    head = state.experiments[state.head or "e0"]
    commit = head.commit or head.base
    await _refuse_sealed_artifacts(campaign, commit)
    campaign.record.write(await _opened(campaign, campaign.epoch.number + 1, reason, commit, head.id, []))


async def _refuse_sealed_artifacts(campaign: Campaign, commit: str) -> None:
    """What a run hands over replaces what stands there: a sealed file under an artifact would be the run's to write."""
    handed = await campaign.git(campaign.repository.match, commit, campaign.program.loop.artifacts)
    sealed = await campaign.git(campaign.sealed_paths, commit)
    both = sorted(sealed.intersection(handed))
    if both:
        raise UserError(
            f"loop.artifacts holds sealed files: {', '.join(both[:5])}",
            fix="let runs write to a folder of their own, for example artifacts: [out/]",
        )


async def follow_data(campaign: Campaign) -> None:
    """Open a new epoch where the leaf's own data was changed between two engines: by its person, for no run was on."""
    own = await sealed_data.own_data(campaign)
    if own is not None and own.digest != campaign.epoch.data and not campaign.state.running:
        await reopen(campaign, "loop.data changed")


async def _opened(
    campaign: Campaign, number: int, reason: str, base: str, head: str, uncommitted: list[str]
) -> EpochOpened:
    program = campaign.program
    own = await sealed_data.own_data(campaign)
    return EpochOpened(
        epoch=number,
        reason=reason,
        program=campaign.record.put_blob(program.text.encode()),
        base=base,
        head=head,
        goal=program.metric.goal,
        metric=program.metric.name,
        metric_by=program.metric_by,
        deterministic=program.metric.deterministic,
        target=program.metric.target,
        keep=program.constraints.keep,
        repeats=program.constraints.repeats,
        holdout=program.metric.holdout,
        data=own.digest if own else None,
        uncommitted=uncommitted,
        interpreter=campaign.interpreter,
    )
