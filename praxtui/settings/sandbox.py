"""What settings.toml says of the sandbox: which rung is enough for what a model wrote."""

from __future__ import annotations

from typing import Literal

import msgspec

from praxtui.settings.values import Kind, one_of

LEAST = ("full", "partial", "none")


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`least`: the lowest rung on which a model's drafts may run. The best that there is is taken all the same."""

    least: Literal["full", "partial", "none"] = "full"


SANDBOX: dict[str, Kind] = {"least": one_of(LEAST)}
