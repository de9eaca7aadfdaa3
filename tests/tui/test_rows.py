from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.strip import Strip

from praxtui.tui.widgets.columns import Cell, Column, Piece
from praxtui.tui.widgets.rows import Rows
from praxtui.tui.widgets.rows_model import Listed

COLUMNS = (Column("id", "id", 5), Column("text", "text", 8, 1, grows=True))


class Watched(Rows):
    """A table that tells which lines were drawn."""

    drawn: list[int]

    def render_line(self, y: int) -> Strip:
        self.drawn.append(y)
        return super().render_line(y)


class Table(App[None]):
    """A table alone on the screen."""

    def __init__(self, ids: Sequence[str], follows: bool = False, empty: str = "") -> None:
        super().__init__()
        self.rows = Watched(listed(ids), COLUMNS, follows=follows, empty=empty)
        self.rows.drawn = []
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.focus()
        self.rows.sync()

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        self.told.append(event)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        self.told.append(event)

    def on_rows_header_clicked(self, event: Rows.HeaderClicked) -> None:
        self.told.append(event)

    def lines(self) -> list[str]:
        return [self.rows.render_line(y).text.rstrip() for y in range(self.rows.size.height)]


def listed(ids: Sequence[str], text: str = "as it was") -> Listed:
    cells: list[Cell] = [Piece(text)]
    return Listed([(id, [id, *cells]) for id in ids])


def many(count: int, first: int = 0) -> list[str]:
    return [f"r{n}" for n in range(first, count)]


async def test_only_rows_in_sight_are_made() -> None:
    asked: list[int] = []

    class Counting(Listed):
        def cells(self, place: int) -> Sequence[Cell]:
            asked.append(place)
            return super().cells(place)

    app = Table([])
    app.rows.model = Counting(listed(many(5000)).rows)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert app.rows.cursor == "r4999"
    assert set(asked) <= {*range(10), *range(4990, 5000)}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("j j k", "r1"),
        ("down down up", "r1"),
        ("pagedown", "r9"),
        ("pagedown pageup", "r0"),
        ("G", "r99"),
        ("end home", "r0"),
        ("k", "r0"),
        ("G j", "r99"),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_in_sight(keys: str, expected: str) -> None:
    app = Table(many(100))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.rows.cursor == expected
        assert any(line.startswith(f"▸{expected} ") for line in app.lines())


async def test_the_cursor_stays_with_its_row_when_rows_come_and_go() -> None:
    app = Table(many(100, 20))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press(*"jjj")
        line = app.lines().index("▸r23    as it was")
        app.rows.use(listed(many(100)))
        await pilot.pause()
        assert app.rows.cursor == "r23"
        assert app.lines().index("▸r23    as it was") == line
        app.rows.use(listed(["r5", "r23"]))
        await pilot.pause()
        assert app.rows.cursor == "r23"
        app.rows.use(listed(["r5"]))
        await pilot.pause()
        assert app.rows.cursor == "r5"


async def test_following_rests_on_the_first_row_until_a_person_moves() -> None:
    app = Table(many(50, 10), follows=True)
    async with app.run_test(size=(40, 10)) as pilot:
        app.rows.use(listed(many(50, 9)))
        assert app.rows.cursor == "r9" and app.rows.following
        await pilot.press("j")
        app.rows.use(listed(many(50)))
        await pilot.pause()
        assert app.rows.cursor == "r10" and not app.rows.following
        await pilot.press("g")
        assert app.rows.cursor == "r0" and app.rows.following


async def test_who_scrolled_away_by_the_wheel_is_not_brought_back() -> None:
    app = Table(many(90, 10), follows=True)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.rows.scroll_to(y=20, animate=False)
        app.rows._wheeled()
        await pilot.pause()
        top = app.lines()[1]
        app.rows.use(listed(many(90)))
        await pilot.pause()
        assert app.lines()[1] == top


async def test_a_click_points_and_a_click_on_the_pointed_row_opens() -> None:
    app = Table(many(20))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("j")
        await pilot.click(Rows, offset=(4, 5))
        await pilot.pause()
        assert app.rows.cursor == "r4"
        assert not [told for told in app.told if isinstance(told, Rows.Opened)]
        await pilot.click(Rows, offset=(4, 5))
        await pilot.pause()
        assert [told.id for told in app.told if isinstance(told, Rows.Opened)] == ["r4"]


async def test_a_click_on_a_title_names_its_column() -> None:
    app = Table(many(20))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(Rows, offset=(9, 0))
        await pilot.pause()
        assert [told.key for told in app.told if isinstance(told, Rows.HeaderClicked)] == ["text"]


async def test_only_lines_that_changed_are_drawn_again() -> None:
    app = Table(many(100))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.rows.drawn.clear()
        app.rows.sync()
        await pilot.pause()
        assert app.rows.drawn == []
        app.rows.model = listed(many(100), "as it is")
        app.rows.sync({"r3", "r50"})
        await pilot.pause()
        assert app.rows.drawn == [4]
        app.rows.drawn.clear()
        await pilot.press("j")
        await pilot.pause()
        assert sorted(app.rows.drawn) == [1, 2]


async def test_a_changed_row_shows_its_new_cells() -> None:
    app = Table(many(100))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.rows.model = listed(many(100), "as it is")
        app.rows.sync({"r3"})
        await pilot.pause()
        assert app.lines()[4] == " r3     as it is"
        assert app.lines()[5] == " r4     as it was"


async def test_what_others_wrote_steers_neither_terminal_nor_markup() -> None:
    app = Table([])
    app.rows.model = listed(["r0"], "a\x1b[31m[bold]b\nc")
    async with app.run_test(size=(40, 4)):
        assert app.lines()[1] == "▸r0     a?[31m[bold]b c"


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (20, 5), (200, 60)])
async def test_it_can_be_drawn_at_any_size(size: tuple[int, int]) -> None:
    app = Table(many(100))
    async with app.run_test(size=size) as pilot:
        await pilot.press("G", "k", "pageup")
        await pilot.resize_terminal(size[0] + 3, size[1] + 1)
        await pilot.pause()
        width = app.rows.scrollable_content_region.width
        assert {app.rows.render_line(y).cell_length for y in range(app.rows.size.height)} <= {width}


async def test_without_rows_it_says_what_will_stand_there() -> None:
    app = Table([], empty="Nothing yet.")
    async with app.run_test(size=(40, 4)) as pilot:
        await pilot.press("j", "G", "enter")
        assert app.lines()[0] == "Nothing yet."
        app.rows.use(listed(["r0"]))
        await pilot.pause()
        assert app.lines()[:2] == [" id     text", "▸r0     as it was"]
