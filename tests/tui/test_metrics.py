"""The metrics: what was tried as points, the run of now, how the room is divided, and the pane."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from praxtui.journal.curves import Curve
from praxtui.journal.facts import Advanced, Claimed, Fact, RunEnded, RunStarted, StandingChanged
from praxtui.journal.liveness import Engine
from praxtui.journal.people import Paused, Spent
from praxtui.journal.shown import width
from praxtui.journal.state import State
from praxtui.tui.gpu import GB, Gpus, Reading
from praxtui.tui.gpu import History as Busy
from praxtui.tui.panes.ledger_rows import touched
from praxtui.tui.panes.metrics import MetricsPane
from praxtui.tui.panes.metrics_gpus import GpuRows, line
from praxtui.tui.panes.metrics_run import Kept, Live, head, large, main_series, rival, short, shown, small
from praxtui.tui.panes.metrics_series import Drawing, spread
from praxtui.tui.panes.metrics_shape import best_line, heading, shape
from praxtui.tui.panes.metrics_tries import AXES, History, Tries, Try
from praxtui.tui.sources.live import Live as LiveSource
from praxtui.tui.sources.protocol import ANEW, Change
from praxtui.tui.sources.replay import Replay
from praxtui.tui.themes import variable_defaults
from praxtui.tui.widgets.chart import Chart, drawn
from praxtui.tui.widgets.heights import Window
from praxtui.tui.widgets.plot import Picture
from praxtui.tui.widgets.points import Points
from praxtui.tui.widgets.scattered import Scattered, View
from tests.tui.recorded import empty, last_moment, recorded
from tests.tui.told import Told, begun, drafted, judged, opened, ran

KINDS = {"e1": "keep", "e2": "discard", "e3": "crash", "e4": "keep", "e5": "invalid", "e6": "void"}


def campaign() -> Told:
    """Six tries: 1.0 is the baseline, e1 and e4 are kept."""
    source = Told(begun())
    for n, (id, verdict) in enumerate(KINDS.items(), 1):
        source.now = 1000.0 + 600 * n
        metric = None if verdict in ("crash", "void") else 1 - n / 100
        source.tell(*drafted(id, f"idea {n}"), *ran(id, metric))
        source.tell(judged(id, verdict, 1.0, "provisional" if verdict == "keep" else None))
        if verdict == "keep":
            source.tell(Advanced(id, f"b-{id}"))
    return source


def curve(*values: float, every: float = 10.0) -> Curve:
    steps = array("d", [every * n for n in range(len(values))])
    return Curve(steps, array("d", values), steps)


def history(source: Told, axis: str = "experiments") -> History:
    return Tries().history(source.state, axis, source.now)


def picture(found: History, state: State | None = None) -> Picture:
    return Drawing().picture(found, lambda: state or State())


# --- what was tried --------------------------------------------------------------------------------------------------


def test_every_try_has_its_mark_and_the_best_so_far_only_gets_better() -> None:
    found = history(campaign())
    assert [(t.id, t.x, t.kind) for t in found.tries] == [
        ("e0", 0.0, "keep"), ("e1", 1.0, "keep"), ("e2", 2.0, "discard"), ("e3", 3.0, "crash"), ("e4", 4.0, "keep"),
        ("e5", 5.0, "invalid"),
    ]  # fmt: skip
    assert [t.value for t in found.tries] == [1.0, 0.99, 0.98, None, 0.96, None]
    assert found.best == [[(0.0, 1.0), (1.0, 0.99), (4.0, 0.96)]]


def test_a_revoked_keep_is_shown_so_and_is_not_the_best() -> None:
    source = campaign()
    source.tell(StandingChanged(["e4"], "revoked", "failed"))
    found = history(source)
    assert next(t.kind for t in found.tries if t.id == "e4") == "revoked"
    assert found.best[-1][-1] == (1.0, 0.99)


def test_what_was_given_up_early_is_no_discard_with_a_value() -> None:
    source = campaign()
    source.tell(*drafted("e7", "slow"), *ran("e7", None), judged("e7", "discard"))
    assert history(source).tries[-1][3:] == (None, "behind")


def test_a_running_one_is_marked_until_it_is_judged() -> None:
    source = campaign()
    source.tell(*drafted("e7", "next"), RunStarted("e7", 1, "select", 0, "c", 1))
    assert history(source).tries[-1] == Try("e7", 1, 7.0, None, "running")
    source.tell(*drafted("e8", "only a draft"))
    assert [t.id for t in history(source).tries][-1] == "e7"


def test_time_and_cost_are_axes_too() -> None:
    source = campaign()
    assert [t.x for t in history(source, "time").tries] == [0.0, 600.0, 1200.0, 1800.0, 2400.0, 3000.0]
    assert [t.x for t in history(source, "USD").tries] == sorted(t.x for t in history(source, "USD").tries)
    words = picture(history(source, "time"), source.state).words
    assert words([0.0, 20.0, 40.0]) == ["0m", "20m", "40m"]
    assert picture(history(source, "USD"), source.state).words([0.5, 1.0]) == ["$0.5", "$1.0"]


def test_a_new_epoch_begins_at_a_line_with_a_best_of_its_own() -> None:
    source = campaign()
    source.tell(opened(2))
    source.tell(RunStarted("e0", 2, "baseline", 1, "c-e0", 2))
    source.tell(RunEnded("e0", 2, "exit", 0, 60.0, 0.0, 60.0, metric=1.2))
    found = history(source)
    assert found.began == [6.5]
    assert found.best == [[(0.0, 1.0), (1.0, 0.99), (4.0, 0.96)], [(6.5, 1.2)]]
    assert found.tries[-1] == Try("e0", 2, 6.5, 1.2, "keep")


def test_an_epoch_that_measured_something_else_is_left_out() -> None:
    source = campaign()
    source.tell(opened(2, "maximize"))
    assert history(source).tries == []
    source.tell(RunStarted("e0", 2, "baseline", 1, "c-e0", 2))
    assert history(source).tries == []


TOLD = st.lists(
    st.tuples(
        st.sampled_from(["draft", "start", "end", "judge", "void", "standing", "baseline", "epoch", "pause"]),
        st.integers(0, 9),
        st.floats(0.1, 5).map(lambda value: round(value, 2)),
        st.sampled_from(["keep", "discard", "crash", "invalid"]),
    ),
    max_size=40,
)


@given(TOLD)
@example(
    [("judge", 0, 0.9, "keep"), ("epoch", 0, 1.0, "keep"), ("baseline", 0, 1.2, "keep"), ("draft", 0, 1.0, "keep")]
)
def test_what_is_brought_up_to_date_is_the_same_as_what_is_made_anew(
    told: list[tuple[str, int, float, str]],
) -> None:
    source = Told(begun())
    kept = {axis: (Tries(), Drawing()) for axis in AXES}
    for axis, (made, _) in kept.items():
        made.history(source.state, axis, source.now)
    view = View(30, 8, Window(2.0, 40.0, 0.5, 1.5), False)
    for step in told:
        before = source.state
        source.now += 7.0
        change = source.tell(*facts_of(source.state, *step))
        ids = touched(change.events, before, source.state)
        for axis, (made, drawing) in kept.items():
            found = made.history(source.state, axis, source.now, ids)
            anew = history(source, axis)
            assert found[:6] == anew[:6]
            assert [made.place(t.id) for t in anew.tries if t.id != "e0"] == [
                n for n, t in enumerate(anew.tries) if t.id != "e0"
            ]
            drawn_now, expected = drawing.picture(found, State), picture(anew)
            assert drawn_now.scale(*expected.whole, False) == expected.scale(*expected.whole, False)
            for one, other in zip(drawn_now.traces, expected.traces, strict=True):
                assert (one.name, one.points.x, one.points.y) == (other.name, other.points.x, other.points.y)
                if isinstance(one.points, Scattered) and isinstance(other.points, Scattered):
                    assert one.points.spots(view) == other.points.spots(view)


def facts_of(state: State, what: str, which: int, value: float, verdict: str) -> list[Fact]:
    """Facts that go on from a state, about one of the experiments that they can be about."""
    drafts = [e.id for e in state.children() if not e.verdict and not e.runs]
    runs = [name.partition("/")[0] for name in state.running]
    kept = [e.id for e in state.children() if e.verdict == "keep"]
    epoch = state.epochs[-1].number
    if what == "draft" or (what in ("start", "judge", "void") and not drafts) or (what == "end" and not runs):
        return [*drafted(state.next_id, "idea"), Spent(value, 10, "model", state.next_id)]
    if what == "start":
        return [RunStarted(drafts[which % len(drafts)], 1, "select", 0, "c", epoch)]
    if what == "end":
        id = runs[which % len(runs)]
        return [RunEnded(id, 1, "exit", 0, 60.0, value, 60.0, metric=value), judged(id, verdict, 1.0)]
    if what in ("judge", "void"):
        id = drafts[which % len(drafts)]
        return [*ran(id, value), judged(id, verdict if what == "judge" else "void", 1.0)]
    if what == "standing" and kept:
        return [StandingChanged([kept[which % len(kept)]], ("confirmed", "revoked")[which % 2], "")]
    if what == "baseline":
        n = len(state.experiments["e0"].runs) + 1
        begun_run = RunStarted("e0", n, "baseline", 0, "c-e0", epoch)
        return [begun_run, RunEnded("e0", n, "exit", 0, 9.0, 0.0, 9.0, metric=value)]
    return [opened(epoch + 1, "maximize" if which == 9 else "minimize")] if what == "epoch" else [Paused("person")]


def test_what_one_try_more_costs_does_not_depend_on_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    source, made = campaign(), Tries()
    made.history(source.state, "experiments", source.now)
    looked: list[str] = []
    monkeypatch.setattr("praxtui.tui.panes.metrics_tries.mean_metric", lambda e: looked.append(e.id))
    made.history(source.state, "experiments", source.now, ["e4"])
    assert looked == ["e4"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(-1e6, 1e6))
def test_the_spread_is_the_middle_one_of_the_distances(values: list[float], middle: float) -> None:
    distances = sorted(abs(value - middle) for value in values)
    assert spread(sorted(values), middle) == distances[len(values) // 2]


def tries(*values: float | None, kept: Iterable[int] = (0,)) -> History:
    found = [
        Try(f"e{n}", 1, float(n), v, "keep" if n in kept else "discard" if v else "crash") for n, v in enumerate(values)
    ]
    return History("experiments", found, [[(0.0, values[0] or 0.0)]], [], len(values) - 1.0)


def test_a_try_that_went_astray_does_not_flatten_the_picture() -> None:
    found = tries(1.0, 0.99, 0.98, 1.01, 54.0, 0.97, 1e9, kept=(0, 1, 2, 5))
    bounds = picture(found).scale(0, 6, False)
    assert bounds is not None
    assert 0.9 < bounds[0] < 0.97
    assert 1.01 < bounds[1] < 1.1
    lines = drawn(_chart(found), 60, 12)
    assert "".join(text for text, _ in lines[-1]).endswith("2 off scale")


def _chart(found: History) -> Chart:
    made = picture(found)
    bounds = made.scale(*made.whole, False)
    assert bounds is not None
    return Chart(made.traces, Window(*made.whole, *bounds), notes=made.notes)


@given(st.lists(st.none() | st.floats(-1e6, 1e6).filter(lambda v: v != 0), min_size=1, max_size=40), st.data())
def test_all_that_was_kept_is_always_on_the_scale(values: list[float | None], data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.integers(0, len(values) - 1)))
    bounds = picture(tries(*values, kept=kept)).scale(0, len(values), False)
    there = [value for n, value in enumerate(values) if value is not None and n in kept]
    if bounds is None:
        assert not any(value is not None for value in values)
    else:
        assert bounds[0] < bounds[1]
        assert all(bounds[0] <= value <= bounds[1] for value in there)


def test_what_has_no_value_stands_below_everything_that_has_one() -> None:
    lines = drawn(_chart(tries(1.0, None, 0.9, 0.95, kept=(0, 2))), 50, 12)
    text = ["".join(cell for cell, _ in row) for row in lines]
    assert "\N{MULTIPLICATION SIGN}" in text[10]
    assert "●" not in text[10]


def test_what_the_cursor_reads_is_said_in_words() -> None:
    source = campaign()
    read = picture(history(source), source.state).reading
    assert [read(n) for n in (0, 1, 3)] == [
        "e0  baseline  1.0000", "e1  keep provisional  0.9900  +1.0 sd  idea 1", "e3  crash  +1.0 sd  idea 3",
    ]  # fmt: skip


# --- the run ---------------------------------------------------------------------------------------------------------


def live(**series: list[float]) -> Live:
    points = {name: Points([10.0 * n for n in range(len(values))], values) for name, values in series.items()}
    rivals = {"loss": Points([0, 10, 20, 30], [4.0, 3.5, 3.25, 3.125])}
    return Live("e47", 1, points, "e45", rivals, main_series(points, None, "loss"))


def said(row: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in row)


def test_the_head_names_both_runs_at_the_same_step() -> None:
    found = live(loss=[4.0, 3.4, 3.2])
    assert said(head(found, 60)).startswith("loss 3.2000 e47 ")
    assert said(head(found, 60)).endswith(" e45 3.2500 at this step")
    assert said(head(found, 32)).endswith(" e45 3.2500")
    assert said(head(found, 16)) == "loss 3.2000 e47"
    assert said(head(found, 60, focused=True)).startswith("▸ loss")
    assert large(found).reading(1) == "step 10  loss 3.4000  e45 3.5000"


def test_the_series_drawn_large_is_the_chosen_one_else_that_of_the_program() -> None:
    assert main_series({"lr": 0, "loss": 0}, None, "loss") == "loss"
    assert main_series({"lr": 0, "loss": 0}, "lr", "loss") == "lr"
    assert main_series({"lr": 0, "loss": 0}, "gone", None) == "lr"
    assert main_series({}, None, "loss") == ""


def test_the_first_steps_do_not_set_the_scale_until_one_looks_at_them() -> None:
    found = large(live(loss=[100.0, *[3.0 + n % 7 / 10 for n in range(99)]]))
    whole = found.scale(0, 990, False)
    begin = found.scale(0, 50, False)
    assert whole is not None
    assert begin is not None
    assert whole[1] < 5 < 100 < begin[1]


@given(st.lists(st.floats(-1e9, 1e9) | st.just(math.nan), max_size=80), st.integers(0, 60))
def test_a_series_in_a_line_fits_its_columns(values: list[float], columns: int) -> None:
    row = small("tokens_per_second", Points(range(len(values)), values), columns, "series-3")
    assert sum(width(text) for text, _ in row) <= columns


def test_values_are_short_and_have_their_unit() -> None:
    assert [short(v) for v in (412_345.0, 1290.0, 3.2141, 1.5e9, math.nan)] == [
        "412k",
        "1290",
        "3.2141",
        "1500M",
        "nan",
    ]
    assert shown("mfu_percent", 51.23) == "51.2%"
    assert said(small("mfu_percent", Points([0], [51.23]), 16, "series-3")) == "mfu        51.2%"


def test_the_rival_is_the_run_that_the_incumbent_was_judged_by() -> None:
    source = campaign()
    source.tell(RunStarted("e4", 2, "audit", 5, "c-e4", 1))
    assert rival(source.state, "e7") == ("e4", 1)
    assert rival(source.state, "e4") is None
    assert rival(State(), "e1") is None


def test_points_are_made_again_only_where_the_curve_changed() -> None:
    kept = Kept()
    first = kept.points("e1", 1, {"loss": curve(1, 2), "lr": curve(1, 1)})
    again = kept.points("e1", 1, {"loss": curve(1, 2, 3), "lr": curve(1, 1)})
    assert again["lr"] is first["lr"]
    assert len(again["loss"]) == 3
    kept.points("e2", 1, {"loss": curve(5)})
    assert kept.points("e1", 1, {"lr": curve(1, 1)})["lr"] is first["lr"]


# --- the room --------------------------------------------------------------------------------------------------------


@given(
    st.integers(0, 200), st.integers(0, 60), st.integers(0, 12), st.integers(0, 8), st.booleans(), st.booleans()
)  # fmt: skip
def test_the_parts_never_need_more_rows_than_there_are(
    columns: int, rows: int, series: int, gpus: int, is_large: bool, run_first: bool
) -> None:
    found = shape(columns, rows, series=series if is_large else 0, gpus=gpus, large=is_large, run_first=run_first)
    assert found.best + found.head + found.curve + found.series + found.gpus <= max(found.rows, 0)
    assert found.columns <= columns
    assert found.rows <= rows
    assert found.how != "beside" or columns - found.columns >= 30
    if is_large and found.rows > 3:
        assert found.head
        assert found.curve


def test_there_is_a_layout_for_every_room() -> None:
    said = {
        size: shape(*size, series=3, gpus=1, large=True) for size in ((116, 11), (82, 18), (70, 18), (58, 10), (36, 6))
    }
    assert [found.how for found in said.values()] == ["beside", "beside", "below", "history", "history"]
    assert said[116, 11][3:] == (True, True, 5, 3, 1)
    assert shape(58, 10, series=3, gpus=1, large=True, run_first=True).how == "run"
    assert shape(116, 11, series=0, gpus=0, large=False).how == "history"


def test_the_border_says_what_is_measured_and_how_far_it_has_come() -> None:
    source = campaign()
    assert heading(source.state, 90, best_below=False) == "val_bpb, lower is better   best 0.9600 observed"
    source.tell(Claimed(1, "e4", 0.9697, 0.0271, 0.0265, 0.0277))
    assert heading(source.state, 90, best_below=False) == (
        "val_bpb, lower is better   best 0.9697   claimed +0.0271 ±.0006"
    )
    assert heading(source.state, 30, best_below=False) == "val_bpb ↓   best 0.9697"
    assert heading(source.state, 90, best_below=True) == "val_bpb, lower is better"
    assert best_line(source.state, 40) == "    best 0.9697   claimed +0.0271 ±.0006"
    assert best_line(source.state, 20) == "         best 0.9697"
    assert heading(State(), 90, best_below=False) == ""


# --- GPUs ------------------------------------------------------------------------------------------------------------

H100 = Reading(0, "NVIDIA H100 80GB HBM3", 0.97, 61 * GB, 80 * GB, 642.0)


def test_a_gpu_has_a_line_with_its_history() -> None:
    busy = Busy()
    for _ in range(4):
        busy.add([H100])
    assert said(line(H100, busy, 44)).startswith("gpu 0    97%  61/80 GB   642 W")
    assert said(line(H100, busy, 44)).endswith("⠉⠉")
    assert said(line(H100, busy, 20)) == "gpu 0    97%"


class Machine(Gpus):
    """A machine whose GPUs a test makes up."""

    def __init__(self, *answers: tuple[Reading, ...]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked = 0

    def readings(self) -> tuple[Reading, ...]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


# --- the pane --------------------------------------------------------------------------------------------------------


class Alone(App[None]):
    """The pane alone on the screen."""

    def __init__(self, source: Told | LiveSource | Replay, machine: Gpus | None = None) -> None:
        super().__init__()
        self.source = source
        self.pane = MetricsPane(2)
        self.pane.gpus._gpus = machine or Machine(())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.show(self.source, ANEW)
        self.screen.set_focus(self.pane.tries)

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())

    def tell(self, change: Change) -> None:
        self.pane.show(self.source, change)


def running_campaign() -> Told:
    source = campaign()
    source.tell(*drafted("e7", "next"), RunStarted("e7", 1, "select", 0, "c", 1))
    source.series = {"loss": curve(5, 4, 3.5, 3.25), "tok/s": curve(4e5, 4.1e5, 4.12e5, 4.12e5)}
    return source


async def test_a_wide_pane_has_the_run_beside_the_tries() -> None:
    app = Alone(running_campaign())
    async with app.run_test(size=(120, 15)) as pilot:
        await pilot.pause()
        text = app.text()
        assert "2 metrics  val_bpb, lower is better" in text
        assert "best 0.9600 observed" in text
        assert all(mark in text for mark in ("●", "·", "\N{MULTIPLICATION SIGN}", "!", "◆"))
        assert "loss 3.2500 e7" in text
        assert "e4 3.2500 at this step" in text
        assert "tok/s       412k" in text


async def test_a_low_pane_shows_one_of_both_and_names_the_key_of_the_other() -> None:
    app = Alone(running_campaign())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert "j curve of e7" in app.text()
        assert "loss" not in app.text()
        await pilot.press("j")
        await pilot.pause()
        assert "k best so far" in app.text()
        assert "▸ loss 3.2500 e7" in app.text()
        await pilot.press("k")
        await pilot.pause()
        assert "loss" not in app.text()
        await pilot.resize_terminal(120, 20)
        await pilot.pause()
        assert "loss 3.2500 e7" in app.text()
        assert "curve of e7" not in app.text()


async def test_keys_go_to_the_plot_that_has_the_focus() -> None:
    app = Alone(running_campaign())
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        await pilot.press("i", "left", "left")
        await pilot.pause()
        assert "e4  keep provisional  0.9600  +1.0 sd  idea 4" in app.text()
        await pilot.press("i", "plus", "plus")
        await pilot.pause()
        assert "4x" in app.text()
        await pilot.press("minus", "minus", "j", "i", "home", "l")
        await pilot.pause()
        assert "step 0  loss 5  e4 5" in app.text()
        assert "4x" not in app.text()


async def test_the_axis_changes_what_the_tries_stand_over() -> None:
    app = Alone(running_campaign())
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        assert "e0" in app.text()
        await pilot.press("x")
        await pilot.pause()
        assert "20m" in app.text()
        await pilot.press("x")
        await pilot.pause()
        assert "$" in app.text()


async def test_series_are_chosen_from_a_list() -> None:
    source = running_campaign()
    source.series["[red]x"] = curve(1, 2)
    app = Alone(source)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        assert "tok/s       412k" in app.text()
        await pilot.press("s")
        await pilot.pause()
        assert "[red]x" in app.text()
        assert "loss  (large)" in app.text()
        await pilot.press("j", "j", "space", "escape")
        await pilot.pause()
        assert not app.pane.chooser.display
        assert "412k" not in app.text()
        assert app.pane.plot is app.pane.tries
        await pilot.press("s", "down", "down", "enter")
        await pilot.pause()
        assert "tok/s 412k e7" in app.text()


async def test_new_values_are_drawn_as_they_come() -> None:
    source = running_campaign()
    app = Alone(source)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        source.series = {"loss": curve(5, 4, 3.5, 3.25, 3.125)}
        app.tell(Change(ticked=True))
        await pilot.pause()
        assert "loss 3.1250 e7" in app.text()
        app.tell(source.tell(*list(ran("e7", 0.95))[1:], judged("e7", "keep", 2.0, "provisional"), Advanced("e7", "b")))
        await pilot.pause()
        assert "best 0.9500 observed" in app.text()


async def test_a_linked_cursor_stands_on_an_experiment() -> None:
    app = Alone(running_campaign())
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        app.pane.point("e2")
        assert app.pane.tries.cursor == 2.0
        app.pane.point(None)
        assert app.pane.tries.cursor is None


async def test_an_empty_pane_says_what_will_appear(tmp_path: Path) -> None:
    app = Alone(LiveSource(empty(tmp_path)))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        assert "Every experiment will have a mark" in app.text()
        assert "5 shows what" in app.text()
        await pilot.press("i", "plus", "left", "s", "l", "x", "j", "k", "g")
        await pilot.pause()
        assert "Every experiment will have a mark" in app.text()


async def test_the_gpus_are_read_while_the_engine_lives_and_the_pane_is_seen() -> None:
    source, machine = running_campaign(), Machine((H100,))
    source.engine = Engine(1, True)  # type: ignore[assignment]
    app = Alone(source, machine)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        app.pane.gpus._tick()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "gpu 0    97%  61/80 GB   642 W" in app.text()
        app.pane.display = False
        await pilot.pause()
        asked = machine.asked
        app.pane.gpus._tick()
        await app.workers.wait_for_complete()
        assert machine.asked == asked
        app.pane.display = True
        source.engine = None
        app.tell(Change(ticked=True))
        await pilot.pause()
        assert "gpu" not in app.text()
        assert app.pane.gpus._timer is None


async def test_a_machine_without_a_gpu_is_asked_once() -> None:
    source, machine = running_campaign(), Machine(())
    source.engine = Engine(1, True)  # type: ignore[assignment]
    app = Alone(source, machine)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        app.pane.gpus._tick()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.pane.gpus._timer is None
        app.tell(Change(ticked=True))
        await app.workers.wait_for_complete()
        assert machine.asked == 1
        assert isinstance(app.pane.gpus, GpuRows)


async def test_a_replay_shows_what_there_was_at_its_moment(tmp_path: Path) -> None:
    source = Replay(recorded(tmp_path, 12))
    source.seek_experiment("e6")
    source.advance()
    app = Alone(source)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.pause()
        ids = {found.id for found in app.pane._found.tries}
        assert "e5" in ids
        assert "e8" not in ids
        assert "gpu" not in app.text()


@pytest.mark.parametrize("size", [(20, 5), (40, 8), (1, 1), (200, 60)])
async def test_a_pane_of_any_size_can_be_used(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = recorded(tmp_path, 8, live=True)
    app = Alone(LiveSource(folder, clock=lambda: last_moment(folder)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("i", "left", "j", "i", "left", "plus", "l", "x", "s", "escape", "k")
        await pilot.resize_terminal(2, 2)
        await pilot.resize_terminal(60, 16)
        await pilot.pause()
        assert "metrics" in app.text()
