"""The home screen in use: what it shows, and what its keys do."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from textual import on
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from praxtui import paths
from praxtui.journal import liveness
from praxtui.tui import launch
from praxtui.tui.messages import CampaignOpened
from praxtui.tui.screens.edit import EditScreen
from praxtui.tui.screens.home import HomeScreen
from praxtui.tui.screens.home_lists import HomeLists
from praxtui.tui.screens.leaf import LeafScreen
from praxtui.tui.screens.missing import MissingScreen
from praxtui.tui.screens.models import ModelsScreen
from praxtui.tui.screens.new_leaf import NewLeafSheet
from praxtui.tui.screens.start import StartSheet
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.program_editor import ProgramEditor
from praxtui.tui.widgets.rows import Rows
from tests.making import make_leaf
from tests.places import home
from tests.tui.recorded import grow, imported, recorded

__all__ = ["home"]
PATIENCE = 60.0


class Cockpit(App[None]):
    """The home screen, and what it asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[CampaignOpened] = []

    def on_mount(self) -> None:
        self.push_screen(HomeScreen())

    @on(CampaignOpened)
    def _opened(self, opened: CampaignOpened) -> None:
        self.opened.append(opened)


@pytest.fixture
def shelf(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leaves in the working directory, none bundled, no keys."""
    monkeypatch.setattr(paths, "bundled_leaves", lambda: tmp_path / "bundled")
    # `praxtui models` is a process of its own, tried elsewhere.
    script = 'print(\'{"models": [], "servers": [], "providers": {}}\')'
    monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-c", script))
    (tmp_path / "work" / "leaves").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / "leaves"


@pytest.fixture
def many(shelf: Path, home: Path) -> Path:
    """A shelf with three leaves, and four campaigns: live, dead, finished, imported."""
    make_leaf(shelf / "ngram", repository=False)
    make_leaf(shelf / "tinker" / "rl", {"constraints": {"secrets": ["NO_SUCH_KEY"]}}, repository=False)
    make_leaf(shelf / "tinker" / "sft", repository=False)
    recorded(home, 3, id="mar22-a")
    recorded(home, 4, id="mar22-b", live=True, leaf="ngram")
    recorded(home, 4, id="mar22-c", live=True, alive=False)
    imported(home, 5)
    return shelf


async def until(pilot: Pilot[None], true: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await pilot.pause(0.02)


def lists(app: App[None]) -> HomeLists:
    return next(screen for screen in app.screen_stack if isinstance(screen, HomeScreen)).lists


def text(rows: Rows) -> str:
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def said(app: App[None], id: str) -> str:
    return str(app.screen.query_one(id, Static).render())


async def read(pilot: Pilot[None]) -> HomeLists:
    """Wait until everything has been read."""
    await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    home = lists(pilot.app)
    await until(pilot, lambda: all(row.read for row in home.campaigns.values()), "campaigns read")
    await until(pilot, lambda: all(row.missing is not None for row in home.leaves.values()), "leaves read")
    await until(pilot, lambda: pilot.app.screen._models is not None, "models known")  # type: ignore[attr-defined]
    await pilot.pause()
    return home


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_shows_leaves_and_campaigns_with_what_to_press(many: Path, size: tuple[int, int]) -> None:
    async with Cockpit().run_test(size=size) as pilot:
        home = await read(pilot)
        leaves, campaigns = text(home.leaf_rows), text(home.campaign_rows)
        assert "score ↑" in leaves and "▾ tinker/" in leaves and "no key  d" in leaves and "yes" in leaves
        assert "running e4" in campaigns and "dead: R resumes" in campaigns and "mar22-a" in campaigns
        head = said(pilot.app, "#head")
        assert head.startswith("praxtui  ") and head.endswith("1 running  1 needs you")
        assert len(head) == size[0] - 2
        assert "s starts the sweep researcher" in said(pilot.app, "#lesson")


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (1, 1), (60, 12)])
async def test_on_a_small_terminal_one_list_is_shown_and_tab_goes_to_the_other(
    many: Path, size: tuple[int, int]
) -> None:
    async with Cockpit().run_test(size=size) as pilot:
        home = await read(pilot)
        assert (home.leaf_rows.display, home.campaign_rows.display) == (True, False)
        await pilot.press("tab")
        assert (home.leaf_rows.display, home.campaign_rows.display) == (False, True)
        assert home.campaign_rows.has_focus
        await pilot.press("j", "G", "tab")
        assert home.leaf_rows.has_focus


async def test_enter_opens_a_campaign_and_r_plays_it_back(many: Path) -> None:
    app = Cockpit()
    async with app.run_test() as pilot:
        home = await read(pilot)
        await pilot.press("tab")
        home.campaign_rows.point("mar22-a")
        await pilot.press("enter", "r")
        await until(pilot, lambda: len(app.opened) == 2)
        assert app.opened == [CampaignOpened("mar22-a"), CampaignOpened("mar22-a", replay=True)]


async def test_enter_shows_a_leaf_and_closes_a_folder(many: Path) -> None:
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LeafScreen))
        await until(pilot, lambda: "Raise the score." in said(pilot.app, "#prose"))
        assert "higher is better" in said(pilot.app, "#specification")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        before = home.leaf_rows.model.count
        home.leaf_rows.point("tinker/")
        await pilot.press("enter")
        assert home.leaf_rows.model.count == before - 2
        await pilot.press("enter")
        assert home.leaf_rows.model.count == before


async def test_words_filter_both_lists_and_escape_shows_all(many: Path) -> None:
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)
        before = home.leaf_rows.model.count
        await pilot.press("slash", *"ngram")
        assert (home.leaf_rows.model.count, home.campaign_rows.model.count) == (1, 1)
        await pilot.press("enter")
        assert home.leaf_rows.has_focus and "filter: ngram" in said(pilot.app, "#head")
        await pilot.press("escape")
        assert (home.leaf_rows.model.count, home.campaign_rows.model.count) == (before, 4)
        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "Nothing holds 'zzz'" in text(home.campaign_rows)


async def test_o_and_a_click_on_a_title_change_the_order(many: Path) -> None:
    async with Cockpit().run_test(size=(120, 40)) as pilot:
        home = await read(pilot)
        await pilot.press("tab", "o")
        assert home.order == "state" and "order: state" in said(pilot.app, "#head")
        assert home.campaign_rows.model.id(0) == "mar22-c"
        await pilot.click("#campaigns", offset=(2, 0))
        assert home.order == "name" and home.campaign_rows.model.id(0) == "h100-mar8"


async def test_keys_that_would_do_nothing_are_not_offered(many: Path) -> None:
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)

        def offered() -> set[str]:
            found = pilot.app.screen.active_bindings.values()
            return {one.binding.action for one in found if one.enabled and str(one.binding.id).startswith("home.")}

        assert "start" in offered() and not {"missing", "resume", "replay"} & offered()
        home.leaf_rows.point("tinker/rl")
        assert "missing" in offered()
        home.leaf_rows.point("tinker/")
        assert not {"start", "edit", "new", "missing"} & offered()
        await pilot.press("tab")
        home.campaign_rows.point("mar22-c")
        assert {"resume", "replay"} <= offered()


async def test_d_shows_each_lack_with_a_fix_that_can_be_copied(many: Path) -> None:
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)
        home.leaf_rows.point("tinker/rl")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, MissingScreen))
        await pilot.press("1")
        assert pilot.app.clipboard == "export NO_SUCH_KEY=..."
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_m_n_and_s_open_what_they_say_and_escape_comes_back(many: Path) -> None:
    async with Cockpit().run_test() as pilot:
        await read(pilot)
        for key, screen in (("m", ModelsScreen), ("n", NewLeafSheet), ("s", StartSheet)):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: isinstance(pilot.app.screen, screen))  # type: ignore[misc]
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_what_happens_on_disk_appears_by_itself(many: Path, home: Path) -> None:
    live = home / "campaigns" / "mar22-b"
    async with Cockpit().run_test(size=(120, 40)) as pilot:
        shown = await read(pilot)
        known = liveness.read_identity(live)
        assert known is not None
        grow(live)
        dead = msgspec.structs.replace(known, start=known.start - 1)
        (live / liveness.IDENTITY).write_bytes(msgspec.json.encode(dead))
        await until(pilot, lambda: text(shown.campaign_rows).count("dead: R resumes") == 2, "the second is dead, too")
        recorded(home, 2, id="mar23-a")
        await until(pilot, lambda: "mar23-a" in text(shown.campaign_rows), "a new one is listed")
        shutil.rmtree(home / "campaigns" / "mar22-a")
        await until(pilot, lambda: "mar22-a" not in text(shown.campaign_rows), "the deleted one is not")
        make_leaf(many / "fresh", repository=False)
        await until(pilot, lambda: "fresh" in text(shown.leaf_rows), "a new leaf is listed")
        shutil.rmtree(many / "fresh")
        await until(pilot, lambda: "fresh" not in text(shown.leaf_rows), "and is gone again")


async def test_nothing_is_drawn_while_nothing_changes(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, HomeScreen)
        drawn: list[object] = []
        monkeypatch.setattr(Rows, "refresh", lambda self, *regions, **more: drawn.append(self))
        for _ in range(3):
            screen._look()
            await until(pilot, lambda: screen._worker is not None and screen._worker.is_finished)
        await pilot.pause()
        assert drawn == [] and home.is_mounted


async def test_without_leaves_it_says_where_it_looked(shelf: Path) -> None:
    async with Cockpit().run_test() as pilot:
        await read(pilot)
        lesson = said(pilot.app, "#lesson")
        assert "No leaves." in lesson and str(shelf) in lesson
        await pilot.press("s", "e", "n", "d", "enter", "R", "r", "o")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_without_campaigns_it_says_what_s_will_do(shelf: Path) -> None:
    make_leaf(shelf / "tiny", repository=False)
    async with Cockpit().run_test() as pilot:
        home = await read(pilot)
        assert "s starts one on the leaf above" in text(home.campaign_rows)
        assert "sweep researcher (no model)" in said(pilot.app, "#lesson")


async def test_markup_and_escapes_in_a_leaf_are_shown_as_they_are(shelf: Path) -> None:
    make_leaf(shelf / "tiny", files={"program.md": ""}, repository=False)
    from tests.making import program_text

    (shelf / "tiny" / "program.md").write_text(program_text(prose="Say [b]hi[/b] \x1b[31mred.\n"))
    async with Cockpit().run_test(size=(120, 40)) as pilot:
        home = await read(pilot)
        assert "[b]hi[/b] ?[31mred." in text(home.leaf_rows)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LeafScreen))
        await until(pilot, lambda: "[b]hi[/b] ?[31mred." in said(pilot.app, "#prose"))


async def test_n_makes_a_leaf_and_puts_the_cursor_on_it(
    shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_leaf(shelf / "tiny", repository=False)
    async with Cockpit().run_test() as pilot:
        shown = await read(pilot)
        monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-m", "praxtui"))
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewLeafSheet))
        await pilot.press("enter")
        assert "give it a name" in said(pilot.app, "#refusal")
        await pilot.press(*"zoo", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen), "it was made")
        assert (home / "leaves" / "zoo" / "program.md").is_file()
        await until(pilot, lambda: shown.leaf_rows.cursor == "zoo", "the cursor is on it")
        assert pilot.app.screen.query_one(AnswerLine).display


async def test_n_keeps_what_was_typed_where_the_folder_is_taken(
    shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_leaf(shelf / "tiny", repository=False)
    async with Cockpit().run_test() as pilot:
        await read(pilot)
        monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-m", "praxtui"))
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewLeafSheet))
        pilot.app.screen.query_one("#folder", Input).value = str(shelf / "tiny")
        await pilot.press("enter")
        await until(pilot, lambda: "not empty" in said(pilot.app, "#refusal"), "refused")
        assert pilot.app.screen.query_one("#folder", Input).value == str(shelf / "tiny")


async def test_e_edits_the_program_here_where_there_is_no_editor(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    make_leaf(shelf / "tiny", repository=False)
    async with Cockpit().run_test() as pilot:
        await read(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditScreen))
        screen = pilot.app.screen
        assert isinstance(screen, EditScreen)
        area = screen.query_one(TextArea)
        await until(pilot, lambda: "maximize" in area.text, "the program is there")
        area.text = area.text.replace("maximize", "sideways")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "sideways" in (shelf / "tiny" / "program.md").read_text(), "it is saved")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        await until(pilot, lambda: "errors  d" in text(lists(pilot.app).leaf_rows), "the list says so, too")


async def test_e_copies_a_bundled_leaf_first(
    shelf: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    make_leaf(tmp_path / "bundled" / "tiny", repository=False)
    async with Cockpit().run_test() as pilot:
        await read(pilot)
        monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-m", "praxtui"))
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditScreen))
        assert pilot.app.screen.query_one(ProgramEditor).path == home / "leaves" / "tiny" / "program.md"
