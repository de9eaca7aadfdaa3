"""A filter of system calls, for what neither Landlock nor namespaces rule: kinds of sockets, keyrings, new worlds.

Standard library only: the shim's child imports this file. The filter is a program of classic BPF over `struct
seccomp_data` (linux/seccomp.h): the call's number at 0, the architecture at 4, the arguments from 16 on, 8 bytes each.
`python -I -S seccomp.py BWRAP...` becomes bwrap with the filter in hand: this is how bwrap is tried out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from praxtui.runs.kernel import prctl

PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
NUMBER, ARCHITECTURE = 0, 4
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
X32 = 0x40000000  # the bit that marks x86_64's other set of calls
CLONE_NEWUSER = 0x10000000
CLONE3 = 435
IO_URING_SETUP = 425
UNIX = (1,)
# Unix, IPv4, IPv6, netlink. Namespaces have none of the others apart: by AF_VSOCK (40) a virtual machine talks to its
# host and to other processes from any of them.
NETWORK = (1, 2, 10, 16)
HANDED = 200  # the descriptor by which bwrap is handed the filter


class Machine:
    """An architecture: its audit number, and the numbers of its system calls.

    `keyrings` are add_key, request_key and keyctl; `chmods`: (number, which of its arguments the mode is).
    """

    # No NamedTuple: to import typing takes as long as all the walls.
    def __init__(
        self, audit: int, *, socket: int, socketpair: int, clone: int, unshare: int, prlimit: int, keyrings: range,
        chmods: tuple[tuple[int, int], ...],
    ) -> None:  # fmt: skip
        self.audit = audit
        self.socket, self.socketpair = socket, socketpair
        self.clone, self.unshare = clone, unshare
        self.prlimit = prlimit
        self.keyrings = keyrings
        self.chmods = chmods


MACHINES = {
    "x86_64": Machine(
        0xC000003E, socket=41, socketpair=53, clone=56, unshare=272, prlimit=302, keyrings=range(248, 251),
        chmods=((90, 1), (91, 1), (268, 2), (452, 2)),
    ),
    "aarch64": Machine(
        0xC00000B7, socket=198, socketpair=199, clone=220, unshare=97, prlimit=261, keyrings=range(217, 220),
        chmods=((52, 1), (53, 2), (452, 2)),
    ),
}  # fmt: skip


def machine() -> Machine | None:
    """This architecture, None where its calls are not known here."""
    return MACHINES.get(os.uname().machine) if sys.maxsize > 2**32 else None


def program(known: Machine, families: tuple[int, ...], *, others: bool) -> list[tuple[int, int, int, int]]:
    """The filter, instruction by instruction: (code, jump if true, jump if false, operand).

    Forbidden: calls of other architectures, keyrings, user namespaces (in which a program would have all capabilities),
    io_uring (whose work no filter sees), sockets but for those of `families`, files that run with their owner's rights,
    and, where there are `others` to be seen, limits set for another process: they could end an engine.
    """
    made = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, known.audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if known is MACHINES["x86_64"]:
        made += [(AT_LEAST, 0, 1, X32), _fails(errno.ENOSYS)]
    # The C library then takes clone, whose flags a filter can see.
    made += [(EQUAL, 0, 1, CLONE3), _fails(errno.ENOSYS)]
    for number in (*known.keyrings, IO_URING_SETUP):
        made += [(EQUAL, 0, 1, number), _fails(errno.EPERM)]
    for number in (known.clone, known.unshare):
        made += _call(number, 0, [(ANY_BIT, 0, 1, CLONE_NEWUSER), _fails(errno.EPERM)])
    for number in (known.socket, known.socketpair):
        to_allow = [(EQUAL, len(families) - n, 0, family) for n, family in enumerate(families)]
        made += _call(number, 0, [*to_allow, _fails(errno.EPERM)])
    for number, mode in known.chmods:
        made += _call(number, mode, [(ANY_BIT, 0, 1, stat.S_ISUID), _fails(errno.EPERM)])
    if others:
        made += _call(known.prlimit, 0, [(EQUAL, 1, 0, 0), _fails(errno.EPERM)])
    return [*made, (RETURN, 0, 0, ALLOW)]


def enforce(*, sockets: bool) -> None:
    """Filter this process and all that it starts; `sockets`: only unix ones. Needs no_new_privs. Raises OSError."""
    known = machine()
    if known is None:
        raise OSError(errno.ENOSYS, f"seccomp: the system calls of {os.uname().machine} are not known here")
    packed = _packed(program(known, UNIX if sockets else NETWORK, others=True))
    code = ctypes.create_string_buffer(packed)
    whole = ctypes.create_string_buffer(struct.pack("@HP", len(packed) // 8, ctypes.addressof(code)))
    prctl("seccomp", PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(whole))


def hand_over() -> None:
    """Have the filter ready for bwrap, which loads it when its own work is done, as the descriptor HANDED.

    Nothing happens on an architecture that is not known; bwrap is not told of a filter there. Raises OSError.
    """
    known = machine()
    if known is None:
        return
    made = os.memfd_create("filter")
    os.write(made, _packed(program(known, NETWORK, others=False)))
    os.lseek(made, 0, os.SEEK_SET)
    os.dup2(made, HANDED)
    os.close(made)


def _packed(words: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("=HBBI", *word) for word in words)


def _call(number: int, argument: int, judged: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """What becomes of the call `number`: `judged` by one of its arguments, and allowed where it ends without a word."""
    load = (LOAD, 0, 0, 16 + 8 * argument)
    return [(EQUAL, 0, len(judged) + 2, number), load, *judged, (RETURN, 0, 0, ALLOW)]


def _fails(code: int) -> tuple[int, int, int, int]:
    return RETURN, 0, 0, ERRNO | code


if __name__ == "__main__":
    hand_over()
    os.execv(sys.argv[1], sys.argv[1:])
