"""What the workspace refuses, and faults of the disk or of git that a person must see to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from praxtui.errors import CampaignFault, UserError

_ROOM_BYTES = 1_000_000


class PathRefused(UserError):
    """A draft wants to write where no lever can be: outside the leaf, through a link, into `.git` or a submodule."""


class LeafRefused(UserError):
    """The leaf, as it stands on disk, cannot become a baseline; the fix says what to change."""


class DiskFull(CampaignFault):
    """No space (or quota) left where git or the trees are; nothing recorded so far is lost."""


class RefTaken(CampaignFault):
    """An immutable ref already names another commit."""


@contextmanager
def disk_faults(what: str, where: Path) -> Iterator[None]:
    """Turn faults of git or the disk during `what` at `where` into a message with a fix: DiskFull or CampaignFault."""
    try:
        yield
    except (pygit2.GitError, OSError) as error:
        raise explained(error, what, where) from error


def explained(error: Exception, what: str, where: Path) -> CampaignFault:
    """The CampaignFault that says what `error` means for a person: disk full, not writable, locked or damaged."""
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    told = number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text or "quota exceeded" in text
    # On a full disk libgit2 often reports a failed lookup that came before the failed write.
    if told or (isinstance(error, pygit2.GitError) and _is_full(where)):
        return DiskFull(f"cannot {what}: the disk of {where} is full", fix="free some space, then: praxtui resume ID")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or "ermission denied" in text or "Read-only" in text:
        return CampaignFault(f"cannot {what}: {where} cannot be written ({text})", fix=f"make {where} writable for you")
    return CampaignFault(f"cannot {what} in {where}: {text}", fix=f"see whether `git -C {where} fsck` reports damage")


def _is_full(where: Path) -> bool:
    """Whether the disk that holds `where`, or would, has no room for one more object."""
    while not where.exists() and where != where.parent:
        where = where.parent
    left = os.statvfs(where)
    return left.f_bavail * left.f_frsize < _ROOM_BYTES or (left.f_files > 0 and left.f_favail == 0)
