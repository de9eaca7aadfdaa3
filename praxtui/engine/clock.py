"""Time that does not jump: the wall clock at start, carried on by the monotonic clock."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970 that never run backwards within one engine, whatever happens to the machine's date."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._offset + time.monotonic()
