"""`state = fold(state, event)`: the one way from the journal to everything else.

Pure from outside: the state that comes in is never changed. Inside, its containers are copied once a call, so that
folding many events at once costs little more than decoding them.
"""

from __future__ import annotations

import copy
import gc
import zlib
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from praxtui.journal.events import Event
from praxtui.journal.facts import Budgets, EngineStarted, Fact
from praxtui.journal.state import (
    Claim,
    Epoch,
    Experiment,
    Hint,
    ProgramEdit,
    Run,
    Spending,
    State,
    Trial,
)
from praxtui.journal.steps import campaign, evidence, experiment, people
from praxtui.journal.steps.step import Step

# Raise this with every change of meaning below: a snapshot made by another version of the fold is not used.
MEANING = 4


def _layout() -> int:
    """A number that changes with the fields of the state, so that no snapshot of another shape is ever read."""
    shapes = (State, Experiment, Run, Epoch, Trial, Hint, Claim, Spending, ProgramEdit, Budgets)
    return zlib.crc32(repr([(shape.__name__, shape.__struct_fields__) for shape in shapes]).encode())


FOLD_VERSION = MEANING << 32 | _layout()


def fold(state: State, event: Event) -> State:
    """The state after one more event."""
    return fold_all(state, (event,))


def fold_all(state: State, events: Iterable[Event]) -> State:
    """The state after these events; equal to folding them one by one."""
    after = _thaw(state)
    for event in events:
        _pass_time(after, event)
        step = _STEPS.get(type(event.fact))
        if step is not None:
            step(after, event.fact, event.at)
        after.seq = event.seq
    return after


def dump(state: State) -> bytes:
    """The state as bytes, for a snapshot."""
    return msgspec.msgpack.encode(state)


def load(data: bytes) -> State:
    """The state that `dump` was given."""
    # Thousands of small objects, none of them garbage: collecting while they are made doubles the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return msgspec.msgpack.decode(data, type=State)
    finally:
        if collecting:
            gc.enable()


def _thaw(state: State) -> State:
    after = copy.copy(state)
    after.epochs = list(state.epochs)
    after.experiments = dict(state.experiments)
    after.trials = list(state.trials)
    after.hints = dict(state.hints)
    after.running = list(state.running)
    after.turnarounds = list(state.turnarounds)
    after.waits = dict(state.waits)
    after.waits_since = dict(state.waits_since)
    return after


def _pass_time(state: State, event: Event) -> None:
    """Book the time since the last event: only what a live, unpaused engine lived through counts."""
    gap = event.at - state.clock
    if gap > 0 and state.engine_live and not isinstance(event.fact, EngineStarted) and not state.ended:
        working = not state.paused or bool(state.running)
        if working:
            state.spent = replace(state.spent, seconds=state.spent.seconds + gap)
        if state.first_run is not None and not state.running and working:
            state.idle_seconds += gap
    state.clock = event.at
    state.at = max(state.at, event.at)


_STEPS: dict[type[Fact], Step] = {**campaign.STEPS, **experiment.STEPS, **evidence.STEPS, **people.STEPS}
