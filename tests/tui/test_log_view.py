from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.scrollbar import ScrollTo, ScrollUp
from textual.widgets import Input

from praxtui.tui.messages import Answered
from praxtui.tui.widgets.log_page import Place
from praxtui.tui.widgets.log_reader import LogReader
from praxtui.tui.widgets.log_view import LogView


class Alone(App[None]):
    """A log, and nothing else."""

    def __init__(self, path: Path, size: int | None = None, growing: bool = True) -> None:
        super().__init__()
        self.reader = LogReader(empty="Nothing yet.")
        self.said: list[str] = []
        self.of = (path, size, growing)

    def compose(self) -> ComposeResult:
        yield self.reader

    def on_mount(self) -> None:
        self.reader.show(*self.of)
        self.view.focus()

    def on_answered(self, message: Answered) -> None:
        self.said.append(message.text)

    @property
    def view(self) -> LogView:
        return self.reader.view

    def row(self, y: int) -> str:
        return self.view.render_line(y).text.rstrip()

    @property
    def shown(self) -> list[str]:
        return [self.row(y) for y in range(self.view.size.height)]

    @property
    def note(self) -> str:
        return str(self.reader.note.content)


async def settled(pilot: Pilot[None]) -> None:
    """Until no thread is at work, and what they said was taken in."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def numbered(first: int, last: int) -> str:
    return "".join(f"line {n}\n" for n in range(first, last + 1))


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


async def test_the_end_is_shown_and_followed(path: Path) -> None:
    path.write_text(numbered(1, 100))
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        assert app.shown == [f"line {n}" for n in range(96, 101)]
        add(path, "line 101\n 10%\r 20%\r")
        app.view.look()
        assert app.shown[-2:] == ["line 101", " 20%"]
        add(path, " 30%\r")
        app.view.look()
        assert app.shown[-2:] == ["line 101", " 30%"]
        assert (app.view.following, app.view.unseen) == (True, 0)
        await pilot.pause()


async def test_a_growing_log_is_looked_at_by_itself(path: Path) -> None:
    path.write_text("")
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        add(path, "here\n")
        while app.row(0) != "here":
            await pilot.pause(0.02)


async def test_moving_up_stands_still_and_counts_what_comes(path: Path) -> None:
    path.write_text(numbered(1, 100))
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("k", "k")
        before = app.shown
        assert before[0] == "line 94"
        for first, last in ((101, 104), (105, 112)):
            add(path, numbered(first, last))
            app.view.look()
        assert app.shown == before
        assert (app.view.following, app.view.unseen) == (False, 12)
        await settled(pilot)
        assert (app.view.number, app.view.count) == (94, 100)
        await pilot.press("f")
        assert app.shown[-1] == "line 112"
        assert (app.view.following, app.view.unseen, app.view.number) == (True, 0, None)


async def test_moving_down_to_the_end_follows_again(path: Path) -> None:
    path.write_text(numbered(1, 100))
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("g")
        assert app.shown[0] == "line 1"
        await pilot.press("pagedown")
        assert (app.shown[0], app.view.following) == ("line 5", False)
        await pilot.press("G")
        assert app.view.following
        await pilot.press("k", "j")
        assert (app.shown[-1], app.view.following) == ("line 100", True)


async def test_only_lines_that_changed_are_drawn_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("one\n 10%\r")
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        render = LogView.render_line
        monkeypatch.setattr(LogView, "render_line", lambda view, y: drawn.append(y) or render(view, y))
        app.view.look()
        await pilot.pause()
        assert drawn == []
        add(path, " 20%\r")
        app.view.look()
        await pilot.pause()
        assert drawn == [1]


async def test_a_size_limits_what_is_shown_forth_and_back(path: Path) -> None:
    path.write_text(numbered(1, 9))
    app = Alone(path, size=0, growing=True)
    async with app.run_test(size=(40, 5)) as pilot:
        assert app.row(0) == "Nothing yet."
        for size, last in ((14, "line 2"), (63, "line 9"), (10, "lin"), (7, "line 1")):
            app.reader.show(path, size, True)
            assert [line for line in app.shown if line][-1] == last
        await pilot.pause()


async def test_a_log_that_is_cut_replaced_or_deleted_is_shown_as_it_is(path: Path) -> None:
    path.write_text(numbered(1, 100))
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("g")
        path.write_text("anew\n")
        app.view.look()
        assert app.shown == ["anew", "", "", "", ""]
        path.unlink()
        app.view.look()
        assert app.row(0) == "Nothing yet."
        path.write_text("again\n")
        app.view.look()
        assert app.row(0) == "again"
        other = path.with_suffix(".new")
        other.write_text("other\n")
        other.replace(path)
        app.view.look()
        assert app.row(0) == "other"


async def test_lines_are_cut_or_wrapped_and_the_place_is_kept(path: Path) -> None:
    path.write_text("a" * 20 + "b" * 20 + "c" * 9 + "\n" + numbered(1, 20))
    app = Alone(path)
    async with app.run_test(size=(21, 6)) as pilot:
        await pilot.press("g")
        assert app.shown[:2] == ["a" * 19 + "…", "line 1"]
        app.view.sideways(2)
        assert app.shown[0] == "…" + "a" * 3 + "b" * 15 + "…"
        app.view.sideways(99)
        assert app.shown[0] == "…" + "b" * 10 + "c" * 9
        await pilot.press("w")
        assert app.shown[:4] == ["a" * 20, "b" * 20, "c" * 9, "line 1"]
        await pilot.press("j")
        assert app.shown[:2] == ["b" * 20, "c" * 9]
        await pilot.resize_terminal(11, 6)
        await pilot.pause()
        assert app.shown[:2] == ["a" * 10, "a" * 10]


async def test_escapes_of_a_program_do_not_reach_the_terminal(path: Path) -> None:
    path.write_bytes(b"\x1b]0;evil\x07a\x1b[2J\x1b[31mred\x1b[0m\x00\x9b5n\xff\n[bold]no markup[/]\n")
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        assert app.shown[:2] == ["ared�5n�", "[bold]no markup[/]"]
        await pilot.pause()


async def look_for(pilot: Pilot[None], words: str) -> None:
    await pilot.press("slash", *words, "enter")
    await settled(pilot)


async def test_a_search_goes_to_the_newest_hit_and_from_hit_to_hit(path: Path) -> None:
    path.write_text("loss 1\n" + numbered(1, 50) + "LOSS 2\n" + numbered(51, 99))
    app = Alone(path)
    async with app.run_test(size=(60, 6)) as pilot:
        await look_for(pilot, "loss")
        assert "LOSS 2" in app.shown
        assert not app.view.following
        marked = next(y for y, line in enumerate(app.shown) if line == "LOSS 2")
        styles = [(s.text, s.style.underline, s.style.reverse) for s in app.view.render_line(marked) if s.style]
        assert ("LOSS", True, True) in styles
        await pilot.press("N")
        await settled(pilot)
        assert app.shown[0] == "loss 1"
        await pilot.press("N")
        await settled(pilot)
        assert "LOSS 2" in app.shown
        assert "beyond the end" in app.note
        await pilot.press("n")
        await settled(pilot)
        assert app.shown[0] == "loss 1"
        await pilot.press("escape")
        assert (app.note, app.view.wanted) == ("", None)


async def test_a_search_brings_the_hit_into_sight_sideways(path: Path) -> None:
    path.write_text("x" * 100 + "needle\n")
    app = Alone(path)
    async with app.run_test(size=(30, 6)) as pilot:
        await look_for(pilot, "needle")
        assert "needle" in app.row(0)


async def test_a_search_says_what_it_cannot_find_or_read(path: Path) -> None:
    path.write_text(numbered(1, 9))
    app = Alone(path)
    async with app.run_test(size=(60, 6)) as pilot:
        await look_for(pilot, "elsewhere")
        assert app.note.startswith("/elsewhere")
        assert "is not in this log" in app.note
        await look_for(pilot, "(")
        assert "is not a regular expression" in app.note
        await pilot.press("slash", "escape")
        assert app.focused is app.view
        assert not app.query_one(Input).display


async def test_escape_ends_a_search_that_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(numbered(1, 9))
    app = Alone(path)
    asked: list[bool] = []

    def endless(lines: object, what: object, start: int, down: bool, goes: Callable[[int], bool]) -> tuple[None, bool]:
        while goes(5):
            asked.append(True)
            threading.Event().wait(0.005)  # leave the processor to the screen
        return None, False

    monkeypatch.setattr("praxtui.tui.widgets.log_reader.hunt", endless)
    monkeypatch.setattr("praxtui.tui.widgets.log_reader.TOLD_S", 0.0)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("slash", "x", "enter")
        while "looked through" not in app.note:
            await pilot.pause(0.01)
        await pilot.press("escape")
        await settled(pilot)
        assert asked
        assert app.note == "/x  stopped"
        assert app.view.wanted is not None


async def test_what_is_in_sight_is_copied(path: Path) -> None:
    path.write_text("w" * 50 + "\n" + numbered(1, 3))
    app = Alone(path)
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == "w" * 50 + "\nline 1\nline 2\nline 3"
        assert app.said == ["copied 4 lines"]
        await pilot.press("w", "y")
        assert app.clipboard == "w" * 50 + "\nline 1\nline 2\nline 3"


async def test_the_wheel_and_the_scrollbar_move_it(path: Path) -> None:
    path.write_text(numbered(1, 1000))
    app = Alone(path)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        view = app.view
        assert view.show_vertical_scrollbar
        assert view.vertical_scrollbar.position == view.virtual_size.height - view.size.height
        view.post_message(ScrollTo(y=0))
        await pilot.pause()
        assert app.row(0) == "line 1"
        view.post_message(ScrollTo(y=view.virtual_size.height / 2))
        await pilot.pause()
        assert 400 < int(app.row(0).removeprefix("line ")) < 600
        here = int(app.row(0).removeprefix("line "))
        view.post_message(ScrollUp())
        await pilot.pause()
        assert app.row(0) == f"line {here - 9}"
        view.post_message(ScrollTo(y=view.virtual_size.height))
        await pilot.pause()
        assert view.following


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (20, 5)])
async def test_it_fits_anywhere(path: Path, size: tuple[int, int]) -> None:
    path.write_text("日本語\twide " * 9 + "\n" + numbered(1, 30))
    app = Alone(path)
    async with app.run_test(size=size) as pilot:
        for key in ("w", "g", "j", "slash", "l", "enter", "N", "n", "w", "escape", "G", "pageup", "f", "y"):
            await pilot.press(key)
        await settled(pilot)
        assert all(app.view.render_line(y).cell_length <= size[0] for y in range(app.view.size.height))
        app.view.go(Place(10**9))


async def test_a_theme_is_taken_up_at_once(path: Path) -> None:
    path.write_bytes(b"\x1b[31mred\x1b[0m plain\n")
    app = Alone(path)
    async with app.run_test(size=(40, 5)) as pilot:
        dark = next(iter(app.view.render_line(0))).style
        app.theme = "textual-light"
        await pilot.pause()
        light = next(iter(app.view.render_line(0))).style
        assert dark is not None
        assert light is not None
        assert dark.color != light.color
