"""One line that says what came of a command, over the hint line, until it has been read."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from praxtui.journal.shown import cut, plain
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles

SHOWN_S = 12.0


class AnswerLine(Widget):
    """Not there while there is nothing to say."""

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"answer--good", "answer--bad", "answer--fix"}

    def __init__(self) -> None:
        super().__init__()
        self._answer: Answered | None = None
        self._timer: Timer | None = None

    def say(self, answer: Answered) -> None:
        """Show an answer; the one before makes room."""
        self._answer = answer
        self.display = True
        self.refresh()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_S, self.clear)

    def clear(self) -> None:
        """Take it away."""
        self.display = False

    def render_line(self, y: int) -> Strip:
        """The answer, marked by a word or sign besides its colour."""
        base = self.rich_style
        if y or self._answer is None:
            return Strip.blank(self.size.width, base)
        good = self._answer.ok
        sign = " ✓ " if good else " ! "
        style = base + self.get_component_rich_style("answer--good" if good else "answer--bad", partial=True)
        said = cut(plain(self._answer.text), max(0, self.size.width - 4))
        segments = [Segment(sign, style), Segment(said, style)]
        if self._answer.fix:
            fix = base + self.get_component_rich_style("answer--fix", partial=True)
            segments.append(Segment(f"   {plain(self._answer.fix)}", fix))
        return Strip(segments).adjust_cell_length(self.size.width, base)
