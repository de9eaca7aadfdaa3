"""Changing one key of settings.toml: everything else in it, comments too, stays as the person wrote it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from praxtui import paths, settings
from praxtui.errors import UserError
from praxtui.settings import Settings


def change(at: tuple[str, ...], value: str | bool | int | list[str] | None, path: Path | None = None) -> Settings:
    """Set the key at a path such as ("cockpit", "theme"), or take it out where `value` is None; the settings after it.

    The file is made where there is none, and replaced at once and whole. One that cannot be read as settings is left
    alone. Raises UserError, then as where it cannot be written.
    """
    path = settings.file() if path is None else path
    settings.read(path)
    try:
        # A link is followed: the file it names is the person's, wherever they keep it.
        path = path.resolve() if path.is_symlink() else path
        before = path.read_text() if path.exists() else ""
        after = changed(before, at, value)
        if after != before:
            _replace(path, after)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    return settings.read(path)


def changed(text: str, at: tuple[str, ...], value: str | bool | int | list[str] | None) -> str:
    """The TOML text with one key set, or taken out; a table that is not there comes last."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for name in at[:-1]:
        if name not in table:
            if value is None:
                return text
            if text.strip():
                document.add(tomlkit.nl())
            table[name] = tomlkit.table()
        table = table[name]
    if value is not None:
        table[at[-1]] = value
    elif at[-1] in table:
        del table[at[-1]]
    return tomlkit.dumps(document)


def change_keys(id: str, keys: str | None, path: Path | None = None) -> Settings:
    """Give an action other keys, or with None its own again. Raises UserError as `change` does.

    In the file `campaign.pause` may stand with quotes or without; what is there is taken out before.
    """
    place = settings.file() if path is None else path
    dotted = tuple(id.split("."))
    if place.exists() and _has(place, ("keys", *dotted)):
        change(("keys", *dotted), None, path)
    return change(("keys", id), keys, path)


def _has(path: Path, at: tuple[str, ...]) -> bool:
    import tomllib

    try:
        found: Any = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False  # `change` says what is wrong
    for name in at:
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True


def _replace(path: Path, text: str) -> None:
    paths.ensure(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # What a person lets others read of it stays so.
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o600)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
