"""The panes by number, in one line: which one is shown, and which key shows the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from praxtui.tui.panes.pane import styles


def labels(names: tuple[str, ...], current: int, columns: int) -> list[str]:
    """What stands for each pane, each with a space on both sides; only numbers but for the current where room is short.

    `current` counts from 0.
    """
    full = [f" {number} {name} " for number, name in enumerate(names, 1)]
    if sum(map(len, full)) <= columns:
        return full
    return [full[i] if i == current else f" {i + 1} " for i in range(len(names))]


class TabLine(Widget):
    """The line. Posts Chosen when one is clicked."""

    DEFAULT_CSS = styles(__file__)
    SCOPED_CSS = False  # whether it is there follows from classes of the screen
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab--current", "tab--other"}

    @dataclass
    class Chosen(Message):
        """A pane was clicked."""

        name: str

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names
        self._current = 0

    def point(self, name: str) -> None:
        """Say which pane is shown."""
        current = self._names.index(name)
        if current != self._current:
            self._current = current
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The labels, the current one set apart by more than colour: it is underlined, too."""
        base = self.rich_style
        if y:
            return Strip.blank(self.size.width, base)
        segments = []
        for i, label in enumerate(labels(self._names, self._current, self.size.width)):
            name = "tab--current" if i == self._current else "tab--other"
            segments.append(Segment(label, base + self.get_component_rich_style(name, partial=True)))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: Click) -> None:
        """Which label was hit."""
        shown = labels(self._names, self._current, self.size.width)
        for name, end in zip(self._names, accumulate(map(len, shown)), strict=True):
            if event.x < end:
                self.post_message(self.Chosen(name))
                return
