"""When a file's content need not be read again: the stamp that the kernel changes with every change of content.

`ctime` cannot be set by a program, but it moves in ticks: a change in the same tick as our look leaves it as it was.
So a stamp is trusted only if it was already old when the content was read (git's own rule for a "racy" index).
"""

from __future__ import annotations

import os

import msgspec

_TICK_NS = 20_000_000
_COARSE_TICK_NS = 2_100_000_000


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """Size in bytes, inode, mtime and ctime in ns; `seen`: when the content was read, ns since 1970."""

    size: int
    inode: int
    mtime: int
    ctime: int
    seen: int

    def holds(self, now: os.stat_result) -> bool:
        """Whether the content must still be what it was when this stamp was taken."""
        same = (now.st_size, now.st_ino, now.st_mtime_ns, now.st_ctime_ns) == (
            self.size,
            self.inode,
            self.mtime,
            self.ctime,
        )
        # File systems with whole seconds (FAT has two) show no fraction.
        tick = _COARSE_TICK_NS if self.ctime % 1_000_000_000 == 0 else _TICK_NS
        return same and self.ctime < self.seen - tick


def stamp(info: os.stat_result, seen: int) -> Stamp:
    """The stamp of a file whose content is read at `seen` (taken before the reading begins)."""
    return Stamp(info.st_size, info.st_ino, info.st_mtime_ns, info.st_ctime_ns, seen)
