"""The language models within reach: what each costs, and what is to be set where one is not ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from praxtui import paths, settings
from praxtui.journal.shown import plain
from praxtui.tui.actions import BY_ID, bound
from praxtui.tui.keymap import shown
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.models_rows import COLUMNS, Models, ask, cells
from praxtui.tui.widgets.rows import Rows
from praxtui.tui.widgets.rows_model import Listed


class ModelsScreen(Screen[Models | None]):
    """Shows what is known at once, and asks again. Dismissed with what was found, None where nothing new was."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("everywhere.back", "close"),
        bound("everywhere.leave", "close"),
        Binding("r", "again", "look again"),
    ]

    @dataclass
    class Found(Message):
        """What the command line says."""

        models: Models

    def __init__(self, models: Models | None = None) -> None:
        super().__init__()
        self._models = models
        self._fresh: Models | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content("models within reach"), id="title")
        yield Rows(columns=COLUMNS, id="models")
        yield Static(id="about")
        keys = [("r", "look again"), (BY_ID["everywhere.back"].keys[0], "back")]
        pieces = [Content.assemble((shown(key), "bold $primary"), f" {word}") for key, word in keys]
        yield Static(Content("  ").join(pieces), id="keys")

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._show()
        self.action_again()

    def action_again(self) -> None:
        """Ask once more: a key may have been set, a server started."""
        self._ask()

    @work(thread=True, exclusive=True, group="models", exit_on_error=False)
    def _ask(self) -> None:
        worker = get_current_worker()
        models = ask(lambda: not worker.is_cancelled)
        if models is not None:
            self.post_message(self.Found(models))

    @on(Found)
    def _found(self, found: Found) -> None:
        self._models = self._fresh = found.models
        self._show()

    def _show(self) -> None:
        rows = self.query_one(Rows)
        models = self._models
        listed = Listed([(row.name, cells(row)) for row in models.rows] if models is not None else [])
        before = rows.model
        rows.model = listed
        rows.sync(listed.changed(before) if isinstance(before, Listed) else ())
        rows.say_empty("Looking for keys and servers." if models is None else "No language model is within reach.")
        self.query_one("#about", Static).update(Content(about(models)))

    def action_close(self) -> None:
        """Back to the home screen."""
        self.dismiss(self._fresh)


def about(models: Models | None) -> str:
    """What the table does not say: where keys are from, which servers there are, how to get either."""
    if models is None:
        return ""
    if models.fault:
        return models.fault
    known = [f"{plain(name)}: {', '.join(map(plain, keys)) or 'signed in'}" for name, keys in models.providers]
    known += [f"{plain(server)}: no key needed" for server in models.servers]
    if models.keyless:
        known += [
            "A key is looked for in the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, ...), in the keyring, and in "
            f"{paths.short(settings.file().parent / 'keys')} (lines NAME=value, chmod 600).",
            "A server on this machine needs none: Ollama, vLLM, llama.cpp, LM Studio.",
            "Without a model, the researcher sweep works: no key, no cost.",
        ]
    else:
        known.append("USD for a million tokens. Any other model of a provider will do, by LiteLLM's name for it.")
    return "\n".join(known)
