"""One run, from intent to result: trees made ready, shim started or adopted, waited for, measured, recorded."""

from __future__ import annotations

import asyncio
import logging
import shutil
import uuid
from pathlib import Path

from msgspec.structs import replace

from praxtui import paths
from praxtui.engine import measure, sealed_data
from praxtui.engine.book import NO_EVIDENCE
from praxtui.engine.campaign import Campaign
from praxtui.errors import DiskFull
from praxtui.journal.curves import CurveWriter
from praxtui.journal.facts import RunEnded, RunStarted
from praxtui.journal.state import Run
from praxtui.program import commands
from praxtui.program.ready import chosen_gpus, gpu_count
from praxtui.runs import environment
from praxtui.runs.local import RunHandle, lost, read_exit
from praxtui.runs.output import Follower
from praxtui.runs.spec import Exit, Handover, Spec, Stage, log_cap
from praxtui.workspace.refusals import disk_faults
from praxtui.workspace.tree import Tree

log = logging.getLogger(__name__)

CURVE_S = 1.0
SCRATCH, EVALUATE_SCRATCH = "scratch", "evaluate-scratch"
OWN = tuple(f"{name}{kind}" for name in (SCRATCH, EVALUATE_SCRATCH) for kind in ("", "-cache"))


class Runner:
    """Makes runs, one at a time, each recorded as intent before it starts and as result after it ended."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._handle: RunHandle | None = None
        self._stop_asked = False
        wanted = campaign.program.loop.gpus
        self.gpus = min(1, gpu_count()) if wanted == "auto" else wanted
        self._gpu_names = chosen_gpus(self.gpus)

    def stop(self) -> None:
        """End the current run now; a run that is just being started ends as soon as it has."""
        self._stop_asked = True
        if self._handle is not None:
            self._handle.stop(now=True)

    async def run(
        self, experiment: str, use: str, seed: int, *, trial: int | None = None, pair: int | None = None
    ) -> Run:
        """Make one run of an experiment as it was committed, and return it ended and recorded."""
        campaign = self._campaign
        found = campaign.state.experiments[experiment]
        commit = found.commit or found.base
        if await campaign.git(campaign.watch.changed):
            # An earlier run has spoiled the data, or somebody else: no run may be measured with it, or be blamed.
            await sealed_data.prepare(campaign)
        await campaign.confinement.settle(campaign)
        n = max((run.n for run in found.runs), default=0) + 1
        folder = campaign.run_folder(experiment, n)
        handle: RunHandle | None = None
        self._stop_asked = False
        campaign.starting = True
        try:
            campaign.record.write(RunStarted(experiment, n, use, seed, commit, campaign.epoch.number, trial, pair))
            await campaign.git(self._prepare, commit, folder)
            spec, env = await campaign.git(self._spec, experiment, use, seed, folder)
            spec = replace(spec, stages=await campaign.git(self._confined, spec.stages, commit))
            handle = await asyncio.to_thread(self._start, folder, spec, env)
        finally:
            campaign.starting = False
            campaign.record.wake()
        if handle is None:
            return await self._close(experiment, n, folder, await campaign.git(lost, folder))
        return await self._see_through(handle, experiment, n)

    async def adopt(self, experiment: str, n: int) -> Run:
        """Take over a run that an earlier engine started: wait for it, or finish what it left, or call it lost."""
        campaign = self._campaign
        folder = campaign.run_folder(experiment, n)
        run = self._run(experiment, n)
        self._stop_asked = bool(run.killed) or campaign.state.stop == "now"
        # First, because a result beside a shim that lives is not the shim's.
        handle = campaign.place.adopt(folder)
        if handle is not None:
            log.info("adopting run %d of %s", n, experiment)
            return await self._see_through(handle, experiment, n)
        ended = await campaign.git(lambda: read_exit(folder) or lost(folder))
        return await self._close(experiment, n, folder, ended)

    def _run(self, experiment: str, n: int) -> Run:
        return next(run for run in self._campaign.state.experiments[experiment].runs if run.n == n)

    def _trees(self) -> tuple[Tree, ...]:
        campaign = self._campaign
        return (campaign.run_tree, *((campaign.evaluation_tree,) if campaign.program.loop.evaluate else ()))

    def _prepare(self, commit: str, folder: Path) -> None:
        for tree in self._trees():
            tree.prepare(commit, self._campaign.program.loop.data)
        with disk_faults("make the folder of a run", folder):
            # What stands there was put there by an earlier run, for this one to find.
            for path in (folder.parent, folder):
                if path.is_symlink() or path.is_file():
                    path.unlink()
            shutil.rmtree(folder, ignore_errors=True)
            paths.make(folder.parent)
            folder.mkdir(mode=0o700)
        for place in (folder, self._campaign.run_tree.folder):
            if not paths.has_room(place):
                raise DiskFull(f"nothing is run while the disk of {place} is full")

    def _start(self, folder: Path, spec: Spec, env: dict[str, str]) -> RunHandle | None:
        try:
            return self._campaign.place.start(folder, spec, env)
        except DiskFull as full:
            log.error("%s", full.message)
            return None

    def _spec(self, experiment: str, use: str, seed: int, folder: Path) -> tuple[Spec, dict[str, str]]:
        """The shim's instructions, and its environment: what the person's own lets through, secrets among it."""
        campaign = self._campaign
        loop, secrets = campaign.program.loop, campaign.program.constraints.secrets
        inherited = campaign.inherited(secrets)

        def handed(scratch: str) -> dict[str, str]:
            env = environment.handed(
                python=Path(campaign.interpreter),
                path=inherited.get("PATH", ""),
                experiment=experiment,
                seed=seed,
                budget_s=loop.budget,
                data=campaign.data,
                scratch=folder / scratch,
                # Of this stage alone: what one leaves there, no other run, and not its evaluator, may execute.
                cache=folder / f"{scratch}-cache",
            )
            with disk_faults("make the folders of a run", folder):
                environment.make_folders(env)
            if self._gpu_names is not None:
                env["CUDA_VISIBLE_DEVICES"] = self._gpu_names
            return env

        stages = [
            Stage(
                name="run",
                argv=tuple(commands.argv(loop.run, campaign.interpreter)),
                cwd=str(campaign.run_tree.leaf),
                env=handed(SCRATCH),
                log=measure.RUN_LOG,
            )
        ]
        if loop.evaluate:
            env = handed(EVALUATE_SCRATCH)
            if use == "audit" and campaign.program.metric.holdout:
                env["PRAXTUI_HOLDOUT"] = "1"
            at = str(campaign.evaluation_tree.leaf)
            stages.append(
                Stage(
                    name="evaluate",
                    argv=tuple(commands.argv(loop.evaluate, campaign.interpreter)),
                    cwd=at,
                    env=env,
                    log=measure.EVALUATE_LOG,
                    handover=Handover(str(campaign.run_tree.leaf), at, loop.artifacts, self._sealed(folder)),
                    # Secrets are for the run alone: what checks it needs none.
                    pass_env=tuple(sorted(set(inherited) - set(secrets))),
                )
            )
        return Spec(
            token=uuid.uuid4().hex,
            stages=tuple(stages),
            pass_env=tuple(sorted(inherited)),
            timeout_s=loop.timeout,
            log_cap=log_cap(),
        ), inherited

    def _confined(self, stages: tuple[Stage, ...], commit: str) -> tuple[Stage, ...]:
        """The stages behind the walls that there are: the run in its tree, its evaluator in another."""
        campaign = self._campaign
        walls = campaign.confinement
        run, *evaluate = stages
        return (
            walls.around(campaign, run, campaign.run_tree, commit),
            *(walls.around(campaign, one, campaign.evaluation_tree, commit, evaluator=True) for one in evaluate),
        )

    async def _see_through(self, handle: RunHandle, experiment: str, n: int) -> Run:
        """Wait for the end of a run, keeping its live curve meanwhile."""
        self._handle = handle
        if self._stop_asked:
            handle.stop(now=True)
        record, curve_of = self._campaign.record, self._campaign.program.metric.curve
        follower = Follower(handle.run_dir / measure.RUN_LOG)
        curve = CurveWriter(record.journal, experiment, n)
        began = self._run(experiment, n).asked
        ending = asyncio.ensure_future(handle.wait())
        try:
            done = False
            while not done:
                done = bool((await asyncio.wait({ending}, timeout=CURVE_S))[0])
                for point in follower.poll() if curve_of else ():
                    curve.add(point.name, point.step, point.value, record.clock.now() - began)
            curve.write(now=True)
            exit = ending.result()
        except DiskFull:
            exit = await self._campaign.git(handle.end)
        finally:
            ending.cancel()
            self._handle = None
        return await self._close(experiment, n, handle.run_dir, exit)

    async def _close(self, experiment: str, n: int, folder: Path, exit: Exit) -> Run:
        campaign = self._campaign
        run = self._run(experiment, n)
        program, gpus = campaign.program, self.gpus
        if exit.why == "stopped" and not self._stop_asked:
            exit = replace(exit, why="lost", message="ended by a signal from outside")

        def measured() -> RunEnded:
            measure.blot_logs(folder)
            broke = self._broke(run.commit, exit) if exit.why in ("exit", "timeout", "artifact", "seal") else None
            return measure.ended(program, experiment, run, folder, exit, broke, gpus)

        fact = await campaign.git(measured)
        if fact.metric is None and fact.why not in NO_EVIDENCE and not fact.broke and exit.disk_full:
            fact = replace(fact, why="lost", reason=f"the disk was full: {fact.reason}")
        # Before the write, which needs room that the run may have taken.
        for name in OWN:
            shutil.rmtree(folder / name, ignore_errors=True)
        campaign.record.write(fact)
        return self._run(experiment, n)

    def _sealed(self, folder: Path) -> tuple[str, ...]:
        """The folders that an evaluator runs on, beside its artifacts: its tree, its scratch, its cache."""
        own = (folder / EVALUATE_SCRATCH, folder / f"{EVALUATE_SCRATCH}-cache")
        return (str(self._campaign.evaluation_tree.folder), *map(str, own))

    def _broke(self, commit: str, exit: Exit) -> str | None:
        """Which wall the run went through: a sealed file, in its own tree or the evaluator's, or the sealed data."""
        campaign = self._campaign
        changed = campaign.run_tree.changed(commit, campaign.lever_paths(commit))
        if changed:
            return f"the run changed sealed files: {', '.join(changed[:5])}"
        if exit.why == "seal":
            return exit.message
        if campaign.program.loop.evaluate:
            handed = campaign.repository.match(commit, campaign.program.loop.artifacts)
            changed = campaign.evaluation_tree.changed(commit, handed)
            if changed:
                return f"the evaluator's files were changed under it: {', '.join(changed[:5])}"
        spoiled = campaign.watch.changed()
        return f"the run wrote into the data: {', '.join(spoiled[:5])}" if spoiled else None
