"""The program pane: the task in a sentence, the specification as a table, the prose, and below them the hints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from praxtui.errors import UserError
from praxtui.program.edit import set_keys
from praxtui.program.read import attempt
from praxtui.program.spec import Program
from praxtui.tui.actions import BY_ID, bindings
from praxtui.tui.hints import Row as HintRow
from praxtui.tui.hints import rows as hint_rows
from praxtui.tui.keymap import shown
from praxtui.tui.panes.pane import Pane, styles
from praxtui.tui.panes.program_table import Frame, frame, hint_lines, lines, title
from praxtui.tui.prose import Line, Piece, rendered, wrapped
from praxtui.tui.sources.protocol import Change, Source

PINNED = 14
"""Rows of a pane from which on the hints stay in sight below the text; else they are its last lines."""

STYLES = (
    "text", "heading", "strong", "emphasis", "code", "link", "mark", "rule", "label", "weak",
    "waiting", "used", "paid", "over",
)  # fmt: skip


def drawn(line: Line, widget: Widget) -> Strip:
    """A line in the widget's component styles, as wide as the widget."""
    base = widget.rich_style
    segments = [
        # Not the partial style: that of a muted colour does not know what it is muted against.
        Segment(piece.text, widget.get_component_rich_style(f"prose--{piece.style}"))
        for piece in line
    ]
    return Strip(segments).adjust_cell_length(widget.size.width, base)


class ProgramText(ScrollView, can_focus=True):
    """Lines that are made for the width there is, and drawn when they are in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"prose--{name}" for name in STYLES}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scroll")]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def put(self, found: list[Line]) -> None:
        """Show these lines, where the person was, as far as there are as many."""
        if found != self._lines:
            self._lines = found
            self.virtual_size = Size(self.scrollable_content_region.width, len(found))
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line in sight."""
        row = self.scroll_offset.y + y
        return drawn(self._lines[row] if row < len(self._lines) else [], self)

    def action_down(self) -> None:
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        self.scroll_relative(y=-1, animate=False)

    def action_page_down(self) -> None:
        self.scroll_relative(y=max(1, self.size.height - 1), animate=False)

    def action_page_up(self) -> None:
        self.scroll_relative(y=-max(1, self.size.height - 1), animate=False)

    def action_top(self) -> None:
        self.scroll_to(y=0, animate=False)

    def action_bottom(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False)


class PinnedHints(Widget):
    """The newest hints, below the text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ProgramText.COMPONENT_CLASSES

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def put(self, found: list[Line]) -> None:
        """Show these; nothing is there where there are none."""
        if found != self._lines:
            self._lines = found
            self.styles.height = len(found)
            self.display = bool(found)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line."""
        return drawn(self._lines[y] if y < len(self._lines) else [], self)


class ProgramPane(Pane):
    """What the campaign pursues, as of the source's moment. The program is read in a thread, once a change."""

    NAME = "program"
    ABOUT = """
What the campaign pursues: the task, the specification as a table, and the instructions to the researcher.

Edit it at any time: prose holds from the next draft on; a change of metric, run, budget or seal opens a new epoch.
"""
    DEFAULT_CSS = styles(__file__)

    @dataclass
    class Read(Message):
        """A program was read; None where it cannot be."""

        key: tuple[bytes, tuple[tuple[str, str], ...]]
        program: Program | None

    def __init__(self, number: int | None = None) -> None:
        super().__init__(number)
        self._key: tuple[bytes, tuple[tuple[str, str], ...]] | None = None
        self._digest = ""
        self._program: Program | None = None
        self._fault = ""
        self._frame: Frame | None = None
        self._hints: list[HintRow] = []
        self._over = False
        self._made: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield ProgramText()
        yield PinnedHints()

    @property
    def text(self) -> ProgramText:
        """What the scroll keys move."""
        return self.query_one(ProgramText)

    @property
    def scrolled(self) -> Widget:
        """What the scroll keys move."""
        return self.text

    def show(self, source: Source, change: Change) -> None:
        """The program, its frame and the hints of the source's moment; only facts change any of them."""
        if not (change.events or change.anew):
            return
        state = source.state
        self._over = state.ended is not None
        self._frame = frame(state)
        self._hints = hint_rows(state)
        self.say(title(state))
        epoch = state.epoch
        # A person's edit of the prose alone opens no epoch; the program of now is then newer than the epoch's.
        digest = state.program if state.program_edits or epoch is None else epoch.program
        if (digest, self._frame.overrides) != (self._digest, self._key[1] if self._key else None):
            self._take(source, digest, self._frame.overrides)
        self._lay_out()

    def _take(self, source: Source, digest: str, overrides: tuple[tuple[str, str], ...]) -> None:
        self._digest, self._program, self._key, self._fault = digest, None, None, ""
        if not digest:
            return
        try:
            self._key = (source.blob(digest), overrides)
        except UserError as error:
            self._fault = error.message
        else:
            self._read(*self._key)

    @work(thread=True, exclusive=True, group="program", exit_on_error=False)
    def _read(self, text: bytes, overrides: tuple[tuple[str, str], ...]) -> None:
        try:
            written = set_keys(text.decode("utf-8", "replace"), dict(overrides))
            program = attempt(written)[0]
            if program is not None:
                rendered(program.prose, 80)  # imports what the screen's thread must not wait for
        except UserError:
            program = None
        self.post_message(self.Read((text, overrides), program))

    def on_program_pane_read(self, message: Read) -> None:
        message.stop()
        if message.key == self._key:
            self._program = message.program
            if message.program is None:
                self._fault = "the program in the record has no specification that can be read"
            self._lay_out()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """Make the lines anew where what they say, or the room for them, is another."""
        columns, height = self.text.scrollable_content_region.width, self.size.height
        made = (self._program, self._fault, self._frame, self._hints, columns, height, self._over)
        if made == self._made or columns <= 0:
            return
        self._made = made
        if self._program is not None and self._frame is not None:
            found = lines(self._program, self._frame, columns)
        else:
            found = [[Piece(said, "weak")] for said in self._empty(columns)]
        pinned = height >= PINNED
        below = hint_lines(self._hints, columns, max(2, height // 3) if pinned else len(self._hints) * 2 + 1)
        self.query_one(PinnedHints).put([[], *below] if pinned and below else [])
        self.text.put(found if pinned or not below else [*found, [], *below])

    def _empty(self, columns: int) -> list[str]:
        if self._fault:
            said = f"{self._fault}."
        elif self._key is not None:
            said = ""
        elif self._over:
            said = "This record holds no program: it was not made by a campaign here."
        else:
            edit = shown(BY_ID["campaign.edit"].keys[0])
            said = f"The program appears here once the campaign begins; {edit} edits it."
        return ["".join(piece.text for piece in line) for line in wrapped([Piece(said)], max(1, columns))]
