"""One engine's life: take the campaign, make ready what it needs, run the loop, let go in order."""

from __future__ import annotations

import asyncio
import logging
import platform
import signal
from collections.abc import Callable
from pathlib import Path

import praxtui
from praxtui.engine import briefing, epochs, sealed_data, space
from praxtui.engine.campaign import Campaign
from praxtui.engine.clock import Clock
from praxtui.engine.handed import Handed
from praxtui.engine.loop import Loop
from praxtui.engine.models import options
from praxtui.engine.packing import Packing
from praxtui.engine.record import Record
from praxtui.engine.runner import Runner
from praxtui.engine.steering import AT_ONCE, POLL_S, Steering
from praxtui.errors import UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.facts import CampaignEnded, CampaignReopened, EngineStarted, EngineStopped, Fact, Noticed
from praxtui.journal.folded import folded
from praxtui.journal.inbox import Inbox
from praxtui.journal.people import Resumed
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.program.interpreter import choose
from praxtui.program.read import parse
from praxtui.program.spec import Program
from praxtui.research.protocol import Tried
from praxtui.research.registry import make
from praxtui.workspace import transfer
from praxtui.workspace.repository import LeafRepository

log = logging.getLogger(__name__)

# Which rung there is, is not known before it was tried.
UNKNOWN = ""
NOTHING = Handed()


async def serve(folder: Path, ready: Callable[[], None], given: Handed = NOTHING) -> int:
    """Run the campaign in `folder` until it ends; returns its exit code. `ready` is called once the engine answers.

    `given`: keys and other secrets, beside what stands in the environment.
    Raises AlreadyRunning where another engine has it, UserError where it cannot go on (also recorded).
    """
    with liveness.lock(folder):
        me = liveness.write_identity(folder)
        with Journal.open(folder) as journal:
            journal.check()
        record = Record(Journal.open(folder, write=True), Clock())
        try:
            inbox = Inbox(folder)
            # First, because the time up to it is not counted: nobody was there.
            started = EngineStarted(me.pid, me.start, me.boot, platform.node(), praxtui.__version__, UNKNOWN)
            record.write(started, *_reopening(record.state, inbox))
            ready()
            await _guarded(folder, record, inbox, given)
            return record.state.exit_code
        finally:
            record.close()


def _reopening(state: State, inbox: Inbox) -> list[Fact]:
    """An ended campaign goes on when its person asks for it: by `resume`, or with commands that wait."""
    facts: list[Fact] = []
    if state.ended:
        waiting = inbox.pending(state.commands)
        facts.append(CampaignReopened("commands waited for it" if waiting else "resumed"))
    elif state.paused:
        facts.append(Resumed("resume"))
    return facts


async def _guarded(folder: Path, record: Record, inbox: Inbox, given: Handed) -> None:
    """The campaign with its steering beside it; what ends it in an unforeseen way is recorded."""
    loop = asyncio.get_running_loop()
    going = asyncio.current_task()
    told: list[str] = []

    def told_to_go(name: str) -> None:
        told.append(name)
        if going is not None:
            going.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_go, number.name)
    try:
        await _campaign(folder, record, inbox, given)
        await _tidy(folder, record.state)
        record.write(EngineStopped(record.state.end_reason or "done"))
    except asyncio.CancelledError:
        record.write(EngineStopped(f"told to go by {told[0] if told else 'its process'}"))
    except (UserError, OSError) as error:
        # What a person can mend ends the campaign with its reason; `resume` goes on once it is mended.
        text = "; ".join(str(error).split("\n  ")) if isinstance(error, UserError) else str(error)
        code = error.exit_code if isinstance(error, UserError) else 4
        log.exception("the campaign cannot go on")
        record.write(CampaignEnded("stopped", text, code if code in (2, 3) else 4), EngineStopped(text))
        await _tidy(folder, record.state)
    except Exception as error:
        log.exception("the engine failed")
        record.write(Noticed(f"the engine failed: {error!r}; see engine.log"), EngineStopped(f"fault: {error!r}"))
        raise


async def _campaign(folder: Path, record: Record, inbox: Inbox, given: Handed) -> None:
    # A stop that waits is taken before anything is run.
    early = Steering(record, inbox, lambda: None)
    early.take()
    campaign = await _open(folder, record, given)
    try:
        runner_of: list[Runner] = []

        def stop_run() -> None:
            for runner in runner_of:
                runner.stop()

        beside = [asyncio.create_task(_poll(Steering(record, inbox, stop_run)))]
        packing = Packing(folder, record)
        beside.append(asyncio.create_task(packing.work()))
        warm = getattr(campaign.researcher, "warm", None)
        if warm is not None:
            # The baseline runs meanwhile, so that the first draft need not wait for imports.
            beside.append(asyncio.create_task(warm()))
        try:
            await _run(campaign, runner_of)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if record.state.ended:
                await packing.finish()
            packing.close()
    finally:
        campaign.close()


async def _run(campaign: Campaign, runner_of: list[Runner]) -> None:
    if not campaign.state.epochs:
        await epochs.open_first(campaign)
    if campaign.state.stop and not campaign.state.running:
        campaign.record.write(CampaignEnded("stopped", "stopped by its person"))
        return
    # While the data is made ready; nothing that a researcher wrote runs before the answer is there.
    settling = asyncio.create_task(campaign.confinement.settle(campaign))
    try:
        await epochs.follow_data(campaign)
        await sealed_data.prepare(campaign)
        await settling
    finally:
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
    runner = Runner(campaign)
    runner_of.append(runner)
    await Loop(campaign, runner).go()


async def _poll(steering: Steering) -> None:
    while True:
        try:
            while steering.take(AT_ONCE) == AT_ONCE:
                await asyncio.sleep(0)
        except UserError as error:
            log.warning("the inbox cannot be read: %s", error)
        await asyncio.sleep(POLL_S)


async def _open(folder: Path, record: Record, given: Handed) -> Campaign:
    """Everything that the campaign needs, from its record."""
    state = record.state
    leaf = Path(state.leaf)
    commits = folder / "commits.git"  # brought by an archive, until the leaf has them
    if not leaf.is_dir():
        back = f", or, as it began: {transfer.brought_back(commits, state.id, leaf)}" if commits.is_dir() else ""
        raise UserError(
            f"the leaf is gone: {leaf}", fix=f"put it back there, or start a new campaign{back}", exit_code=4
        )
    program: Program = parse(record.journal.get_blob(state.program).decode(), leaf / "program.md")
    repository = LeafRepository.open(leaf)
    if commits.is_dir():
        await asyncio.to_thread(transfer.take_back, commits, repository, state.id)
    researcher = make(state.researcher, **await options(state, given))
    earlier = await asyncio.to_thread(earlier_campaigns, state.after)
    interpreter = await asyncio.to_thread(choose, program, leaf)
    campaign = Campaign(folder, record, program, leaf, repository, researcher, interpreter.path, earlier)
    campaign.secrets = given.secrets
    return campaign


def earlier_campaigns(names: list[str]) -> tuple[Tried, ...]:
    """What earlier campaigns of the leaf tried, from their journals."""
    states = []
    for name in names:
        with Journal.open(campaigns.find(name)) as journal:
            states.append(folded(journal))
    return briefing.earlier_tried(states)


async def _tidy(folder: Path, state: State) -> None:
    """Free what an ended campaign needs no more. It can be done later, so that nothing here is a reason to fail."""
    if state.ended:
        try:
            await asyncio.to_thread(space.tidy, folder, state)
        except (OSError, UserError) as error:
            log.warning("not all was freed; `praxtui clean %s` does it: %s", folder.name, error)
