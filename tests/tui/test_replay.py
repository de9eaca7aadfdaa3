"""The replay: whatever moment it is put to, it answers as the campaign stood then."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from praxtui.journal.fold import fold_all
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.tui.sources import history
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import Change
from praxtui.tui.sources.replay import Replay
from tests.tui.recorded import BEGAN, empty, grow, imported, recorded


class Wall:
    """Time as it passes for the person."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return recorded(tmp_path_factory.mktemp("home"), 14)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def replay(folder, wall):
    source = opened(folder, wall)
    yield source
    source.close()


def opened(folder: Path, wall: Wall, **more) -> Replay:
    """A replay that stands at the beginning and knows when everything was written."""
    source = Replay(folder, wall, **more)
    source.play(False)
    while not source._looked:
        source.advance()
    source.seek(0.0)
    source.advance()
    return source


def all_events(folder: Path):
    with Journal.open(folder) as journal:
        return list(journal.read())


def prefix(folder: Path, at: float) -> State:
    return fold_all(State(), [event for event in all_events(folder) if event.at <= at])


def test_at_its_end_it_is_the_live_state(replay, folder):
    replay.seek(1.0)
    replay.advance()
    live = Live(folder)
    assert replay.state == live.state
    for name in ("e0", "e3", "e13"):
        assert replay.stream(name) == live.stream(name)
        assert replay.curves(name, 1) == live.curves(name, 1)
    assert replay.stream() == live.stream()
    live.close()


@pytest.mark.parametrize("every", [1, 7, history.EVERY])
def test_any_moment_is_the_fold_of_what_was_written_until_then(folder, wall, monkeypatch, every):
    monkeypatch.setattr(history, "EVERY", every)
    source = opened(folder, wall)
    chance = random.Random(3)
    for where in [chance.random() for _ in range(40)]:
        source.seek(where)
        source.advance()
        assert source.state == prefix(folder, source.now)
    source.close()


def test_few_states_are_kept_of_a_long_record(folder, monkeypatch):
    monkeypatch.setattr(history, "EVERY", 1)
    monkeypatch.setattr(history, "MOST", 10)
    events = all_events(folder)
    past = history.History(events[:100])
    past.add(events[100:])
    assert len(past._kept) <= 10
    for index in range(0, len(events) + 1, 5):
        assert past.state(index) == fold_all(State(), events[:index])


def test_playing_shows_every_fact_once_in_order(replay, folder, wall):
    seen = list(replay._history.events[: replay.state.seq])
    state = replay.state
    replay.set_speed(200)
    replay.play(True)
    while replay.playing:
        wall.now += 0.37
        change = replay.advance()
        assert not change.anew
        state = fold_all(state, change.events)
        assert state == replay.state
        seen += change.events
    assert seen == all_events(folder)
    assert replay.at_end and replay.where == 1.0


def test_standing_still_is_no_change(replay, wall):
    wall.now += 50
    assert not replay.advance()


def test_going_back_makes_everything_anew(replay):
    replay.seek(0.5)
    replay.advance()
    replay.step(-5, "second")
    assert replay.advance().anew


def test_no_stream_from_the_future(replay, folder):
    with Journal.open(folder) as journal:
        items = list(journal.stream_read())
    for where in (0.1, 0.35, 0.36, 0.7, 0.99):
        replay.seek(where)
        replay.advance()
        early = [item for item in items if item.at <= replay.now]
        assert replay.stream() == early[:2000]
        assert replay.newest_stream("e6", 9) == [item for item in early if item.experiment == "e6"][-9:]


def test_the_log_and_the_curves_are_as_long_as_they_were(replay, folder):
    with Journal.open(folder) as journal:
        asked = next(e.at for e in journal.read() if getattr(e.fact, "experiment", "") == "e3" and "n" in dir(e.fact))
    replay._clock.put(asked + 0.1 + 150.0)
    replay.advance()
    log = replay.log("e3", 1)
    text = log.path.read_bytes()[: log.size]
    assert log.growing and text.endswith(b"\n") and text.count(b"step ") == 50
    assert len(replay.curves("e3", 1)["loss"].step) == 50
    assert replay.log("e4", 1) is None and replay.curves("e4", 1) == {}
    assert replay.log("e1", 1).size is None and not replay.log("e1", 1).growing


def test_hints_and_waits_are_those_of_the_moment(replay):
    replay.seek_experiment("e3")
    replay.advance()
    assert not replay.state.hints
    replay.seek_experiment("e8")
    replay.advance()
    assert replay.state.hints["k1"].used_by == ("e8",)
    hints = [mark for mark in replay.marks if mark.kind == "hint"]
    assert [mark.text.split(":")[0] for mark in hints] == ["hint k1", "hint k2"]


def test_an_experiment_is_met_at_its_verdict(replay):
    replay.seek_experiment("e7")
    replay.advance()
    assert replay.state.experiments["e7"].verdict == "invalid"
    assert replay.state.experiments["e8"].verdict is None
    replay.seek_experiment("nothing")
    assert not replay.advance()


def test_steps_go_from_verdict_to_verdict_and_from_keep_to_keep(replay):
    judged = []
    for _ in range(14):
        replay.step(1)
        replay.advance()
        judged.append(max((e for e in replay.state.children() if e.verdict), key=lambda e: e.judged).id)
    assert judged == [f"e{n}" for n in range(1, 15)]
    replay.step(-1, "keep")
    replay.advance()
    assert replay.state.experiments["e12"].verdict == "keep" and replay.state.experiments["e13"].verdict is None
    replay.step(-2, "keep")
    replay.advance()
    assert replay.state.experiments["e8"].verdict == "keep" and "e9" not in replay.state.experiments
    replay.step(-99)
    assert replay.where == 0.0
    replay.step(99)
    assert replay.where == 1.0


def test_a_step_back_while_playing_passes_the_mark_just_left(replay, wall):
    replay.set_speed(16)
    replay.seek_experiment("e5")
    replay.play(True)
    wall.now += 0.5
    replay.step(-1)
    replay.advance()
    assert replay.state.experiments["e5"].verdict is None
    assert replay.state.experiments["e4"].verdict == "crash"


def test_the_marks_are_in_order_and_in_place(replay):
    places = [mark.where for mark in replay.marks]
    assert places == sorted(places) and places[0] > 0 and places[-1] <= 1.0
    kinds = [mark.kind for mark in replay.marks if mark.kind not in ("steer", "hint")]
    assert kinds == [
        "keep", "discard", "keep", "crash", "discard", "keep", "invalid", "keep", "void", "keep", "revoked",
        "discard", "keep", "void", "discard", "end",
    ]  # fmt: skip
    for mark in replay.marks[:4]:
        replay.seek(mark.where)
        replay.advance()
        assert replay.now == pytest.approx(mark.at, abs=0.01)


def test_skipping_the_waiting_shortens_the_pause_and_keeps_the_moment(replay):
    replay.seek_experiment("e6")
    replay.advance()
    now, (first, last) = replay.now, replay.span
    short = replay._clock.course.length
    assert short < last - first - 1150  # a pause of 20 minutes
    replay.skip(False)
    assert replay.advance() == Change(ticked=True)
    assert not replay.advance()
    assert replay.now == now
    assert replay._clock.course.length == last - first


def test_time_in_which_a_model_thinks_is_no_waiting(tmp_path, wall):
    folder = recorded(tmp_path, 8)
    before = opened(folder, wall)
    paused = next(mark.at for mark in before.marks if mark.text.startswith("pause"))
    with Journal.open(folder, write=True) as journal:
        for second in range(1, 101):
            journal.stream_append("thought", "hm ", "e7", at=paused + second)
    after = opened(folder, wall)
    assert after._clock.course.length == pytest.approx(before._clock.course.length + 100, abs=2)
    before.close()
    after.close()


def test_at_the_end_play_begins_anew(replay):
    replay.seek(1.0)
    replay.advance()
    replay.play(True)
    replay.advance()
    assert replay.playing and replay.now == BEGAN


def test_it_opens_at_an_experiment_standing(folder, wall):
    source = Replay(folder, wall, at="e3")
    assert not source.playing and source.state.experiments["e3"].verdict == "keep"
    source.close()


def test_without_timings_an_experiment_takes_a_second(tmp_path, wall):
    folder = imported(tmp_path)
    source = opened(folder, wall)
    assert not source.timed and source.span[1] - source.span[0] == 12
    assert source.speed == 1
    source.play(True)
    verdicts = []
    for _ in range(12):
        wall.now += 1.0
        source.advance()
        verdicts.append(sum(1 for e in source.state.children() if e.verdict))
    assert verdicts == list(range(1, 13))
    source.seek(0.0)
    source.step(1, "second")
    source.advance()
    assert [e.id for e in source.state.children() if e.verdict] == ["e1"]
    assert {item.experiment for item in source.stream()} <= set(source.state.experiments)
    assert source.newest_stream("e12") == []
    assert source.log("e1", 1).size is None and len(source.curves("e1", 1)["loss"].step) == 100
    source.seek(1.0)
    source.advance()
    assert source.state == fold_all(State(), all_events(folder))
    source.close()


def test_times_that_go_backwards_are_no_timings(tmp_path, wall):
    folder = recorded(tmp_path, 4)
    with Journal.open(folder, write=True) as journal:
        journal._connection.execute("UPDATE events SET at = 2e9 - at")
    source = opened(folder, wall)
    assert not source.timed
    source.seek(1.0)
    source.advance()
    assert source.state == fold_all(State(), all_events(folder))
    source.close()


def test_a_clock_set_back_once_still_gives_timings(tmp_path, wall):
    folder = recorded(tmp_path, 8)
    with Journal.open(folder, write=True) as journal:
        journal._connection.execute("UPDATE events SET at = at - 600 WHERE seq > 60")
    source = opened(folder, wall)
    assert source.timed
    source.seek(1.0)
    source.advance()
    assert source.state == fold_all(State(), all_events(folder))
    source.close()


def test_a_campaign_that_goes_on_is_followed(tmp_path, wall):
    folder = recorded(tmp_path, 3, live=True)
    source = opened(folder, wall)
    assert source.running
    source.seek(1.0)
    source.advance()
    assert source.at_end and source.log("e3", 1).growing
    end, size = source.span[1], source.log("e3", 1).size
    assert size == source.log("e3", 1).path.stat().st_size
    grow(folder, 7)
    source.advance()
    assert not source.at_end and source.span[1] > end
    source.seek(1.0)
    source.advance()
    assert source.state == fold_all(State(), all_events(folder))
    assert source.log("e4", 1).size == source.log("e4", 1).path.stat().st_size
    source.close()


def test_a_campaign_that_was_only_created_can_be_played(tmp_path, wall):
    source = opened(empty(tmp_path), wall)
    assert source.state.id == "mar22-e" and source.at_end and source.where == 1.0 and not source.marks
    source.step(1)
    source.step(-1, "keep")
    source.seek(0.5)
    assert not source.advance().events
    source.close()


def test_damage_leaves_what_came_before_it(tmp_path, wall):
    folder = recorded(tmp_path, 3)
    with Journal.open(folder, write=True) as journal:
        journal._connection.execute("UPDATE events SET data='{' WHERE seq=40")
    source = opened(folder, wall)
    source.seek(1.0)
    source.advance()
    assert source.state.seq == 39 and "is damaged" in source.damage
    source.close()
