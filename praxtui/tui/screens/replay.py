"""A campaign played back: the same panes over a source with a clock of its own, and the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input, TextArea

from praxtui.tui.actions import bindings
from praxtui.tui.panes.timeline import TimelinePane
from praxtui.tui.screens.view import VIEW_ACTIONS, CampaignView
from praxtui.tui.sources.protocol import Change

# They hold whatever pane has the focus: `end` is the end of the campaign, not that of a table.
KEYS = [replace(key, action=f"timeline('{key.action}')", priority=True) for key in bindings("replay")]


class ReplayScreen(CampaignView):
    """Nothing here reaches the campaign. The keys of the timeline hold whatever has the focus, but for a text field."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS, *bindings("campaign", *VIEW_ACTIONS)]

    def below(self) -> Iterator[Widget]:
        yield TimelinePane()

    def show(self, change: Change) -> None:
        super().show(change)
        self.query_one(TimelinePane).show(self.source, change)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is typed into a field is text."""
        return not (action == "timeline" and isinstance(self.focused, Input | TextArea))

    def action_timeline(self, name: str) -> None:
        """Do what a key of the timeline does, and show the moment that it leads to at once."""
        self.query_one(TimelinePane).act(name)
        self.look()
