"""The application: a home screen, one screen a campaign, and what holds on all of them."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.command import Provider
from textual.messages import TerminalSupportsSynchronizedOutput

from praxtui import settings
from praxtui.errors import UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.state import State
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import use
from praxtui.tui.messages import Answered, CampaignOpened, Compared
from praxtui.tui.notify import GAP_S, Teller, news, write
from praxtui.tui.palette import Actions
from praxtui.tui.screens.campaign import CampaignScreen
from praxtui.tui.screens.view import CampaignView
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import Change
from praxtui.tui.start import First
from praxtui.tui.themes import DEFAULT, Themes, fitting, put_on, variable_defaults
from praxtui.tui.typed_ahead import OneByOne

if TYPE_CHECKING:
    from praxtui.tui.screens.settings import SettingsChanged

HOME = "home"
THEMES_S = 1.0  # seconds between two looks at the person's theme files
LEAVING_S = 3.0  # after a signal: a terminal that is gone may keep the last words from being written


class Praxtui(OneByOne):
    """The cockpit. `parting`: what to say on the terminal once it is the person's again."""

    TITLE = "praxtui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Actions}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere")]

    def __init__(self, first: First, *, theme: str | None = None) -> None:
        super().__init__()
        self.parting = ""
        self.said = settings.read()
        self.themes = Themes()
        self._teller = Teller(self.said.cockpit)
        self._first = first
        self._fault: Answered | None = None
        # Before anything is drawn: another theme later means that every style is worked out again.
        self._dress(theme or self.said.cockpit.theme)

    def on_terminal_supports_synchronized_output(self, message: TerminalSupportsSynchronizedOutput) -> None:
        """Some terminals redraw everything at the end of a bracketed update: a person may do without."""
        if not self.said.cockpit.sync:
            message.prevent_default()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Variables of our own, for themes that do not give them."""
        return variable_defaults()

    # --- beginning and end -------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)
        for problem in use(self, self.said.keys):
            self.tell(Answered(problem, ok=False, fix="the key has its default; see [keys] in settings.toml"))
        if self._fault is not None:
            self.tell(self._fault)
        if self._first.folder is None:
            self.go_home()
        else:
            self.open(self._first.folder, self._first.replay, self._first.speed, self._first.at)
        self.set_interval(THEMES_S, self._themes_changed)
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """Know the other themes, too. What is there then stays for good: the collector need not go through it again."""
        for theme in self.themes.themes():
            put_on(self, theme)
        gc.collect()
        gc.freeze()

    def _signalled(self) -> None:
        """Give the terminal back and end; where that hangs, because the terminal is gone, end all the same."""
        signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
        signal.setitimer(signal.ITIMER_REAL, LEAVING_S)
        self.exit()

    async def action_leave(self) -> None:
        """Leave the cockpit; what lies over a campaign or the home screen is closed first."""
        if len(self.screen_stack) > 1 and not isinstance(self.screen, CampaignView) and not self.at_home:
            await self.action_back()
            return
        if isinstance(self.screen, CampaignScreen):
            folder = self.screen.source.folder
            if liveness.alive(folder).alive:
                self.parting = f"{folder.name} goes on without you: praxtui attach {folder.name}"
        self.exit()

    async def action_back(self) -> None:
        """To the screen before; from a campaign to the home screen."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        elif isinstance(self.screen, CampaignView):
            self.go_home()

    # --- colours -----------------------------------------------------------------------------------------------------

    def _dress(self, wanted: str) -> None:
        """Put the wanted theme on, or the default where there is no such one, and say so."""
        try:
            name = fitting(self.themes.named(wanted).name, self.console.color_system or "truecolor")
        except UserError as error:
            name = DEFAULT
            self._fault = Answered(error.message, ok=False, fix=error.fix or "")
        put_on(self, self.themes.named(name))
        self.theme = name

    def _themes_changed(self) -> None:
        """A theme file of the person's changed: put it on as it is now, or say what is wrong with it."""
        for seen in self.themes.changed():
            if seen.theme is not None:
                put_on(self, seen.theme)
            elif seen.fault:
                self.tell(Answered(seen.fault, ok=False))

    # --- news --------------------------------------------------------------------------------------------------------

    def announce(self, change: Change, state: State) -> None:
        """Tell the terminal what in a live campaign is worth it; what is held back comes a little later."""
        found = news(change, state) if change.events else []
        if found or self._teller.holds:
            write(self, self._teller.take(found, time.monotonic()))
            if self._teller.holds:
                self.set_timer(GAP_S, lambda: self.announce(Change(), state))

    # --- screens -----------------------------------------------------------------------------------------------------

    # Screens are imported when they are opened: what is seen first is there sooner.

    @property
    def at_home(self) -> bool:
        """Whether the home screen is what is seen."""
        return self.screen.id == HOME

    def go_home(self) -> None:
        """To the home screen, in place of a campaign where one is shown."""
        from praxtui.tui.screens.home import HomeScreen

        home = HomeScreen()
        home.id = HOME
        if isinstance(self.screen, CampaignView):
            self.switch_screen(home)
        else:
            self.push_screen(home)

    def open(self, folder: Path, replay: bool = False, speed: float | None = None, at: str | None = None) -> None:
        """Show a campaign, live or played back, over the home screen if that is there."""
        screen: CampaignView
        try:
            if replay:
                from praxtui.tui.screens.replay import ReplayScreen
                from praxtui.tui.sources.replay import Replay

                screen = ReplayScreen(Replay(folder, speed=speed, at=at))
            else:
                screen = CampaignScreen(Live(folder), self.announce)
        except UserError as error:
            if len(self.screen_stack) == 1:
                self.go_home()
            self.tell(Answered(error.message, ok=False, fix=error.fix or ""))
            return
        if isinstance(self.screen, CampaignView):
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def on_campaign_opened(self, message: CampaignOpened) -> None:
        message.stop()
        try:
            folder = campaigns.find(message.id)
        except UserError as error:
            self.tell(Answered(error.message, ok=False, fix=error.fix or ""))
            return
        self.open(folder, message.replay)

    def on_compared(self, message: Compared) -> None:
        """An opened experiment asks for it; the campaign's screen lies below it and does not hear."""
        from praxtui.tui.screens.compare import CompareScreen
        from praxtui.tui.screens.experiment import ExperimentScreen

        if isinstance(self.screen, ExperimentScreen):
            self.push_screen(CompareScreen(self.screen.source, message.left, message.right))

    def on_answered(self, message: Answered) -> None:
        """What no screen has shown in a line of its own."""
        self.tell(message)

    def tell(self, answer: Answered) -> None:
        """Say something over whatever screen there is."""
        said = f"{answer.text}\n{answer.fix}" if answer.fix else answer.text
        self.notify(said, severity="information" if answer.ok else "error", markup=False)

    def action_help(self) -> None:
        from praxtui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_settings(self) -> None:
        from praxtui.tui.screens.settings import SettingsScreen

        self.push_screen(SettingsScreen(self.themes))

    def on_settings_changed(self, message: SettingsChanged) -> None:
        """The settings screen has put theme and keys on already."""
        self.said = message.said
        self._teller.said = message.said.cockpit

    def action_palette(self) -> None:
        self.action_command_palette()
