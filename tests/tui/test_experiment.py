"""An experiment, opened; and two of them side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

from praxtui.journal.blobs import BlobMissing
from praxtui.journal.shown import plain
from praxtui.journal.store import Journal
from praxtui.tui.messages import Compared
from praxtui.tui.screens.compare import CompareScreen
from praxtui.tui.screens.experiment import ExperimentScreen
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.replay import Replay
from tests.tui.recorded import grow, last_moment, recorded


class Cockpit(App[None]):
    """One screen over nothing."""

    def __init__(self, screen: Screen[None]) -> None:
        super().__init__()
        self.opened = screen
        self.compared: list[Compared] = []

    def on_mount(self) -> None:
        self.push_screen(self.opened)

    def on_compared(self, message: Compared) -> None:
        self.compared.append(message)

    def shown(self) -> list[str]:
        """Every line of the screen that is drawn line by line, from the top."""
        widgets = [w for w in self.opened.walk_children(Widget) if type(w).render_line is not Widget.render_line]
        widgets = [w for w in widgets if w.is_on_screen and w.size.height]
        return [w.render_line(y).text.rstrip() for w in widgets for y in range(w.size.height)]


Opened = Callable[..., list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live campaign that no test changes."""
    return recorded(tmp_path_factory.mktemp("read"), 12, live=True)


def opened(folder: Path) -> Live:
    now = last_moment(folder)
    return Live(folder, clock=lambda: now)


@pytest.fixture
def live(folder: Path) -> Iterator[Live]:
    source = opened(folder)
    yield source
    source.close()


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Live]:
    """One that a test takes further."""
    source = opened(recorded(tmp_path, 12, live=True))
    yield source
    source.close()


def look(
    screen: Screen[None], *keys: str, size: tuple[int, int] = (100, 40), then: Callable[[Cockpit], Any] | None = None
) -> list[str]:
    """Opens a screen, presses keys, does more, and gives what is shown."""

    async def run() -> list[str]:
        app = Cockpit(screen)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            if then is not None:
                then(app)
                await pilot.pause()
            return app.shown()

    return asyncio.run(run())


def has(lines: list[str], *words: str) -> bool:
    return all(any(word in line for line in lines) for word in words)


# --- what is known of it ---------------------------------------------------------------------------------------------


def test_the_numbers_the_hypothesis_and_the_diff_are_seen_at_once(live: Live) -> None:
    shown = look(ExperimentScreen(live, "e8"))
    assert shown[0].startswith("e8  keep confirmed  val_bpb 0.9773  +4.2 sd  confidence 97%  7 runs, 37:48")
    assert has(
        shown,
        "hypothesis  weight decay 0 → 0.1 on the matrices",
        "because     norms grow all through the run",
        "predicts    0.003 better",
        "hints       k1: weight decay on the matrices has not been tried",
        "parent      e6, epoch 1, by llm",
        "  12 - WEIGHT_DECAY = 0.0",
        "  12 + WEIGHT_DECAY = 0.1",
    )


def test_the_reason_of_a_crash_is_said(live: Live) -> None:
    assert has(look(ExperimentScreen(live, "e4")), "crash", "reason      AssertionError: batch 131000 is indivisible")


def test_what_others_wrote_is_shown_plain(live: Live) -> None:
    for part in ("1", "4", "5"):
        shown = look(ExperimentScreen(live, "e2"), part)
        assert not any("\x1b" in line or "\x07" in line for line in shown)
    assert has(shown, "[bold]not bold[/bold]")


# --- its parts -------------------------------------------------------------------------------------------------------


def test_its_log_is_shown(live: Live) -> None:
    assert has(look(ExperimentScreen(live, "e6"), "tab"), "step 02000 (100.0%)")


def test_the_logs_of_all_its_runs_are_gone_through(live: Live) -> None:
    """e6 has its own run and those of its audit; which one is seen stands above it."""
    runs = live.state.experiments["e6"].runs
    assert len(runs) > 2
    newest, before = runs[-1], runs[-2]
    seen = look(ExperimentScreen(live, "e6"), "tab")
    count = next(line for line in seen if "e6 run" in line).split(" of ")[1].partition(":")[0]
    assert has(seen, f"e6 run {newest.n}") and int(count) >= len(runs)
    assert has(look(ExperimentScreen(live, "e6"), "tab", *["left_curly_bracket"] * int(count)), "e6 run 1, ended")
    steps = ["left_curly_bracket"] * (2 if (live.log("e6", before.n).path.with_name("evaluate.log")).exists() else 1)
    shown = look(ExperimentScreen(live, "e6"), "tab", *steps)
    assert has(shown, f"e6 run {before.n}")
    assert has(look(ExperimentScreen(live, "e6"), "tab", "right_curly_bracket"), f"e6 run {newest.n}")


def test_its_curves_stand_over_its_parents(live: Live) -> None:
    shown = look(ExperimentScreen(live, "e12"), "3")
    rows = [line.split() for line in shown]
    loss = next(n for n, row in enumerate(rows) if row[:2] == ["loss", "e12"])
    assert rows[loss + 1][0] == "e8"
    assert 0 < len(rows[loss][-1]) < len(rows[loss + 1][-1])


def test_the_conversation_is_there_in_full(live: Live) -> None:
    shown = look(ExperimentScreen(live, "e8"), "4")
    assert has(
        shown,
        "1.        asked for a draft, 2026-03-22",
        "▸ system    33 characters",
        "▾ thinks",
        "  ┆ The last keep lowered the loss",
        "  used      anthropic/claude-x: 5,100 tokens fresh, 15,000 cached, 1,050 written; $0.019; 0:14",
        '  calls     read(path="train.py", start=1, end=60)',
        '▸ gets      21 lines: """Train a small GPT',
    )
    assert not has(shown, "You propose one change at a time.")
    assert has(look(ExperimentScreen(live, "e8"), "4", "j", "enter"), "You propose one change at a time.")


def test_what_is_thought_meanwhile_is_added(growing: Live) -> None:
    def later(app: Cockpit) -> None:
        grow(growing.folder)
        screen = app.opened
        assert isinstance(screen, ExperimentScreen)
        screen.show(growing, growing.advance())

    before = look(ExperimentScreen(growing, "e13"), "4")
    assert not has(before, "After 70 lines.")
    assert has(look(ExperimentScreen(growing, "e13"), "4", then=later), "After 70 lines.")


def test_its_reflection_is_there_or_when_it_will_be(live: Live) -> None:
    assert has(look(ExperimentScreen(live, "e8"), "5"), "mechanism   confirmed", "learned     WEIGHT_DECAY 0.0 → 0.1")
    assert has(look(ExperimentScreen(live, "e12"), "5"), "Once it is judged, the researcher says here whether")
    assert has(look(ExperimentScreen(live, "e0"), "5"), "The baseline tests no hypothesis")


def test_its_runs_are_a_table(live: Live) -> None:
    shown = look(ExperimentScreen(live, "e8"), "6")
    rows = [line.split() for line in shown]
    assert ["run", "use", "seed", "metric", "ended", "exit", "time", "cost"] in rows
    assert ["1", "select", "7", "0.9773", "exit", "0", "5:24", "-"] in rows
    assert ["2", "confirm", "121", "0.9770", "exit", "0", "5:24", "-"] in rows


def test_a_running_experiment_goes_on(growing: Live) -> None:
    def later(app: Cockpit) -> None:
        grow(growing.folder, 5)
        screen = app.opened
        assert isinstance(screen, ExperimentScreen)
        screen.show(growing, growing.advance())

    assert has(look(ExperimentScreen(growing, "e12"), "6"), "running")
    after = look(ExperimentScreen(growing, "e12"), "6", then=later)
    assert after[0].startswith("e12  keep prov.")


# --- to others -------------------------------------------------------------------------------------------------------


def test_the_part_stays_while_one_goes_from_experiment_to_experiment(live: Live) -> None:
    shown = look(ExperimentScreen(live, "e7"), "5", "]")
    assert shown[0].startswith("e8 ")
    assert has(shown, "mechanism   confirmed")
    assert look(ExperimentScreen(live, "e7"), "[", "[")[0].startswith("e5 ")


def test_there_is_nothing_before_the_baseline_and_after_the_newest(live: Live) -> None:
    assert has(look(ExperimentScreen(live, "e0"), "["), "e0 is the first experiment")
    assert has(look(ExperimentScreen(live, "e13"), "]"), "e13 is the newest experiment")


def test_compare_asks_for_its_parent(live: Live) -> None:
    found: list[Compared] = []
    look(ExperimentScreen(live, "e8"), "c", then=lambda app: found.extend(app.compared))
    assert [(one.left, one.right) for one in found] == [("e6", "e8")]
    assert has(look(ExperimentScreen(live, "e0"), "c"), "e0 has no parent to compare it with")


def test_copying_takes_the_whole_commit_id(live: Live) -> None:
    copied: list[str] = []
    look(ExperimentScreen(live, "e8"), "y", then=lambda app: copied.append(app.clipboard))
    assert copied == [live.state.experiments["e8"].commit]


# --- what is not there -----------------------------------------------------------------------------------------------


def test_parts_that_are_not_there_yet_say_when_they_will_be(live: Live) -> None:
    assert has(look(ExperimentScreen(live, "e0")), "The baseline is the unchanged leaf: there is no diff.")
    assert has(look(ExperimentScreen(live, "e13")), "What it changes will stand here, once its draft is handed in.")
    assert has(look(ExperimentScreen(live, "e13"), "2"), "What it prints will stand here, once it runs.")
    assert has(look(ExperimentScreen(live, "e13"), "3"), "e13 has no curve")
    assert has(look(ExperimentScreen(live, "e13"), "6"), "Its runs will stand here")
    assert has(look(ExperimentScreen(live, "e0"), "4"), "Nothing was said about it")


def test_a_blob_that_is_missing_is_a_sentence(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(digest: str) -> Any:
        raise BlobMissing("the journal has no blob abc", fix="the journal was copied in part; copy it anew")

    monkeypatch.setattr(live, "blob", missing)
    monkeypatch.setattr(live, "parts", missing)
    shown = look(ExperimentScreen(live, "e8"))
    assert has(shown, "Its diff cannot be shown: the journal has no blob abc", "copy it anew")
    assert has(look(ExperimentScreen(live, "e8"), "4", "j", "enter"), "missing", "the journal has no blob abc")
    assert has(look(CompareScreen(live, "e3", "e8")), "What they change cannot be shown")


def test_in_a_replay_an_experiment_is_as_it_was_at_the_moment(tmp_path: Path) -> None:
    source = Replay(recorded(tmp_path, 8))
    source.seek_experiment("e3")
    source.advance()
    assert has(look(ExperimentScreen(source, "e8")), "e8 had not begun yet at this moment.")
    assert source.state.experiments["e3"].verdict == "keep"
    source.seek(1.0)
    source.advance()
    assert look(ExperimentScreen(source, "e8"))[0].startswith("e8  keep")
    source.close()


@pytest.mark.slow
@pytest.mark.parametrize("screen", [ExperimentScreen, CompareScreen])
def test_any_size_is_shown(live: Live, screen: type[ExperimentScreen] | type[CompareScreen]) -> None:
    async def run() -> None:
        made = ExperimentScreen(live, "e2") if screen is ExperimentScreen else CompareScreen(live, "e2", "e12")
        async with Cockpit(made).run_test(size=(80, 24)) as pilot:
            for size in ((1, 1), (20, 5), (40, 10), (200, 60)):
                await pilot.resize_terminal(*size)
                await pilot.press("tab", "tab", "tab", "enter", "tab", "tab", "j", ">", "<", "tab")

    asyncio.run(run())


def test_long_lines_of_a_diff_are_reached_sideways(tmp_path: Path) -> None:
    folder = recorded(tmp_path, 3, live=True)
    source = Live(folder)
    first = look(ExperimentScreen(source, "e2"), size=(40, 30))
    moved = look(ExperimentScreen(source, "e2"), ">", size=(24, 30))
    assert has(first, "+ ACTIVATION")
    assert not has(moved, "+ ACTIVATION")
    assert has(moved, "IVATION")
    source.close()


# --- two of them -----------------------------------------------------------------------------------------------------


def test_two_stand_beside_each_other_with_what_is_between_them(live: Live) -> None:
    shown = look(CompareScreen(live, "e1", "e8"), size=(120, 40))
    assert shown[0].startswith("e1  keep supported")
    assert "│ e8  keep confirmed" in shown[0]
    assert has(shown, "   5 - MATRIX_LR = 0.02", "   5 + MATRIX_LR = 0.04", "  12 + WEIGHT_DECAY = 0.1")
    assert not has(shown, "- EMBED_LR")


def test_where_there_is_no_room_they_stand_below_each_other(live: Live) -> None:
    shown = look(CompareScreen(live, "e1", "e8"), size=(80, 40))
    assert shown[0].startswith("e1 ")
    assert any(line.startswith("e8 ") for line in shown[1:])


def test_the_baseline_has_what_the_first_change_began_with(live: Live) -> None:
    shown = look(CompareScreen(live, "e0", "e3"))
    assert has(shown, "- EMBED_LR = 0.6", "+ EMBED_LR = 0.8", "- WARMDOWN = 0.4", "+ WARMDOWN = 0.7")
    shown = look(CompareScreen(live, "e3", "e0"))
    assert has(shown, "+ EMBED_LR = 0.6", "- WARMDOWN = 0.7")


def test_the_same_levers_are_said_to_be_the_same(live: Live) -> None:
    assert has(look(CompareScreen(live, "e8", "e8")), "e8 and e8 have the same levers.")


def test_their_curves_stand_over_each_other(live: Live) -> None:
    rows = [line.split() for line in look(CompareScreen(live, "e3", "e8"), "2")]
    assert any(row[:2] == ["loss", "e8"] for row in rows)
    assert any(row[:1] == ["e3"] for row in rows)


def test_a_damaged_stream_harms_nothing(tmp_path: Path) -> None:
    folder = recorded(tmp_path, 3, live=True)
    with Journal.open(folder, write=True) as journal:
        for kind in ("call", "result", "usage", "prompt", "left_out", "fault", "user", "new kind"):
            for text in ("", "{", "[1]", '{"usd": "x"}', '{"ids": 3}', plain("x")):
                journal.stream_append(kind, text, "e4")
    source = Live(folder)
    assert has(look(ExperimentScreen(source, "e4"), "4"), "calls")
    source.close()
