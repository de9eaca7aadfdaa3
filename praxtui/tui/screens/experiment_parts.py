"""The parts of an experiment: its diff, log, curves, conversation, reflection and runs, one of them in sight."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from praxtui.errors import UserError
from praxtui.journal.logs import safe
from praxtui.journal.shown import plain
from praxtui.journal.state import Experiment
from praxtui.tui.screens.conversation import Conversation
from praxtui.tui.screens.experiment_log import ExperimentLog
from praxtui.tui.screens.experiment_words import reflection, runs
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.curves import CurvesPart
from praxtui.tui.widgets.diff import DiffLines
from praxtui.tui.widgets.folds import Folds, Line, Lines, Made, Plain
from praxtui.tui.widgets.lines import LineView
from praxtui.tui.widgets.wrapping import wrapped

PARTS = ("diff", "log", "curves", "thoughts", "reflection", "runs")


class ExperimentParts(Container):
    """Only the part that is looked at is brought up to date; the others are when they are turned to."""

    def __init__(self, source: Source, part: str) -> None:
        super().__init__(id="part")
        self.source = source
        self.part = part
        self.views = {name: LineView(id=name) for name in ("diff", "reflection", "runs")}
        self.thoughts = LineView(Folds(), points=True, id="thoughts")
        self.log_part = ExperimentLog(id="log")
        self.curves = CurvesPart(id="curves")
        self._talk: Conversation | None = None
        self._page = Folds()
        self._diff: tuple[str, str | None] | None = None

    def compose(self) -> ComposeResult:
        yield from self._widgets()

    def show(self, source: Source, e: Experiment | None, change: Change) -> None:
        """Bring the part that is looked at up to date; None where the experiment has not begun."""
        self.source = source
        if e is None:
            self._show_nothing()
            return
        if self.part == "diff":
            self._show_diff(e)
        elif self.part == "log":
            self.log_part.show(self.source, e)
        elif self.part == "curves":
            self.curves.show(self.source, e.id, e.parent, change)
        elif self.part == "thoughts":
            self._show_thoughts(e, change)
        elif self.part == "reflection":
            self._renew("reflection", Made(lambda width: reflection(self.source.state, e, width)))
        else:
            self._renew("runs", Made(lambda width: runs(self.source.state, e, self.source.now, width)))

    def _show_nothing(self) -> None:
        for view in (*self.views.values(), self.thoughts, self.curves):
            view.use(Plain())
        self._talk = self._diff = None
        self.log_part.show(self.source, None)

    def _renew(self, name: str, lines: Lines) -> None:
        """Other lines in a view that stays where it is."""
        view = self.views[name]
        view.lines = lines
        view.sync()

    def _show_diff(self, e: Experiment) -> None:
        if self._diff == (e.id, e.diff):
            return
        self._diff = (e.id, e.diff)
        self.views["diff"].use(self._diff_lines(e))

    def _diff_lines(self, e: Experiment) -> Lines:
        if e.id == "e0":
            return sentence("The baseline is the unchanged leaf: there is no diff.")
        if e.diff is None:
            return sentence("What it changes will stand here, once its draft is handed in.")
        try:
            found = DiffLines(self.source.blob(e.diff).decode("utf-8", "replace"))
        except UserError as error:
            return sentence(f"Its diff cannot be shown: {error.message}", error.fix or "", "warn")
        return found if found.count else sentence("It changes nothing.")

    def _show_thoughts(self, e: Experiment, change: Change) -> None:
        begins = self._talk is None or self._talk.experiment != e.id or change.anew
        if begins:
            self._talk = Conversation(e.id)
        elif not change.streamed:
            return
        talk = self._talk
        if talk is None or not (talk.read(self.source) or begins):
            return
        if not talk.turns:
            self.thoughts.use(sentence("Nothing was said about it: no model was asked, or what it said was not kept."))
            return
        if begins:
            self._page = Folds((), talk.opened)
        self._page.opened = talk.opened
        self._page.use(talk.parts)
        if begins or self.thoughts.lines is not self._page:
            self.thoughts.use(self._page)
        else:
            self.thoughts.sync()

    def turn(self, part: str) -> None:
        """Look at another part."""
        self.part = part
        for name, widget in zip(PARTS, self._widgets(), strict=True):
            widget.display = name == part
        focus = next((w for w in self._widgets()[PARTS.index(part)].walk_children(Widget) if w.focusable), None)
        (focus or self._widgets()[PARTS.index(part)]).focus()

    def _widgets(self) -> list[Widget]:
        return [
            self.views["diff"], self.log_part, self.curves, self.thoughts, self.views["reflection"], self.views["runs"]
        ]  # fmt: skip

    def fold(self) -> None:
        """Open or close what the line under the cursor begins."""
        if self.part != "thoughts" or self._talk is None:
            return
        where = self._page.where(self.thoughts.cursor)
        if where is not None:
            self._page.toggle(where.key)
            self.thoughts.sync()
            self.thoughts.point(self._page.find(where._replace(line=-1)) or 0)

    def aside(self, by: int) -> None:
        """Scroll sideways along long lines."""
        if self.part == "log":
            self.log_part.reader.view.sideways(by)
        elif self.part == "diff":
            self.views["diff"].aside(by)


def sentence(text: str, more: str = "", kind: str = "weak") -> Lines:
    """A sentence where there is nothing else to show, with the next step below it."""

    def lines(width: int) -> list[Line]:
        found = [(text, kind), (more, "weak")] if more else [(text, kind)]
        return [(Piece(line, look),) for words, look in found for line in wrapped(plain(safe(words)), width)]

    return Made(lines)
