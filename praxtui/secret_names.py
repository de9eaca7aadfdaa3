"""What of an environment is secret: by the name of a variable, or by a password in its value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

CREDENTIALS = ("*KEY*", "*TOKEN*", "*SECRET*", "*PASSW*", "*CREDENTIAL*", "*_PAT", "*_AUTH", "*BEARER*")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_PASSWORD = re.compile(r"://[^/\s@]*:[^/\s@]+@")


def sounds_secret(name: str) -> bool:
    """Whether a variable's name says that it holds a credential."""
    return any(fnmatchcase(name.upper(), pattern) for pattern in CREDENTIALS)


def has_password(value: str) -> bool:
    """Whether a value is an address with a password in it, such as a proxy's or a database's."""
    return _PASSWORD.search(value) is not None


def without_secrets(environment: Mapping[str, str], declared: Collection[str] = ()) -> dict[str, str]:
    """An environment for a process that needs no secrets; `declared` are names that are secret whatever they sound."""
    return {
        name: value
        for name, value in environment.items()
        if name not in declared and not sounds_secret(name) and not has_password(value)
    }
