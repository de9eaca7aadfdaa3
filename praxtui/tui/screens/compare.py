"""Two experiments side by side: their numbers and hypotheses, what one changes against the other, their curves."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from praxtui.errors import UserError
from praxtui.journal.state import Experiment
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.compare_words import contents, side_by_side
from praxtui.tui.screens.experiment import LOW, TALL
from praxtui.tui.screens.experiment_parts import sentence
from praxtui.tui.sources.protocol import ANEW, Change, Source
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.curves import CurvesPart
from praxtui.tui.widgets.diff import DiffLines, unified
from praxtui.tui.widgets.folds import Lines, Plain
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.lines import Fixed, LineView
from praxtui.tui.widgets.tabs import TabLine

PARTS = ("diff", "curves")


class CompareScreen(Screen[None]):
    """`left` is what `right` is compared with: the diff leads from the one to the other."""

    TITLE = "compare"
    DEFAULT_CSS = styles(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("experiment", "next_tab", "previous_tab", "aside", "aside_back"),
        *(Binding(str(n), f"part({n - 1})", show=False) for n in range(1, len(PARTS) + 1)),
    ]

    def __init__(self, source: Source, left: str, right: str) -> None:
        super().__init__()
        self.source = source
        self.left, self.right = left, right
        self.part = PARTS[0]
        self.about = Fixed(id="about")
        self.tabs = TabLine(PARTS)
        self.diff = LineView(id="diff")
        self.curves = CurvesPart(id="curves")
        self._diffed: tuple[object, object] | None = None

    def compose(self) -> ComposeResult:
        yield self.about
        yield self.tabs
        yield Container(self.diff, self.curves, id="part")
        yield AnswerLine()
        yield KeyLine(shown)

    def on_mount(self) -> None:
        self._turn(self.part)
        self.call_after_refresh(self.show, self.source, ANEW)

    def show(self, source: Source, change: Change) -> None:
        """Bring what is in sight up to date."""
        self.source = source
        if not self.is_mounted or not change:
            return
        self._say()
        left, right = self._both()
        if left is None or right is None:
            missing = self.left if left is None else self.right
            self.diff.use(sentence(f"{missing} had not begun yet at this moment."))
            self.curves.use(Plain())
            self._diffed = None
        elif self.part == "curves":
            self.curves.show(source, right.id, left.id, change)
        elif self._diffed != (left.files, right.files):
            self._diffed = (left.files, right.files)
            self.diff.use(self._diff(left, right))

    def _both(self) -> tuple[Experiment | None, Experiment | None]:
        experiments = self.source.state.experiments
        return experiments.get(self.left), experiments.get(self.right)

    def _say(self) -> None:
        width, height = self.size
        most = 2 if height < LOW else max(6, height // 2)
        both = [e for e in self._both() if e is not None]
        lines = side_by_side(self.source.state, both, self.source.now, max(1, width - 2), most)
        self.about.say(Plain(lines))

    def _diff(self, left: Experiment, right: Experiment) -> Lines:
        try:
            texts = contents(self.source, left, right)
        except UserError as error:
            return sentence(f"What they change cannot be shown: {error.message}", error.fix or "", "warn")
        diffs = [unified(before, after, path) for path, (before, after) in sorted(texts.items())]
        found = DiffLines("\n".join(diff for diff in diffs if diff))
        return found if found.count else sentence(f"{left.id} and {right.id} have the same levers.")

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW, "-low")
        self.set_class(self.size.height >= TALL, "-tall")
        self._say()

    # --- parts -------------------------------------------------------------------------------------------------------

    def _turn(self, part: str) -> None:
        self.part = part
        self.tabs.point(part)
        widgets: dict[str, Widget] = {"diff": self.diff, "curves": self.curves}
        for name, widget in widgets.items():
            widget.display = name == part
        widgets[part].focus()

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.action_part(PARTS.index(event.name))

    def action_part(self, n: int) -> None:
        """To a part by its number, from 0."""
        self._turn(PARTS[n])
        self.call_after_refresh(self.show, self.source, ANEW)

    def action_next_tab(self) -> None:
        self.action_part((PARTS.index(self.part) + 1) % len(PARTS))

    def action_previous_tab(self) -> None:
        self.action_next_tab()

    def action_aside(self) -> None:
        self.diff.aside(1)

    def action_aside_back(self) -> None:
        self.diff.aside(-1)

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        event.stop()

    def on_answered(self, message: Answered) -> None:
        message.stop()
        self.query_one(AnswerLine).say(message)
