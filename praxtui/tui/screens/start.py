"""The sheet that starts a campaign: what the program says, what may be changed, and one button."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static
from textual.worker import get_current_worker

from praxtui import settings
from praxtui.errors import UserError
from praxtui.journal.shown import plain
from praxtui.program.spec import Program
from praxtui.tui import launch
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens import start_form
from praxtui.tui.screens.home_rows import LeafRow
from praxtui.tui.screens.models_rows import Models, ask, chosen
from praxtui.tui.widgets.choice import Choice


class StartSheet(ModalScreen[str | None]):
    """Dismissed with the id of the campaign that was started, or with None. What was typed stays where it is refused.

    `models` is None where it is not known yet what is within reach; the sheet then asks for itself.
    """

    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave"),
        Binding("s", "start", "start"),
        Binding("enter", "hurried", "start", show=False),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "field before", show=False),
    ]

    @dataclass
    class Answered(Message):
        """The command line ended."""

        said: launch.Said

    @dataclass
    class Known(Message):
        """The program, the models within reach, or both, were read."""

        program: Program | None = None
        models: Models | None = None
        named: tuple[str, ...] = ()

    def __init__(self, leaf: LeafRow, models: Models | None = None) -> None:
        super().__init__()
        self._leaf = leaf
        self._models = models
        self._named: tuple[str, ...] = ()
        self._starting = False
        self._walls_missed = False  # refused because there is no sandbox: from then on it can be waived

    def compose(self) -> ComposeResult:
        ready = not self._leaf.missing
        with Vertical(id="sheet") as sheet:
            sheet.border_title = Content(f"start {plain(self._leaf.name)}" if ready else f"{plain(self._leaf.name)}")
            with VerticalScroll(id="said", can_focus=False):
                yield Static(id="program")
                if ready:
                    yield from self._form()
                else:
                    yield Static(_lacks(self._leaf), id="lacks")
                yield Static(id="refusal")
            with Horizontal(id="bottom"):
                if ready:
                    yield Button("Start", id="start", variant="primary", compact=True)
                    yield Label("enter or s starts   tab: next field   esc: leave", id="how")
                else:
                    yield Button("Back", id="back", compact=True)
                    yield Label("nothing can start before this is there", id="how")

    def _form(self) -> ComposeResult:
        yield from _row("researcher", Choice(start_form.RESEARCHERS, id="researcher"))
        yield from _row("model", Input(id="model", compact=True, select_on_focus=False))
        for field in start_form.fields(None):
            yield from _row(
                field.label, Input(id=field.name, placeholder=field.otherwise, compact=True, select_on_focus=False)
            )
        yield from _row("autonomy", Choice(("auto", "review"), id="autonomy"))
        yield from _row("unsandboxed", Choice(("no", "yes"), id="unsandboxed"))

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#start, #back", Button))
        self._explain()
        self._read(self._leaf.path)

    # --- what is known of the program and the models ------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="start-read", exit_on_error=False)
    def _read(self, leaf: Path) -> None:
        from praxtui.program.read import load

        worker = get_current_worker()
        with suppress(UserError):  # the start says what is wrong, or the leaf's lacks do
            self.post_message(self.Known(program=load(leaf)))
        try:
            named = settings.read().models
        except UserError as error:
            self.post_message(self.Known(models=Models(fault=error.message)))
            return
        models = self._models or ask(lambda: not worker.is_cancelled)
        if models is not None:
            self.post_message(self.Known(models=models, named=named))

    @on(Known)
    def _know(self, known: Known) -> None:
        if known.program is not None:
            self._show(known.program)
        if known.models is not None:
            self._models, self._named = known.models, known.named
            usable = [row.name for row in known.models.rows if row.usable]
            for field in self.query("#model").results(Input):
                field.suggester = SuggestFromList(usable)
            self._explain()

    def _show(self, program: Program) -> None:
        lines = [
            Content.assemble((f"{label:<8}", "$foreground-muted"), value)
            for label, value in start_form.summary(program)
        ]
        task = [Content(plain(self._leaf.task))] if self._leaf.task else []
        self.query_one("#program", Static).update(Content("\n").join(task + lines))
        for field in start_form.fields(program):
            for widget in self.query(f"#{field.name}").results(Input):
                widget.placeholder = field.otherwise

    @on(Choice.Changed)
    def _chose(self) -> None:
        self._explain()

    def _explain(self) -> None:
        """Say beside every choice what it means, and show only the fields that matter to it."""
        if self._leaf.missing:
            return
        researcher = self.query_one("#researcher", Choice)
        by_default, why = chosen(self._models, self._named)
        who = by_default if researcher.word == "default" else researcher.word
        default = f"{by_default}: {why}" if by_default else why
        researcher.explain(default if researcher.word == "default" else start_form.ABOUT[who])
        model = self.query_one("#model", Input)
        first = next((row.name for row in self._models.rows if row.usable), None) if self._models else None
        model.placeholder = "of your settings" if by_default == "llm" else f"for example {first}" if first else "none"
        self.query_one("#row-model").display = researcher.word in ("default", "llm")
        self.query_one("#row-unsandboxed").display = who == "llm" or bool(model.value.strip()) or self._walls_missed
        for name in ("autonomy", "unsandboxed"):
            field = self.query_one(f"#{name}", Choice)
            field.explain(start_form.ABOUT[field.word])

    @on(Input.Changed, "#model")
    def _named_one(self) -> None:
        self._explain()

    # --- starting -----------------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _typed(self) -> None:
        """Enter in a field goes to the button: what costs time or money is started on purpose."""
        self.query_one("#start", Button).focus()

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        """Start the campaign as the fields say."""
        if self._starting or self._leaf.missing:
            return
        self._starting = True
        self._say(f"starting {plain(self._leaf.name)}: esc leaves this, and it starts all the same")
        self._start(launch.run_words(str(self._leaf.path), self.wish()))

    def action_hurried(self) -> None:
        """Enter may come before anything has the focus: s and enter in one go start, too."""
        if self.focused is None and self.is_mounted:
            self.action_start()

    def wish(self) -> launch.Wish:
        """What the fields say now."""
        return start_form.wish(
            researcher=self.query_one("#researcher", Choice).word,
            model=self.query_one("#model", Input).value,
            autonomy=self.query_one("#autonomy", Choice).word,
            unsandboxed=self.query_one("#unsandboxed", Choice).word == "yes",
            typed={field.name: self.query_one(f"#{field.name}", Input).value for field in start_form.fields(None)},
        )

    @work(thread=True, group="start", exit_on_error=False)
    def _start(self, words: list[str]) -> None:
        worker = get_current_worker()
        said = launch.call(words, lambda: not worker.is_cancelled)
        if said is not None:
            self.post_message(self.Answered(said))

    @on(Answered)
    def _answered(self, answered: Answered) -> None:
        self._starting = False
        id = launch.started(answered.said)
        if id is not None:
            self.dismiss(id)
            return
        why = launch.refusal(answered.said)
        self._say(plain_lines(why.message), plain_lines(why.fix), bad=True)
        if "--allow-unsandboxed" in why.fix:
            self._walls_missed = True
            self._explain()

    def _say(self, text: str, fix: str = "", *, bad: bool = False) -> None:
        refusal = self.query_one("#refusal", Static)
        refusal.set_class(bad, "-bad")
        refusal.update(Content(f"{text}\n{fix}" if fix else text))
        self.call_after_refresh(self.query_one("#said", VerticalScroll).scroll_end, animate=False)

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        self.dismiss(None)


def _row(label: str, field: Choice | Input) -> ComposeResult:
    with Horizontal(id=f"row-{field.id}", classes="row"):
        yield Label(label)
        yield field


def _lacks(leaf: LeafRow) -> Content:
    """What the leaf is missing, each with its fix."""
    lacks = [
        Content.assemble(f"{plain(lack.what)}\n", (f"  {plain(lack.fix)}", "$primary")) for lack in leaf.missing or ()
    ]
    return Content("\n\n").join([Content("This leaf cannot run here yet:"), *lacks])


def plain_lines(text: str) -> str:
    """`plain`, line by line."""
    return "\n".join(plain(line) for line in text.splitlines())
