"""A real terminal of 100 columns around `praxtui`, and what is left to read on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

from tests.cli.place import PATIENCE, Place

# A session of its own with the terminal as its controlling one, so that Ctrl-C and hanging up mean what they do.
TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
COLUMNS = 100


class Terminal:
    """`praxtui words` in a terminal. `said`: every byte that it wrote so far."""

    def __init__(self, place: Place, *words: str) -> None:
        self.said = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE, *place.command(*words)], stdin=slave, stdout=slave, stderr=slave,
            env=place.env, cwd=place.root, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def until(self, pattern: str) -> str:
        """Read on until `pattern` is on the screen or was; what matched."""
        deadline = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.said)) is None:
            assert time.monotonic() < deadline, self.said
            assert self._read(deadline), f"ended without {pattern!r}: {self.said}"
        return found[0]

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def end(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            assert time.monotonic() < deadline, self.said
        return self.process.wait(PATIENCE)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """Let go of everything."""
        self.process.kill()
        self.process.wait()
        if self._master >= 0:
            self.hang_up()

    def _read(self, deadline: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return True
        try:
            part = os.read(self._master, 65536)
        except OSError:  # what a closed terminal reads as on Linux
            part = b""
        self.said += part.decode(errors="replace")
        return bool(part)

    def screen(self) -> list[str]:
        """The lines as a person sees them: carriage returns go back, and `erase to the end of line` erases."""
        lines, column = [""], 0
        for piece in re.findall(r"\x1b\[[\d;]*[A-Za-z]|[^\x1b]", self.said):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                lines.append("")
                column = 0
            elif piece == "\x1b[K":
                lines[-1] = lines[-1][:column]
            else:
                assert not piece.startswith("\x1b"), f"unexpected {piece!r}"
                lines[-1] = lines[-1][:column].ljust(column) + piece + lines[-1][column + 1 :]
                column += 1
        return lines
