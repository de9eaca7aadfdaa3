"""The campaign screen as a whole: its panes, what lies over them, and what it asks and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.journal.inbox import Inbox
from praxtui.journal.state import State
from praxtui.tui.app import Praxtui
from praxtui.tui.arrangement import PANES
from praxtui.tui.messages import Answered, CampaignOpened
from praxtui.tui.screens.campaign import CampaignScreen, useless_in
from praxtui.tui.screens.compare import CompareScreen
from praxtui.tui.screens.experiment import ExperimentScreen
from praxtui.tui.screens.help import HelpScreen
from praxtui.tui.screens.home import HomeScreen
from praxtui.tui.screens.replay import ReplayScreen
from praxtui.tui.screens.view import CampaignView
from praxtui.tui.start import First
from praxtui.tui.widgets.answer import AnswerLine
from praxtui.tui.widgets.board import Board
from tests.tui.recorded import grow, recorded


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    return tmp_path


def board(app: Praxtui) -> Board:
    assert isinstance(app.screen, CampaignView)
    return app.screen.board


async def test_the_ledger_has_the_focus_at_first_and_numbers_go_to_panes(home: Path) -> None:
    app = Praxtui(First(recorded(home, live=True)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert board(app).current == "ledger"
        for number, name in enumerate(PANES, 1):
            await pilot.press(str(number))
            assert board(app).current == name
            assert app.focused is not None
            assert app.screen.query_one(f"#{name}") in app.focused.ancestors_with_self
        await pilot.press("5")
        assert board(app).maximised
        assert [name for name in PANES if app.screen.query_one(f"#{name}").display] == ["output"]
        await pilot.press("tab")
        assert board(app).current == "program"
        await pilot.press("z")
        assert all(app.screen.query_one(f"#{name}").display for name in PANES)


async def test_a_small_terminal_shows_one_pane_and_a_larger_one_all(home: Path) -> None:
    app = Praxtui(First(recorded(home)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert [name for name in PANES if app.screen.query_one(f"#{name}").display] == ["ledger"]
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert all(app.screen.query_one(f"#{name}").display for name in PANES)


async def test_a_pane_that_was_hidden_knows_what_came_meanwhile(home: Path) -> None:
    folder = recorded(home, live=True)
    app = Praxtui(First(folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("5")
        before = len(app.screen.source.state.experiments)  # type: ignore[attr-defined]
        grow(folder, 6)
        for _ in range(100):
            await pilot.pause(0.05)
            if len(app.screen.source.state.experiments) > before:  # type: ignore[attr-defined]
                break
        await pilot.press("3")
        await pilot.pause()
        newest = list(app.screen.source.state.experiments)[-1]  # type: ignore[attr-defined]
        assert newest in "".join(str(line) for line in shown(app))


def shown(app: Praxtui) -> list[str]:
    """The text on the screen, line by line."""
    return ["".join(segment.text for segment in line) for line in app.screen._compositor.render_strips()]


async def test_an_experiment_is_opened_turned_compared_and_left(home: Path) -> None:
    app = Praxtui(First(recorded(home)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ExperimentScreen)
        first = app.screen.experiment
        await pilot.press("left_square_bracket")
        assert app.screen.experiment != first
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(app.screen, CompareScreen)
        await pilot.press("escape")
        await pilot.press("q")
        assert isinstance(app.screen, CampaignScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


async def test_what_was_asked_for_is_answered_in_a_line_and_waits_without_an_engine(home: Path) -> None:
    folder = recorded(home, live=True, alive=False)
    app = Praxtui(First(folder))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("h", *"try it", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.screen.query_one(AnswerLine).display
        assert [command.args for command in Inbox(folder).pending()] == [{"text": "try it"}]


async def test_what_cannot_be_undone_is_asked_first(home: Path) -> None:
    folder = recorded(home, live=True, alive=False)
    app = Praxtui(First(folder))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("S")
        await pilot.pause()
        await pilot.press("n")
        await pilot.pause()
        assert not Inbox(folder).pending()
        await pilot.press("S")
        await pilot.pause()
        await pilot.press("y")
        await app.workers.wait_for_complete()
        assert [command.verb for command in Inbox(folder).pending()] == ["stop"]


async def test_a_campaign_is_played_back_from_its_screen_and_gone_back_to(home: Path) -> None:
    folder = recorded(home)
    app = Praxtui(First(folder))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("p")
        await pilot.pause()
        assert isinstance(app.screen, ReplayScreen)
        await pilot.press("space", "home")
        assert not app.screen.source.state.experiments
        await pilot.press("right_square_bracket")
        assert app.screen.source.state.experiments
        app.screen.post_message(CampaignOpened(folder.name))
        await pilot.pause(0.2)
        assert isinstance(app.screen, CampaignScreen)


async def test_help_and_the_home_screen_lie_over_and_under(home: Path) -> None:
    app = Praxtui(First())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("q")
        assert isinstance(app.screen, HomeScreen)
        app.post_message(Answered("something was said"))
        await pilot.press("q")
    assert app.return_code == 0


def test_keys_that_would_do_nothing_are_not_offered() -> None:
    assert {"campaign.kill", "campaign.approve", "campaign.pause"} <= useless_in(State(), "finished")
    assert "campaign.resume" in useless_in(State(), "running")
    assert "campaign.resume" not in useless_in(State(), "dead")
    assert "campaign.kill" not in useless_in(State(running=["e1/1"]), "running")


async def test_borders_are_dragged_with_the_mouse(home: Path) -> None:
    app = Praxtui(First(recorded(home)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        program, ledger = app.screen.query_one("#program"), app.screen.query_one("#ledger")
        edge, row = program.region.right, program.region.y + 6
        await pilot.mouse_down(offset=(edge, row))
        await pilot.hover(offset=(edge + 9, row))
        await pilot.mouse_up(offset=(edge + 9, row))
        await pilot.pause()
        assert program.region.right == ledger.region.x == edge + 9
        await pilot.hover(offset=(edge, row))
        await pilot.pause()
        assert program.region.right == edge + 9, "it was let go"
        await pilot.press("z")
        await pilot.mouse_down(offset=(60, 20))
        await pilot.hover(offset=(40, 10))
        await pilot.mouse_up(offset=(40, 10))
        await pilot.press("z")
        await pilot.pause()
        assert program.region.right == edge + 9, "there are no borders beside a pane that is alone"


async def test_panes_are_made_larger_and_smaller_by_keys(home: Path) -> None:
    app = Praxtui(First(recorded(home)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        ledger = app.screen.query_one("#ledger")
        before = ledger.region
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        await pilot.pause()
        assert ledger.region.height == before.height + 4
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert ledger.region.width == before.width + 2
        await pilot.press("0")
        await pilot.pause()
        assert ledger.region == before
