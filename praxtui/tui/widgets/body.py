"""What is read from top to bottom, moved by the scroll keys."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from praxtui.tui.actions import bindings


class Body(VerticalScroll, inherit_bindings=False):
    """Holds other widgets; takes the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scroll"), Binding("space", "page_down", show=False)]

    def action_down(self) -> None:
        self.scroll_down(animate=False)

    def action_up(self) -> None:
        self.scroll_up(animate=False)

    def action_page_down(self) -> None:
        self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.scroll_page_up(animate=False)

    def action_top(self) -> None:
        self.scroll_home(animate=False)

    def action_bottom(self) -> None:
        self.scroll_end(animate=False)
