"""The data that runs may read: made once by `loop.setup`, kept apart from every experiment, watched, mended."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import shutil
import uuid
from pathlib import Path

import msgspec

from praxtui import paths
from praxtui.engine import measure
from praxtui.engine.campaign import Campaign
from praxtui.engine.data_watch import DataWatch
from praxtui.errors import CampaignFault
from praxtui.journal.facts import SetupEnded, SetupStarted
from praxtui.program import commands
from praxtui.program.spec import seconds
from praxtui.runs import environment, proc
from praxtui.runs.local import lost, read_exit
from praxtui.runs.spec import Spec, Stage, log_cap
from praxtui.workspace import data as leaf_data
from praxtui.workspace.data import Fingerprint

log = logging.getLogger(__name__)

SETUP_TIMEOUT_S = 6 * 3600.0
LOG = "setup.log"


class SetupFailed(CampaignFault):
    """`loop.setup` did not end well; nothing can be measured without its data."""


async def own_data(campaign: Campaign) -> Fingerprint | None:
    """The leaf's own data as it is on disk; None where the program names none."""
    if not campaign.program.loop.data:
        return None
    return await campaign.git(leaf_data.fingerprint, campaign.leaf, campaign.program.loop.data)


async def prepare(campaign: Campaign) -> None:
    """Make, find or mend the data of this epoch and seal it: sets the campaign's `data` and `watch`.

    Raises SetupFailed when setup does not make it, or when the leaf's own data, of which there is no copy, is no
    longer what the epoch was measured with.
    """
    own = await own_data(campaign)
    if own is not None and own.digest != campaign.epoch.data:
        raise SetupFailed(
            f"loop.data ({', '.join(campaign.program.loop.data)}) is not what this epoch was measured with",
            fix=f"put back what was there in {campaign.leaf}, then `praxtui resume {campaign.folder.name}`",
        )
    made = None
    campaign.data = None
    if campaign.program.loop.setup:
        key = await campaign.git(_key, campaign, own)
        folder = paths.ensure(paths.data_dir()) / key
        record = folder.with_suffix(".json")
        made = await campaign.git(_intact, folder, record)
        if made is not None and campaign.state.setup_key == key and campaign.state.data not in (None, made.digest):
            # What a run can write, it can write together with its record; the journal knows better.
            await campaign.git(discard, folder)
            made = None
        if made is None:
            made = await _make(campaign, key, folder, record)
        elif campaign.state.data != made.digest:
            campaign.record.write(SetupEnded(key, True, cached=True, data=made.digest))
        campaign.data = folder
    campaign.watch = DataWatch(own, made)


def _key(campaign: Campaign, own: Fingerprint | None) -> str:
    """Of everything that decides what setup makes: its command, the sealed files, the leaf's data, the interpreter."""
    commit = campaign.epoch.base
    files = campaign.repository.files(commit)
    parts = [campaign.program.loop.setup or "", campaign.interpreter, own.digest if own else ""]
    parts += [f"{path} {files[path]}" for path in sorted(campaign.sealed_paths(commit)) if path != "program.md"]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _intact(folder: Path, record: Path) -> Fingerprint | None:
    """The fingerprint of data that is there and unchanged; what is damaged is moved aside, not used."""
    try:
        known = msgspec.json.decode(record.read_bytes(), type=Fingerprint)
    except (OSError, msgspec.MsgspecError):
        return None
    if not folder.is_dir():
        return None
    differs, now = leaf_data.look(known)
    if not differs:
        return now
    log.warning("the data in %s was changed (%s); it is made again", folder, ", ".join(differs[:5]))
    discard(folder)
    record.unlink(missing_ok=True)
    return None


def discard(folder: Path) -> None:
    """Delete a data folder, read-only as it is."""
    gone = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    with contextlib.suppress(OSError):
        leaf_data.make_writable(folder)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


async def _make(campaign: Campaign, key: str, folder: Path, record: Path) -> Fingerprint:
    """Run `loop.setup` into a new folder; it gets its name only when it is whole."""
    journal = campaign.record
    await asyncio.to_thread(_end_earlier, campaign.folder / "runs" / "setup", folder)
    journal.write(SetupStarted(key))
    fresh = folder.with_name(f".{key}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    paths.make(fresh)
    run_dir = campaign.folder / "runs" / "setup" / uuid.uuid4().hex[:8]
    try:
        await campaign.git(campaign.check_tree.prepare, campaign.epoch.base, campaign.program.loop.data)
        took = await _execute(campaign, run_dir, fresh)
    except SetupFailed as failure:
        journal.write(SetupEnded(key, False, reason=failure.message))
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    known: Fingerprint = await campaign.git(_seal, fresh, folder, record)
    journal.write(SetupEnded(key, True, took, data=known.digest))
    return known


def _end_earlier(setups: Path, folder: Path) -> None:
    """End what a killed engine left behind: its setup, which would go on beside this one, and half-made data."""
    for run_dir in setups.glob("*"):
        if read_exit(run_dir) is None:
            lost(run_dir)
    for half in folder.parent.glob(f".{folder.name}.*"):
        maker = half.suffix.lstrip(".")
        if not maker.isdigit() or proc.start_of(int(maker)) is None:
            discard(half)


def _seal(fresh: Path, folder: Path, record: Path) -> Fingerprint:
    """Put finished data in its place, read-only; another engine's that came first is taken instead."""
    leaf_data.make_read_only(fresh)
    try:
        fresh.chmod(0o755)
        fresh.rename(folder)
    except OSError:
        discard(fresh)
    leaf_data.make_read_only(folder)
    known = leaf_data.fingerprint(folder, (".",))
    temporary = record.with_suffix(f".{os.getpid()}.tmp")
    with open(temporary, "wb", opener=paths.private) as file:
        file.write(msgspec.json.encode(known))
    temporary.replace(record)
    return known


async def _execute(campaign: Campaign, run_dir: Path, data: Path) -> float:
    loop = campaign.program.loop
    inherited = campaign.inherited(campaign.program.constraints.secrets)
    env = environment.handed(
        python=Path(campaign.interpreter),
        path=inherited.get("PATH", ""),
        experiment="setup",
        seed=campaign.state.seed,
        budget_s=loop.budget,
        data=data,
        scratch=run_dir / "scratch",
        cache=paths.ensure(paths.cache_dir() / campaign.folder.name / "setup"),
    )
    paths.make(run_dir)
    environment.make_folders(env)
    argv = tuple(commands.argv(loop.setup or "", campaign.interpreter))
    stage = Stage(name="setup", argv=argv, cwd=str(campaign.check_tree.leaf), env=env, log=LOG)
    spec = Spec(
        token=uuid.uuid4().hex,
        stages=(stage,),
        pass_env=tuple(sorted(inherited)),
        timeout_s=SETUP_TIMEOUT_S,
        log_cap=log_cap(),
    )
    handle = await asyncio.to_thread(campaign.place.start, run_dir, spec, inherited)
    stopping = asyncio.ensure_future(campaign.record.until(lambda: campaign.state.stop == "now"))
    ending = asyncio.ensure_future(handle.wait())
    await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
    if not ending.done():
        handle.stop(now=True)
    stopping.cancel()
    exit = await ending
    await campaign.git(measure.blot_logs, run_dir, (LOG,))
    if exit.ok:
        return exit.seconds
    said = next((line.strip() for line in reversed(measure.last_lines(run_dir / LOG, 20)) if line.strip()), "")
    how = f"not done after {seconds(SETUP_TIMEOUT_S)}" if exit.why == "timeout" else exit.message or exit.why
    if exit.why == "exit" and exit.stages:
        how = f"exit {exit.stages[-1].rc}"
    raise SetupFailed(
        f"setup failed: `{loop.setup}`: {how}" + (f": {said}" if said else ""),
        fix=f"its output: {run_dir / LOG}",
    )
