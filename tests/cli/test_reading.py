"""The verbs that only read: `list`, `status`, `ledger`, `show`, their JSON, and how campaigns are named."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from praxtui.journal.store import Journal
from tests.cli.place import Place
from tests.journal.test_ledger import KEYS as ROW_KEYS
from tests.journal.test_status import KEYS as STATUS_KEYS


@pytest.fixture(scope="module")
def read(shared: Place) -> Place:
    """A place with the finished campaigns alpha (of sweep, with a keep) and alps (of null)."""
    leaf = shared.make_leaf("climb", {"levers": {"space": {"GAIN": {"choices": [1.0, 2.0]}, "SPAN": False}}})
    shared.praxtui("run", str(leaf), "--name", "alpha", "--experiments", "1")
    shared.finished("alps")
    return shared


def test_the_list_is_of_status_documents_newest_first(read: Place) -> None:
    documents = read.json("list")
    assert [document["id"] for document in documents] == ["alps", "alpha"]
    assert documents == [read.json("status", "alps"), read.json("status", "alpha")]
    for document in documents:
        assert set(document) >= STATUS_KEYS


def test_the_list_for_people(read: Place) -> None:
    head, first, second = read.praxtui("list").stdout.splitlines()
    assert head.split()[:5] == ["campaign", "leaf", "state", "tried", "kept"]
    assert first.split()[:5] == ["alps", "leaf", "finished", "2", "0"]
    assert second.split()[:7] == ["alpha", "climb", "finished", "1", "1", "2.0000", "+100.0%"]


def test_an_empty_home_says_how_to_begin(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    done = place.praxtui("list")
    assert (done.stdout, done.stderr) == ("", "no campaigns yet: praxtui run ngram starts one\n")
    assert place.json("list") == []
    assert "there are no campaigns yet" in place.refused("status", "c")
    assert not place.home.exists()


def test_a_status_is_for_people_and_for_programs(read: Place) -> None:
    document = read.json("status", "alpha")
    assert set(document) >= STATUS_KEYS
    assert (document["state"], document["best"], document["claimed_gain"]["value"]) == ("finished", 2.0, 1.0)
    assert document["engine"]["alive"] is False
    said = dict(line.split(None, 1) for line in read.praxtui("status", "alpha").stdout.splitlines())
    assert said["campaign"] == "alpha  climb  researcher sweep"
    assert said["state"] == "finished: 1 experiments done"
    assert said["best"] == "2.0000  (e1)"
    assert said["tried"] == "1 experiments, 1 kept (1 confirmed)"
    assert said["engine"] == "not running"


def test_a_kept_status_with_other_keys_is_made_anew(read: Place) -> None:
    document = read.json("status", "alpha")
    with Journal.open(read.folder("alpha"), write=True) as journal:
        kept = journal.load_snapshot("status")
        assert kept is not None
        old = msgspec.json.decode(kept.data)
        del old["hints"]
        journal.save_snapshot("status", kept.seq, kept.version, msgspec.json.encode(old))
    assert read.json("status", "alpha") == document
    assert "hints" in document
    with Journal.open(read.folder("alpha"), write=True) as journal:
        journal.save_snapshot("status", kept.seq, kept.version, kept.data)


def test_a_ledger_is_for_people_and_for_programs(read: Place) -> None:
    rows = read.json("ledger", "alpha")
    assert [row["id"] for row in rows] == ["e0", "e1"]
    assert all(set(row) == ROW_KEYS for row in rows)
    assert (rows[1]["verdict"], rows[1]["standing"], rows[1]["metric"], rows[1]["delta"]) == ("keep", "confirmed", 2, 1)
    head, e0, e1 = read.praxtui("ledger", "alpha").stdout.splitlines()
    assert head.split() == ["id", "verdict", "score", "delta", "runs", "time", "hypothesis"]
    assert e0.split()[:3] == ["e0", "keep", "1.0000"]
    assert e1.split()[:5] == ["e1", "keep", "confirmed", "2.0000", "+1"]


def test_one_experiment(read: Place) -> None:
    shown = read.praxtui("show", "alpha", "e1").stdout
    assert shown.startswith("e1  GAIN 1.0 -> 2.0\n")
    for words in ("because     ", "verdict     keep confirmed", "learned     confirmed", "\n+GAIN = 2.0\n"):
        assert words in shown
    document = read.json("show", "alpha", "e1")
    assert set(document) == ROW_KEYS | {"note", "diff", "logs", "prompt", "turns"}
    assert document["id"] == "e1"
    assert "+GAIN = 2.0" in document["diff"]
    assert len(document["prompt"]) == 1
    assert [Path(log).read_text() for log in document["logs"]] == ["loss: 0.5\n", "score: 2.0\n"]
    json.dumps(document)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--diff", ["-GAIN = 1.0", "+GAIN = 2.0"]),
        ("--log", ["loss: 0.5", "score: 2.0"]),
    ],
)
def test_a_part_of_an_experiment_alone(read: Place, flag: str, words: list[str]) -> None:
    lines = read.praxtui("show", "alpha", "e1", flag).stdout.splitlines()
    assert [line for line in lines if line in words] == words
    if flag != "--diff":
        assert lines == words


def test_what_a_researcher_saw_and_said(read: Place) -> None:
    assert (
        read.praxtui("show", "alpha", "e1", "--prompt").stdout == read.json("show", "alpha", "e1")["prompt"][0] + "\n"
    )
    assert read.praxtui("show", "alps", "e0", "--prompt").stdout == "person uses no model: there is no prompt\n"


def test_the_baseline_can_be_shown(read: Place) -> None:
    assert read.praxtui("show", "alpha", "e0").stdout.startswith("e0  the unchanged leaf\n")
    assert read.praxtui("show", "alpha", "e0", "--diff").stdout == ""


def test_the_beginning_of_an_id_is_enough_where_it_is_one(read: Place) -> None:
    assert read.json("status", "alpha")["id"] == read.json("status", "alph")["id"] == "alpha"
    said = read.refused("ledger", "al")
    assert said.startswith("praxtui: 'al' fits several campaigns: alps, alpha\n")


@pytest.mark.parametrize(
    "verb", ["status", "ledger", "show", "pause", "resume", "fork", "keep", "stop", "kill", "veto"]
)
def test_an_id_that_does_not_exist_names_the_nearest(read: Place, verb: str) -> None:
    more = ["e1"] if verb in ("show", "fork", "keep") else []
    said = read.refused(verb, "alfa", *more)
    assert said.startswith("praxtui: no campaign 'alfa'; did you mean: alpha")


@pytest.mark.parametrize("verb", ["show", "keep", "discard", "fork"])
def test_an_experiment_that_does_not_exist_names_the_nearest(read: Place, verb: str) -> None:
    said = read.refused(verb, "alpha", "e11")
    assert said == "praxtui: no experiment 'e11' in alpha; did you mean: e1?\n  it has e0 to e1\n"
    assert not (read.folder("alpha") / "inbox.db").exists()


def test_an_empty_hint_is_refused(read: Place) -> None:
    assert read.refused("hint", "alpha", "  ").startswith("praxtui: an empty hint says nothing")


def test_a_pipe_that_closes_early_is_no_error(read: Place) -> None:
    process = read.start("ledger", "alpha")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(120) == 0
