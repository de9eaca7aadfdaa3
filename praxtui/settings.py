"""The person's settings.toml: which models, what is said about each, how the researcher works. Read, never written."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from praxtui import paths
from praxtui.errors import UserError, did_you_mean

FILE = "settings.toml"


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens. `cached` and `written` (put into the provider's cache) are `input` where not given."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: for a whole call, until the first sign of an answer, and from one to the next.

    `first` not given is 120, or 300 for models that think, since many of those say nothing while they do.
    """

    total: float = 600.0
    first: float | None = None
    between: float = 60.0


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about one model; None is what LiteLLM's bundled map knows.

    `window`: tokens that it reads and writes together; `max_output`: tokens of one reply at most. `tools`: whether it
    is given tools as such (`native`) or asked for JSON. `api_base`: the address of its server, which reaches a call
    with its credentials. `extra` goes into each call as it is, by LiteLLM's names.
    """

    prices: Prices | None = None
    window: int | None = None
    max_output: int | None = None
    tools: Literal["auto", "native", "json"] = "auto"
    api_base: str | None = None
    extra: dict[str, Any] = {}
    limits: Limits = Limits()


class ResearcherSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the llm researcher works: most steps of one draft, tokens of one brief; None is its own choice."""

    steps: int | None = None
    brief_tokens: int | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in settings.toml. `models`: the first is used, the next are fallbacks; `model`: by the same names."""

    models: tuple[str, ...] = ()
    model: dict[str, ModelSettings] = {}
    researcher: ResearcherSettings = ResearcherSettings()


def file() -> Path:
    """Where the settings are, or would be."""
    return paths.config_dir() / FILE


def read(path: Path | None = None) -> Settings:
    """The settings in `path`, the defaults where there is no such file. Raises UserError with all that is wrong."""
    path = file() if path is None else path
    try:
        text = path.read_bytes().decode()
        found = tomllib.loads(text)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error
    reader = _Reader(path, lines_of(text))
    settings = reader.settings(found)
    if reader.wrong:
        raise UserError("\n".join(reader.wrong), fix="`praxtui help settings` shows every key")
    return settings


# --- what a value may be ---------------------------------------------------------------------------------------------

# Says what a value is not, or None where it will do.
Kind = Callable[[Any], str | None]


def _number(value: Any) -> str | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return None if fine else "a number of at least 0"


def _seconds(value: Any) -> str | None:
    return None if _number(value) is None and value > 0 else "a number of seconds above 0"


def _whole(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "a whole number above 0"


def _tools(value: Any) -> str | None:
    return None if value in ("auto", "native", "json") else "auto, native or json"


def _address(value: Any) -> str | None:
    fine = isinstance(value, str) and re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value)
    return None if fine else "an address such as http://127.0.0.1:8080/v1, without a password"


def _names(value: Any) -> str | None:
    fine = isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)
    return None if fine else "a list of models, such as [\"anthropic/claude-sonnet-4-5\"]"  # fmt: skip


def _table(value: Any) -> str | None:
    return None if isinstance(value, dict) else "a table"


TOP: dict[str, Kind] = {"models": _names, "model": _table, "researcher": _table}
RESEARCHER: dict[str, Kind] = {"steps": _whole, "brief_tokens": _whole}
MODEL: dict[str, Kind] = {
    "price_input": _number,
    "price_cached": _number,
    "price_written": _number,
    "price_output": _number,
    "context": _whole,
    "max_output": _whole,
    "tools": _tools,
    "api_base": _address,
    "total_s": _seconds,
    "first_s": _seconds,
    "between_s": _seconds,
    "extra": _table,
}
# What a call is given anyway, and what a file that anybody may read must not hold.
TAKEN = frozenset(
    {"model", "messages", "tools", "tool_choice", "response_format", "max_tokens", "max_completion_tokens", "stream"}
    | {"stream_options", "timeout", "stream_timeout", "max_retries", "num_retries", "drop_params", "api_base"}
    | {"parallel_tool_calls", "n", "base_url", "fallbacks"}
)
_SECRET = re.compile(r"key|token(?!s)|secret|password|credential|authorization", re.IGNORECASE)


class _Reader:
    """Reads one parsed file; `wrong` collects what is wrong with it."""

    def __init__(self, path: Path, lines: Mapping[tuple[str, ...], int]) -> None:
        self._path = path
        self._lines = lines
        self.wrong: list[str] = []

    def settings(self, found: Mapping[str, Any]) -> Settings:
        top = self._checked((), found, TOP)
        models = {}
        for name, said in top.get("model", {}).items():
            if _table(said) is not None:
                self._say(("model", name), f'is not a table; write [model."{name}"]')
                continue
            models[name] = self._model(("model", name), said)
        researcher = self._checked(("researcher",), top.get("researcher", {}), RESEARCHER)
        return Settings(
            models=tuple(dict.fromkeys(top.get("models", ()))),
            model=models,
            researcher=ResearcherSettings(**researcher),
        )

    def _model(self, at: tuple[str, ...], found: Mapping[str, Any]) -> ModelSettings:
        said = self._checked(at, found, MODEL)
        prices = {name: said[f"price_{name}"] for name in ("input", "output", "cached", "written") if _has(said, name)}
        lacking = [f"price_{name}" for name in ("input", "output") if name not in prices]
        if prices and lacking:
            self._say(at, f"{lacking[0]} is missing: a price is known whole or not at all")
            prices = {}
        limits = {name: said[f"{name}_s"] for name in ("total", "first", "between") if f"{name}_s" in said}
        extra = said.get("extra", {})
        for name in extra:
            if name in TAKEN:
                self._say((*at, "extra", name), "is set for each call by praxtui itself")
            elif _SECRET.search(name):
                fix = f"keys belong in the environment or in {paths.config_dir() / 'keys'}"
                self._say((*at, "extra", name), f"sounds like a secret, and {fix}")
        return ModelSettings(
            prices=Prices(**prices) if prices else None,
            window=said.get("context"),
            max_output=said.get("max_output"),
            tools=said.get("tools", "auto"),
            api_base=said.get("api_base"),
            extra=dict(extra),
            limits=Limits(**limits),
        )

    def _checked(self, at: tuple[str, ...], found: Mapping[str, Any], known: Mapping[str, Kind]) -> dict[str, Any]:
        """The entries that will do; of the others it is said what is wrong."""
        good = {}
        for key, value in found.items():
            if key not in known:
                self._say((*at, key), f"is unknown{did_you_mean(key, known)}")
            elif (wanted := known[key](value)) is not None:
                self._say((*at, key), f"is {_shown(value)}, not {wanted}")
            else:
                good[key] = value
        return good

    def _say(self, at: tuple[str, ...], what: str) -> None:
        line = next((self._lines[at[:n]] for n in range(len(at), 0, -1) if at[:n] in self._lines), None)
        where = f"{self._path}:{line}" if line is not None else str(self._path)
        name = ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in at)
        self.wrong.append(f"{where}: {name} {what}")


def _has(said: Mapping[str, Any], price: str) -> bool:
    return f"price_{price}" in said


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value)
    except TypeError:
        text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


# --- lines -----------------------------------------------------------------------------------------------------------


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """Where each key and table of a TOML text begins, by its whole path; counted from 1.

    tomllib does not say. A line inside a string of several lines may be taken for a key: only messages depend on it.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            table = next(_paths(bare), table)
            found.setdefault(table, number)
        elif match := re.match(r"""(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*\s*=""", bare):
            for path in _paths(match[0] + "0"):
                found.setdefault((*table, *path), number)
    return found


def _paths(line: str) -> Iterator[tuple[str, ...]]:
    """The path that one line of TOML names; none where it does not stand by itself."""
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return
    path: tuple[str, ...] = ()
    while isinstance(inner, (dict, list)) and inner:
        if isinstance(inner, list):
            inner = inner[0]
            continue
        key, inner = next(iter(inner.items()))
        path = (*path, key)
    yield path
