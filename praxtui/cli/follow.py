"""Following a campaign: one honest line an experiment, a live line on a terminal, the summary at the end.

The follower only reads; closing it, or losing the terminal, changes nothing. Ctrl-C asks the campaign to stop.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from types import FrameType
from typing import Any

from praxtui.cli import ledger as ledger_verb
from praxtui.cli.live import LiveLine
from praxtui.cli.notices import Notices
from praxtui.cli.reading import status_of
from praxtui.cli.summary import summary
from praxtui.cli.text import print_json
from praxtui.errors import FAULT, INTERRUPTED
from praxtui.journal import liveness
from praxtui.journal.events import Event
from praxtui.journal.facts import CampaignEnded, EngineStarted, Judged
from praxtui.journal.fold import fold, fold_all
from praxtui.journal.inbox import Inbox, sender
from praxtui.journal.ledger import row
from praxtui.journal.shown import clock, cut, delta, metric, plain
from praxtui.journal.state import State
from praxtui.journal.store import Journal

LOOK_S = 0.1
GONE_S = 2.0
LEAVING_S = 10.0
ENDS_FOLLOWING = ("keys", "flag", "researcher")


def follow(folder: Path, begin: Callable[[], object] = bool, *, as_json: bool = False) -> int:
    """Follow a campaign from now on until it ends; returns the documented exit code.

    `begin` is called first, with Ctrl-C meaning already what it means for the follower.
    """
    follower = Follower(folder, as_json)
    before = signal.signal(signal.SIGINT, follower.interrupted)
    try:
        begin()
        return follower.go()
    finally:
        signal.signal(signal.SIGINT, before)


class Follower:
    """Prints what a campaign's journal says as it grows."""

    def __init__(self, folder: Path, as_json: bool) -> None:
        self.folder = folder
        self.as_json = as_json
        self.state = State()
        self.pending: list[str] = []
        self.interrupts = 0
        self.stops_sent = 0
        self.notices = Notices()
        self.live = LiveLine(sys.stderr if as_json else sys.stdout, folder)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C: once stops after the current run, twice now, a third time leaves."""
        # Only counted here: a handler may come in the middle of a write to the stream it would write to.
        self.interrupts += 1
        if self.interrupts > 2:
            raise KeyboardInterrupt

    def _stop(self) -> None:
        """Pass on what Ctrl-C asked for since the last look."""
        while self.stops_sent < self.interrupts:
            self.stops_sent += 1
            Inbox(self.folder).send("stop", {"now": self.stops_sent > 1}, sender())
            more = "stopping after this run; Ctrl-C again stops it now" if self.stops_sent == 1 else "stopping now"
            self.live.clear()
            print(f"\n{more}", file=sys.stderr)

    def go(self) -> int:
        """Read and print until the campaign has ended, waits for a person, or lost its engine."""
        with Journal.open(self.folder) as journal:
            self._begin(journal)
            gone = None
            while True:
                self._stop()
                for event in journal.read(self.state.seq):
                    self.state = fold(self.state, event)
                    self._say(event)
                for line in self.notices.overdue():
                    self._print(plain_line(line))
                if self.state.ended and not self.state.engine_live:
                    return self._end()
                if any(cause in ENDS_FOLLOWING for cause in self.state.waits) and not self.interrupts:
                    self._flush()
                    self._last()
                    return FAULT
                if liveness.alive(self.folder).alive:
                    gone = None
                elif gone is None:
                    gone = time.monotonic()
                elif time.monotonic() - gone > GONE_S:
                    return self._end() if self.state.ended else self._dead()
                self.live.show(self.state, journal)
                time.sleep(LOOK_S)

    def _begin(self, journal: Journal) -> None:
        """What lies before the engine of now was said by an earlier follower."""
        engines = [event.seq for event in journal.read() if isinstance(event.fact, EngineStarted)]
        known = engines[-1] - 1 if engines else 0
        self.state = fold_all(self.state, takewhile(lambda event: event.seq <= known, journal.read()))

    # --- the end -----------------------------------------------------------------------------------------------------

    def _end(self) -> int:
        # When this returns nothing of the campaign is at work any more, and its folder can be moved or copied.
        liveness.wait_until_gone(self.folder, LEAVING_S)
        self._flush()
        self.live.clear()
        state = self.state
        if state.ended == "stopped" and state.exit_code:
            print(f"praxtui: {state.end_reason}", file=sys.stderr)
        self._last()
        return state.exit_code

    def _dead(self) -> int:
        self._flush()
        self.live.clear()
        name = self.folder.name
        print(f"praxtui: the engine of {name} is gone, its record is not", file=sys.stderr)
        print(f"  praxtui resume {name}    goes on; what it said last: {self.folder / 'engine.log'}", file=sys.stderr)
        self._last()
        return INTERRUPTED if self.interrupts else FAULT

    def _last(self) -> None:
        document = status_of(self.folder)
        if self.as_json:
            print_json(document, line=True)
        else:
            print(summary(self.state, document))

    # --- what is said ------------------------------------------------------------------------------------------------

    def _say(self, event: Event) -> None:
        fact = event.fact
        if isinstance(fact, Judged):
            self.pending.append(fact.experiment)
        self._flush(all=isinstance(fact, CampaignEnded))
        self._note(event)

    def _flush(self, *, all: bool = True) -> None:
        """Print the rows that are complete, in order; or `all` of them."""
        while self.pending and (all or self._complete(self.pending[0])):
            about = row(self.state, self.state.experiments[self.pending.pop(0)])
            if self.as_json:
                self.live.clear()
                print_json(about, line=True)
            else:
                self._print(self._row(about))

    def _complete(self, name: str) -> bool:
        """Whether a row will not change: one of JSON has the reflection, which may take a model minutes."""
        e = self.state.experiments[name]
        no_reflection = e.verdict == "void" or not e.runs or name == "e0"
        return not self.as_json or no_reflection or e.reflected is not None

    def _row(self, about: dict[str, Any]) -> str:
        """id, verdict, metric, delta in noise units, seconds, what changed."""
        seconds = sum(run["seconds"] for run in about["runs"])
        reason = f"  [{about['reason']}]" if about["reason"] and about["id"] != "e0" else ""
        line = (
            f"{about['id']:<5} {ledger_verb.verdict(about):<17} {metric(about['metric']):>9} "
            f"{delta(about['delta'], about['delta_sd']):>10} {clock(seconds):>6}  {about['hypothesis']}{reason}"
        )
        return plain_line(line)

    def _note(self, event: Event) -> None:
        for line in self.notices.of(event, self.state):
            self._print(plain_line(line))

    def _print(self, line: str) -> None:
        self.live.clear()
        stream = sys.stderr if self.as_json else sys.stdout
        print(cut(line, self.live.columns) if self.live.on else line, file=stream, flush=True)


def plain_line(text: str) -> str:
    """Like `plain`, but with its alignment."""
    return "".join(c if c == " " else plain(c) or " " for c in text)
