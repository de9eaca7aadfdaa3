"""One experiment, opened: what is known of it, and its diff, log, curves, conversation, reflection and runs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from praxtui.errors import UserError
from praxtui.journal.logs import safe
from praxtui.journal.shown import plain
from praxtui.journal.state import Experiment
from praxtui.tui.actions import bindings
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered, Compared
from praxtui.tui.panes.pane import styles
from praxtui.tui.screens.conversation import Conversation
from praxtui.tui.screens.experiment_words import header, reflection, runs
from praxtui.tui.sources.protocol import ANEW, Change, Source
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.curves import CurvesPart
from praxtui.tui.widgets.diff import DiffLines
from praxtui.tui.widgets.folds import Folds, Line, Lines, Made, Plain
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.lines import Fixed, LineView
from praxtui.tui.widgets.log_reader import LogReader
from praxtui.tui.widgets.tabs import TabLine
from praxtui.tui.widgets.wrapping import wrapped

PARTS = ("diff", "log", "curves", "thoughts", "reflection", "runs")
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
        self.part = part
        self.about = Fixed(id="about")
        self.tabs = TabLine(PARTS)
        self.views = {name: LineView(id=name) for name in ("diff", "reflection", "runs")}
        self.thoughts = LineView(Folds(), points=True, id="thoughts")
        self.log_part = LogReader(id="log")
        self.curves = CurvesPart(id="curves")
        self._talk: Conversation | None = None
        self._page = Folds()
        self._diff: tuple[str, str | None] | None = None

    def compose(self) -> ComposeResult:
        yield self.about
        yield self.tabs
        yield Container(
            self.views["diff"], self.log_part, self.curves, self.thoughts, self.views["reflection"],
            self.views["runs"], id="part",
        )  # fmt: skip
        yield AnswerLine()
        yield KeyLine(shown)

    def on_mount(self) -> None:
        self._turn(self.part)
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
        self._bring(change)

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

    def _bring(self, change: Change) -> None:
        """Bring the part that is looked at up to date; the others are when they are turned to."""
        e = self.e
        if e is None:
            for view in self._views():
                view.use(Plain())
            self._talk = self._diff = None
            self.log_part.show(None)
            return
        if self.part == "diff":
            self._show_diff(e)
        elif self.part == "log":
            self._show_log(e)
        elif self.part == "curves":
            self.curves.show(self.source, e.id, e.parent, change)
        elif self.part == "thoughts":
            self._show_thoughts(e, change)
        elif self.part == "reflection":
            self._renew("reflection", Made(lambda width: reflection(self.source.state, e, width)))
        else:
            self._renew("runs", Made(lambda width: runs(self.source.state, e, self.source.now, width)))

    def _views(self) -> list[LineView]:
        return [*self.views.values(), self.thoughts]

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

    def _show_log(self, e: Experiment) -> None:
        found = self.source.log(e.id, e.runs[-1].n) if e.runs else None
        if found is None:
            empty = "It has no log: it has not run." if e.verdict else "What it prints will stand here, once it runs."
            self.log_part.view.say_empty(empty)
            self.log_part.show(None)
        else:
            self.log_part.show(found.path, found.size, found.growing)

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

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW, "-low")
        self.set_class(self.size.height >= TALL, "-tall")
        self._say()

    # --- parts -------------------------------------------------------------------------------------------------------

    def _turn(self, part: str) -> None:
        """Look at another part."""
        self.part = part
        self.tabs.point(part)
        for name, widget in zip(PARTS, self._widgets(), strict=True):
            widget.display = name == part
        focus = next((w for w in self._widgets()[PARTS.index(part)].walk_children(Widget) if w.focusable), None)
        (focus or self._widgets()[PARTS.index(part)]).focus()

    def _widgets(self) -> list[Widget]:
        return [
            self.views["diff"], self.log_part, self.curves, self.thoughts, self.views["reflection"], self.views["runs"]
        ]  # fmt: skip

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.action_part(PARTS.index(event.name))

    def action_part(self, n: int) -> None:
        """To a part by its number, from 0."""
        self._turn(PARTS[n])
        # Its size is known only once it is laid out.
        self.call_after_refresh(self._bring, ANEW)

    def action_next_tab(self) -> None:
        self.action_part((PARTS.index(self.part) + 1) % len(PARTS))

    def action_previous_tab(self) -> None:
        self.action_part((PARTS.index(self.part) - 1) % len(PARTS))

    def action_aside(self) -> None:
        self._aside(1)

    def action_aside_back(self) -> None:
        self._aside(-1)

    def _aside(self, by: int) -> None:
        if self.part == "log":
            self.log_part.view.sideways(by)
        elif self.part == "diff":
            self.views["diff"].aside(by)

    def action_fold(self) -> None:
        if self.part != "thoughts" or self._talk is None:
            return
        where = self._page.where(self.thoughts.cursor)
        if where is not None:
            self._talk.opened ^= {where.key}
            self._page.opened = self._talk.opened
            self._page.use(self._talk.parts)
            self.thoughts.sync()
            self.thoughts.point(self._page.find(where._replace(line=-1)) or 0)

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


def sentence(text: str, more: str = "", kind: str = "weak") -> Lines:
    """A sentence where there is nothing else to show, with the next step below it."""

    def lines(width: int) -> list[Line]:
        found = [(text, kind), (more, "weak")] if more else [(text, kind)]
        return [(Piece(line, look),) for words, look in found for line in wrapped(plain(safe(words)), width)]

    return Made(lines)
