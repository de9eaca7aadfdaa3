"""Processes as the kernel shows them in /proc: who they are, who descends from whom, and signals that cannot go astray.

Standard library only, and little of it: the shim imports this file, and must start quickly.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

DEAD = ("Z", "X", "x")


class Stat:
    """The fields of /proc/PID/stat that matter here; `start` is in clock ticks since boot (field 22)."""

    __slots__ = ("pid", "ppid", "sid", "start", "state")

    def __init__(self, pid: int, ppid: int, sid: int, state: str, start: int) -> None:
        self.pid = pid
        self.ppid = ppid
        self.sid = sid
        self.state = state
        self.start = start


def boot_id() -> str:
    """What tells this boot of the machine from any other; pids mean nothing across boots."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        # Some containers hide it; the boot time is the next best thing that changes with each boot.
        with open("/proc/stat") as file:
            return next((line.strip() for line in file if line.startswith("btime ")), "unknown")


def stat(pid: int) -> Stat | None:
    """The process `pid`, zombies included; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The name in parentheses is the process's own choice and may contain anything, so fields count from the last ")".
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 20:
        return None
    return Stat(pid, int(fields[1]), int(fields[3]), fields[0].decode("ascii", "replace"), int(fields[19]))


def start_of(pid: int) -> int | None:
    """When `pid` began, in ticks since boot: with the pid, who it is; None when it is gone or a zombie."""
    now = stat(pid)
    return None if now is None or now.state in DEAD else now.start


def everyone() -> list[Stat]:
    """All processes that this one can see."""
    found = (stat(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def descendants(root: int) -> list[Stat]:
    """Every process below `root`, zombies left out, parents before their children."""
    below: dict[int, list[Stat]] = {}
    for process in everyone():
        below.setdefault(process.ppid, []).append(process)
    found: list[Stat] = []
    seen = {root}
    waiting = [root]
    while waiting:
        for process in below.get(waiting.pop(), ()):
            # The listing is not one instant: a pid reused while it was made could close a circle.
            if process.pid not in seen:
                seen.add(process.pid)
                found.append(process)
                waiting.append(process.pid)
    return [process for process in found if process.state not in DEAD]


def send(pid: int, start: int, number: int) -> bool:
    """Send signal `number` to the process `pid` that began at `start` ticks, and to no other; False when it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    except (OSError, AttributeError):
        # No pidfd on this kernel: the check and the signal are then two steps, the best there is.
        now = stat(pid)
        if now is None or now.start != start:
            return False
        return _kill(pid, number)
    try:
        now = stat(pid)
        if now is None or now.start != start:
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(handle)


def send_all(processes: Iterable[Stat], number: int) -> None:
    """Send signal `number` to each of `processes` that still is who it was."""
    for process in processes:
        send(process.pid, process.start, number)


def has_marker(pid: int, marker: bytes) -> bool:
    """Whether the environment that `pid` was started with holds the entry `marker` (`NAME=value`)."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return marker in file.read().split(b"\0")
    except OSError:
        return False


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
