from __future__ import annotations

from array import array

import pytest
from textual.app import App, ComposeResult
from textual.message import Message

from praxtui.journal.curves import Curve
from praxtui.journal.facts import DraftBegun, Judged, KillAsked, RunStarted, StandingChanged
from praxtui.journal.people import AutonomyChanged, FlagsReviewed, HintGiven, Overruled, Spent
from praxtui.tui.messages import Answered, Compared, ExperimentOpened, ExperimentPointed, Steered
from praxtui.tui.panes import ledger_table
from praxtui.tui.panes.ledger import LedgerPane
from praxtui.tui.panes.ledger_cells import Moment, bar, cells, columns, difference
from praxtui.tui.panes.ledger_table import caption
from praxtui.tui.sources.protocol import ANEW, Change
from praxtui.tui.widgets.columns import Cell, fitted
from tests.tui.told import Told, begun, drafted, judged, ran


def campaign(experiments: int = 6) -> Told:
    source = Told(begun())
    source.tell(HintGiven("k2", "look at the schedule", "ann"))
    for n in range(1, experiments + 1):
        hints = ["k2"] if n == 2 else []
        source.tell(*drafted(f"e{n}", f"idea {n}", hints=hints), *ran(f"e{n}", 1 - n / 1000))
        source.tell(judged(f"e{n}", "keep" if n % 2 else "discard", n / 2, "provisional" if n % 2 else None))
    return source


def start(source: Told, id: str) -> Change:
    return source.tell(*drafted(id, "under way"), RunStarted(id, 1, "select", 0, "c", 1))


class Alone(App[None]):
    """The pane alone on the screen."""

    def __init__(self, source: Told) -> None:
        super().__init__()
        self.source = source
        self.pane = LedgerPane(3)
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.show(self.source, ANEW)
        self.pane.rows.focus()

    def on_experiment_pointed(self, event: ExperimentPointed) -> None:
        self.told.append(event)

    def on_experiment_opened(self, event: ExperimentOpened) -> None:
        self.told.append(event)

    def on_compared(self, event: Compared) -> None:
        self.told.append(event)

    def on_steered(self, event: Steered) -> None:
        self.told.append(event)

    def on_answered(self, event: Answered) -> None:
        self.told.append(event)

    def lines(self) -> list[str]:
        rows = self.pane.rows
        return [rows.render_line(y).text.rstrip() for y in range(rows.size.height)]

    def row(self, id: str) -> str:
        return next(line for line in self.lines() if f" {id} " in f" {line[2:]} ")


def text(cell: Cell) -> str:
    return "".join(piece.text for piece in fitted(cell, 80)).rstrip()


def shown(source: Told, id: str, key: str, **moment: object) -> str:
    """One cell of an experiment, as text."""
    found = columns(source.state)
    row = cells(found, source.state, source.state.experiments[id], Moment(source.now, 300.0, **moment))  # type: ignore[arg-type]
    return text(row[[column.key for column in found].index(key)])


def test_a_verdict_is_told_in_words() -> None:
    source = campaign()
    source.tell(StandingChanged(["e3"], "confirmed", "held"), StandingChanged(["e5"], "revoked", "failed"))
    assert [shown(source, id, "verdict") for id in ("e0", "e1", "e2", "e3", "e5")] == [
        "keep", "keep prov.", "discard", "keep confirmed", "revoked",
    ]  # fmt: skip
    source.tell(Judged("e2", "discard", reason="behind"), judged("e4", "crash"))
    assert [shown(source, id, "verdict") for id in ("e2", "e4")] == ["discard behind", "crash"]


def test_an_undecided_experiment_says_how_far_it_is() -> None:
    source = campaign()
    source.tell(DraftBegun("e7", 1, "e0", "b", "llm"))
    assert shown(source, "e7", "verdict") == "drafting"
    source.tell(*drafted("e7", "next"))
    assert shown(source, "e7", "verdict") == "drafted"
    source.tell(AutonomyChanged("review", "ann"))
    assert shown(source, "e7", "verdict") == "drafted, waits"
    source.tell(RunStarted("e7", 1, "select", 0, "c", 1))
    source.now += 192
    assert shown(source, "e7", "verdict") == "running 64%"
    assert shown(source, "e7", "time") == "3:12"
    source.now += 200
    assert shown(source, "e7", "verdict") == "running"
    source.tell(KillAsked("e7", 1, "ann"))
    assert shown(source, "e7", "verdict") == "being killed"
    source.tell(*ran("e7", None))
    assert shown(source, "e7", "verdict") == "repairing"


def test_only_a_live_curve_of_the_metric_itself_gives_an_estimate() -> None:
    source = campaign()
    start(source, "e7")
    assert shown(source, "e7", "metric") == "-"
    assert shown(source, "e7", "metric", estimates={"e7": 0.9703}) == "0.9703~"
    source.series = {"val_bpb": Curve(array("d", [1]), array("d", [0.97]), array("d", [1]))}
    assert ledger_table._estimates(source) == {}
    source.curve = "val_bpb"
    assert ledger_table._estimates(source) == {"e7": 0.97}


def test_what_a_person_must_know_stands_before_the_hypothesis() -> None:
    source = campaign()
    source.tell(Judged("e1", "keep", "provisional", flags=["jump"]), Overruled("e3", "discard", "ann"))
    assert shown(source, "e1", "hypothesis") == "flag jump: idea 1"
    assert shown(source, "e1", "sign") == "!"
    source.tell(FlagsReviewed("e1", "ann"))
    assert shown(source, "e1", "sign") == "*"
    assert shown(source, "e1", "hypothesis") == "flag jump, let stand: idea 1"
    assert shown(source, "e3", "hypothesis") == "ann asks for discard: idea 3"
    source.tell(Judged("e3", "discard", reason="discarded by ann"))
    assert shown(source, "e3", "hypothesis") == "overruled by ann: idea 3  discarded by ann"
    assert shown(source, "e2", "hint") == "k2"


def test_columns_that_would_say_nothing_are_left_out() -> None:
    quiet = Told(begun(noise=None))
    assert not {"bar", "cost", "hint"} & {column.key for column in columns(quiet.state)}
    loud = campaign()
    loud.tell(Spent(0.1, 10, "model", "e1"))
    assert {"bar", "cost", "hint"} <= {column.key for column in columns(loud.state)}
    loud.tell(Spent(0.0, 10, "model", "e2", unpriced=10))
    assert shown(loud, "e1", "cost") == "$0.10" and shown(loud, "e2", "cost") == "unknown"


@pytest.mark.parametrize(
    ("sd", "drawn"),
    [
        (0.0, "····──●──····"),
        (1.4, "····──┼──●···"),
        (-0.6, "····─●┼──····"),
        (3.0, "····──┼──···●"),
        (3.1, "····──┼──···▸"),
        (-40.0, "◂···──┼──····"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_the_bar_shows_the_delta_beside_what_noise_alone_does(sd: float | None, drawn: str) -> None:
    assert text(bar(sd)) == drawn


@pytest.mark.parametrize("sd", [0.04, -12.3, 99.9, 99.95, -1234.5, 1e9, None])
@pytest.mark.parametrize("delta", [0.0, 0.000169, -9.431e-05, 123456.7])
def test_a_delta_fits_its_column(sd: float | None, delta: float) -> None:
    source = campaign()
    experiment = source.state.experiments["e1"].__replace__(delta=delta, delta_sd=sd)
    assert len(text(difference(experiment))) <= (9 if sd is None else 8)


def test_the_border_counts() -> None:
    assert caption(47, 9, 5, 2) == "47 experiments, 9 kept (5 supported, 2 confirmed)"
    assert caption(1, 0, 0, 0) == "1 experiment, 0 kept"
    assert caption(0, 0, 0, 0) == ""


async def test_the_running_row_lives_and_the_newest_is_followed() -> None:
    source = campaign()
    app = Alone(source)
    async with app.run_test(size=(110, 14)) as pilot:
        app.pane.show(source, start(source, "e7"))
        assert app.pane.rows.cursor == "e7"
        source.now += 30
        app.pane.show(source, Change(ticked=True))
        await pilot.pause()
        assert "running 10%" in app.row("e7") and "0:30" in app.row("e7")
        app.pane.show(source, source.tell(*ran("e7", 0.95), judged("e7", "discard", -1.0)))
        await pilot.pause()
        assert "discard" in app.row("e7") and "0.9500" in app.row("e7")
        assert app.pane.said.startswith("7 experiments")
        assert app.row("e5").startswith(" *")
        app.pane.show(source, source.tell(judged("e6", "keep", 3.0, "provisional")))
        await pilot.pause()
        assert app.row("e5").startswith("  ") and app.row("e6").startswith(" *")
        await pilot.press("j")
        app.pane.show(source, start(source, "e8"))
        await pilot.pause()
        assert app.pane.rows.cursor == "e6"
    assert [e.experiment for e in app.told if isinstance(e, ExperimentPointed)] == [None, "e6"]


async def test_going_back_in_time_shows_the_ledger_of_then() -> None:
    app = Alone(campaign())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.press("G")
        app.pane.show(campaign(2), ANEW)
        await pilot.pause()
        assert app.pane.said == "2 experiments, 1 kept"
        assert app.pane.rows.cursor == "e0"
        assert app.pane.rows.model.count == 3


async def test_the_filter_is_typed_says_how_many_match_and_is_cleared_by_escape() -> None:
    app = Alone(campaign())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.press("slash", *"kept")
        await pilot.pause()
        assert [line.split()[0].strip("▸*") for line in app.lines()[1:4]] == ["e5", "e3", "e1"]
        assert app.pane.said == "3 of 7 match kept"
        await pilot.press("enter", "j")
        assert app.pane.rows.has_focus and app.pane.rows.cursor == "e3"
        app.pane.show(app.source, app.source.tell(judged("e3", "discard")))
        assert app.pane.said == "2 of 7 match kept"
        await pilot.press("slash", *" levr:x")
        await pilot.pause()
        assert "'levr' is nothing to filter by; did you mean" in app.pane.said.replace(",", ";")
        await pilot.press("escape")
        await pilot.pause()
        assert app.pane.said.startswith("6 experiments") and app.pane.rows.model.count == 7
        assert not app.pane.line.display


async def test_sorting_goes_round_and_keeps_the_cursor() -> None:
    app = Alone(campaign())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.press("j", "j")
        for mark in ("val_bpb▾", "delta▾", "time▾", "id▾"):
            await pilot.press("o")
            if mark == "id▾":
                await pilot.press("o")
            await pilot.pause()
            assert mark in app.lines()[0]
            assert app.pane.rows.cursor == "e4"


async def test_keys_open_compare_mark_and_steer() -> None:
    app = Alone(campaign())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.press("j", "enter", "c", "m", "k", "c", "plus", "minus", "F")
        await pilot.pause()
        assert app.row("e5").startswith(" =e5")
        told = [event for event in app.told if not isinstance(event, ExperimentPointed)]
        assert [event.__class__ for event in told] == [ExperimentOpened, Compared, Compared, Steered, Steered, Steered]
        assert [(e.left, e.right) for e in told if isinstance(e, Compared)] == [("e0", "e5"), ("e5", "e6")]
        assert [(e.verb, e.args) for e in told if isinstance(e, Steered)] == [
            (verb, {"experiment": "e6"}) for verb in ("keep", "discard", "fork")
        ]


async def test_the_best_is_found_unless_the_filter_hides_it() -> None:
    app = Alone(campaign())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.press("b")
        assert app.pane.rows.cursor == "e5"
        await pilot.press("slash", *"verdict:discard", "enter", "b")
        await pilot.pause()
        last = app.told[-1]
        assert isinstance(last, Answered) and not last.ok and "hidden by the filter" in last.text


async def test_a_long_ledger_is_sorted_in_a_thread_and_loses_nothing_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger_table, "AT_ONCE", 3)
    source = campaign()
    app = Alone(source)
    async with app.run_test(size=(110, 20)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("o")
        app.pane.show(source, source.tell(*drafted("e7", "late"), *ran("e7", 0.5)))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.pane.rows.model.id(0) == "e7"
        assert app.pane.rows.model.count == 8


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 12), (200, 60)])
async def test_it_can_be_drawn_at_any_size(size: tuple[int, int]) -> None:
    app = Alone(campaign())
    async with app.run_test(size=size) as pilot:
        await pilot.press("slash", *"idea")
        await pilot.resize_terminal(3, 2)
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert any("e6" in line for line in app.lines())


async def test_an_empty_ledger_says_what_will_stand_there_and_what_to_press() -> None:
    source = Told()
    app = Alone(source)
    async with app.run_test(size=(60, 10)) as pilot:
        assert app.lines()[0].startswith("Every experiment will stand here")
        assert any(line.startswith("h writes a hint") for line in app.lines())
        app.pane.show(source, source.tell(*begun()))
        await pilot.pause()
        assert app.lines()[1].startswith("▸*e0")
        await pilot.press("slash", *"nowhere")
        await pilot.pause()
        assert "No experiment matches the filter. esc clears it, / changes" in " ".join(app.lines())


def test_a_source_without_a_program_has_no_budget() -> None:
    assert ledger_table._budget(Told()) is None
