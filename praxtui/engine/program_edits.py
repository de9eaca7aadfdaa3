"""A person's edits of program.md while the campaign runs: prose counts from the next draft, else an epoch opens."""

from __future__ import annotations

import difflib
import logging

from praxtui.engine import epochs
from praxtui.engine.campaign import Campaign
from praxtui.errors import UserError
from praxtui.journal.facts import Noticed
from praxtui.journal.people import ProgramChanged
from praxtui.masking import mask
from praxtui.program.spec import Program
from praxtui.program.unavailable import unavailable

log = logging.getLogger(__name__)


async def look(campaign: Campaign) -> bool:
    """Take an edit of the leaf's program.md that opens no epoch; True while one that does waits for `take`."""
    async with campaign.program_lock:
        program = await _edited(campaign)
        if program is not None and program.comparability() != campaign.program.comparability():
            campaign.program_waits = program
        elif program is not None:
            campaign.program_waits = None
            _change(campaign, program, opens=False)
        return campaign.program_waits is not None


async def take(campaign: Campaign) -> bool:
    """Take an edit of the leaf's program.md if there is one; True when it opened a new epoch, to be measured first."""
    if not await look(campaign) or campaign.program_waits is None:
        return False
    program, campaign.program_waits = campaign.program_waits, None
    _change(campaign, program, opens=True)
    await epochs.reopen(campaign, "program.md: the specification was edited")
    return True


async def _edited(campaign: Campaign) -> Program | None:
    """The program as it is on disk where that is new and can be used; what is wrong with it is said once."""
    try:
        stamp = (campaign.leaf / "program.md").stat()
    except OSError:
        return None
    seen = (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
    if seen == campaign.program_seen:
        return None
    first, campaign.program_seen = campaign.program_seen is None, seen
    try:
        program = await campaign.git(epochs.read_program, campaign.leaf, campaign.state.overrides)
    except UserError as error:
        if not first:
            campaign.record.write(Noticed(f"the edit of program.md is not taken: {error.message}"))
        return None
    if program.text == campaign.program.text:
        campaign.program_waits = None
        return None
    hard = [missing.message for missing in unavailable(program) if missing.hard]
    if hard:
        campaign.record.write(Noticed(f"the edit of program.md is not taken: {'; '.join(hard)}"))
        return None
    return program


def _change(campaign: Campaign, after: Program, *, opens: bool) -> None:
    before, record = campaign.program, campaign.record
    diff = "".join(
        difflib.unified_diff(before.text.splitlines(True), after.text.splitlines(True), "program.md", "program.md")
    )
    blob = record.put_blob(after.text.encode())
    campaign.program = after
    target, keep = after.metric.target, after.constraints.keep
    record.write(ProgramChanged(blob, record.put_blob(mask(diff).encode()), opens, target, keep))
    log.info("program.md was edited; %s", "a new epoch begins" if opens else "the epoch goes on")
