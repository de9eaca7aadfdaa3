"""Where keys are looked for: the environment, a file of the person's own, the keyring of the operating system."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from praxtui import masking, paths
from praxtui.errors import RequirementMissing
from praxtui.research.llm import prices, providers
from praxtui.research.llm.credentials import Credentials, KeysMissing
from praxtui.settings import ModelSettings, Settings

SERVICE = "praxtui"
WAYS_SAID = 3
KEYRING_S = 3.0  # a locked keyring asks its person, who may not be there
KEYRING_AGAIN_S = 20.0
# Clients want some key even where the server wants none. Too short to be taken for a secret when texts are redacted.
NO_KEY = "none"


def keys_file() -> Path:
    """The file of keys, or where it would be."""
    return paths.config_dir() / "keys"


class Found(msgspec.Struct, frozen=True):
    """The value of a variable, and where it is from: `environment`, `file` or `keyring`. Its repr hides the value."""

    value: str
    origin: str

    def __repr__(self) -> str:
        return f"Found({self.origin})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("origin", self.origin)]


class FileRefused(RequirementMissing):
    """The file of keys is there, and must not be used as it is."""


class Keys:
    """Everything that is known of the keys of one person.

    `environment`: variables as they are set, or were handed over at the time `since` (seconds since 1970); a keys file
    that was changed after that comes first, since it is newer. `patient`: whether a lookup may wait for the keyring,
    KEYRING_S at most; else `warm` must have asked it before.
    """

    def __init__(
        self, environment: Mapping[str, str], settings: Settings | None = None, *,
        since: float | None = None, patient: bool = True,
    ) -> None:  # fmt: skip
        self._environment = environment
        self._said = {providers.with_provider(name): said for name, said in (settings or Settings()).model.items()}
        self._since = since
        self._file = File(keys_file())
        self._keyring = Keyring(patient)

    def lookup(self, model: str) -> Credentials:
        """The credentials of a model as they are now; raises KeysMissing. The keyring is asked last."""
        provider, said = providers.of(model), self.said(model)
        params = self._more(provider)
        if said.api_base:
            params["api_base"] = said.api_base
        way = self._way(provider, params, ask=False) or self._way(provider, params, ask=True)
        if way is None:
            if provider.ways and not self._elsewhere(provider) and not self._on_this_machine(model, params):
                raise KeysMissing(self._lacking(provider, params), model)
            if not provider.files:
                params.setdefault("api_key", NO_KEY)
        if provider.base:
            params.setdefault("api_base", provider.base)
        params |= way or {}
        return Credentials({name: value for name, value in params.items() if name not in said.extra})

    def names(self, model: str) -> tuple[str, ...]:
        """What a person sets to give this model a key; empty where none is needed."""
        provider = providers.of(model)
        return tuple(dict.fromkeys(next(iter(way)) for way in provider.ways)) or tuple(
            name for name, param in provider.more.items() if param == "api_key"
        )

    def said(self, model: str) -> ModelSettings:
        """What the settings say of a model."""
        return self._said.get(providers.with_provider(model)) or ModelSettings()

    def find(self, name: str, *, ask: bool = True) -> Found | None:
        """The value of one variable, an empty one counting as not there; `ask`: whether to ask the keyring, too.

        From then on it is masked, if it is secret, wherever it turns up.
        """
        found = self._find(name, ask=ask)
        if found is not None:
            masking.hold({name: found.value})
        return found

    def _find(self, name: str, *, ask: bool) -> Found | None:
        held = self._environment.get(name, "")
        filed = self._file.get(name)
        newer = bool(filed) and self._since is not None and self._file.changed > self._since
        if held and not newer:
            return Found(held, "environment")
        if filed:
            return Found(filed, "file")
        kept = self._keyring.get(name, ask=ask) if _may_be_kept(name) else None
        return Found(kept, "keyring") if kept else None

    def origins(self, model: str) -> dict[str, str]:
        """The variables that a model's credentials are from, each with where it was found; never their values."""
        provider = providers.of(model)
        ways = [{name: self.find(name, ask=ask) for name in way} for ask in (False, True) for way in provider.ways]
        found = next((way for way in ways if all(way.values())), {})
        found |= {name: self.find(name, ask=False) for name in provider.more}
        return {name: one.origin for name, one in found.items() if one}

    def has(self, provider: str) -> bool:
        """Whether something to sign in with at a provider is there, the keyring left out: it would be asked for all."""
        about = providers.PROVIDERS[provider]
        return self._way(about, {}, ask=False) is not None or self._elsewhere(about)

    def check(self) -> None:
        """Raise FileRefused where the keys file is there and others may read it, or it cannot be read."""
        self._file.check()

    def warm(self, models: Iterable[str]) -> None:
        """Ask the keyring for what is found nowhere else; waits for its answers, KEYRING_S at most."""
        wanted: dict[str, None] = {}
        for model in models:
            provider = providers.of(model)
            if self._way(provider, {}, ask=False) is None:
                wanted |= dict.fromkeys(provider.variables)
        self._keyring.ask([name for name in wanted if _may_be_kept(name)])

    def _way(self, provider: providers.Provider, params: Mapping[str, str], *, ask: bool) -> dict[str, str] | None:
        """The parameters of the first way that is all there, beside those that are known."""
        for way in provider.ways:
            found = {param: self.find(name, ask=ask) for name, param in way.items() if param not in params}
            if all(found.values()):
                return {param: one.value for param, one in found.items() if one}
        return None

    def _more(self, provider: providers.Provider) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, param in provider.more.items():
            # Of a server that needs no key, a key for it is looked for everywhere; else these are mere additions.
            if param not in found and (one := self.find(name, ask=not provider.ways)):
                found[param] = one.value
        return found

    def _elsewhere(self, provider: providers.Provider) -> bool:
        """Whether the provider's own client finds what it needs in a file."""
        return any((Path.home() / name).is_file() for name in provider.files)

    def _on_this_machine(self, model: str, params: Mapping[str, str]) -> bool:
        base = params.get("api_base")
        return base is not None and prices.near(base)

    def _lacking(self, provider: providers.Provider, known: Mapping[str, str]) -> tuple[str, ...]:
        """What would have to be set: where a way is half there its other half, else the first ways of all."""
        halves: list[str] = []
        whole: list[str] = []
        for way in provider.ways:
            wanted = [name for name, param in way.items() if param not in known]
            missing = [name for name in wanted if not self.find(name, ask=False)]
            (whole if len(missing) == len(wanted) else halves).append(" and ".join(missing))
        found = tuple(halves or whole[:WAYS_SAID])
        return (*found, f"do `chmod 600 {self._file.path}`") if self._file.fault() else found


def _may_be_kept(name: str) -> bool:
    """Addresses and regions are no secrets: nobody keeps them in a keyring, and each question to it takes a while."""
    return any(part in name for part in ("KEY", "TOKEN", "SECRET"))


# --- the file --------------------------------------------------------------------------------------------------------


class File:
    """Lines `NAME=value`, `#` begins a comment. Only its person may be able to read it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed = 0.0
        self._seen: tuple[int, ...] | None = None
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """A value as the file has it now; None also where it must not be used."""
        self._look()
        return self._values.get(name)

    def check(self) -> None:
        """Raise FileRefused with what is wrong, and the fix."""
        fault = self.fault()
        if fault:
            raise FileRefused(*fault) if len(fault) == 1 else FileRefused(fault[0], fix=fault[1])

    def fault(self) -> tuple[str, ...]:
        """What is wrong with the file, and the fix; nothing where it is in order, or not there."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            return (f"cannot read {self.path}: {error.strerror or error}", f"chmod 600 {self.path}")
        if not stat.S_ISREG(about.st_mode):
            return (f"{self.path} is no file", "move it away")
        if about.st_uid != os.geteuid():
            return (f"{self.path} belongs to somebody else", f"chown {os.geteuid()} {self.path}")
        if stat.S_IMODE(about.st_mode) & 0o077:
            mode = stat.S_IMODE(about.st_mode)
            return (f"{self.path} can be read by others (mode {mode:04o}): no key is taken", f"chmod 600 {self.path}")
        return ()

    def _look(self) -> None:
        try:
            with open(self.path, "rb") as file:
                # Of the open file, not of the path: another may be put there in between.
                about = os.fstat(file.fileno())
                seen = (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_mode, about.st_uid)
                if seen == self._seen:
                    return
                private = about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & 0o077
                self._values = parsed(file.read().decode(errors="replace")) if private else {}
                self._seen, self.changed = seen, about.st_mtime
        except OSError:
            self._seen, self._values, self.changed = None, {}, 0.0


def parsed(text: str) -> dict[str, str]:
    """The `NAME=value` lines of a file; `export ` before them and quotes around a value are taken off."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name, value = name.strip(), value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if equals and value and name.isidentifier():
            found[name] = value
    return found


# --- the keyring -----------------------------------------------------------------------------------------------------


class Keyring:
    """The operating system's keyring under the service `praxtui`. One that is missing, locked or slow has nothing."""

    def __init__(self, patient: bool) -> None:
        self._patient = patient
        self._known: dict[str, tuple[float, str | None]] = {}
        self._asking = threading.Lock()
        self._stuck = False

    def get(self, name: str, *, ask: bool = True) -> str | None:
        """A value; asked for again after KEYRING_AGAIN_S. Where nobody may wait, the answer is for the next time."""
        asked, value = self._known.get(name, (float("-inf"), None))
        if ask and time.monotonic() - asked > KEYRING_AGAIN_S:
            self.ask([name], wait=self._patient)
            value = self._known.get(name, (0.0, value))[1]
        return value

    def ask(self, names: list[str], *, wait: bool = True) -> None:
        """Ask for all of `names` in a thread, and wait for it KEYRING_S at most."""
        if not names or self._stuck or not self._asking.acquire(blocking=False):
            return
        now = time.monotonic()
        for name in names:
            self._known[name] = (now, self._known.get(name, (now, None))[1])
        asking = threading.Thread(target=self._ask, args=(names,), daemon=True, name="keyring")
        asking.start()
        if wait:
            asking.join(KEYRING_S)
            # It may be asking its person; that person is not asked again by the same process while it does.
            self._stuck = asking.is_alive()

    def _ask(self, names: list[str]) -> None:
        try:
            with contextlib.suppress(Exception):  # each backend has exceptions of its own, and none is our concern
                import keyring

                if type(keyring.get_keyring()).__module__ == "keyring.backends.fail":
                    return
                for name in names:
                    value = keyring.get_password(SERVICE, name)
                    self._known[name] = (time.monotonic(), value or None)
        finally:
            self._asking.release()
            self._stuck = False


def keyring_name() -> str | None:
    """What the operating system's keyring is called; None where there is none that answers in time."""
    found: list[str] = []

    def look() -> None:
        with contextlib.suppress(Exception):
            import keyring

            found.append(str(keyring.get_keyring().name))

    looking = threading.Thread(target=look, daemon=True, name="keyring")
    looking.start()
    looking.join(KEYRING_S)
    return found[0] if found and not found[0].startswith("fail") else None


def how_to_set(name: str) -> str:
    """The ways to give praxtui a key, for a message."""
    return f"export {name}=..., or a line {name}=... in {keys_file()} (chmod 600), or keyring set {SERVICE} {name}"
