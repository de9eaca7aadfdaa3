"""`praxtui help`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from praxtui import settings
from praxtui.cli.main import main
from praxtui.cli.topics import TOPICS
from praxtui.program.keys import DOTTED
from praxtui.program.read import attempt
from praxtui.research.llm import keys, providers


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_plain_text_for_eighty_columns(topic: str, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", "/home/x/praxtui")
    assert main(["help", topic]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) < 80
    for shown in ('{peak_vram_mb: "<= 80000"}', "{ temperature = 0.7 }"):
        out = out.replace(shown, "")
    assert "{" not in out


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


def test_the_settings_topic_shows_every_key_in_settings_that_can_be_read(tmp_path: Path, capsys) -> None:
    assert main(["help", "settings"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("  models = "))
    last = next(n for n, line in enumerate(lines) if line.startswith("  extra = "))
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(line.removeprefix("  ") for line in lines[first : last + 1]))
    found = settings.read(file)
    assert len(found.models) == 2
    assert found.researcher.steps == 20
    [model] = found.model.values()
    assert (model.window, model.extra) == (65536, {"temperature": 0.7})
    shown = "\n".join(lines)
    known = {**settings.RESEARCHER, **settings.MODEL, **settings.COCKPIT}
    assert not [key for key in known if f"  {key} = " not in shown]
    # What is shown of the cockpit is what holds where nothing is said.
    assert found.cockpit == settings.CockpitSettings()
    assert found.keys == {"campaign.pause": "space,P"}


def test_the_settings_topic_says_where_they_are(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", "/somewhere/else")
    assert main(["help", "settings"]) == 0
    assert "\n  /somewhere/else/config/settings.toml\n" in capsys.readouterr().out


def test_the_models_topic_says_where_keys_are_looked_for(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", "/somewhere/else")
    assert main(["help", "models"]) == 0
    out = capsys.readouterr().out
    assert f"\n  2. as a line NAME=value in {keys.keys_file()}\n" in out
    assert keys.keys_file() == Path("/somewhere/else/config/keys")
    names = set(re.findall(r"[A-Z]+_API_KEY", out))
    assert names <= {name for provider in providers.PROVIDERS.values() for name in provider.variables}
    for model in re.findall(r"([a-z_]+)/(?:NAME|[a-z0-9.-]+)", out.partition("A key goes")[0]):
        assert model in providers.PROVIDERS
    for own in ("ollama_chat", "hosted_vllm", "lm_studio", "llamafile"):
        assert f"{own}/NAME" in out
        assert not providers.PROVIDERS[own].ways


def test_the_overview_names_every_topic(capsys) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out.split("help topics: ")[1]
    assert [topic.strip() for topic in said.split(",")] == list(TOPICS)


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
