"""What a provider wants to know before it answers: keys, addresses. It never appears in a text, a log or a repr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

# A value under a name with none of these is no secret: a region, an API version, an address without a password.
SECRET_NAMES = ("key", "token", "secret", "password", "credential", "authorization", "auth")


class Credentials(msgspec.Struct, frozen=True):
    """The parameters of one model's calls that come from the person's keys, by the names that LiteLLM has for them.

    Such as `api_key`, `api_base`, `aws_secret_access_key`. Its repr and str show names, never values.
    """

    params: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Credentials({', '.join(sorted(self.params)) or 'none'})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich shows, which would be every field."""
        return [(name, ...) for name in sorted(self.params)]

    def secrets(self) -> tuple[str, ...]:
        """Values that must not be seen, longest first: a text is redacted by replacing them in this order."""
        found = {value for name, value in self.params.items() if value and _is_secret(name, value)}
        return tuple(sorted(found, key=lambda value: (-len(value), value)))


class KeysMissing(Exception):
    """Nothing is known under the names that `model` needs; any one of `names` would do where they are alternatives."""

    def __init__(self, names: Sequence[str], model: str) -> None:
        super().__init__(f"{model} needs {' or '.join(names)}")
        self.names = tuple(names)
        self.model = model


class Keys(Protocol):
    """Whoever knows the keys."""

    def lookup(self, model: str) -> Credentials:
        """The credentials of a model as they are now; raises KeysMissing. Called again to see whether they changed."""
        ...

    def names(self, model: str) -> tuple[str, ...]:
        """What a person sets to give this model a key, for a message; empty where nobody knows."""
        ...


def _is_secret(name: str, value: str) -> bool:
    address = "://" in value and "@" in value
    return address or any(part in name.lower() for part in SECRET_NAMES)
