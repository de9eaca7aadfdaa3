"""The person's settings.toml: which models, what is said about each, how the researcher works, the
sandbox, the cockpit's look."""

from __future__ import annotations

from pathlib import Path

import msgspec

from praxtui import paths
from praxtui.errors import UserError
from praxtui.settings.cockpit import COCKPIT, CockpitSettings, cockpit_of, keys_of
from praxtui.settings.lines import lines_of
from praxtui.settings.models import (
    MODEL,
    RESEARCHER,
    Limits,
    ModelSettings,
    Prices,
    ResearcherSettings,
    models_of,
    names,
)
from praxtui.settings.sandbox import SANDBOX, SandboxSettings
from praxtui.settings.values import Kind, parsed, table

__all__ = [
    "COCKPIT",
    "FILE",
    "MODEL",
    "RESEARCHER",
    "SANDBOX",
    "TOP",
    "CockpitSettings",
    "Limits",
    "ModelSettings",
    "Prices",
    "ResearcherSettings",
    "SandboxSettings",
    "Settings",
    "file",
    "lines_of",
    "read",
]

FILE = "settings.toml"
TOP: dict[str, Kind] = {
    "models": names,
    "model": table,
    "researcher": table,
    "sandbox": table,
    "cockpit": table,
    "keys": table,
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in settings.toml. `models`: the first is used, the next are fallbacks; `model`: by the same names.

    `keys`: the keys, as they are written there, of the actions that are not to have their own.
    """

    models: tuple[str, ...] = ()
    model: dict[str, ModelSettings] = {}
    researcher: ResearcherSettings = ResearcherSettings()
    sandbox: SandboxSettings = SandboxSettings()
    cockpit: CockpitSettings = CockpitSettings()
    keys: dict[str, str] = {}


def file() -> Path:
    """Where the settings are, or would be."""
    return paths.config_dir() / FILE


def read(path: Path | None = None) -> Settings:
    """The settings in `path`, the defaults where there is no such file. Raises UserError with all that is wrong."""
    try:
        found, reading = parsed(file() if path is None else path)
    except FileNotFoundError:
        return Settings()
    top = reading.checked((), found, TOP)
    settings = Settings(
        models=tuple(dict.fromkeys(top.get("models", ()))),
        model=models_of(reading, top.get("model", {})),
        researcher=ResearcherSettings(**reading.checked(("researcher",), top.get("researcher", {}), RESEARCHER)),
        sandbox=SandboxSettings(**reading.checked(("sandbox",), top.get("sandbox", {}), SANDBOX)),
        cockpit=cockpit_of(reading, top.get("cockpit", {})),
        keys=keys_of(reading, top.get("keys", {})),
    )
    if reading.wrong:
        raise UserError("\n".join(reading.wrong), fix="`praxtui help settings` shows every key")
    return settings
