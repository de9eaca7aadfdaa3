"""Changing one key of settings.toml."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui import settings
from praxtui.errors import UserError
from praxtui.settings import CockpitSettings, Settings
from praxtui.tui.settings_file import change, change_keys, changed

WRITTEN = """\
# mine
models = ["openai/gpt-5"]   # the good one

[cockpit]   # looks
theme = "paper"  # like a book
mouse = false

[model."openai/gpt-5"]
context = 1_000
"""


def test_one_key_changes_and_everything_else_stays_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    said = change(("cockpit", "theme"), "dark", path)
    assert path.read_text() == WRITTEN.replace('"paper"', '"dark"')
    assert said.cockpit == CockpitSettings(theme="dark", mouse=False)
    change(("cockpit", "bell"), True, path)
    assert path.read_text() == WRITTEN.replace('"paper"', '"dark"').replace("false\n", "false\nbell = true\n")
    assert settings.read(path).model["openai/gpt-5"].window == 1000


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    change(("cockpit", "notify"), ["best", "end"], path)
    assert path.read_text() == '[cockpit]\nnotify = ["best", "end"]\n'
    assert os.listdir(path.parent) == ["settings.toml"]


def test_a_key_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    assert change(("cockpit", "theme"), None, path).cockpit.theme == CockpitSettings().theme
    assert change(("keys", "campaign.pause"), None, path).keys == {}


def test_a_broken_file_is_said_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for broken in ("[cockpit\n", "[cockpit]\ntheem = 1\n"):
        path.write_text(broken)
        with pytest.raises(UserError):
            change(("cockpit", "theme"), "dark", path)
        assert path.read_text() == broken


def test_who_may_read_it_stays_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(WRITTEN)
    real.chmod(0o600)
    path = tmp_path / "settings.toml"
    path.symlink_to(real)
    change(("cockpit", "theme"), "dark", path)
    assert path.is_symlink()
    assert '"dark"' in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_keys_are_changed_however_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[keys]\ncampaign.pause = "P"  # thumb\n"ledger.best" = "B"\n')
    assert change_keys("campaign.pause", "f9", path).keys == {"campaign.pause": "f9", "ledger.best": "B"}
    assert change_keys("ledger.best", None, path).keys == {"campaign.pause": "f9"}
    assert change_keys("campaign.pause", "f7", path).keys == {"campaign.pause": "f7"}


VALUES = st.one_of(st.booleans(), st.sampled_from(["dark", "a # b", 'quo"te', "ä\n"]))


@given(st.lists(st.tuples(st.sampled_from(["theme", "color", "bell"]), VALUES), max_size=6))
def test_any_order_of_changes_ends_with_the_last_of_each(changes: list[tuple[str, Any]]) -> None:
    import tomllib

    text, wanted = WRITTEN, {"theme": "paper", "mouse": False}
    for key, value in changes:
        text = changed(text, ("cockpit", key), value)
        wanted[key] = value
    found = tomllib.loads(text)
    assert found["cockpit"] == wanted
    assert found["model"] == {"openai/gpt-5": {"context": 1000}}
    assert text.startswith("# mine\n")


def test_nothing_said_is_the_defaults(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "none.toml") == Settings()
