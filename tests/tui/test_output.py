from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from textual.app import App, ComposeResult

from praxtui.journal.facts import RunEnded, RunStarted, SetupStarted
from praxtui.journal.state import Run
from praxtui.tui.panes.output import OutputPane
from praxtui.tui.panes.output_runs import Output, Standing, caption, current, empty, neighbour
from praxtui.tui.sources.live import Live
from praxtui.tui.sources.protocol import ANEW, Change, RunLog
from tests.tui import recorded
from tests.tui.told import Told, begun, drafted, judged, ran


class Logged(Told):
    """A campaign whose runs have logs; at the moments of a replay, as long as `sizes` says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(begun())
        self.folder = folder
        self.sizes: dict[tuple[str, int], int] = {}

    def path(self, experiment: str, n: int, name: str = "run.log") -> Path:
        path = self.folder / "runs" / experiment / str(n) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, experiment: str, n: int) -> RunLog | None:
        path = self.path(experiment, n)
        growing = f"{experiment}/{n}" in self.state.running
        return RunLog(path, self.sizes.get((experiment, n)), growing) if path.exists() else None


class Alone(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.pane = OutputPane(5)

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def text(self) -> str:
        view = self.pane.scrolled
        return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height)).rstrip()


@pytest.fixture
def source(tmp_path: Path) -> Logged:
    return Logged(tmp_path)


def started(source: Told, id: str, n: int) -> Change:
    source.now += 10.0
    return source.tell(RunStarted(id, n, "select", 0, f"c-{id}", 1))


def test_the_run_under_way_is_shown_else_the_last_that_ended(source: Logged) -> None:
    assert current(Told().state) is None
    assert current(source.state) == Output("e0", 1)
    source.tell(*drafted("e1", "one"))
    started(source, "e1", 1)
    assert current(source.state) == Output("e1", 1)
    started(source, "e0", 2)
    assert current(source.state) == Output("e0", 2)
    source.tell(RunEnded("e0", 2, "exit", 0, 1.0, 0.0, 1.0, metric=1.0))
    assert current(source.state) == Output("e1", 1)


def test_runs_follow_one_another_across_experiments(source: Logged) -> None:
    for id in ("e1", "e2"):
        source.tell(*drafted(id, "x"))
        source.now += 10.0
        source.tell(*ran(id, 1.0), judged(id, "discard"))
    source.now += 10.0
    source.tell(*ran("e1", 1.0, n=2))
    for id, n in (("e0", 1), ("e1", 1), ("e2", 1), ("e1", 2)):
        source.path(id, n).write_text("output\n")
    source.path("e1", 1, "evaluate.log").write_text("score 1.0\n")
    order = [Output("e0", 1), Output("e1", 1), Output("e1", 1, True), Output("e2", 1), Output("e1", 2)]
    for one, following in pairwise(order):
        assert neighbour(source, one, 1) == following
        assert neighbour(source, following, -1) == one
    assert neighbour(source, order[0], -1) == order[0]
    assert neighbour(source, order[-1], 1) is None
    assert neighbour(source, None, -1) == order[-1]
    assert neighbour(source, Output("e9", None), -1) == order[-1]


RUN = Run(1, "select", 0, 1, "c", 0.0)
ENDED = msgspec.structs.replace(RUN, why="exit", exit=0, seconds=325.0)


@pytest.mark.parametrize(
    ("run", "standing", "said"),
    [
        (RUN, Standing(True, True), "e1 run 1, following"),
        (RUN, Standing(True, False, 12), "e1 run 1, paused, 12 new lines, f follows"),
        (RUN, Standing(True, False, 1, 94, 1200), "e1 run 1, paused, 1 new line, f follows, line 94 of 1,200"),
        (ENDED, Standing(False, True), "e1 run 1, ended 5:25, exit 0"),
        (ENDED, Standing(False, False, 0, 3, 9), "e1 run 1, ended 5:25, exit 0, line 3 of 9"),
        (
            msgspec.structs.replace(ENDED, why="timeout", exit=None),
            Standing(False, True),
            "e1 run 1, ended 5:25, timeout",
        ),
    ],
)
def test_the_border_says_what_is_shown(run: Run, standing: Standing, said: str) -> None:
    assert caption("e1 run 1", run, standing, "f") == said


@pytest.mark.parametrize(
    ("output", "run", "options", "words"),
    [
        (None, None, {}, "What a run prints will stand here"),
        (None, None, {"setup": True}, "setup is running"),
        (Output("e1", None), None, {}, "e1 has not run yet"),
        (Output("e1", 1), RUN, {}, "has not printed anything yet"),
        (Output("e1", 1), ENDED, {"there": True}, "printed nothing"),
        (Output("e1", 1, True), ENDED, {}, "The log of e1 run 1 evaluation is not in the record"),
    ],
)
def test_an_empty_pane_says_what_will_appear(
    output: Output | None, run: Run | None, options: dict[str, bool], words: str
) -> None:
    assert words in empty(output, run, setup=options.get("setup", False), there="there" in options, previous="<")


async def test_the_log_of_what_runs_is_shown_and_the_next_ones_when_that_runs(source: Logged) -> None:
    app = Alone()
    async with app.run_test(size=(60, 8)) as pilot:
        pane = app.pane
        pane.show(source, ANEW)
        assert "The log of e0 run 1 is not in the record" in app.text
        source.tell(*drafted("e1", "one"))
        pane.show(source, started(source, "e1", 1))
        assert "e1 run 1 has not printed anything yet" in app.text
        source.path("e1", 1).write_text("step 1\n")
        pane.show(source, Change(ticked=True))
        assert app.text == "step 1"
        assert pane.said == "e1 run 1, following"
        source.path("e1", 1, "evaluate.log").write_text("score\n")
        pane.show(source, Change(ticked=True))
        assert app.text == "score"
        assert pane.said == "e1 run 1 evaluation, following"
        source.path("e1", 1, "evaluate.log").unlink()
        pane.show(source, source.tell(RunEnded("e1", 1, "exit", 0, 61.0, 0.0, 61.0, metric=1.0)))
        assert app.text == "step 1"
        assert pane.said == "e1 run 1, ended 1:01, exit 0"
        await pilot.pause()


async def test_another_run_is_chosen_by_keys_and_by_name(source: Logged) -> None:
    source.path("e0", 1).write_text("baseline\n")
    source.tell(*drafted("e1", "one"), *drafted("e2", "two"))
    started(source, "e1", 1)
    source.path("e1", 1).write_text("step 1\n")
    app = Alone()
    async with app.run_test(size=(60, 8)) as pilot:
        pane = app.pane
        pane.show(source, ANEW)
        pane.scrolled.focus()
        await pilot.press("less_than_sign")
        assert app.text == "baseline"
        pane.show(source, Change(ticked=True))
        assert app.text == "baseline"
        await pilot.press("greater_than_sign", "greater_than_sign")
        assert app.text == "step 1"
        pane.choose("e2")
        assert "e2 has not run yet" in app.text
        pane.show(source, started(source, "e2", 1))
        assert pane.said == "e2 run 1"
        pane.choose("e0", 1)
        assert app.text == "baseline"
        pane.choose(None)
        assert pane.said == "e2 run 1"


async def test_a_replay_shows_what_was_there_at_its_moment(source: Logged) -> None:
    source.tell(*drafted("e1", "one"))
    started(source, "e1", 1)
    source.path("e1", 1).write_text("step 1\nstep 2\nstep 3\n")
    source.path("e1", 1, "evaluate.log").write_text("score\n")
    app = Alone()
    async with app.run_test(size=(60, 8)) as pilot:
        for size, text in ((7, "step 1"), (21, "step 1\nstep 2\nstep 3"), (0, ""), (14, "step 1\nstep 2")):
            source.sizes["e1", 1] = size
            app.pane.show(source, Change(ticked=True))
            assert app.text == text or not size
        await pilot.pause()


async def test_a_setup_that_runs_is_shown(tmp_path: Path) -> None:
    folder = recorded.empty(tmp_path)
    live = Live(folder)
    source = Logged(folder)
    source.engine = live.engine  # type: ignore[assignment]
    live.close()
    source.tell(SetupStarted("k"))
    app = Alone()
    async with app.run_test(size=(60, 8)) as pilot:
        app.pane.show(source, ANEW)
        if source.engine is None:
            pytest.fail("the recorded campaign has no engine record")
        assert "setup is running" in app.text
        log = folder / "runs" / "setup" / "ab12" / "setup.log"
        log.parent.mkdir(parents=True)
        log.write_text("downloading\n")
        app.pane.show(source, Change(ticked=True))
        assert app.text == "downloading"
        assert app.pane.said == "setup, following"
        await pilot.pause()


async def test_a_real_campaign_is_shown(tmp_path: Path) -> None:
    source = Live(recorded.recorded(tmp_path, live=True))
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        app.pane.show(source, ANEW)
        assert app.pane.said == "e12 run 1, following"
        last = app.text.splitlines()[-1]
        recorded.grow(source.folder)
        app.pane.show(source, source.advance())
        app.pane.scrolled.look()
        assert app.text.splitlines()[-1] != last
        await pilot.pause()
    source.close()
