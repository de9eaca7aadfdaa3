"""Where a window on a log stands: at its end, following, or at a place in it, with what came since counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from textual import work
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.timer import Timer
from textual.worker import get_current_worker

from praxtui.journal.log_lines import LogLines
from praxtui.journal.logs import LogIndex
from praxtui.tui.widgets.log_page import Page, Place, Row
from praxtui.tui.widgets.log_search import Wanted

COUNTED = 16 << 20  # bytes of new lines counted at one look
MARGIN = 8  # columns between what is looked for and the right edge
INDEXED = 4 << 20  # bytes an index is extended by between two looks at whether it is still wanted


class LogWindow(ScrollView):
    """The first `size` bytes of a log, or all of it, from any place in it; nothing of it is held in memory.

    At its end it follows what comes; who moves up stays where they are, and new lines are counted. The scrollbar stands
    for bytes, not lines. The numbers of lines come from an index that a thread makes once they are asked for.
    """

    @dataclass
    class Told(Message):
        """Where the view stands has changed: see `following`, `unseen`, `number` and `count`."""

        view: LogWindow

        @property
        def control(self) -> LogWindow:
            """The view, for handlers that select by its id."""
            return self.view

    @dataclass
    class Numbered(Message):
        """A thread found the number of the line at `offset`, and how many lines there are; 0 where it could not."""

        index: LogIndex
        offset: int
        number: int
        count: int

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.empty = empty
        self.growing = False
        self.following = True
        self.unseen = 0
        self.number: int | None = None
        self.count: int | None = None
        self.page = Page(LogLines(Path()))
        self.rows: list[Row] = []
        self._most: int | None = None
        self.top = Place(0)
        self.left = 0
        self._counted = 0
        self._index: LogIndex | None = None
        self._numbering_now = False
        self._numbered: int | None = None
        self.wanted: Wanted | None = None
        self.found: int | None = None
        self._told: tuple[object, ...] = ()
        self.clock: Timer | None = None

    # --- what it shows -----------------------------------------------------------------------------------------------

    def show(self, path: Path | None, size: int | None = None, growing: bool = False) -> None:
        """Show a log, at most its first `size` bytes; None shows nothing. With `growing` and no `size` it is looked at
        again by itself. Cheap where nothing is new."""
        anew = (path or Path()) != self.page.lines.path
        if anew:
            wrap = self.page.wrap
            self.page.lines.close()
            self.page = Page(LogLines(path or Path()))
            self.page.wrap = wrap
            self.begin_anew()
            self.left = 0
        due = anew or size != self._most or not growing or not self.watched
        self._most, self.growing = size, growing
        if self.clock is not None:
            (self.clock.resume if self.watched else self.clock.pause)()
        if due:
            self.look()

    @property
    def watched(self) -> bool:
        """Whether more may come at any time."""
        return self.growing and self._most is None

    def say_empty(self, text: str) -> None:
        """What stands where there is nothing to show."""
        if text != self.empty:
            self.empty = text
            if not self.rows:
                self.refresh()

    def look(self) -> None:
        """See what became of the file, and draw what that changed."""
        lines = self.page.lines
        was = lines.size
        if not lines.look(self._most):
            self.begin_anew()
            self.refresh()
        elif lines.size == was and (self.following or self._counted == was):
            return
        self._count()
        self.lay()

    def begin_anew(self) -> None:
        """What was known of the file holds no longer."""
        self.page.forget()
        self.following, self.top = True, Place(0)
        self.found = None
        self._index, self._numbering_now, self._numbered = None, False, None
        self.number = self.count = None
        self.rows = []

    def _count(self) -> None:
        """Count the lines that came since the view stood still; a flood in several steps."""
        size = self.page.lines.size
        if self.following or size < self._counted:
            self.unseen, self._counted = 0, size
        elif size > self._counted:
            end = min(size, self._counted + COUNTED)
            self.unseen += self.page.lines.ends(self._counted, end)
            self._counted = end

    # --- where it stands ---------------------------------------------------------------------------------------------

    def lay(self) -> None:
        """Find the rows in sight, and draw those that are others than before."""
        page, before = self.page, self.rows
        page.width, page.height = max(0, self.scrollable_content_region.width), self.size.height
        if not page.width or not page.height:
            self.rows = []
            return
        self.rows = page.last() if self.following else page.at(self.top)
        if self.rows:
            self.top = self.rows[0].place
        if not self.rows or not before:
            self.refresh()
        else:
            self._redraw(before)
        self._place_bar()
        self._tell()

    def _redraw(self, before: list[Row]) -> None:
        """Draw the lines again in which another row stands."""
        height = self.size.height
        old = [*before, *[None] * (height - len(before))]
        new = [*self.rows, *[None] * (height - len(self.rows))]
        others = [y for y, rows in enumerate(zip(old, new, strict=False)) if rows[0] != rows[1]]
        if len(others) > height // 2:
            self.refresh(Region(0, 0, self.size.width, height))
        elif others:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in others))

    def _place_bar(self) -> None:
        """Make the scrollbar as long, and put it where, the bytes in sight are among all.

        Its length changes by steps and not without end: each change is a new layout of the screen.
        """
        height, size = self.page.height, self.page.lines.size
        ended = self.page.ends_with(self.rows)
        if ended and (not self.rows or self.top == Place(0)):
            high = height
        else:
            seen = max(1, self.rows[-1].span.after - self.top.offset)
            high = max(height + 1, round(height * min(64.0, 2 ** (math.ceil(2 * math.log2(size / seen)) / 2))))
        wanted = Size(1, high)
        if wanted != self.virtual_size:
            self.virtual_size = wanted
        share = 1.0 if ended else self.top.offset / size
        self.scroll_to(y=max(self.top != Place(0), round(share * (high - height))), animate=False, force=True)

    def _tell(self) -> None:
        """Tell whoever listens where the view stands, if it does so elsewhere than before."""
        if self.following:
            self.number = self.count = None
        elif not self._numbering_now and self._numbered != self.top.offset and self.rows:
            self._ask()
        told = (self.following, self.unseen, self.number, self.count)
        if told != self._told:
            self._told = told
            self.post_message(self.Told(self))

    def move(self, by: int) -> None:
        """So many rows down, or up where negative."""
        if self.rows:
            self.go(self.page.moved(self.top, by))

    def go(self, place: Place) -> None:
        """Put a row on top, and stand still; at the end, follow."""
        if not self.rows:
            return
        if self.following:
            self.unseen, self._counted = 0, self.page.lines.size
        self.following, self.top = False, place
        if self.page.ends_with(self.page.at(place)):
            self.following, self.unseen = True, 0
        self.lay()

    def follow(self) -> None:
        """Go to the end, and stay there as more comes."""
        self.following, self.unseen = True, 0
        self.lay()

    def reveal(self, offset: int, begin: int = 0) -> None:
        """Bring the character at `begin` of the line that begins at `offset` into sight, and stand still there."""
        page = self.page
        if not self.rows:
            return
        if self.following:
            self.unseen, self._counted = 0, page.lines.size
        self.following = False
        row = next(row for row in reversed(page.rows_of(page.lines.span(offset))) if row.begin <= begin)
        if row.place not in (shown.place for shown in self.rows):
            self.top = page.moved(row.place, -(self.size.height // 3))
        if not page.wrap:
            column = cell_len(page.text(row.span).text[:begin])
            if not self.left <= column < self.left + page.width - MARGIN:
                self.left = max(0, column - page.width // 2)
                self.refresh()
        self.lay()

    def mark(self, wanted: Wanted | None, found: int | None = None) -> None:
        """Mark what is looked for wherever it is in sight, and more so in the line that begins at `found`."""
        self.wanted, self.found = wanted, found
        self.refresh()

    # --- the numbers of lines ----------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Have the line on top numbered, unless it is."""
        if self._index is None:
            self._index = LogIndex(self.page.lines.path)
        self._numbering_now = True
        self._numbering(self._index, self.top.offset, self.page.lines.size)

    @work(thread=True, group="numbers", exit_on_error=False)
    def _numbering(self, index: LogIndex, offset: int, size: int) -> None:
        """One thread at a time has the index: the next is begun when this one has answered."""
        worker = get_current_worker()
        number = count = 0
        try:
            while index.seen < size and not index.extend(INDEXED):
                if worker.is_cancelled:
                    return
            number, count = index.number(offset), index.number(max(0, size - 1))
        except OSError:
            pass  # the log went away; that the view sees for itself
        self.post_message(self.Numbered(index, offset, number, count))

    def on_log_window_numbered(self, message: Numbered) -> None:
        message.stop()
        if message.index is not self._index:
            return
        self.number, self.count = message.number or None, message.count or None
        self._numbering_now, self._numbered = False, message.offset
        self._tell()
