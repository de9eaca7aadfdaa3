"""The sheet that changes what a campaign may use."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from praxtui.journal.shown import plain
from praxtui.tui.messages import Answered, Steered
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.budget_form import LABELS, Typed, changed, fields, left, typed, used
from praxtui.tui.sources.protocol import Source

HOW = "enter applies   none: no limit   esc leaves"


class BudgetSheet(ModalScreen[None]):
    """Asks for the limits, shows what each would leave, and posts Steered to the screen that it lies on."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave"),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "field before", show=False),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._fields = {field.name: field for field in fields(source.state)}

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet") as sheet:
            sheet.border_title = Content(f"budget of {plain(self._source.folder.name)}")
            with VerticalScroll(id="fields", can_focus=False):
                for field in self._fields.values():
                    with Horizontal(classes="row"):
                        yield Label(LABELS[field.name], classes="name")
                        yield Input(field.value, id=field.name, compact=True)
                        yield Static(id=f"left-{field.name}", classes="left")
                        yield Label(Content(f"{used(field)} used"), classes="used")
            yield Static(Content(HOW), id="said")

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one(f"#{next(iter(self._fields))}", Input).focus()
        self._look()

    @property
    def _limits(self) -> dict[str, Typed]:
        """What stands in the fields."""
        return {name: typed(field, self._input(name).value) for name, field in self._fields.items()}

    def _input(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    @on(Input.Changed)
    def _look(self) -> None:
        """Say beside every field what its limit leaves, and below what is wrong with one."""
        limits = self._limits
        for name, limit in limits.items():
            self._input(name).set_class(bool(limit.wrong), "-wrong")
            beside = self.query_one(f"#left-{name}", Static)
            beside.set_class(limit.ends, "-ends")
            beside.update(Content(left(self._fields[name], limit)))
        wrong = _first(limits)
        said = self.query_one("#said", Static)
        said.set_class(bool(wrong), "-wrong")
        said.update(Content(plain(wrong) or HOW))

    @on(Input.Submitted)
    def _apply(self) -> None:
        limits = self._limits
        if _first(limits):
            wrong = next(name for name, limit in limits.items() if limit.wrong)
            self._input(wrong).focus()
            return
        words = changed(self._source.state.budgets, limits)
        # A message of a modal screen does not reach the screen below by itself.
        below = self.app.screen_stack[-2]
        self.dismiss(None)
        below.post_message(Steered("budget", words) if words else Answered("the budget stays as it is"))

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def on_click(self, event: Click) -> None:
        """A click beside the sheet leaves it."""
        if event.widget is self:
            self.action_leave()


def _first(limits: dict[str, Typed]) -> str:
    """The first thing that is wrong."""
    return next((limit.wrong for limit in limits.values() if limit.wrong), "")
