"""What the campaign screen and its replay share: the panes, the lines around them, and the looks at the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from praxtui.tui.arrangement import PANES, shape
from praxtui.tui.keymap import shown
from praxtui.tui.messages import Answered, Compared, ExperimentOpened, ExperimentPointed, RunChosen
from praxtui.tui.panes.ledger import LedgerPane
from praxtui.tui.panes.metrics import MetricsPane
from praxtui.tui.panes.output import OutputPane
from praxtui.tui.panes.pane import styles
from praxtui.tui.panes.program import ProgramPane
from praxtui.tui.panes.researcher import ResearcherPane
from praxtui.tui.panes.status import StatusLine
from praxtui.tui.sources.protocol import ANEW, Change, Source
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.board import Board
from praxtui.tui.widgets.footer import KeyLine
from praxtui.tui.widgets.tabs import TabLine

LOOK_S = 0.1
"""Seconds between two looks at the record."""

LOW, TINY = 12, 8
"""Rows below which lines around the panes make room for them."""

VIEW_ACTIONS = (*(f"pane_{number}" for number in range(1, 6)), "next_pane", "previous_pane", "maximise", "sizes")
"""Those of the campaign's actions that only look."""


@runtime_checkable
class Over(Protocol):
    """A screen over this one that shows the same source: an experiment, or two. They are imported when opened."""

    source: Source

    def show(self, source: Source, change: Change) -> None: ...


class CampaignView(Screen[None]):
    """One campaign, from one source. Looks at it ten times a second, and touches only what changed."""

    DEFAULT_CSS = styles(__file__)
    AUTO_FOCUS = ""  # the board knows which pane is the main one

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self._missed = Change()

    def compose(self) -> ComposeResult:
        self.shaped(*self.app.size)
        yield StatusLine()
        yield TabLine(PANES)
        yield Board(
            (
                ProgramPane(1),
                MetricsPane(2),
                LedgerPane(3),
                ResearcherPane(4),
                OutputPane(5),
            )
        )
        yield from self.below()
        yield AnswerLine()
        yield KeyLine(shown, self.useful)

    def below(self) -> Iterator[Widget]:
        """What stands between the panes and the keys."""
        yield from ()

    def useful(self, id: str) -> bool:
        """Whether an action would do anything now; the line of keys leaves out what would not."""
        return True

    @property
    def board(self) -> Board:
        """The panes."""
        return self.query_one(Board)

    def on_mount(self) -> None:
        self.show(ANEW)
        self.board.focus_current()
        self.set_interval(LOOK_S, self.look)

    def on_unmount(self) -> None:
        self.source.close()

    # --- looking -----------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Take in what is new, and show it."""
        change = self.source.advance()
        if change:
            self.changed(change)

    def changed(self, change: Change) -> None:
        """Something is new. While another screen lies over this one, it is kept for later."""
        if self.is_current:
            self.show(self._missed.then(change))
            self._missed = Change()
            return
        self._missed = self._missed.then(change)
        for screen in self.app.screen_stack:
            if screen is not self and isinstance(screen, Over) and screen.source is self.source:
                screen.show(self.source, change)

    def on_screen_resume(self) -> None:
        """Show what came while another screen lay over this one."""
        if self._missed:
            missed, self._missed = self._missed, Change()
            self.show(missed)

    def show(self, change: Change) -> None:
        """Bring everything on the screen up to date."""
        with self.app.batch_update():
            self.query_one(StatusLine).show(self.source, change)
            self.board.show(self.source, change)

    # --- shape -------------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self.shaped(*self.size)

    def shaped(self, columns: int, rows: int) -> None:
        """Say in classes how much room there is, for the style sheets."""
        self.set_class(shape(columns, rows) == "one", "-one")
        self.set_class(rows < LOW, "-low")
        self.set_class(rows < TINY, "-tiny")

    def on_board_turned(self, event: Board.Turned) -> None:
        """The line of panes follows."""
        self.set_class(self.board.maximised, "-maximised")
        self.query_one(TabLine).point(event.current)

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        self.board.go(event.name)

    # --- keys of the panes -------------------------------------------------------------------------------------------

    def action_pane_1(self) -> None:
        self.board.go(PANES[0])

    def action_pane_2(self) -> None:
        self.board.go(PANES[1])

    def action_pane_3(self) -> None:
        self.board.go(PANES[2])

    def action_pane_4(self) -> None:
        self.board.go(PANES[3])

    def action_pane_5(self) -> None:
        self.board.go(PANES[4])

    def action_next_pane(self) -> None:
        self.board.turn(1)

    def action_previous_pane(self) -> None:
        self.board.turn(-1)

    def action_maximise(self) -> None:
        self.board.maximise()

    def action_sizes(self) -> None:
        self.board.reset()

    def action_wider(self) -> None:
        self.board.grow(wider=1)

    def action_narrower(self) -> None:
        self.board.grow(wider=-1)

    def action_taller(self) -> None:
        self.board.grow(taller=1)

    def action_shorter(self) -> None:
        self.board.grow(taller=-1)

    # --- what panes ask for ------------------------------------------------------------------------------------------

    def on_answered(self, message: Answered) -> None:
        """What came of something is said in a line."""
        message.stop()
        self.query_one(AnswerLine).say(message)

    def on_experiment_opened(self, message: ExperimentOpened) -> None:
        """Open an experiment over the panes."""
        from praxtui.tui.screens.experiment import ExperimentScreen

        message.stop()
        self.app.push_screen(ExperimentScreen(self.source, message.experiment))

    def on_experiment_pointed(self, message: ExperimentPointed) -> None:
        """The plot shows where the ledger's cursor is."""
        message.stop()
        self.query_one(MetricsPane).point(message.experiment)

    def on_compared(self, message: Compared) -> None:
        """Two experiments side by side."""
        from praxtui.tui.screens.compare import CompareScreen

        message.stop()
        self.app.push_screen(CompareScreen(self.source, message.left, message.right))

    def on_run_chosen(self, message: RunChosen) -> None:
        """Another run's output."""
        message.stop()
        self.query_one(OutputPane).choose(message.experiment, message.n)
