"""What the kernel offers to confine a run, found by trying it, not by asking for versions."""

from __future__ import annotations

import os
import subprocess
import sys

from msgspec import Struct

from praxtui.runs import landlock as kernel_landlock
from praxtui.runs.namespaces import NEW_NETWORK, NEW_USER
from praxtui.runs.sandbox.fixes import LANDLOCK, allow_namespaces

TRIAL_S = 20.0
"""Seconds that a trial has: it starts one Python."""

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
    """The ABI of Landlock, by which the rung `partial` is made, and what of it can be ruled."""
    abi = kernel_landlock.abi() if sys.platform.startswith("linux") else 0
    if abi < 1:
        return Ability("Landlock", False, "this kernel has no Landlock, or it is switched off", LANDLOCK)
    more = ((3, "truncation"), (4, "TCP"), (6, "signals"), (9, "unix sockets"))
    covers = ", ".join(["files", *(what for least, what in more if abi >= least)])
    return Ability("Landlock", True, f"ABI {abi} ({covers})")


def namespaces() -> Ability:
    """Whether a process of this user may make user and network namespaces of its own."""
    if not sys.platform.startswith("linux"):
        return Ability("user namespaces", False, f"{sys.platform} has none", "")
    trial = [sys.executable, "-I", "-S", "-c", _NAMESPACES % (NEW_USER | NEW_NETWORK)]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=TRIAL_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        return Ability("user namespaces", False, f"the trial failed: {error}", "")
    if done.returncode:
        why = os.strerror(done.returncode) if done.returncode > 0 else f"signal {-done.returncode}"
        return Ability("user namespaces", False, f"refused: {why}", allow_namespaces())
    return Ability("user namespaces", True, "a trial could make them")
