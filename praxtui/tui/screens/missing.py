"""What a leaf lacks to run on this machine, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from praxtui.journal.shown import plain
from praxtui.program.ready import Missing
from praxtui.tui.messages import Answered
from praxtui.tui.screens.home_rows import LeafRow
from praxtui.tui.screens.page import Page
from praxtui.tui.widgets.answer import AnswerLine

MOST = 9  # lacks that have a number of their own, to copy the fix of


class MissingScreen(Page[None]):
    """A page with every lack; a digit copies the fix of one, `y` those of all."""

    KEYS = (("y", "copy the fixes"), ("1-9", "copy one"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy the fixes"),
        *(Binding(str(n), f"copy({n})", f"copy fix {n}", show=False) for n in range(1, MOST + 1)),
    ]

    def __init__(self, leaf: LeafRow) -> None:
        super().__init__(f"what {leaf.name} lacks to run here")
        self._lacks = leaf.missing or ()
        self._faulty = leaf.faulty

    def body(self) -> Iterator[Widget]:
        """One paragraph a lack."""
        for n, lack in enumerate(self._lacks, 1):
            yield Static(paragraph(n, lack))
        end = (
            "It is ready as soon as they are corrected." if self._faulty else "It is looked for again when you go back."
        )
        yield Static(Content.styled(end, "$foreground-muted"))

    def action_copy(self, n: int = 0) -> None:
        """Put the fix of a lack, or of all, into the clipboard of the terminal."""
        wanted = self._lacks[n - 1 : n] if n else self._lacks
        fixes = list(dict.fromkeys(lack.fix for lack in wanted))
        if fixes:
            self.app.copy_to_clipboard("\n".join(fixes))
            what = fixes[0] if len(fixes) == 1 else f"{len(fixes)} fixes"
            self.query_one(AnswerLine).say(Answered(f"copied: {what}"))


def paragraph(n: int, lack: Missing) -> Content:
    """A lack with its number, and its fix below it."""
    number = f"{n}  " if n <= MOST else "   "
    lines = [f"\n   {plain(line)}" for line in lack.fix.splitlines()]
    return Content.assemble((number, "$foreground-muted"), plain(lack.what), *((line, "$primary") for line in lines))
