"""The researcher: the hypothesis being formed, thoughts and tool calls as they stream, and what it waits for."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from praxtui.errors import UserError
from praxtui.journal.state import Experiment
from praxtui.tui.actions import bindings
from praxtui.tui.messages import Answered
from praxtui.tui.panes.pane import Pane
from praxtui.tui.panes.researcher_page import EARLIER, STEP, parts, title
from praxtui.tui.panes.researcher_words import NEWEST, caption, current, notice, notice_lines, stated
from praxtui.tui.panes.thoughts import Talk
from praxtui.tui.sources.protocol import Change, Source
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Folds, Plain
from praxtui.tui.widgets.line_reader import LineReader
from praxtui.tui.widgets.lines import Fixed, LineView

ITEMS = 400  # of an experiment's stream that are read at first, and more of them at once
AT_ONCE = 2000  # further items that are read in one go
EMPTY = "What the researcher thinks will stand here as it thinks it: its hypothesis, what it reads and what it changes."


class ResearcherPane(Pane):
    """What is being thought, folded by experiment; the newest stays in sight until a person looks elsewhere."""

    NAME = "researcher"
    ABOUT = """What the researcher thinks and does, folded by experiment; the one that it works on is open and comes
last. `┆` stands before a thought, `│` before an answer, `»` before what it was told besides; tool calls stand behind
their names. A line at the bottom, with `!`, says what it waits for, and for how long already.
"""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("researcher", "follow", "wrap", "fold", "copy")]

    def __init__(self, number: int | None = None, *, id: str | None = None) -> None:
        super().__init__(number, id=id)
        self.stated = Fixed(id="stated")
        self.view = LineView(Folds(), follows=True, points=True, id="thoughts")
        self.notice = Fixed(id="notice")
        self._source: Source | None = None
        self._page = Folds()
        self._talks: dict[str, Talk] = {}
        self._current: str | None = None
        self._most = STEP
        self._items: dict[str, int] = {}
        self._by_hand: dict[str, bool] = {}

    def compose(self) -> ComposeResult:
        yield self.stated
        yield LineReader(self.view)
        yield self.notice

    @property
    def scrolled(self) -> LineView:
        """The widget that the scroll keys move."""
        return self.view

    # --- what it shows -----------------------------------------------------------------------------------------------

    def show(self, source: Source, change: Change) -> None:
        """Bring the page up to date; time alone changes only how long something is waited for."""
        if source is not self._source or change.anew:
            self._talks.clear()
        self._source = source
        if change.events or change.streamed or change.anew:
            self._turn()
            self._read()
            self._build()
        self._say()

    def _turn(self) -> None:
        """Find what is worked on; it is open, and what was worked on before closes, unless a person said otherwise."""
        source = self._source
        if source is None:
            return
        newest = [e.id for e in source.state.children()][-NEWEST:]
        heard = {}
        for id in newest:
            talk = self._talks.get(id)
            items = source.newest_stream(id, 1) if talk is None else source.stream(id, talk.seq, 1)
            heard[id] = items[-1].at if items else talk.at if talk is not None else 0.0
        self._current = current(source.state, heard)
        wanted = {id for id, open in self._by_hand.items() if open}
        if self._current is not None and self._by_hand.get(self._current, True):
            wanted.add(self._current)
        self._page.opened = wanted

    def _read(self) -> None:
        """Read what is new about the experiments that are open."""
        source = self._source
        if source is None:
            return
        for id in self._page.opened & source.state.experiments.keys():
            talk = self._talks.get(id)
            if talk is None:
                self._talks[id] = self._first(source, id)
                continue
            while talk.take(items := source.stream(id, talk.seq, AT_ONCE)) and len(items) == AT_ONCE:
                pass
        for id in self._talks.keys() - self._page.opened:
            del self._talks[id]

    def _first(self, source: Source, id: str) -> Talk:
        most = self._items.get(id, ITEMS)
        items = source.newest_stream(id, most)
        talk = Talk(self._asked)
        talk.whole = len(items) < most
        talk.take(items)
        return talk

    def _asked(self, digest: str) -> str:
        if self._source is None:
            return ""
        try:
            return str(json.loads(self._source.parts(digest)[0])["what"])
        except (UserError, ValueError, LookupError, TypeError):
            return ""

    def _build(self) -> None:
        """Lay the page out anew; what is in sight stays there."""
        source = self._source
        if source is None:
            return
        where = None if self.view.following else self._page.where(self.view.cursor)
        top = self.view.cursor - self.view.scroll_offset.y
        self._page.use(parts(source.state, self._most, self._current, self._talks))
        if not self._page.count:
            self.view.use(Plain([(Piece(EMPTY, "weak"),)]))
            return
        if self.view.lines is not self._page:
            self.view.use(self._page)
        found = self._page.find(where) if where is not None else None
        if found is not None:
            self.view.keep(found, found - top)
        self.view.sync()

    # --- the lines around it -----------------------------------------------------------------------------------------

    @property
    def pointed(self) -> Experiment | None:
        """The experiment that the cursor is in; while following, the one that is worked on."""
        source = self._source
        if source is None:
            return None
        where = None if self.view.following else self._page.where(self.view.cursor)
        id = self._current if where is None or where.key == EARLIER else where.key
        return source.state.experiments.get(id or "")

    def _say(self) -> None:
        source = self._source
        if source is None:
            return
        width, height = self.content_size
        e = self.pointed
        rows = 0 if height < 5 else 1 if height < 8 else min(6, max(3, height // 4))
        self.stated.say(Plain(stated(e, width, rows)))
        found = notice(source.state, source.engine.alive if source.engine is not None else None)
        lines = notice_lines(found, source.now, width, 1 if height < 8 else 3) if found is not None else []
        self.notice.say(Plain(lines))
        said = caption(source.state, e, self._talks.get(e.id) if e is not None else None)
        self._caption(said if self.view.following else f"{said}, paused" if said else "paused")

    def _caption(self, said: str) -> None:
        if said != self.said:
            self.say(said)

    def on_resize(self) -> None:
        self._say()

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        event.stop()
        self._say()

    def on_line_view_chosen(self, event: LineView.Chosen) -> None:
        event.stop()
        self.action_fold()

    def on_focus(self) -> None:
        self.view.focus()

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_fold(self) -> None:
        where = self._page.where(self.view.cursor)
        if where is None:
            return
        talk = self._talks.get(where.key)
        if where.key == EARLIER:
            self._most += STEP
            self.view.follow(False)
        elif where.line == 0 and talk is not None and not talk.whole:
            self._items[where.key] = 4 * self._items.get(where.key, ITEMS)
            del self._talks[where.key]
        else:
            self._by_hand[where.key] = where.key not in self._page.opened
            self.view.follow(False)
            self.view.point(self._page.find(where._replace(line=-1)) or 0)
        self._turn()
        self._read()
        self._build()
        self._say()

    def action_follow(self) -> None:
        self.view.follow(not self.view.following)

    def action_wrap(self) -> None:
        self.view.wrap(not self.view.wraps)

    def action_copy(self) -> None:
        e = self.pointed
        if e is None:
            return
        talk = self._talks.get(e.id)
        self.app.copy_to_clipboard(f"{title(e)}\n{talk.plain if talk is not None else ''}".rstrip() + "\n")
        self.post_message(Answered(f"what was said about {e.id} is in the clipboard"))
