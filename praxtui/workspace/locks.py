"""Locks of git on the campaign's own refs: held for milliseconds, unless who held one was killed."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

log = logging.getLogger(__name__)

STALE_S = 3.0
"""A ref is locked while one line is written. A lock that is older than this has lost its holder."""
OWN = ("refs/praxtui/", "refs/heads/praxtui/")


def free(lock: Path, common: Path) -> bool:
    """Take away a lock below `common` (the repository's git folder) that a killed engine left; whether it is gone.

    Only locks on refs that campaigns alone write, and only stale ones: any other is somebody's work under way.
    """
    try:
        name = lock.resolve().relative_to(common.resolve()).as_posix()
        age = time.time() - os.lstat(lock).st_mtime
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    if not name.startswith(OWN) or age < STALE_S:
        return False
    log.warning("removing %s: whoever held it is gone", lock)
    lock.unlink(missing_ok=True)
    return True
