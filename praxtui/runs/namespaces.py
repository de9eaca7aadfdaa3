"""A world of its own for a process: its own network, mounts and shared memory, by namespaces and without bubblewrap.

Standard library only: the shim's child imports this file. Flags as in linux/sched.h, linux/mount.h, linux/sockios.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterable

from praxtui.runs.kernel import checked, libc, prctl

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
# statvfs and mount say these alike; who has no rights outside must leave them as they are.
KEPT = 2 | 4 | 8 | 1024 | 2048  # nosuid, nodev, noexec, noatime, nodiratime
RELATIME, RELATIME_SAID = 1 << 21, 4096
PR_SET_DUMPABLE = 4
MOUNT_SETATTR = 442  # the same on every architecture; of Linux 5.12, and Landlock is of 5.13
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
# Of the module socket, which takes as long to import as all this takes.
AF_INET, SOCK_DGRAM = 2, 2
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1


def enter(*, network: bool) -> None:
    """Be in namespaces of its own, as the same user; without `network`, loopback is all there is. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    new = NEW_USER | NEW_MOUNTS | NEW_IPC | (0 if network else NEW_NETWORK)
    checked("namespaces of its own", libc.unshare(new))
    # The files of a process that is not dumpable, as this one is in the shim, are not its own to write.
    prctl("dumpable", PR_SET_DUMPABLE, 1)
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            _write(f"/proc/self/{name}", text)
    finally:
        prctl("dumpable", PR_SET_DUMPABLE, 0)
    if not network:
        _loopback()
    _mount(None, "/", None, RECURSIVE | PRIVATE)


def cover(folders: Iterable[str]) -> None:
    """Put an empty folder, kept in memory, over each of these. Raises OSError."""
    for path in folders:
        _mount("tmpfs", path, "tmpfs", NO_SUID | NO_DEVICES, "mode=0700")


def freeze(writable: Iterable[str], kernel: bool) -> None:
    """Make every mount read-only but for `writable` folders, and /proc where `kernel`. Raises OSError.

    Landlock does not rule rights, times and attributes of files: their owner could change them wherever they are.
    """
    kept = [path for path in writable if not _is_read_only(path)]
    for path in kept:
        _mount(path, path, None, BIND | RECURSIVE)
    _set("/", READ_ONLY, 0, AT_RECURSIVE)
    for path in (*kept, *(("/proc",) if kernel else ())):
        _set(path, 0, READ_ONLY, 0)


def seal(paths: Iterable[str]) -> None:
    """Make each of these files and folders read-only; links, and what is not there, are left. Raises OSError."""
    for path in paths:
        try:
            fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                _mount(f"/proc/self/fd/{fd}", path, None, BIND | RECURSIVE)
                flags = os.statvfs(path).f_flag
                kept = flags & KEPT | (RELATIME if flags & RELATIME_SAID else 0)
                _mount(None, path, None, REMOUNT | BIND | READ_ONLY | kept)
        finally:
            os.close(fd)


def _is_read_only(path: str) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & READ_ONLY)
    except OSError as error:
        raise OSError(error.errno, f"{path}: {os.strerror(error.errno or errno.EIO)}") from None


def _set(path: str, added: int, taken: int, how: int) -> None:
    attributes = struct.pack("=QQQQ", added, taken, 0, 0)
    done = libc.syscall(
        ctypes.c_long(MOUNT_SETATTR), ctypes.c_int(AT_FDCWD), os.fsencode(path), ctypes.c_uint(how), attributes,
        ctypes.c_size_t(len(attributes)),
    )  # fmt: skip
    checked(f"mount {path}", done)


def _mount(source: str | None, path: str, kind: str | None, flags: int, said: str | None = None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, path, kind)]
    checked(f"mount {path}", libc.mount(*words, flags, None if said is None else said.encode()))


def _write(path: str, text: str) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        with contextlib.closing(os.fdopen(fd, "w")) as file:
            file.write(text)
    except OSError as error:
        raise OSError(error.errno, f"{path}: {os.strerror(error.errno or errno.EIO)}") from None


def _loopback() -> None:
    """Switch on the only network device there is. Raises OSError."""
    fd = checked("loopback", libc.socket(AF_INET, SOCK_DGRAM, 0))
    try:
        asked = fcntl.ioctl(fd, GET_FLAGS, struct.pack("16sh22x", b"lo", 0))
        flags: int = struct.unpack("16xh22x", asked)[0]
        fcntl.ioctl(fd, SET_FLAGS, struct.pack("16sh22x", b"lo", flags | UP))
    except OSError as error:
        raise OSError(error.errno, f"loopback: {os.strerror(error.errno or errno.EIO)}") from None
    finally:
        os.close(fd)
