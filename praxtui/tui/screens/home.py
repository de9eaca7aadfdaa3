"""The home screen: the leaves, the campaigns, and what can be done with either."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, get_current_worker

from praxtui import paths
from praxtui.errors import UserError
from praxtui.journal.shown import width
from praxtui.program.leaves import places
from praxtui.tui import launch
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered, CampaignOpened
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens import home_rows
from praxtui.tui.screens.home_lists import NEWEST, HomeLists
from praxtui.tui.screens.home_rows import CampaignRow, LeafRow
from praxtui.tui.screens.home_watch import CampaignWatch, LeafWatch, is_bundled, own_copy
from praxtui.tui.screens.models_rows import Models, ask
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.rows import Rows

LOOK_S = 1.0
"""Seconds between two looks at the disk."""

GATHER_S = 0.05  # rows that are read within so many seconds are shown at once
LOW, TINY = 16, 8
"""Rows below which the lesson, and then the line above, make room for the lists."""


class HomeScreen(Screen[None]):
    """Where praxtui begins. Reads the disk in a thread, shows what came of it row by row."""

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("home")]

    @dataclass
    class Looked(Message):
        """Rows that were read, and where a list was read, the names or unread rows of all in it."""

        leaves: list[LeafRow] = field(default_factory=list)
        campaigns: list[CampaignRow] = field(default_factory=list)
        names: list[str] | None = None
        ids: list[CampaignRow] | None = None
        fault: str = ""

    @dataclass
    class ModelsKnown(Message):
        """What `praxtui models` says."""

        models: Models

    def __init__(self) -> None:
        super().__init__()
        self._campaign_watch, self._leaf_watch = CampaignWatch(), LeafWatch()
        self._models: Models | None = None
        self._fault = ""
        self._timer: Timer | None = None
        self._worker: Worker[None] | None = None
        self._leaf_worker: Worker[None] | None = None
        self._minute = 0

    def compose(self) -> ComposeResult:
        yield Static(id="head")
        yield HomeLists()
        yield Static(id="lesson")
        yield AnswerLine()
        yield KeyLine(shown)

    @property
    def lists(self) -> HomeLists:
        """The leaves and the campaigns."""
        return self.query_one(HomeLists)

    def on_mount(self) -> None:
        """Show the names at once; what takes reading comes after the first paint."""
        lists = self.lists
        lists.leaves = {row.name: row for row in self._leaf_watch.found()}
        try:
            self._campaign_watch.ids()
            lists.campaigns = {row.id: row for row in self._campaign_watch.unread()}
        except UserError as error:
            self._fault = str(error)
        lists.show()
        lists.leaf_rows.focus()
        self._teach()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._timer = self.set_interval(LOOK_S, self._look)
        self._look()
        self._ask_models()

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if self._timer is not None:
            self._timer.resume()
            self._look(anew=True)

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(self, anew: bool = False) -> None:
        if self._worker is None or self._worker.is_finished:
            self._worker = self._read()
        if self._leaf_worker is None or self._leaf_worker.is_finished:
            self._leaf_worker = self._read_leaves(anew)
        if self._minute != (minute := int(time.time() // 60)):
            self._minute = minute
            self.lists.age()

    @work(thread=True, group="home-look", exit_on_error=False)
    def _read(self) -> None:
        worker = get_current_worker()
        try:
            ids = self._campaign_watch.ids()
        except UserError as error:
            self.post_message(self.Looked(fault=str(error)))
            return
        if ids != list(self.lists.campaigns) or self._fault:
            self.post_message(self.Looked(ids=self._campaign_watch.unread()))
        found: list[CampaignRow] = []
        sent = time.monotonic()
        for row in self._campaign_watch.changed():
            if worker.is_cancelled:
                return
            found.append(row)
            if time.monotonic() - sent > GATHER_S:
                self.post_message(self.Looked(campaigns=found))
                found, sent = [], time.monotonic()
        if found:
            self.post_message(self.Looked(campaigns=found))

    @work(thread=True, group="home-leaves", exit_on_error=False)
    def _read_leaves(self, anew: bool) -> None:
        """Apart from the campaigns: neither list waits for the other."""
        for leaf in self._leaf_watch.changed(anew):
            self.post_message(self.Looked(leaves=[leaf]))
        names = self._leaf_watch.names()
        if self.lists.leaves.keys() - set(names):
            self.post_message(self.Looked(names=names))

    @work(thread=True, group="home-models", exclusive=True, exit_on_error=False)
    def _ask_models(self) -> None:
        worker = get_current_worker()
        models = ask(lambda: not worker.is_cancelled)
        if models is not None:
            self.post_message(self.ModelsKnown(models))

    @on(Looked)
    def _take(self, looked: Looked) -> None:
        lists = self.lists
        if looked.ids is not None:
            lists.campaigns = {row.id: lists.campaigns.get(row.id, row) for row in looked.ids}
        if looked.names is not None:
            lists.leaves = {name: row for name, row in lists.leaves.items() if name in looked.names}
        lists.leaves = {**lists.leaves, **{row.name: row for row in looked.leaves}}
        lists.campaigns |= {row.id: row for row in looked.campaigns if row.id in lists.campaigns}
        self._fault = looked.fault
        lists.show([row.name for row in looked.leaves] + [row.id for row in looked.campaigns])
        self._moved()

    @on(ModelsKnown)
    def _know_models(self, known: ModelsKnown) -> None:
        self._models = known.models
        self._teach()

    # --- showing ------------------------------------------------------------------------------------------------------

    @on(HomeLists.Moved)
    def _moved(self) -> None:
        self._teach()
        self.refresh_bindings()

    def on_resize(self, event: Resize) -> None:
        self._teach()

    def _teach(self) -> None:
        """The line above, the lesson below, and what an empty list says."""
        lists = self.lists
        campaigns = list(lists.campaigns.values())
        said = [
            f"order: {lists.order}" if lists.order != NEWEST else "",
            f"filter: {lists.words}" if lists.words else "",
            home_rows.headline(campaigns),
        ]
        right = "   ".join(filter(None, said))
        gap = max(2, self.size.width - 2 - len("praxtui") - width(right))
        head = self.query_one("#head", Static)
        head.update(Content.assemble(("praxtui", "bold $primary"), " " * gap, right))
        head.display = self.size.height >= TINY
        keyless = self._models is not None and self._models.keyless and not self._models.fault
        looked = [paths.short(place) for _, place in places()]
        lesson = self._fault or home_rows.lesson(list(lists.leaves.values()), campaigns, looked, keyless)
        line = self.query_one("#lesson", Static)
        line.display = bool(lesson) and self.size.height >= LOW
        line.update(Content(lesson))
        lists.say_empty()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        if not self.is_mounted:
            return True
        campaign, leaf = self.lists.campaign(), self.lists.leaf()
        if action in ("start", "edit", "new"):
            return leaf is not None
        if action == "missing":
            return leaf is not None and bool(leaf.missing)
        if action == "replay":
            return campaign is not None
        if action == "resume":
            return campaign is not None and campaign.state in ("dead", "paused", "stopped", "waiting")
        return len(self.lists.campaigns) > 1 if action == "sort" else True

    # --- acting -------------------------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """Go to the other list."""
        self.lists.switch()

    def action_sort(self) -> None:
        """The next order of the campaigns."""
        self.lists.sort(home_rows.next_order(self.lists.order))

    def action_filter(self) -> None:
        """Write words that a row must hold."""
        self.lists.ask_words()

    @on(Rows.Opened)
    def action_open(self) -> None:
        """Open the campaign; of a leaf the program; open or close a folder."""
        campaign, leaf = self.lists.campaign(), self.lists.leaf()
        if campaign is not None:
            self.post_message(CampaignOpened(campaign.id))
        elif not self.lists.toggle() and leaf is not None:
            from praxtui.tui.screens.leaf import LeafScreen

            wanted = {"start": self.action_start, "edit": self.action_edit, "missing": self.action_missing}
            self.app.push_screen(LeafScreen(leaf), lambda verb: wanted[verb]() if verb else None)

    def action_replay(self) -> None:
        """Play the campaign back."""
        campaign = self.lists.campaign()
        if campaign is not None:
            self.post_message(CampaignOpened(campaign.id, replay=True))

    def action_start(self) -> None:
        """Open the sheet that starts a campaign."""
        from praxtui.tui.screens.start import StartSheet

        def started(id: str | None) -> None:
            if id is not None:
                self.post_message(CampaignOpened(id))

        leaf = self.lists.leaf()
        if leaf is not None:
            self.app.push_screen(StartSheet(leaf, self._models), started)

    def action_missing(self) -> None:
        """What the leaf lacks, with the fixes."""
        from praxtui.tui.screens.missing import MissingScreen

        leaf = self.lists.leaf()
        if leaf is not None and leaf.missing:
            self.app.push_screen(MissingScreen(leaf))

    def action_models(self) -> None:
        """The language models within reach."""
        from praxtui.tui.screens.models import ModelsScreen

        def know(models: Models | None) -> None:
            if models is not None:
                self.post_message(self.ModelsKnown(models))

        self.app.push_screen(ModelsScreen(self._models), know)

    def action_new(self) -> None:
        """Open the sheet that makes a leaf from the one under the cursor."""
        from praxtui.tui.screens.new_leaf import Made, NewLeafSheet

        def made(leaf: Made | None) -> None:
            if leaf is not None:
                self.lists.want(leaf.name)
                self.post_message(Answered(leaf.said))

        leaf = self.lists.leaf()
        if leaf is not None:
            self.app.push_screen(NewLeafSheet(leaf), made)

    def action_edit(self) -> None:
        """Edit the leaf's program; one that came with praxtui is copied first."""
        leaf = self.lists.leaf()
        if leaf is not None and is_bundled(leaf.path):
            own = own_copy(leaf.name)
            self._call(["new", str(leaf.path), str(own)], edit=leaf._replace(path=own))
        elif leaf is not None:
            self._edit(leaf)

    def _edit(self, leaf: LeafRow) -> None:
        from praxtui.tui.screens.edit import edit

        edit(self.app, leaf.path / "program.md")

    def action_resume(self) -> None:
        """Restart the engine of a dead campaign, or unpause it."""
        campaign = self.lists.campaign()
        if campaign is not None:
            self.query_one(AnswerLine).say(Answered(f"resuming {campaign.id}"))
            self._call(["resume", campaign.id])

    @work(thread=True, group="home-call", exit_on_error=False)
    def _call(self, words: list[str], edit: LeafRow | None = None) -> None:
        """Do as the words say, then edit a leaf's program or say what came of it."""
        worker = get_current_worker()
        said = launch.call(words, lambda: not worker.is_cancelled)
        if said is not None and said.ok and edit is not None:
            self.app.call_from_thread(self._edit, edit)
        elif said is not None:
            self.post_message(launch.answer(said))

    @on(Answered)
    def _say(self, answered: Answered) -> None:
        answered.stop()
        self.query_one(AnswerLine).say(answered)
        self._look()
