"""A leaf and the git repository it lies in: baseline, commits in memory, refs, the growing branch."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from praxtui.errors import CampaignFault, UserError
from praxtui.program.globs import matches_any
from praxtui.workspace import branch
from praxtui.workspace.baseline import Baseline, leaf_on_disk, uncommitted
from praxtui.workspace.branch import Grown
from praxtui.workspace.merge import Merged, merge_files, unified_diff
from praxtui.workspace.names import branch_name, campaign_id, experiment_ref, writable_path
from praxtui.workspace.objects import FILE, LINK, Entry, edit_tree, flatten, put_subtree, read_tree, subtree
from praxtui.workspace.opening import Found, find, open_repository
from praxtui.workspace.refusals import LeafRefused, PathRefused, RefTaken, disk_faults


class LeafRepository:
    """A leaf in its repository. Oids are 40 hex digits; paths are POSIX, relative to the leaf.

    Usable from any thread (each has its own handle). Nothing here touches the person's branch, index, stash or files:
    commits are made in memory, and refs written only below `refs/praxtui/` and as branches `praxtui/...`.
    """

    def __init__(self, leaf: Path, found: Found) -> None:
        self.leaf = leaf
        self.prefix = found.prefix
        self.root = found.root
        self.git_dir = found.git_dir
        self.common = found.common
        self._threads = threading.local()

    @classmethod
    def open(cls, leaf: Path) -> LeafRepository:
        """Open the repository that `leaf` (a folder) lies in; UserError, with what to do, where that cannot be."""
        folder = Path(leaf)
        if not folder.is_dir():
            raise UserError(f"there is no folder {leaf}", fix="name the folder that holds program.md")
        folder = folder.resolve()
        return cls(folder, find(folder))

    @property
    def repo(self) -> pygit2.Repository:
        """This thread's handle."""
        repo: pygit2.Repository | None = getattr(self._threads, "repo", None)
        if repo is None:
            repo = self._threads.repo = open_repository(self.git_dir)
        return repo

    # -- e0 ---------------------------------------------------------------------------------------------------------

    def baseline(self, when: float, data: Iterable[str] = ()) -> Baseline:
        """e0: an in-memory commit of the leaf as it stands on disk, on top of HEAD if there is one.

        The rest of the repository is as in HEAD. `data` is `loop.data`: untracked files there stay out. `when`: unix
        seconds. Same disk, HEAD and `when`: same oid. Raises LeafRefused (see `leaf_on_disk`).
        """
        with disk_faults("write the baseline", self.common):
            head = None if self.repo.head_is_unborn else self.repo.head.peel(pygit2.Commit)
            old_root = str(head.tree_id) if head else None
            old = flatten(self.repo, subtree(self.repo, old_root, self.prefix))
            new = leaf_on_disk(self.repo, self.leaf, self.prefix, data)
            if not new:
                raise LeafRefused(
                    f"{self.leaf} holds nothing for git: it is empty, or ignored by the repository around it",
                    fix="make it a repository of its own: git init && git add -A && git commit -m 'The leaf'",
                )
            edits = uncommitted(self.repo, old, new)
            # Built from nothing, not edited: on disk a file may have become a folder.
            tree = self._put_leaf(old_root, edit_tree(self.repo, None, new))
            lines = "".join(f"\n- {path}" for path in edits)
            message = "e0: the leaf as it stands" + (f"\n\nNot committed by its owner:\n{lines}" if edits else "")
            commit = self._commit(tree, message, when, [str(head.id)] if head else [])
        return Baseline(commit, tree, edits)

    # -- reading ----------------------------------------------------------------------------------------------------

    def tree(self, commit: str) -> str:
        """The oid of the commit's whole tree."""
        return str(self._commit_object(commit).tree_id)

    def entries(self, commit: str) -> dict[str, Entry]:
        """Path -> (mode, oid) of the leaf's files and links at `commit`."""
        return flatten(self.repo, subtree(self.repo, self.tree(commit), self.prefix))

    def files(self, commit: str) -> dict[str, str]:
        """Path -> blob oid of the leaf's files at `commit`; of a symbolic link, the blob that holds its target."""
        return {path: entry.oid for path, entry in self.entries(commit).items()}

    def read(self, commit: str, path: str) -> bytes:
        """The content of a regular file of the leaf at `commit`; KeyError if there is none at `path`."""
        folder, _, name = path.rpartition("/")
        found = subtree(self.repo, self.tree(commit), "/".join(part for part in (self.prefix, folder) if part))
        entry = read_tree(self.repo, found).get(name) if found else None
        if entry is None or not entry.is_file:
            raise KeyError(path)
        return self.repo.read(entry.oid)[1]

    def match(self, commit: str, globs: Iterable[str]) -> tuple[str, ...]:
        """The regular files of the leaf at `commit` that any of `globs` names, sorted; links never match."""
        wanted = tuple(globs)
        return tuple(
            sorted(path for path, entry in self.entries(commit).items() if entry.is_file and matches_any(wanted, path))
        )

    def diff(self, a: str, b: str) -> str:
        """Unified diff of the leaf's files between two commits, the same whatever git's settings are."""
        return unified_diff(self.repo, self.entries(a), self.entries(b))

    # -- commits in memory ------------------------------------------------------------------------------------------

    def commit(
        self, base: str, files: Mapping[str, bytes | None], message: str, when: float, parents: Sequence[str]
    ) -> str:
        """Commit `base` with `files` (path -> content, None deletes; deleting what is not there is no change).

        A file that exists keeps its mode. Same arguments: same oid (author and time are fixed, time is `int(when)`,
        UTC). Raises PathRefused for every path that no lever can have.
        """
        for path in files:
            writable_path(path)
        with disk_faults("commit an experiment", self.common):
            old = self.entries(base)
            changes: dict[str, Entry | None] = {}
            for path, content in files.items():
                mode = old[path].mode if path in old else FILE
                if mode == LINK:
                    raise PathRefused(f"{path} is a symbolic link: name the file it leads to")
                changes[path] = None if content is None else Entry(mode, str(self.repo.create_blob(content)))
            root = self.tree(base)
            folder = edit_tree(self.repo, subtree(self.repo, root, self.prefix), changes)
            return self._commit(self._put_leaf(root, folder), message, when, parents)

    def merge(self, base: str, ours: str, theirs: str) -> Merged:
        """Three-way merge of the leaf's files, in memory: `base` -> `ours` and `base` -> `theirs`, both applied."""
        with disk_faults("merge a draft", self.common):
            return merge_files(self.repo, self.entries(base), self.entries(ours), self.entries(theirs))

    def carry(self, draft: str, draft_parent: str, onto: str, message: str, when: float) -> str | None:
        """The change `draft_parent` -> `draft`, made on top of `onto` (its parent); None on conflict.

        Where `onto` has the change already the result has the tree of `onto`: ask novelty, as of any draft.
        """
        merged = self.merge(draft_parent, onto, draft)
        if merged.conflicts:
            return None
        with disk_faults("carry a draft over", self.common):
            tree = self._put_leaf(self.tree(onto), edit_tree(self.repo, None, merged.files))
            return self._commit(tree, message, when, [onto])

    # -- refs -------------------------------------------------------------------------------------------------------

    def record(self, campaign: str, experiment: str, commit: str) -> str:
        """Keep `commit` for ever as `refs/praxtui/<campaign>/<experiment>`; returns the ref's name.

        Again with the same commit: nothing. With another: RefTaken.
        """
        ref = experiment_ref(campaign, experiment)
        self._commit_object(commit)
        with disk_faults("record an experiment", self.common):
            there = self._keep_at(ref, commit)
        if there != commit:
            raise RefTaken(
                f"{ref} is {there}, it cannot become {commit}",
                fix="another campaign used this name in this repository: start with another --name",
            )
        return ref

    def record_draft(self, campaign: str, experiment: str, commit: str) -> str:
        """Keep `commit`, the newest draft of an experiment, as `refs/praxtui/<campaign>/<experiment>`.

        A draft that it replaces (carried over, drafted again, repaired) stays for ever, as `<experiment>.1` or the next
        free number: so the plain ref is the draft as run. Again with the same commit: nothing.
        """
        ref = experiment_ref(campaign, experiment)
        self._commit_object(commit)
        with disk_faults("record an experiment", self.common):
            there = self._keep_at(ref, commit)
            if there != commit:
                number = 1
                while self._keep_at(experiment_ref(campaign, experiment, number), there) != there:
                    number += 1
                self.repo.references.create(ref, commit, force=True)
        return ref

    def _keep_at(self, ref: str, commit: str) -> str:
        """Create `ref` at `commit` unless it is there; the commit it is at then."""
        try:
            self.repo.references.create(ref, commit)
        except pygit2.AlreadyExistsError:
            return branch.target(self.repo, ref) or ""
        return commit

    def recorded(self, campaign: str) -> dict[str, str]:
        """Experiment (as in the ref: `e3`, or `e3.1` for a draft that was replaced) -> commit, of all that is kept."""
        names = self._refs(f"refs/praxtui/{campaign_id(campaign)}/")
        return {name: oid for name, oid in names.items() if name != "head" and not name.startswith("moved-")}

    def campaigns(self) -> tuple[str, ...]:
        """The campaigns that have refs in this repository; a new one needs another name."""
        named = {name.split("/")[0] for name in self._refs("refs/praxtui/")}
        return tuple(sorted(named | set(self._refs("refs/heads/praxtui/"))))

    def grow(self, campaign: str, tree_of: str, message: str, when: float, expected: str | None) -> Grown:
        """Append to the branch `praxtui/<campaign>` a commit with the tree of `tree_of`.

        Its parent is `expected`, the head as last grown; for the first (None) e0's commit if that is recorded, else
        `tree_of`. Deterministic, so asking again after a crash changes nothing. See `branch.advance` for a branch
        that a person moved, deleted or checked out.
        """
        branch_name(campaign)
        parent = expected or branch.target(self.repo, experiment_ref(campaign, "e0")) or tree_of
        self._commit_object(parent)
        with disk_faults("grow the branch", self.common):
            new = self._commit(self.tree(tree_of), message, when, [parent])
            return branch.advance(self.repo, campaign, new, expected)

    def head(self, campaign: str) -> str | None:
        """The newest commit of the campaign's branch, None before the first."""
        return branch.head(self.repo, campaign)

    def history(self, campaign: str) -> tuple[str, ...]:
        """The commits of the branch, newest first, down to but without e0's own commit."""
        stop = branch.target(self.repo, experiment_ref(campaign, "e0"))
        at, line = self.head(campaign), []
        while at is not None and at != stop:
            line.append(at)
            parents = self._commit_object(at).parent_ids
            at = str(parents[0]) if parents else None
        return tuple(line)

    # -- within -----------------------------------------------------------------------------------------------------

    def _refs(self, below: str) -> dict[str, str]:
        names = (os.fsdecode(name) for name in self.repo.raw_listall_references())
        return {
            name.removeprefix(below): branch.target(self.repo, name) or "" for name in names if name.startswith(below)
        }

    def _commit_object(self, commit: str) -> pygit2.Commit:
        try:
            found = self.repo[commit]
        except (KeyError, ValueError) as error:
            raise CampaignFault(
                f"the commit {commit} is not in {self.common}",
                fix="if the repository was replaced or cleaned: restore it, or start a new campaign",
            ) from error
        if not isinstance(found, pygit2.Commit):
            raise CampaignFault(f"{commit} in {self.common} is not a commit")
        return found

    def _put_leaf(self, root: str | None, folder: str | None) -> str:
        tree = put_subtree(self.repo, root, self.prefix, folder)
        return tree or str(self.repo.write(ObjectType.TREE, b""))

    def _commit(self, tree: str, message: str, when: float, parents: Sequence[str]) -> str:
        who = pygit2.Signature("praxtui", "praxtui@localhost", int(when), 0, "utf-8")
        text = message.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}").rstrip() + "\n"
        return str(self.repo.create_commit(None, who, who, text, tree, list(parents)))
