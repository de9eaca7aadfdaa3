"""Who a process is, for good: a pid is used again, a pid with its start time and the boot is not."""

from __future__ import annotations

import signal

import msgspec

from praxtui.runs import proc


class Identity(msgspec.Struct, frozen=True):
    """A process: `pid`, `start` in clock ticks since boot, and the id of the `boot` in which both mean something."""

    pid: int
    start: int
    boot: str


def of(pid: int) -> Identity | None:
    """The identity of the process `pid`; None when it is gone or a zombie."""
    start = proc.start_of(pid)
    return None if start is None else Identity(pid, start, proc.boot_id())


def alive(identity: Identity) -> bool:
    """Whether this very process is still there; a zombie is dead."""
    return identity.boot == proc.boot_id() and proc.start_of(identity.pid) == identity.start


def send(identity: Identity, number: signal.Signals) -> bool:
    """Send a signal to this very process and to no other; False when it is gone."""
    return identity.boot == proc.boot_id() and proc.send(identity.pid, identity.start, number)
