"""What is asked of the kernel by number, because Python has no function for it.

Standard library only: the shim's child imports this file.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38  # linux/prctl.h
CAPABILITIES_V3 = 0x20080522  # linux/capability.h
KEYCTL_JOIN_SESSION_KEYRING = 1  # linux/keyctl.h
KEYCTL = {"x86_64": 250, "aarch64": 219}

libc = ctypes.CDLL(None, use_errno=True)


def checked(what: str, result: int) -> int:
    """`result`, unless it is the -1 of a call that failed: then OSError, whose `strerror` is a whole sentence."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(what: str, option: int, *values: int) -> None:
    """prctl(2). Raises OSError."""
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    checked(what, libc.prctl(option, *padded))


def no_new_privileges() -> None:
    """No program started from here on gets more rights than this process has. Raises OSError."""
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, for good. Raises OSError.

    A user's number is left as it is: root without capabilities still owns root's files.
    """
    for capability in range(64):
        # Refused beyond the last that there is, and to those who have none to give.
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break
    header = struct.pack("=Ii", CAPABILITIES_V3, 0)
    checked("capset", libc.capset(header, bytes(24)))


def leave_keyring() -> None:
    """Join a session keyring of its own, so that none of the session's keys is possessed.

    Raises OSError; not where the kernel has no keyrings or refuses this call, since then it refuses the program, too.
    """
    number = KEYCTL.get(os.uname().machine)
    if number is None:
        return
    if libc.syscall(ctypes.c_long(number), ctypes.c_long(KEYCTL_JOIN_SESSION_KEYRING), None) < 0:
        code = ctypes.get_errno()
        if code not in (errno.ENOSYS, errno.EPERM):
            raise OSError(code, f"a session keyring of its own: {os.strerror(code)}")
