"""Delete and write files below a folder without ever following a symbolic link.

What a run leaves behind is hostile: links in place of folders, folders without permissions, nests thousands deep,
names that are not UTF-8, pipes. Everything here is relative to an open folder, so that no name along the way can be
swapped for a link, and takes a fixed number of open files whatever the depth.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


def open_folder(name: str | Path, at: int | None = None) -> int:
    """A descriptor of the real folder `name` below the folder `at`; OSError if it is missing, a link or a file."""
    return os.open(name, _FOLDER, dir_fd=at)


def make_usable(name: str, at: int) -> None:
    """Give the owner all rights on the folder `name`, if it is a real folder that lacks them."""
    if not hasattr(os, "O_PATH"):  # not Linux: chmod itself can refuse links
        os.chmod(name, 0o755, dir_fd=at, follow_symlinks=False)
        return
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
            os.chmod(f"/proc/self/fd/{handle}", 0o755)
    finally:
        os.close(handle)


def erase(name: str, at: int) -> None:
    """Delete `name` below the folder `at`, whatever it is, and all in it; a missing one is no error.

    Folders within are first moved up beside `name`: no recursion, no long paths, two open folders at most.
    """
    try:
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(info.st_mode):
        os.unlink(name, dir_fd=at)
        return
    pending = [name]
    while pending:
        folder = pending.pop()
        make_usable(folder, at)
        handle = open_folder(folder, at)
        try:
            for entry in list_folder(handle):
                if entry.is_dir(follow_symlinks=False):
                    make_usable(entry.name, handle)
                    moved = f".praxtui-erase-{secrets.token_hex(8)}"
                    os.rename(entry.name, moved, src_dir_fd=handle, dst_dir_fd=at)
                    pending.append(moved)
                else:
                    os.unlink(entry.name, dir_fd=handle)
        finally:
            os.close(handle)
        os.rmdir(folder, dir_fd=at)


def list_folder(handle: int) -> list[os.DirEntry[str]]:
    """The entries of an open folder."""
    with os.scandir(handle) as entries:
        return list(entries)


def write_file(name: str, at: int, content: bytes, mode: int) -> os.stat_result:
    """Create the file `name` (which must not exist) with exactly `mode`; its stat afterwards."""
    handle = os.open(name, _NEW, 0o600, dir_fd=at)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fchmod(handle, mode)
        return os.fstat(handle)
    finally:
        os.close(handle)


def blob_id(name: str, at: int) -> tuple[str, os.stat_result] | None:
    """The git blob id of the regular file `name` and its stat before reading; None for anything else or unreadable."""
    try:
        handle = os.open(name, _FILE, dir_fd=at)
    except OSError:
        return None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            return None
        digest = hashlib.sha1(b"blob %d\0" % info.st_size, usedforsecurity=False)
        while chunk := os.read(handle, _CHUNK):
            digest.update(chunk)
        return digest.hexdigest(), info
    except OSError:
        return None
    finally:
        os.close(handle)
