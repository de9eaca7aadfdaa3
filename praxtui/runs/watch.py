"""When the shim wakes, and when it stops: signals, the deadline, and the file `stop`.

Standard library only: the shim imports this file.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from praxtui.runs.folder import Folder

# A terminal that goes away, or a reader that does, must not end a run.
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Ended(Exception):
    """The run is over before its last stage was; carries what exit.json says."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why
        self.message = message


class Watch:
    """Sleeps that signals end, and the reasons to stop. `limit`: seconds for the whole run, None for no limit."""

    def __init__(self, folder: Folder, limit: float | None) -> None:
        self.folder = folder
        self.limit = limit
        self.began = time.monotonic()
        self.terms = 0
        self.pipe, told = os.pipe()
        os.set_blocking(self.pipe, False)
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        self.poll = select.poll()
        self.poll.register(self.pipe, select.POLLIN)
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        # Without a handler SIGCHLD wakes nobody; with one, the end of a child ends the sleep at once.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, *_: object) -> None:
        self.terms += 1

    def wait(self, seconds: float) -> None:
        """Sleep at most `seconds`, less when a signal arrives."""
        if self.poll.poll(max(seconds, 0.0) * 1000):
            with contextlib.suppress(BlockingIOError):
                os.read(self.pipe, 4096)

    def check(self) -> None:
        """Raise Ended when somebody asked for a stop, or the run is out of time.

        The file holds where no signal could be sent, because the shim's pid was not known yet.
        """
        if self.terms or self.folder.exists("stop"):
            raise Ended("stopped", "stopped by request")
        if self.limit is not None and time.monotonic() >= self.began + self.limit:
            raise Ended("timeout", f"not done after {self.limit:g} s")

    def hurry(self) -> bool:
        """Whether the grace is waived: a second TERM, or `now` in the file `stop`."""
        if self.terms > 1:
            return True
        try:
            return self.folder.read("stop", 16).startswith(b"now")
        except OSError:
            return False
