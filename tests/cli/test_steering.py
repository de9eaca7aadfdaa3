"""The verbs that steer, with an engine that answers and without one; `resume` and `fork`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from praxtui.journal.inbox import Inbox
from tests.cli.place import Place, patched
from tests.making import create

WAITS = "c has no live engine: the command waits; `praxtui resume c` takes it\n"


def said(place: Place, *words: str) -> str:
    return place.praxtui(*words).stdout


def test_a_running_campaign_is_steered(place: Place) -> None:
    place.hold()
    place.begin("c", "--lookahead", "1", experiments=4)
    place.running()
    assert said(place, "hint", "c", "try", "less") == "given as k1\n"
    assert place.state().hints["k1"].text == "try less"
    assert said(place, "budget", "c", "--experiments", "3", "--usd", "none") == "budget changed\n"
    assert (place.state().budgets.experiments, place.state().budgets.usd) == (3, None)
    place.when(lambda state: "e2" in state.experiments and state.experiments["e2"].commit)
    assert said(place, "veto", "c", "not", "this") == "e2 vetoed\n"
    assert said(place, "kill", "c") == "killing run 1 of e1\n"
    assert place.when(lambda state: state.experiments["e1"].verdict).experiments["e1"].verdict == "void"
    place.running(experiment="e3")
    state = place.state()
    assert (state.experiments["e2"].verdict, state.experiments["e2"].reason) == ("void", "vetoed: not this")
    assert said(place, "pause", "c") == "paused; the current run ends normally and is judged\n"
    assert said(place, "pause", "c") == "paused already\n"
    place.release()
    place.when(lambda state: state.experiments["e3"].verdict == "discard")
    document = place.json("status", "c")
    assert (document["state"], document["experiments"]) == ("paused", 1)
    place.hold()
    assert said(place, "resume", "c") == "resumed\n"
    name, _, n = place.when(lambda state: state.running).running[0].partition("/")
    place.running(experiment=name, n=int(n))
    assert said(place, "resume", "c") == "c is running already\n"
    assert said(place, "stop", "c") == "stopping after the current run\n"
    assert said(place, "stop", "c") == "stopping now\n"
    place.when(lambda state: state.ended)
    assert said(place, "stop", "c") == "c is stopped already: stopped by its person\n"
    place.until(lambda: not place.alive(), "the engine to be gone")
    assert [row["verdict"] for row in place.json("ledger", "c")][:4] == ["keep", "void", "void", "discard"]


def test_stop_now_does_not_wait(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=4)
    place.running()
    assert said(place, "stop", "c", "--now") == "stopping now\n"
    assert place.when(lambda state: state.ended).experiments["e1"].verdict == "void"


def test_review_and_approval(place: Place) -> None:
    place.begin("c", "--autonomy", "review", experiments=2)
    place.when(lambda state: state.waiting == "approval")
    assert place.json("status", "c")["state"] == "waiting"
    assert said(place, "status", "c").endswith("\nnext        praxtui approve c, or praxtui veto c REASON\n")
    assert said(place, "approve", "c") == "approved e1\n"
    place.when(lambda state: state.experiments["e1"].verdict and state.waiting == "approval")
    assert said(place, "autonomy", "c", "auto") == "autonomy auto\n"
    state = place.when(lambda state: state.ended)
    assert (state.ended, state.counted) == ("finished", 2)


def test_what_an_engine_refuses_is_an_error(place: Place) -> None:
    place.hold()
    place.begin("c", "--autonomy", "review", experiments=2)
    place.when(lambda state: state.waiting == "approval")
    for words, refusal in (
        (["kill", "c"], "nothing is running"),
        (["keep", "c", "e0"], "e0 is kept already"),
        (["discard", "c", "e1"], "e1 is no keep of this epoch's branch; there is nothing to discard"),
        (["keep", "c", "e1"], "e1 cannot be kept: its verdict is not there yet, so it has no metric"),
    ):
        done = place.praxtui(*words, code=2)
        assert (done.stdout, done.stderr) == ("", f"refused: {refusal}\n")


def test_verdicts_are_overruled_and_a_finished_campaign_goes_on_for_that(place: Place) -> None:
    place.finished("c", 1)
    assert said(place, "resume", "c").startswith("c is finished: 1 experiments done; give it more with")
    assert said(place, "keep", "c", "e1") == WAITS
    assert said(place, "budget", "c", "--experiments", "2") == WAITS
    assert said(place, "resume", "c").startswith("c goes on: engine ")
    place.until(lambda: not place.alive(), "the engine to be gone")
    document = place.json("status", "c")
    assert (document["state"], document["experiments"], document["kept"]) == ("finished", 2, 1)
    assert said(place, "discard", "c", document["best_id"]) == WAITS
    assert said(place, "resume", "c").startswith("c goes on: engine ")
    place.until(lambda: not place.alive(), "the engine to be gone")
    assert place.json("status", "c")["kept"] == 0


def test_without_an_engine_commands_wait_and_a_stop_comes_before_any_run(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=3)
    place.running()
    place.kill_engine()
    assert place.json("status", "c")["state"] == "dead"
    commands = [
        ["hint", "c", "less"], ["pause", "c"], ["kill", "c"], ["veto", "c", "no"], ["approve", "c"],
        ["keep", "c", "e1"], ["discard", "c", "e1"], ["budget", "c", "--hours", "2"],
        ["autonomy", "c", "review"], ["stop", "c"],
    ]  # fmt: skip
    for words in commands:
        assert said(place, *words) == WAITS
    with Inbox(place.folder()) as inbox:
        assert [command.verb for command in inbox.pending()] == [words[0] for words in commands]
    place.release()
    assert said(place, "resume", "c").startswith("c goes on: engine ")
    place.until(lambda: not place.alive(), "the engine to be gone")
    state = place.state()
    assert (state.ended, state.end_reason) == ("stopped", "stopped by its person")
    assert list(state.experiments["e1"].runs)[1:] == []
    assert state.hints["k1"].text == "less"


def test_a_stop_that_waited_ends_a_campaign_before_its_first_run(place: Place) -> None:
    with patched(os.environ, place.env):
        create(place.leaf, researcher="null", experiments=3)
    assert place.json("status", "c")["state"] == "dead"
    assert said(place, "stop", "c") == WAITS
    assert said(place, "resume", "c").startswith("c goes on: engine ")
    place.until(lambda: not place.alive(), "the engine to be gone")
    state = place.state()
    assert (state.ended, state.end_reason) == ("stopped", "stopped by its person")
    assert not any(experiment.runs for experiment in state.experiments.values())


def test_resume_restarts_a_dead_engine_which_adopts_its_run(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=1)
    place.running()
    place.kill_engine()
    assert said(place, "resume", "c").startswith("c goes on: engine ")
    assert place.json("status", "c")["state"] == "running"
    place.release()
    state = place.when(lambda state: state.ended)
    assert (state.counted, len(state.experiments["e1"].runs)) == (1, 1)


def test_resume_goes_on_with_a_stopped_campaign_and_can_follow_it(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=2)
    place.running()
    place.praxtui("stop", "c", "--now")
    place.release()
    done = place.praxtui("resume", "c", "--follow")
    assert done.stdout.startswith("c goes on: engine ")
    assert "c is finished: 2 experiments done" in done.stdout
    assert "\ne0 " not in done.stdout


def test_resume_all_restarts_the_dead_ones_only(place: Place) -> None:
    assert said(place, "resume", "--all") == "no campaign is dead\n"
    place.finished("done", 0)
    place.hold()
    for name in ("dead", "live"):
        place.begin(name, experiments=1)
        place.running(name)
    place.praxtui("pause", "live")
    place.kill_engine("dead")
    assert [line.split()[0] for line in said(place, "resume", "--all").splitlines()] == ["dead"]
    assert place.alive("dead")
    assert place.state("live").paused
    assert not place.alive("done")


def test_a_second_engine_is_refused(place: Place) -> None:
    place.hold()
    folder = place.begin("c", experiments=1)
    place.running()
    first = place.engine()
    done = subprocess.run(
        [sys.executable, "-m", "praxtui.engine", str(folder)],
        capture_output=True,
        text=True,
        env=place.env,
        timeout=120,
    )
    assert done.returncode == 2
    assert f"campaign c has an engine already (pid {first})" in done.stderr
    assert "Traceback" not in done.stderr
    assert place.engine() == first
    place.release()
    assert place.when(lambda state: state.ended).counted == 1


@pytest.mark.slow
def test_a_command_that_a_stopped_process_does_not_answer_waits(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=1)
    place.running()
    engine = place.engine()
    os.kill(engine, signal.SIGSTOP)
    try:
        assert said(place, "hint", "c", "later").startswith("c has not answered within 5 s")
    finally:
        os.kill(engine, signal.SIGCONT)
    place.when(lambda state: "k1" in state.hints)


def test_a_fork_begins_where_an_experiment_stands(place: Place) -> None:
    leaf = place.make_leaf("climb", {"levers": {"space": {"GAIN": {"choices": [1.0, 2.0]}, "SPAN": False}}})
    place.praxtui("run", str(leaf), "--name", "c", "--experiments", "1", "--seed", "4")
    assert said(place, "fork", "c", "e1", "--name", "d") == "d began at e1 of c: praxtui status d\n"
    state = place.when(lambda state: state.ended or state.waiting, "d")
    assert (state.forked_from, state.seed, state.after) == ("c/e1", 4, ["c"])
    assert place.json("status", "d")["baseline"] == 2.0
    assert "choose another --name" in place.refused("fork", "c", "e0", "--name", "d")
