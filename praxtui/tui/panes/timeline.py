"""The timeline at the bottom of a replay: where the moment is, what lies before and behind it, how fast it goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from praxtui.journal.shown import cut, plain
from praxtui.tui.actions import bindings
from praxtui.tui.messages import CampaignOpened
from praxtui.tui.panes.pane import styles
from praxtui.tui.sources.protocol import Change, Controls, Source
from praxtui.tui.timeline import ACTS, DONE, GAP, KNOB, LEFT, SHAPES, Words, column, nearest, placed, share, words

Piece = tuple[str, str]  # text, and the component class that it is drawn in


class TimelinePane(Widget):
    """Two lines: marks over a bar, and words beside them. A click or a drag on the bar goes to that moment."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("replay")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"timeline--{name}" for name in ("done", "knob", "left", "words", "playing", *SHAPES)
    }
    ABOUT: ClassVar[str] = (
        f"The bar is the whole campaign, the diamond the moment shown. Above it: `{SHAPES['keep']}` keep, "
        f"`{SHAPES['discard']}` discard, `{SHAPES['crash']}` crash, `{SHAPES['invalid']}` invalid, "
        f"`{SHAPES['void']}` void, `{SHAPES['revoked']}` revoked, `{SHAPES['hint']}` hint, `{SHAPES['steer']}` "
        f"another command, `{SHAPES['end']}` the end. Click or drag to go there."
    )

    def __init__(self) -> None:
        super().__init__(id="timeline")
        self._source: Source | None = None
        self._lines: tuple[list[Piece], list[Piece]] = ([], [])

    def show(self, source: Source, change: Change) -> None:
        """Show where the source's moment is. The source is a replay: it has controls."""
        self._source = source
        self._build()

    @property
    def controls(self) -> Controls | None:
        """What the keys act on; None until a source was shown."""
        return cast("Controls | None", self._source)

    # --- drawing -----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._build()

    def _said(self) -> Words:
        if self.controls is None or self._source is None:
            return Words("", "", 0)
        return words(self.controls, self._source.now, self.size.width)

    @property
    def bar(self) -> int:
        """Columns of the bar."""
        beside = self._said().columns
        return max(0, self.size.width - (beside + GAP if beside else 0))

    def _build(self) -> None:
        """Both lines anew, drawn where they are others than before."""
        lines = (list(self._above()), list(self._below()))
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def _above(self) -> Iterator[Piece]:
        controls, bar = self.controls, self.bar
        if controls is None or not bar:
            return
        shown = placed(controls.marks, bar)
        at = 0
        for here, mark in sorted(shown.items()):
            yield " " * (here - at), "words"
            yield SHAPES.get(mark.kind, "·"), mark.kind if mark.kind in SHAPES else "discard"
            at = here + 1
        yield " " * (bar - at + GAP), "words"
        yield self._said().above, "words"

    def _below(self) -> Iterator[Piece]:
        controls, bar = self.controls, self.bar
        if controls is None or not bar:
            return
        at = column(controls.where, bar)
        yield DONE * at, "done"
        yield KNOB, "knob"
        yield LEFT * (bar - at - 1), "left"
        yield " " * GAP, "words"
        yield self._said().below, "playing" if controls.playing else "words"

    def render_line(self, y: int) -> Strip:
        """One line, in the styles of its pieces."""
        pieces = self._lines[y] if y < len(self._lines) else []
        segments = [Segment(text, self._style(name)) for text, name in pieces if text]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.rich_style + self.get_component_rich_style(f"timeline--{name}", partial=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The marks, and the bar."""
        return 2

    # --- the mouse ---------------------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if event.button == 1 and offset is not None and offset.x < self.bar:
            self.capture_mouse()
            self._seek(offset.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        at = event.x - self.gutter.left
        if self.app.mouse_captured is self:
            self._seek(at)
            return
        found = nearest(self.controls.marks, at, self.bar) if self.controls is not None else None
        # As content: a title is a model's words, and must not be read as markup.
        self.tooltip = Content(cut(plain(found.text), 60)) if found is not None else None

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def _seek(self, at: int) -> None:
        if self.controls is not None:
            self.controls.seek(share(at, self.bar))
            self._build()

    # --- the keys ----------------------------------------------------------------------------------------------------

    def act(self, name: str) -> None:
        """Do what the action of that name does, and show it; the end of a campaign that goes on is the live one."""
        controls = self.controls
        if controls is None or self._source is None:
            return
        if name == "live" and controls.running:
            self.post_message(CampaignOpened(self._source.folder.name))
            return
        ACTS[name](controls)
        self._build()

    def action_play(self) -> None:
        self.act("play")

    def action_previous_experiment(self) -> None:
        self.act("previous_experiment")

    def action_next_experiment(self) -> None:
        self.act("next_experiment")

    def action_previous_keep(self) -> None:
        self.act("previous_keep")

    def action_next_keep(self) -> None:
        self.act("next_keep")

    def action_slower(self) -> None:
        self.act("slower")

    def action_faster(self) -> None:
        self.act("faster")

    def action_earlier(self) -> None:
        self.act("earlier")

    def action_later(self) -> None:
        self.act("later")

    def action_skip(self) -> None:
        self.act("skip")

    def action_begin(self) -> None:
        self.act("begin")

    def action_live(self) -> None:
        self.act("live")
