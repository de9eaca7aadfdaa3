"""settings.toml: what it may say, and how it says what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui import settings
from praxtui.errors import UserError
from praxtui.settings import CockpitSettings, Limits, ModelSettings, Prices, ResearcherSettings, Settings

WHOLE = """\
models = ["anthropic/claude-sonnet-4-5", "openai/my-model", "openai/my-model"]

[researcher]
steps = 30
brief_tokens = 9000

[model."openai/my-model"]
price_input = 0.5
price_cached = 0.05
price_output = 2
context = 65536
max_output = 4096
tools = "json"
api_base = "http://127.0.0.1:8000/v1"
total_s = 300
first_s = 20.5
between_s = 10
extra = { temperature = 0.7 }

[model.gpt-5.extra]
reasoning_effort = "low"

[cockpit]
theme = "ink"
color = "256"
mouse = false
sync = false
notify = ["end", "best"]
notify_by = "osc777"
bell = true

[keys]
"campaign.pause" = "space,P"
ledger.best = "B"
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return settings.read(path)


def refused(tmp_path: Path, text: str) -> list[str]:
    """What is said of each fault, without the name of the file."""
    with pytest.raises(UserError) as found:
        read(tmp_path, text)
    assert found.value.exit_code == 2
    return found.value.message.replace(f"{tmp_path / 'settings.toml'}", "F").splitlines()


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    said = read(tmp_path, WHOLE)
    assert said.models == ("anthropic/claude-sonnet-4-5", "openai/my-model")
    assert said.researcher == ResearcherSettings(steps=30, brief_tokens=9000)
    assert said.model["openai/my-model"] == ModelSettings(
        prices=Prices(input=0.5, cached=0.05, output=2),
        window=65536,
        max_output=4096,
        tools="json",
        api_base="http://127.0.0.1:8000/v1",
        extra={"temperature": 0.7},
        limits=Limits(total=300, first=20.5, between=10),
    )
    assert said.model["gpt-5"] == ModelSettings(extra={"reasoning_effort": "low"})
    assert said.cockpit == CockpitSettings(
        theme="ink", color="256", mouse=False, sync=False, notify=("best", "end"), notify_by="osc777", bell=True
    )
    assert said.keys == {"campaign.pause": "space,P", "ledger.best": "B"}


def test_no_file_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    assert settings.file() == tmp_path / "config" / "settings.toml"
    assert settings.read() == Settings()


def test_all_faults_are_said_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
models = "openai/gpt-5"
modles = []
[researcher]
  steps = 0
[model."openai/x"]
price_input = -1
price_outptu = 2
tools = "both"
context = 1.5
api_base = "http://me:pw@host/v1"
"""
    said = refused(tmp_path, text)
    assert [line.partition(" ")[0] for line in said] == [
        "F:1:", "F:2:", "F:6:", "F:7:", "F:8:", "F:9:", "F:10:", "F:4:"
    ]  # fmt: skip
    assert said[1] == "F:2: modles is unknown; did you mean: models, model?"
    assert said[3].startswith('F:7: model."openai/x".price_outptu is unknown; did you mean: price_output')
    assert said[4] == 'F:8: model."openai/x".tools is "both", not auto, native or json'
    assert said[7] == "F:4: researcher.steps is 0, not a whole number above 0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps = [", "is not TOML"),
        ('[model."m"]\nprice_input = 1\n', "price_output is missing"),
        ('[model."m"]\nextra = { api_key = "sk-123" }\n', "F:2: model.m.extra.api_key sounds like a secret"),
        ('[model."m".extra]\nmessages = 1\n', "F:2: model.m.extra.messages is set for each call by praxtui itself"),
        ("[model]\nm = 3\n", 'F:2: model.m is not a table; write [model."m"]'),
        ("[researcher]\nsteps = true\n", "F:2: researcher.steps is true"),
        ("cockpit = 3\n", "F:1: cockpit is 3, not a table"),
        ("[cockpit]\ncolour = 256\n", "F:2: cockpit.colour is unknown; did you mean: color?"),
        ("[cockpit]\ncolor = 256\n", "F:2: cockpit.color is 256, not auto, 16, 256 or truecolor"),
        (
            '[cockpit]\nnotify = ["worst"]\n',
            'F:2: cockpit.notify is ["worst"], not a list of best, crashes, waits or end',
        ),
        ("[cockpit]\nmouse = 1\n", "F:2: cockpit.mouse is 1, not true or false"),
        ("[keys]\ncampaign.pause = 3\n", 'F:2: keys.campaign.pause is not keys in quotes, such as "space,P"'),
    ],
)
def test_each_fault_is_said_where_it_stands(tmp_path: Path, text: str, words: str) -> None:
    assert words in "\n".join(refused(tmp_path, text))


def test_a_secret_in_the_settings_is_not_repeated(tmp_path: Path) -> None:
    assert "sk-123" not in "\n".join(refused(tmp_path, '[model."m"]\nextra = { api_key = "sk-123" }\n'))


def test_max_tokens_and_the_like_are_no_secrets(tmp_path: Path) -> None:
    assert read(tmp_path, '[model."m"]\nextra = { thinking_tokens = 5 }\n').model["m"].extra == {"thinking_tokens": 5}


KEYS = st.text("abcdefgh_", min_size=1, max_size=6)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), min_size=1), min_size=1))
def test_every_key_has_its_line(tables: dict[str, dict[str, int]]) -> None:
    lines: list[str] = []
    wanted: dict[tuple[str, ...], int] = {}
    for table, entries in tables.items():
        lines.append(f'[x."{table}"]')
        wanted[("x", table)] = len(lines)
        for key, value in entries.items():
            lines.append(f"  {key} = {value}  # {key}")
            wanted[("x", table, key)] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text)["x"] == tables
    found = settings.lines_of(text)
    assert {path: found[path] for path in wanted} == wanted


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, True, "1", None])
def test_a_price_is_a_number(value: Any) -> None:
    assert settings.MODEL["price_input"](value) is not None


def test_the_least_rung_for_drafts_is_full_unless_said(tmp_path: Path) -> None:
    assert read(tmp_path, "").sandbox.least == "full"
    assert read(tmp_path, '[sandbox]\nleast = "partial"\n').sandbox.least == "partial"
    said = refused(tmp_path, '[sandbox]\nleast = "half"\n')
    assert said == ['F:2: sandbox.least is "half", not full, partial or none']
