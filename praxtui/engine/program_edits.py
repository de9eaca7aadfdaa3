"""A person's edits of program.md while the campaign runs: prose counts from the next draft, else an epoch opens."""

from __future__ import annotations

import difflib
import logging

from praxtui.engine import epochs
from praxtui.engine.campaign import Campaign
from praxtui.errors import UserError
from praxtui.journal.events import Noticed, ProgramChanged
from praxtui.program.unavailable import unavailable

log = logging.getLogger(__name__)


async def take(campaign: Campaign) -> bool:
    """Take an edit of the leaf's program.md if there is one; True when it opened a new epoch, to be measured first."""
    path = campaign.leaf / "program.md"
    try:
        stamp = path.stat()
    except OSError:
        return False
    seen = (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
    if seen == campaign.program_seen:
        return False
    first, campaign.program_seen = campaign.program_seen is None, seen
    try:
        program = await campaign.git(epochs.read_program, campaign.leaf, campaign.state.overrides)
    except UserError as error:
        if not first:
            campaign.record.write(Noticed(f"the edit of program.md is not taken: {error.message}"))
        return False
    if program.text == campaign.program.text:
        return False
    hard = [missing.message for missing in unavailable(program) if missing.hard]
    if hard:
        campaign.record.write(Noticed(f"the edit of program.md is not taken: {'; '.join(hard)}"))
        return False
    before, after = campaign.program, program
    opens = before.comparability() != after.comparability()
    diff = "".join(
        difflib.unified_diff(before.text.splitlines(True), after.text.splitlines(True), "program.md", "program.md")
    )
    record = campaign.record
    blob = record.put_blob(after.text.encode())
    campaign.program = after
    campaign.record.write(ProgramChanged(blob, record.put_blob(diff.encode()), opens))
    log.info("program.md was edited; %s", "a new epoch begins" if opens else "prose only")
    if opens:
        await epochs.reopen(campaign, "program.md: the specification was edited")
    return opens
