"""Plots: points and their reduction, the braille canvas, axes, stretches, charts, and the widget."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.events import MouseScrollUp

from praxtui.journal.shown import width
from praxtui.tui.themes import variable_defaults
from praxtui.tui.widgets.axes import each, labels, log_ticks, spread, ticks
from praxtui.tui.widgets.braille import BLANK, Canvas, Trace, draw, shows_braille
from praxtui.tui.widgets.chart import Chart, drawn
from praxtui.tui.widgets.heights import Heights, Window
from praxtui.tui.widgets.plot import Picture, Plot
from praxtui.tui.widgets.points import FACTOR, Points, column_of
from praxtui.tui.widgets.stretch import CLOSEST, Stretch, followed, moved, reaching, zoomed

VALUES = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
SERIES = st.lists(VALUES, max_size=3 * FACTOR * FACTOR // 8) | st.lists(
    st.floats(-10, 10), min_size=2200, max_size=2300
)


def finite(values: list[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


# --- points ----------------------------------------------------------------------------------------------------------


@given(SERIES, st.data())
def test_the_span_of_any_stretch_is_that_of_its_finite_values(values: list[float], data: st.DataObject) -> None:
    points = Points(range(len(values)), values)
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    inside = finite(values[start:stop])
    assert points.span(start, stop) == ((min(inside), max(inside)) if inside else None)


def test_the_ends_of_a_stretch_count_as_much_as_its_middle() -> None:
    rising = Points(range(2200), range(2200))
    falling = Points(range(2200), range(2200, 0, -1))
    for start, stop in ((0, 2200), (5, 2190), (33, 2111), (64, 1089)):
        assert rising.span(start, stop) == (start, stop - 1)
        assert falling.span(start, stop) == (2201 - stop, 2200 - start)


@given(st.lists(st.lists(VALUES, max_size=90), max_size=30))
def test_points_added_in_parts_are_the_same_as_at_once(parts: list[list[float]]) -> None:
    whole = [value for part in parts for value in part]
    grown = Points()
    for part in parts:
        grown.extend(range(len(grown), len(grown) + len(part)), part)
    once = Points(range(len(whole)), whole)
    assert (grown._lows, grown._highs, grown.ordered) == (once._lows, once._highs, once.ordered)
    assert list(map(repr, grown.y)) == list(map(repr, once.y))


@given(SERIES, st.floats(0, 1), st.floats(0, 1), st.integers(1, 60))
def test_every_point_in_the_window_is_within_the_span_of_its_column(
    values: list[float], one: float, other: float, count: int
) -> None:
    left, right = sorted((one * len(values), other * len(values)))
    found = {column.at: column for column in Points(range(len(values)), values).columns(left, right, count)}
    for x, value in enumerate(values):
        if left <= x <= right and math.isfinite(value):
            column = found[column_of(x, left, right, count)]
            assert 0 <= column.at < count
            assert column.low <= value <= column.high
    assert list(found) == sorted(found)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=60), st.integers(1, 20))
def test_points_in_no_order_have_the_same_columns_however_they_are_found(
    pairs: list[tuple[float, float]], count: int
) -> None:
    pairs.sort(key=lambda pair: pair[0] if not math.isnan(pair[0]) else 0.0)
    points = Points([x for x, _ in pairs], [y for _, y in pairs])
    spans: dict[int, tuple[float, float]] = {}
    for column in points.columns(-5e5, 5e5, count):
        if 0 <= column.at < count and column.low <= column.high:
            low, high = spans.get(column.at, (math.inf, -math.inf))
            spans[column.at] = (min(low, column.low), max(high, column.high))
    expected: dict[int, list[float]] = {}
    for x, y in pairs:
        if -5e5 <= x <= 5e5 and math.isfinite(y):
            expected.setdefault(column_of(x, -5e5, 5e5, count), []).append(y)
    assert spans == {at: (min(ys), max(ys)) for at, ys in expected.items()}


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.lists(st.floats(-2e9, 2e9), min_size=2), st.integers(1, 500))
def test_columns_rise_with_x_and_only_the_window_is_on_the_canvas(
    left: float, wide: float, xs: list[float], count: int
) -> None:
    right = left + wide
    xs.sort()
    columns = [column_of(x, left, right, count) for x in xs]
    assert columns == sorted(columns)
    for x, column in zip(xs, columns, strict=True):
        assert (0 <= column < count) == (left <= x <= right)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50), st.floats(-120, 120))
def test_the_nearest_point_is_the_nearest(xs: list[float], x: float) -> None:
    xs.sort()
    place = Points(xs, xs).nearest(x)
    assert place is not None
    assert abs(xs[place] - x) == min(abs(found - x) for found in xs)
    assert Points().nearest(x) is None


# --- the canvas ------------------------------------------------------------------------------------------------------


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    """(x, y) of every dot that is set, y downwards."""
    bits = {(0, 0): 1, (0, 1): 2, (0, 2): 4, (1, 0): 8, (1, 1): 16, (1, 2): 32, (0, 3): 64, (1, 3): 128}
    return {
        (2 * column + x, 4 * row + y)
        for row, cells in enumerate(canvas.lines())
        for column, char in enumerate("".join(text for text, _ in cells))
        for (x, y), bit in bits.items()
        if char != " " and (ord(char) - BLANK) & bit
    }


def text(canvas: Canvas) -> list[str]:
    return ["".join(char for char, _ in line) for line in canvas.lines()]


@given(
    st.lists(VALUES, min_size=2, max_size=400), st.integers(1, 20), st.integers(1, 6), st.sampled_from(["line", "dots"])
)
def test_each_dot_column_shows_the_lowest_and_the_highest_of_its_values(
    values: list[float], columns: int, rows: int, kind: str
) -> None:
    inside = finite(values)
    if not inside or min(inside) == max(inside):
        return
    window = Window(0, len(values) - 1, min(inside), max(inside))
    canvas = Canvas(columns, rows)
    draw(canvas, Trace("", Points(range(len(values)), values), "best", kind), window)  # type: ignore[arg-type]
    found, heights = dots(canvas), Heights(rows, window.bottom, window.top)
    by_column: dict[int, list[float]] = {}
    for x, value in enumerate(values):
        if math.isfinite(value):
            by_column.setdefault(column_of(x, window.left, window.right, 2 * columns), []).append(value)
    for column, ys in by_column.items():
        assert (column, heights.row(min(ys))) in found
        assert (column, heights.row(max(ys))) in found


def test_a_spike_of_one_point_in_a_million_is_seen() -> None:
    values = [0.0] * 1_000_000
    values[777_777] = 1.0
    canvas = Canvas(40, 5)
    draw(canvas, Trace("", Points(range(1_000_000), values), "best"), Window(0, 999_999, 0, 1))
    assert {x for x, y in dots(canvas) if y == 0} == {math.floor(777_777 / 999_999 * 80)}


def test_a_line_has_no_holes_and_a_gap_is_one() -> None:
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([0, 7], [0, 7]), "best"), Window(0, 7, 0, 7))
    assert {(n, 7 - n) for n in range(8)} <= dots(canvas)
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([0, 1, 2, 6, 7], [0, 0, math.nan, 0, 0]), "best"), Window(0, 7, 0, 7))
    assert dots(canvas) == {(0, 7), (1, 7), (6, 7), (7, 7)}


def test_a_line_comes_in_from_points_outside_of_the_window() -> None:
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([-100, 100], [3, 3]), "best"), Window(0, 7, 0, 7))
    assert dots(canvas) == {(x, 4) for x in range(8)}
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([-8, 0, 100], [3, 7, 7]), "best", "step"), Window(-4, 3, 0, 7))
    assert dots(canvas) >= {(x, 4) for x in range(4)} | {(x, 0) for x in range(5, 8)}


def test_a_line_leaves_the_window_where_its_values_do() -> None:
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([0, 4, 7], [1, 1e300, 1]), "best"), Window(0, 7, 0, 7))
    assert {y for x, y in dots(canvas) if x == 4} == set()
    assert (0, 6) in dots(canvas)


def test_steps_hold_a_value_until_the_next() -> None:
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([0, 4, 7], [0, 7, 7]), "best", "step"), Window(0, 7, 0, 7))
    assert dots(canvas) == {(x, 7) for x in range(4)} | {(4, y) for y in range(8)} | {(x, 0) for x in range(5, 8)}


def test_a_cell_belongs_to_the_series_on_top() -> None:
    canvas = Canvas(1, 1)
    window = Window(0, 1, 0, 3)
    draw(canvas, Trace("", Points([0, 1], [3, 3]), "series-2"), window)
    draw(canvas, Trace("", Points([0], [0]), "series-1"), window)
    assert canvas.lines() == [[(chr(BLANK + 0x40), "series-1")]]


def test_marks_off_the_scale_are_arrows_and_counted_and_one_without_a_value_stands_at_the_bottom() -> None:
    canvas = Canvas(10, 3)
    ys = [9.0, -9.0, 1.5, -math.inf, math.nan]
    off = draw(canvas, Trace("", Points([0, 2, 4, 6, 8], ys), "discard", "marks", "●"), Window(0, 10, 0, 3))
    assert off == 2
    assert text(canvas) == ["▴         ", "    ●     ", "  ▾   ●   "]


def test_on_a_logarithmic_scale_what_is_not_positive_is_far_down() -> None:
    canvas = Canvas(4, 2)
    draw(canvas, Trace("", Points([0, 2, 4, 7], [1, 10, 0, 100]), "best", "dots"), Window(0, 7, 1, 100), log=True)
    assert dots(canvas) == {(0, 7), (2, 4), (7, 0)}


def test_without_braille_it_is_drawn_with_plain_characters() -> None:
    canvas = Canvas(8, 2, ascii=True)
    draw(canvas, Trace("", Points([0, 7, 8, 15], [0, 0, 7, 7]), "best"), Window(0, 15, 0, 7))
    canvas.put(6, 1, "●", "keep")
    assert "".join(text(canvas)).isascii()
    assert text(canvas)[1].startswith("___")
    assert text(canvas)[1][6] == "*"
    assert not shows_braille("ascii", "xterm")
    assert not shows_braille("iso8859-1", "xterm")
    assert not shows_braille("utf-8", "linux")
    assert shows_braille("utf-8", "tmux-256color")


# --- axes ------------------------------------------------------------------------------------------------------------

ENDS = st.floats(-1e15, 1e15) | st.floats(-1, 1)


@given(ENDS, ENDS, st.integers(2, 20))
@example(0.9651, 0.9985, 4)
def test_ticks_are_few_and_in_the_range_and_round(one: float, other: float, most: int) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high, most)
    slack = 1e-8 * (high - low) + 1e-12 * max(abs(low), abs(high))
    assert len(found) <= most
    assert all(low - slack <= tick <= high + slack for tick in found)
    assert found == sorted(set(found))
    if high - low > 1e-9 * max(1e-290, abs(low), abs(high)) and most >= 3:
        # No stretch of the range is far from a tick.
        apart = 5.1 * (high - low) / most
        assert found
        assert found[0] - low <= apart
        assert high - found[-1] <= apart


@given(ENDS, ENDS, st.integers(2, 20))
def test_labels_tell_ticks_apart(one: float, other: float, most: int) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high, most)
    assert len(set(labels(found))) == len(found)


def test_labels_are_short() -> None:
    assert labels([0.975, 0.98, 0.985]) == [".975", ".980", ".985"]
    assert labels([-0.5, 0.0, 0.5]) == ["-.5", "0", ".5"]
    assert labels([0.0, 10.0, 20.0]) == ["0", "10", "20"]
    assert labels([400_000.0, 410_000.0]) == ["400k", "410k"]
    assert labels([0.99, 1.0, 1.01]) == [".99", "1.00", "1.01"]
    assert labels([0.98]) == [".98"]
    assert labels([]) == []


@given(st.floats(1e-12, 1e12), st.floats(1, 1e9), st.integers(1, 12))
def test_ticks_of_a_logarithmic_axis_are_few_and_in_the_range(low: float, times: float, most: int) -> None:
    found = log_ticks(low, low * times, most)
    assert len(found) <= most
    assert all(low * (1 - 1e-9) <= tick <= low * times * (1 + 1e-9) for tick in found)
    assert len(set(each(found))) == len(found) or times < 10


def test_a_logarithmic_axis_has_powers_of_ten() -> None:
    assert each(log_ticks(0.001, 200, 8)) == [".001", ".01", ".1", "1", "10", "100"]
    assert each(log_ticks(3, 300, 8)) == ["5", "10", "20", "50", "100", "200"]
    assert each([20_000.0, 1e-12]) == ["20k", "1e-12"]


@given(st.lists(st.tuples(st.integers(0, 50), st.text("ab", min_size=1, max_size=5)), max_size=8), st.integers(0, 40))
def test_words_below_an_axis_never_touch(words: list[tuple[int, str]], columns: int) -> None:
    line = spread(words, columns)
    assert len(line) <= columns
    assert all(part in {word for _, word in words} for part in line.split())


# --- stretches -------------------------------------------------------------------------------------------------------

WHOLES = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda pair: Stretch(pair[0], pair[0] + pair[1]))
MOVES = st.lists(
    st.tuples(st.just("zoom"), st.sampled_from([2.0, 0.5, 1000.0, 0.001]), st.none() | st.floats(0, 1))
    | st.tuples(st.just("move"), st.floats(-2, 2), st.none())
    | st.tuples(st.just("reach"), st.floats(0, 1), st.none()),
    max_size=30,
)


@given(WHOLES, MOVES)
def test_whatever_one_does_what_is_shown_is_a_part_of_the_whole(
    whole: Stretch, moves: list[tuple[str, float, float | None]]
) -> None:
    shown = whole
    for kind, by, share in moves:
        if kind == "zoom":
            shown = zoomed(shown, whole, by, None if share is None else shown.left + share * shown.width)
        elif kind == "move":
            shown = moved(shown, whole, by)
        else:
            shown = reaching(shown, whole, whole.left + by * whole.width)
        slack = 1e-9 * max(1.0, abs(whole.left), abs(whole.right))
        assert whole.left <= shown.left <= shown.right <= whole.right
        assert shown.width >= whole.width / CLOSEST - slack


def test_zooming_keeps_what_is_under_the_cursor_where_it_is() -> None:
    whole = Stretch(0, 100)
    assert zoomed(Stretch(20, 60), whole, 2, 30) == Stretch(25, 45)
    assert zoomed(whole, whole, 2) == Stretch(50, 100)
    assert zoomed(Stretch(20, 60), whole, 2) == Stretch(30, 50)
    assert zoomed(Stretch(90, 100), whole, 0.01) == whole


def test_the_end_stays_in_sight_while_it_grows() -> None:
    assert followed(Stretch(80, 100), Stretch(0, 100), Stretch(0, 110)) == Stretch(90, 110)
    assert followed(Stretch(20, 40), Stretch(0, 100), Stretch(0, 110)) == Stretch(20, 40)
    assert followed(Stretch(80, 100), Stretch(0, 100), Stretch(0, 50)) == Stretch(30, 50)


# --- charts ----------------------------------------------------------------------------------------------------------


def chart(**more: object) -> Chart:
    points = Points(range(48), [0.998 - n * 0.0006 for n in range(48)])
    made = Chart([Trace("best", points, "best", "step")], Window(0, 47, 0.965, 0.999), whole=True)
    return made._replace(**more)  # type: ignore[arg-type]


@given(st.integers(-1, 90), st.integers(-1, 30), st.booleans(), st.booleans())
def test_a_chart_fits_any_size(columns: int, rows: int, log: bool, read: bool) -> None:
    made = chart(
        log=log, reading="e12  keep" if read else "", cursor=12.0, bars=[20.5], rules=[0.97, 0.98], notes=["log"]
    )
    lines = drawn(made, columns, rows)
    assert len(lines) == max(0, rows)
    assert all(sum(width(text) for text, _ in line) <= max(0, columns) for line in lines)


def lines_of(made: Chart, columns: int, rows: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in drawn(made, columns, rows, ascii=True)]


def test_a_chart_has_words_left_and_below() -> None:
    lines = lines_of(chart(words=lambda found: [f"e{x:.0f}" for x in found]), 60, 12)
    assert [line[:4] for line in lines if line[:1] == "."] == [".99 ", ".98 ", ".97 "]
    assert lines[-1].split() == ["e0", "e10", "e20", "e30", "e40"]


def test_what_is_off_the_scale_is_said() -> None:
    marks = Trace("tries", Points([3, 9], [2.0, 0.1]), "discard", "marks")
    assert lines_of(chart(traces=[marks], notes=["log", "{off} off scale"]), 60, 12)[-1].endswith("log  2 off scale")
    assert "off" not in lines_of(chart(notes=["{off} off scale"]), 60, 12)[-1]


def test_rules_that_would_touch_are_left_out() -> None:
    styles = [
        {style for line in drawn(chart(traces=[], rules=[0.98 - d, 0.98 + d]), 60, 12) for _, style in line}
        for d in (0.0005, 0.005)
    ]
    assert ["rule" in found for found in styles] == [False, True]


# --- the widget ------------------------------------------------------------------------------------------------------


class Alone(App[None]):
    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.plot = Plot(ascii=False)
        self.picture = picture
        self.read: list[int | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.plot

    def on_mount(self) -> None:
        self.plot.show(self.picture)

    def on_plot_read(self, event: Plot.Read) -> None:
        self.read.append(event.place)

    def text(self) -> str:
        return "\n".join(self.plot.render_line(y).text for y in range(self.plot.size.height))


def sample(count: int = 1000, traces: int = 1) -> Picture:
    points = Points(range(count), [math.sin(n / 50) for n in range(count)])
    return Picture(
        [Trace(f"{n}", points, f"series-{n + 1}") for n in range(traces)],
        Stretch(0, count - 1),
        lambda left, right, log: (-1.1, 1.1) if not log else (0.01, 1.1),
        points,
        lambda place: f"step {place}",
    )


async def test_zoom_pan_and_growth() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        whole = app.text()
        app.plot.zoom(4)
        assert app.plot.chart().window[:2] == (749.25, 999)  # type: ignore[union-attr]
        assert "4x" in app.text()
        app.plot.step(-1)
        left = app.plot.chart().window.left  # type: ignore[union-attr]
        assert left == pytest.approx(749.25 - 0.25 * 249.75)
        app.plot.go(end=True)
        app.plot.show(sample(1100))
        assert app.plot.chart().window.right == 1099  # type: ignore[union-attr]
        app.plot.zoom(0.001)
        app.plot.show(sample())
        assert app.text() == whole


async def test_the_cursor_goes_from_value_to_value_and_says_what_it_reads() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.plot.inspect()
        assert "step 999" in app.text()
        assert "│" in app.text()
        app.plot.step(-1)
        first = app.plot.place
        assert first is not None
        assert 960 < first < 999  # the next column, not the next of a thousand
        app.plot.go(end=False)
        assert "step 0" in app.text()
        app.plot.zoom(4)
        app.plot.go(end=True)
        assert app.plot.chart().window.right == 999  # type: ignore[union-attr]
        app.plot.inspect()
        await pilot.pause()
        assert app.read == [999, first, 0, 999, None]
        assert "step" not in app.text()


async def test_a_cursor_from_outside_is_drawn_without_a_reading() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.plot.cursor = 500.0
        assert "│" in app.text()
        assert "step" not in app.text()
        app.plot.cursor = None
        assert "│" not in app.text()


async def test_the_wheel_zooms_where_it_points_and_a_click_reads_off() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollUp], app.plot, offset=(30, 5))
        await pilot.pause()
        window = app.plot.chart().window  # type: ignore[union-attr]
        assert 0 < window.left < 400
        assert 600 < window.right < 999
        await pilot.click(app.plot, offset=(30, 5))
        await pilot.pause()
        place = app.plot.place
        assert place is not None
        assert abs(place - 480) < 30


async def test_another_picture_of_something_else_is_shown_whole() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.plot.zoom(8)
        app.plot.inspect()
        app.plot.anew()
        app.plot.show(sample(500))
        assert app.plot.chart().window[:2] == (0, 499)  # type: ignore[union-attr]
        assert app.plot.place is None
        app.plot.show(None)
        app.plot.zoom(2)
        app.plot.inspect()
        assert app.text().strip() == ""


async def test_only_rows_that_changed_are_drawn_again() -> None:
    app = Alone(sample())
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        drawn_rows: list[int] = []
        render = app.plot.render_line
        app.plot.render_line = lambda y: drawn_rows.append(y) or render(y)  # type: ignore[method-assign, func-returns-value]
        app.plot.draw()
        await pilot.pause()
        assert drawn_rows == []
        app.plot.show(sample()._replace(notes=["more"]))
        await pilot.pause()
        assert drawn_rows == [11]


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 5), (24, 4)])
async def test_a_plot_of_any_size_can_be_used(size: tuple[int, int]) -> None:
    app = Alone(sample(traces=3))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for act in (app.plot.inspect, app.plot.rescale, lambda: app.plot.step(-1), lambda: app.plot.zoom(2)):
            act()
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert any("\u2800" < c <= "\u28ff" for c in app.text())


def test_points_know_whether_they_are_in_order() -> None:
    assert Points([0, 1, 1, 2, 5], [0, 1, 2, 3, 4]).within(1, 2) == (1, 4)
    assert not Points([0, 2, 1], [0, 0, 0]).ordered
    assert not Points([0, math.nan, 1], [0, 0, 0]).ordered
    with pytest.raises(ValueError, match="2 x for 1 y"):
        Points([0, 1], [0])
