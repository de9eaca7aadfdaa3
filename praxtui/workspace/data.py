"""Data that runs may read: hashed once, watched by stamps, kept read-only, and placed into trees as links."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from praxtui.errors import UserError
from praxtui.workspace.stamps import Stamp, stamp


class Watched(msgspec.Struct, frozen=True):
    """One file of the data: the SHA-256 of its content (hex), and the stamp under which that still holds."""

    digest: str
    stamp: Stamp


class Fingerprint(msgspec.Struct, frozen=True):
    """Content of `entries` below `folder`: `digest` over paths and contents (hex), `watch`: path -> file.

    Encodes to JSON and back with msgspec. Permissions, owners and times are no content.
    """

    folder: str
    entries: tuple[str, ...]
    digest: str
    watch: dict[str, Watched]


def fingerprint(folder: Path, entries: Iterable[str]) -> Fingerprint:
    """Hash all files of `entries` (files or folders, relative to `folder`; "." is all of it).

    Links are followed, folders entered once. UserError if an entry is not there or cannot be read.
    """
    return _hashed(Path(folder), tuple(entries), {}, missing_ok=False)


def changed(known: Fingerprint) -> list[str]:
    """Paths whose content changed, came or went since the fingerprint was taken, sorted.

    A file whose stamp moved is read again, so touching it or changing its permissions does not count.
    """
    return look(known)[0]


def look(known: Fingerprint) -> tuple[list[str], Fingerprint]:
    """What changed, and the fingerprint as of now: keep it, so that touched files are not read again each time."""
    now = _hashed(Path(known.folder), known.entries, known.watch, missing_ok=True)
    paths = known.watch.keys() | now.watch.keys()
    differs = [path for path in paths if _digest(known, path) != _digest(now, path)]
    return sorted(differs), now


def _digest(known: Fingerprint, path: str) -> str | None:
    return known.watch[path].digest if path in known.watch else None


def _hashed(folder: Path, entries: tuple[str, ...], known: dict[str, Watched], *, missing_ok: bool) -> Fingerprint:
    watch: dict[str, Watched] = {}
    for entry in entries:
        if not missing_ok and not (folder / entry).exists():
            raise UserError(
                f"loop.data names {entry}, which is not in {folder}", fix="make it, or take it off loop.data"
            )
        for path, file in _files(folder, entry):
            try:
                watch[path] = _look_at(file, known.get(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise UserError(f"the data {file} cannot be read: {error.strerror}", fix=f"chmod u+r {file}") from error
    whole = hashlib.sha256()
    for path in sorted(watch):
        name = path.encode()
        whole.update(b"%d %s %s" % (len(name), name, watch[path].digest.encode()))
    return Fingerprint(str(folder), entries, whole.hexdigest(), watch)


def _look_at(file: str, known: Watched | None) -> Watched:
    seen = time.time_ns()
    info = os.stat(file)
    if known is not None and known.stamp.holds(info):
        return known
    with open(file, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return Watched(digest, stamp(os.fstat(content.fileno()), seen))


def _files(folder: Path, entry: str) -> Iterator[tuple[str, str]]:
    """(name for the record, path) of every regular file at or below `entry`, links followed, each folder once."""
    visited: set[tuple[int, int]] = set()
    pending = [os.path.normpath(entry)]
    while pending:
        path = pending.pop()
        full = os.path.join(folder, path)
        try:
            info = os.stat(full)
        except OSError:  # a link to nowhere has no content
            continue
        if stat.S_ISREG(info.st_mode):
            yield os.fsencode(path).decode("utf-8", "backslashreplace"), full
        elif stat.S_ISDIR(info.st_mode) and (info.st_dev, info.st_ino) not in visited:
            visited.add((info.st_dev, info.st_ino))
            try:
                pending.extend(os.path.normpath(os.path.join(path, name)) for name in os.listdir(full))
            except OSError as error:
                raise UserError(
                    f"the data {full} cannot be read: {error.strerror}", fix=f"chmod u+rx {full}"
                ) from error


def make_read_only(folder: Path) -> None:
    """Take the right to write from everything in `folder` and from itself; links are left alone."""
    _chmod(folder, lambda mode: mode & ~0o222)


def make_writable(folder: Path) -> None:
    """Give the owner the right to write everything in `folder` and itself (to replace or delete it)."""
    _chmod(folder, lambda mode: mode | (0o700 if stat.S_ISDIR(mode) else 0o200))


def _chmod(folder: Path, change: Callable[[int], int]) -> None:
    pending = [str(folder)]
    while pending:
        path = pending.pop()
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            continue
        os.chmod(path, stat.S_IMODE(change(mode)))
        if stat.S_ISDIR(mode):
            pending.extend(os.path.join(path, name) for name in os.listdir(path))


def placements(leaf: Path, entries: Iterable[str], tracked: Collection[str]) -> dict[str, Path]:
    """Where links must stand so that a copy of the leaf sees its data: path in the copy -> the leaf's own file.

    Tracked files are in the copy already; of a folder that holds some, the other names are linked one by one.
    UserError for an entry that is missing or lies outside the leaf.
    """
    folders = {path[:at] for path in tracked for at, letter in enumerate(path) if letter == "/"}
    links: dict[str, Path] = {}
    for entry in entries:
        path = os.path.normpath(entry)
        if os.path.isabs(path) or path.split("/")[0] in (".", "..", ".git"):
            raise UserError(
                f"loop.data names {entry}, which is not below the leaf", fix="name files and folders in the leaf"
            )
        if not os.path.lexists(leaf / path):
            raise UserError(f"loop.data names {entry}, which is not in {leaf}", fix="make it, or take it off loop.data")
        pending = [path]
        while pending:
            name = pending.pop()
            if name in folders and (leaf / name).is_dir():
                pending.extend(f"{name}/{child}" for child in os.listdir(leaf / name))
            elif name not in tracked:
                links[name] = leaf / name
    return links


def place(tree_leaf: Path, leaf: Path, entries: Iterable[str], tracked: Collection[str] = ()) -> dict[str, Path]:
    """Link the untracked data of `leaf` into `tree_leaf`, a clean copy; what `placements` says, which is returned."""
    links = placements(leaf, entries, tracked)
    for path, target in links.items():
        link = tree_leaf / path
        if not link.parent.resolve().is_relative_to(tree_leaf.resolve()):
            raise UserError(
                f"loop.data names {path}, which leads through a link out of the leaf", fix="name the folder itself"
            )
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink():
            link.unlink()
        os.symlink(target, link)
    return links
