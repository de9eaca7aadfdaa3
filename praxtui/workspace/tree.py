"""A worktree of a campaign's own: made exactly one commit before a run, compared with it after.

The administrative folder (`<repository>/.git/worktrees/<name>`) is written here, as gitrepository-layout(5) has it,
not by libgit2's `add_worktree`: that makes a branch, and checks HEAD out through the person's filters first. It is
found by its name, never through the `.git` file in the tree, which runs can write.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterable
from pathlib import Path

import pygit2

from praxtui import paths
from praxtui.workspace import disk
from praxtui.workspace.data import placements
from praxtui.workspace.names import campaign_id
from praxtui.workspace.objects import EXECUTABLE, FILE, FOLDER, LINK, SUBMODULE, Entry, read_tree
from praxtui.workspace.refusals import disk_faults
from praxtui.workspace.repository import LeafRepository
from praxtui.workspace.stamps import Stamp, stamp

_FOLDER_MODE = 0o755


class Tree:
    """A detached worktree at `folder`. Not for two threads at once. `leaf` is the leaf's folder inside it.

    All of the repository is in it, so that a leaf finds what lies beside it; contents are the blobs themselves (no
    line-ending or LFS filter), submodules outside the leaf are empty folders.
    """

    def __init__(self, repository: LeafRepository, folder: Path, campaign: str, slot: int | str = 0) -> None:
        self.repository = repository
        self.folder = Path(folder).absolute()
        self.leaf = self.folder / repository.prefix
        self.name = self._free_name(f"praxtui-{campaign_id(campaign)}-{slot}")
        self.git_dir = repository.common / "worktrees" / self.name
        self._known: dict[str, tuple[str, Stamp]] = {}  # path -> blob id, and the stamp under which it holds
        self._trees: dict[str, dict[str, Entry]] = {}  # tree objects of the commits last used, parsed
        self._commit: str | None = None

    def prepare(self, commit: str, data: Iterable[str] = (), keep: Collection[str] = ()) -> None:
        """Make the folder exactly `commit`: contents, modes, links, nothing else in it.

        `data` (`loop.data`): untracked entries of the person's leaf that are linked in. `keep`: paths relative to the
        leaf (what a run hands to its evaluator) that stay as they are, untracked or not. Any other leftover is
        deleted, whatever it is; no link is followed. Raises CampaignFault or DiskFull where the disk refuses.
        """
        with disk_faults("prepare a worktree", self.folder):
            root = self.repository.tree(commit)
            links = placements(self.repository.leaf, data, self.repository.files(commit).keys()) if data else {}
            work = _Settling(
                self,
                {self._in_root(path): str(target) for path, target in links.items()},
                {self._in_root(path) for path in keep},
            )
            handle = self._open_root()
            try:
                self._link_up(handle, commit)
                work.settle(handle, "", root)
            finally:
                os.close(handle)
            self._known = {path: known for path, known in self._known.items() if path in work.kept}
            self._trees = {oid: self._trees[oid] for oid in work.trees}
            self._write_index(commit, root)

    def changed(self, commit: str, levers: Collection[str] = ()) -> tuple[str, ...]:
        """Tracked files that no longer are as in `commit` (content, type, mode, or gone), but for `levers`.

        Paths are relative to the leaf, sorted; those outside it begin with `../`. Contents are compared by blob id.
        """
        exempt = {self._in_root(path) for path in levers}
        found: list[str] = []
        with disk_faults("compare a worktree", self.folder):
            try:
                handle = disk.open_folder(self.folder)
            except OSError:
                handle = None
            try:
                self._compare(handle, "", self.repository.tree(commit), exempt, found)
            finally:
                if handle is not None:
                    os.close(handle)
        return tuple(sorted(os.path.relpath(f"/{path}", f"/{self.repository.prefix}") for path in found))

    def remove(self) -> None:
        """Delete the folder and the administrative folder; a tree that is gone already is no error."""
        with disk_faults("remove a worktree", self.folder):
            for path in (self.folder, self.git_dir):
                if path.parent.is_dir():
                    parent = disk.open_folder(path.parent.resolve())
                    try:
                        disk.erase(path.name, parent)
                    finally:
                        os.close(parent)
            if self.git_dir.parent.is_dir() and not any(self.git_dir.parent.iterdir()):
                self.git_dir.parent.rmdir()  # as git itself does
        self._known, self._commit = {}, None

    # -- the seal ---------------------------------------------------------------------------------------------------

    def _compare(self, at: int | None, above: str, tree: str, exempt: set[str], found: list[str]) -> None:
        """Add to `found` what differs below one folder; `at` None: the folder is gone, so everything in it differs."""
        for name, entry in self.parsed(tree).items():
            path = above + name
            if entry.mode == FOLDER:
                inside = _open_real(name, at)
                try:
                    self._compare(inside, f"{path}/", entry.oid, exempt, found)
                finally:
                    if inside is not None:
                        os.close(inside)
            elif (
                entry.mode != SUBMODULE and path not in exempt and (at is None or not self.same(path, name, at, entry))
            ):
                found.append(path)

    def same(self, path: str, name: str, at: int, entry: Entry, info: os.stat_result | None = None) -> bool:
        """Whether `name` below the folder `at` is as `entry` says; reads it unless its stamp still holds."""
        try:
            info = info or os.stat(name, dir_fd=at, follow_symlinks=False)
            if entry.mode == LINK:
                return stat.S_ISLNK(info.st_mode) and _blob_of(os.readlink(name, dir_fd=at)) == entry.oid
        except OSError:
            return False
        if not stat.S_ISREG(info.st_mode) or bool(info.st_mode & stat.S_IXUSR) != (entry.mode == EXECUTABLE):
            return False
        known = self._known.get(path)
        if known is not None and known[1].holds(info):
            return known[0] == entry.oid
        seen = time.time_ns()
        read = disk.blob_id(name, at)
        if read is None:
            return False
        self._known[path] = (read[0], stamp(read[1], seen))
        return read[0] == entry.oid

    def write(self, path: str, name: str, at: int, entry: Entry) -> None:
        """Create `name`, which is not there, as `entry` says."""
        content = self.repository.repo.read(entry.oid)[1]
        if entry.mode == LINK:
            os.symlink(os.fsdecode(content), name, dir_fd=at)
            return
        seen = time.time_ns()
        self._known[path] = (entry.oid, stamp(disk.write_file(name, at, content, _permissions(entry)), seen))

    def parsed(self, tree: str) -> dict[str, Entry]:
        """The entries of a tree object, parsed once while commits share it."""
        if tree not in self._trees:
            self._trees[tree] = read_tree(self.repository.repo, tree)
        return self._trees[tree]

    # -- the folder and what git knows of it ------------------------------------------------------------------------

    def _in_root(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.repository.prefix, path))

    def _open_root(self) -> int:
        """The folder itself, made or repaired: a link or file in its place is deleted."""
        paths.make(self.folder.parent)
        parent = disk.open_folder(self.folder.parent.resolve())
        try:
            return _real_folder(self.folder.name, parent)
        finally:
            os.close(parent)

    def _free_name(self, name: str) -> str:
        """`name`, unless a tree elsewhere (a campaign of the same id in another home) has it."""
        try:
            there = (self.repository.common / "worktrees" / name / "gitdir").read_text().strip()
        except OSError:
            return name
        if there == str(self.folder / ".git") or not os.path.lexists(there):
            return name
        return f"{name}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]}"

    def _link_up(self, handle: int, commit: str) -> None:
        """Write what makes the folder a detached worktree at `commit`, where it is not already there."""
        self.git_dir.mkdir(parents=True, exist_ok=True)
        for name, text in (("commondir", "../.."), ("gitdir", str(self.folder / ".git")), ("HEAD", commit)):
            file = self.git_dir / name
            content = os.fsencode(text) + b"\n"
            if not file.is_file() or file.read_bytes() != content:
                fresh = self.git_dir / f"{name}.praxtui"
                fresh.write_bytes(content)
                fresh.replace(file)
        content = b"gitdir: " + os.fsencode(self.git_dir) + b"\n"
        link = Entry(FILE, str(pygit2.hash(content)))
        if not self.same(".git", ".git", handle, link):
            disk.erase(".git", handle)
            seen = time.time_ns()
            self._known[".git"] = (link.oid, stamp(disk.write_file(".git", handle, content, 0o644), seen))

    def _write_index(self, commit: str, root: str) -> None:
        """The index that `git status` in the tree compares with, for scripts that ask git about themselves."""
        file = self.git_dir / "index"
        if commit == self._commit and file.is_file():
            return
        (self.git_dir / "index.lock").unlink(missing_ok=True)  # ours alone, so a lock is left from a crash
        index = pygit2.Index(str(file))
        tree = self.repository.repo[root]
        assert isinstance(tree, pygit2.Tree)
        index.read_tree(tree)
        index.write()
        self._commit = commit


class _Settling:
    """One pass of `prepare` over the folder. `links`, `keep`: paths from the tree's root."""

    def __init__(self, tree: Tree, links: dict[str, str], keep: set[str]) -> None:
        self.tree = tree
        self.links = links
        self.keep = keep
        wished = keep | links.keys()
        self.on_the_way = {path[:at] for path in wished for at, c in enumerate(path) if c == "/"}
        self.on_the_way |= {""} if wished else set()
        self.kept = {".git"}
        self.trees: set[str] = set()

    def settle(self, at: int, above: str, tree: str | None) -> None:
        """Make the open folder `at` what `tree` says (None: it holds nothing tracked)."""
        wanted = self.tree.parsed(tree) if tree else {}
        if tree:
            self.trees.add(tree)
        there = {entry.name: entry for entry in disk.list_folder(at)}
        for name, found in there.items():
            path = above + name
            if name not in wanted and not self._stays(path, name, at, found):
                disk.erase(name, at)
        for name, entry in wanted.items():
            path = above + name
            if path not in self.keep or name not in there:
                self._settle_one(path, name, at, entry, there.get(name))
        if above[:-1] in self.on_the_way:
            self._place(at, above, wanted)

    def _settle_one(self, path: str, name: str, at: int, entry: Entry, found: os.DirEntry[str] | None) -> None:
        if entry.mode in (FOLDER, SUBMODULE):
            inside = _real_folder(name, at)
            try:
                self.settle(inside, f"{path}/", entry.oid if entry.mode == FOLDER else None)
            finally:
                os.close(inside)
            return
        self.kept.add(path)
        if found is not None:
            info = found.stat(follow_symlinks=False)
            # A second name elsewhere could go on changing the file, so only sole names are left standing.
            plain = info.st_nlink == 1 and (entry.mode == LINK or stat.S_IMODE(info.st_mode) == _permissions(entry))
            if plain and self.tree.same(path, name, at, entry, info):
                return
            disk.erase(name, at)
        self.tree.write(path, name, at, entry)

    def _stays(self, path: str, name: str, at: int, found: os.DirEntry[str]) -> bool:
        """Whether an untracked name is left: git's own file, what is kept, a data link, a folder that leads to them."""
        if path in self.keep or path == ".git":
            return True
        if path in self.links:
            return found.is_symlink() and os.readlink(name, dir_fd=at) == self.links[path]
        return path in self.on_the_way and found.is_dir(follow_symlinks=False)

    def _place(self, at: int, above: str, wanted: dict[str, Entry]) -> None:
        """Within one folder: make the data links, and descend into untracked folders on the way to deeper ones."""
        names = {path[len(above) :].split("/")[0] for path in self.links.keys() | self.keep if path.startswith(above)}
        for name in sorted(names - wanted.keys()):
            path = above + name
            if path in self.links:
                with contextlib.suppress(FileExistsError):  # it stayed
                    os.symlink(self.links[path], name, dir_fd=at)
            elif path in self.on_the_way and (
                any(link.startswith(f"{path}/") for link in self.links) or _is_folder(name, at)
            ):
                inside = _real_folder(name, at)
                try:
                    self.settle(inside, f"{path}/", None)
                finally:
                    os.close(inside)


def _permissions(entry: Entry) -> int:
    return 0o755 if entry.mode == EXECUTABLE else 0o644


def _blob_of(target: str) -> str:
    return str(pygit2.hash(os.fsencode(target)))


def _open_real(name: str, at: int | None) -> int | None:
    """The real folder `name` below `at`; None where there is none (a link or a file in its place, no permission)."""
    try:
        return None if at is None else disk.open_folder(name, at)
    except OSError:
        return None


def _is_folder(name: str, at: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _real_folder(name: str, at: int) -> int:
    """Open `name` below `at` as a real folder with ordinary permissions, made if missing, replaced if anything else."""
    try:
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
        if not stat.S_ISDIR(info.st_mode):
            disk.erase(name, at)
            raise FileNotFoundError
        disk.make_usable(name, at)
    except FileNotFoundError:
        os.mkdir(name, _FOLDER_MODE, dir_fd=at)
    handle = disk.open_folder(name, at)
    if stat.S_IMODE(os.fstat(handle).st_mode) != _FOLDER_MODE:
        os.fchmod(handle, _FOLDER_MODE)
    return handle
