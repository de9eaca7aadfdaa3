"""The hint line: one line at rest, a field when it is opened, with the campaign's hints and their fate above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click, DescendantBlur, Key, Resize
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static, TextArea

from praxtui.journal.shown import cut, plain, width
from praxtui.tui.actions import BY_ID
from praxtui.tui.hints import History, Row, refused, rows
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered, Steered
from praxtui.tui.panes.pane import styles
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.widgets.plain_area import PlainArea, cleaned

PROMPT = "hint: > "
KEYS = "enter send  esc leave  ctrl+j new line  up/down earlier  ctrl+x withdraw"
LISTED = 6  # hints above the field at most


class HintField(PlainArea):
    """Where a hint is typed. Enter sends it; the terminal may not tell shift+enter from it, so ctrl+j breaks a line."""

    @dataclass
    class Sent(Message):
        """Enter was pressed."""

        text: str

    @dataclass
    class Left(Message):
        """Escape was pressed."""

    @dataclass
    class Turned(Message):
        """An arrow key went beyond the text; `by` -1 is up."""

        by: int

    @dataclass
    class Withdrawn(Message):
        """What is being looked at shall be taken back."""

    # At rest it is hidden, and a screen that looks for something to give the focus to must pass it by.
    can_focus = False

    looking = False
    """Whether the field shows a hint that was given: then ctrl+x takes that back, and cuts nothing."""

    def on_key(self, event: Key) -> None:
        if event.key == "enter":
            self.post_message(self.Sent(self.text))
        elif event.key == "escape":
            self.post_message(self.Left())
        elif event.key in ("ctrl+j", "shift+enter"):
            self.replace("\n", *self.selection, maintain_selection_offset=False)
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cursor_up(self, select: bool = False) -> None:
        if select or self.cursor_location[0] > 0:
            super().action_cursor_up(select)
        else:
            self.post_message(self.Turned(-1))

    def action_cursor_down(self, select: bool = False) -> None:
        if select or self.cursor_location[0] < self.document.line_count - 1:
            super().action_cursor_down(select)
        else:
            self.post_message(self.Turned(1))

    def action_cut(self) -> None:
        if self.looking:
            self.post_message(self.Withdrawn())
        else:
            super().action_cut()


class HintList(Widget):
    """The newest hints, a line each: id, text, and where it went. The one that is being looked at has a mark."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hint--waiting", "hint--used", "hint--paid", "hint--over", "hint--text", "hint--pointed",
    }  # fmt: skip

    @dataclass
    class Chosen(Message):
        """A hint was clicked."""

        id: str

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._pointed: str | None = None
        self._top = 0

    def list(self, found: list[Row], pointed: str | None) -> None:
        """Show these, and the one that is pointed at in any case."""
        at = next((n for n, row in enumerate(found) if row.id == pointed), None)
        top = max(0, len(found) - LISTED)
        self._top = top if at is None else min(top, at)
        if (found, pointed) != (self._rows, self._pointed):
            self._rows, self._pointed = found, pointed
            self.refresh()
        self.display = bool(found)
        self.styles.height = min(LISTED, len(found))

    def on_click(self, event: Click) -> None:
        row = self._top + event.y
        if row < len(self._rows):
            event.stop()
            self.post_message(self.Chosen(self._rows[row].id))

    def render_line(self, y: int) -> Strip:
        """A hint."""
        base, columns = self.rich_style, self.size.width
        if self._top + y >= len(self._rows):
            return Strip.blank(columns, base)
        row = self._rows[self._top + y]
        pointed = row.id == self._pointed
        text, fate = listed(row, columns)
        main = self._style("pointed" if pointed else "text")
        segments = [Segment(("▸" if pointed else " ") + text, main), Segment(fate, self._style(row.kind))]
        return Strip(segments).adjust_cell_length(columns, base)

    def _style(self, name: str) -> Style:
        # Not the partial style: that of a muted colour does not know what it is muted against.
        return self.get_component_rich_style(f"hint--{name}")


def listed(row: Row, columns: int) -> tuple[str, str]:
    """A row in a line of `columns`, less one for the mark: id and text, padded; and its fate, at the right."""
    fate = row.fate if width(row.fate) <= columns // 2 else row.brief
    fate = cut(fate, max(0, columns - 8))
    room = max(0, columns - 1 - width(fate) - 2)
    text = cut(f"{row.id:<4}{row.text}", room)
    return text + " " * (room - width(text) + 2), fate


class HintLine(Vertical):
    """Posts Steered to give a hint, or to take one back. `show` brings it up to date; `open` is for the hint key."""

    DEFAULT_CSS = styles(__file__)
    SCOPED_CSS = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint--fate"}

    def __init__(self) -> None:
        super().__init__(id="hint")
        self._rows: list[Row] = []
        self._history = History()
        self._replayed = False
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield HintRest()
        with Vertical(id="hint-open"):
            yield HintList()
            with Horizontal(id="hint-row"):
                yield Static(PROMPT, id="hint-prompt", markup=False)
                yield HintField(compact=True, soft_wrap=True, highlight_cursor_line=False)
            yield Static(KEYS, id="hint-keys", markup=False)

    @property
    def opened(self) -> bool:
        """Whether a hint is being typed."""
        return self.has_class("-open")

    @property
    def field(self) -> HintField:
        """Where it is typed."""
        return self.query_one(HintField)

    def show(self, source: Source, change: Change) -> None:
        """The hints as of the source's moment."""
        self._replayed = source.kind == "replay"
        if not (change.events or change.anew):
            return
        state = source.state
        found = rows(state)
        self._history.know([(given.id, cleaned(given.text)) for given in state.hints.values()])
        if found != self._rows or change.anew:
            self._rows = found
            self._rest()
            if self.opened:
                self._list()

    def open(self) -> None:
        """Type a hint; what was typed before and not sent is there again."""
        if self._replayed:
            self.post_message(Answered("a replay takes no hints: they would come too late", False, "open it live"))
            return
        if self.opened:
            self.screen.set_focus(self.field, scroll_visible=False)
            return
        self._before = self.screen.focused
        self._fit()
        self.add_class("-open")
        self.field.can_focus = True
        self._put(self._history.draft)
        self.screen.set_focus(self.field, scroll_visible=False)

    def close(self) -> None:
        """Leave the field; what is in it is kept."""
        if not self.opened:
            return
        self._history.leave(self.field.text)
        self._shut()

    def _shut(self) -> None:
        self.remove_class("-open")
        self._rest()
        focused, before, self._before = self.screen.focused, self._before, None
        if focused is None or self in focused.ancestors:
            self.screen.set_focus(before if before is not None and before.is_attached else None, scroll_visible=False)
        self.field.can_focus = False

    def _put(self, text: str) -> None:
        with self.prevent(TextArea.Changed):
            self.field.load_text(text)
        self.field.move_cursor(self.field.document.end)
        self._list()

    def _list(self) -> None:
        self.field.looking = self._history.pointed is not None
        self.query_one(HintList).list(self._rows, self._history.pointed)

    def _rest(self) -> None:
        self.query_one(HintRest).say(self._history.draft, self._rows[-1] if self._rows else None)

    # --- what is done in the field -----------------------------------------------------------------------------------

    def on_hint_field_sent(self, message: HintField.Sent) -> None:
        message.stop()
        text = message.text.strip()
        why = refused(text)
        if why is not None:
            self.post_message(Answered(why, ok=False))
            if not text:
                self._history.sent("")
                self._shut()
            return
        self._history.sent(text)
        self._shut()
        self.post_message(Steered("hint", {"text": text}))

    def on_hint_field_left(self, message: HintField.Left) -> None:
        message.stop()
        self.close()

    def on_hint_field_turned(self, message: HintField.Turned) -> None:
        message.stop()
        text = self._history.back(self.field.text) if message.by < 0 else self._history.on(self.field.text)
        if text is not None:
            self._put(text)

    def on_hint_list_chosen(self, message: HintList.Chosen) -> None:
        message.stop()
        self._put(self._history.point(message.id))
        self.screen.set_focus(self.field, scroll_visible=False)

    def on_hint_field_withdrawn(self, message: HintField.Withdrawn) -> None:
        message.stop()
        id = self._history.pointed
        row = next((row for row in self._rows if row.id == id), None)
        if row is None:
            return
        if row.fate.endswith("withdrawn"):
            self.post_message(Answered(f"hint {id} is withdrawn already", ok=False))
        else:
            self.post_message(Steered("unhint", {"hint": row.id}))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """What is typed over a hint is a new one."""
        event.stop()
        self._history.edited(self.field.text)
        self._list()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Who turns to another pane leaves the field. A terminal that lost the focus gives it back later."""
        if self.opened and self.app.app_focus:
            self.call_after_refresh(self._left)

    def _left(self) -> None:
        focused = self.screen.focused
        if self.opened and (focused is None or self not in focused.ancestors):
            self.close()

    def on_click(self, event: Click) -> None:
        if not self.opened:
            self.open()

    def on_resize(self, event: Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        """The field may take a third of the screen."""
        self.field.styles.max_height = max(1, self.screen.size.height // 3)
        self.query_one("#hint-keys").display = self.screen.size.height >= 12


class HintRest(Widget):
    """The line at rest: the prompt, what was typed and not sent, and what became of the newest hint."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint--prompt", "hint--fate"}

    def __init__(self) -> None:
        super().__init__()
        self._draft = ""
        self._row: Row | None = None

    def say(self, draft: str, row: Row | None) -> None:
        """Show these."""
        if (draft, row) != (self._draft, self._row):
            self._draft, self._row = draft, row
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        base, columns = self.rich_style, self.size.width
        if y:
            return Strip.blank(columns, base)
        prompt = self.get_component_rich_style("hint--prompt")
        dim = self.get_component_rich_style("hint--fate")
        left, right = resting(self._draft, self._row, columns)
        return Strip([Segment(f" {PROMPT}", prompt), Segment(left, base), Segment(right, dim)]).adjust_cell_length(
            columns, base
        )


def resting(draft: str, row: Row | None, columns: int) -> tuple[str, str]:
    """What stands after the prompt in a line of `columns`: the unsent text, and the newest hint with its fate."""
    room = max(0, columns - len(PROMPT) - 2)
    left = cut(plain(draft), room // 2 if row is not None else room)
    if draft:
        left += "  "
    if row is None:
        right = "" if draft else f"{shown(BY_ID['campaign.hint'].keys[0])} writes one to the researcher"
    else:
        right = f"{row.id} {row.brief}: {row.text}"
    return left, cut(right, max(0, room - width(left)))
