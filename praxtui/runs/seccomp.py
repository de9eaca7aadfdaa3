"""A filter of system calls, for what Landlock does not rule: sockets, keyrings, new worlds.

Standard library only: the shim's child imports this file. The filter is a program of classic BPF over `struct
seccomp_data` (linux/seccomp.h): the call's number at 0, the architecture at 4, the first argument at 16.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from praxtui.runs.kernel import prctl

PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
X32 = 0x40000000  # the bit that marks x86_64's other set of calls
CLONE_NEWUSER = 0x10000000
CLONE3 = 435
IO_URING_SETUP = 425


class Machine:
    """An architecture: its audit number, and the numbers of its system calls; `keyrings` are add_key, request_key and
    keyctl."""

    # No NamedTuple: to import typing takes as long as all the walls.
    def __init__(self, audit: int, socket: int, socketpair: int, clone: int, unshare: int, keyrings: range) -> None:
        self.audit = audit
        self.socket, self.socketpair = socket, socketpair
        self.clone, self.unshare = clone, unshare
        self.keyrings = keyrings


MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 53, 56, 272, range(248, 251)),
    "aarch64": Machine(0xC00000B7, 198, 199, 220, 97, range(217, 220)),
}


def machine() -> Machine | None:
    """This architecture, None where its calls are not known here."""
    return MACHINES.get(os.uname().machine) if sys.maxsize > 2**32 else None


def program(known: Machine, *, sockets: bool) -> list[tuple[int, int, int, int]]:
    """The filter, instruction by instruction: (code, jump if true, jump if false, operand).

    Forbidden: calls of other architectures, keyrings, user namespaces (in which a program would have all capabilities),
    io_uring (whose work no filter sees), and with `sockets` all sockets but unix ones.
    """
    made = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, known.audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if known is MACHINES["x86_64"]:
        made += [(AT_LEAST, 0, 1, X32), _fails(errno.ENOSYS)]
    # The C library then takes clone, whose flags a filter can see.
    made += [(EQUAL, 0, 1, CLONE3), _fails(errno.ENOSYS)]
    for number in (*known.keyrings, IO_URING_SETUP):
        made += [(EQUAL, 0, 1, number), _fails(errno.EPERM)]
    for number in (known.clone, known.unshare):
        made += [(EQUAL, 0, 4, number), (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, CLONE_NEWUSER)]
        made += [_fails(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    for number in (known.socket, known.socketpair) if sockets else ():
        made += [(EQUAL, 0, 4, number), (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 1, 0, 1)]  # 1: AF_UNIX
        made += [_fails(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    return [*made, (RETURN, 0, 0, ALLOW)]


def enforce(*, sockets: bool) -> None:
    """Filter this process and all that it starts. Needs no_new_privs. Raises OSError."""
    known = machine()
    if known is None:
        raise OSError(errno.ENOSYS, f"seccomp: the system calls of {os.uname().machine} are not known here")
    words = program(known, sockets=sockets)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *word) for word in words))
    whole = ctypes.create_string_buffer(struct.pack("@HP", len(words), ctypes.addressof(code)))
    prctl("seccomp", PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(whole))


def _fails(code: int) -> tuple[int, int, int, int]:
    return RETURN, 0, 0, ERRNO | code
