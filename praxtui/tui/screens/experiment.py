"""One experiment, opened: what is known of it, and its diff, log, curves, conversation, reflection and runs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from praxtui.journal.state import Experiment
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered, Compared
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.experiment_parts import PARTS, ExperimentParts
from praxtui.tui.screens.experiment_words import header
from praxtui.tui.sources.protocol import ANEW, Change, Source
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Line, Plain
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.lines import Fixed, LineView
from praxtui.tui.widgets.tabs import TabLine

LOW, TALL = 12, 30  # rows below which the lines around the part make room for it, from which on they have some


class ExperimentScreen(Screen[None]):
    """Shows an experiment of a source at its moment. Whoever opened it forwards what changes, by `show`.

    The part that is looked at stays when the experiment changes, so that one thing can be followed through many.
    """

    TITLE = "experiment"
    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("experiment"),
        *(Binding(str(n), f"part({n - 1})", show=False) for n in range(1, len(PARTS) + 1)),
    ]

    def __init__(self, source: Source, experiment: str, part: str = "diff") -> None:
        super().__init__()
        self.source = source
        self.experiment = experiment
        self.about = Fixed(id="about")
        self.tabs = TabLine(PARTS)
        self.parts = ExperimentParts(source, part)

    def compose(self) -> ComposeResult:
        yield self.about
        yield self.tabs
        yield self.parts
        yield AnswerLine()
        yield KeyLine(shown)

    def on_mount(self) -> None:
        self.tabs.point(self.parts.part)
        self.parts.turn(self.parts.part)
        self.call_after_refresh(self.show, self.source, ANEW)

    # --- what it shows -----------------------------------------------------------------------------------------------

    @property
    def e(self) -> Experiment | None:
        """The experiment as it is at the source's moment; None where it has not begun yet."""
        return self.source.state.experiments.get(self.experiment)

    def show(self, source: Source, change: Change) -> None:
        """Bring what is in sight up to date."""
        self.source = source
        if not self.is_mounted or not change:
            return
        self._say()
        self.parts.show(source, self.e, change)

    def _say(self) -> None:
        """The lines above the part."""
        e = self.e
        width, height = self.size
        if e is None:
            said = f"{self.experiment} had not begun yet at this moment."
            lines: list[Line] = [(Piece(said, "weak"),)]
        else:
            most = 1 if height < LOW else max(4, height // 3)
            lines = header(self.source.state, e, self.source.now, max(1, width - 2), most)
        self.about.say(Plain(lines))

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW, "-low")
        self.set_class(self.size.height >= TALL, "-tall")
        self._say()

    # --- parts -------------------------------------------------------------------------------------------------------

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.action_part(PARTS.index(event.name))

    def action_part(self, n: int) -> None:
        """To a part by its number, from 0."""
        self.tabs.point(PARTS[n])
        self.parts.turn(PARTS[n])
        self.refresh_bindings()
        # Its size is known only once it is laid out.
        self.call_after_refresh(lambda: self.parts.show(self.source, self.e, ANEW))

    def action_next_tab(self) -> None:
        self.action_part((PARTS.index(self.parts.part) + 1) % len(PARTS))

    def action_previous_tab(self) -> None:
        self.action_part((PARTS.index(self.parts.part) - 1) % len(PARTS))

    def action_aside(self) -> None:
        self.parts.aside(1)

    def action_aside_back(self) -> None:
        self.parts.aside(-1)

    def action_next_run(self) -> None:
        self._run(1)

    def action_previous_run(self) -> None:
        self._run(-1)

    def _run(self, by: int) -> None:
        if self.e is not None:
            self.parts.log_part.step(self.source, self.e, by)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Runs are gone through where their logs are."""
        return self.parts.part == "log" if action in ("next_run", "previous_run") else True

    def action_fold(self) -> None:
        self.parts.fold()

    def on_line_view_chosen(self, event: LineView.Chosen) -> None:
        event.stop()
        self.action_fold()

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        event.stop()

    # --- other experiments -------------------------------------------------------------------------------------------

    def action_next(self) -> None:
        self._step(1)

    def action_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        ids = list(self.source.state.experiments)
        at = ids.index(self.experiment) + by if self.experiment in ids else len(ids) - 1
        if not 0 <= at < len(ids):
            which = "newest" if by > 0 else "first"
            self.query_one(AnswerLine).say(Answered(f"{self.experiment} is the {which} experiment", ok=False))
            return
        self.experiment = ids[at]
        self.show(self.source, ANEW)

    def action_compare(self) -> None:
        e = self.e
        if e is None or e.parent is None or e.parent not in self.source.state.experiments:
            self.query_one(AnswerLine).say(Answered(f"{self.experiment} has no parent to compare it with", ok=False))
            return
        self.post_message(Compared(e.parent, e.id))

    def action_copy(self) -> None:
        e = self.e
        if e is None or not e.commit:
            self.query_one(AnswerLine).say(Answered(f"{self.experiment} has no commit yet", ok=False))
            return
        self.app.copy_to_clipboard(e.commit)
        self.query_one(AnswerLine).say(Answered(f"the commit of {e.id} is in the clipboard: {e.commit[:10]}"))

    def on_answered(self, message: Answered) -> None:
        message.stop()
        self.query_one(AnswerLine).say(message)
