"""Leaves that come with praxtui, copied as git repositories of their own so that a person can edit them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2
from pygit2 import IndexEntry, Oid
from pygit2.enums import FileMode

from praxtui import paths
from praxtui.errors import UserError
from praxtui.program.globs import matches_any
from praxtui.workspace.disk import erase, open_folder
from praxtui.workspace.refusals import disk_faults

_NEVER = {".git", "__pycache__", ".DS_Store", ".ipynb_checkpoints"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ABANDONED_S = 3600


def working_copy(bundled: Path, name: str, home: Path, version: str) -> Path:
    """`home/leaves/<name>`, made from the folder `bundled` when first asked for; later returned as it is.

    A repository with one commit; its git configuration says which version and content it came from. Several processes
    may ask at once: the copy appears whole, once.
    """
    if not all(_NAME.fullmatch(part) for part in name.split("/")):
        raise UserError(f"{name!r} cannot be the name of a leaf")
    target = home / "leaves" / name
    if target.is_dir() and any(target.iterdir()):
        return target
    with disk_faults("copy a leaf", target):
        paths.make(target.parent)
        _sweep(target)
        fresh = target.parent / f".{name}.new-{secrets.token_hex(6)}"
        try:
            _copy(bundled, fresh, f"{name} as praxtui {version} brings it", {"leaf": name, "version": version})
            fresh.rename(target)  # onto an empty folder or nothing; fails where another process was first
        except OSError:
            if not (target.is_dir() and any(target.iterdir())):
                raise
        finally:
            _erase(fresh)
    return target


def newer(copy: Path, bundled: Path) -> bool:
    """Whether the bundled leaf is no longer the one that `copy` was made from. Edits of the copy do not matter."""
    return recorded(copy, "digest") not in (None, content_digest(bundled))


def recorded(copy: Path, key: str) -> str | None:
    """What a copy says about its origin (`leaf`, `version`, `digest`); None if it is not one of praxtui's."""
    try:
        config = pygit2.Repository(str(copy / ".git")).config
        return str(config[f"praxtui.{key}"])
    except (pygit2.GitError, KeyError):
        return None


def untouched(copy: Path) -> bool:
    """Whether a copy is as praxtui made it: nothing edited or added (ignored files included), no commit, no ref."""
    if recorded(copy, "leaf") is None:
        return False
    try:
        repo = pygit2.Repository(str(copy / ".git"))
        refs = repo.raw_listall_references()
        alone = refs == [b"refs/heads/main"] and not repo.head.peel(pygit2.Commit).parents
        return alone and not repo.list_worktrees() and not repo.status(untracked_files="all", ignored=True)
    except (pygit2.GitError, OSError, KeyError):
        return False


def new_leaf(template: Path, target: Path) -> Path:
    """Copy the leaf `template` to `target` (missing or empty) as a new, independent repository with one commit."""
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise UserError(f"{target} is there already, and not empty", fix="name a folder that does not exist yet")
    with disk_faults("make a leaf", target):
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.parent / f".{target.name}.new-{secrets.token_hex(6)}"
        try:
            _copy(template, fresh, f"Begin from {template.resolve().name}", {})
            fresh.rename(target)
        finally:
            _erase(fresh)
    return target


def content_digest(folder: Path) -> str:
    """SHA-256 over the paths, executable bits and contents of a leaf's own files."""
    whole = hashlib.sha256()
    for path, file in sorted(_own_files(folder)):
        mode, content = _content(file)
        whole.update(b"%s\0%o %d\0%s" % (os.fsencode(path), mode, len(content), content))
    return whole.hexdigest()


def _copy(source: Path, target: Path, message: str, config: dict[str, str]) -> None:
    """Copy a leaf's own files into the new repository `target` and commit them."""
    repo = pygit2.init_repository(str(target), initial_head="main")
    for path, file in sorted(_own_files(source)):
        mode, content = _content(file)
        copied = target / path
        copied.parent.mkdir(parents=True, exist_ok=True)
        if mode == FileMode.LINK:
            copied.symlink_to(os.fsdecode(content))
        else:
            copied.write_bytes(content)
            copied.chmod(0o755 if mode == FileMode.BLOB_EXECUTABLE else 0o644)
        repo.index.add(IndexEntry(path, Oid(hex=str(repo.create_blob(content))), mode))
    tree = repo.index.write_tree()
    repo.index.write()
    who = pygit2.Signature("praxtui", "praxtui@localhost", int(time.time()), 0)
    repo.create_commit("HEAD", who, who, f"{message}\n", tree, [])
    for key, value in {**config, **({"digest": content_digest(source)} if config else {})}.items():
        repo.config[f"praxtui.{key}"] = value


def _content(file: Path) -> tuple[FileMode, bytes]:
    info = file.lstat()
    if stat.S_ISLNK(info.st_mode):
        return FileMode.LINK, os.fsencode(os.readlink(file))
    return FileMode.BLOB_EXECUTABLE if info.st_mode & stat.S_IXUSR else FileMode.BLOB, file.read_bytes()


def _own_files(folder: Path, above: str = "", ignored: tuple[str, ...] = ()) -> Iterator[tuple[str, Path]]:
    """(path, file) of a leaf's files, without what its `.gitignore` files name: what runs left is no part of it."""
    rules = folder / ".gitignore"
    ignored += tuple(_rules(rules.read_text("utf-8", "replace"), above)) if rules.is_file() else ()
    for file in folder.iterdir():
        path = above + file.name
        if file.name in _NEVER or file.name.endswith(".pyc"):
            continue
        if file.is_dir() and not file.is_symlink():
            # A folder is ignored as such: a rule such as `out/*` leaves the folder itself, empty, and git keeps none.
            if not matches_any(ignored, path):
                yield from _own_files(file, f"{path}/", ignored)
        elif (file.is_symlink() or file.is_file()) and not matches_any(ignored, path):
            yield path, file


def _rules(text: str, above: str) -> Iterator[str]:
    """The plain rules of a `.gitignore` as globs from the leaf's top; exceptions (`!`) do not occur in leaves."""
    for line in text.splitlines():
        rule = line.strip()
        if rule and not rule.startswith(("#", "!")):
            # Without its last slash a rule names the folder itself, and what is in it is not looked at.
            name = rule.rstrip("/")
            yield f"{above}{name.lstrip('/')}" if "/" in name else f"{above}**/{name}"


def _sweep(target: Path) -> None:
    """Delete copies that a killed process left half made, an hour and more ago."""
    for left in target.parent.glob(f".{target.name}.new-*"):
        if time.time() - left.lstat().st_mtime > _ABANDONED_S:
            _erase(left)


def _erase(folder: Path) -> None:
    parent = open_folder(folder.parent.resolve())
    try:
        erase(folder.name, parent)
    finally:
        os.close(parent)
