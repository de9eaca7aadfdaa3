"""What this machine can do to confine a run, found by trying it, not by asking for versions."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from msgspec import Struct

CANARY_S = 20.0
"""Seconds that a canary has: it starts one Python."""

LANDLOCK_CREATE = 444  # landlock_create_ruleset, the same number on every architecture
LANDLOCK_VERSION = 1  # its flag that asks for the ABI
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

# Runs inside the sandbox: tries to write where it must not and where it may, and to reach a port that does listen.
_CANARY = """
import json, socket, sys
outside, inside, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
def works(act):
    try:
        act()
        return True
    except OSError:
        return False
print(json.dumps({
    "outside": works(lambda: open(outside, "w").close()),
    "inside": works(lambda: open(inside, "w").close()),
    "network": works(lambda: socket.create_connection(("127.0.0.1", port), 3).close()),
}))
"""

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
    """bubblewrap, Landlock and user namespaces, in this order. At most a few short subprocesses; never raises."""
    return (bubblewrap(), landlock(), namespaces())


def bubblewrap() -> Ability:
    """Runs a canary in `bwrap` with the file system read-only, one folder writable and no network."""
    command = shutil.which("bwrap")
    if not command:
        return Ability(
            "bubblewrap", False, "bwrap was not found", "apt install bubblewrap (dnf and pacman call it that, too)"
        )
    try:
        with tempfile.TemporaryDirectory() as outer, socket.create_server(("127.0.0.1", 0)) as server:
            said = _canary(command, Path(outer), server.getsockname()[1])
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Ability("bubblewrap", False, f"the trial failed: {error}", "")
    if isinstance(said, str):
        refused = any(word in said for word in ("uid map", "namespace", "RTM_NEWADDR", "not permitted", "proc"))
        return Ability("bubblewrap", False, f"it does not work here: {said}", _allow_namespaces() if refused else "")
    leaks = [words for key, words in _LEAKS if said[key]]
    if leaks or not said["inside"]:
        why = ", ".join(leaks) or "its own folder cannot be written"
        return Ability("bubblewrap", False, f"bwrap runs, but {why}", "update bubblewrap")
    return Ability("bubblewrap", True, "a trial could write its own folder only, and reach no network")


_LEAKS = (("outside", "files outside can be written"), ("network", "the network can be reached"))


def _canary(command: str, outer: Path, port: int) -> dict[str, Any] | str:
    """What the canary could do, or why it could not be run."""
    inner = outer / "inner"
    inner.mkdir()
    # /tmp is not replaced, so that what is refused outside is refused by the read-only root and nothing else.
    confined = "--unshare-user --unshare-pid --unshare-ipc --unshare-net --die-with-parent --new-session --cap-drop ALL"
    rooms = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(inner), str(inner)]
    trial = [sys.executable, "-I", "-S", "-c", _CANARY, str(outer / "file"), str(inner / "file"), str(port)]
    done = subprocess.run(
        [command, *confined.split(), *rooms, *trial],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=CANARY_S,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    said: dict[str, Any] = json.loads(done.stdout)
    return said


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
        done = subprocess.run(trial, capture_output=True, timeout=CANARY_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        return Ability("user namespaces", False, f"the trial failed: {error}", "")
    if done.returncode:
        why = os.strerror(done.returncode) if done.returncode > 0 else f"signal {-done.returncode}"
        return Ability("user namespaces", False, f"refused: {why}", _allow_namespaces())
    return Ability("user namespaces", True, "a trial could make them")


def _allow_namespaces() -> str:
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "AppArmor restricts them: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    if _sysctl("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl kernel.unprivileged_userns_clone=1"
    if _sysctl("user/max_user_namespaces") == "0":
        return "sudo sysctl user.max_user_namespaces=15000"
    return "inside a container: allow user namespaces (for Docker: --security-opt seccomp=unconfined)"


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""
