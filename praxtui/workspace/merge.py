"""Three-way merges and diffs of a leaf's files, in memory and untouched by the person's git settings.

Files are compared by path (no renames are guessed). Where both sides changed one file, libgit2 merges its lines by
itself, not as part of a tree, so that no merge driver or attribute of the repository applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pygit2
from pygit2 import IndexEntry, Oid
from pygit2.enums import FileMode

from praxtui.workspace.objects import Entry


@dataclass(frozen=True)
class Merged:
    """`files`: path -> entry of the merged leaf; `conflicts`: paths that both sides changed in ways that clash.

    `files` is complete only where there are no conflicts.
    """

    files: dict[str, Entry]
    conflicts: tuple[str, ...]


def merge_files(
    repo: pygit2.Repository, base: Mapping[str, Entry], ours: Mapping[str, Entry], theirs: Mapping[str, Entry]
) -> Merged:
    """Merge three leaves, each path -> entry. New blobs are written to `repo`; nothing else is."""
    files: dict[str, Entry] = {}
    conflicts: set[str] = set()
    for path in sorted(base.keys() | ours.keys() | theirs.keys()):
        old, our, their = base.get(path), ours.get(path), theirs.get(path)
        if our == their or their == old:
            chosen = our
        elif our == old:
            chosen = their
        else:
            chosen = _merge_lines(repo, old, our, their)
            if chosen is None:
                conflicts.add(path)
        if chosen is not None:
            files[path] = chosen
    return Merged(files, tuple(sorted(conflicts | _file_against_folder(files))))


def _merge_lines(repo: pygit2.Repository, old: Entry | None, our: Entry | None, their: Entry | None) -> Entry | None:
    """The merged entry of a file that both sides changed; None where they clash (deleted, no common base, a link)."""
    if not (old and our and their and old.is_file and our.is_file and their.is_file):
        return None
    mode = their.mode if our.mode == old.mode else our.mode
    sides = [side.oid for side in (old, our, their)]
    if not all(_is_text(repo.read(oid)[1]) for oid in sides):
        return None
    ancestor, mine, yours = (IndexEntry("file", Oid(hex=oid), FileMode.BLOB) for oid in sides)
    result = repo.merge_file_from_index(ancestor, mine, yours)
    if isinstance(result, str) or not result.automergeable:
        return None
    return Entry(mode, str(repo.create_blob(result.contents.encode())))


def _is_text(content: bytes) -> bool:
    """Whether lines of it can be merged: pygit2 hands merged lines over as UTF-8 up to the first NUL."""
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _file_against_folder(files: Mapping[str, Entry]) -> set[str]:
    """Paths that are a file on one side and a folder on the other."""
    folders = {path[:at] for path in files for at, letter in enumerate(path) if letter == "/"}
    return folders & files.keys()


def unified_diff(repo: pygit2.Repository, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> str:
    """Git-style unified diff, 3 lines of context, files by path; bytes that are not UTF-8 are shown replaced."""
    parts = []
    for path in sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)):
        old, new = before.get(path), after.get(path)
        if old and new and old.oid == new.oid:
            parts.append(f"diff --git a/{path} b/{path}\nold mode {old.mode:o}\nnew mode {new.mode:o}\n")
            continue
        name = path.encode("utf-8", "replace").decode()
        patch = pygit2.Patch.create_from(_blob(repo, old), _blob(repo, new), old_as_path=name, new_as_path=name)
        parts.append(patch.data.decode("utf-8", "replace"))
    return "".join(parts)


def _blob(repo: pygit2.Repository, entry: Entry | None) -> pygit2.Blob | None:
    found = repo[entry.oid] if entry else None
    return found if isinstance(found, pygit2.Blob) else None
