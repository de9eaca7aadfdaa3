"""A terminal window around a program: a real pty, and an emulator that knows what is on its screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

PATIENCE = 120.0  # seconds for something to happen on a busy machine

# The terminal becomes the controlling one of a session of its own, so that hanging up means what it does.
TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"

KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "space": b" ",
    "ctrl+c": b"\x03",
    "ctrl+s": b"\x13",
    "backspace": b"\x7f",
    "end": b"\x1b[F",
    "home": b"\x1b[H",
}


class Window:
    """A program in a terminal. `raw`: every byte that it wrote so far."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, columns: int = 120, rows: int = 40
    ) -> None:
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        self._size(columns, rows)
        self.modes = termios.tcgetattr(slave)
        given = {name: value for name, value in env.items() if name not in ("LINES", "COLUMNS")}
        given |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE, *command], stdin=slave, stdout=slave, stderr=slave, env=given, cwd=cwd,
            start_new_session=True,
        )  # fmt: skip
        self._slave = slave

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is on the screen now, line by line."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def until(self, pattern: str, seconds: float = PATIENCE) -> str:
        """Read on until a pattern is on the screen; what matched."""
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.text)) is None:
            assert time.monotonic() < deadline, f"no {pattern!r} on\n{self.text}"
            assert self._read(0.2), f"ended without {pattern!r}:\n{self.text}"
        return found[0]

    def until_gone(self, pattern: str) -> None:
        """Read on until a pattern is no longer on the screen."""
        deadline = time.monotonic() + PATIENCE
        while re.search(pattern, self.text):
            assert time.monotonic() < deadline, f"still {pattern!r} on\n{self.text}"
            assert self._read(0.2), f"ended with {pattern!r}:\n{self.text}"

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            part = os.read(self._master, 1 << 16)
        except OSError:
            part = b""
        self.raw += part
        # The emulator takes the mode reports of the kitty protocol (CSI > u and the like) for text.
        self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", part))
        return bool(part)

    # --- acting ------------------------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys, by name or as they are."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key.encode()))

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window's corner; the kernel tells the program."""
        self._screen.resize(rows, columns)
        self._size(columns, rows)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            if self._master >= 0:
                self._read(0.1)
            else:
                time.sleep(0.01)
        while self._master >= 0 and select.select([self._master], [], [], 0)[0] and self._read(0):
            pass
        return self.process.wait()

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: line mode and echo back, main screen, cursor shown, no mouse reports."""
        said = self.raw.decode("utf-8", "replace")
        modes = (("1049", "l"), ("25", "h"), ("1000", "l"), ("1003", "l"), ("2004", "l"))
        last = {mode: re.findall(rf"\x1b\[\?{mode}([hl])", said)[-1:] for mode, _ in modes}
        shown = all(last[mode] in ([], [end]) for mode, end in modes)
        return shown and termios.tcgetattr(self._slave)[3] == self.modes[3]

    def close(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            self.hang_up()
