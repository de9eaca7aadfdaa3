"""Commits in memory, refs that never move, the branch that only grows."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.errors import CampaignFault, UserError
from praxtui.workspace.names import writable_path
from praxtui.workspace.refusals import PathRefused, RefTaken
from praxtui.workspace.repository import LeafRepository
from tests.workspace.conftest import LEAF, run_git, snapshot, write

BAD_PATHS = [
    "",
    "/etc/passwd",
    "C:/x",
    "../x",
    "a/../../x",
    "./x",
    "a//b",
    "a/",
    ".git/config",
    ".GIT/hooks/pre-commit",
    "sub/.git",
    ".git /config",
    ".git./config",
    ".git::$INDEX_ALLOCATION/config",
    "git~1/config",
    ".g\u200cit/config",
    ".gitmodules",
    "a/.gitattributes",
    "a\\b",
    "a\nb",
    "a\0b",
    "a/" * 40 + "x",
    "x" * 300,
    "\udcff",
]


@pytest.fixture
def opened(leaf: Path) -> tuple[LeafRepository, str]:
    repository = LeafRepository.open(leaf)
    base = repository.baseline(100.0).commit
    repository.record("c1", "e0", base)
    return repository, base


def test_commit_is_deterministic_and_in_memory(opened: tuple[LeafRepository, str], leaf: Path) -> None:
    repository, base = opened
    before = snapshot(leaf)
    change: dict[str, bytes | None] = {"train.py": b"LR = 1\n", "new/deep.py": b"x\n", "models/net.py": None}
    one = repository.commit(base, change, "h\n\nm", 5.9, [base])
    assert one == repository.commit(base, dict(reversed(change.items())), "h\n\nm", 5.1, [base])
    assert one == LeafRepository.open(leaf).commit(base, change, "h\n\nm", 5.0, [base])
    assert set(repository.files(one)) == {*(LEAF.keys() - {"models/net.py"}), "new/deep.py"}
    assert run_git(leaf, "log", "-1", "--format=%an <%ae> %at %ct %ad|%B", one).strip() == (
        "praxtui <praxtui@localhost> 5 5 Thu Jan 1 00:00:05 1970 +0000|h\n\nm"
    )
    assert snapshot(leaf) == before
    run_git(leaf, "fsck", "--strict")


def test_commit_in_a_larger_repository_touches_the_leaf_only(inner_leaf: Path) -> None:
    repository = LeafRepository.open(inner_leaf)
    base = repository.baseline(1.0).commit
    one = repository.commit(base, {"train.py": b"x\n"}, "m", 1.0, [base])
    changed = run_git(inner_leaf.parent.parent, "diff", "--name-only", base, one).split()
    assert changed == ["leaves/inner/train.py"]
    gone = repository.commit(base, dict.fromkeys(LEAF.keys() - {".gitignore"}), "m", 1.0, [base])
    assert list(repository.files(gone)) == [".gitignore"]
    assert run_git(inner_leaf.parent.parent, "ls-tree", "-r", "--name-only", gone).split() == [
        "README.md",
        "common/util.py",
        "leaves/inner/.gitignore",
    ]


def test_mode_of_a_file_is_kept(leaf: Path) -> None:
    (leaf / "train.py").chmod(0o755)
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0).commit
    one = repository.commit(base, {"train.py": b"x"}, "m", 1.0, [base])
    assert repository.entries(one)["train.py"].mode == 0o100755


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_refused(opened: tuple[LeafRepository, str], path: str) -> None:
    repository, base = opened
    for content in (b"x", None):
        with pytest.raises(PathRefused):
            repository.commit(base, {path: content}, "m", 1.0, [base])


@given(st.lists(st.sampled_from(["a", "b.py", "..", ".", "", ".git", "data", ".Git", "c d"]), min_size=1, max_size=5))
def test_accepted_paths_stay_inside(parts: list[str]) -> None:
    path = "/".join(parts)
    plain = all(part not in ("", ".", "..") and part.lower() != ".git" for part in parts)
    if plain:
        assert writable_path(path) == path
    else:
        with pytest.raises(PathRefused):
            writable_path(path)


def test_nothing_is_written_through_links_files_folders_or_submodules(leaf: Path) -> None:
    (leaf / "link").symlink_to("models")
    (leaf / "file.py").symlink_to("train.py")
    repository = LeafRepository.open(leaf)
    base = repository.baseline(1.0).commit
    for path in ("link/x.py", "file.py", "link", "train.py/x", "models"):
        with pytest.raises(PathRefused):
            repository.commit(base, {path: b"x"}, "m", 1.0, [base])
    with pytest.raises(PathRefused):
        repository.commit(base, {"new": b"x", "new/y": b"y"}, "m", 1.0, [base])
    run_git(leaf, "update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    run_git(leaf, "commit", "-q", "-m", "sub")
    head = run_git(leaf, "rev-parse", "HEAD").strip()
    for path in ("sub", "sub/x"):
        with pytest.raises(PathRefused, match="submodule"):
            repository.commit(head, {path: b"x"}, "m", 1.0, [head])


def test_match_and_read(opened: tuple[LeafRepository, str]) -> None:
    repository, base = opened
    assert repository.match(base, ["*.py"]) == ("evaluate.py", "train.py")
    assert repository.match(base, ["**/*.py", "program.md"]) == (
        "evaluate.py",
        "models/net.py",
        "program.md",
        "train.py",
    )
    assert repository.match(base, ["models/"]) == ("models/net.py",)
    with pytest.raises(KeyError):
        repository.read(base, "models")
    with pytest.raises(CampaignFault, match="is not in"):
        repository.files("0" * 40)


def test_record_is_immutable(opened: tuple[LeafRepository, str], leaf: Path) -> None:
    repository, base = opened
    one = repository.commit(base, {"train.py": b"1"}, "m", 1.0, [base])
    assert repository.record("c1", "e1", one) == repository.record("c1", "e1", one) == "refs/praxtui/c1/e1"
    with pytest.raises(RefTaken):
        repository.record("c1", "e1", base)
    assert repository.recorded("c1") == {"e0": base, "e1": one}
    assert repository.campaigns() == ("c1",)


def test_a_replaced_draft_is_kept_and_the_plain_ref_is_the_draft_as_run(
    opened: tuple[LeafRepository, str], leaf: Path
) -> None:
    repository, base = opened
    one, two, three = (repository.commit(base, {"train.py": text}, "m", 1.0, [base]) for text in (b"1", b"2", b"3"))
    for _ in range(2):
        assert repository.record_draft("c1", "e1", one) == "refs/praxtui/c1/e1"
    for draft in (two, two, three):
        repository.record_draft("c1", "e1", draft)
    kept = {"e0": base, "e1": three, "e1.1": one, "e1.2": two}
    assert repository.recorded("c1") == kept
    run_git(leaf, "gc", "-q", "--prune=now")
    assert LeafRepository.open(leaf).recorded("c1") == kept


@pytest.mark.parametrize("name", ["", "a/b", "..", "a..b", "a.lock", "-x", "a b", "a~1", "é", "x" * 101, "a\n"])
def test_campaign_names(opened: tuple[LeafRepository, str], name: str) -> None:
    repository, base = opened
    with pytest.raises(UserError, match="cannot be the name"):
        repository.record(name, "e1", base)
    with pytest.raises(UserError, match="cannot be the name"):
        repository.grow(name, base, "m", 1.0, None)
    with pytest.raises(UserError, match="cannot be the id"):
        repository.record("c", "head", base)


class TestGrow:
    def test_the_branch_grows_and_asking_again_changes_nothing(
        self, opened: tuple[LeafRepository, str], leaf: Path
    ) -> None:
        repository, base = opened
        before = snapshot(leaf)
        first = repository.grow("c1", base, "begin", 1.0, None)
        assert repository.grow("c1", base, "begin", 1.0, None) == first
        one = repository.commit(base, {"train.py": b"1"}, "m", 1.0, [first.commit])
        kept = repository.grow("c1", one, "keep e1", 2.0, first.commit)
        assert repository.grow("c1", one, "keep e1", 2.0, first.commit) == kept
        assert kept.moved_from is None
        assert kept.note is None
        assert repository.tree(kept.commit) == repository.tree(one)
        assert repository.history("c1") == (kept.commit, first.commit)
        assert repository.head("c1") == kept.commit == run_git(leaf, "rev-parse", "praxtui/c1").strip()
        assert run_git(leaf, "rev-parse", "praxtui/c1~2").strip() == base
        assert snapshot(leaf) == before
        run_git(leaf, "fsck", "--strict")

    def test_first_grow_without_a_recorded_baseline(self, leaf: Path) -> None:
        repository = LeafRepository.open(leaf)
        base = repository.baseline(1.0).commit
        first = repository.grow("z", base, "begin", 1.0, None)
        assert run_git(leaf, "rev-parse", f"{first.commit}^").strip() == base

    def test_moved_by_a_person(self, opened: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = opened
        first = repository.grow("c1", base, "begin", 1.0, None)
        theirs = run_git(leaf, "rev-parse", "HEAD").strip()
        run_git(leaf, "branch", "-f", "praxtui/c1", "HEAD")
        grown = repository.grow("c1", base, "more", 2.0, first.commit)
        assert grown.moved_from == theirs
        assert grown.note is not None
        assert "moved-1" in grown.note
        assert run_git(leaf, "rev-parse", "refs/praxtui/c1/moved-1").strip() == theirs
        assert repository.history("c1") == (grown.commit, first.commit)
        run_git(leaf, "branch", "-f", "praxtui/c1", base)
        again = repository.grow("c1", base, "more still", 3.0, grown.commit)
        assert run_git(leaf, "rev-parse", "refs/praxtui/c1/moved-2").strip() == base == again.moved_from
        assert repository.recorded("c1") == {"e0": base}

    def test_deleted_by_a_person(self, opened: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = opened
        first = repository.grow("c1", base, "begin", 1.0, None)
        run_git(leaf, "branch", "-D", "praxtui/c1")
        grown = repository.grow("c1", base, "more", 2.0, first.commit)
        assert grown.moved_from is None
        assert grown.note is not None
        assert "deleted" in grown.note
        assert repository.history("c1") == (grown.commit, first.commit)

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_checked_out_by_a_person(
        self, opened: tuple[LeafRepository, str], leaf: Path, tmp_path: Path, elsewhere: bool
    ) -> None:
        repository, base = opened
        first = repository.grow("c1", base, "begin", 1.0, None)
        where = tmp_path / "looking" if elsewhere else leaf
        if elsewhere:
            run_git(leaf, "worktree", "add", "-q", str(where), "praxtui/c1")
        else:
            run_git(leaf, "checkout", "-q", "praxtui/c1")
        second = repository.grow("c1", base, "two", 2.0, first.commit)
        third = repository.grow("c1", base, "three", 3.0, second.commit)
        assert repository.grow("c1", base, "three", 3.0, second.commit).commit == third.commit
        assert third.note is not None
        assert "checked out" in third.note
        assert third.moved_from is None
        assert run_git(where, "rev-parse", "HEAD").strip() == first.commit
        assert run_git(where, "status", "--porcelain") == ""
        assert repository.head("c1") == third.commit
        write(where, {"train.py": "person\n"})
        run_git(where, "commit", "-qam", "mine")
        mine = run_git(where, "rev-parse", "HEAD").strip()
        fourth = repository.grow("c1", base, "four", 4.0, third.commit)
        assert fourth.moved_from == mine
        assert run_git(where, "rev-parse", "HEAD").strip() == mine
        run_git(where, "checkout", "-q", "--detach")
        fifth = repository.grow("c1", base, "five", 5.0, fourth.commit)
        assert run_git(leaf, "rev-parse", "praxtui/c1").strip() == fifth.commit
        assert len(repository.history("c1")) == 5
        assert run_git(leaf, "rev-parse", "refs/praxtui/c1/moved-1").strip() == mine
        assert "refs/praxtui/c1/head" not in run_git(leaf, "for-each-ref")

    def test_a_branch_called_praxtui_is_explained(self, opened: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = opened
        run_git(leaf, "branch", "praxtui")
        with pytest.raises(UserError, match="git branch -m praxtui praxtui-old"):
            repository.grow("c1", base, "begin", 1.0, None)


class TestMerge:
    @pytest.fixture
    def long(self, leaf: Path) -> tuple[LeafRepository, str]:
        write(leaf, {"train.py": "".join(f"C{number} = 0\n" for number in range(20))})
        repository = LeafRepository.open(leaf)
        return repository, repository.baseline(1.0).commit

    def edit(self, repository: LeafRepository, base: str, line: int, value: str) -> str:
        lines = repository.read(base, "train.py").decode().splitlines()
        lines[line] = f"C{line} = {value}"
        return repository.commit(base, {"train.py": "\n".join([*lines, ""]).encode()}, value, 1.0, [base])

    def test_carry(self, long: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = long
        ours, theirs = self.edit(repository, base, 2, "7"), self.edit(repository, base, 15, "8")
        before = snapshot(leaf)
        carried = repository.carry(theirs, base, ours, "carried", 3.0)
        assert carried is not None
        text = repository.read(carried, "train.py").decode()
        assert "C2 = 7\n" in text
        assert "C15 = 8\n" in text
        assert run_git(leaf, "rev-parse", f"{carried}^").strip() == ours
        assert carried == repository.carry(theirs, base, ours, "carried", 3.0)
        assert snapshot(leaf) == before

    def test_conflicts(self, long: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = long
        ours = self.edit(repository, base, 2, "7")
        assert repository.carry(self.edit(repository, base, 2, "9"), base, ours, "m", 1.0) is None
        gone = repository.commit(base, {"train.py": None}, "m", 1.0, [base])
        assert repository.merge(base, ours, gone).conflicts == ("train.py",)
        file = repository.commit(base, {"new": b"1"}, "m", 1.0, [base])
        folder = repository.commit(base, {"new/x": b"1"}, "m", 1.0, [base])
        assert repository.merge(base, file, folder).conflicts == ("new",)

    def test_attributes_of_the_person_do_not_merge(self, long: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = long
        write(leaf, {".gitattributes": "* merge=union\n"})
        ours = self.edit(repository, base, 2, "7")
        assert repository.carry(self.edit(repository, base, 2, "9"), base, ours, "m", 1.0) is None

    def test_diff(self, long: tuple[LeafRepository, str], leaf: Path) -> None:
        repository, base = long
        run_git(leaf, "config", "diff.noprefix", "true")
        one = self.edit(repository, base, 2, "7")
        assert repository.diff(base, base) == ""
        assert "--- a/train.py\n+++ b/train.py\n" in repository.diff(base, one)
        assert "-C2 = 0\n+C2 = 7\n" in repository.diff(base, one)
        (leaf / "apply.patch").write_text(repository.diff(base, one))
        run_git(leaf, "apply", "--check", "apply.patch")


def test_threads(opened: tuple[LeafRepository, str], leaf: Path) -> None:
    repository, base = opened
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(15):
                one = repository.commit(base, {"train.py": f"{thread} {number}".encode()}, "m", 1.0, [base])
                repository.record("c1", f"t{thread}-{number}", one)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(repository.recorded("c1")) == 61
    run_git(leaf, "fsck", "--strict")
