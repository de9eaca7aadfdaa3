"""The sheet that makes a leaf of one's own from one that exists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static
from textual.worker import get_current_worker

from praxtui import paths
from praxtui.journal.shown import plain
from praxtui.tui import launch
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.home_rows import LeafRow


class Made(NamedTuple):
    """A leaf that was made, by what the list calls it, and what the command line said about it."""

    name: str
    said: str


class NewLeafSheet(ModalScreen[Made | None]):
    """Asks for a name and a folder, makes the leaf, and is dismissed with it. What was typed stays where it failed."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    @dataclass
    class Answered(Message):
        """The command line ended."""

        said: launch.Said
        folder: Path

    def __init__(self, leaf: LeafRow) -> None:
        super().__init__()
        self._leaf = leaf

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet") as sheet:
            sheet.border_title = Content(f"new leaf, begun from {plain(self._leaf.name)}")
            with Horizontal(classes="row"):
                yield Label("name")
                yield Input(id="name", placeholder="what to call it, such as my-model", compact=True)
            with Horizontal(classes="row"):
                yield Label("folder")
                yield Input(id="folder", placeholder=paths.short(paths.leaves_dir() / "NAME"), compact=True)
            yield Static(id="refusal")
            with Horizontal(id="bottom"):
                yield Button("Make it", id="make", variant="primary", compact=True)
                yield Label("enter makes it   esc: leave")

    def on_mount(self) -> None:
        self.query_one("#name", Input).focus()

    @on(Input.Changed, "#name")
    def _named(self, changed: Input.Changed) -> None:
        self.query_one("#folder", Input).placeholder = paths.short(
            paths.leaves_dir() / (changed.value.strip() or "NAME")
        )

    @on(Input.Submitted)
    @on(Button.Pressed, "#make")
    def _make(self) -> None:
        folder = target(self.query_one("#name", Input).value, self.query_one("#folder", Input).value)
        if folder is None:
            self.query_one("#refusal", Static).update(Content("give it a name, or a folder"))
            return
        self.query_one("#refusal", Static).update(Content(f"making {plain(str(folder))}"))
        self._call(folder)

    @work(thread=True, exclusive=True, group="new-leaf", exit_on_error=False)
    def _call(self, folder: Path) -> None:
        worker = get_current_worker()
        said = launch.call(["new", "--", str(self._leaf.path), str(folder)], lambda: not worker.is_cancelled)
        if said is not None:
            self.post_message(self.Answered(said, folder))

    @on(Answered)
    def _answered(self, answered: Answered) -> None:
        if answered.said.ok:
            self.dismiss(made(answered.folder))
            return
        why = launch.refusal(answered.said)
        self.query_one("#refusal", Static).update(Content("\n".join(filter(None, why))))

    def action_leave(self) -> None:
        """Back without a leaf."""
        self.dismiss(None)


def target(name: str, folder: str) -> Path | None:
    """Where the leaf goes: the folder as given, else one of the name where leaves are found; None without either."""
    if folder.strip():
        return Path(folder.strip()).expanduser().absolute()
    return paths.leaves_dir() / name.strip() if name.strip() else None


def made(folder: Path) -> Made:
    """A leaf is listed by its path below the places in which leaves are looked for, and not at all elsewhere."""
    for base in (Path.cwd() / "leaves", paths.leaves_dir()):
        if folder.is_relative_to(base):
            name = folder.relative_to(base).as_posix()
            return Made(name, f"{name} is a leaf now, in {folder}")
    return Made(folder.name, f"a leaf is in {folder}; it is listed only below {paths.leaves_dir()} or ./leaves")
