"""The timeline of a replay: marks over a bar, the words beside it, the mouse and the keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from praxtui.journal.shown import width
from praxtui.tui.actions import ACTIONS
from praxtui.tui.messages import CampaignOpened
from praxtui.tui.panes.timeline import TimelinePane
from praxtui.tui.sources.protocol import ANEW, Mark
from praxtui.tui.sources.replay import Replay
from praxtui.tui.timeline import ACTS, SHAPES, column, nearest, placed, share, words
from tests.tui.recorded import imported, recorded
from tests.tui.test_replay import Wall, opened


@pytest.fixture
def replay(tmp_path):
    source = opened(recorded(tmp_path, 14), Wall())
    yield source
    source.close()


class Shown(App[None]):
    """The pane alone, at the bottom."""

    def __init__(self, source: Replay) -> None:
        super().__init__()
        self.source = source
        self.opened: list[str] = []

    def compose(self) -> ComposeResult:
        yield TimelinePane()

    def on_mount(self) -> None:
        self.query_one(TimelinePane).show(self.source, ANEW)
        self.query_one(TimelinePane).can_focus = True
        self.query_one(TimelinePane).focus()

    def on_campaign_opened(self, message: CampaignOpened) -> None:
        self.opened.append(message.id)

    def lines(self) -> list[str]:
        pane = self.query_one(TimelinePane)
        return [pane.render_line(y).text for y in range(2)]


@given(st.floats(0, 1), st.integers(1, 300))
def test_a_column_leads_back_to_itself(where, columns):
    at = column(where, columns)
    assert 0 <= at < columns
    assert column(share(at, columns), columns) == at


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(list(SHAPES)))), st.integers(1, 80))
def test_the_most_telling_mark_of_a_column_is_shown(found, columns):
    marks = [Mark(0.0, where, kind, kind) for where, kind in found]
    order = list(SHAPES)
    shown = placed(marks, columns)
    assert set(shown) == {column(mark.where, columns) for mark in marks}
    for mark in marks:
        assert order.index(shown[column(mark.where, columns)].kind) <= order.index(mark.kind)


def test_shapes_are_distinct_and_one_column_wide():
    assert len(set(SHAPES.values())) == len(SHAPES)
    assert all(width(shape) == 1 for shape in SHAPES.values())


def test_every_action_of_a_replay_is_there():
    names = {action.name for action in ACTIONS if action.where == "replay"}
    assert names == set(ACTS)
    assert all(hasattr(TimelinePane, f"action_{name}") for name in names)


@pytest.mark.parametrize("columns", [*range(0, 40), 60, 80, 120, 200])
def test_the_words_leave_room_for_the_bar(replay, columns):
    found = words(replay, replay.now, columns)
    assert not found.columns or columns - found.columns >= 12
    assert max(width(found.above), width(found.below)) <= found.columns


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_the_bar_is_as_long_at_every_moment(replay, columns):
    found = set()
    for where in (0.0, 0.001, 0.1, 0.5, 1.0):
        for playing in (True, False):
            replay._clock.put_own(where * replay._clock.course.length)
            replay._clock.play(playing)
            replay.advance()
            found.add(words(replay, replay.now, columns).columns)
    assert len(found) == 1


def test_the_words_say_where_it_is_and_how_fast(replay):
    replay.seek_experiment("e6")
    replay.advance()
    said = words(replay, replay.now, 120)
    assert " of 3h" in said.above and "60x standing, skips the waiting" in said.below
    replay.skip(False)
    replay.play(True)
    assert "60x playing, with the waiting" in words(replay, replay.now, 120).below
    replay.play(False)
    replay.seek(1.0)
    assert "at the end" in words(replay, replay.now, 120).below


def test_without_timings_experiments_are_counted(tmp_path: Path):
    source = opened(imported(tmp_path), Wall())
    source.step(3, "second")
    assert "3 of 12" in words(source, source.now, 80).above
    source.close()


@pytest.mark.parametrize("size", [(120, 4), (80, 4), (40, 4), (20, 5), (5, 2), (1, 1)])
async def test_it_draws_at_any_size(replay, size):
    app = Shown(replay)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        above, below = app.lines()
        if size[0] >= 20:
            assert "◆" in below
        if size[0] >= 40:
            assert {"●", "○"} <= set(above)


async def test_the_keys_move_it(replay):
    app = Shown(replay)
    async with app.run_test(size=(120, 4)) as pilot:
        await pilot.press("right_square_bracket", "right_square_bracket")
        replay.advance()
        assert replay.state.experiments["e2"].verdict and not replay.state.experiments["e3"].verdict
        await pilot.press("right_curly_bracket", "left_square_bracket", "greater_than_sign", "t", "space")
        replay.advance()
        assert replay.speed == 120 and not replay.skips and replay.playing
        assert "120x playing, with the waiting" in app.lines()[1]
        await pilot.press("space", "home", "full_stop", "less_than_sign")
        replay.advance()
        assert replay.now == replay.span[0] + 1 and replay.speed == 60
        await pilot.press("end")
        assert replay.at_end and not app.opened


async def test_the_end_of_a_campaign_that_goes_on_is_the_live_one(tmp_path):
    source = opened(recorded(tmp_path, 3, live=True), Wall())
    app = Shown(source)
    async with app.run_test(size=(120, 4)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert app.opened == ["mar22-a"]
    source.close()


async def test_a_click_on_the_bar_goes_there(replay):
    app = Shown(replay)
    async with app.run_test(size=(120, 4)) as pilot:
        pane = app.query_one(TimelinePane)
        middle = pane.bar // 2
        await pilot.click(TimelinePane, offset=(1 + middle, 1))
        assert replay.where == pytest.approx(share(middle, pane.bar))
        assert app.lines()[1][middle] == "◆"
        before = replay.where
        await pilot.click(TimelinePane, offset=(1 + pane.bar + 4, 1))
        assert replay.where == before


async def test_a_mark_under_the_mouse_says_what_it_is(replay):
    app = Shown(replay)
    async with app.run_test(size=(120, 4)) as pilot:
        pane = app.query_one(TimelinePane)
        mark = next(mark for mark in replay.marks if mark.experiment == "e2")
        at = column(mark.where, pane.bar)
        assert nearest(replay.marks, at, pane.bar) is not None
        await pilot.hover(TimelinePane, offset=(1 + at, 0))
        assert str(pane.tooltip).startswith("e2 discard: GELU") and "[bold]" in str(pane.tooltip)


async def test_nothing_is_drawn_again_while_nothing_changes(replay):
    app = Shown(replay)
    async with app.run_test(size=(120, 4)) as pilot:
        pane = app.query_one(TimelinePane)
        await pilot.pause()
        drawn: list[int] = []
        pane.refresh = lambda *a, **k: drawn.append(1)
        pane.show(replay, ANEW)
        assert not drawn
        replay.seek(0.7)
        replay.advance()
        pane.show(replay, ANEW)
        assert drawn
