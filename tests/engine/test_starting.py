"""While a run is being started, everything else in the engine waits for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from praxtui.research.protocol import Brief, Draft, Recorder
from praxtui.runs.local import LocalPlace, RunHandle
from praxtui.runs.spec import Spec
from tests.making import EXACT, Script, create, make_leaf, play

HOLD_S = 0.5  # seconds in which a draft would surely begin, if one could


def test_nothing_is_drafted_while_a_run_is_being_started(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting, drafting = threading.Event(), threading.Event()
    early: list[str] = []
    start = LocalPlace.start

    def slow(place: LocalPlace, run_dir: Path, asked: Spec, env: Mapping[str, str]) -> RunHandle:
        drafting.clear()
        starting.set()
        try:
            if run_dir.parent.name == "e1":
                drafting.wait(HOLD_S)
            return start(place, run_dir, asked, env)
        finally:
            starting.clear()

    class Noting(Script):
        async def draft(self, brief: Brief, record: Recorder) -> Draft:
            drafting.set()
            if starting.is_set():
                early.append(brief.experiment)
            return await super().draft(brief, record)

    monkeypatch.setattr(LocalPlace, "start", slow)
    folder = create(make_leaf(tmp_path / "leaf", EXACT, {"loop": {"lookahead": 1}}), experiments=3)
    state = play(folder, Noting({"GAIN": 1.0}, {"GAIN": 2.0}, {"GAIN": 3.0}))
    assert state.counted == 3
    assert early == []
