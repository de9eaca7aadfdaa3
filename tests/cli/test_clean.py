"""`praxtui clean`, on real campaigns."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from praxtui.engine import space
from praxtui.journal import packed
from tests.cli.place import Place
from tests.cli.terminal import Terminal

MONTH = 31 * 86400
LINES = b"".join(b"step %d | loss: %.6f\n" % (n, 1 / (n + 1)) for n in range(20_000))


def refs(place: Place, pattern: str = "") -> list[str]:
    said = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname)", *([pattern] if pattern else [])], cwd=place.leaf,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return said.stdout.split()


def littered(place: Place) -> list[Path]:
    """A campaign that ended, and what could lie about."""
    folder = place.finished(experiments=1)
    run = folder / "runs" / "e1" / "1"
    left = [run / "scratch" / "tmp", run / "run.log", place.home / "cache" / "gone" / "x", folder / "trees" / "0" / "x"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LINES)
    return left


def test_it_says_what_it_would_free_and_frees_nothing(place: Place) -> None:
    left = littered(place)
    said = place.praxtui("clean")
    assert all(path.exists() for path in left)
    for word in ("worktrees", "scratch", "logs", "caches", "in all", "made again"):
        assert word in said.stdout
    assert "nothing was freed: `praxtui clean --yes` does it" in said.stderr
    document = place.json("clean")
    assert document["freed"] is None and document["bytes"] == sum(item["bytes"] for item in document["items"]) > 0
    assert {item["campaign"] for item in document["items"]} == {"c", None}


def test_yes_frees_it_and_the_record_reads_as_before(place: Place) -> None:
    left = littered(place)
    before = [place.json(*words) for words in (("status", "c"), ("ledger", "c"))]
    assert "freed" in place.praxtui("clean", "--yes").stdout
    assert not any(path.exists() for path in left)
    with packed.opened(left[1]) as file:
        assert file.read() == LINES
    assert [place.json(*words) for words in (("status", "c"), ("ledger", "c"))] == before
    assert "step 19999" in place.praxtui("show", "c", "e1", "--log").stdout
    again = place.praxtui("clean", "--yes")
    assert "nothing can be freed" in again.stderr and not again.stdout


def test_only_the_campaigns_named_are_cleaned(place: Place) -> None:
    left = littered(place)
    place.finished("d", experiments=1)
    trees = place.folder("d") / "trees" / "0"
    trees.mkdir(parents=True)
    document = place.json("clean", "d", "--yes")
    assert [item["kind"] for item in document["items"]] == ["worktrees"] and document["freed"] is not None
    assert not trees.exists() and all(path.exists() for path in left)


def test_a_terminal_is_asked(place: Place) -> None:
    left = littered(place)
    for answer, there in ((b"n", True), (b"", True), (b"y", False)):
        terminal = Terminal(place, "clean")
        try:
            terminal.until(r"free [\d.]+ .B\? \[y/N\]")
            terminal.type(answer + b"\r")
            assert terminal.end() == 0
        finally:
            terminal.close()
        assert left[0].exists() == there


def test_a_campaign_with_an_engine_or_a_run_is_left_alone(place: Place) -> None:
    place.hold()
    folder = place.begin(experiments=2)
    place.running()
    for _ in range(2):
        document = place.json("clean", "--yes")
        assert document["items"] == [] and [each["campaign"] for each in document["skipped"]] == ["c"]
        assert (folder / "trees" / "0").is_dir()
        said = place.refused("clean", "--remove", "c", "--yes")
        assert folder.exists()
        if place.alive():
            assert "has an engine" in said
            place.kill_engine()
    assert "goes on without an engine" in said
    place.release()


def test_removing_deletes_the_record_and_keeps_the_commits(place: Place) -> None:
    place.finished(experiments=1)
    place.finished("d", experiments=1)
    kept = refs(place)
    said = place.praxtui("clean", "--remove", "c", code=2).stderr
    assert "nothing was removed" in said and place.folder().exists()
    said = place.praxtui("clean", "--remove", "c", "--yes")
    assert "praxtui export c --to archive" in said.stderr and "removed c" in said.stdout
    assert [each["id"] for each in place.json("list")] == ["d"]
    assert not place.folder().exists() and not [*place.home.glob(".removed-*")]
    assert refs(place) == kept and "refs/praxtui/c/e1" in kept
    place.praxtui("clean", "--remove", "d", "--refs", "--yes")
    assert refs(place, "refs/praxtui/d") == [] and "refs/heads/praxtui/d" not in refs(place)
    assert "refs/praxtui/c/e1" in refs(place)


def test_a_branch_that_is_checked_out_is_not_deleted(place: Place) -> None:
    place.finished(experiments=1)
    subprocess.run(["git", "branch", "praxtui/c", "main"], cwd=place.leaf, capture_output=True)
    subprocess.run(["git", "checkout", "-q", "praxtui/c"], cwd=place.leaf, check=True)
    assert "checked out" in place.praxtui("clean", "--remove", "c", "--refs", "--yes", code=2).stderr
    assert place.folder().exists() and "refs/praxtui/c/e1" in refs(place)


def test_words_that_make_no_sense_are_refused(place: Place) -> None:
    assert "--refs goes with --remove" in place.refused("clean", "--refs")
    assert "by name" in place.refused("clean", "--remove", "--yes")
    assert "no campaign" in place.refused("clean", "nowhere")


class TestAges:
    """What must be old before it goes, asked as of a month later."""

    @pytest.fixture(autouse=True)
    def at_home(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PRAXTUI_HOME", "HOME"):
            monkeypatch.setenv(name, place.env[name])

    def kinds(self, place: Place, *names: str, after: float = MONTH) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for spare in space.of_home([place.state(name) for name in names], names, time.time() + after):
            found.setdefault(spare.kind.name, []).append(spare.path.name)
        return found

    def test_what_is_young_stays_and_what_is_old_goes(self, place: Place) -> None:
        place.finished(experiments=1)
        for name in (".canary-abc", "data/0123", "cache/sample-1", "leaves/.ngram.new-1"):
            (place.home / name).mkdir(parents=True)
        (place.home / "crash-20200101-000000-1.txt").write_text("trace")
        assert self.kinds(place, "c") == {
            "half-made": [".canary-abc", ".ngram.new-1"],
            "crash reports": ["crash-20200101-000000-1.txt"],
            "sample": ["sample-1"],
            "data": ["0123"],
        }
        assert self.kinds(place, "c", after=0) == {}

    def test_the_data_of_a_campaign_that_goes_on_stays(self, place: Place) -> None:
        place.finished(experiments=1)
        (place.home / "data" / "0123").mkdir(parents=True)
        state = place.state()
        state.setup_key, state.ended = "0123", None
        assert not [*space.of_home([state], ["c"], time.time() + MONTH)]
        state.ended = "finished"
        assert [spare.path.name for spare in space.of_home([state], ["c"], time.time() + MONTH)] == ["0123"]
        assert not [*space.of_home([], ["c"], time.time() + MONTH)], "a record that cannot be read may need it"

    def test_a_copied_leaf_goes_only_as_it_came(self, place: Place) -> None:
        place.praxtui("run", "ngram", "--researcher", "null", "--experiments", "1", "--name", "n", "--detach")
        place.until(lambda: place.state("n").ended and not place.alive("n"), "the campaign to end")
        assert "leaves" not in self.kinds(place, "n"), "it is the leaf of a campaign"
        place.praxtui("clean", "--remove", "n", "--yes")
        assert "leaves" not in self.kinds(place), "it holds commits of a campaign"
        leaf = place.home / "leaves" / "ngram"
        for ref in subprocess.run(
            ["git", "for-each-ref", "--format=%(refname)", "refs/praxtui", "refs/heads/praxtui"], cwd=leaf,
            capture_output=True, text=True, check=True,
        ).stdout.split():  # fmt: skip
            subprocess.run(["git", "update-ref", "-d", ref], cwd=leaf, check=True)
        assert self.kinds(place)["leaves"] == ["ngram"]
        (leaf / "notes.txt").write_text("mine")
        assert "leaves" not in self.kinds(place), "a person was at work in it"
