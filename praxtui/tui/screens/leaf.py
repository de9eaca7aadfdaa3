"""A leaf's program to read: its specification as a table, then what it says to the researcher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from praxtui.errors import UserError
from praxtui.journal.shown import plain
from praxtui.tui.actions import BY_ID, bound
from praxtui.tui.screens.home_rows import LeafRow
from praxtui.tui.screens.page import Page

VERBS = ("start", "edit", "missing")


class LeafScreen(Page[str | None]):
    """Dismissed with what to do next with the leaf, one of VERBS, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [bound(f"home.{verb}", f"next('{verb}')") for verb in VERBS]

    @dataclass
    class Read(Message):
        """The program was read: its specification and its prose, or what is wrong with it."""

        specification: str
        prose: str

    def __init__(self, leaf: LeafRow) -> None:
        super().__init__(leaf.name)
        self._leaf = leaf

    def offered(self) -> tuple[tuple[str, str], ...]:
        """What can be done with the leaf, with the keys of now."""
        return tuple((BY_ID[f"home.{verb}"].keys[0], BY_ID[f"home.{verb}"].label) for verb in VERBS)

    def body(self) -> Iterator[Widget]:
        """The folder, the specification, the prose."""
        yield Static(Content.styled(plain(str(self._leaf.path)), "$foreground-muted"))
        yield Static(id="specification")
        yield Static(id="prose")

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    @work(thread=True, exit_on_error=False)
    def _read(self) -> None:
        from praxtui.program.explain import explain
        from praxtui.program.read import load

        try:
            program = load(self._leaf.path)
        except UserError as error:
            self.post_message(self.Read(str(error), ""))
            return
        self.post_message(self.Read(explain(program), program.prose))

    @on(Read)
    def _show(self, read: Read) -> None:
        self.query_one("#specification", Static).update(Content(lines(read.specification)))
        self.query_one("#prose", Static).update(Content(lines(read.prose.strip())))

    def action_next(self, verb: str) -> None:
        """Back, and on with the leaf."""
        if verb != "missing" or self._leaf.missing:
            self.dismiss(verb)


def lines(text: str) -> str:
    """Text of several lines without control characters; the spaces at the beginning of a line stay."""
    kept = []
    for line in text.expandtabs(4).splitlines():
        bare = line.lstrip(" ")
        # Where columns are aligned, the spaces between them matter: only lines that hold more are made plain.
        kept.append(line if line.isprintable() else " " * (len(line) - len(bare)) + plain(bare))
    return "\n".join(kept)
