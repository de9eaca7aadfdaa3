"""Deltas come faster than anyone reads: they are put together before they are written."""

from __future__ import annotations

import time
from collections.abc import Callable

WRITES_PER_SECOND = 4


class Coalescer:
    """Hands what comes in to `write(kind, text)`, at most four times a second; the rest when `flush` is called.

    One write is of one kind. Nothing is lost, and nothing overtakes what came before it.
    """

    def __init__(self, write: Callable[[str, str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._now = now
        self._held: list[tuple[str, list[str]]] = []
        self._written: float | None = None

    def add(self, kind: str, text: str) -> None:
        """Take a delta; an empty one is nothing."""
        if not text:
            return
        if not self._held or self._held[-1][0] != kind:
            self._held.append((kind, []))
        self._held[-1][1].append(text)
        now = self._now()
        if self._written is None or now - self._written >= 1 / WRITES_PER_SECOND:
            self._written = now
            self._write_first()

    def flush(self) -> None:
        """Write everything that is still held."""
        while self._held:
            self._write_first()

    def _write_first(self) -> None:
        kind, texts = self._held.pop(0)
        self._write(kind, "".join(texts))
