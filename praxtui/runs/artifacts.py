"""The handover of what a run left behind to the evaluator, with the run taken as hostile.

Only regular files and folders pass. Every step goes through a folder that is already open and follows no link, so that
nothing outside the two folders can be read or written, whatever names the run has put there. Standard library only:
the shim imports this file.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable

from praxtui.runs.folder import FULL

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEEPEST = 64  # folders within folders; each costs two open files while it is walked
MOST_NAMED = 50  # refused entries that are named one by one

KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unfit(Exception):
    """A declared artifact that cannot be handed over; the message says which and why."""


class Handover:
    """Moves declared artifacts from the open folder `source` to the open folder `target`.

    `check` is called between files and may raise to end it (a deadline, a stop). `refused` names what was left behind.
    """

    def __init__(self, source: int, target: int, check: Callable[[], None]) -> None:
        self.source = source
        self.target = target
        self.check = check
        self.refused: list[str] = []
        self.more = 0

    def take(self, paths: list[str]) -> None:
        """Move each of `paths` (relative, file or folder); what stood in its place is removed. Raises Unfit.

        Within a folder, what may not pass is left behind and named; a declared path itself must pass.
        """
        for path in paths:
            parts = clean(path)
            opened: list[int] = []
            try:
                source = descend(self.source, parts[:-1], opened, create=False)
                target = descend(self.target, parts[:-1], opened, create=True)
                remove(target, parts[-1])
                kind = self._entry(source, target, parts[-1], path, 0)
            except FileNotFoundError:
                raise Unfit(f"artifact missing: {path}") from None
            except OSError as error:
                raise Unfit(f"artifact refused: {path}: {error.strerror or error}") from None
            finally:
                for folder in opened:
                    os.close(folder)
            if kind is not None:
                raise Unfit(f"artifact refused: {path}: {kind}")

    def _entry(self, source: int, target: int, name: str, shown: str, depth: int) -> str | None:
        """Move one entry; None, or in words why it may not pass."""
        self.check()
        found = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            return self._file(source, target, name)
        if not stat.S_ISDIR(found.st_mode):
            return KINDS.get(stat.S_IFMT(found.st_mode), "not a regular file")
        if depth >= DEEPEST:
            return f"more than {DEEPEST} folders deep"
        inside = os.open(name, FOLDER, dir_fd=source)
        try:
            os.mkdir(name, 0o700, dir_fd=target)
            placed = os.open(name, FOLDER, dir_fd=target)
            try:
                self._folder(inside, placed, shown.rstrip("/"), depth)
            finally:
                os.close(placed)
        finally:
            os.close(inside)
        return None

    def _folder(self, inside: int, placed: int, shown: str, depth: int) -> None:
        for name in sorted(os.listdir(inside)):
            path = f"{shown}/{name}"
            try:
                reason = self._entry(inside, placed, name, path, depth + 1)
            except OSError as error:
                # A disk that is full is no fault of this one entry: an incomplete artifact must not be measured.
                if error.errno in FULL:
                    raise
                reason = error.strerror or str(error)
            if reason is not None:
                self._refuse(f"{path}: {reason}")

    def _refuse(self, line: str) -> None:
        if len(self.refused) < MOST_NAMED:
            # Names are the run's own choice: keep what is recorded of them short and printable.
            self.refused.append(line.encode("utf-8", "backslashreplace").decode()[:300])
        else:
            self.more += 1

    def _file(self, source: int, target: int, name: str) -> str | None:
        # O_NONBLOCK: should the name have become a pipe meanwhile, opening it must not wait for a writer.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                return "not a regular file"
            # A second name for the same file would let whoever holds it change the file after it was handed over.
            if found.st_nlink == 1 and self._move(source, target, name, found):
                os.fchmod(handle, stat.S_IMODE(found.st_mode) & 0o777 | 0o600)
            else:
                self._copy(handle, target, name)
            return None
        finally:
            os.close(handle)

    def _move(self, source: int, target: int, name: str, expected: os.stat_result) -> bool:
        try:
            os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
        except OSError:
            return False  # another file system, a mount point: copying may still work
        moved = os.stat(name, dir_fd=target, follow_symlinks=False)
        if (moved.st_dev, moved.st_ino) == (expected.st_dev, expected.st_ino):
            return True
        os.rename(name, name, src_dir_fd=target, dst_dir_fd=source)
        return False

    def _copy(self, handle: int, target: int, name: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        made = os.open(name, flags, 0o600, dir_fd=target)
        try:
            while data := os.read(handle, 1 << 20):
                self.check()
                while data:
                    data = data[os.write(made, data) :]
        finally:
            os.close(made)


def clean(path: str) -> list[str]:
    """The parts of a relative path; raises Unfit for one that is absolute, empty, or climbs."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or not parts or ".." in parts or "\0" in path:
        raise Unfit(f"artifact refused: {path!r}: not a path inside the leaf")
    return parts


def descend(root: int, parts: list[str], opened: list[int], *, create: bool) -> int:
    """The folder `parts` below the open folder `root`, following no link; what was opened is added to `opened`."""
    for part in parts:
        if create:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=root)
        root = os.open(part, FOLDER, dir_fd=root)
        opened.append(root)
    return root


def remove(folder: int, name: str) -> None:
    """Delete the entry `name`, with all below it, following no link; nothing happens when it is not there."""
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=folder)
            return
    except FileNotFoundError:
        return
    inside = os.open(name, FOLDER, dir_fd=folder)
    try:
        for each in os.listdir(inside):
            remove(inside, each)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=folder)
