"""e0: the leaf as it stands on disk, read without git's filters, without the index being written."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pygit2
from pygit2.ffi import C, ffi

from praxtui.workspace.objects import EXECUTABLE, FILE, LINK, SUBMODULE, Entry
from praxtui.workspace.refusals import LeafRefused

LARGEST_UNTRACKED = 50_000_000
MOST_UNTRACKED = 5_000
_STREAMED = 64_000_000
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_SKIP_WORKTREE = 1 << 14


@dataclass(frozen=True)
class Baseline:
    """e0. `uncommitted`: paths of the leaf that differ from HEAD (changed, deleted, or not tracked), sorted."""

    commit: str
    tree: str
    uncommitted: tuple[str, ...]


@dataclass
class _Index:
    """The person's index below the leaf: tracked paths, their folders, and what sparse checkout left out."""

    tracked: dict[str, Entry] = field(default_factory=dict)
    absent_by_wish: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


def leaf_on_disk(repo: pygit2.Repository, leaf: Path, prefix: str, data: Iterable[str]) -> dict[str, Entry]:
    """Path -> entry of the leaf's files as they are on disk; their contents are now blobs of `repo`.

    Tracked files that are there, and untracked ones that are neither ignored nor below an entry of `data`
    (`loop.data`). Contents are the bytes on disk: no line-ending or LFS filter is applied, so an LFS file whose
    content has been fetched goes in as that content. Raises LeafRefused for LFS pointers, submodules, links that
    leave the leaf, unreadable files, and untracked files too large (50 MB) or too many (5,000) to be meant.
    """
    index = _read_index(repo, prefix)
    shared = {entry.strip("/").removeprefix("./") for entry in data}
    found: dict[str, Entry] = {}
    untracked = 0
    for path, name in _walk(repo, leaf, prefix, index, shared):
        tracked = index.tracked.get(path)
        if tracked is None:
            untracked += 1
            _refuse_surprises(path, name, untracked)
        found[path] = _entry(repo, leaf, path, name, tracked)
    for path in index.absent_by_wish - found.keys():
        found[path] = index.tracked[path]
    return found


def uncommitted(repo: pygit2.Repository, head: dict[str, Entry], disk: dict[str, Entry]) -> tuple[str, ...]:
    """Paths that differ between HEAD and the disk as git sees it: an LFS file that matches its pointer, or a file
    that differs in line endings only, is no edit."""
    paths = [path for path in head.keys() | disk.keys() if head.get(path) != disk.get(path)]
    return tuple(sorted(path for path in paths if not _same_to_git(repo, head.get(path), disk.get(path))))


def _same_to_git(repo: pygit2.Repository, old: Entry | None, new: Entry | None) -> bool:
    if old is None or new is None or old.mode != new.mode or not old.is_file:
        return False
    before, after = repo.read(old.oid)[1], repo.read(new.oid)[1]
    if before.startswith(_POINTER):
        return b"oid sha256:" + hashlib.sha256(after).hexdigest().encode() in before
    return after.replace(b"\r\n", b"\n") == before


def _read_index(repo: pygit2.Repository, prefix: str) -> _Index:
    """The index by way of libgit2's own structures: pygit2's view of it has no flags and insists on UTF-8."""
    index, found, above = repo.index, _Index(), f"{prefix}/" if prefix else ""
    for number in range(len(index)):
        raw = C.git_index_get_byindex(index._index, number)
        path = os.fsdecode(ffi.string(raw.path))
        if not path.startswith(above):
            continue
        path = path[len(above) :]
        found.tracked[path] = Entry(int(raw.mode), bytes(raw.id.id).hex())
        if raw.flags_extended & _SKIP_WORKTREE:
            found.absent_by_wish.add(path)
        while "/" in path:
            path = path.rpartition("/")[0]
            found.folders.add(path)
    return found


def _walk(
    repo: pygit2.Repository, leaf: Path, prefix: str, index: _Index, shared: set[str]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files and links of the leaf that belong to e0: (path relative to the leaf, directory entry)."""
    folders = [""]
    above = f"{prefix}/" if prefix else ""
    while folders:
        folder = folders.pop()
        for name in sorted(_listing(leaf, folder), key=lambda entry: entry.name):
            path = f"{folder}/{name.name}" if folder else name.name
            tracked = index.tracked.get(path)
            if path == ".git":
                continue
            if tracked is not None and tracked.mode == SUBMODULE:
                raise _submodule(path)
            if name.is_dir(follow_symlinks=False):
                wanted = path in index.folders or not (path in shared or _ignored(repo, f"{above}{path}/"))
                if wanted and os.path.lexists(os.path.join(name.path, ".git")):
                    raise _submodule(path)
                if wanted:
                    folders.append(path)
            elif (name.is_symlink() or name.is_file(follow_symlinks=False)) and (
                tracked is not None or not (_below(path, shared) or _ignored(repo, above + path))
            ):
                yield path, name


def _listing(leaf: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(leaf, folder)) as entries:
            return list(entries)
    except OSError as error:
        raise LeafRefused(
            f"the folder {folder or leaf} cannot be read: {error.strerror}", fix=f"chmod u+rx {folder or leaf}"
        ) from error


def _below(path: str, shared: set[str]) -> bool:
    return any(path == entry or path.startswith(f"{entry}/") for entry in shared)


def _ignored(repo: pygit2.Repository, path: str) -> bool:
    """Whether git ignores `path` (relative to the repository). Bytes that are not UTF-8 match as '?'."""
    return repo.path_is_ignored(path.encode("utf-8", "replace").decode())


def _entry(repo: pygit2.Repository, leaf: Path, path: str, name: os.DirEntry[str], tracked: Entry | None) -> Entry:
    """The tree entry of one file or link on disk, its content written as a blob unless it is the one tracked."""
    if name.is_symlink():
        target = os.readlink(name.path)
        _refuse_leaving(leaf, path, target)
        return Entry(LINK, str(repo.create_blob(os.fsencode(target))))
    info = name.stat(follow_symlinks=False)
    mode = EXECUTABLE if info.st_mode & stat.S_IXUSR else FILE
    if tracked is not None and tracked.is_file and not _keeps_modes(repo):
        mode = tracked.mode
    try:
        with open(name.path, "rb") as file:
            if info.st_size > _STREAMED:
                return Entry(mode, str(repo.create_blob_fromiobase(file)))
            content = file.read()
    except OSError as error:
        raise LeafRefused(f"{path} cannot be read: {error.strerror}", fix=f"chmod u+r {path}") from error
    if tracked is not None and content.startswith(_POINTER) and len(content) < 1024:
        raise LeafRefused(f"{path} is a git-LFS pointer, not the file itself", fix="fetch the files: git lfs pull")
    oid = str(pygit2.hash(content))
    return Entry(mode, oid if tracked and tracked.oid == oid and oid in repo else str(repo.create_blob(content)))


def _keeps_modes(repo: pygit2.Repository) -> bool:
    return "core.filemode" not in repo.config or repo.config.get_bool("core.filemode")


def _refuse_surprises(path: str, name: os.DirEntry[str], untracked: int) -> None:
    """Untracked files become part of every experiment's commit: what is huge or numerous is data, not the leaf."""
    if not name.is_symlink() and (size := name.stat(follow_symlinks=False).st_size) > LARGEST_UNTRACKED:
        raise LeafRefused(
            f"{path} is not tracked by git and has {size / 1e6:,.0f} MB; the baseline would hold a copy of it",
            fix="add it to .gitignore, and name it in loop.data if runs need it",
        )
    if untracked > MOST_UNTRACKED:
        raise LeafRefused(
            f"more than {MOST_UNTRACKED:,} files of the leaf are not tracked by git (the last one seen: {path})",
            fix="add their folder to .gitignore, and name it in loop.data if runs need it",
        )


def _refuse_leaving(leaf: Path, path: str, target: str) -> None:
    """A link is kept only where it means the same in every copy of the leaf: relative, and resolving inside it."""
    fix = "replace it by what it points to, or add it to .gitignore and name it in loop.data if runs need it"
    if os.path.isabs(target):
        raise LeafRefused(f"the symbolic link {path} is absolute ({target}): experiments would share it", fix=fix)
    try:
        real = (leaf / path).resolve()
    except (RuntimeError, OSError) as error:
        raise LeafRefused(f"the symbolic link {path} leads round in a circle ({target})", fix=fix) from error
    lexical = os.path.normpath(os.path.join(os.path.dirname(path), target))  # "../leaf/x" works here, in no copy
    if lexical.startswith("..") or not real.is_relative_to(leaf) or ".git" in real.relative_to(leaf).parts:
        raise LeafRefused(f"the symbolic link {path} leaves the leaf ({target})", fix=fix)


def _submodule(path: str) -> LeafRefused:
    return LeafRefused(
        f"{path} is a git repository of its own inside the leaf: its files cannot be part of an experiment",
        fix=f"make it plain files (rm -rf {path}/.git && git add {path}), or ignore it and name it in loop.data",
    )
