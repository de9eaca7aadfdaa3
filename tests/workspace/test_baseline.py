"""e0 is the leaf as it stands on disk, and making it touches nothing of the person's."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from praxtui.errors import UserError
from praxtui.workspace.refusals import LeafRefused
from praxtui.workspace.repository import LeafRepository
from tests.workspace.conftest import LEAF, run_git, snapshot, write

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"


def dirty(leaf: Path) -> None:
    """Staged, unstaged, untracked, deleted, ignored and stashed work, all at once."""
    write(leaf, {"stashed.py": "s\n"})
    run_git(leaf, "add", "stashed.py")
    run_git(leaf, "stash", "-q")
    write(leaf, {"train.py": "LR = 0.2\n", "staged.py": "a\n", "free.py": "f\n", "x.log": "no\n", "out/w": "no\n"})
    run_git(leaf, "add", "staged.py")
    write(leaf, {"staged.py": "b\n"})
    (leaf / "evaluate.py").unlink()


def test_baseline_is_the_disk_and_touches_nothing(leaf: Path) -> None:
    dirty(leaf)
    before = snapshot(leaf)
    base = LeafRepository.open(leaf).baseline(1000.5)
    repository = LeafRepository.open(leaf)
    assert set(repository.files(base.commit)) == {
        *(LEAF.keys() - {"evaluate.py"}),
        "staged.py",
        "free.py",
    }
    assert repository.read(base.commit, "staged.py") == b"b\n"
    assert repository.read(base.commit, "train.py") == b"LR = 0.2\n"
    assert base.uncommitted == ("evaluate.py", "free.py", "staged.py", "train.py")
    assert run_git(leaf, "rev-parse", f"{base.commit}^").strip() == run_git(leaf, "rev-parse", "HEAD").strip()
    assert snapshot(leaf) == before
    run_git(leaf, "fsck", "--strict")


def test_baseline_is_deterministic_and_clean_means_nothing_uncommitted(leaf: Path) -> None:
    repository = LeafRepository.open(leaf)
    one, two = repository.baseline(7.0), repository.baseline(7.9)
    assert one == two
    assert one.uncommitted == ()
    assert one.tree == run_git(leaf, "rev-parse", "HEAD^{tree}").strip()
    assert repository.baseline(8.0).commit != one.commit


def test_inner_leaf_takes_the_rest_from_head(inner_leaf: Path) -> None:
    root = inner_leaf.parent.parent
    write(root, {"README.md": "edited outside\n"})
    write(inner_leaf, {"train.py": "LR = 3\n"})
    repository = LeafRepository.open(inner_leaf)
    assert repository.prefix == "leaves/inner"
    base = repository.baseline(1.0)
    assert base.uncommitted == ("train.py",)
    assert run_git(root, "show", f"{base.commit}:README.md") == "large\n"
    assert run_git(root, "show", f"{base.commit}:leaves/inner/train.py") == "LR = 3\n"
    assert set(repository.files(base.commit)) == set(LEAF)


def test_no_commits_yet(tmp_path: Path) -> None:
    write(tmp_path, LEAF)
    run_git(tmp_path, "init", "-q")
    repository = LeafRepository.open(tmp_path)
    base = repository.baseline(1.0)
    assert set(repository.files(base.commit)) == set(LEAF)
    assert set(base.uncommitted) == set(LEAF)
    assert run_git(tmp_path, "rev-list", "--count", base.commit).strip() == "1"


def test_detached_head_and_half_done_merge(leaf: Path) -> None:
    run_git(leaf, "checkout", "-q", "-b", "other")
    write(leaf, {"train.py": "LR = 5\n"})
    run_git(leaf, "commit", "-qam", "other")
    run_git(leaf, "checkout", "-q", "--detach", "main")
    write(leaf, {"train.py": "LR = 6\n"})
    run_git(leaf, "commit", "-qam", "mine")
    merge = subprocess.run(["git", "-C", str(leaf), "merge", "other"], capture_output=True)
    assert merge.returncode == 1
    before = snapshot(leaf)
    base = LeafRepository.open(leaf).baseline(1.0)
    assert b"<<<<<<<" in LeafRepository.open(leaf).read(base.commit, "train.py")
    assert snapshot(leaf) == before


def test_linked_worktree_of_the_person(leaf: Path, tmp_path: Path) -> None:
    run_git(leaf, "worktree", "add", "-q", str(tmp_path / "linked"))
    write(tmp_path / "linked", {"train.py": "LR = 9\n"})
    repository = LeafRepository.open(tmp_path / "linked")
    assert repository.common == leaf / ".git"
    assert repository.baseline(1.0).uncommitted == ("train.py",)


def test_modes_and_links_inside_are_kept(leaf: Path) -> None:
    (leaf / "run.sh").write_text("true\n")
    (leaf / "run.sh").chmod(0o755)
    (leaf / "models" / "again.py").symlink_to("../train.py")
    base = LeafRepository.open(leaf).baseline(1.0)
    listed = run_git(leaf, "ls-tree", "-r", base.commit)
    assert "100755" in next(line for line in listed.splitlines() if line.endswith("run.sh"))
    assert "120000" in next(line for line in listed.splitlines() if line.endswith("models/again.py"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc", "../leaf/train.py", ".git/config", "self"])
def test_links_that_leave_are_refused(leaf: Path, target: str) -> None:
    (leaf / "self").symlink_to(target)
    with pytest.raises(LeafRefused, match=r"symbolic link self.*(loop\.data)?"):
        LeafRepository.open(leaf).baseline(1.0)
    (leaf / ".gitignore").write_text("self\n")
    LeafRepository.open(leaf).baseline(1.0)


def test_absolute_links_into_the_leaf_are_refused(leaf: Path) -> None:
    (leaf / "again.py").symlink_to(leaf / "train.py")
    with pytest.raises(LeafRefused, match="is absolute"):
        LeafRepository.open(leaf).baseline(1.0)


def test_names_that_are_not_utf8_survive(leaf: Path) -> None:
    name = os.fsdecode(b"odd \xff\n name")
    (leaf / name).write_text("x")
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0)
    assert repository.read(base.commit, name) == b"x"
    run_git(leaf, "add", "-A")
    assert repository.baseline(1.0).tree == base.tree == run_git(leaf, "write-tree").strip()


def test_submodules_and_nested_repositories_are_refused(leaf: Path) -> None:
    run_git(leaf, "init", "-q", "nested")
    with pytest.raises(LeafRefused, match="nested is a git repository of its own"):
        LeafRepository.open(leaf).baseline(1.0)
    assert "nested/x" not in LeafRepository.open(leaf).baseline(1.0, data=["nested/"]).uncommitted
    run_git(leaf / "nested", "commit", "-q", "--allow-empty", "-m", "n")
    run_git(leaf, "add", "nested")
    with pytest.raises(LeafRefused, match="nested is a git repository of its own"):
        LeafRepository.open(leaf).baseline(1.0, data=["nested"])


def test_lfs(leaf: Path) -> None:
    write(leaf, {".gitattributes": "*.bin filter=lfs -text\n"})
    write(leaf, {"w.bin": POINTER.format(hashlib.sha256(b"real!").hexdigest())})
    run_git(leaf, "add", "-A")
    run_git(leaf, "commit", "-q", "-m", "lfs")
    with pytest.raises(LeafRefused, match="git lfs pull"):
        LeafRepository.open(leaf).baseline(1.0)
    (leaf / "w.bin").write_text("real!")
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0)
    assert repository.read(base.commit, "w.bin") == b"real!"
    assert base.uncommitted == ()
    (leaf / "w.bin").write_text("edited")
    assert repository.baseline(1.0).uncommitted == ("w.bin",)


def test_line_endings_alone_are_no_edit_but_stay(leaf: Path) -> None:
    (leaf / "train.py").write_bytes(LEAF["train.py"].replace("\n", "\r\n").encode())
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0)
    assert base.uncommitted == ()
    assert b"\r\n" in repository.read(base.commit, "train.py")


def test_huge_untracked_files_are_refused_unless_data(leaf: Path) -> None:
    (leaf / "data").mkdir()
    with open(leaf / "data" / "big.bin", "wb") as file:
        file.truncate(50_000_001)
    repository = LeafRepository.open(leaf)
    with pytest.raises(LeafRefused, match=r"data/big\.bin.*50 MB") as refused:
        repository.baseline(1.0)
    assert refused.value.fix == "add it to .gitignore, and name it in loop.data if runs need it"
    assert repository.baseline(1.0, data=["data/"]).uncommitted == ()


def test_too_many_untracked_files(leaf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("praxtui.workspace.baseline.MOST_UNTRACKED", 3)
    write(leaf, {f"venv/{number}": "" for number in range(4)})
    with pytest.raises(LeafRefused, match="more than 3 files"):
        LeafRepository.open(leaf).baseline(1.0)


def test_sparse_checkout_leaves_files_out_without_deleting_them(leaf: Path) -> None:
    run_git(leaf, "sparse-checkout", "set", "--no-cone", "/*", "!/models/")
    assert not (leaf / "models").exists()
    assert "models/net.py" in LeafRepository.open(leaf).files(LeafRepository.open(leaf).baseline(1.0).commit)


def test_ignored_leaf_is_refused(leaf: Path) -> None:
    write(leaf, {".gitignore": "inside/\n", "inside/program.md": "x\n"})
    with pytest.raises(LeafRefused, match="ignored by the repository around it"):
        LeafRepository.open(leaf / "inside").baseline(1.0)


def test_file_that_became_a_folder(leaf: Path) -> None:
    (leaf / "evaluate.py").unlink()
    write(leaf, {"evaluate.py/main.py": "x\n"})
    base = LeafRepository.open(leaf).baseline(1.0)
    assert base.uncommitted == ("evaluate.py", "evaluate.py/main.py")
    run_git(leaf, "fsck", "--strict")


def test_hooks_and_filters_never_run(leaf: Path) -> None:
    mark = leaf.parent / "ran"
    for name in ("pre-commit", "post-commit", "post-checkout", "reference-transaction", "prepare-commit-msg"):
        hook = leaf / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    run_git(leaf, "config", "filter.evil.clean", f"touch {mark}; cat")
    run_git(leaf, "config", "filter.evil.smudge", f"touch {mark}; cat")
    write(leaf, {".gitattributes": "*.py filter=evil\n"})
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0)
    repository.record("c", "e0", base.commit)
    repository.grow("c", base.commit, "m", 1.0, None)
    assert not mark.exists()


class TestOpening:
    """Every repository that cannot serve says what to do."""

    def test_no_folder_and_no_repository(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="there is no folder"):
            LeafRepository.open(tmp_path / "none")
        with pytest.raises(UserError, match="git init && git add -A && git commit"):
            LeafRepository.open(tmp_path)

    def test_broken_link_to_a_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".git").write_text("gitdir: /nowhere\n")
        with pytest.raises(UserError, match="git worktree repair"):
            LeafRepository.open(tmp_path)

    def test_bare(self, leaf: Path, tmp_path: Path) -> None:
        run_git(tmp_path, "clone", "-q", "--bare", str(leaf), "bare.git")
        with pytest.raises(UserError, match=r"git clone .*bare\.git FOLDER"):
            LeafRepository.open(tmp_path / "bare.git")
        with pytest.raises(UserError, match="not among the working files"):
            LeafRepository.open(leaf / ".git" / "objects")

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to someone else")
    def test_someone_elses(self, inner_leaf: Path) -> None:
        root = inner_leaf.parent.parent
        subprocess.run(["chown", "-R", "12345", str(root)], check=True)
        with pytest.raises(UserError) as refused:
            LeafRepository.open(inner_leaf)
        line = f"git config --global --add safe.directory {root}"
        assert line in str(refused.value)
        subprocess.run(line.split(), check=True)

    @pytest.mark.parametrize(
        ("setting", "fix"), [("partialClone", "--filter"), ("refStorage", "--ref-format"), ("x", "clone it again")]
    )
    def test_extensions(self, leaf: Path, setting: str, fix: str) -> None:
        run_git(leaf, "config", "core.repositoryformatversion", "1")
        run_git(leaf, "config", f"extensions.{setting}", "true")
        with pytest.raises(UserError, match=fix):
            LeafRepository.open(leaf)

    def test_sparse_index_and_damaged_index(self, leaf: Path) -> None:
        run_git(leaf, "sparse-checkout", "init", "--cone", "--sparse-index")
        with pytest.raises(UserError, match="--no-sparse-index"):
            LeafRepository.open(leaf)
        (leaf / ".git" / "index").write_text("junk")
        with pytest.raises(UserError, match="git reset"):
            LeafRepository.open(leaf)

    def test_sha256(self, tmp_path: Path) -> None:
        run_git(tmp_path, "init", "-q", "--object-format=sha256")
        with pytest.raises(UserError, match="SHA-1"):
            LeafRepository.open(tmp_path)
