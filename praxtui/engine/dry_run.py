"""`loop.check`: a quick dry run of a draft before it may take its place in the queue."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from praxtui import paths
from praxtui.engine import measure
from praxtui.engine.campaign import Campaign
from praxtui.engine.checks import Refused
from praxtui.program import commands
from praxtui.program.spec import seconds
from praxtui.runs import environment
from praxtui.runs.spec import Spec, Stage, log_cap

LOG = "check.log"
LINES = 20


async def check(campaign: Campaign, experiment: str, commit: str) -> None:
    """Run `loop.check` on a committed draft in a tree of its own; raises Refused with the end of its output."""
    loop = campaign.program.loop
    run_dir = campaign.folder / "runs" / experiment / f"check-{uuid.uuid4().hex[:8]}"
    await campaign.git(campaign.check_tree.prepare, commit, loop.data)
    inherited = campaign.inherited()
    env = environment.handed(
        python=Path(campaign.interpreter),
        path=inherited.get("PATH", ""),
        experiment=experiment,
        seed=campaign.state.seed,
        budget_s=loop.budget,
        data=campaign.data,
        scratch=run_dir / "scratch",
        cache=paths.ensure(paths.cache_dir() / campaign.folder.name / experiment),
    )
    await campaign.confinement.settle(campaign)
    await campaign.git(paths.make, run_dir)
    environment.make_folders(env)
    argv = tuple(commands.argv(loop.check or "", campaign.interpreter))
    stage = Stage(name="check", argv=argv, cwd=str(campaign.check_tree.leaf), env=env, log=LOG)
    stage = await campaign.git(campaign.confinement.around, campaign, stage, campaign.check_tree, commit)
    spec = Spec(
        token=uuid.uuid4().hex,
        stages=(stage,),
        pass_env=tuple(sorted(inherited)),
        timeout_s=loop.timeout,
        log_cap=log_cap(),
    )
    handle = await asyncio.to_thread(campaign.place.start, run_dir, spec, inherited)
    try:
        exit = await handle.wait()
    except asyncio.CancelledError:
        handle.stop(now=True)
        raise
    if not exit.ok:
        how = f"not done after {seconds(loop.timeout)}" if exit.why == "timeout" else exit.message or "it failed"
        said = "\n".join(measure.last_lines(run_dir / LOG, LINES))
        raise Refused(f"the check `{loop.check}` does not pass: {how}", said)
