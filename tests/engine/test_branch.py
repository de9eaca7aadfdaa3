"""What a campaign leaves in git: a branch that grows, a ref for every experiment; and what it leaves alone."""

from __future__ import annotations

import os
from pathlib import Path

from praxtui.journal.facts import EpochOpened, Noticed
from tests.making import Script, code, create, facts, git, ledger, make_leaf, play, status


def person(root: Path) -> dict[str, object]:
    """Everything of a repository that is the person's: files, index, HEAD, branches, stash, logs, configuration."""
    seen: dict[str, object] = {}
    for folder, folders, names in os.walk(root):
        if Path(folder).name == ".git":
            folders[:] = []
            names = ["HEAD", "index", "config", "logs/HEAD", "logs/refs/stash"]
        for name in names:
            file = Path(folder) / name
            if file.exists() and name != ".git":
                seen[str(file)] = (file.read_bytes(), file.stat().st_mode, file.stat().st_mtime_ns)
    refs = git(root, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    seen["refs"] = [ref for ref in refs if "praxtui" not in ref]
    seen["status"] = git(root, "--no-optional-locks", "status", "--porcelain=v2", "--branch")
    return seen


def test_a_keep_is_appended_with_its_tree_hypothesis_mechanism_and_numbers(exact: Path) -> None:
    folder = create(exact, experiments=3)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": 0.5}, {"GAIN": 2.5}))
    rows = ledger(folder)
    log = git(exact, "log", "--reverse", "--format=%H", "praxtui/c").split()
    assert log[-2:] == [rows["e1"]["branch_commit"], rows["e3"]["branch_commit"]]
    assert git(exact, "rev-parse", "praxtui/c").strip() == rows["e3"]["branch_commit"]
    for name in ("e1", "e3"):
        commit, grown = rows[name]["commit"], rows[name]["branch_commit"]
        assert git(exact, "rev-parse", f"{commit}^{{tree}}") == git(exact, "rev-parse", f"{grown}^{{tree}}")
    assert git(exact, "log", "-1", "--format=%B", "praxtui/c").split("\n") == [
        "e3: GAIN 2.5", "", "because of GAIN 2.5", "",
        "score: 102.5", "gain over e1: +1.5", "standing: confirmed", "", "",
    ]  # fmt: skip
    assert rows["e2"]["branch_commit"] is None


def test_every_experiment_keeps_its_draft_under_a_ref(exact: Path) -> None:
    folder = create(exact, experiments=3)
    script = Script(
        {"GAIN": 1.0}, {"GAIN": 0.5}, code("raise ValueError\n"), repairs={"e3": [code("raise KeyError\n")]}
    )
    play(folder, script)
    rows = ledger(folder)
    for name, row in rows.items():
        assert git(exact, "rev-parse", f"refs/praxtui/c/{name}").strip() == row["commit"]
    assert "GAIN = 0.5" in git(exact, "show", "refs/praxtui/c/e2:settings.py")
    # The draft that a repair replaced is not lost either.
    refs = git(exact, "for-each-ref", "--format=%(refname)", "refs/praxtui/c").split()
    contents = [git(exact, "show", f"{ref}:settings.py") for ref in refs]
    assert sum("raise ValueError\n" in text for text in contents) == 1
    assert sum("raise KeyError\n" in text for text in contents) == 1


def test_the_persons_repository_is_not_touched_and_e0_is_the_leaf_on_disk(exact: Path) -> None:
    (exact / "notes.txt").write_text("stashed\n")
    git(exact, "stash", "--include-untracked")
    (exact / "settings.py").write_text((exact / "settings.py").read_text() + "# staged\n")
    git(exact, "add", "settings.py")
    (exact / "settings.py").write_text((exact / "settings.py").read_text().replace("GAIN = 0.0", "GAIN = 0.25"))
    (exact / "new.txt").write_text("untracked\n")
    before = person(exact)
    folder = create(exact, experiments=2)
    play(folder, Script({"GAIN": 1.0}, {"GAIN": 0.5}))
    assert person(exact) == before
    assert status(folder)["baseline"] == 100.25
    opened = facts(folder, EpochOpened)[0]
    assert sorted(opened.uncommitted) == ["new.txt", "settings.py"]
    assert "GAIN = 0.25" in git(exact, "show", "refs/praxtui/c/e0:settings.py")
    assert any("uncommitted edits; e0 includes them: " in fact.text for fact in facts(folder, Noticed))
    assert not (folder / "trees").exists() or not list((folder / "trees").iterdir())
    assert git(exact, "worktree", "list").count("\n") == 1


def test_a_leaf_in_a_folder_of_a_larger_repository(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "large"
    leaf = make_leaf(root / "leaves" / "inner", {"metric": {"deterministic": True}}, repository=False)
    (root / "README.md").write_text("large\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    before = person(root)
    folder = create(leaf, experiments=2)
    spoil = "with open('../../README.md', 'w') as file:\n    file.write('spoilt')\n"
    play(folder, Script({"GAIN": 1.0}, code(spoil)))
    rows = ledger(folder)
    assert rows["e1"]["verdict"] == "keep"
    assert rows["e2"]["reason"] == "the run changed sealed files: ../../README.md"
    assert git(root, "show", "praxtui/c:README.md") == "large\n"
    assert "GAIN = 1.0" in git(root, "show", "praxtui/c:leaves/inner/settings.py")
    assert person(root) == before


def test_a_branch_that_a_person_moved_is_put_back_and_what_it_pointed_to_is_kept(exact: Path) -> None:
    folder = create(exact, experiments=2)

    def move(brief):  # type: ignore[no-untyped-def]
        git(exact, "branch", "-f", "praxtui/c", "main")
        return Script._made({"GAIN": 2.0}, brief)

    play(folder, Script({"GAIN": 1.0}, move))
    rows = ledger(folder)
    assert git(exact, "log", "-2", "--format=%H", "praxtui/c").split() == [
        rows["e2"]["branch_commit"], rows["e1"]["branch_commit"],
    ]  # fmt: skip
    assert any("had been moved" in fact.text for fact in facts(folder, Noticed))


def test_locks_on_its_refs_that_a_killed_engine_left_do_not_hold_it_up(exact: Path) -> None:
    left = [exact / ".git/refs/heads/praxtui/c.lock", exact / ".git/refs/praxtui/c/e1.lock"]
    for lock in left:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        os.utime(lock, (1, 1))
    state = play(create(exact, experiments=1), Script({"GAIN": 1.0}))
    assert (state.ended, state.head) == ("finished", "e1")
    assert not any(lock.exists() for lock in left)
    assert git(exact, "log", "-1", "--format=%s", "praxtui/c").strip() == "e1: GAIN 1.0"
