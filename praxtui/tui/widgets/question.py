"""A question in a line: yes or no, or a few words. It stands where the hint line stands until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, DescendantBlur, Key
from textual.widget import Widget
from textual.widgets import Input, Static

from praxtui.journal.logs import safe
from praxtui.journal.shown import plain
from praxtui.tui.panes.pane import styles

ANSWERS = "y/n"
PASSED = ("ctrl+q", "ctrl+c", "ctrl+z")
"""Keys that mean the program, not the question."""


def answer_of(key: str) -> bool | None:
    """What a key says to a question of yes or no; None where it says nothing. What is not clearly yes is no."""
    if key in ("y", "Y"):
        return True
    return False if key in ("n", "N", "escape", "enter") else None


class YesNo(Static, can_focus=True):
    """The question as text. Takes every key while it has the focus, so that none reaches what lies below."""

    def __init__(self, answered: Callable[[bool | None], None]) -> None:
        super().__init__(id="asked")
        self._answered = answered
        self._question = ""

    def put(self, question: str) -> None:
        """Show a question; the answers that there are stand behind it, always in sight."""
        self._question = plain(question)
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        room = max(0, self.size.width - len(ANSWERS) - 1)
        said = Content(self._question).truncate(room, ellipsis=True) if room else Content(self._question)
        self.update(Content.assemble(said, " ", (ANSWERS, "bold")))

    def on_key(self, event: Key) -> None:
        if event.key in PASSED:
            return
        event.stop()
        event.prevent_default()
        said = answer_of(event.key)
        if said is not None:
            self._answered(said)

    def on_click(self, event: Click) -> None:
        """The y and the n can be clicked."""
        room = max(0, self.size.width - len(ANSWERS) - 1)
        y = min(Content(self._question).cell_length, room) + 1
        if event.x in (y, y + 2):
            self._answered(event.x == y)


class QuestionLine(Horizontal):
    """Not there while nothing is asked. One question at a time: a new one answers the one before with no.

    While it is there, the screen has the class `-asking`.
    """

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._waiting: asyncio.Future[bool | str | None] | None = None
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield YesNo(self._settle)
        yield Static(id="prompt")
        yield Input(id="words", compact=True)

    def on_mount(self) -> None:
        # Hidden, they must not be given the focus by a screen that looks for something to give it to.
        for field in self.query("#asked, #words"):
            field.can_focus = False
        self.query_one(Input).cursor_blink = False

    async def ask(self, text: str) -> bool:
        """Put a question of yes or no (`kill e47 run 1?`); True for y. To be awaited in a worker.

        Anything but y is no: escape, enter, a click somewhere else, another question.
        """
        yes_no = self.query_one(YesNo)
        yes_no.put(text)
        return await self._put(yes_no) is True

    async def words(self, text: str, value: str = "") -> str | None:
        """Ask for a few words (`veto the draft, why: `), trimmed; None where the person left it."""
        self.query_one("#prompt", Static).update(Content(plain(text) + " "))
        field = self.query_one(Input)
        field.value = value
        said = await self._put(field)
        return said if isinstance(said, str) else None

    async def _put(self, field: Widget) -> bool | str | None:
        self._settle(None)
        waiting: asyncio.Future[bool | str | None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        if not self.display:
            self._before = self.screen.focused
        self.set_class(isinstance(field, Input), "-words")
        self.display = True
        self.screen.add_class("-asking")
        field.can_focus = True
        self.screen.set_focus(field, scroll_visible=False)
        try:
            return await waiting
        finally:
            if self._waiting is waiting:
                self._close()

    def _settle(self, said: bool | str | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(said)

    def _close(self) -> None:
        """Make room, and give the focus back, unless it went somewhere else meanwhile."""
        self._waiting = None
        if not self.is_attached:
            return
        self.display = False
        self.screen.remove_class("-asking")
        focused = self.screen.focused
        before, self._before = self._before, None
        if focused is None or self in focused.ancestors:
            self.screen.set_focus(before if before is not None and before.is_attached else None, scroll_visible=False)
        for field in self.query("#asked, #words"):
            field.can_focus = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._settle(" ".join(safe(event.value).split()))

    def action_leave(self) -> None:
        """Leave the question unanswered."""
        self._settle(None)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Who turns to something else has not said yes. A terminal that lost the focus gives it back later."""
        if self.app.app_focus and event.widget.display:
            self.call_after_refresh(self._left)

    def _left(self) -> None:
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            self._settle(None)
