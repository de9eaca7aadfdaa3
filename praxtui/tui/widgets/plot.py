"""A plot that can be looked at closely: zoom, log scale, and a cursor that reads values off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message

from praxtui.tui.widgets.axes import labels
from praxtui.tui.widgets.braille import Trace, shows_braille
from praxtui.tui.widgets.cells import CellRows
from praxtui.tui.widgets.chart import Chart, drawn, margin_of
from praxtui.tui.widgets.heights import Window
from praxtui.tui.widgets.points import Points, column_of
from praxtui.tui.widgets.stretch import Stretch, followed, moved, reaching, zoomed

STEP = 2.0  # how much closer a key press or a turn of the wheel goes
SHARE = 0.25  # of what is shown, that a key press moves along


def no_reading(place: int) -> str:
    """Where there is nothing to be read off."""
    return ""


class Picture(NamedTuple):
    """What a plot shows. `traces`: the last on top. `whole`: how far x goes, all of which is shown until one zooms.

    `scale`: lowest and highest y for the stretch from left to right, on a logarithmic scale where the third is true;
    None where it has nothing. `stops`: the points that the cursor stops at; `reading`: what it reads at one of them.
    `words` and `integers`: the ticks of x. `bars`, `rules`, `notes`: as a chart has them.
    """

    traces: Sequence[Trace]
    whole: Stretch
    scale: Callable[[float, float, bool], tuple[float, float] | None]
    stops: Points
    reading: Callable[[int], str] = no_reading
    words: Callable[[Sequence[float]], list[str]] = labels
    integers: bool = False
    bars: Sequence[float] = ()
    rules: Sequence[float] = ()
    notes: Sequence[str] = ()


class Plot(CellRows, can_focus=True):
    """Draws a picture. It is drawn again when it is shown another one, or looked at otherwise; never by itself."""

    @dataclass
    class Read(Message):
        """The cursor stands at another of the stops, or was taken away."""

        plot: Plot
        place: int | None

    def __init__(self, *, ascii: bool | None = None, id: str | None = None) -> None:
        """`ascii`: draw with characters that any terminal has; as the terminal needs it where that is not said."""
        super().__init__(id=id)
        self._ascii = not shows_braille() if ascii is None else ascii
        self._picture: Picture | None = None
        self._shown: Stretch | None = None
        self._log = False
        self._place: int | None = None
        self._linked: float | None = None

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show(self, picture: Picture | None) -> None:
        """Show this; what one zoomed in to stays, or moves along with the end. None: nothing."""
        if picture is not None and self._picture is not None and self._shown is not None:
            self._shown = followed(self._shown, self._picture.whole, picture.whole)
        self._picture = picture
        if picture is None or (self._place is not None and self._place >= len(picture.stops)):
            self._place = None
        self.draw()

    def anew(self) -> None:
        """The next picture is of something else: all of it is shown, without a cursor."""
        self._shown = self._place = self._linked = None

    def rescale(self) -> None:
        """From a linear scale to a logarithmic one, or back."""
        self._log = not self._log
        self.draw()

    @property
    def cursor(self) -> float | None:
        """x of the cursor: the own one, else the one that was set from outside."""
        return self._linked if self._place is None or self._picture is None else self._picture.stops.x[self._place]

    @cursor.setter
    def cursor(self, x: float | None) -> None:
        if x != self._linked:
            self._linked = x
            self.draw()

    @property
    def place(self) -> int | None:
        """The stop that is read off at."""
        return self._place

    def chart(self) -> Chart | None:
        """What is drawn now; None where there is nothing to be seen."""
        picture = self._picture
        if picture is None:
            return None
        shown = self._shown or picture.whole
        bounds = picture.scale(shown.left, shown.right, self._log)
        if bounds is None:
            return None
        close = picture.whole.width / shown.width if shown.width > 0 else 1.0
        notes = [*(["log"] if self._log else []), *([f"{close:.3g}x"] if close > 1.001 else []), *picture.notes]
        reading = picture.reading(self._place) if self._place is not None else ""
        return Chart(
            picture.traces, Window(*shown, *bounds), self._log, picture.words, picture.integers,
            picture.bars, picture.rules, self.cursor, reading, notes,
        )  # fmt: skip

    def draw(self) -> None:
        """Draw what is shown, as large as the plot is."""
        chart = self.chart()
        columns, rows = self.size
        self.put(drawn(chart, columns, rows, ascii=self._ascii) if chart is not None else [])

    def on_resize(self, event: Resize) -> None:
        self.draw()

    # --- looking closely ---------------------------------------------------------------------------------------------

    def zoom(self, factor: float, at: float | None = None) -> None:
        """`factor` times as close, around `at`, else around the cursor, else as `zoomed` has it."""
        picture = self._picture
        if picture is None:
            return
        at = self.cursor if at is None else at
        shown = self._shown or picture.whole
        if at is not None and not shown.left <= at <= shown.right:
            at = None
        self._see(zoomed(shown, picture.whole, factor, at))

    def pan(self, share: float) -> None:
        """Along by a share of what is shown."""
        if self._picture is not None and self._shown is not None:
            self._see(moved(self._shown, self._picture.whole, share))

    def _see(self, shown: Stretch) -> None:
        picture = self._picture
        self._shown = None if picture is None or shown.width >= picture.whole.width else shown
        self.draw()

    def inspect(self) -> None:
        """Put a cursor on the last stop that is in sight, or take it away."""
        picture = self._picture
        if self._place is not None or picture is None or not len(picture.stops):
            self._read(None)
            return
        self._read(picture.stops.nearest((self._shown or picture.whole).right))

    def step(self, by: int) -> None:
        """The cursor to the next stop in another column, before or after; without a cursor, along."""
        picture, place = self._picture, self._place
        if picture is None or place is None:
            self.pan(SHARE * by)
            return
        shown = self._shown or picture.whole
        columns = max(1, self.size.width)
        here = column_of(picture.stops.x[place], shown.left, shown.right, columns)
        last = len(picture.stops) - 1
        place = max(0, min(last, place + by))
        while 0 < place < last and column_of(picture.stops.x[place], shown.left, shown.right, columns) == here:
            place += 1 if by > 0 else -1
        self._read(place)

    def go(self, end: bool) -> None:
        """The cursor to the first or the last stop; without one, the view."""
        picture = self._picture
        if picture is None:
            return
        if self._place is not None:
            self._read(len(picture.stops) - 1 if end else 0)
        elif self._shown is not None:
            self._see(reaching(self._shown, picture.whole, picture.whole.right if end else picture.whole.left))

    def read_at(self, place: int) -> None:
        """The cursor to one of the stops."""
        if self._picture is not None and 0 <= place < len(self._picture.stops):
            self._read(place)

    def _read(self, place: int | None) -> None:
        self._place = place
        picture = self._picture
        if picture is not None and place is not None and self._shown is not None:
            self._shown = reaching(self._shown, picture.whole, picture.stops.x[place])
        self.draw()
        self.post_message(self.Read(self, place))

    # --- mouse -------------------------------------------------------------------------------------------------------

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.zoom(STEP, self._under(event.x))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.zoom(1 / STEP, self._under(event.x))

    def on_click(self, event: Click) -> None:
        """Read off at the stop that is nearest to a click."""
        x = self._under(event.x)
        if x is not None and self._picture is not None:
            self._read(self._picture.stops.nearest(x))

    def _under(self, column: int) -> float | None:
        """x under a column of the widget; None beside the canvas."""
        chart = self.chart()
        if chart is None:
            return None
        margin = margin_of(chart, *self.size)
        across = self.size.width - margin
        if not 0 <= column - margin < across:
            return None
        window = chart.window
        return window.left + (column - margin + 0.5) / across * (window.right - window.left)
