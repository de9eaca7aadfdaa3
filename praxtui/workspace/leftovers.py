"""What engines that were killed leave of their worktrees, found and deleted without a campaign that runs."""

from __future__ import annotations

import os
from pathlib import Path

from praxtui.errors import UserError
from praxtui.workspace import disk
from praxtui.workspace.opening import find
from praxtui.workspace.refusals import disk_faults

PREFIX = "praxtui-"  # of the names of administrative folders: see Tree


def administrative(leaf: Path, trees: Path) -> list[Path]:
    """The folders in the leaf's repository that belong to worktrees directly below `trees`, there or not."""
    try:
        place = find(Path(leaf).resolve()).common / "worktrees"
        names = sorted(each.name for each in os.scandir(place) if each.is_dir(follow_symlinks=False))
    except (OSError, UserError):
        return []
    real = os.path.realpath(trees)
    ours = [place / name for name in names if name.startswith(PREFIX)]
    return [folder for folder in ours if os.path.realpath(_tree_of(folder).parent) == real]


def _tree_of(folder: Path) -> Path:
    try:
        return Path(os.fsdecode((folder / "gitdir").read_bytes().rstrip(b"\n"))).parent
    except OSError:
        return Path()


def delete_worktrees(leaf: Path, trees: Path) -> None:
    """Delete the worktrees in `trees` and what the leaf's repository knows of them; what is gone is no error.

    The leaf may be gone, too. Raises CampaignFault where the disk refuses.
    """
    known = administrative(leaf, trees)
    for path in (trees, *known):
        erase(path)
    for place in {path.parent for path in known}:
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()  # as git itself does


def erase(path: Path) -> None:
    """Delete a file or a folder with all in it, following no link; a missing one is no error. Raises CampaignFault."""
    if not path.parent.is_dir():
        return
    with disk_faults("delete", path):
        parent = disk.open_folder(path.parent.resolve())
        try:
            disk.erase(path.name, parent)
        finally:
            os.close(parent)
