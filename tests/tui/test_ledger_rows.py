from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.journal.facts import Fact, Judged, Reflected, Restored, RunStarted, StandingChanged
from praxtui.journal.people import HintGiven, Overruled, Spent, WaitingBegan
from praxtui.tui.panes.ledger_filter import ALL, read
from praxtui.tui.panes.ledger_rows import ORDERS, View, touched
from tests.tui.told import Told, begun, drafted, judged, opened, ran

FILTERS = ("", "kept", "failed", "warm", "verdict:undecided", "lever:train", "hint:k2", "flag", "nothing at all")
IDS = st.integers(1, 8).map(lambda n: f"e{n}")
NUMBERS = st.floats(-5, 5) | st.just(float("nan"))


def _steps(id: str, number: float, what: int) -> list[Fact]:
    """Facts about an experiment, in any order: the ledger must not depend on their making sense."""
    n = next(_RUNS)
    return [
        list(drafted(id, ("warm up", "cool down")[what % 2], hints=["k2"] if what % 3 == 0 else [])),
        list(ran(id, number, n, seconds=abs(number) * 10)),
        [RunStarted(id, n, "audit", 0, "c", 1)],
        [judged(id, ("keep", "discard", "crash", "invalid", "void")[what % 5], number, "provisional")],
        [judged(id, "keep", None, "provisional")],
        [StandingChanged([id, "e1"], ("supported", "confirmed", "revoked")[what % 3], "held")],
        [Restored("e0", [id], "c")],
        [Spent(abs(number), 10, "model", id, unpriced=what % 2)],
        [Overruled(id, "discard", "ann")],
        [Reflected(id, "confirmed", "learned", "llm")],
        [WaitingBegan("approval", "e1 waits")],
        [HintGiven("k2", "look", "ann")],
        [opened(2, "maximize")],
    ][what]


_RUNS = count(1)
STEPS = st.lists(st.tuples(IDS, NUMBERS, st.integers(0, 12)), min_size=6, max_size=25)


def half_drafted() -> Told:
    """A campaign in which some of the experiments are there already, for most facts to be about one that is."""
    return Told([*begun(), *(fact for n in range(1, 7) for fact in drafted(f"e{n}", "warm up"))])


def ids(view: View) -> list[str]:
    return [view.id(place) for place in range(view.count)]


@settings(deadline=None)
@given(STEPS, st.sampled_from(ORDERS), st.sampled_from(FILTERS), st.integers(1, 5))
def test_taking_in_what_changed_gives_what_building_anew_gives(
    steps: list[tuple[str, float, int]], order: str, words: str, at_once: int
) -> None:
    source = half_drafted()
    view = View(order, read(words))
    view.rebuild(source.state)
    for first in range(0, len(steps), at_once):
        before = source.state
        facts = [fact for step in steps[first : first + at_once] for fact in _steps(*step)]
        changed = touched(source.tell(*facts).events, before, source.state)
        view.rebuild(source.state) if changed is None else view.apply(source.state, changed)
        anew = View(order, read(words))
        anew.rebuild(source.state)
        assert ids(view) == ids(anew)
        assert +view.counts == +anew.counts
        assert [view.place(id) for id in ids(view)] == list(range(view.count))


@given(STEPS)
@settings(deadline=None)
def test_no_row_changes_that_the_events_do_not_name(steps: list[tuple[str, float, int]]) -> None:
    source = half_drafted()
    for step in steps:
        before = source.state
        changed = touched(source.tell(*_steps(*step)).events, before, source.state)
        if changed is not None:
            for id, experiment in source.state.experiments.items():
                assert id in changed or experiment is before.experiments[id]


def told(*metrics: float | None) -> Told:
    source = Told(begun())
    for n, metric in enumerate(metrics, 1):
        source.tell(*drafted(f"e{n}", f"idea {n}"), *ran(f"e{n}", metric, seconds=10.0 * n))
        source.tell(judged(f"e{n}", "discard" if metric is not None else "crash", metric))
    return source


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", "e4 e3 e2 e1 e0"),
        ("metric", "e3 e1 e0 e4 e2"),
        ("delta", "e4 e1 e3 e2 e0"),
        ("time", "e0 e4 e3 e2 e1"),
    ],
)
def test_the_best_the_longest_and_the_newest_stand_first(order: str, expected: str) -> None:
    view = View(order)
    view.rebuild(told(0.99, None, 0.98, 1.2).state)
    assert ids(view) == expected.split()


def test_where_larger_is_better_the_largest_metric_stands_first() -> None:
    source = Told([*begun()])
    source.tell(opened(1, "maximize"))
    for n, metric in enumerate((0.2, 0.9, 0.5), 1):
        source.tell(*drafted(f"e{n}", "idea"), *ran(f"e{n}", metric))
    view = View("metric")
    view.rebuild(source.state)
    assert ids(view) == ["e0", "e2", "e3", "e1"]


def test_what_another_epoch_measured_stands_after_what_can_be_compared() -> None:
    source = told(0.5)
    source.tell(opened(2))
    view = View("metric")
    view.rebuild(source.state)
    assert ids(view) == ["e1", "e0"]


def test_words_are_looked_for_in_hypothesis_mechanism_and_id() -> None:
    source = told(0.99, 0.98)
    e = source.state.experiments["e2"]
    assert read("IDEA because").passes(e)
    assert read("e2").passes(e) and not read("e1").passes(e)
    assert not read("idea nowhere").passes(e)
    assert read('"idea 2"').passes(e) and not read('"idea because"').passes(e)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kept", "e1"),
        ("failed", "e3"),
        ("verdict:discard", "e2"),
        ("verdict:undecided", "e4"),
        ("verdict:prov.", "e1"),
        ("verdict:revoked", "e5"),
        ("lever:model", "e4"),
        ("hint:k2", "e2"),
        ("by:ann", "e3"),
        ("flag", "e1"),
        ("flag:jump", "e1"),
    ],
)
def test_named_filters_find_what_they_name(words: str, expected: str) -> None:
    source = Told(begun())
    for n in (1, 2, 3, 4, 5):
        lever = "model.py" if n == 4 else "train.py"
        source.tell(*drafted(f"e{n}", "idea", lever, ["k2"] if n == 2 else []))
    source.tell(Judged("e1", "keep", "provisional", flags=["jump"]))
    source.tell(judged("e2", "discard"), judged("e3", "crash"), Overruled("e3", "keep", "ann"))
    source.tell(judged("e5", "keep", 1, "provisional"), StandingChanged(["e5"], "revoked", "failed"))
    view = View("newest", read(words))
    view.rebuild(source.state)
    assert ids(view) == [expected]


@pytest.mark.parametrize("words", ["verdict:crsh", "levr:train.py", "ratio:3"])
def test_a_filter_that_means_nothing_says_so_and_leaves_nothing_out(words: str) -> None:
    found = read(words)
    assert found.problem and not found
    assert read(f'"{words}"').problem == ""


@given(st.text())
def test_any_line_can_be_read(text: str) -> None:
    found = read(text)
    assert found.problem or all(test for test in found.tests)
    assert read("") == ALL
