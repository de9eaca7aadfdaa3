"""The settings: what is chosen here is in settings.toml at once, and holds at once where it can."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from praxtui import settings
from praxtui.errors import UserError
from praxtui.journal.shown import plain
from praxtui.settings import Settings
from praxtui.settings.cockpit import COLORS, NEWS, WAYS
from praxtui.tui import settings_file
from praxtui.tui.actions import BY_ID, bindings
from praxtui.tui.keymap import key_of, use
from praxtui.tui.notify import way
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.help import HelpScreen
from praxtui.tui.screens.keys import KeysScreen
from praxtui.tui.themes import DEFAULT, Themes, put_on
from praxtui.tui.widgets.choice import Choice

YES_NO = ("yes", "no")
NEXT = "from the next start on"
SAID_OF_NEWS = {
    "best": ("new best", "an experiment was kept that is better"),
    "crashes": ("crashes", "the third experiment in a row crashed"),
    "waits": ("waits", "a campaign needs you to go on"),
    "end": ("the end", "a campaign is over"),
}


@dataclass
class SettingsChanged(Message):
    """The person changed the settings; what the screen could make hold does already."""

    said: Settings


class Field(NamedTuple):
    """A line of the screen: the widget's id, which of `[cockpit]` it sets, its label, its words."""

    id: str
    key: str
    label: str
    words: tuple[str, ...]


def fields(themes: tuple[str, ...]) -> dict[str, list[Field]]:
    """The lines of the screen under their headings."""
    return {
        "look": [
            Field("theme", "theme", "theme", themes),
            Field("color", "color", "colours", COLORS),
            Field("mouse", "mouse", "mouse", YES_NO),
            Field("sync", "sync", "whole frames", YES_NO),
        ],
        "tell me of": [
            *(Field(f"news-{news}", "notify", SAID_OF_NEWS[news][0], YES_NO) for news in NEWS),
            Field("notify_by", "notify_by", "how", WAYS),
            Field("bell", "bell", "bell, too", YES_NO),
        ],
    }


def word(field: Field, said: Settings) -> str:
    """What a field shows of the settings."""
    if field.key == "notify":
        return YES_NO[field.id.removeprefix("news-") not in said.cockpit.notify]
    value = getattr(said.cockpit, field.key)
    return YES_NO[not value] if isinstance(value, bool) else str(value)


def value(field: Field, chosen: str, said: Settings) -> str | bool | list[str]:
    """What a word of a field is in settings.toml."""
    if field.key == "notify":
        wanted = {*said.cockpit.notify, field.id.removeprefix("news-")}
        if chosen == "no":
            wanted.discard(field.id.removeprefix("news-"))
        return [news for news in NEWS if news in wanted]
    return chosen == "yes" if isinstance(getattr(said.cockpit, field.key), bool) else chosen


def explanation(field: Field, chosen: str, themes: Themes) -> str:
    """What a word of a field means."""
    if field.key == "theme":
        return themes.about(chosen)
    if field.key == "notify":
        return SAID_OF_NEWS[field.id.removeprefix("news-")][1]
    here = way("auto", os.environ)
    return {
        "color": f"as the terminal says; {NEXT}" if chosen == "auto" else NEXT,
        "mouse": f"{'click and scroll' if chosen == 'yes' else 'left to the terminal'}; {NEXT}",
        "sync": f"no tearing, where the terminal can; slow in tmux 3.7; {NEXT}",
        "notify_by": {"auto": f"here: {here}", "none": "not at all", "bell": "rings, or marks the window"}.get(
            chosen, "a message of the desktop's"
        ),
        "bell": "the bell, beside the message",
    }.get(field.key, "")


class SettingsScreen(ModalScreen[None]):
    """What can be chosen, a line each; models and what else belongs in an editor is shown."""

    ABOUT = "Left and right change a line; the change is in settings.toml, and where it can be on the screen, at once."
    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("everywhere", "back", "leave", "help"),
        Binding("down,j", "app.focus_next", "next", show=False),
        Binding("up,k", "app.focus_previous", "before", show=False),
        *bindings("settings", "keys", "edit"),
    ]

    def __init__(self, themes: Themes | None = None) -> None:
        super().__init__()
        self._themes = Themes() if themes is None else themes
        self._said = Settings()
        self._broken = False
        self._fields: dict[str, Field] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet") as sheet:
            sheet.border_title = "settings"
            offered = [(id, BY_ID[id].label) for id in ("settings.keys", "settings.edit", "everywhere.back")]
            sheet.border_subtitle = Content(
                "   ".join(["← → change", *(f"{key_of(id)} {word}" for id, word in offered)])
            )
            yield Static(id="fault")
            with VerticalScroll(id="rows", can_focus=False):
                names = tuple(dict.fromkeys((*self._themes.names(), self.app.theme)))
                for title, rows in fields(names).items():
                    yield Label(title, classes="title")
                    yield from self._rows(rows)
                yield Label("keys", classes="title")
                yield Static(id="keys")
                yield Label("models and researcher", classes="title")
                yield Static(id="models")

    def _rows(self, rows: list[Field]) -> Iterator[Horizontal]:
        for field in rows:
            self._fields[field.id] = field
            yield Horizontal(Label(field.label), Choice(field.words, id=field.id), classes="row")

    def on_mount(self) -> None:
        for theme in self._themes.themes():
            put_on(self.app, theme)
        self._read()
        self.query_one("#theme", Choice).focus()

    # --- what the file says ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read settings.toml and show it; a file with faults is said, and nothing can be changed here meanwhile."""
        try:
            self._said = settings.read()
            self._fault("")
        except UserError as error:
            self._fault(
                f"{error.message}\nNothing is changed here before that is mended: {key_of('settings.edit')} opens it."
            )
        self._show()

    def _fault(self, text: str) -> None:
        self._broken = bool(text)
        fault = self.query_one("#fault", Static)
        fault.display = self._broken
        fault.update(Content("\n".join(plain(line) for line in text.splitlines())))
        for choice in self.query(Choice):
            choice.disabled = self._broken

    def _show(self) -> None:
        for field in self._fields.values():
            choice = self.query_one(f"#{field.id}", Choice)
            chosen = word(field, self._said)
            if chosen in field.words:
                choice.choose(chosen)
            choice.explain(explanation(field, choice.word, self._themes))
        n = len(self._said.keys)
        changed = f"{n} changed" if n else "none changed"
        self.query_one("#keys", Static).update(
            Content(f"{len(BY_ID)} actions, {changed}; {key_of('settings.keys')} lists them all")
        )
        self.query_one("#models", Static).update(Content("\n".join(_models(self._said))))

    # --- changing ----------------------------------------------------------------------------------------------------

    @on(Choice.Changed)
    def _chose(self, event: Choice.Changed) -> None:
        """Write what was chosen, unless the file says so already."""
        field = self._fields[event.choice.id or ""]
        event.choice.explain(explanation(field, event.word, self._themes))
        if self._broken or word(field, self._said) == event.word:
            return
        try:
            self._said = settings_file.change(("cockpit", field.key), value(field, event.word, self._said))
        except UserError as error:
            self._fault(str(error))
            return
        if field.key == "theme":
            self._dress()
        self.post_message(SettingsChanged(self._said))

    def _dress(self) -> None:
        name = self._said.cockpit.theme
        self.app.theme = name if name in self.app.available_themes else DEFAULT

    def action_keys(self) -> None:
        if not self._broken:
            self.app.push_screen(KeysScreen(), self._keys_changed)

    def _keys_changed(self, _: object) -> None:
        self._read()
        self.post_message(SettingsChanged(self._said))

    def action_edit(self) -> None:
        """Open settings.toml in the person's editor, and read it again when that is over."""
        path = settings.file()
        try:
            words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
        except ValueError:
            words = []
        if not words:
            self.notify(f"set EDITOR to an editor, or edit {path}", severity="warning", markup=False)
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.app.suspend():
                subprocess.run([*words, str(path)])
        except (OSError, SuspendNotSupported) as error:
            self.notify(f"cannot start {words[0]}: {error}", severity="error", markup=False)
            return
        self._read()
        if not self._broken:
            use(self.app, self._said.keys)
            self._dress()
            self.post_message(SettingsChanged(self._said))
        self.app.refresh(layout=True)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_back(self) -> None:
        """Back to where the settings were opened."""
        self.dismiss()

    action_leave = action_back


def _models(said: Settings) -> list[str]:
    """The models in their order, and how the researcher works, as the file says."""
    lines = [f"{n}. {plain(model)}" for n, model in enumerate(said.models, 1)] or ["no model is named"]
    steps, tokens = said.researcher.steps, said.researcher.brief_tokens
    lines.append(f"most steps of a draft: {'its own choice' if steps is None else steps}")
    lines.append(f"most tokens of a brief: {'its own choice' if tokens is None else format(tokens, ',')}")
    return lines
