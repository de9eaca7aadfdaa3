"""What the kernel offers to confine a run, found by trying it, not by asking for versions."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

from msgspec import Struct

from praxtui.runs.sandbox.fixes import allow_namespaces

TRIAL_S = 20.0
"""Seconds that a trial has: it starts one Python."""

LANDLOCK_CREATE = 444  # landlock_create_ruleset, the same number on every architecture
LANDLOCK_VERSION = 1  # its flag that asks for the ABI
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
raise SystemExit(ctypes.get_errno() if libc.unshare(%d) else 0)
"""


class Ability(Struct, frozen=True):
    """One means of confinement: whether it works here, what was found in words, and how to get it."""

    name: str
    works: bool
    found: str
    fix: str = ""


def abilities() -> tuple[Ability, ...]:
    """Landlock and user namespaces, in this order. At most a few short subprocesses; never raises."""
    return (landlock(), namespaces())


def landlock() -> Ability:
    """The ABI of Landlock: 1 confines writes, 4 also TCP, 6 also signals and abstract sockets."""
    abi = landlock_abi()
    if abi < 1:
        return Ability("Landlock", False, "this kernel has no Landlock, or it is switched off", "Linux 5.13 or later")
    covers = "files" + (", TCP" if abi >= 4 else "") + (", signals" if abi >= 6 else "")
    return Ability("Landlock", True, f"ABI {abi} ({covers})")


def landlock_abi() -> int:
    """The kernel's Landlock ABI, 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return max(0, int(libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), LANDLOCK_VERSION)))
    except (OSError, AttributeError):
        return 0


def namespaces() -> Ability:
    """Whether a process of this user may make user and network namespaces of its own."""
    if not sys.platform.startswith("linux"):
        return Ability("user namespaces", False, f"{sys.platform} has none", "")
    trial = [sys.executable, "-I", "-S", "-c", _NAMESPACES % (CLONE_NEWUSER | CLONE_NEWNET)]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=TRIAL_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        return Ability("user namespaces", False, f"the trial failed: {error}", "")
    if done.returncode:
        why = os.strerror(done.returncode) if done.returncode > 0 else f"signal {-done.returncode}"
        return Ability("user namespaces", False, f"refused: {why}", allow_namespaces())
    return Ability("user namespaces", True, "a trial could make them")
