"""Where leaves lie, and finding one by path or name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from praxtui import paths
from praxtui.errors import UserError, did_you_mean
from praxtui.program.spec import Program, shown

Where = Literal["here", "home", "bundled"]
_DEEPEST = 3
"""Levels of folders below a place in which leaves are looked for: `tinker/rl` is on the second."""


class Leaf(Struct, frozen=True):
    """A folder with a `program.md`. `name` is how to call it; `where`: ./leaves, PRAXTUI_HOME/leaves, or bundled."""

    name: str
    path: Path
    where: Where


def places() -> tuple[tuple[Where, Path], ...]:
    """The folders that hold leaves, in the order in which a name is looked up."""
    return (("here", Path.cwd() / "leaves"), ("home", paths.leaves_dir()), ("bundled", paths.bundled_leaves()))


def find(name_or_path: str | Path) -> Path:
    """The absolute path of a leaf: a path (of the folder or its program.md) if it is one, else a name from `places`.

    Raises UserError with the nearest names and where it looked.
    """
    asked = str(name_or_path)
    path = Path(asked).expanduser()
    if path.name == "program.md" and path.is_file():
        return Path(os.path.abspath(path.parent))
    if asked.strip() and (path / "program.md").is_file():
        return Path(os.path.abspath(path))
    if _is_name(asked):
        for _, base in places():
            if (base / asked / "program.md").is_file():
                return Path(os.path.abspath(base / asked))
    raise _unknown(asked, path)


def _is_name(asked: str) -> bool:
    return bool(asked.strip()) and not asked.startswith(("/", "~")) and ".." not in asked.split("/")


def _unknown(asked: str, path: Path) -> UserError:
    if asked.strip() and path.is_dir():
        return UserError(f"{asked}: the folder has no program.md", fix="a leaf is a folder with a program.md")
    looked = "\n  ".join(dict.fromkeys(shown(base) for _, base in places()))
    names = [leaf.name for leaf in discover()]
    near = did_you_mean(asked.rstrip("/").rsplit("/", 1)[-1] if "/" not in asked else asked, names)
    known = f"leaves: {', '.join(names)}" if names else "no leaves were found"
    return UserError(
        f"no leaf {asked!r}{near}",
        fix=f"looked for a folder with a program.md at {asked!r}, and in\n  {looked}\n  {known}",
    )


def discover() -> tuple[Leaf, ...]:
    """Every leaf of `places`; of those with the same name the first, as `find` would take it."""
    first: dict[str, Leaf] = {}
    for where, base in places():
        for folder in _folders(base, 0):
            name = folder.relative_to(base).as_posix()
            first.setdefault(name, Leaf(name, folder, where))
    return tuple(first.values())


def _folders(base: Path, depth: int) -> Iterator[Path]:
    """The leaves below `base`; a leaf's own folders are not searched. Folders that cannot be read are passed over."""
    try:
        inner = sorted(entry.name for entry in os.scandir(base) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return
    for name in inner:
        if (base / name / "program.md").is_file():
            yield base / name
        elif depth + 1 < _DEEPEST:
            yield from _folders(base / name, depth + 1)


_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|<!--.*?-->|[*`]|(?<!\w)_|_(?!\w)", re.DOTALL)
_ITEM = re.compile(r"([-+>]|\d+[.)])\s+")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def task(program: Program) -> str:
    """The task in one line: the first sentence of the prose that is no heading, else the first heading, else ""."""
    heading, fenced = "", False
    paragraph: list[str] = []
    prose = _LINK.sub(r"\1", _MARKUP.sub("", re.sub(r"^(```|~~~)", "\0", program.prose, flags=re.MULTILINE)))
    for line in (line.strip() for line in prose.splitlines()):
        if line.startswith("\0"):
            fenced = not fenced
        elif fenced:
            continue
        elif line.startswith("#"):
            heading = heading or line.lstrip("#").strip()
        elif line and not re.fullmatch(r"[-=_]{2,}", line) and not (paragraph and _ITEM.match(line)):
            paragraph.append(_ITEM.sub("", line))
            continue
        if paragraph:
            break
    sentence = re.match(r"(.+?[.!?])(?=\s+[^a-z\s]|\s*$)", " ".join(paragraph))
    return sentence[1] if sentence else " ".join(paragraph) or heading
