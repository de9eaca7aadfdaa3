"""The panes of a campaign: which are to be seen, where, how large, and that each is brought up to date when it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.containers import Container
from textual.events import DescendantFocus, MouseDown, MouseMove, MouseUp, Resize
from textual.layout import Layout
from textual.message import Message
from textual.widget import Widget

from praxtui.tui.arrangement import PANES, Arrangement, Border, Shape, Shares, arranged, border_at, grown, shape
from praxtui.tui.panes.pane import Pane
from praxtui.tui.sources.protocol import ANEW, Change, Source

STEP = 2  # cells that a pane grows by at a key press


class Board(Container):
    """Holds the panes. Where there is room for one only, or one is maximised, the others are not displayed; they are
    shown everything that they missed when they come back."""

    DEFAULT_CSS = "Board { width: 1fr; height: 1fr; overflow: hidden; }"

    @dataclass
    class Turned(Message):
        """Another pane is the current one, or which panes are displayed changed."""

        current: str
        alone: bool

    def __init__(self, panes: Iterable[Pane]) -> None:
        self._panes = {pane.NAME: pane for pane in panes}
        super().__init__(*self._panes.values(), id="board")
        self._how: Shape = "normal"
        self._shares = Shares()
        self._maximised = False
        self._held: Border | None = None
        self._grasped = (0, 0, Shares())
        self.current = "ledger"
        self._missed: dict[str, Change] = dict.fromkeys(self._panes, ANEW)
        self._source: Source | None = None
        self._arrangement = Arrangement(lambda: self._shares, lambda: "one" if self.alone else self._how)

    @property
    def layout(self) -> Layout:
        """Our own: style sheets know the names of Textual's layouts only."""
        return self._arrangement

    @property
    def alone(self) -> bool:
        """Whether one pane has all the room."""
        return self._maximised or self._how == "one"

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Bring the displayed panes up to date; the others will be when they are displayed."""
        self._source = source
        for name in self._panes:
            self._missed[name] = self._missed[name].then(change)
        self._catch_up()

    def _catch_up(self) -> None:
        if self._source is None:
            return
        for name, pane in self._panes.items():
            missed = self._missed[name]
            if pane.display and missed:
                self._missed[name] = Change()
                pane.show(self._source, missed)

    def _display(self) -> None:
        for name, pane in self._panes.items():
            pane.display = not self.alone or name == self.current
        self._catch_up()
        self._lay_out()
        self.post_message(self.Turned(self.current, self.alone))

    # --- the current pane --------------------------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Make a pane the current one and give it the focus; the one that has it already is maximised, or no more."""
        if self.current == name and self._focused(name):
            if self._how != "one":
                self.maximise()
            return
        self.current = name
        self._display()
        self._focus()

    def turn(self, by: int) -> None:
        """To the next or previous pane."""
        names = [name for name in PANES if name in self._panes]
        self.go(names[(names.index(self.current) + by) % len(names)])

    def maximise(self) -> None:
        """Give the current pane all the room, or take it back."""
        if self._how != "one":
            self._maximised = not self._maximised
            self._display()
            self._focus()

    @property
    def maximised(self) -> bool:
        """Whether a pane was given all the room by hand."""
        return self._maximised and self._how != "one"

    def _focus(self) -> None:
        inside = self._scrolled(self._panes[self.current])
        if inside is not None:
            self.screen.set_focus(inside, scroll_visible=False)

    def focus_current(self) -> None:
        """Give the current pane the focus."""
        self._focus()

    def _focused(self, name: str) -> bool:
        focused = self.screen.focused
        return focused is not None and self._panes[name] in focused.ancestors_with_self

    @staticmethod
    def _scrolled(pane: Pane) -> Widget | None:
        """What takes the focus in a pane: the first that can."""
        return next((inside for inside in pane.walk_children(Widget) if inside.focusable), None)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A click, too, makes a pane the current one."""
        for name, pane in self._panes.items():
            if name != self.current and pane in event.widget.ancestors_with_self:
                self.current = name
                self.post_message(self.Turned(name, self.alone))

    # --- sizes -------------------------------------------------------------------------------------------------------

    def grow(self, *, wider: int = 0, taller: int = 0) -> None:
        """Make the current pane larger or smaller by steps, at the cost of its neighbours."""
        if not self.alone:
            self._shares = grown(self._shares, self._how, self.current, wider=wider * STEP, taller=taller * STEP)
            self._lay_out()

    def _lay_out(self) -> None:
        """Have the panes placed anew. Asked for by one of them: Textual keeps what a container placed until then."""
        self._panes[self.current].refresh(layout=True)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take hold of the border between two panes."""
        x, y = event.screen_x - self.region.x, event.screen_y - self.region.y
        how: Shape = "one" if self.alone else self._how
        self._held = border_at(arranged(*self.size, how, self._shares), how, x, y) if event.button == 1 else None
        if self._held is not None:
            self._grasped = (event.screen_x, event.screen_y, self._shares)
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Move the border along. Counted from where it was taken, so that it waits at the end of its room."""
        if self._held is not None:
            x, y, shares = self._grasped
            self._shares = self._held.moved(shares, event.screen_x - x, event.screen_y - y)
            self._lay_out()

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go."""
        if self._held is not None:
            self._held = None
            self.release_mouse()

    def reset(self) -> None:
        """All panes as they were."""
        self._shares, self._maximised = Shares(), False
        self._display()

    def on_resize(self, event: Resize) -> None:
        """Another arrangement where the screen is of another shape now."""
        whole = self.screen.size
        how = shape(whole.width, whole.height)
        if how != self._how:
            self._how = how
            self._display()

    def on_mount(self) -> None:
        self._how = shape(self.screen.size.width, self.screen.size.height)
        self._display()
