"""The cap on a log that somebody else is writing: the head and the newest part stay, the middle goes.

Standard library only: the shim imports this file.
"""

from __future__ import annotations

import ctypes
import os

BLOCK = 4096
SMALLEST = 16 * BLOCK
COLLAPSE_RANGE = 8  # FALLOC_FL_COLLAPSE_RANGE, linux/falloc.h
NEAR = 64 * 1024  # how far to look for the end of a torn line, bytes
ROOM = 256  # the line that says what was dropped fits in this, bytes


class Capped:
    """A log of at most `cap` bytes (not below 64 KiB), written by another process through O_APPEND.

    `fd` is open for reading and writing without O_APPEND: on Linux a `pwrite` to an O_APPEND file appends.
    """

    def __init__(self, fd: int, cap: int) -> None:
        self.fd = fd
        self.cap = max(cap, SMALLEST)
        # Whole blocks, because only these can be taken out of a file without copying what follows.
        self.head = self.cap // 4 // BLOCK * BLOCK
        self.shrunk = 0
        self.overwritten = 0
        self.line_start: int | None = None

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self.fd).st_size

    @property
    def dropped(self) -> int:
        """Bytes that were printed and are no longer in the file."""
        return self.shrunk + self.overwritten

    def cut(self) -> tuple[int, int] | None:
        """When the file is above its cap, drop its middle; (bytes by which it became shorter, offset), else None.

        What stood at offset `o` before, `o >= offset + bytes`, stands at `o - bytes` afterwards.
        """
        size = self.size
        if size <= self.cap:
            return None
        end = (size - self.cap // 4) // BLOCK * BLOCK
        removed = end - self.head
        if not collapse(self.fd, self.head, removed):
            removed = copy_down(self.fd, self.head, end)
        self.shrunk += removed
        self._say_so()
        return removed, self.head

    def _say_so(self) -> None:
        """Overwrite the two torn lines at the cut, and a little of the head, with a line that says what is missing.

        A line torn in two could read as a number that was never printed.
        """
        if self.line_start is None:
            before = os.pread(self.fd, min(NEAR, self.head - ROOM), max(self.head - ROOM - NEAR, 0))
            found = before.rfind(b"\n")
            self.line_start = self.head - ROOM - (len(before) - found - 1 if found >= 0 else 0)
        ahead = os.pread(self.fd, NEAR, self.head)
        line_end = self.head + ahead.find(b"\n") + 1  # no newline near: right at the cut
        length = line_end - self.line_start
        self.overwritten = length
        text = (
            f"\n[praxtui: {self.dropped:,} bytes of output dropped here: the log is capped at {size_words(self.cap)}; "
        )
        text += "set PRAXTUI_LOG_CAP to keep more]"
        os.pwrite(self.fd, text.encode().ljust(length - 1) + b"\n", self.line_start)


def collapse(fd: int, start: int, length: int) -> bool:
    """Take `length` bytes out of the file at `start` in one step, safe beside a writer; False where not possible."""
    fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    done: int = fallocate(fd, COLLAPSE_RANGE, start, length)
    return done == 0


def copy_down(fd: int, start: int, end: int) -> int:
    """Move everything from `end` on down to `start` and cut the file there; bytes by which it became shorter.

    For file systems that cannot collapse a range (tmpfs, NFS, btrfs). What the writer appends between the last read and
    the cut is dropped too, and counted, except for what falls between asking for the size and the cut: microseconds.
    """
    source, target = end, start
    # A writer faster than this copy must not keep it busy for ever: what is beyond the span is dropped.
    limit = start + 2 * (os.fstat(fd).st_size - end) + (1 << 20)
    while target < limit:
        data = os.pread(fd, 1 << 20, source)
        if not data:
            break
        os.pwrite(fd, data, target)
        source += len(data)
        target += len(data)
    size = os.fstat(fd).st_size
    os.ftruncate(fd, target)
    return size - target


def size_words(count: int) -> str:
    """`256 MB` for round numbers of bytes, else the digits."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count:,} bytes"
