"""Open the git repository that a leaf lies in, or say what keeps it from opening and what to do."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pygit2
from pygit2.enums import Option

from praxtui.errors import RequirementMissing, UserError

# Loose objects and refs reach the disk before the journal says that they exist.
pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)


class Found(NamedTuple):
    """Where a leaf's repository is: `git_dir` (of this working folder), `common` (shared by all), `root`, `prefix`."""

    git_dir: Path
    common: Path
    root: Path
    prefix: str


def open_repository(git_dir: Path) -> pygit2.Repository:
    """Open by a known git directory; reflog entries that praxtui causes carry its name, not the person's."""
    repo = pygit2.Repository(str(git_dir))
    repo.set_ident("praxtui", "praxtui@localhost")
    return repo


def find(leaf: Path) -> Found:
    """Locate and check the repository of `leaf` (an existing, resolved folder).

    Raises UserError or RequirementMissing, with the fix, where there is none, where it is bare, belongs to someone
    else, needs abilities that praxtui's git library lacks, or cannot be written.
    """
    try:
        git_dir = pygit2.discover_repository(str(leaf))
    except pygit2.GitError as error:
        raise _explained(error, leaf) from error
    if git_dir is None:
        raise _none_here(leaf)
    try:
        repo = open_repository(Path(git_dir))
        len(repo.index)
    except (pygit2.GitError, OSError, ValueError) as error:
        raise _explained(error, leaf) from error
    if repo.is_bare or repo.workdir is None:
        raise UserError(
            f"{leaf} is in a bare repository: it has no working files",
            fix=f"clone it to a working folder and name that: git clone {shlex.quote(str(git_dir).rstrip('/'))} FOLDER",
        )
    root = Path(repo.workdir).resolve()
    if not leaf.is_relative_to(root) or leaf.is_relative_to(Path(git_dir).resolve()):
        raise UserError(f"{leaf} is not among the working files of its repository {root}", fix="name a folder in it")
    common = _common(Path(git_dir).resolve())
    for folder in (common / "objects", common / "refs"):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UserError(
                f"the git repository of {leaf} cannot be written: {folder}",
                fix=f"make it yours, or clone it: git clone {shlex.quote(str(root))} FOLDER, then name FOLDER",
            )
    prefix = leaf.relative_to(root).as_posix()
    return Found(Path(git_dir).resolve(), common, root, "" if prefix == "." else prefix)


def _common(git_dir: Path) -> Path:
    """The directory that a linked worktree shares with its repository; `git_dir` itself for an ordinary clone."""
    try:
        return (git_dir / (git_dir / "commondir").read_text().strip()).resolve()
    except FileNotFoundError:
        return git_dir


def _none_here(leaf: Path) -> UserError:
    for folder in (leaf, *leaf.parents):
        if (folder / ".git").is_file():
            return UserError(
                f"{folder / '.git'} leads to a git repository that is not there",
                fix=f"if the repository moved, run inside it: git worktree repair {shlex.quote(str(folder))}",
            )
        if (folder / ".git").is_dir():
            break
    return RequirementMissing(
        f"{leaf} is in no git repository; praxtui keeps every experiment as a commit",
        fix=f"cd {shlex.quote(str(leaf))} && git init && git add -A && git commit -m 'The leaf as it stands'",
    )


_EXTENSIONS = {
    "partialclone": "clone it again without --filter",
    "refstorage": "clone it again with: git clone --ref-format=files",
}


def _explained(error: Exception, leaf: Path) -> UserError:
    """What a failure to open means, and what to do about it."""
    text = str(error)
    if "not owned by current user" in text:
        owned = re.search(r"'([^']+)'", text)
        path = owned.group(1).rstrip("/") if owned else str(leaf)
        return RequirementMissing(
            f"the git repository {path} belongs to someone else",
            fix=f"if you trust it: git config --global --add safe.directory {shlex.quote(path)}",
        )
    if named := re.search(r"unsupported extension name extensions\.(\S+)", text):
        fix = _EXTENSIONS.get(named.group(1).lower(), "clone it again with git's default format, and use that clone")
        return RequirementMissing(
            f"the git repository of {leaf} uses extensions.{named.group(1)}, which praxtui cannot read", fix=fix
        )
    if "object format" in text:
        return RequirementMissing(
            f"the git repository of {leaf} does not use SHA-1 objects, which praxtui needs",
            fix="make a new repository for the leaf: git init --object-format=sha1",
        )
    if "'sdir'" in text:
        return RequirementMissing(
            f"the git repository of {leaf} has a sparse index, which praxtui cannot read",
            fix="git sparse-checkout reapply --no-sparse-index",
        )
    if "index" in text:
        return UserError(
            f"the git index of {leaf} cannot be read: {text}",
            fix="see `git status`; a damaged index is rebuilt by: rm .git/index && git reset",
        )
    return UserError(
        f"the git repository of {leaf} cannot be opened: {text}", fix=f"see: git -C {shlex.quote(str(leaf))} status"
    )
