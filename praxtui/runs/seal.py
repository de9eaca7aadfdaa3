"""What an evaluator runs on must be as it was before the run: folders looked at before it, and again after its end.

Contents need not be read: no program can set a file's change time, so a file that was written, replaced or put back
shows it. Standard library only: the shim imports this file.
"""

from __future__ import annotations

import os

MOST_NAMED = 5


class Seal:
    """The state of `folders` when this was made; nothing in them may change until `broken` is asked."""

    def __init__(self, folders: list[str]) -> None:
        self.folders = folders
        self.known = [look(folder) for folder in folders]

    def broken(self) -> list[str]:
        """Paths of what changed, came or went, at most a few, from the folder they are in; empty if nothing did."""
        found = []
        for folder, known in zip(self.folders, self.known, strict=True):
            now = look(folder)
            differs = sorted(path for path in known.keys() | now.keys() if known.get(path) != now.get(path))
            # A folder shows that something in it came or went; the thing itself says more.
            files = [path for path in differs if not any(other.startswith(f"{path}/") for other in differs)]
            found += [path for path in files if path != "." or len(files) == 1]
        return found[:MOST_NAMED]


def look(folder: str) -> dict[str, tuple[int, ...]]:
    """Path -> type, place, size and times of everything below `folder` and of itself; no link is followed."""
    seen: dict[str, tuple[int, ...]] = {}
    pending = ["."]
    while pending:
        path = pending.pop()
        full = os.path.normpath(os.path.join(folder, path))
        try:
            info = os.lstat(full)
            names = os.listdir(full) if info.st_mode & 0o170000 == 0o040000 else []
        except OSError:
            continue  # what is gone, or cannot be read any more, differs by its absence
        seen[path] = (info.st_mode, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
        pending.extend(name if path == "." else f"{path}/{name}" for name in names)
    return seen
