"""What settings.toml says of the cockpit: how it looks, what it tells of, and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from praxtui.settings.values import Kind, Reading, one_of, some_of, switch, text

COLORS = ("auto", "16", "256", "truecolor")
NEWS = ("best", "crashes", "waits", "end")
WAYS = ("auto", "osc9", "osc777", "bell", "none")


class CockpitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`color`, `mouse` and `sync` (updates bracketed, where the terminal can) hold from the next start on.

    `notify`: what the terminal is told of, out of NEWS; `notify_by`: how, out of WAYS; `bell`: the bell rings, too.
    """

    theme: str = "dark"
    color: str = "auto"
    mouse: bool = True
    sync: bool = True
    notify: tuple[str, ...] = NEWS
    notify_by: str = "auto"
    bell: bool = False


COCKPIT: dict[str, Kind] = {
    "theme": text,
    "color": one_of(COLORS),
    "mouse": switch,
    "sync": switch,
    "notify": some_of(NEWS),
    "notify_by": one_of(WAYS),
    "bell": switch,
}


def cockpit_of(reading: Reading, found: Mapping[str, Any]) -> CockpitSettings:
    """The table `[cockpit]`, checked."""
    said = reading.checked(("cockpit",), found, COCKPIT)
    if "notify" in said:
        said["notify"] = tuple(news for news in NEWS if news in said["notify"])
    return CockpitSettings(**said)


def keys_of(reading: Reading, found: Mapping[str, Any], at: tuple[str, ...] = ("keys",)) -> dict[str, str]:
    """The table `[keys]`: keys, separated by commas, by the id of an action.

    `campaign.pause` needs no quotes. Which actions and keys there are is known to the cockpit alone, which checks them.
    """
    said: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            said |= keys_of(reading, value, (*at, name))
        elif not isinstance(value, str) or not value.strip():
            reading.say((*at, name), 'is not keys in quotes, such as "space,P"')
        else:
            said[".".join((*at[1:], name))] = value
    return said
