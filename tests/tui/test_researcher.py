"""The researcher's pane over a recorded campaign."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from praxtui.journal.liveness import Engine
from praxtui.journal.people import Paused, WaitingBegan
from praxtui.journal.store import Journal
from praxtui.tui.messages import Answered
from praxtui.tui.panes.researcher import ResearcherPane
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import ANEW, Change, Source
from praxtui.tui.sources.replay import Replay
from tests.tui.recorded import empty, grow, last_moment, recorded
from tests.tui.told import Told, begun


class Cockpit(App[None]):
    """The pane alone on a screen."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.pane = ResearcherPane(4)
        self.answers: list[Answered] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        self.pane.show(self.source, ANEW)
        self.pane.view.focus()

    def on_answered(self, message: Answered) -> None:
        self.answers.append(message)

    def shown(self) -> list[str]:
        """The lines of the whole pane, without its border."""
        widgets = [w for w in (self.pane.stated, self.pane.view, self.pane.notice) if w.display]
        return [w.render_line(y).text.rstrip() for w in widgets for y in range(w.size.height)]

    def has(self, words: str) -> bool:
        return any(words in line for line in self.shown())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live campaign that no test changes."""
    return recorded(tmp_path_factory.mktemp("read"), 12, live=True)


def followed(folder: Path) -> Live:
    now = last_moment(folder)
    return Live(folder, clock=lambda: now)


@pytest.fixture
def live(folder: Path) -> Iterator[Live]:
    source = followed(folder)
    yield source
    source.close()


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Live]:
    """One that a test takes further."""
    source = followed(recorded(tmp_path, 12, live=True))
    yield source
    source.close()


def use(source: Source, size: tuple[int, int] = (60, 20)) -> Callable[..., list[str]]:
    """Opens the pane on a source, presses keys, does more, and gives what is shown."""

    def opened(*keys: str, then: Callable[[Cockpit], None] | None = None) -> list[str]:
        async def run() -> list[str]:
            app = Cockpit(source)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await pilot.press(*keys)
                await pilot.pause()
                if then is not None:
                    then(app)
                    await pilot.pause()
                return [str(app.pane.border_title), *app.shown()]

        return asyncio.run(run())

    return opened


def test_the_draft_under_way_is_open_and_its_hypothesis_stands_above(live: Live) -> None:
    shown = use(live)()
    assert shown[0] == "4 researcher  e13, thinking"
    assert shown[1] == "hypothesis  train on the validation text as well"
    assert any(line.startswith("▾ e13  thinking") for line in shown)
    assert any(line.startswith("▸ e11  discard  -1.8 sd  softcap 15 → 20  refuted") for line in shown)
    assert shown[-1].startswith("┆ ")


def test_what_is_thought_meanwhile_comes_at_the_end(growing: Live) -> None:
    def later(app: Cockpit) -> None:
        grow(growing.folder)
        change = growing.advance()
        assert change.streamed
        app.pane.show(growing, change)

    shown = use(growing)(then=later)
    assert shown[-1].endswith("After 70 lines.")


def test_looking_elsewhere_pauses_and_follow_goes_back(live: Live) -> None:
    opened = use(live)
    assert opened("k", "k")[0].endswith("e13, thinking, paused")
    assert opened("k", "k", "f")[0] == "4 researcher  e13, thinking"
    assert opened("k", "k", "G")[0] == "4 researcher  e13, thinking"


def test_what_is_in_sight_stays_there_while_more_comes(growing: Live) -> None:
    seen: list[list[str]] = []

    def later(app: Cockpit) -> None:
        seen.append(app.shown())
        grow(growing.folder, 2)
        app.pane.show(growing, growing.advance())
        seen.append(app.shown())

    use(growing, (60, 14))("pageup", then=later)
    assert seen[0] == seen[1]


def test_lines_that_come_above_move_nothing_that_is_in_sight(growing: Live) -> None:
    seen: list[list[str]] = []

    def later(app: Cockpit) -> None:
        seen.append(app.shown())
        with Journal.open(growing.folder, write=True) as journal:
            journal.stream_append("thought", "one\ntwo\nthree\n", "e5")
        app.pane.show(growing, growing.advance())
        seen.append(app.shown())

    use(growing, (60, 14))("g", *("j",) * 4, "enter", "G", "k", then=later)
    assert seen[0] == seen[1]


def test_enter_opens_an_older_experiment_and_closes_it_again(live: Live) -> None:
    opened = use(live, (90, 40))
    up = ("g", *("j",) * 4)
    shown = opened(*up, "enter")
    assert shown[0] == "4 researcher  e5, discard, refuted, paused"
    assert "  edit    train.py: DEPTH = 8 → 10" in shown
    assert "  refused it changes evaluate.py, which is no lever" in shown
    assert "  verdict discard: at 33% its loss was behind every kept run" in shown
    assert not any("DEPTH = 8" in line for line in opened(*up, "enter", "enter"))


def test_only_the_newest_are_shown_until_more_are_asked_for(tmp_path: Path) -> None:
    folder = recorded(tmp_path, 30)
    source = Live(folder)
    opened = use(source, (60, 60))
    assert any("… 10 earlier: enter shows 10 more" in line for line in opened())
    shown = opened("g", "enter")
    assert any(line.startswith("▸ e1 ") for line in shown)
    assert not any("earlier" in line for line in shown)
    source.close()


def test_a_long_conversation_is_read_from_its_end_and_the_rest_on_demand(tmp_path: Path) -> None:
    folder = recorded(tmp_path, 3, live=True)
    with Journal.open(folder, write=True) as journal:
        for n in range(1000):
            journal.stream_append("thought", f"thought {n}.\n", "e4")
    source = Live(folder)
    app_lines: list[str] = []

    def top(app: Cockpit) -> None:
        app_lines.extend("".join(p.text for p in app.pane.view.lines.line(n)) for n in range(app.pane.view.lines.count))

    use(source)(then=top)
    assert "┆ thought 999." in app_lines
    assert "┆ thought 600." in app_lines
    assert "┆ thought 599." not in app_lines
    assert "  … earlier thoughts: enter loads them" in app_lines
    app_lines.clear()
    use(source)("g", "j", "j", "j", "j", "enter", then=top)
    assert "┆ thought 1." in app_lines
    source.close()


def test_a_search_goes_to_what_it_finds(live: Live) -> None:
    def hit(app: Cockpit) -> None:
        assert app.pane.view.pattern is not None
        assert "softcap" in "".join(p.text for p in app.pane.view.lines.line(app.pane.view.cursor))

    opened = use(live, (60, 12))
    shown = opened("/", *"SOFTCAP", "enter", then=hit)
    assert any("softcap 15" in line for line in shown)


def test_escape_ends_a_search(live: Live) -> None:
    patterns: list[object] = []
    use(live)("/", *"e1", "enter", "n", "escape", then=lambda app: patterns.append(app.pane.view.pattern))
    assert patterns == [None]


def test_a_search_without_a_hit_says_so(live: Live) -> None:
    said: list[Answered] = []
    use(live)("/", *"zebra(", "enter", then=lambda app: said.extend(app.answers))
    assert [(answer.text, answer.ok) for answer in said] == [("nothing here matches zebra(", False)]


def test_copying_takes_the_thoughts_of_the_experiment(live: Live) -> None:
    copied: list[str] = []
    use(live)("y", then=lambda app: copied.append(app.clipboard))
    assert copied[0].startswith("e13  train on the validation text as well\nbecause  more text\n")
    assert "┆ The last keep lowered the loss" in copied[0]


def test_long_lines_are_broken_or_cut(live: Live) -> None:
    assert any(line == "┆ I touch it." for line in use(live)())
    assert not any(line == "┆ I touch it." for line in use(live)("w"))


def test_a_replay_shows_the_thoughts_up_to_the_moment(tmp_path: Path) -> None:
    source = Replay(recorded(tmp_path, 6))
    source.seek_experiment("e2")
    source.advance()
    known = [*source.state.experiments][1:]
    shown = use(source, (90, 30))()
    assert [line.split()[1] for line in shown if line.startswith(("▸", "▾"))] == known
    assert "e6" not in known
    source.seek(1.0)
    source.advance()
    shown = use(source, (90, 30))()
    assert any(line.startswith("▾ e6") for line in shown)
    assert any(line.startswith("! ") and "finished: 6 experiments done" in line for line in shown)
    source.close()


def test_a_wait_for_a_person_is_said_with_its_keys_and_in_the_border() -> None:
    source = Told(begun())
    source.engine = Engine(1, True)  # type: ignore[assignment]
    source.tell(WaitingBegan("approval", "e1 waits for approval"))
    source.now += 60
    shown = use(source)()
    assert shown[0] == "4 researcher  waiting for you"
    assert any(line.startswith("! 1:00 e1 waits for approval; A lets it run") for line in shown)


def test_the_time_of_a_wait_goes_on_with_the_clock_alone() -> None:
    source = Told(begun())
    source.tell(Paused("ada"))

    def later(app: Cockpit) -> None:
        source.now += 61
        app.pane.show(source, Change(ticked=True))

    assert any("1:01" in line for line in use(source)(then=later))


def test_an_empty_campaign_says_what_will_stand_here(tmp_path: Path) -> None:
    source = Live(empty(tmp_path))
    shown = use(source, (130, 10))()
    assert any(line.startswith("What the researcher thinks will stand here") for line in shown)
    source.close()


@pytest.mark.slow
def test_any_size_is_shown(live: Live) -> None:
    async def run() -> None:
        async with Cockpit(live).run_test(size=(80, 24)) as pilot:
            for size in ((1, 1), (5, 3), (20, 5), (40, 10), (200, 60)):
                await pilot.resize_terminal(*size)
                await pilot.press("k", "enter", "g", "G")

    asyncio.run(run())


def test_nothing_is_drawn_again_where_nothing_changed(live: Live) -> None:
    drawn: list[int] = []

    def again(app: Cockpit) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for widget in (app.pane.stated, app.pane.view, app.pane.notice, app.pane):
                patch.setattr(widget, "refresh", lambda *regions, **how: drawn.append(1))
            app.pane.show(live, Change(streamed=True, ticked=True))

    use(live)(then=again)
    assert not drawn
