"""What a pane is given: one campaign at one moment. Live and replay are two sources of it, and no pane knows which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from praxtui.journal.curves import Curve
from praxtui.journal.events import Event
from praxtui.journal.liveness import Engine
from praxtui.journal.state import State
from praxtui.journal.store import StreamItem


class Change(msgspec.Struct, frozen=True):
    """What differs since a pane was last shown its source.

    `events`: facts that were added, in order. `anew`: the moment went back, or far ahead, and `events` do not lead from
    the one state to the other: whatever was kept has to be built again. `streamed`: the stream has new items. `ticked`:
    time passed, which alone changes elapsed times, logs and the curves of a run that is under way.
    """

    events: tuple[Event, ...] = ()
    anew: bool = False
    streamed: bool = False
    ticked: bool = False

    def __bool__(self) -> bool:
        return bool(self.events) or self.anew or self.streamed or self.ticked

    def then(self, later: Change) -> Change:
        """Both changes as one, for a pane that was not there to see the first."""
        return Change(
            events=() if later.anew else self.events + later.events,
            anew=self.anew or later.anew,
            streamed=self.streamed or later.streamed,
            ticked=self.ticked or later.ticked,
        )


ANEW = Change(anew=True, streamed=True, ticked=True)
"""To show a pane everything from the start."""


class RunLog(msgspec.Struct, frozen=True):
    """The log of a run at the moment shown: the first `size` bytes of the file, all there is where None.

    `growing`: whether more may come, because the run is under way at that moment.
    """

    path: Path
    size: int | None = None
    growing: bool = False


class Source(Protocol):
    """A campaign at one moment. Everything it answers is as of `now`. Methods are called from the screen's thread and
    return within a frame's time (16 ms), or spread their work over several calls of `advance`."""

    @property
    def folder(self) -> Path:
        """The campaign's folder."""

    @property
    def kind(self) -> Literal["live", "replay"]:
        """For the title, the timeline and what may be steered; no pane asks."""

    @property
    def state(self) -> State:
        """The fold of the facts up to the moment; read-only. A new object whenever facts were added."""

    @property
    def now(self) -> float:
        """The moment, in seconds since 1970."""

    @property
    def engine(self) -> Engine | None:
        """The campaign's engine and whether it lives; None in a replay, which says nothing of today's processes."""

    @property
    def damage(self) -> str | None:
        """What is wrong with the record, in a sentence; None where nothing is."""

    def advance(self) -> Change:
        """Take in what is new since the last call, and say what that changed. Costs microseconds where nothing is."""

    def stream(self, experiment: str | None = None, after: int = 0, most: int = 2000) -> list[StreamItem]:
        """The stream's items with seq > `after`, in order, at most `most`; of one experiment where one is given."""

    def newest_stream(self, experiment: str, most: int = 400) -> list[StreamItem]:
        """The last `most` items about an experiment, in order."""

    def log(self, experiment: str, n: int) -> RunLog | None:
        """The log of a run; None where there is no such file."""

    def curves(self, experiment: str, n: int) -> dict[str, Curve]:
        """The series of a run by name, up to the moment."""

    def blob(self, digest: str) -> bytes:
        """What is kept under a digest: a program, a diff. Raises BlobMissing, JournalCorrupt."""

    def parts(self, digest: str) -> list[bytes]:
        """The parts of a prompt. Raises BlobMissing, JournalCorrupt."""

    def close(self) -> None:
        """Let go of the record."""


class Mark(msgspec.Struct, frozen=True):
    """Something on the timeline of a replay. `kind`: keep, discard, crash, invalid, void, hint, steer, revoked, end.

    `at` is in seconds since 1970 as recorded; `where` is the same on the replay's own clock, 0.0 (begin) to 1.0 (end).
    """

    at: float
    where: float
    kind: str
    text: str
    experiment: str | None = None


class Controls(Protocol):
    """What a replay can be told, besides being a source. Every call takes effect at the next `advance`."""

    @property
    def playing(self) -> bool: ...
    @property
    def speed(self) -> float: ...
    @property
    def skips(self) -> bool:
        """Whether the waiting is skipped: stretches in which nothing is written are shortened."""

    @property
    def where(self) -> float:
        """The moment on the replay's own clock, 0.0 to 1.0."""

    @property
    def marks(self) -> Sequence[Mark]:
        """In the order of their moments."""

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last moment, in seconds since 1970."""

    @property
    def timed(self) -> bool:
        """Whether the record has timings; without, each experiment takes one second."""

    @property
    def at_end(self) -> bool:
        """Whether the last moment is shown."""

    @property
    def running(self) -> bool:
        """Whether the campaign goes on, so that there is a live one to go back to."""

    def play(self, playing: bool) -> None: ...
    def set_speed(self, speed: float) -> None:
        """1 to 1000 times as fast as it was."""

    def skip(self, skips: bool) -> None: ...
    def seek(self, where: float) -> None: ...
    def seek_experiment(self, experiment: str) -> None:
        """To the moment at which the experiment was judged; where it is undecided, at which it began."""

    def step(self, by: int, kind: str = "experiment") -> None:
        """To the next (by > 0) or previous mark of that kind: `experiment` (any verdict), `keep`, `second`."""
