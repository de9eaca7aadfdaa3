"""What the workspace refuses, and faults of the disk or of git that a person must see to."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from praxtui import paths
from praxtui.errors import CampaignFault, DiskFull, UserError


class PathRefused(UserError):
    """A draft wants to write where no lever can be: outside the leaf, through a link, into `.git` or a submodule."""


class LeafRefused(UserError):
    """The leaf, as it stands on disk, cannot become a baseline; the fix says what to change."""


class RefTaken(CampaignFault):
    """An immutable ref already names another commit."""


class RefLocked(CampaignFault):
    """Git's lock on a ref, `lock`, is held: by somebody at work, or left by a process that was killed."""

    def __init__(self, message: str, lock: Path) -> None:
        super().__init__(message, fix=f"if no git command is at work there: rm {lock}")
        self.lock = lock


_LOCKED = re.compile(r"failed to lock file '(.+\.lock)'")


@contextmanager
def disk_faults(what: str, where: Path) -> Iterator[None]:
    """Turn faults of git or disk during `what` at `where` into a DiskFull, RefLocked or CampaignFault, with a fix."""
    try:
        yield
    except (pygit2.GitError, OSError) as error:
        raise explained(error, what, where) from error


def explained(error: Exception, what: str, where: Path) -> CampaignFault:
    """The CampaignFault that says what `error` means for a person: disk full, not writable, locked or damaged."""
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    told = number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text or "quota exceeded" in text
    # What libgit2 says of it differs from call to call, and is often about something else.
    if paths.read_only(where):
        return CampaignFault(
            f"cannot {what}: the file system of {where} is mounted read-only",
            fix="see what the kernel says of that disk (`dmesg`), make it writable, then: praxtui resume ID",
        )
    # On a full disk libgit2 often reports a failed lookup that came before the failed write.
    if told or (isinstance(error, pygit2.GitError) and not paths.has_room(where)):
        return DiskFull(f"cannot {what}: the disk of {where} is full", fix="free some space, then: praxtui resume ID")
    locked = _LOCKED.search(text)
    if locked:
        return RefLocked(f"cannot {what}: {locked[1]} is locked", Path(locked[1]))
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or "ermission denied" in text or "Read-only" in text:
        return CampaignFault(f"cannot {what}: {where} cannot be written ({text})", fix=f"make {where} writable for you")
    return CampaignFault(f"cannot {what} in {where}: {text}", fix=f"see whether `git -C {where} fsck` reports damage")
