"""A field of several lines that shows nothing but text: what is pasted or loaded into it cannot steer the terminal."""

from __future__ import annotations

import re
import unicodedata

from rich.text import Text
from textual.events import Paste
from textual.widgets import TextArea

from praxtui.journal.logs import safe

SHOWN_AS = "\ufffd"
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def cleaned(text: str) -> str:
    """`text` as it may stand in a field: no escape sequences, no control characters but line ends, tabs as spaces."""
    return "\n".join(safe(line) for line in _BREAKS.sub("\n", text).split("\n"))


def visible(line: str) -> str:
    """`line`, character for character, with a mark in place of each one that would steer the terminal."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(SHOWN_AS if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\t" else c for c in line)


class PlainArea(TextArea):
    """A TextArea whose cursor stands still, and that cleans what is pasted into it."""

    def on_mount(self) -> None:
        # Nothing on a calm screen blinks; and a blinking cursor is redrawn twice a second.
        self.cursor_blink = False

    def get_line(self, line_index: int) -> Text:
        return Text(visible(self.document.get_line(line_index)), end="", no_wrap=True)

    def on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        if not self.read_only:
            edit = self.replace(cleaned(event.text), *self.selection, maintain_selection_offset=False)
            self.move_cursor(edit.end_location)
