"""What others do to a campaign's files while it runs: locks, deletions, a branch that is moved."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from praxtui.journal.facts import Noticed
from praxtui.journal.store import Journal
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import WAIT_FOR_GO, Scene, git, praxtui, running, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home folder, where a file `go` lets runs end."""
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def a_run(scene: Scene) -> tuple[str, int]:
    state = scene.wait(lambda state: any(name != "e0" for name, _ in running(state)), "a run")
    experiment, run = next((name, run) for name, run in running(state) if name != "e0")
    scene.shim(experiment, run.n)
    return experiment, run.n


def notices(scene: Scene) -> list[str]:
    with Journal.open(scene.folder) as journal:
        return [event.fact.text for event in journal.read() if isinstance(event.fact, Noticed)]


@pytest.mark.slow
def test_a_journal_that_somebody_locks_is_waited_for(begin: Begin, person: Path) -> None:
    scene = begin(experiments=2, extra=WAIT_FOR_GO)
    scene.start()
    a_run(scene)
    other = sqlite3.connect(scene.folder / "journal.db", isolation_level=None, timeout=60)
    other.execute("BEGIN IMMEDIATE")
    (person / "go").touch()
    # Longer than a connection waits by itself.
    until(lambda: "cannot be written" in scene.log(), "the engine to say that it waits")
    other.execute("ROLLBACK")
    other.close()
    scene.finish()
    check(scene)


def test_stale_locks_of_git_do_not_hold_it_up(begin: Begin, person: Path) -> None:
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    a_run(scene)
    own = scene.leaf / ".git" / "index.lock"
    admin = [folder / "index.lock" for folder in (scene.leaf / ".git" / "worktrees").iterdir()]
    assert admin
    for path in (own, *admin):
        path.touch()
    (person / "go").touch()
    scene.finish()
    assert own.exists(), "the person's own lock is none of the campaign's business"
    own.unlink()
    check(scene)


@pytest.mark.parametrize("what", ["both", *(pytest.param(what, marks=pytest.mark.slow) for what in ("trees", "admin"))])
def test_worktrees_that_vanish_are_made_again(begin: Begin, person: Path, what: str) -> None:
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    a_run(scene)
    # Between two runs: what vanishes under one is that run's loss.
    assert praxtui("pause", scene.folder.name).returncode == 0
    (person / "go").touch()
    scene.wait(lambda state: state.paused and not state.running, "the pause")
    if what != "admin":
        shutil.rmtree(scene.folder / "trees")
    if what != "trees":
        shutil.rmtree(scene.leaf / ".git" / "worktrees")
    assert praxtui("resume", scene.folder.name).returncode == 0
    scene.finish()
    check(scene)


def test_a_worktree_that_vanishes_under_a_run_costs_one_experiment(begin: Begin, person: Path) -> None:
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    experiment, _ = a_run(scene)
    shutil.rmtree(scene.folder / "trees")
    (person / "go").touch()
    scene.finish()
    state = check(scene)
    assert state.experiments[experiment].verdict in ("crash", "invalid")
    assert [e.verdict for e in state.children() if e.id != experiment and e.verdict in ("crash", "invalid")] == []


@pytest.mark.parametrize("what", ["evaluate.py", "train.py"])
def test_a_worktree_that_is_edited_under_a_run(begin: Begin, person: Path, what: str) -> None:
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    scene.start()
    experiment, n = a_run(scene)
    log = scene.folder / "runs" / experiment / str(n) / "run.log"
    until(lambda: log.exists() and log.read_bytes(), "the run to have read its files")
    # Of the two trees, the evaluator's is read only after the run: there every file counts.
    for path in scene.folder.glob(f"trees/0/**/{what}"):
        path.write_text("raise SystemExit('edited by somebody')\n")
    (person / "go").touch()
    scene.finish()
    state = check(scene)
    # Who edited a sealed file cannot be told: that run does not count. A lever was read before it was edited.
    wanted = ("invalid",) if what == "evaluate.py" else ("keep", "discard")
    assert state.experiments[experiment].verdict in wanted, state.experiments[experiment].reason
    assert all(e.verdict in ("keep", "discard") for e in state.children() if e.id != experiment)


@pytest.mark.parametrize("what", ["rebased", pytest.param("collected", marks=pytest.mark.slow)])
def test_a_leaf_that_its_person_works_on(begin: Begin, person: Path, what: str) -> None:
    scene = begin(experiments=3, extra=WAIT_FOR_GO)
    first = git(scene.leaf, "rev-parse", "HEAD")
    scene.start()
    a_run(scene)
    (scene.leaf / "notes.md").write_text("what I think of it\n")
    git(scene.leaf, "add", "notes.md")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    if what == "rebased":
        git(scene.leaf, *who, "commit", "--quiet", "--message", "Notes")
        git(scene.leaf, *who, "rebase", "--quiet", "--root", "--force-rebase", "--reset-author-date")
    else:
        git(scene.leaf, *who, "commit", "--quiet", "--amend", "--message", "The leaf, with notes")
    git(scene.leaf, "reflog", "expire", "--expire=now", "--all")
    git(scene.leaf, "gc", "--quiet", "--prune=now")
    theirs = git(scene.leaf, "rev-parse", "HEAD")
    assert theirs != first
    (person / "go").touch()
    scene.finish()
    check(scene)
    assert git(scene.leaf, "rev-parse", "HEAD") == theirs


def test_a_run_folder_that_vanishes_is_a_lost_run(begin: Begin, person: Path) -> None:
    scene = begin(experiments=2, extra=WAIT_FOR_GO)
    scene.start()
    experiment, _ = a_run(scene)
    shutil.rmtree(scene.folder / "runs" / experiment)
    (person / "go").touch()
    scene.finish()
    state = check(scene)
    assert [run.why for run in state.experiments[experiment].runs][:2] == ["lost", "exit"]


@pytest.mark.parametrize("how", ["moved", "deleted", "checked out"])
def test_the_branch_in_a_persons_hands(begin: Begin, person: Path, how: str) -> None:
    scene = begin(experiments=4, deterministic=True, extra=f"bonus = (WIDTH != 32) + (DEPTH != 2)\n{LATER}")
    scene.start()
    scene.wait(lambda state: state.branch_head, "the first keep")
    branch, theirs = f"praxtui/{scene.folder.name}", git(scene.leaf, "rev-parse", "HEAD")
    if how == "moved":
        git(scene.leaf, "branch", "--force", branch, theirs)
    elif how == "deleted":
        git(scene.leaf, "branch", "-D", branch)
    else:
        git(scene.leaf, "checkout", "--quiet", branch)
    (person / "go").touch()
    scene.finish()
    said = "\n".join(notices(scene))
    if how == "moved":
        assert git(scene.leaf, "rev-parse", f"refs/praxtui/{scene.folder.name}/moved-1") == theirs
        assert "moved-1" in said or theirs in said
    if how == "checked out":
        assert "checked out" in said
        assert git(scene.leaf, "status", "--porcelain") == ""
        head = git(scene.leaf, "rev-parse", f"refs/praxtui/{scene.folder.name}/head")
        assert head == scene.state().branch_head
        git(scene.leaf, "checkout", "--quiet", theirs)
        git(scene.leaf, "branch", "--force", branch, head)
    check(scene)


# From the second keep on, runs wait: so the person acts after the first one.
LATER = """\
while WIDTH != 32 and DEPTH != 2 and not os.path.exists(os.environ["HOME"] + "/go"):
    time.sleep(0.01)
"""
