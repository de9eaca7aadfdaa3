"""What the launcher of an engine hands over to it through a pipe: keys, addresses, proxies, declared secrets.

They are in the memory of both and nowhere else: no file, no command line, and no environment that could be read in
/proc. An engine that is started again is handed what stands in the environment of whoever starts it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from praxtui import masking, settings
from praxtui.engine.epochs import read_program
from praxtui.errors import UserError
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.program.read import parse
from praxtui.research.llm import providers
from praxtui.research.llm.credentials import KeysMissing
from praxtui.research.llm.keys import Keys
from praxtui.secret_names import PROXIES, has_password, without_secrets

PR_SET_DUMPABLE = 4


class Handed(msgspec.Struct, frozen=True):
    """Variables as their person set them at the time `at`, in seconds since 1970. Its repr shows names only.

    `secrets` are those that the program declares for its runs, `models` those that models are called with.
    """

    models: dict[str, str] = {}
    secrets: dict[str, str] = {}
    proxies: dict[str, str] = {}
    at: float = 0.0

    def __repr__(self) -> str:
        return f"Handed({', '.join(sorted({**self.models, **self.secrets, **self.proxies})) or 'nothing'})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, ...) for name in sorted({**self.models, **self.secrets, **self.proxies})]

    def environment(self) -> dict[str, str]:
        """The engine's own environment, and what models are called with over it."""
        return {**os.environ, **self.models}


def collect(folder: Path, environment: Mapping[str, str] | None = None) -> Handed:
    """What the campaign in `folder` needs of `environment` (this process's own unless given), and of the keyring.

    What is lacking is left out: the engine says so where it needs it. Raises UserError for settings with faults.
    """
    environment = os.environ if environment is None else environment
    with Journal.open(folder) as journal:
        state = folded(journal)
        secrets = _secrets(state, journal)
    keys = keys_for(state, environment)
    models = {name: found for model in _models(state) for name, found in _held(keys, model).items()}
    declared = {name: found.value for name in secrets if (found := keys.find(name))}
    proxies = {name: environment[name] for name in PROXIES if has_password(environment.get(name, ""))}
    return Handed(models, declared, proxies, time.time())


def keys_for(state: State, environment: Mapping[str, str]) -> Keys:
    """The keys of a campaign's person as this process finds them; a campaign without a model needs no settings."""
    return Keys(environment, settings.read() if _models(state) else None)


def lacking(state: State, keys: Keys) -> dict[str, KeysMissing]:
    """The models of a campaign that no key is found for."""
    found = {}
    for model in _models(state):
        try:
            keys.lookup(model)
        except KeysMissing as missing:
            found[model] = missing
    return found


def bare(handed: Handed, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that an engine is started with: the person's, without anything that is or sounds secret."""
    return without_secrets(os.environ if environment is None else environment, handed.secrets)


def write(handed: Handed, fd: int) -> None:
    """Put it into a pipe, whole, and close that. An engine that is gone already does not matter here."""
    with contextlib.suppress(BrokenPipeError), open(fd, "wb") as pipe:
        pipe.write(msgspec.json.encode(handed))


def receive(fd: int | None) -> Handed:
    """What an engine was handed; nothing without a pipe. Proxies go into its environment, where clients look.

    All that is secret in it is masked from here on, wherever it turns up.
    """
    if fd is None:
        return Handed(at=time.time())
    with open(fd, "rb") as pipe:
        raw = pipe.read()
    handed = msgspec.json.decode(raw, type=Handed) if raw else Handed(at=time.time())
    os.environ.update(handed.proxies)
    for values in (handed.models, handed.proxies, os.environ):
        masking.hold(values)
    masking.hold(handed.secrets, declared=True)
    return handed


def keep_private() -> None:
    """Keep other processes of the same person from reading this one's memory and environment (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _models(state: State) -> Iterable[str]:
    return state.models if state.researcher == "llm" else ()


def _held(keys: Keys, model: str) -> dict[str, str]:
    """What of a model's credentials the engine cannot look up itself: it reads the file, but knows no shell."""
    with contextlib.suppress(KeysMissing):
        keys.lookup(model)
    names = providers.of(model).variables
    found = {name: keys.find(name, ask=False) for name in names}
    return {name: one.value for name, one in found.items() if one and one.origin != "file"}


def _secrets(state: State, journal: Journal) -> list[str]:
    """Those of the program as recorded, and as it stands now: its edits are taken up between runs."""
    leaf = Path(state.leaf)
    found: list[str] = []
    with contextlib.suppress(UserError):  # the engine says what is wrong with it
        found += parse(journal.get_blob(state.program).decode(), leaf / "program.md").constraints.secrets
    with contextlib.suppress(UserError):
        found += read_program(leaf, state.overrides).constraints.secrets
    return list(dict.fromkeys(found))
