"""What a person who looks elsewhere is told of, and how a terminal is made to tell them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from textual.app import App

from praxtui.journal.events import Event
from praxtui.journal.facts import CampaignEnded, Judged
from praxtui.journal.people import WaitingBegan
from praxtui.journal.shown import cut, delta, metric, plain
from praxtui.journal.state import State
from praxtui.settings import CockpitSettings
from praxtui.tui.sources.protocol import Change

STREAK = 3
GAP_S = 2.0  # between two notifications; what comes sooner waits for the next
LONGEST = 120
NEEDS_PERSON = frozenset({"keys", "flag", "approval", "researcher"})


class News(NamedTuple):
    """One thing worth telling. `kind` as in settings.cockpit.NEWS; `text` is one line."""

    kind: str
    text: str


def news(change: Change, state: State) -> list[News]:
    """What in a change of a live campaign is worth telling. `state` is the one after it.

    A new best; the third crash in a row; that a person is needed; the end. Nothing where the moment jumped: what is
    shown then is long past, or was told.
    """
    if change.anew:
        return []
    found: list[News] = []
    for n, event in enumerate(change.events):
        fact = event.fact
        if isinstance(fact, Judged):
            found += _judged(fact, state, change.events[n + 1 :])
        elif isinstance(fact, WaitingBegan) and fact.cause in NEEDS_PERSON:
            found.append(News("waits", f"{state.id} waits for you: {fact.reason}"))
        elif isinstance(fact, CampaignEnded):
            found.append(News("end", f"{state.id} {fact.state}: {fact.reason}"))
    return [News(one.kind, plain(one.text)) for one in found]


def _judged(fact: Judged, state: State, later: Collection[Event]) -> list[News]:
    if fact.verdict == "keep" and fact.experiment != "e0" and fact.delta is not None and fact.delta > 0:
        values = [run.metric for run in state.experiments[fact.experiment].measured()]
        seen = [value for value in values if value is not None]
        value = metric(sum(seen) / len(seen)) if seen else ""
        title = state.experiments[fact.experiment].title
        gain = delta(fact.delta, fact.delta_sd)
        return [News("best", f"{state.id} {fact.experiment} kept: {value} ({gain}) {title}")]
    if fact.verdict == "crash":
        after = {event.fact.experiment for event in later if isinstance(event.fact, Judged)}
        # By the time of the verdict, since drafts that ran beside each other need not end in their order.
        judged = sorted(
            (e for e in state.children() if e.judged is not None and e.id not in after),
            key=lambda e: (e.judged or 0.0, e.number),
        )
        row = 0
        for e in reversed(judged):
            if e.verdict != "crash":
                break
            row += 1
        if row == STREAK:
            return [News("crashes", f"{state.id}: the last {STREAK} experiments crashed")]
    return []


# --- how -------------------------------------------------------------------------------------------------------------

OSC9 = ("iTerm.app", "WezTerm", "ghostty", "kitty")
OSC777 = ("rxvt", "foot")


def way(said: str, environ: Mapping[str, str]) -> str:
    """`said`, or for `auto` what the terminal is known to take: `osc9`, `osc777`, else the bell, which all take."""
    if said != "auto":
        return said
    program, term = environ.get("TERM_PROGRAM", ""), environ.get("TERM", "")
    if program in OSC9 or term in ("xterm-kitty", "xterm-ghostty", "wezterm") or "KITTY_WINDOW_ID" in environ:
        return "osc9"
    if "VTE_VERSION" in environ or term.startswith(OSC777):
        return "osc777"
    return "bell"


def sequence(text: str, by: str, *, bell: bool = False, tmux: bool = False) -> str:
    """What to write to a terminal so that it tells `text`; empty where it is not to.

    What was printed by a run or written by a model may stand in `text`: no control character of it is left, nor what
    separates the fields. Inside tmux the sequence is handed through to the terminal outside, which tmux does where
    `allow-passthrough` is on; the bell is tmux's own, which marks the window.
    """
    if by == "none":
        return ""
    clean = cut(plain(text).replace(";", ","), LONGEST)
    told = ""
    if by == "osc9":
        # A digit and a semicolon would be one of ConEmu's commands.
        told = f"\x1b]9;{clean if not clean[:1].isdigit() else ' ' + clean}\x1b\\"
    elif by == "osc777":
        told = f"\x1b]777;notify;praxtui;{clean}\x1b\\"
    if told and tmux:
        told = "\x1bPtmux;" + told.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return told + ("\a" if bell or by == "bell" else "")


class Teller:
    """Tells news by the terminal, at most every two seconds: of what comes sooner only the newest is told."""

    def __init__(self, said: CockpitSettings, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self.said = said
        """The settings; may be set anew."""
        self._last = float("-inf")
        self._held: News | None = None

    def take(self, found: Collection[News], now: float) -> str:
        """What to write to the terminal at `now` (seconds, of a clock that does not go back); empty for nothing.

        Called again later, with or without news, it gives what was held back.
        """
        for one in found:
            if one.kind in self.said.notify:
                self._held = one
        if self._held is None or now - self._last < GAP_S:
            return ""
        one, self._held, self._last = self._held, None, now
        by = way(self.said.notify_by, self._environ)
        return sequence(one.text, by, bell=self.said.bell, tmux=bool(self._environ.get("TMUX")))

    @property
    def holds(self) -> bool:
        """Whether something waits to be told."""
        return self._held is not None


def write(app: App[Any], sequence: str) -> None:
    """Write a sequence between two frames, through the driver, which has the terminal."""
    if sequence and app._driver is not None:
        app._driver.write(sequence)
        app._driver.flush()
