"""The settings screen and the keys: what is chosen is in settings.toml at once, and nothing else in it changes."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import BindingType
from textual.widgets import OptionList, Static

from praxtui import settings
from praxtui.settings import Settings
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import use
from praxtui.tui.screens.help import HelpScreen, about, blocks
from praxtui.tui.screens.keys import KeySheet, KeysScreen, Listening
from praxtui.tui.screens.page import Page
from praxtui.tui.screens.settings import SettingsChanged, SettingsScreen
from praxtui.tui.themes import Themes, variable_defaults
from praxtui.tui.widgets.choice import Choice


class Cockpit(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere"), *bindings("campaign", "pause")]

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Settings] = []
        self.paused = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def on_mount(self) -> None:
        use(self, {})
        for theme in Themes().themes():
            self.register_theme(theme)
        self.theme = "dark"

    def action_settings(self) -> None:
        self.push_screen(SettingsScreen())

    def action_pause(self) -> None:
        self.paused += 1

    def on_settings_changed(self, message: SettingsChanged) -> None:
        self.heard.append(message.said)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    return settings.file()


def line(app: App[None], id: str) -> str:
    return str(app.screen.query_one(f"#{id}", Static).render())


async def test_a_theme_is_put_on_and_written_while_one_goes_through_them(file: Path) -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        names = Themes().names()
        await pilot.press("right")
        await pilot.pause()
        assert app.theme == names[1]
        assert file.read_text() == f'[cockpit]\ntheme = "{names[1]}"\n'
        await pilot.press("right")
        await pilot.pause()
        assert app.theme == names[2] == settings.read().cockpit.theme
        assert app.heard[-1].cockpit.theme == names[2]
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, SettingsScreen)
        assert app.theme == names[2]


async def test_every_line_is_written_and_the_rest_of_the_file_stays(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('# mine\nmodels = ["openai/x"]  # good\n\n[cockpit]\nbell = true  # loud\n')
    app = Cockpit()
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        assert app.screen.query_one("#bell", Choice).word == "yes"
        for id in ("mouse", "sync", "color", "news-crashes", "notify_by", "bell"):
            app.screen.query_one(f"#{id}", Choice).focus()
            await pilot.press("right")
        await pilot.pause()
    said = settings.read().cockpit
    assert (said.mouse, said.sync, said.color, said.notify_by, said.bell) == (False, False, "16", "osc9", False)
    assert said.notify == ("best", "waits", "end")
    assert file.read_text().startswith('# mine\nmodels = ["openai/x"]  # good\n\n[cockpit]\nbell = false  # loud\n')


async def test_opening_and_leaving_writes_nothing(file: Path) -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("down", "up", "escape")
        await pilot.pause()
    assert not file.exists()
    assert app.heard == []


async def test_a_broken_file_is_shown_with_its_line_and_never_written(file: Path) -> None:
    file.parent.mkdir()
    broken = '[cockpit]\ntheem = "x"\n'
    file.write_text(broken)
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        assert "settings.toml:2: cockpit.theem is unknown" in line(app, "fault").replace("\n", "")
        await pilot.press("right", "K")
        await pilot.pause()
        assert isinstance(app.screen, SettingsScreen)
        assert all(choice.disabled for choice in app.screen.query(Choice))
    assert file.read_text() == broken


async def test_the_editor_opens_the_file_and_what_it_did_holds(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma", "e")
        await pilot.pause()
        assert [note.message for note in app._notifications] == [f"set EDITOR to an editor, or edit {file}"]


async def test_help_is_there_for_the_settings_too(file: Path) -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        below = app.screen
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        assert about(below) == SettingsScreen.ABOUT
        assert ("e", "Edit settings.toml.") in blocks(below)[0].rows
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is below


ON_A_TERMINAL = """
import sys
from textual.app import App
from praxtui.tui.notify import sequence, write
from praxtui.tui.screens.page import Page
from praxtui.tui.screens.settings import SettingsScreen
from praxtui.tui.themes import Themes, variable_defaults

class Cockpit(App):
    def get_theme_variable_defaults(self):
        return variable_defaults()
    def on_mount(self):
        for theme in Themes().themes():
            self.register_theme(theme)
        self.theme = "dark"
        write(self, sequence("e4 kept", "osc9"))
        self.push_screen(SettingsScreen())
        self.call_after_refresh(self.edit)
    def edit(self):
        self.screen.action_edit()
        self.exit(message=f"theme now {self.theme}")

app = Cockpit()
app.run()
"""


def test_on_a_terminal_news_are_written_and_the_editor_opens_the_file(file: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        f"#!{sys.executable}\nimport sys\nopen(sys.argv[2], 'w').write('[cockpit]\\ntheme = \"paper\"\\n')\n"
    )
    editor.chmod(0o755)
    environ = {**os.environ, "EDITOR": f"{editor} -w", "TERM": "xterm-256color"}
    environ.pop("VISUAL", None)
    terminal, other = pty.openpty()
    words = [sys.executable, "-c", ON_A_TERMINAL]
    with subprocess.Popen(words, stdin=other, stdout=other, stderr=other, env=environ, start_new_session=True) as app:
        os.close(other)
        written = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(terminal, 65536):
                written += piece
    os.close(terminal)
    assert app.returncode == 0
    assert b"\x1b]9;e4 kept\x1b\\" in written
    assert settings.read().cockpit.theme == "paper"
    assert b"theme now paper" in written


async def test_a_key_is_changed_by_pressing_another_and_holds_at_once(file: Path) -> None:
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("K")
        await pilot.pause()
        assert isinstance(app.screen, KeysScreen)
        actions = app.screen.query_one(OptionList)
        actions.highlighted = actions.get_option_index("campaign.pause")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, KeySheet)
        await pilot.press("h")
        await pilot.pause()
        assert "h is campaign.hint already" in str(app.screen.query_one(Listening).render())
        await pilot.press("question_mark")
        await pilot.pause()
        assert "? is everywhere.help already" in str(app.screen.query_one(Listening).render())
        await pilot.press("f9")
        await pilot.pause()
        assert settings.read().keys == {"campaign.pause": "F9"}
        assert str(actions.get_option("campaign.pause").prompt).startswith("* F9 ")
        await pilot.press("escape")
        await pilot.pause()
        assert "1 changed" in line(app, "keys")
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("space", "f9")
        assert app.paused == 1


async def test_an_action_gets_its_own_keys_again_unless_they_are_taken(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('[keys]\n"campaign.pause" = "h"\n"campaign.hint" = "space"\n')
    app = Cockpit()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(KeysScreen())
        await pilot.pause()
        actions = app.screen.query_one(OptionList)
        actions.highlighted = actions.get_option_index("campaign.pause")
        await pilot.press("d")
        await pilot.pause()
        assert "space" in line(app, "fault")
        assert len(settings.read().keys) == 2
        file.write_text('[keys]\n"campaign.pause" = "P"\n')
        await pilot.press("d")
        await pilot.pause()
        assert settings.read().keys == {}


@pytest.mark.parametrize("size", [(120, 40), (40, 10), (20, 5), (3, 2)])
async def test_the_screens_stand_any_size(file: Path, size: tuple[int, int]) -> None:
    app = Cockpit()
    async with app.run_test(size=size) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("down", "down", "down", "down", "down", "down", "down", "down", "K")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, KeySheet)


async def test_keys_of_the_settings_reach_screens_that_borrow_an_action(file: Path) -> None:
    """`back` and `leave` close a page, and the keys of the settings are actions like all others."""

    app = Cockpit()
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            assert not use(app, {"everywhere.back": "f6", "settings.keys": "f5"})
            await app.push_screen(Page("a page"))
            await pilot.press("escape")
            assert isinstance(app.screen, Page)
            assert "F6 back" in str(app.screen.query_one("#keys", Static).render())
            await pilot.press("f6")
            assert not isinstance(app.screen, Page)
            await pilot.press("comma")
            await pilot.pause()
            assert "F5 keys" in str(app.screen.query_one("#sheet").border_subtitle)
            await pilot.press("f5")
            assert isinstance(app.screen, KeysScreen)
    finally:
        use(App(), {})
