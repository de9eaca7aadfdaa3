"""The status line at the top of a campaign: is it alive, what does it do, what does it cost."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from praxtui.journal.shown import cut
from praxtui.tui.panes.pane import styles
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.specification import program_of
from praxtui.tui.status_line import GAP, Part, fitted, parts


class StatusLine(Widget):
    """One line, or two where the screen is narrow. Drawn again only when its words change."""

    DEFAULT_CSS = styles(__file__)
    SCOPED_CSS = False  # how much room there is stands in classes of the screen
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"status--{name}" for name in ("leaf", "id", "live", "waits", "over", "bad", "plain")
    }

    def __init__(self) -> None:
        super().__init__(id="status")
        self._parts: list[Part] = []
        self._rows: list[list[Part]] = []
        self._said = False

    def show(self, source: Source, change: Change) -> None:
        """Say what the source's moment is. The program, whose reading takes a while, is left out of the first words."""
        if not self._said:
            self._said = True
            self.call_after_refresh(self.show, source, change)
            found = parts(source, None)
        else:
            found = parts(source, program_of(source))
        if found != self._parts:
            self._parts = found
            self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        self._rows = fitted(self._parts, self.size.width, max(1, self.size.height))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, in the styles of its parts."""
        base = self.rich_style
        if y >= len(self._rows):
            return Strip.blank(self.size.width, base)
        segments = [Segment(" ", base)]
        for i, part in enumerate(self._rows[y]):
            if i:
                segments.append(Segment(" " * GAP, base))
            segments.append(Segment(cut(part.text, self.size.width - 2), base + self._style(part)))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _style(self, part: Part) -> Style:
        return self.get_component_rich_style(f"status--{part.style or 'plain'}", partial=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As the style sheet says; one line where it leaves it open."""
        return 1
