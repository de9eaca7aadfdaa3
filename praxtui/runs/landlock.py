"""Landlock: what of the file system a process may reach, given up by the process itself and for all that it starts.

Standard library only: the shim's child imports this file. Numbers and rights as in linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from praxtui.runs.kernel import checked, libc

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION = 1  # the flag of CREATE_RULESET that asks for the ABI
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REFER, TRUNCATE, RESOLVE_UNIX = (1 << bit for bit in (0, 1, 2, 3, 13, 14, 16))
FIRST = (1 << 13) - 1  # the rights of ABI 1
READ = EXECUTE | READ_FILE | READ_DIR
FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | RESOLVE_UNIX  # the rights that a thing has that is no folder
TCP = 0b11  # to bind, to connect
SCOPES = 0b11  # abstract unix sockets, signals: only to processes behind the same walls
# IOCTL_DEV (ABI 5) is not ruled: a GPU is worked by ioctl, and no other device can be opened.


def abi() -> int:
    """The kernel's Landlock ABI, 0 where there is none."""
    found: int = libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(VERSION))
    return max(0, found)


def rights(known: int) -> int:
    """All rights to files that an ABI knows and that are ruled here: 2 moves between folders, 3 truncation, 9 named
    unix sockets."""
    return FIRST | REFER * (known >= 2) | TRUNCATE * (known >= 3) | RESOLVE_UNIX * (known >= 9)


class Rules:
    """A ruleset: everything is forbidden that no rule allows. `known`: the ABI that is ruled by, `tcp`: forbid it."""

    def __init__(self, known: int, *, tcp: bool) -> None:
        self.rights = rights(known)
        attributes = struct.pack("=QQQ", self.rights, TCP if tcp and known >= 4 else 0, SCOPES if known >= 6 else 0)
        size = 8 + 8 * (known >= 4) + 8 * (known >= 6)
        made = libc.syscall(ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
        self.fd = checked("Landlock", made)

    def allow(self, paths: Iterable[str], allowed: int, *, missing: bool = False) -> None:
        """Allow these rights at and below each path. Links lead nowhere; `missing`: what is not there is left out.

        Raises OSError.
        """
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError as error:
                if missing:
                    continue
                raise OSError(error.errno, f"{path}: {os.strerror(error.errno or 0)}") from None
            try:
                self.allow_open(fd, allowed, path)
            finally:
                os.close(fd)

    def allow_open(self, fd: int, allowed: int, name: str) -> None:
        """Allow these rights to what is open as `fd`. Raises OSError."""
        mode = os.fstat(fd).st_mode
        if stat.S_ISLNK(mode):
            return
        allowed &= self.rights if stat.S_ISDIR(mode) else self.rights & FILE
        rule = struct.pack("=Qi", allowed, fd)
        done = libc.syscall(
            ctypes.c_long(ADD_RULE), ctypes.c_int(self.fd), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint(0)
        )
        checked(f"Landlock: {name}", done)

    def enforce(self) -> None:
        """From here on, and for ever. Needs no_new_privs. Raises OSError."""
        checked("Landlock", libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_int(self.fd), ctypes.c_uint(0)))
        os.close(self.fd)
