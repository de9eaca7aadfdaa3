"""The keys of every action, to be changed by pressing others."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from praxtui import settings
from praxtui.errors import UserError
from praxtui.journal.shown import width
from praxtui.tui import settings_file
from praxtui.tui.actions import ACTIONS, BY_ID, PLACES, bindings
from praxtui.tui.keymap import BY_DEFAULT, key_of, keymap, shown, taken, use
from praxtui.tui.panes.pane import styles

KEYS_WIDE = 14


class KeysScreen(ModalScreen[None]):
    """Every action with its keys. `enter` takes another key, `d` gives the action its own again."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("everywhere", "back", "leave"),
        *bindings("settings", "own"),
        Binding("j", "move('cursor_down')", show=False),
        Binding("k", "move('cursor_up')", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet") as sheet:
            sheet.border_title = "keys"
            sheet.border_subtitle = Content(
                f"enter another key   {key_of('settings.own')} its own again   {key_of('everywhere.back')} back"
            )
            yield Static(id="fault")
            yield OptionList(id="actions")

    def on_mount(self) -> None:
        self._show()
        self._say("\n".join(keymap(self._said()).faults))
        self.query_one(OptionList).focus()

    @staticmethod
    def _said() -> dict[str, str]:
        try:
            return settings.read().keys
        except UserError:
            return {}

    def _show(self) -> None:
        actions = self.query_one(OptionList)
        at = actions.highlighted
        actions.clear_options()
        for where, title in PLACES.items():
            actions.add_option(Option(Content.styled(title, "bold $text-primary"), disabled=True))
            actions.add_options(Option(_line(action.id), id=action.id) for action in ACTIONS if action.where == where)
        actions.highlighted = 1 if at is None else at

    def _say(self, text: str) -> None:
        fault = self.query_one("#fault", Static)
        fault.display = bool(text)
        fault.update(Content(text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            id = event.option_id
            self.app.push_screen(KeySheet(id), lambda key: self._take(id, key) if key is not None else None)

    def action_move(self, how: str) -> None:
        getattr(self.query_one(OptionList), f"action_{how}")()

    def action_own(self) -> None:
        """Give the action under the cursor its own keys again."""
        actions = self.query_one(OptionList)
        if actions.highlighted is not None:
            id = actions.get_option_at_index(actions.highlighted).id
            if id is not None:
                self._take(id, None)

    def _take(self, id: str, key: str | None) -> None:
        try:
            if key is None:
                left = {name: keys for name, keys in self._said().items() if name != id}
                if faults := keymap(left).faults:
                    self._say(f"{id} cannot have its own keys: {faults[0]}")
                    return
            said = settings_file.change_keys(id, None if key is None else _written(key))
        except UserError as error:
            self._say(str(error))
            return
        self._say("\n".join(use(self.app, said.keys)))
        self._show()

    def action_back(self) -> None:
        """Back to the settings."""
        self.dismiss()

    action_leave = action_back


def _line(id: str) -> Content:
    """An action with its keys, marked where they are not its own."""
    action = BY_ID[id]
    keys = " ".join(map(shown, action.keys))
    mark = "*" if action.keys != BY_DEFAULT[id].keys else " "
    gap = " " * max(1, KEYS_WIDE - width(keys))
    return Content.assemble(mark, " ", (keys, "$text-accent"), gap, action.about)


def _written(key: str) -> str:
    """A key as it stands in the settings: as people write it, as far as a keyboard has that."""
    return shown(key) if shown(key).isascii() else key


class Listening(Static, can_focus=True):
    """Takes the next key, whatever it is."""

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        sheet = self.screen
        assert isinstance(sheet, KeySheet)
        sheet.pressed(event.key)


class KeySheet(ModalScreen[str | None]):
    """Asks for a key; dismissed with it, or with None. One that another action has is refused."""

    DEFAULT_CSS = styles(__file__)

    def __init__(self, id: str) -> None:
        super().__init__()
        self._action = id

    def compose(self) -> ComposeResult:
        yield Listening(Content(f"Press the key for: {BY_ID[self._action].about}\nesc: leave it as it is"))

    def on_mount(self) -> None:
        self.query_one(Listening).focus()

    def pressed(self, key: str) -> None:
        """A key was pressed."""
        if key == "escape":
            self.dismiss(None)
            return
        other = taken(self._action, key, {id: action.keys for id, action in BY_ID.items()})
        if other is None:
            self.dismiss(key)
            return
        said = f"{shown(key)} is {other} already ({BY_ID[other].label}, {PLACES[BY_ID[other].where]})."
        self.query_one(Listening).update(Content(f"{said}\nPress another key, or esc."))
