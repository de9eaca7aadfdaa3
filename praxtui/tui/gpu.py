"""What the machine's NVIDIA GPUs are doing, read from NVML (the driver's own library), and the words for it.

All GPUs of the machine are read, whatever CUDA_VISIBLE_DEVICES says: that variable belongs to the shell the cockpit was
opened in, while runs get theirs from an engine that somebody may have started elsewhere; and on a shared machine, who
else is busy is what one wants to see. Numbers are NVML's, by place on the bus, as `nvidia-smi` shows them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, NamedTuple

from praxtui.journal.shown import DASH, plain, width

KEPT = 120
"""Busy shares kept of each GPU."""
GB = 2**30
"""Bytes. GPUs are named and bought by this unit, under this name: one of `80 GB` has 80 times 2**30 bytes."""


class Reading(NamedTuple):
    """One GPU at one moment. None: this device does not tell.

    `number`: NVML's, from 0. `name`: as the driver gives it, not yet `plain`; empty where it gives none. `busy`: 0 to
    1, the share of the driver's last sampling period (1/6 to 1 s) in which a kernel ran. `used`, `total`: bytes of the
    device's own memory; None where it shares the machine's, as a GB10 does. `watts`: power drawn by the device.
    """

    number: int
    name: str
    busy: float | None
    used: int | None
    total: int | None
    watts: float | None


class _Card(NamedTuple):
    """A GPU as found when NVML was opened; `handle` stays valid until it is closed, for a GPU that is gone as well."""

    number: int
    name: str
    handle: Any


class Gpus:
    """The GPUs of this machine. Opened by the first reading; any thread may read and close.

    A reading waits for the driver, the first one the longest: keep it off the screen's thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._nvml: Any = None
        self._cards: list[_Card] | None = None  # None until the first reading; empty is final

    def readings(self) -> tuple[Reading, ...]:
        """One for each GPU that answers; empty, at no further cost, where none was there at first, or after `close`."""
        with self._lock:
            if self._cards is None:
                self._cards = self._open()
            return tuple(reading for card in self._cards if (reading := self._read(card)) is not None)

    def close(self) -> None:
        """Let go of the driver. Readings are empty from here on."""
        with self._lock:
            if self._cards:
                self._told(self._nvml.nvmlShutdown)
            self._cards = []

    def _open(self) -> list[_Card]:
        """The GPUs there are; NVML stays open only where there are some."""
        try:
            # Here and not above: it is a large module, and most cockpits never need it.
            import pynvml  # type: ignore[import-untyped]
        except ImportError:
            return []
        self._nvml = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # no driver, none loaded, not the library's version, or no right to it
            return []
        cards = []
        for number in range(self._told(pynvml.nvmlDeviceGetCount) or 0):
            handle = self._told(pynvml.nvmlDeviceGetHandleByIndex, number)
            if handle is not None:
                cards.append(_Card(number, self._told(pynvml.nvmlDeviceGetName, handle) or "", handle))
        if not cards:
            self._told(pynvml.nvmlShutdown)
        return cards

    def _read(self, card: _Card) -> Reading | None:
        """What the card says now; None where it says nothing, as one that fell off the bus, until a reset."""
        rates = self._told(self._nvml.nvmlDeviceGetUtilizationRates, card.handle)
        memory = self._memory(card.handle)
        milliwatts = self._told(self._nvml.nvmlDeviceGetPowerUsage, card.handle)
        if rates is None and memory is None and milliwatts is None:
            return None
        return Reading(
            card.number,
            card.name,
            None if rates is None else min(1.0, rates.gpu / 100),
            None if memory is None else memory.used,
            None if memory is None else memory.total,
            None if milliwatts is None else milliwatts / 1000,
        )

    def _memory(self, handle: Any) -> Any:
        """`used` and `total`, in bytes; None where it has none. Version 2 counts `used` as `nvidia-smi` does."""
        nvml = self._nvml
        memory = self._told(nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2)
        if memory is None:  # drivers before 510 know the first version only
            memory = self._told(nvml.nvmlDeviceGetMemoryInfo, handle)
        # Some devices that share the machine's memory answer 0 instead of `not supported`.
        return memory if memory is not None and memory.total else None

    def _told(self, ask: Callable[..., Any], *args: object) -> Any:
        """What NVML answers; None where it cannot."""
        try:
            return ask(*args)
        except (self._nvml.NVMLError, UnicodeDecodeError):  # not supported, not allowed, gone; a name that is no text
            return None


class History:
    """How busy each GPU was at the last `kept` readings."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._busy: dict[int, deque[float]] = {}

    def add(self, readings: Iterable[Reading]) -> None:
        """One reading of all. A GPU that is not in it, or does not tell, gets a gap: what is level is of one time."""
        now = {reading.number: math.nan if reading.busy is None else reading.busy for reading in readings}
        for number in now.keys() - self._busy.keys():
            self._busy[number] = deque(maxlen=self._kept)
        for number, shares in self._busy.items():
            shares.append(now.get(number, math.nan))

    def busy(self, number: int) -> list[float]:
        """Shares, oldest first, 0 to 1, NaN for a gap; empty for a GPU that was never read."""
        return list(self._busy.get(number, ()))


def words(reading: Reading, columns: int) -> str:
    """`gpu 0    97%  61/80 GB   642 W` in at most `columns` columns; the name follows where all of it has room.

    What does not fit is left out from the right, and no number is ever cut: `9…` would be another one.
    """
    gpu = f"gpu {reading.number}"
    busy = DASH if reading.busy is None else f"{reading.busy:.0%}"
    watts = DASH if reading.watts is None else f"{reading.watts:.0f} W"
    line = f"{gpu:<6}{busy:>6}"
    if width(line) > columns:
        tight = (f"{gpu} {busy}", gpu, "…")
        return next((said for said in tight if width(said) <= columns), "")
    for part in (f"{_memory(reading):>8}", f"{watts:>6}", plain(reading.name)):
        if not part or width(line) + 2 + width(part) > columns:
            break
        line += f"  {part}"
    return line


def _memory(reading: Reading) -> str:
    """`61/80 GB`; below ten GB `3.6/4 GB`, where whole ones would call it full."""
    if reading.used is None or reading.total is None:
        return DASH
    used, total = reading.used / GB, reading.total / GB
    return f"{used:.0f}/{total:.0f} GB" if total >= 9.5 else f"{used:.1f}/{total:.0f} GB"
