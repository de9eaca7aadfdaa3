"""The GPUs of this machine in a line each, read once a second while they are shown and a campaign is live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import work
from textual.message import Message
from textual.timer import Timer

from praxtui.tui.gpu import Gpus, History, Reading, words
from praxtui.tui.widgets.braille import Canvas, Trace, draw
from praxtui.tui.widgets.cells import CellRows, Row, fitted
from praxtui.tui.widgets.heights import Window
from praxtui.tui.widgets.points import Points

EVERY_S = 1.0
WORDS = 30  # columns: `gpu 0    97%  61/80 GB   642 W`
SPARK = 6  # columns of history that are worth having


class GpuRows(CellRows):
    """A line a GPU, with how busy it was. `count` is 0 where there is none, or none is read."""

    @dataclass
    class Counted(Message):
        """There are more GPUs, or fewer."""

        count: int

    @dataclass
    class Taken(Message):
        """A thread read the GPUs."""

        readings: tuple[Reading, ...]

    def __init__(self, seen: Callable[[], bool], gpus: Gpus | None = None, *, ascii: bool = False) -> None:
        """`seen`: whether anybody could see them now; nothing is read where nobody can."""
        super().__init__(id="gpus")
        self._seen = seen
        self._gpus = Gpus() if gpus is None else gpus
        self._ascii = ascii
        self._history = History()
        self._readings: tuple[Reading, ...] = ()
        self._timer: Timer | None = None
        self._reading = self._none = False

    @property
    def count(self) -> int:
        """How many lines there are to show."""
        return len(self._readings)

    def follow(self, live: bool) -> None:
        """Read from now on, or no more."""
        if not live:
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
            self._show(())
        elif self._timer is None and not self._none:
            self._timer = self.set_interval(EVERY_S, self._tick)
            self._tick()

    def _tick(self) -> None:
        if not self._reading and self._seen():
            self._reading = True
            self._read()

    @work(thread=True, group="gpus", exit_on_error=False, description="read the GPUs")
    def _read(self) -> None:
        self.post_message(self.Taken(self._gpus.readings()))

    def on_gpu_rows_taken(self, message: Taken) -> None:
        """Show what was read. Where there never was a GPU, that is the end of it."""
        message.stop()
        self._reading = False
        if not message.readings and not self._readings:
            self._none = True
            self.follow(False)
        elif self._timer is not None:
            self._history.add(message.readings)
            self._show(message.readings)

    def _show(self, readings: tuple[Reading, ...]) -> None:
        before, self._readings = len(self._readings), readings
        self.draw()
        if len(readings) != before:
            self.post_message(self.Counted(len(readings)))

    def draw(self) -> None:
        """Write the lines, as wide as they may be."""
        columns = self.size.width
        self.put([line(reading, self._history, columns, ascii=self._ascii) for reading in self._readings])

    def on_resize(self) -> None:
        self.draw()

    def on_unmount(self) -> None:
        # Not while it is being read: that might wait for a driver which hangs.
        if not self._reading:
            self._gpus.close()


def line(reading: Reading, history: History, columns: int, *, ascii: bool = False) -> Row:
    """One GPU, and how busy it was over the last minutes where there is room, the newest at the end."""
    room = columns - WORDS - 2
    if room < SPARK:
        return [(words(reading, columns), "value")]
    busy = history.busy(reading.number)[-2 * room :]
    canvas = Canvas(room, 1, ascii=ascii)
    points = Points([2.0 * room - len(busy) + n for n in range(len(busy))], busy)
    draw(canvas, Trace("busy", points, "series-4"), Window(0.0, 2.0 * room - 1, 0.0, 1.0))
    return fitted([(words(reading, WORDS).ljust(WORDS), "value"), ("  ", ""), *canvas.lines()[0]], columns)
