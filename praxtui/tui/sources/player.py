"""What a replay is told and how it moves: the history of a campaign, the clock on it, and the marks beside it."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from praxtui.journal import liveness
from praxtui.journal.events import Event
from praxtui.tui.sources.activity import Activity, LogTimes
from praxtui.tui.sources.clock import Clock, Course
from praxtui.tui.sources.history import History
from praxtui.tui.sources.marks import VERDICTS, Notes
from praxtui.tui.sources.protocol import Mark
from praxtui.tui.sources.record import Record

LOOK_S = 0.008  # seconds of one step spent on finding out when things were written
MUCH_S, REST = 0.03, 20  # after work of so many seconds, a rest of so many times as long
ENGINE_S = 1.0  # how old what is said of the engine may be
USUAL_SPEED = 60.0
GRACE_S = 1.0  # so long after a mark, as the person sees it, a step back goes to the one before


class Player:
    """The controls of a replay of the campaign in `folder`. `clock`: seconds that pass as for the person watching.

    Raises JournalMissing, JournalTooNew, JournalCorrupt, JournalLocked where there is nothing that can be shown.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic, speed: float | None = None) -> None:
        self.folder = folder
        self._wall = clock
        self._record = Record(folder)
        self._history = History(self._all())
        self._notes = Notes()
        self._notes.add(self._history.events, self._history.times)
        self._logs = LogTimes(folder)
        self._activity = Activity(self._record, self._history, self._logs)
        self._looked = self._more = self._told = False
        self._skips = True
        self._not_before = 0.0
        usual = USUAL_SPEED if self._history.timed else 1.0
        self._clock = Clock(self._course(), clock, usual if speed is None else speed)
        self._placed: tuple[Course, int, list[Mark]] | None = None
        self._alive: tuple[float, bool] | None = None

    def _all(self) -> list[Event]:
        found: list[Event] = []
        more = True
        while more:
            taken, more = self._record.events(found[-1].seq if found else 0)
            found += taken
        return found

    def _course(self) -> Course:
        times = self._history.times
        begin, end = (times[0], times[-1]) if times else (0.0, 0.0)
        if not self._history.timed:
            return Course(begin, end)
        return Course(begin, self._activity.end(), self._activity.spans() if self._skips else None)

    def _follow(self) -> bool:
        """Take in what a campaign that goes on has written since the last call; whether anything was."""
        changed = self._record.changed()
        if changed or self._more:
            before = len(self._history.events)
            found, self._more = self._record.events(before)
            self._history.add(found)
            self._notes.add(found, self._history.times[before:])
            self._looked = False
        if not self._looked and time.monotonic() >= self._not_before:
            self._looked = self._activity.look(LOOK_S)
            if self._looked:
                self._change_course()
        if self._clock.playing and self._clock.at_end and not self.running:
            self._clock.play(False)
            self._told = True
        return changed

    def _change_course(self) -> None:
        """Take the course as it is now known. Where that is much work, it is not done again at once: a campaign that
        goes on changes several times a second."""
        began = time.monotonic()
        self._clock.change(self._course())
        self._told = True
        cost = time.monotonic() - began
        self._not_before = began + REST * cost if cost > MUCH_S else 0.0

    # --- what is -----------------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether the clock runs."""
        return self._clock.playing

    @property
    def speed(self) -> float:
        """How many times as fast as it was."""
        return self._clock.speed

    @property
    def skips(self) -> bool:
        """Whether the waiting is skipped."""
        return self._skips

    @property
    def where(self) -> float:
        """The moment on the replay's own clock, 0.0 to 1.0."""
        course = self._clock.course
        return self._clock.own / course.length if course.length > 0 else 1.0

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last moment, in seconds since 1970."""
        return self._clock.course.begin, self._clock.course.end

    @property
    def timed(self) -> bool:
        """Whether the record has timings."""
        return self._history.timed

    @property
    def at_end(self) -> bool:
        """Whether the last moment is shown."""
        return self._clock.at_end

    @property
    def running(self) -> bool:
        """Whether the campaign goes on, at most a second ago."""
        now = self._wall()
        if self._alive is None or not 0 <= now - self._alive[0] < ENGINE_S:
            self._alive = (now, not self._history.latest.ended and liveness.alive(self.folder).alive)
        return self._alive[1]

    @property
    def marks(self) -> Sequence[Mark]:
        """Everything on the timeline, in the order of the moments."""
        course, notes = self._clock.course, self._notes.found
        if self._placed is None or self._placed[:2] != (course, len(notes)):
            placed = [Mark(note.at, course.where(note.moment), note.kind, note.text, note.experiment) for note in notes]
            self._placed = (course, len(notes), placed)
        return self._placed[2]

    # --- what is wanted ----------------------------------------------------------------------------------------------

    def play(self, playing: bool) -> None:
        """Let the clock run, or stand. At the end of a campaign that is over it begins anew."""
        if playing and self.at_end and not self.running:
            self._clock.put_own(0.0)
        self._clock.play(playing)
        self._told = True

    def set_speed(self, speed: float) -> None:
        """1 to 1000 times as fast as it was."""
        self._clock.set_speed(speed)
        self._told = True

    def skip(self, skips: bool) -> None:
        """Shorten the stretches in which nothing was written, or not."""
        self._skips = skips
        self._change_course()

    def seek(self, where: float) -> None:
        """To a share of the whole on the replay's own clock, 0.0 to 1.0."""
        self._clock.put_own(where * self._clock.course.length)

    def seek_experiment(self, experiment: str) -> None:
        """To the moment of its verdict, else to that at which its draft was begun; nowhere if there is none such."""
        at = self._history.judged.get(experiment, self._history.begun.get(experiment))
        if at is not None:
            self._clock.put(at)

    def step(self, by: int, kind: str = "experiment") -> None:
        """To the next (by > 0) or previous verdict (`experiment`) or `keep`; or `by` times a `second`."""
        if kind == "second":
            self._clock.put_own(self._clock.own + by)
            return
        kinds = VERDICTS if kind == "experiment" else (kind,)
        moments = [note.moment for note in self._notes.found if note.kind in kinds]
        if by > 0:
            i = bisect_right(moments, self._clock.at) + by - 1
            self._clock.put(moments[i] if i < len(moments) else self._clock.course.end)
        elif by < 0:
            # While it plays, the mark that it was just put to already lies behind.
            grace = GRACE_S * self.speed if self.playing else 0.0
            i = bisect_left(moments, self._clock.course.at(self._clock.own - grace) if grace else self._clock.at) + by
            self._clock.put(moments[i] if i >= 0 else self._clock.course.begin)
