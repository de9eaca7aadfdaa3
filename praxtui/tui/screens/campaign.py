"""A campaign that runs, or ran: its panes, the hint line, and the keys that act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from praxtui.journal.state import State
from praxtui.journal.status import name_of
from praxtui.tui.actions import BY_ID, bindings
from praxtui.tui.launch import fork, resume
from praxtui.tui.messages import Answered, CampaignOpened, Steered
from praxtui.tui.panes.hint import HintLine
from praxtui.tui.screens.view import CampaignView
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.status_line import running
from praxtui.tui.steer import sent
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.question import QuestionLine

ASKED = {"keep": "ledger.keep", "discard": "ledger.discard", "fork": "ledger.fork"}
"""Verbs that panes ask for and that are put to the person first, with the action whose question it is."""


class CampaignScreen(CampaignView):
    """The live screen. Every command goes to the campaign's inbox; what came of it is said in a line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("campaign")]

    def __init__(self, source: Source, announce: Callable[[Change, State], None] = lambda *_: None) -> None:
        """`announce` is told of every change; what of it is worth telling elsewhere is decided there."""
        super().__init__(source)
        self._announce = announce
        self._useless: frozenset[str] = frozenset()

    def below(self) -> Iterator[Widget]:
        yield HintLine()
        yield QuestionLine()

    def show(self, change: Change) -> None:
        super().show(change)
        self.query_one(HintLine).show(self.source, change)
        useless = useless_in(self.state, self.standing)
        if useless != self._useless:
            self._useless = useless
            self.query_one(KeyLine).read()

    def changed(self, change: Change) -> None:
        super().changed(change)
        self._announce(change, self.state)

    def useful(self, id: str) -> bool:
        return id not in self._useless

    @property
    def standing(self) -> str:
        """running, paused, waiting, ..., dead."""
        engine = self.source.engine
        return name_of(self.state, engine.alive if engine is not None else None)

    @property
    def state(self) -> State:
        """What the source shows."""
        return self.source.state

    # --- looking -----------------------------------------------------------------------------------------------------

    def action_hint(self) -> None:
        self.query_one(HintLine).open()

    def action_replay(self) -> None:
        self.post_message(CampaignOpened(self.source.folder.name, replay=True))

    # --- acting ------------------------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        self.tell("resume" if self.state.paused else "pause")

    def action_approve(self) -> None:
        self.tell("approve")

    def action_autonomy(self) -> None:
        self.tell("autonomy", autonomy="auto" if self.state.autonomy == "review" else "review")

    def action_budget(self) -> None:
        from praxtui.tui.screens.budget import BudgetSheet

        self.app.push_screen(BudgetSheet(self.source))

    @work(exclusive=True, group="question")
    async def action_kill(self) -> None:
        """End the run under way."""
        current = running(self.state)
        if current is None:
            self.post_message(Answered("no run is under way", ok=False))
        elif await self.asked("campaign.kill", run=f"{current[0]} run {current[1].n}"):
            self.tell("kill")

    @work(exclusive=True, group="question")
    async def action_stop(self) -> None:
        """End the campaign; where that was asked for already, at once."""
        again = self.state.stop is not None
        words = f"stop {self.state.id} {'now' if again else 'after this run'}"
        if await self.asked("campaign.stop", stop=words):
            self.tell("stop", now=again)

    @work(exclusive=True, group="question")
    async def action_veto(self) -> None:
        """Refuse the draft, with a reason for the record."""
        reason = await self.query_one(QuestionLine).words("veto the draft, why (may stay empty): ")
        if reason is not None:
            self.tell("veto", reason=reason)

    def action_resume(self) -> None:
        name = self.standing
        if name == "paused":
            self.tell("resume")
        elif name in ("running", "waiting"):
            self.post_message(Answered(f"{self.state.id} is {name} already"))
        else:
            self._resumed(self.source.folder.name)

    @work(thread=True, exclusive=True, group="resume", exit_on_error=False)
    def _resumed(self, id: str) -> None:
        self.post_message(resume(id))

    @work(thread=True, exclusive=True, group="fork", exit_on_error=False)
    def _forked(self, id: str, experiment: str) -> None:
        self.post_message(fork(id, experiment))

    def action_edit(self) -> None:
        """Edit the leaf's program."""
        from praxtui.tui.screens.edit import edit

        edit(self.app, Path(self.state.leaf) / "program.md")

    @work(exclusive=True, group="question")
    async def on_steered(self, message: Steered) -> None:
        """A command that a pane or a sheet asked for."""
        message.stop()
        action = ASKED.get(message.verb)
        if action is not None and not await self.asked(action, **message.args):
            return
        if message.verb == "fork":
            self._forked(self.source.folder.name, str(message.args["experiment"]))
        else:
            self.tell(message.verb, **message.args)

    async def asked(self, action: str, **words: Any) -> bool:
        """Put an action's question to the person; whether it was answered with yes."""
        return await self.query_one(QuestionLine).ask(BY_ID[action].ask.format(**words))

    def tell(self, verb: str, **args: Any) -> None:
        """Leave a command for the engine."""
        self._sent(self.source.folder, verb, args)

    @work(thread=True, group="steer", exit_on_error=False, description="a command")
    def _sent(self, folder: Path, verb: str, args: dict[str, Any]) -> None:
        self.post_message(sent(folder, verb, args, self.state))


def useless_in(state: State, name: str) -> frozenset[str]:
    """The actions on a campaign that would only be answered with why not; `name`: as `status` calls its state."""
    drafts = [e for e in state.children() if e.verdict is None and e.commit is not None and not e.runs]
    waits = any(not e.approved for e in drafts) and state.autonomy == "review"
    found = {
        "campaign.kill": not state.running,
        "campaign.veto": name not in ("running", "waiting", "paused") or not (drafts or drafting(state)),
        "campaign.approve": not waits,
        "campaign.pause": name not in ("running", "waiting", "paused"),
        "campaign.stop": name not in ("running", "waiting", "paused"),
        "campaign.hint": name in ("finished", "stopped", "imported"),
        "campaign.resume": name not in ("dead", "finished", "stopped"),
        "campaign.replay": name not in ("finished", "stopped", "imported"),
    }
    return frozenset(id for id, useless in found.items() if useless)


def drafting(state: State) -> bool:
    """Whether a draft is being made."""
    return any(e.verdict is None and e.commit is None and e.id != "e0" for e in state.experiments.values())
