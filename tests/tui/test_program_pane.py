"""The program pane: what a campaign pursues, at any width, at the moment shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from praxtui.journal import campaigns
from praxtui.journal.facts import Budgets, CampaignEnded, EpochOpened
from praxtui.journal.people import BudgetsChanged, HintGiven, ProgramChanged
from praxtui.journal.shown import width
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.program.read import parse
from praxtui.tui.hints import Row as HintRow
from praxtui.tui.panes.program import PinnedHints, ProgramPane
from praxtui.tui.panes.program_table import budget, frame, hint_lines, lines, rows
from praxtui.tui.prose import Piece, rendered, wrapped
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import ANEW
from tests.tui.recorded import last_moment, recorded
from tests.tui.recorded_ideas import PROGRAM


def text(found: list[list[Piece]]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in found]


class TestTable:
    def test_the_essentials_are_always_there_and_the_rest_where_it_is_said(self) -> None:
        state = State(budgets=Budgets(experiments=12, hours=1.5), researcher="sweep", overrides={"loop.budget": "9s"})
        assert [(row.label, row.value) for row in rows(parse(PROGRAM), frame(state))] == [
            ("metric", "val_bpb, minimize"),
            ("levers", "train.py"),
            ("run", "python train.py, 5 min"),
            ("evaluate", "python evaluate.py, sealed"),
            ("walls", "network in setup only"),
            ("keep", "fast, 5 baseline runs"),
            ("budget", "12 experiments, 1 h 30 min"),
            ("by", "sweep"),
            ("set", "loop.budget=9s"),
        ]

    def test_a_budget_without_limits_says_so(self) -> None:
        assert budget(Budgets()) == "none: until it is stopped"
        assert budget(Budgets(tokens=2_000_000, usd=0.5)) == "$0.5, 2.0M tokens"

    def test_values_stand_in_one_column_and_turn_inside_it(self) -> None:
        found = text(lines(parse(PROGRAM), frame(State()), 30))
        at = found.index("evaluate python evaluate.py,")
        assert found[at + 1] == "         sealed"
        assert found[0] == "Minimise val_bpb in five"

    @given(st.integers(1, 140))
    def test_no_line_is_wider_than_the_pane(self, columns: int) -> None:
        assert all(width(line) <= max(columns, 2) for line in text(lines(parse(PROGRAM), frame(State()), columns)))

    def test_only_as_many_hints_as_there_is_room_for_the_newest(self) -> None:
        given = [HintRow(f"k{n}", f"text {n}", "waiting", "waiting", "waiting") for n in range(1, 9)]
        assert text(hint_lines(given, 30, 4)) == ["hints  5 earlier", "k6  waiting", "k7  waiting", "k8  waiting"]
        assert text(hint_lines(given, 60, 5)) == [
            "hints  6 earlier", "k7  waiting", "    text 7", "k8  waiting", "    text 8",
        ]  # fmt: skip
        assert hint_lines([], 30, 9) == []


class TestProse:
    def test_blocks_are_told_apart_and_lists_hang(self) -> None:
        markdown = (
            "# One\ntext *em* `co de`\n\n- first item\n- second\n  - inner\n\n1. x\n\n```\ncode  here\n```\n> said\n"
        )
        assert text(rendered(markdown, 14)) == [
            "One", "", "text em co de", "", "- first item", "- second", "  - inner", "", "1. x", "",
            "  code  here", "", "│ said",
        ]  # fmt: skip

    def test_styles_are_named(self) -> None:
        line = rendered("a **b** `c` [d](http://e)", 40)[0]
        assert [(piece.text.strip(), piece.style) for piece in line] == [
            ("a", "text"), ("b", "strong"), ("c", "code"), ("d", "link"),
        ]  # fmt: skip

    def test_a_word_that_is_longer_than_a_line_is_broken(self) -> None:
        assert text(wrapped([Piece("ab abcdefghij k")], 4)) == ["ab", "abcd", "efgh", "ij k"]

    @given(st.text(max_size=200), st.integers(1, 60))
    def test_any_text_is_rendered_inside_its_width_and_steers_no_terminal(self, markdown: str, columns: int) -> None:
        for line in text(rendered(markdown, columns)):
            # A wide character does not get narrower than two columns.
            assert width(line) <= max(columns, 3)
            assert not any(c in line for c in "\x1b\x07\x9b\u202e\r\n")

    @given(st.lists(st.sampled_from("abc \n"), max_size=80), st.integers(1, 12))
    def test_wrapping_loses_no_word(self, letters: list[str], columns: int) -> None:
        said = "".join(letters)
        found = "".join("".join(text(wrapped([Piece(said)], columns))).split())
        assert found == "".join(said.split())


class Showing(App[None]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.source = Live(folder, lambda: last_moment(folder))

    def compose(self) -> ComposeResult:
        yield ProgramPane(1)

    def on_mount(self) -> None:
        self.pane.show(self.source, ANEW)

    def on_unmount(self) -> None:
        self.source.close()

    @property
    def pane(self) -> ProgramPane:
        return self.query_one(ProgramPane)

    def look(self) -> None:
        self.pane.show(self.source, self.source.advance())

    async def settled(self, pilot: object) -> str:
        await self.workers.wait_for_complete()
        await pilot.pause()  # type: ignore[attr-defined]
        return "\n".join("".join(s.text for s in strip) for strip in self.screen._compositor.render_strips())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path, 3, live=True)


def write(folder: Path, *facts: object) -> None:
    with Journal.open(folder, write=True) as journal:
        journal.append(list(facts))  # type: ignore[arg-type]


def blob(folder: Path, data: str) -> str:
    with Journal.open(folder, write=True) as journal:
        return journal.put_blob(data.encode())


async def test_the_program_and_the_hints_are_shown(folder: Path) -> None:
    app = Showing(folder)
    async with app.run_test(size=(34, 40)) as pilot:
        shown = await app.settled(pilot)
        assert "val_bpb, minimize" in shown
        assert "1. Task" in shown
        write(folder, HintGiven("k9", "try \x1b[31mless", "p@b:1"))
        app.look()
        shown = await app.settled(pilot)
        assert "k9  waiting" in shown
        assert "\x1b" not in shown


async def test_an_edit_of_the_prose_is_the_program_from_then_on(folder: Path) -> None:
    app = Showing(folder)
    async with app.run_test(size=(60, 40)) as pilot:
        await app.settled(pilot)
        edited = PROGRAM.replace("# 1. Task", "# 1. Another task")
        write(folder, ProgramChanged(blob(folder, edited), blob(folder, "diff"), False, None, "fast"))
        app.look()
        shown = await app.settled(pilot)
        assert "1. Another task" in shown
        assert app.pane.said == "edited"


async def test_an_edit_of_the_specification_is_named_with_its_epoch(folder: Path) -> None:
    app = Showing(folder)
    async with app.run_test(size=(60, 40)) as pilot:
        await app.settled(pilot)
        digest = blob(folder, PROGRAM.replace("300s", "600s"))
        reason = "program.md: the specification was edited"
        write(
            folder,
            ProgramChanged(digest, blob(folder, "diff"), True, None, "fast"),
            EpochOpened(2, reason, digest, "c" * 40, "e0", "minimize", "val_bpb", "evaluator"),
            BudgetsChanged(Budgets(experiments=99), "p@b:1"),
        )
        app.look()
        shown = await app.settled(pilot)
        assert "python train.py, 10 min" in shown
        assert "99 experiments" in shown
        assert f"2: {reason}" in shown
        assert app.pane.said == "edited: new epoch 2"


async def test_the_keys_scroll_and_the_hints_stay_in_sight(folder: Path) -> None:
    app = Showing(folder)
    async with app.run_test(size=(30, 20)) as pilot:
        write(folder, HintGiven("k9", "try less", "p@b:1"))
        app.look()
        await app.settled(pilot)
        app.pane.text.focus()
        await pilot.press("G")
        assert app.pane.text.scroll_offset.y == app.pane.text.max_scroll_y > 0
        assert "hints" in await app.settled(pilot)
        assert app.query_one(PinnedHints).display
        await pilot.press("g", "j", "j", "k")
        assert app.pane.text.scroll_offset.y == 1
        await pilot.resize_terminal(30, 10)
        await app.settled(pilot)
        assert not app.query_one(PinnedHints).display
        await pilot.press("G")
        assert "hints" in await app.settled(pilot)


async def test_a_campaign_without_a_program_says_what_will_be_here(tmp_path: Path) -> None:
    folder = campaigns.create("early", home=tmp_path)
    Journal.create(folder).close()
    app = Showing(folder)
    async with app.run_test(size=(40, 12)) as pilot:
        assert "The program appears here once the" in await app.settled(pilot)
        write(folder, CampaignEnded("imported", "imported"))
        app.look()
        assert "This record holds no program" in await app.settled(pilot)


async def test_a_program_that_cannot_be_read_is_a_sentence(folder: Path) -> None:
    app = Showing(folder)
    async with app.run_test(size=(60, 12)) as pilot:
        await app.settled(pilot)
        write(folder, ProgramChanged("f" * 64, "f" * 64, False, None, "fast"))
        app.look()
        assert "f" * 20 in " ".join((await app.settled(pilot)).split())


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (2, 3), (40, 10), (200, 60)])
async def test_it_stands_any_size(folder: Path, size: tuple[int, int]) -> None:
    app = Showing(folder)
    async with app.run_test(size=size) as pilot:
        await app.settled(pilot)
        app.pane.text.focus()
        await pilot.press("G", "pagedown", "g", "j")
