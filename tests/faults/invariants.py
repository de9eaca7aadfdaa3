"""What must hold of a campaign that has ended, whatever happened to its engines meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from praxtui.journal.events import Event
from praxtui.journal.facts import Advanced, Fact, Judged, Restored, RunEnded, RunStarted
from praxtui.journal.fold import FOLD_VERSION, fold, fold_all, load
from praxtui.journal.people import Overruled
from praxtui.journal.state import COUNTED, State
from praxtui.journal.store import Journal
from praxtui.runs.local import read_exit
from tests.faults.counts import Counts, damage, doubled
from tests.faults.scene import Scene, git, praxtui, until

LOST = ("lost", "not started")


def check(scene: Scene, *, finished: bool = True) -> State:
    """Every invariant at once; the final state. `finished`: by its budget of experiments."""
    with Journal.open(scene.folder) as journal:
        events = list(journal.read())
        kept = journal.load_snapshot("state")
    state = fold_all(State(), events)
    scene.counts = Counts.of(scene, events, state)
    try:
        twice = doubled(events, state)
        assert not twice, twice
        for name in ("lost", "doubled", "processes", "worktrees", "fsck"):
            assert getattr(scene.counts, name) == 0, f"{name}: {getattr(scene.counts, name)}"
        _folds(events, state, None if kept is None else (kept.seq, kept.version, kept.data))
        _runs(events, scene)
        _experiments(events, state)
        if finished:
            assert state.ended == "finished", state.end_reason
            assert state.counted == scene.experiments
            assert all(e.verdict is not None for e in state.experiments.values())
        _adopted(events, scene)
        _repository(events, state, scene)
        _nothing_left(scene)
        _status(scene, state)
    except AssertionError:
        print("\n".join(f"{event.seq:5d} {event.fact}"[:220] for event in events))
        print(scene.log())
        raise
    return state


def _of(events: list[Event], kind: type[Fact]) -> list[Fact]:
    return [event.fact for event in events if isinstance(event.fact, kind)]


def _folds(events: list[Event], state: State, kept: tuple[int, int, bytes] | None) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    one_by_one = State()
    for event in events:
        one_by_one = fold(one_by_one, event)
    assert one_by_one == state
    if kept is not None:  # an engine may die between its last fact and the snapshot
        seq, version, data = kept
        assert version == FOLD_VERSION
        assert fold_all(load(data), events[seq:]) == state


def _runs(events: list[Event], scene: Scene) -> None:
    begun = Counter((f.experiment, f.n) for f in _of(events, RunStarted) if isinstance(f, RunStarted))
    ended = Counter((f.experiment, f.n) for f in _of(events, RunEnded) if isinstance(f, RunEnded))
    assert set(begun.values()) == {1}, f"started twice: {begun}"
    assert ended == begun, "every run ends exactly once"
    for fact in _of(events, RunEnded):
        assert isinstance(fact, RunEnded)
        known = read_exit(scene.folder / "runs" / fact.experiment / str(fact.n))
        if known is not None and fact.why not in LOST:
            assert known.why == fact.why
            assert known.seconds == fact.seconds


def _experiments(events: list[Event], state: State) -> None:
    names = list(state.experiments)
    assert names == [f"e{n}" for n in range(len(names))], "ids without gaps or repeats"
    overruled = {f.experiment for f in _of(events, Overruled) if isinstance(f, Overruled)}
    by_judge = Counter(f.experiment for f in _of(events, Judged) if isinstance(f, Judged) and f.by == "judge")
    for name, times in by_judge.items():
        assert times == 1 or name in overruled, f"{name} was judged {times} times"
    for e in state.children():
        if e.verdict in COUNTED and e.verdict != "invalid" and not e.overruled:
            chosen = [run for run in e.runs if run.use in ("select", "repair") and run.why not in LOST]
            assert chosen, f"{e.id} counts as {e.verdict} without a run of its own"


def _adopted(events: list[Event], scene: Scene) -> None:
    ends = {(f.experiment, f.n): f for f in _of(events, RunEnded) if isinstance(f, RunEnded)}
    for experiment, n in scene.adoptable:
        fact = ends[experiment, n]
        assert fact.why == "exit", (
            f"run {n} of {experiment} outlived its engine, but ended as {fact.why}: {fact.reason}"
        )
        assert fact.seconds > 0
        if fact.exit == 0:
            text = (scene.folder / "runs" / experiment / str(n) / "run.log").read_text()
            assert text == "step: 1 | loss: 3.2\nstep: 2 | loss: 3.1\ntrained to the end\n"


def _repository(events: list[Event], state: State, scene: Scene) -> None:
    refs = {
        line.split()[1]: line.split()[0]
        for line in git(scene.leaf, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    }
    own = f"refs/praxtui/{state.id}/"
    for e in state.experiments.values():
        if e.commit is not None:
            assert refs.get(own + e.id) == e.commit, f"{e.id}: the ref is not the draft as run"
    grown = [f for event in events if isinstance(f := event.fact, (Advanced, Restored))]
    commits = [fact.branch_commit for fact in grown]
    assert len(set(commits)) == len(commits)
    branch = f"refs/heads/praxtui/{state.id}"
    start = state.experiments["e0"].base
    line = git(scene.leaf, "rev-list", "--first-parent", "--reverse", branch, f"^{start}") if grown else ""
    assert line.split() == commits, "the branch is exactly what the journal says"
    for fact in grown:
        of = state.experiments[fact.experiment if isinstance(fact, Advanced) else fact.to]
        tree = git(scene.leaf, "rev-parse", f"{fact.branch_commit}^{{tree}}")
        assert tree == git(scene.leaf, "rev-parse", f"{of.commit or of.base}^{{tree}}")
        assert len(git(scene.leaf, "rev-list", "--parents", "-1", fact.branch_commit).split()) == 2
    assert damage(scene) == []
    assert git(scene.leaf, "status", "--porcelain") == ""


def _nothing_left(scene: Scene) -> None:
    until(lambda: not scene.processes(), "the campaign's processes to be gone")
    trees = git(scene.leaf, "worktree", "list", "--porcelain")
    assert trees.count("worktree ") == 1, trees
    assert not list(scene.folder.glob("trees/*"))
    assert not list(Path(scene.leaf).rglob("index.lock"))


def _status(scene: Scene, state: State) -> None:
    said = praxtui("status", scene.folder.name, "--json")
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    assert document["state"] == state.ended
    assert document["experiments"] == state.counted
    assert document["engine"]["alive"] is False


def ended(state: State) -> bool:
    """Whether the campaign is over and its engine said so: nothing is left to start an engine for."""
    return state.ended is not None and not state.engine_live
