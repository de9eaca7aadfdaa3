"""The verbs that open the cockpit, as far as they can be asked without a terminal."""

from __future__ import annotations

import pytest

from praxtui.cli import cockpit
from praxtui.cli.main import main
from praxtui.tui.actions import ACTIONS


def test_keys_lists_every_action_with_its_key(capsys) -> None:
    assert main(["--keys"]) == 0
    said = capsys.readouterr().out
    for action in ACTIONS:
        assert action.id in said
        assert action.about in said


@pytest.mark.parametrize("words", [["attach"], ["replay", "sample"], ["--theme", "dark"], ["--no-mouse"]])
def test_without_a_terminal_it_says_what_works(words: list[str], capsys) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "needs a terminal" in said
    assert "praxtui status ID" in said


def test_alone_without_a_terminal_it_lists_the_verbs(capsys) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "attach" in said
    assert "replay" in said


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "1e9", "nan"])
def test_a_speed_that_is_none_is_refused(speed: str, capsys) -> None:
    assert main(["replay", "x", f"--speed={speed}"]) == 2
    assert "such as 60" in capsys.readouterr().err


def test_a_speed_may_have_its_sign() -> None:
    assert cockpit._speed("60x") == 60.0
