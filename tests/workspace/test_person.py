"""What is the person's stays byte for byte what it was, through everything a campaign does."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from praxtui.errors import CampaignFault, DiskFull
from praxtui.workspace.refusals import disk_faults
from praxtui.workspace.repository import LeafRepository
from praxtui.workspace.tree import Tree
from tests.workspace.conftest import run_git, snapshot, write
from tests.workspace.test_baseline import dirty


@pytest.mark.parametrize("inner", [False, True])
def test_a_whole_campaign_in_a_dirty_repository(leaf: Path, inner_leaf: Path, tmp_path: Path, inner: bool) -> None:
    folder = inner_leaf if inner else leaf
    dirty(folder)
    repository = LeafRepository.open(folder)
    root = repository.root
    stash = run_git(root, "stash", "list")
    assert stash
    before = snapshot(root)
    base = repository.baseline(1.0).commit
    repository.record("c1", "e0", base)
    head = repository.grow("c1", base, "begin", 1.0, None).commit
    tree = Tree(repository, tmp_path / "home" / "trees" / "0", "c1")
    for number in range(1, 6):
        draft = repository.commit(head, {"train.py": f"LR = {number}\n".encode()}, f"e{number}", number, [head])
        repository.record("c1", f"e{number}", draft)
        tree.prepare(draft)
        write(tree.leaf, {"out/model": "w\n", "evaluate2.py": "x\n"})
        assert tree.changed(draft, ["train.py"]) == ()
        if number % 2:
            head = repository.grow("c1", draft, f"keep e{number}", number, head).commit
        carried = repository.carry(draft, base, head, "carried", 9.0)
        assert carried is None or repository.diff(head, carried) is not None
    assert snapshot(root) == before
    tree.remove()
    assert snapshot(root) == before
    assert run_git(root, "stash", "list") == stash
    assert run_git(root, "fsck", "--strict", "--no-dangling") == ""
    run_git(root, "stash", "drop", "-q")
    run_git(root, "gc", "-q", "--prune=now")
    assert len(LeafRepository.open(folder).recorded("c1")) == 6


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DiskFull),
        (pygit2.GitError("failed to write loose object: No space left on device"), DiskFull),
        (OSError(errno.EACCES, "Permission denied"), CampaignFault),
        (pygit2.GitError("object is corrupt"), CampaignFault),
    ],
)
def test_faults_are_explained(error: Exception, kind: type[CampaignFault], tmp_path: Path) -> None:
    with pytest.raises(kind) as told, disk_faults("commit", tmp_path):
        raise error
    assert type(told.value) is kind
    assert told.value.fix


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes, where mounting is allowed."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("cannot mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path, leaf: Path, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", str(leaf), str(small_disk / "clone"))
    repository = LeafRepository.open(small_disk / "clone")
    base = repository.baseline(1.0).commit
    repository.record("c", "e0", base)
    with contextlib.suppress(OSError), open(small_disk / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)
    large = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(4096))
    with pytest.raises(DiskFull, match="is full"):
        repository.commit(base, {"train.py": large}, "m", 1.0, [base])
    (small_disk / "filler").unlink()
    draft = repository.commit(base, {"train.py": b"after"}, "m", 1.0, [base])
    repository.record("c", "last", draft)
    run_git(small_disk / "clone", "fsck", "--strict")
