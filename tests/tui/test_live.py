"""The live source: what it says of a campaign that grows, stands still, breaks or goes away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from praxtui.journal import liveness, streams
from praxtui.journal.facts import Noticed
from praxtui.journal.fold import fold_all
from praxtui.journal.state import State
from praxtui.journal.store import Journal, JournalMissing
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import Change
from praxtui.tui.sources.record import EVENTS
from tests.tui.recorded import empty, grow, last_moment, recorded


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def live(tmp_path: Path):
    folder = recorded(tmp_path, 6, live=True)
    clock = Clock(last_moment(folder))
    source = Live(folder, clock)
    yield source, folder, clock
    source.close()


def whole(folder: Path) -> State:
    with Journal.open(folder) as journal:
        return fold_all(State(), journal.read())


def test_it_begins_with_everything_there_is(live):
    source, folder, clock = live
    assert source.state == whole(folder)
    assert source.now == clock.now
    assert source.engine.alive
    assert source.damage is None


def test_nothing_new_is_no_change(live):
    source, *_ = live
    assert not source.advance()
    assert not source.advance()


def test_new_facts_come_once_and_lead_to_the_state(live):
    source, folder, _ = live
    before = source.state
    grow(folder, 12)
    events = []
    while change := source.advance():
        events += change.events
    assert events and not change
    assert source.state == fold_all(before, events) == whole(folder)
    assert source.state is not before


def test_no_more_than_a_budget_of_facts_is_taken_in_at_once(live):
    source, folder, _ = live
    with Journal.open(folder, write=True) as journal:
        journal.append([Noticed(f"n{i}") for i in range(2 * EVENTS + 5)], at=last_moment(folder))
    sizes = []
    while change := source.advance():
        sizes.append(len(change.events))
    assert sum(sizes) == 2 * EVENTS + 5
    assert max(sizes) <= EVENTS and len(sizes) >= 3


def test_new_items_of_the_stream_are_said_without_facts(live):
    source, folder, _ = live
    grow(folder)
    change = source.advance()
    assert change.streamed and not change.events
    assert source.newest_stream("e7", 1)[0].text.startswith("After")
    assert not source.advance()


def test_a_second_passes_only_while_something_goes_on(live, tmp_path):
    source, _folder, clock = live
    clock.now += 0.9
    assert not source.advance()
    clock.now += 0.2
    assert source.advance() == Change(ticked=True)
    ended = recorded(tmp_path, 2, id="over")
    liveness.write_identity(ended)  # its engine has a moment to live yet
    over = Live(ended, clock)
    clock.now += 100
    assert over.engine.alive
    assert not over.advance()
    over.close()


def test_a_dead_engine_is_said_once_and_then_time_stands_unless_a_run_goes_on(tmp_path):
    folder = recorded(tmp_path, 3, live=True)
    grow(folder, 5)  # the run is over, the next one has not begun
    clock = Clock(last_moment(folder))
    source = Live(folder, clock)
    known = liveness.read_identity(folder)
    (folder / liveness.IDENTITY).write_bytes(
        f'{{"pid":{known.pid},"start":1,"boot":"{known.boot}","host":"{known.host}","started":1}}'.encode()
    )
    clock.now += 0.6
    assert source.advance() == Change(ticked=True)
    assert not source.engine.alive
    clock.now += 10
    assert not source.advance()
    source.close()


def test_the_log_grows_only_while_its_run_goes_on(live):
    source, _folder, _ = live
    log = source.log("e6", 1)
    assert log.growing and log.size is None and log.path.read_text().count("step") > 10
    assert not source.log("e1", 1).growing
    assert source.log("e99", 1) is None


def test_curves_blobs_and_prompts_are_read(live):
    source, *_ = live
    curves = source.curves("e6", 1)
    assert set(curves) == {"loss", "lr", "tok/s", "mfu"} and len(curves["loss"].step) == 60
    assert source.blob(source.state.experiments["e1"].diff).startswith(b"--- a/train.py")
    prompt = source.stream("e1", most=1)[0]
    assert prompt.kind == "prompt" and len(source.parts(prompt.text)) == 3


def test_the_stream_is_read_in_parts_and_from_its_end(live):
    source, *_ = live
    items = source.stream("e3")
    assert [item.seq for item in items] == sorted(item.seq for item in items)
    assert source.stream("e3", after=items[3].seq, most=2) == items[4:6]
    assert source.newest_stream("e3", 5) == items[-5:]
    assert {item.experiment for item in source.stream()} > {"e1", "e2"}


def test_damage_is_a_sentence_and_what_came_before_it_is_shown(tmp_path):
    folder = recorded(tmp_path, 3)
    with Journal.open(folder, write=True) as journal:
        journal._connection.execute("UPDATE events SET data='{' WHERE seq=40")
    source = Live(folder, Clock(0.0))
    assert source.state.seq == 39
    assert "is damaged" in source.damage and "\n" not in source.damage
    assert not source.advance()
    source.close()


def test_a_folder_that_vanishes_is_said_and_nothing_raises(live, monkeypatch):
    source, folder, _ = live
    state = source.state
    shutil.rmtree(folder)
    monkeypatch.setattr("praxtui.tui.sources.record.LOOK_S", 0.0)
    assert source.advance().ticked
    assert "is gone" in source.damage
    assert source.state is state
    assert source.log("e6", 1) is None


def test_a_campaign_that_was_only_created_can_be_shown(tmp_path):
    source = Live(empty(tmp_path), Clock(0.0))
    assert source.state.id == "mar22-e" and source.engine.pid is None
    assert source.stream() == [] and source.curves("e0", 1) == {} and not source.advance()
    source.close()


def test_no_journal_is_an_error(tmp_path):
    with pytest.raises(JournalMissing):
        Live(tmp_path)


def test_the_place_in_the_stream_is_found_by_time(tmp_path):
    folder = recorded(tmp_path, 4)
    with Journal.open(folder, write=True) as journal:
        journal._connection.execute("DELETE FROM stream WHERE seq IN (1, 2, 7, 20, 21, 22)")
        items = list(journal.stream_read())
        for item in items:
            for at in (item.at - 0.01, item.at, item.at + 0.01):
                early = [other.seq for other in items if other.at <= at]
                upto = streams.seq_at(journal, at)
                assert [other.seq for other in items if other.seq <= upto] == early
        assert streams.seq_at(journal, 0.0) == 0 or items[0].seq > streams.seq_at(journal, 0.0)
