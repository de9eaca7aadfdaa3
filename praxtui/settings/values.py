"""Checking a parsed TOML file against what each of its keys may be, and saying all that is wrong with it at once."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from praxtui.errors import UserError, did_you_mean
from praxtui.settings.lines import lines_of

# Says what a value is not, or None where it will do.
Kind = Callable[[Any], str | None]


def number(value: Any) -> str | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return None if fine else "a number of at least 0"


def seconds(value: Any) -> str | None:
    return None if number(value) is None and value > 0 else "a number of seconds above 0"


def whole(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "a whole number above 0"


def switch(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def table(value: Any) -> str | None:
    return None if isinstance(value, dict) else "a table"


def text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "a name in quotes"


def one_of(words: Sequence[str]) -> Kind:
    """A word out of a few."""

    def kind(value: Any) -> str | None:
        return None if isinstance(value, str) and value in words else _either(words)

    return kind


def some_of(words: Sequence[str]) -> Kind:
    """A list of words out of a few; it may be empty."""

    def kind(value: Any) -> str | None:
        fine = isinstance(value, list) and all(isinstance(one, str) and one in words for one in value)
        return None if fine else f"a list of {_either(words)}, such as {json.dumps(list(words[:2]))}"

    return kind


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def parsed(path: Path) -> tuple[dict[str, Any], Reading]:
    """What a TOML file says, unchecked, and the reading that checks it.

    Raises FileNotFoundError, and UserError where the file cannot be read or is not TOML.
    """
    try:
        said = path.read_bytes().decode()
        found = tomllib.loads(said)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error
    return found, Reading(path, lines_of(said))


class Reading:
    """The check of one file; `wrong` collects what is wrong with it, a line each."""

    def __init__(self, path: Path, lines: Mapping[tuple[str, ...], int]) -> None:
        self._path = path
        self._lines = lines
        self.wrong: list[str] = []

    def checked(self, at: tuple[str, ...], found: Mapping[str, Any], known: Mapping[str, Kind]) -> dict[str, Any]:
        """The entries that will do; of the others it is said what is wrong."""
        good = {}
        for key, value in found.items():
            if key not in known:
                self.say((*at, key), f"is unknown{did_you_mean(key, known)}")
            elif (wanted := known[key](value)) is not None:
                self.say((*at, key), f"is {_shown(value)}, not {wanted}")
            else:
                good[key] = value
        return good

    def say(self, at: tuple[str, ...], what: str) -> None:
        """Note what is wrong with the entry `at`."""
        line = next((self._lines[at[:n]] for n in range(len(at), 0, -1) if at[:n] in self._lines), None)
        where = f"{self._path}:{line}" if line is not None else str(self._path)
        name = ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in at)
        self.wrong.append(f"{where}: {name} {what}")


def _shown(value: Any) -> str:
    try:
        said = json.dumps(value)
    except TypeError:
        said = str(value)
    return said if len(said) <= 40 else f"{said[:39]}…"
