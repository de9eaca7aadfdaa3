"""Git trees as plain dictionaries, read and written in memory.

Names are `str` decoded with `os.fsdecode`, so that names which are not UTF-8 survive unchanged; oids are 40 hex
digits. Trees are written as raw objects: pygit2's builders insist on UTF-8, git does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pygit2
from pygit2.enums import ObjectType

from praxtui.workspace.refusals import PathRefused

FILE = 0o100644
EXECUTABLE = 0o100755
LINK = 0o120000
FOLDER = 0o040000
SUBMODULE = 0o160000


class Entry(NamedTuple):
    """What a tree says about one name: git mode and object id."""

    mode: int
    oid: str

    @property
    def is_file(self) -> bool:
        return self.mode in (FILE, EXECUTABLE)


def read_tree(repo: pygit2.Repository, oid: str) -> dict[str, Entry]:
    """The entries of one tree object, folders included, not descended into."""
    _, raw = repo.read(oid)
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(raw):
        space = raw.index(b" ", at)
        end = raw.index(b"\0", space)
        mode = int(raw[at:space], 8)
        if mode & 0o170000 == 0o100000:  # git once wrote 100664; it means 100644
            mode = EXECUTABLE if mode & 0o100 else FILE
        entries[os.fsdecode(raw[space + 1 : end])] = Entry(mode, raw[end + 1 : end + 21].hex())
        at = end + 21
    return entries


def write_tree(repo: pygit2.Repository, entries: Mapping[str, Entry]) -> str:
    """Write one tree object and return its oid. Git orders a folder as if its name ended in a slash."""
    rows = []
    for name, entry in entries.items():
        raw = os.fsencode(name)
        line = b"%o %s\0%s" % (entry.mode, raw, bytes.fromhex(entry.oid))
        rows.append((raw + b"/" if entry.mode == FOLDER else raw, line))
    return str(repo.write(ObjectType.TREE, b"".join(line for _, line in sorted(rows))))


def flatten(repo: pygit2.Repository, tree: str | None) -> dict[str, Entry]:
    """Path -> entry of everything below `tree` but folders: files, links and submodules; empty for None."""
    return dict(_walk(repo, tree, "")) if tree else {}


def _walk(repo: pygit2.Repository, tree: str, above: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in read_tree(repo, tree).items():
        if entry.mode == FOLDER:
            yield from _walk(repo, entry.oid, f"{above}{name}/")
        else:
            yield above + name, entry


def subtree(repo: pygit2.Repository, tree: str | None, path: str) -> str | None:
    """The oid of the folder `path` below `tree` ("" is the tree itself), or None if there is no such folder."""
    for name in path.split("/") if path else ():
        entry = read_tree(repo, tree).get(name) if tree else None
        tree = entry.oid if entry and entry.mode == FOLDER else None
    return tree


def put_subtree(repo: pygit2.Repository, tree: str | None, path: str, folder: str | None) -> str | None:
    """`tree` with the folder at `path` replaced by `folder` (removed for None); None when nothing is left."""
    if not path:
        return folder
    name, _, rest = path.partition("/")
    entries = read_tree(repo, tree) if tree else {}
    old = entries.get(name)
    new = put_subtree(repo, old.oid if old and old.mode == FOLDER else None, rest, folder)
    if new is None:
        entries.pop(name, None)
    else:
        entries[name] = Entry(FOLDER, new)
    return write_tree(repo, entries) if entries else None


def edit_tree(
    repo: pygit2.Repository, tree: str | None, changes: Mapping[str, Entry | None], above: str = ""
) -> str | None:
    """`tree` with `changes` (path -> entry, None deletes) made; None when nothing is left.

    Only folders on the way to a change are rewritten. Raises PathRefused where a path leads through a link, a
    submodule or a file, replaces a folder, link or submodule, or contradicts another path of the same change.
    """
    entries = read_tree(repo, tree) if tree else {}
    below: dict[str, dict[str, Entry | None]] = {}
    for path, wanted in changes.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = wanted
            continue
        _refuse_unless_file(entries.get(name), above + name, deleting=wanted is None)
        if wanted is None:
            entries.pop(name, None)
        else:
            entries[name] = wanted
    for name, inner in below.items():
        old = entries.get(name)
        if old is not None and old.mode != FOLDER:
            raise PathRefused(f"{above}{name} is {_kind(old)}, not a folder: nothing can be written below it")
        new = edit_tree(repo, old.oid if old else None, inner, f"{above}{name}/")
        if new is None:
            entries.pop(name, None)
        else:
            entries[name] = Entry(FOLDER, new)
    return write_tree(repo, entries) if entries else None


def _refuse_unless_file(old: Entry | None, path: str, *, deleting: bool) -> None:
    if old is not None and not old.is_file:
        raise PathRefused(f"{path} is {_kind(old)}: it can be neither {'deleted' if deleting else 'written'} as a file")


def _kind(entry: Entry) -> str:
    return {FOLDER: "a folder", LINK: "a symbolic link", SUBMODULE: "a submodule"}.get(entry.mode, "a file")
