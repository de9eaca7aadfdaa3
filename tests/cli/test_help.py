"""`praxtui help`."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.cli.main import main
from praxtui.cli.topics import TOPICS
from praxtui.program.keys import DOTTED
from praxtui.program.read import attempt


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_plain_text_for_eighty_columns(topic: str, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", "/home/x/praxtui")
    assert main(["help", topic]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) < 80
    assert "{" not in out.replace('{peak_vram_mb: "<= 80000"}', "")


def test_the_program_topic_names_every_key(capsys) -> None:
    assert main(["help", "program"]) == 0
    words = capsys.readouterr().out.replace(",", " ").split()
    assert not [key for key in DOTTED if key.partition(".")[2] not in words]


def test_the_program_of_the_program_topic_is_valid(capsys) -> None:
    assert main(["help", "program"]) == 0
    lines = [line.removeprefix("  ") for line in capsys.readouterr().out.splitlines()]
    first, second = (i for i, line in enumerate(lines) if line == "---")
    program, problems = attempt("\n".join(lines[first : second + 1]) + "\n", Path("program.md"))
    assert problems == ()
    assert program is not None
    assert program.metric.name == "val_bpb"


def test_the_home_topic_says_where_it_is(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", "/somewhere/else")
    assert main(["help", "home"]) == 0
    assert "/somewhere/else" in capsys.readouterr().out


def test_help_of_a_verb_is_its_usage(capsys) -> None:
    assert main(["help", "leaves"]) == 0
    assert "usage: praxtui leaves" in capsys.readouterr().out


def test_an_unknown_topic_names_the_nearest(capsys) -> None:
    assert main(["help", "progam"]) == 2
    assert "did you mean: program" in capsys.readouterr().err
