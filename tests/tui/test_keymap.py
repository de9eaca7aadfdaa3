"""Keys: how they are written, shown, changed and listed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from praxtui.tui import actions
from praxtui.tui.actions import ACTIONS, PLACES, bindings
from praxtui.tui.keymap import BY_DEFAULT, canonical, keymap, listing, shown, taken, use


@pytest.mark.parametrize(
    ("written", "name", "read"),
    [
        ("?", "question_mark", "?"),
        (":", "colon", ":"),
        (",", "comma", ","),
        ("G", "G", "G"),
        ("shift+g", "G", "G"),
        ("ctrl+p", "ctrl+p", "ctrl+p"),
        ("Ctrl+P", "ctrl+p", "ctrl+p"),
        ("space", "space", "space"),
        ("Esc", "escape", "esc"),
        ("pgdn", "pagedown", "pgdn"),
        ("+", "plus", "+"),
        ("-", "minus", "-"),
        ("/", "slash", "/"),
        ("[", "left_square_bracket", "["),
        ("<", "less_than_sign", "<"),
        ("f8", "f8", "F8"),
        ("down", "down", "↓"),
        ("shift+tab", "shift+tab", "shift+tab"),
        ("ctrl++", "ctrl+plus", "ctrl++"),
    ],
)
def test_a_key_is_read_and_shown_as_people_write_it(written: str, name: str, read: str) -> None:
    assert canonical(written) == name
    assert shown(name) == read


@pytest.mark.parametrize("written", ["spcae", "hyper+nothing", "crtl+p", "", "\t", "f99"])
def test_what_is_no_key_is_not_taken_for_one(written: str) -> None:
    assert canonical(written) is None


@given(st.text(min_size=1, max_size=12))
def test_any_text_is_a_key_or_none(written: str) -> None:
    name = canonical(written)
    assert name is None or canonical(name) == name or not written.isascii()


def test_every_key_of_the_table_has_a_name_that_can_be_written_and_shown() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert canonical(key) == key, action.id
            assert canonical(shown(key)) == key, action.id


def test_no_key_of_the_table_is_twice_in_one_place() -> None:
    for where in PLACES:
        counted = Counter(key for action in ACTIONS if action.where == where for key in action.keys)
        assert [key for key, n in counted.items() if n > 1] == [], where


def test_settings_change_keys_and_swap_them() -> None:
    found = keymap({"ledger.keep": "-", "ledger.discard": "+", "campaign.pause": "space,P"})
    assert found.faults == ()
    assert found.keys["campaign.pause"] == ("space", "P")
    assert found.changed == {"ledger.keep": "minus", "ledger.discard": "plus", "campaign.pause": "space,P"}
    assert found.keys["campaign.hint"] == BY_DEFAULT["campaign.hint"].keys


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"campaign.puase": "P"}, "keys.campaign.puase is no action; did you mean: campaign.pause"),
        ({"campaign.pause": "spcae"}, "keys.campaign.pause: 'spcae' is no key; did you mean: space"),
        ({"campaign.pause": "h"}, "keys: h is both campaign.pause and campaign.hint"),
        ({"campaign.pause": "q"}, "keys: q is both campaign.pause and everywhere.leave"),
        ({"campaign.pause": "m"}, "keys: m is both campaign.pause and ledger.mark"),
        ({"ledger.best": "j"}, "keys: j is both ledger.best and scroll.down"),
        ({"everywhere.help": "s"}, "keys: s is both everywhere.help and home.start"),
    ],
)
def test_a_fault_is_said_and_the_action_keeps_its_keys(said: dict[str, str], fault: str) -> None:
    found = keymap(said)
    assert found.faults[0].startswith(fault)
    assert found.changed == {}
    assert all(keys == BY_DEFAULT[id].keys for id, keys in found.keys.items())


def test_a_key_that_another_place_has_by_default_too_is_no_clash() -> None:
    # A replay and the output both have > by default: the pane with the focus is meant to have it.
    assert keymap({"output.next_run": ">,J"}).faults == ()


def test_the_one_who_has_a_key_is_named() -> None:
    keys = keymap().keys
    assert taken("campaign.pause", "h", keys) == "campaign.hint"
    assert taken("campaign.pause", "f9", keys) is None
    assert taken("home.start", "h", keys) is None


def test_the_listing_has_every_action_with_its_keys() -> None:
    text = listing({"campaign.pause": "P", "campaign.nothing": "x"})
    lines = text.splitlines()
    for action in ACTIONS:
        assert [line for line in lines if f" {action.id} " in line and action.about in line], action.id
    assert any(line.split()[:2] == ["P", "campaign.pause"] for line in lines)
    assert lines[-1].startswith("keys.campaign.nothing is no action")


class Screenful(App[None]):
    BINDINGS = [*bindings("campaign"), *bindings("everywhere", "help")]  # noqa: RUF012
    paused = 0
    helped = 0

    def action_pause(self) -> None:
        self.paused += 1

    def action_help(self) -> None:
        self.helped += 1


async def test_an_app_obeys_the_keys_of_the_settings_and_what_is_shown_follows() -> None:
    app = Screenful()
    async with app.run_test() as pilot:
        assert use(app, {"campaign.pause": "P", "everywhere.help": "f9,?"}) == ()
        await pilot.press("space", "P", "question_mark", "f9")
        assert (app.paused, app.helped) == (1, 2)
        assert actions.BY_ID["campaign.pause"].keys == ("P",)
        assert use(app, {}) == ()
        await pilot.press("space", "P")
        assert app.paused == 2
        assert actions.BY_ID["campaign.pause"].keys == ("space",)
