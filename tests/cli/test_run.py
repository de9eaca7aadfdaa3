"""`praxtui run`: what it prints, what its flags do, and the codes it exits with."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import pytest

from praxtui.journal.facts import CampaignCreated
from tests.cli.place import Place

ROW = re.compile(
    r"^(e\d+) +(keep|discard|crash|invalid|void)[ a-z]* +(\d+\.\d{4}|-) +(-|0|[+-][\d.]+( sd)?) +(\S+)  \S"
)


def created(place: Place, name: str = "c") -> CampaignCreated:
    fact = place.events(name)[0].fact
    assert isinstance(fact, CampaignCreated)
    return fact


def test_a_row_an_experiment_and_a_summary(place: Place) -> None:
    done = place.praxtui("run", "leaf", "--researcher", "null", "--experiments", "3")
    head, *lines = done.stdout.splitlines()
    name = place.state(head.split()[0]).id
    assert head.startswith(f"{name}  epoch 1: score, higher is better, deterministic")
    rows = [found for line in lines if (found := ROW.match(line))]
    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("e0", "keep", "1.0000"), ("e1", "discard", "1.0000"), ("e2", "discard", "1.0000"), ("e3", "discard", "1.0000"),
    ]  # fmt: skip
    assert f"{name} is finished: 3 experiments done" in lines
    for words in ("baseline  1.0000", "tried     3 experiments, 0 kept (none)", "refs/praxtui/"):
        assert words in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


def test_json_is_rows_and_then_the_status_and_nothing_else(place: Place) -> None:
    place.write("leaf", {"notes.txt": "not committed yet"})
    done = place.praxtui("run", "leaf", "--researcher", "null", "--experiments", "2", "--name", "c", "--json")
    *rows, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows == place.json("ledger", "c")
    assert [row["id"] for row in rows] == ["e0", "e1", "e2"]
    assert last == place.json("status", "c")
    assert (last["state"], last["experiments"], last["engine"]["alive"]) == ("finished", 2, False)
    assert "uncommitted edits; e0 includes them: notes.txt" in done.stderr


def test_flags_reach_the_campaign(place: Place) -> None:
    noisy = ["--set", "metric.deterministic=false", "--set", "constraints.repeats=2", "--set", "loop.budget=30s"]
    flags = [
        "--seed",
        "7",
        "--hours",
        "0.5",
        "--usd",
        "none",
        "--tokens",
        "9",
        "--lookahead",
        "0",
        "--name",
        "named.one",
    ]
    done = place.praxtui("run", "leaf", "--researcher", "null", "--experiments", "1", *noisy, *flags)
    fact = created(place, "named.one")
    assert (fact.id, fact.seed, fact.researcher, fact.lookahead) == ("named.one", 7, "null", 0)
    budgets = fact.budgets
    assert (budgets.experiments, budgets.hours, budgets.usd, budgets.tokens) == (1, 0.5, None, 9)
    assert fact.overrides == {
        "metric.deterministic": "false", "constraints.repeats": "2", "loop.budget": "30s", "loop.lookahead": "0",
    }  # fmt: skip
    state = place.state("named.one")
    assert [run.seed for run in state.experiments["e0"].runs] == [7, 8]
    assert [run.seed for run in state.experiments["e1"].runs] == [7]
    assert "2 baseline runs" in done.stdout
    assert place.leaf.joinpath("program.md").read_text().count("30s") == 0


def test_limits_come_from_the_program_where_no_flag_is_given(place: Place) -> None:
    place.begin("c", "--hours", "1")
    budgets = created(place).budgets
    assert (budgets.hours, budgets.usd, budgets.tokens) == (1.0, 10.0, None)


def test_no_experiments_is_a_baseline_alone(place: Place) -> None:
    done = place.praxtui("run", "leaf", "--researcher", "null", "--experiments", "0", "--json")
    e0, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert (e0["id"], e0["metric"]) == ("e0", 1.0)
    assert (last["experiments"], last["state"]) == (0, "finished")


def test_what_an_earlier_campaign_tried_is_not_tried_again(place: Place) -> None:
    leaf = place.make_leaf("small", {"levers": {"space": {"GAIN": {"choices": [1.0, 2.0, 3.0]}, "SPAN": False}}})
    tried: list[str] = []
    for name, after in (("a", []), ("b", ["--after", "a"]), ("d", ["--after", "all"])):
        words = ["run", str(leaf), "--name", name, "--experiments", "1", "--json", *after]
        done = place.praxtui(*words, code=0 if name != "d" else 4)
        rows = [json.loads(line) for line in done.stdout.splitlines()][1:-1]
        tried += [row["hypothesis"] for row in rows if row["verdict"] != "void"]
    assert sorted(tried) == ["GAIN 1.0 -> 2.0", "GAIN 1.0 -> 3.0"]
    assert created(place, "b").after == ["a"]
    assert created(place, "d").after == ["a", "b"]
    # A sweep with nothing left to try waits for its person, and who follows it is told.
    assert "nothing left to try: every value of GAIN" in done.stderr
    assert done.stderr.count("nothing left to try") == 1
    assert json.loads(done.stdout.splitlines()[-1])["state"] == "waiting"


def test_detached_is_back_once_the_engine_answers(place: Place) -> None:
    place.hold()
    done = place.praxtui("run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c", "--detach")
    assert done.stdout == "c runs without this terminal: praxtui status c, praxtui stop c\n"
    assert place.alive()
    place.running()
    assert place.json("status", "c")["state"] == "running"
    place.release()
    place.when(lambda state: state.ended)


def test_detached_json_is_the_status(place: Place) -> None:
    done = place.praxtui(
        "run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c", "--detach", "--json"
    )
    [line] = done.stdout.splitlines()
    document = json.loads(line)
    assert (document["id"], document["engine"]["alive"]) == ("c", True)


def test_interrupted_before_the_end_is_130(place: Place) -> None:
    place.hold()
    follower = place.start("run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c")
    place.until(lambda: place.folder().joinpath("journal.db").exists(), "the campaign")
    place.running()
    os.kill(place.engine(), signal.SIGSTOP)
    for said in ("stopping after this run", "stopping now"):
        follower.send_signal(signal.SIGINT)
        assert follower.stderr is not None
        while said not in follower.stderr.readline():
            assert follower.poll() is None
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=120)
    assert follower.returncode == 130


def test_a_dead_engine_ends_the_following_with_what_to_do(place: Place) -> None:
    place.hold()
    follower = place.start("run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c", "--json")
    place.until(lambda: place.folder().joinpath("journal.db").exists(), "the campaign")
    place.running()
    place.kill_engine()
    out, err = follower.communicate(timeout=120)
    assert follower.returncode == 4
    assert "praxtui resume c" in err
    last: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert (last["state"], last["phase"]) == ("dead", "no engine")


@pytest.mark.parametrize("verb", ["run", "resume"])
def test_a_reader_that_leaves_early_changes_nothing(place: Place, verb: str) -> None:
    """`praxtui run leaf | head -1`."""
    place.hold()
    if verb == "resume":
        place.begin("c", experiments=1)
        follower = place.start("resume", "c", "--follow")
    else:
        follower = place.start("run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c")
    assert follower.stdout is not None
    assert follower.stdout.readline()
    follower.stdout.close()
    place.running()
    place.release()
    place.when(lambda state: state.ended == "finished")
    assert follower.wait(120) == 0
    assert follower.stderr is not None
    assert "Traceback" not in follower.stderr.read()
