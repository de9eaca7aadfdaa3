"""A worktree is made exactly one commit, whatever a run left in it, and the seal shows what a run changed."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from praxtui.errors import UserError
from praxtui.workspace import disk
from praxtui.workspace.repository import LeafRepository
from praxtui.workspace.tree import Tree
from tests.workspace.conftest import LEAF, run_git, snapshot, write


@pytest.fixture
def repository(inner_leaf: Path) -> LeafRepository:
    (inner_leaf / "again.py").symlink_to("train.py")
    (inner_leaf / "run.sh").write_text("true\n")
    (inner_leaf / "run.sh").chmod(0o755)
    return LeafRepository.open(inner_leaf)


@pytest.fixture
def base(repository: LeafRepository) -> str:
    return repository.baseline(1.0).commit


@pytest.fixture
def tree(repository: LeafRepository, tmp_path: Path) -> Tree:
    return Tree(repository, tmp_path / "home" / "trees" / "0", "c1", 0)


def listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Path -> (mode, content or link target) of all that is in a tree, but for its `.git` file."""
    found: dict[str, tuple[int, bytes]] = {}
    for above, folders, names in os.walk(os.fsencode(folder)):
        for name in [*names, *folders]:
            path = os.path.join(above, name)
            info = os.lstat(path)
            content = b""
            if stat.S_ISLNK(info.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(info.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            found[os.path.relpath(os.fsdecode(path), folder)] = (info.st_mode, content)
    found.pop(".git")
    return found


def test_prepare_is_a_detached_worktree_that_leaves_no_branch(
    repository: LeafRepository, base: str, tree: Tree
) -> None:
    before = snapshot(repository.root)
    tree.prepare(base)
    assert tree.leaf == tree.folder / "leaves" / "inner"
    assert (tree.leaf / "train.py").read_text() == LEAF["train.py"]
    assert os.readlink(tree.leaf / "again.py") == "train.py"
    assert (tree.folder / "common" / "util.py").read_text() == "x = 1\n"
    assert stat.S_IMODE((tree.leaf / "run.sh").lstat().st_mode) == 0o755
    assert run_git(tree.folder, "rev-parse", "HEAD").strip() == base
    assert run_git(tree.folder, "status", "--porcelain") == ""
    assert run_git(tree.folder, "branch", "--show-current") == ""
    assert f"{tree.folder} " in run_git(repository.root, "worktree", "list")
    assert run_git(repository.root, "branch", "--format=%(refname)").split() == ["refs/heads/main"]
    assert snapshot(repository.root) == before
    tree.remove()
    assert not tree.folder.exists()
    assert len(run_git(repository.root, "worktree", "list").splitlines()) == 1
    assert snapshot(repository.root) == before
    run_git(repository.root, "fsck", "--strict")
    tree.remove()


def test_prepare_moves_between_commits(repository: LeafRepository, base: str, tree: Tree) -> None:
    one = repository.commit(base, {"train.py": b"1\n", "a/b/c.py": b"2\n", "models/net.py": None}, "m", 1.0, [base])
    for commit in (base, one, base, one):
        tree.prepare(commit)
        fresh = Tree(repository, tree.folder.parent / "fresh", "c1", "fresh")
        fresh.prepare(commit)
        assert listing(tree.folder) == listing(fresh.folder)
        assert run_git(tree.folder, "status", "--porcelain") == ""
        assert tree.changed(commit) == ()
        fresh.remove()


def test_hostile_leftovers_are_cleared(repository: LeafRepository, base: str, tree: Tree, tmp_path: Path) -> None:
    tree.prepare(base)
    clean = listing(tree.folder)
    outside = tmp_path / "outside"
    write(outside, {"precious": "p\n", "sub/more": "m\n"})
    precious = snapshot_of(outside)
    leaf = tree.leaf
    os.mkfifo(leaf / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(leaf, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
    (leaf / os.fsdecode(b"\xff\nbad")).write_text("x")
    (leaf / "out").mkdir()
    (leaf / "out" / "ignored.log").write_text("x")
    (leaf / "locked" / "in").mkdir(parents=True)
    (leaf / "locked" / "in" / "file").write_text("x")
    (leaf / "locked" / "in").chmod(0)
    (leaf / "locked").chmod(0)
    (leaf / "models" / "net.py").unlink()
    (leaf / "models").rmdir()
    (leaf / "models").symlink_to(outside)
    (leaf / "train.py").unlink()
    (leaf / "train.py").symlink_to(outside / "precious")
    (leaf / "evaluate.py").unlink()
    (leaf / "evaluate.py").mkdir()
    (leaf / "evaluate.py" / "x").symlink_to(outside / "sub")
    (leaf / "run.sh").chmod(0o4777)
    (leaf / "again.py").unlink()
    (leaf / "again.py").write_text("no link\n")
    os.link(leaf / "program.md", tmp_path / "second-name")
    (tree.folder / "common").chmod(0o500)
    (tree.folder / ".git").unlink()
    (tree.folder / ".git").symlink_to(outside / "precious")
    deep(tree.leaf, 1200)
    tree.prepare(base)
    assert listing(tree.folder) == clean
    (tmp_path / "second-name").write_text("changed by its other name\n")
    assert tree.changed(base) == ()
    assert snapshot_of(outside) == precious
    assert run_git(tree.folder, "status", "--porcelain") == ""


def snapshot_of(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    return {
        str(file): (info.st_mode, info.st_mtime_ns, info.st_ctime_ns, file.read_bytes() if file.is_file() else b"")
        for file in [folder, *folder.rglob("*")]
        for info in [file.lstat()]
    }


def deep(folder: Path, levels: int) -> None:
    """Folders so deep that no absolute path names the last."""
    handle = disk.open_folder(folder)
    for _ in range(levels):
        os.mkdir("deeper", dir_fd=handle)
        inside = disk.open_folder("deeper", handle)
        os.close(handle)
        handle = inside
    os.close(handle)


@pytest.mark.skipif(os.getuid() != 0, reason="needs a second user to drop to")
def test_folders_without_permissions_are_cleared_by_an_ordinary_user(tmp_path: Path) -> None:
    """Root may do all, so the point is only made as someone else."""
    script = (
        "import os, sys\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from praxtui.workspace import disk\n"
        "top = os.open(sys.argv[1], os.O_RDONLY)\n"
        "os.makedirs(sys.argv[1] + '/a/b/c'); open(sys.argv[1] + '/a/b/f', 'w').close()\n"
        "for name in ('a/b/c', 'a/b', 'a'): os.chmod(sys.argv[1] + '/' + name, 0)\n"
        "disk.erase('a', top)\n"
        "assert os.listdir(top) == [], os.listdir(top)\n"
    )
    place = Path("/tmp") / f"praxtui-erase-{os.getpid()}"
    place.mkdir()
    place.chmod(0o777)
    try:
        done = subprocess.run(
            ["python3", "-I", "-c", script.replace("from praxtui.workspace import disk", LOAD_ALONE), str(place), ""],
            env={"DISK": Path(disk.__file__).read_text()},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    finally:
        subprocess.run(["rm", "-rf", str(place)], check=True)


LOAD_ALONE = "import types; disk = types.ModuleType('disk'); exec(os.environ['DISK'], disk.__dict__)"


def test_the_folder_itself_replaced_by_a_link(base: str, tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, {"precious": "p\n"})
    tree.prepare(base)
    tree.folder.rename(tmp_path / "elsewhere")
    tree.folder.symlink_to(outside)
    assert "train.py" in tree.changed(base)
    tree.prepare(base)
    assert not tree.folder.is_symlink()
    assert os.listdir(outside) == ["precious"]
    tree.folder.rename(tmp_path / "elsewhere2")
    tree.folder.symlink_to(outside)
    tree.remove()
    assert os.listdir(outside) == ["precious"]


@pytest.mark.parametrize("damage", ["folder", "admin", "both", "git file", "lock"])
def test_rebuilt_when_missing_or_damaged(repository: LeafRepository, base: str, tree: Tree, damage: str) -> None:
    tree.prepare(base)
    if damage in ("folder", "both"):
        subprocess.run(["rm", "-rf", str(tree.folder)], check=True)
    if damage in ("admin", "both"):
        subprocess.run(["rm", "-rf", str(tree.git_dir)], check=True)
    if damage == "git file":
        (tree.folder / ".git").write_text("gitdir: /elsewhere\n")
    if damage == "lock":
        (tree.git_dir / "index.lock").touch()
        base = repository.commit(base, {"train.py": b"x"}, "m", 1.0, [base])
    tree.prepare(base)
    assert run_git(tree.folder, "rev-parse", "HEAD").strip() == base
    assert run_git(tree.folder, "status", "--porcelain") == ""


def test_changed_names_what_a_run_did(repository: LeafRepository, base: str, tree: Tree) -> None:
    tree.prepare(base)
    assert tree.changed(base) == ()
    (tree.leaf / "train.py").write_text("lever\n")
    (tree.leaf / "evaluate.py").write_text("cheat\n")
    (tree.leaf / "run.sh").chmod(0o644)
    (tree.leaf / "models" / "net.py").unlink()
    (tree.leaf / "again.py").unlink()
    (tree.leaf / "again.py").symlink_to("evaluate.py")
    (tree.folder / "common" / "util.py").write_text("x = 2\n")
    (tree.leaf / "new.txt").write_text("untracked files are no change\n")
    assert tree.changed(base, ["train.py"]) == (
        "../../common/util.py",
        "again.py",
        "evaluate.py",
        "models/net.py",
        "run.sh",
    )
    assert "train.py" in tree.changed(base)


def test_changed_is_not_fooled_by_size_and_mtime(base: str, tree: Tree) -> None:
    tree.prepare(base)
    tree.changed(base)
    file = tree.leaf / "evaluate.py"
    before = file.stat()
    file.write_text(LEAF["evaluate.py"].replace("1", "2"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tree.changed(base) == ("evaluate.py",)


def test_a_sealed_folder_behind_a_link_is_changed(base: str, tree: Tree, tmp_path: Path) -> None:
    tree.prepare(base)
    (tree.leaf / "models").rename(tmp_path / "models")
    (tree.leaf / "models").symlink_to(tmp_path / "models")
    assert tree.changed(base) == ("models/net.py",)


def test_unchanged_files_are_neither_read_nor_written_again(
    base: str, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.prepare(base)
    for file in tree.folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            os.utime(file, ns=(1, 1))
    before = {path: file.lstat() for path in listing(tree.folder) for file in [tree.folder / path]}
    # Age the looks rather than wait: a stamp is trusted once it is older than the clock's tick.
    real = tree_time()
    monkeypatch.setattr("praxtui.workspace.tree.time.time_ns", lambda: real() + 10_000_000_000)
    tree.prepare(base)
    reads: list[str] = []
    monkeypatch.setattr(disk, "blob_id", lambda name, at: reads.append(name))
    tree.prepare(base)
    assert tree.changed(base) == ()
    assert reads == []
    after = {path: (tree.folder / path).lstat() for path in before}
    assert {p: (s.st_ino, s.st_mtime_ns) for p, s in after.items()} == {
        p: (s.st_ino, s.st_mtime_ns) for p, s in before.items()
    }


def tree_time():  # type: ignore[no-untyped-def]
    import time

    return time.time_ns


def test_data_is_linked_and_artifacts_are_kept(repository: LeafRepository, tree: Tree) -> None:
    leaf = repository.leaf
    write(leaf, {".gitignore": "data/\ncorpus\n", "corpus": "c\n", "data/deep/big": "b\n", "mixed/tracked": "t\n"})
    base = repository.baseline(1.0).commit
    write(leaf, {"mixed/free": "f\n"})
    entries = ["corpus", "./data/deep/", "mixed"]
    for _ in range(2):
        tree.prepare(base, data=entries, keep=["out/", "deep/er/file"])
        assert os.readlink(tree.leaf / "corpus") == str(leaf / "corpus")
        assert (tree.leaf / "data" / "deep" / "big").read_text() == "b\n"
        assert not (tree.leaf / "data").is_symlink()
        assert not (tree.leaf / "mixed" / "tracked").is_symlink()
        assert (tree.leaf / "mixed" / "free").read_text() == "f\n"
    (tree.leaf / "corpus").unlink()
    (tree.leaf / "corpus").write_text("false\n")
    write(tree.leaf, {"out/model": "w\n", "out/sub/x": "y\n", "deep/er/file": "k\n", "deep/er/other": "n\n"})
    write(tree.leaf, {"evaluate.py": "cheat\n", "__pycache__/evaluate.pyc": "cheat\n"})
    tree.prepare(base, data=entries, keep=["out/", "deep/er/file"])
    assert os.readlink(tree.leaf / "corpus") == str(leaf / "corpus")
    assert (tree.leaf / "out" / "sub" / "x").read_text() == "y\n"
    assert (tree.leaf / "deep" / "er" / "file").read_text() == "k\n"
    assert not (tree.leaf / "deep" / "er" / "other").exists()
    assert (tree.leaf / "evaluate.py").read_text() == LEAF["evaluate.py"]
    assert not (tree.leaf / "__pycache__").exists()
    tree.prepare(base)
    assert not (tree.leaf / "out").exists()
    assert not os.path.lexists(tree.leaf / "corpus")
    assert (leaf / "corpus").read_text() == "c\n"
    with pytest.raises(UserError, match=r"loop\.data names none"):
        tree.prepare(base, data=["none"])


def test_two_homes_with_one_campaign_id(repository: LeafRepository, base: str, tree: Tree, tmp_path: Path) -> None:
    tree.prepare(base)
    other = Tree(repository, tmp_path / "home2" / "trees" / "0", "c1", 0)
    other.prepare(base)
    assert other.git_dir != tree.git_dir
    assert run_git(other.folder, "rev-parse", "HEAD") == run_git(tree.folder, "rev-parse", "HEAD")
    assert Tree(repository, tree.folder, "c1", 0).git_dir == tree.git_dir


def test_blobs_are_not_filtered(leaf: Path, tmp_path: Path) -> None:
    run_git(leaf, "config", "core.autocrlf", "true")
    write(leaf, {".gitattributes": "*.py text eol=crlf ident\n", "train.py": "# $Id$\n"})
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0).commit
    tree = Tree(repository, tmp_path / "tree", "c1")
    tree.prepare(base)
    assert (tree.leaf / "train.py").read_bytes() == b"# $Id$\n"
    assert tree.changed(base) == ()
