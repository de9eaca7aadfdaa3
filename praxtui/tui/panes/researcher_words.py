"""What the researcher works on, what it waits for, and what is known of an experiment besides its thoughts. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from praxtui.journal.logs import safe
from praxtui.journal.shown import clock, cut, delta, plain
from praxtui.journal.state import Experiment, State
from praxtui.journal.status import name_of
from praxtui.tui.keymap import key_of
from praxtui.tui.panes.ledger_cells import running
from praxtui.tui.panes.thoughts import Talk, Told
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Line
from praxtui.tui.widgets.wrapping import wrapped

NEWEST = 4  # of so many experiments one may be worked on
NEEDS_A_PERSON = ("approval", "keys", "flag", "researcher")


class Notice(NamedTuple):
    """Why nothing happens, or is about to: `since` in seconds since 1970, None where that is not known."""

    text: str
    since: float | None
    kind: str


def current(state: State, heard: Mapping[str, float]) -> str | None:
    """The experiment that the researcher works on, or did last; `heard`: when anything was last said about each of the
    newest ones, in seconds since 1970. A draft that was just begun counts as heard of when it began."""
    newest = list(state.children())[-NEWEST:]
    if not newest:
        return None
    return max(newest, key=lambda e: (max(heard.get(e.id, 0.0), e.begun), e.number)).id


def doing(state: State, e: Experiment, talk: Talk | None) -> str:
    """What the researcher does with it, for the border: `thinking, step 4`, `drafted ahead`, `discard, refuted`."""
    step = f", step {talk.steps + 1}" if talk is not None and talk.steps else ""
    what = talk.what if talk is not None else ""
    if e.vetoed is not None and e.verdict is None:
        return "vetoed"
    if e.verdict is None and e.commit is None:
        return f"thinking{step}"
    if e.verdict is None:
        if e.runs and e.runs[-1].over and e.runs[-1].metric is None and what == "repair":
            return f"mending{step}"
        if not e.runs and state.running:
            return "drafted ahead"
        return "running" if running(state, e) is not None else "drafted"
    if e.reflected is None and what == "reflect" and not state.ended:
        return f"reflecting{step}"
    return plain(e.verdict) if e.reflected is None else f"{plain(e.verdict)}, {plain(e.reflected)}"


def caption(state: State, e: Experiment | None, talk: Talk | None) -> str:
    """What stands in the border after the pane's name."""
    if any(cause in state.waits for cause in NEEDS_A_PERSON):
        return "waiting for you"
    if e is None:
        return ""
    return f"{e.id}, {doing(state, e, talk)}"


def notice(state: State, alive: bool | None) -> Notice | None:
    """Why the researcher is silent; None where it is not. `alive`: the engine's life, None in a replay, where there is
    nothing to press either."""
    name = name_of(state, alive)
    if state.ended:
        reason = plain(state.end_reason or "")
        return Notice(f"{name}: {reason}" if reason and reason != name else name, state.ended_at, "weak")
    if name == "dead":
        return Notice(f"the engine is gone: {key_of('campaign.resume')} starts it again", None, "bad")
    if state.waits:
        cause = next((cause for cause in NEEDS_A_PERSON if cause in state.waits), next(reversed(state.waits)))
        text = plain(state.waits[cause]) or cause
        more = _remedy(cause) if alive is not None else ""
        kind = "bad" if cause == "keys" else "warn"
        return Notice(f"{text}{f'; {more}' if more else ''}", state.waits_since.get(cause), kind)
    if state.paused:
        more = f"; {key_of('campaign.pause')} goes on" if alive is not None else ""
        return Notice(f"paused{more}", state.paused_since, "warn")
    return None


def _remedy(cause: str) -> str:
    """What a person can press, or do, to end a wait."""
    return {
        "approval": f"{key_of('campaign.approve')} lets it run, {key_of('campaign.veto')} refuses it",
        "keys": f"set the key, then {key_of('campaign.resume')}",
        "disk": "it goes on once there is room",
        "researcher": f"{key_of('campaign.hint')} gives it an idea, {key_of('campaign.edit')} opens the program",
    }.get(cause, "")


def notice_lines(found: Notice, now: float, width: int, most: int) -> list[Line]:
    """The notice in at most `most` lines; how long it holds stands first, so that it is never what is cut off."""
    since = None if found.since is None else now - found.since
    # Whole seconds: nothing is drawn again for a tenth.
    first = ""
    if since is not None and since >= 1:
        first = f"{_ago(since)} ago " if found.kind == "weak" else f"{_ago(since)} "
    lines = wrapped(f"{first}{found.text}", max(1, width - 2))[: max(0, most)]
    return [(Piece("! " if n == 0 else "  ", found.kind), Piece(line, found.kind)) for n, line in enumerate(lines)]


def _ago(seconds: float) -> str:
    whole = math.floor(seconds)
    return f"0:{whole:02d}" if whole < 10 else clock(whole)


def stated(e: Experiment | None, width: int, most: int) -> list[Line]:
    """The hypothesis, its mechanism and what it predicts, in at most `most` lines; spare ones go to the mechanism."""
    if e is None or most <= 0:
        return []
    said = [("hypothesis", e.title or "being thought of"), ("because", e.mechanism), ("predicts", e.predicted)]
    label = 12 if width >= 40 else 2
    found = [(name, wrapped(plain(safe(text)), max(1, width - label))) for name, text in said if text][:most]
    spare = most - len(found)
    room = {}
    for name, text in sorted(found, key=lambda one: ("because", "hypothesis", "predicts").index(one[0])):
        room[name] = 1 + min(spare, len(text) - 1)
        spare -= room[name] - 1
    lines: list[Line] = []
    for name, text in found:
        kept = text[: room[name]]
        if len(text) > len(kept):
            kept[-1] = cut(f"{kept[-1]}…", max(1, width - label))
        mark = f"{name:<12}" if label == 12 else "  "
        kind = "strong" if name == "hypothesis" else ""
        lines += [
            (Piece(mark if n == 0 else " " * label, "weak"), Piece(line, kind if e.title else "weak"))
            for n, line in enumerate(kept)
        ]
    return lines


def known(e: Experiment, talk: Talk | None, width: int) -> list[Line]:
    """What the record says of it, below what the researcher said: refusals, what changed, the verdict, the lesson."""
    told = [Told("refused", reason, "warn") for reason in e.refusals]
    if not (talk is not None and talk.what):
        told += _detail(e)
    if e.commit is not None and e.levers:
        told.append(Told("draft", f"changes {', '.join(e.levers)}{', carried over' if e.carried else ''}", "weak"))
    if e.vetoed is not None:
        told.append(Told("vetoed", e.vetoed, "warn"))
    if e.verdict is not None:
        told.append(_verdict(e))
    if e.reflected is not None:
        told.append(Told("learned", f"{e.reflected}: {e.revision}", ""))
    if not told and not (talk is not None and talk.entries):
        told = [Told("", "nothing was said yet", "weak")]
    return [line for one in told for line in one.lines(width)]


def _verdict(e: Experiment) -> Told:
    difference = delta(e.delta, e.delta_sd) if e.delta or e.delta_sd else ""
    words = [part for part in (e.verdict or "", e.standing or "", difference) if part]
    said = " ".join(words) + (f": {e.reason}" if e.reason else "")
    kind = {"keep": "good", "crash": "bad", "invalid": "bad"}.get(e.verdict or "", "weak")
    return Told("verdict", said, "warn" if e.standing == "revoked" else kind)


def _detail(e: Experiment) -> Sequence[Told]:
    """The researcher's own words on a proposal that no model was asked for."""
    detail = e.detail
    if {"constant", "before", "after"} <= detail.keys():
        return [Told("tries", f"{detail['constant']}: {detail['before']} → {detail['after']}", "call")]
    said = {key: value for key, value in detail.items() if isinstance(value, str | int | float | bool)}
    return [Told("tries", json.dumps(said, ensure_ascii=False), "call")] if said else []
