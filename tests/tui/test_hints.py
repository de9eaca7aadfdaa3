"""Where hints went, and the history of the hint line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.shown import width
from praxtui.journal.state import Experiment, Hint, State
from praxtui.tui.hints import MOST, History, Row, refused, rows
from praxtui.tui.panes.hint import listed, resting


def state(*used: dict[str, Any], withdrawn: bool = False) -> State:
    found = {
        f"e{n}": Experiment(f"e{n}", 1, "e0", "base", "llm", 0.0, **fields) for n, fields in enumerate(used, start=45)
    }
    return State(experiments=found, hints={"k1": Hint("k1", "try\nless", "p@b:1", 0.0, tuple(found), withdrawn)})


KEEP = {"verdict": "keep", "standing": "provisional", "delta": 0.1, "delta_sd": 1.1}
REVOKED = {**KEEP, "standing": "revoked"}
DISCARD = {"verdict": "discard", "delta": -0.1, "delta_sd": -2.9}


@pytest.mark.parametrize(
    ("known", "fate", "brief", "kind"),
    [
        (state(), "waiting", "waiting", "waiting"),
        (state(withdrawn=True), "withdrawn", "withdrawn", "over"),
        (state(KEEP), "used by e45: keep +1.1 sd (paid)", "used by e45, paid", "paid"),
        (state(DISCARD), "used by e45: discard -2.9 sd (not paid)", "used by e45, not paid", "used"),
        (state({"verdict": "crash"}), "used by e45: crash (not paid)", "used by e45, not paid", "used"),
        (state({}), "used by e45: being tried", "used by e45, being tried", "used"),
        (state(REVOKED), "used by e45: keep revoked +1.1 sd (not paid)", "used by e45, not paid", "used"),
        (state(KEEP, DISCARD), "used by e45: keep +1.1 sd (paid), 2 in all", "used by e45, e46, paid", "paid"),
        (
            state(DISCARD, DISCARD, {}),
            "used by e47: being tried, 3 in all",
            "used by e47 and 2 more, being tried",
            "used",
        ),
        (
            state(KEEP, withdrawn=True),
            "used by e45: keep +1.1 sd (paid), withdrawn",
            "used by e45, paid",
            "paid",
        ),
    ],
)
def test_the_fate_of_a_hint_is_what_its_experiments_came_to(known: State, fate: str, brief: str, kind: str) -> None:
    assert rows(known) == [Row("k1", "try less", fate, brief, kind)]


def test_a_hint_that_says_nothing_or_too_much_is_refused() -> None:
    assert refused(" \n ") == "an empty hint says nothing"
    assert refused("a" * (MOST + 1)) == "a hint has at most 8,000 characters, this one has 8,001"
    assert refused("a" * MOST) is None


class TestHistory:
    def known(self) -> History:
        history = History()
        history.know([("k1", "one"), ("k2", "two")])
        return history

    def test_up_goes_back_through_the_hints_and_down_returns_to_what_is_typed(self) -> None:
        history = self.known()
        assert [history.back("dra"), history.back("two"), history.back("one")] == ["two", "one", None]
        assert history.pointed == "k1"
        assert [history.on("one"), history.on("two"), history.on("dra")] == ["two", "dra", None]
        assert history.pointed is None

    def test_what_was_left_is_kept_and_stands_between_the_hints_and_the_draft(self) -> None:
        history = self.known()
        history.leave("left one")
        assert history.draft == "left one"
        history.leave("left two")
        assert history.entries == ["one", "two", "left one", "left two"]
        history.sent("left two")
        assert (history.draft, history.entries) == ("", ["one", "two", "left one"])

    def test_a_hint_that_is_changed_becomes_the_draft_and_is_a_hint_still(self) -> None:
        history = self.known()
        assert history.back("") == "two"
        history.edited("two and a half")
        assert (history.draft, history.pointed) == ("two and a half", None)
        assert history.back("two and a half") == "two"

    def test_leaving_while_looking_at_a_hint_keeps_what_was_typed(self) -> None:
        history = self.known()
        history.back("draft")
        history.leave("two")
        assert history.draft == "draft"

    def test_a_hint_that_arrives_meanwhile_does_not_move_what_is_looked_at(self) -> None:
        history = self.known()
        history.leave("left")
        history.back("left")
        history.know([("k1", "one"), ("k2", "two"), ("k3", "three")])
        assert history.back("left") == "three"
        history.know([("k1", "one"), ("k2", "two"), ("k3", "three"), ("k4", "four")])
        assert history.pointed == "k3"

    @given(
        st.lists(st.text(max_size=3), max_size=4),
        st.lists(st.sampled_from(["up", "down", "type", "leave", "send", "more"]), max_size=30),
    )
    def test_no_order_of_keys_loses_a_hint_or_the_draft(self, texts: list[str], keys: list[str]) -> None:
        history, given = History(), [(f"k{n}", text) for n, text in enumerate(texts)]
        history.know(given)
        field = history.draft
        for number, key in enumerate(keys):
            if key in ("up", "down"):
                found = history.back(field) if key == "up" else history.on(field)
                field = field if found is None else found
            elif key == "type":
                field += str(number)
                history.edited(field)
                assert history.draft == field
            elif key == "more":
                given.append((f"k{len(given)}", f"more {number}"))
                history.know(given)
            else:
                (history.leave if key == "leave" else history.sent)(field)
                field = history.draft
            assert history.entries[: len(given)] == [text for _, text in given]
            assert history.pointed is None or dict(given)[history.pointed] == field


@given(st.text(max_size=60), st.integers(0, 200), st.booleans())
def test_lines_are_never_wider_than_there_is_room(text: str, columns: int, draft: bool) -> None:
    row = Row("k12", text, "used by e45: keep +1.1 sd (paid)", "used by e45, paid", "paid")
    assert sum(map(width, resting(text if draft else "", row, columns))) <= max(4, columns - 8)
    assert width(listed(row, columns)[1]) <= max(0, columns - 8)
