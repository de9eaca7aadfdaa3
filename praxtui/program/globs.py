"""The globs of a program, matched the same way wherever levers, data or artifacts are meant.

`*`, `?` and `[...]` stay within one path component and do not match a leading dot, as in a shell; `**` stands for any
number of folders; a trailing `/` means everything beneath. Paths are relative to the leaf, with `/` between components.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

_WILD = re.compile(r"[*?\[]")


def wrong(glob: str) -> str:
    """Why `glob` cannot be used, or an empty string: it must stay inside the leaf and out of `.git`."""
    parts = re.split(r"[/\\]", glob)
    if not glob.strip() or "\0" in glob:
        return "is empty" if not glob.strip() else "holds a NUL"
    if glob.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:[/\\]", glob):
        return "is absolute"
    if ".." in parts:
        return "leaves the leaf through `..`"
    if any(part.lower() == ".git" for part in parts):
        return "reaches into `.git`"
    return "names the leaf itself" if not _parts(glob) else ""


def matches(glob: str, path: str) -> bool:
    """Whether `path` (relative, `/` between components) is matched by `glob`; nothing inside `.git` ever is."""
    parts = path.split("/")
    return not any(part.lower() == ".git" for part in parts) and _match(_parts(glob), parts)


def matches_any(globs: Iterable[str], path: str) -> bool:
    """Whether any of `globs` matches `path`."""
    return any(matches(glob, path) for glob in globs)


def expand(leaf: Path, globs: Iterable[str]) -> tuple[str, ...]:
    """The files (not folders; links to files included) under `leaf` that `globs` match, relative, sorted, each once."""
    return tuple(sorted({path for glob in globs if not wrong(glob) for path in _expand(leaf, glob)}))


def _expand(leaf: Path, glob: str) -> Iterable[str]:
    parts = _parts(glob)
    fixed = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if fixed == len(parts):
        return [glob_path] if os.path.isfile(leaf / (glob_path := "/".join(parts))) else []
    depth = None if "**" in parts else len(parts) - fixed
    hidden = any(part.startswith(".") for part in parts[fixed:])
    found = _walk(leaf, "/".join(parts[:fixed]), depth, hidden)
    return [path for path in found if _match(parts, path.split("/"))]


def _walk(leaf: Path, start: str, depth: int | None, hidden: bool) -> Iterable[str]:
    """Files beneath `leaf/start`, relative to the leaf; at most `depth` levels down; follows no links."""
    for folder, below, files in os.walk(leaf / start):
        here = Path(folder).relative_to(leaf)
        level = len(here.parts) - len(Path(start).parts)
        deeper = depth is None or level + 1 < depth
        below[:] = [
            name for name in below if deeper and name.lower() != ".git" and (hidden or not name.startswith("."))
        ]
        yield from ((here / name).as_posix() for name in files)


@lru_cache(maxsize=512)
def _parts(glob: str) -> tuple[str, ...]:
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    if glob.endswith("/") and parts:
        parts.append("**")
    return tuple(parts)


def _match(globs: Sequence[str], parts: Sequence[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] != "**":
        return bool(parts) and bool(_component(globs[0]).match(parts[0])) and _match(globs[1:], parts[1:])
    if len(globs) == 1:
        return bool(parts) and not any(part.startswith(".") for part in parts)
    free = next((i for i, part in enumerate(parts) if part.startswith(".")), len(parts))
    return any(_match(globs[1:], parts[skip:]) for skip in range(free + 1))


@lru_cache(maxsize=512)
def _component(glob: str) -> re.Pattern[str]:
    undotted = r"(?!\.)" if _WILD.match(glob) else ""
    return re.compile(undotted + fnmatch.translate(glob), re.DOTALL)
