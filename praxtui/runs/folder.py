"""The folder of one run, as the shim holds it: reached through one open descriptor, whatever becomes of its name.

The run itself may be able to write here. So every file is made anew, never opened as found: what a run has put in the
place of a log or of a result is set aside. Standard library only: the shim imports this file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
RESERVED = 16 * 1024  # bytes held for exit.json from the start, so that a full disk cannot swallow the result
ROOM = 1_000_000  # bytes
NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """An open run folder; `found` names what stood where the shim's own files belong."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.found: list[str] = []
        self.reserve: int | None = None

    def read(self, name: str, most: int = 1 << 26) -> bytes:
        """The first `most` bytes of a file; raises OSError."""
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.fd)
        with open(fd, "rb") as file:
            return file.read(most)

    def exists(self, name: str) -> bool:
        """Whether anything of that name is there."""
        try:
            os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def fresh(self, name: str, flags: int) -> int:
        """Create and open a file that did not exist before; raises OSError."""
        if self.exists(name):
            self.found.append(name)
            self._rename(name, f"{name}.found-{time.time_ns()}")
        return os.open(name, flags | NEW, 0o600, dir_fd=self.fd)

    def log(self, name: str) -> tuple[int, int]:
        """A new, empty log, opened twice: for the shim (read, write), and for a child (append); raises OSError."""
        fd = self.fresh(name, os.O_RDWR)
        try:
            appending = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd)
        except OSError:
            os.close(fd)
            raise
        return fd, appending

    def write(self, name: str, record: object) -> None:
        """Put `record` at `name` as JSON in one step; raises OSError. Outlives any process, but not a loss of power."""
        temporary = f"{name}.tmp"
        self._unlink(temporary)
        fd = self.fresh(temporary, os.O_WRONLY)
        try:
            os.write(fd, json.dumps(record).encode())
        finally:
            os.close(fd)
        self._rename(temporary, name)

    def full(self) -> bool:
        """Whether the disk has no room left for a few small files."""
        left = os.fstatvfs(self.fd)
        return left.f_bavail * left.f_frsize < ROOM or (left.f_files > 0 and left.f_favail == 0)

    def hold_space(self) -> None:
        """Take the disk space of the result now; without success when there is none."""
        try:
            self._unlink("exit.tmp")
            self.reserve = self.fresh("exit.tmp", os.O_WRONLY)
            os.posix_fallocate(self.reserve, 0, RESERVED)
        except OSError:
            pass

    def finish(self, record: object) -> bool:
        """Write exit.json, waiting for as long as the disk is full; False when the folder no longer takes it."""
        data = json.dumps(record).encode()
        attempts = 0
        while attempts < 20:
            try:
                self._finish(data)
                return True
            except OSError as error:
                if error.errno not in FULL:
                    attempts += 1
                time.sleep(0.5 if error.errno in FULL else 0.01)
        return False

    def _finish(self, data: bytes) -> None:
        if self.reserve is None or not self._is_named("exit.tmp", self.reserve):
            self.reserve = self.fresh("exit.tmp", os.O_WRONLY)
        # Over the reserved bytes, then cut to length: needs no space that is not ours already.
        os.pwrite(self.reserve, data, 0)
        os.ftruncate(self.reserve, len(data))
        os.fsync(self.reserve)
        if self.exists("exit.json"):
            self.found.append("exit.json")
            self._rename("exit.json", f"exit.json.found-{time.time_ns()}")
        self._rename("exit.tmp", "exit.json")
        os.fsync(self.fd)

    def _is_named(self, name: str, fd: int) -> bool:
        try:
            named, held = os.stat(name, dir_fd=self.fd, follow_symlinks=False), os.fstat(fd)
        except OSError:
            return False
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)

    def _rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(OSError):  # nothing there, or a folder, which `fresh` sets aside
            os.unlink(name, dir_fd=self.fd)
