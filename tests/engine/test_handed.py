"""Keys on their way from a person's shell to the engine: there when they are needed, and readable nowhere else."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from praxtui.engine import handed, supervisor
from praxtui.engine.handed import Handed
from praxtui.journal import liveness
from praxtui.journal.facts import EngineStarted, EngineStopped, RunStarted
from praxtui.journal.people import WaitingBegan
from praxtui.journal.store import Journal
from praxtui.research.llm.providers import PROVIDERS
from praxtui.runs import proc
from praxtui.secret_names import has_password, sounds_secret, without_secrets
from tests.cli.place import Place
from tests.making import facts
from tests.scripted import ideas as think
from tests.scripted.researcher import GoodResearcher
from tests.scripted.said import Answer, Asked
from tests.scripted.server import NO_KEY, Server

KEY = "sk-p1anted-model-7c1e"
PLANTED = {
    "OPENAI_API_KEY": KEY,
    "LEAF_PHRASE": "p1anted-leaf-51d0",
    "SOME_TOKEN": "p1anted-token-aa12",
    "ANTHROPIC_API_KEY": "p1anted-other-bb34",
    "DATABASE": "postgres://me:p1anted-database-cc56@example.org/x",
    "HTTPS_PROXY": "http://me:p1anted-proxy-dd78@proxy.example.org:3128",
    "NO_PROXY": "127.0.0.1,localhost",
}
RUN = ("run", "leaf", "--name", "c", "--lookahead", "1", "--model", "openai/gpt-4o", "--allow-unsandboxed", "--detach")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose shell knows no key."""
    made = Place(tmp_path / "place")
    for name in {name for about in PROVIDERS.values() for name in about.variables} | set(PLANTED):
        made.env.pop(name, None)
    yield made
    made.clear()


@pytest.fixture
def server() -> Iterator[Server]:
    """A model with two ideas, for whoever has the key."""
    with Server(GoodResearcher([think.change("GAIN", 2.0), think.change("GAIN", 3.0)]), keys=[KEY]) as made:
        yield made


def environment_of(pid: int) -> dict[str, str]:
    """What stands in /proc as the environment that a process began with."""
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode()
    return dict(entry.partition("=")[::2] for entry in raw.split("\0") if entry)


def shown(pid: int) -> str:
    """The environment and the command line of a process, as anybody of the same rights may read them."""
    return (Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()).decode()


def waits_for_keys(place: Place) -> None:
    place.when(lambda state: "keys" in state.waits)


def started(place: Place) -> list[tuple[str, int]]:
    return [(run.experiment, run.n) for run in facts(place.folder(), RunStarted)]


# --- where keys must not be ------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="the engine's environment can be read by root only")
def test_planted_secrets_are_in_no_file_and_no_environment_but_those_that_declare_them(
    place: Place, server: Server
) -> None:
    place.leaf = place.make_leaf("secretive", {"constraints": {"secrets": ["LEAF_PHRASE"]}})
    place.env |= {**PLANTED, "OPENAI_BASE_URL": server.openai_base}
    place.hold()
    place.praxtui("run", "secretive", *RUN[2:], "--experiments", "2")
    place.running()
    engine = place.engine()
    assert "p1anted" not in shown(engine)
    assert set(PLANTED) & set(environment_of(engine)) == {"NO_PROXY"}
    assert environment_of(engine)["PRAXTUI_HOME"] == str(place.home)
    below = [process.pid for process in proc.descendants(engine)]
    assert len(below) >= 2  # a shim and its run
    for pid in below:
        said = shown(pid)
        assert said.count("p1anted") == said.count("LEAF_PHRASE=p1anted-leaf-51d0") == 1, said
    place.release()
    place.until(lambda: not place.alive(), "the engine to be gone")
    assert place.state().ended == "finished"
    assert [row["verdict"] for row in place.json("ledger", "c")] == ["keep", "keep", "keep"]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    for words in (["show", "c", "e1", "--prompt"], ["status", "c"], ["show", "c", "e1"], ["ledger", "c", "--json"]):
        assert "p1anted" not in place.praxtui(*words).stdout
    found = list(holding(place.home, b"p1anted"))
    assert found == []


def holding(home: Path, words: bytes) -> Iterator[str]:
    """Every file below `home` with the words in it, and every compressed text of the journals."""
    for path in home.rglob("*"):
        if path.is_file() and words in path.read_bytes():
            yield str(path)
        if path.name == "journal.db":
            with Journal.open(path.parent) as journal:
                yield from (item.text for item in journal.stream_read() if words.decode() in item.text)
                yield from (str(event) for event in journal.read() if words.decode() in str(event))
                for digest in blobs(path):
                    if words in journal.get_blob(digest):
                        yield f"{path}: {digest}"


def blobs(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        names = [row[1] for row in connection.execute("PRAGMA table_info(blobs)")]
        found = [row[0] for row in connection.execute(f"SELECT {names[0]} FROM blobs")]
        assert found
        return [one.hex() if isinstance(one, bytes) else one for one in found]
    finally:
        connection.close()


# --- an engine that lost them ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_killed_engine_without_its_keys_waits_and_resume_hands_them_over(place: Place, server: Server) -> None:
    base = {"OPENAI_BASE_URL": server.openai_base}
    place.hold()
    place.praxtui(*RUN, "--experiments", "2", OPENAI_API_KEY=KEY, **base)
    place.running()
    place.kill_engine()
    # From a shell without the key: the run is adopted and measured, and the next question waits.
    done = place.praxtui("resume", "c")
    assert "c goes on: engine" in done.stdout
    assert "waits for a key: openai/gpt-4o needs OPENAI_API_KEY" in done.stderr
    place.release()
    waits_for_keys(place)
    status = place.json("status", "c")
    assert status["state"] == "waiting"
    assert "set OPENAI_API_KEY, then `praxtui resume`" in status["reason"]
    second = place.engine()
    refused = place.refused("resume", "c", code=4)
    assert "c waits: openai/gpt-4o needs OPENAI_API_KEY" in refused
    assert "export OPENAI_API_KEY=..." in refused
    assert place.engine() == second
    done = place.praxtui("resume", "c", OPENAI_API_KEY=KEY, **base)
    assert "its engine makes room for one that has OPENAI_API_KEY" in done.stdout
    place.until(lambda: not place.alive(), "the engine to be gone")
    assert place.state().ended == "finished"
    assert [row["verdict"] for row in place.json("ledger", "c")] == ["keep", "keep", "keep"]
    assert len(facts(place.folder(), EngineStarted)) == 3


def test_a_run_goes_on_while_an_engine_whose_key_was_revoked_is_replaced(place: Place, tmp_path: Path) -> None:
    good = GoodResearcher([think.change("GAIN", 2.0), think.change("GAIN", 3.0)])

    def play(asked: Asked) -> Answer:
        # The first draft takes four calls: its hypothesis, the edit, the check, handing it in.
        return NO_KEY if asked.n > 4 and asked.key != KEY else good(asked)

    with Server(play) as server:
        base = {"OPENAI_BASE_URL": server.openai_base}
        place.hold()
        place.env |= {"OPENAI_API_KEY": "sk-old-1111", **base}
        follower = place.start(*RUN[:-1], "--experiments", "2")
        place.running()
        # Who follows is told, and let go.
        out, err = follower.communicate(timeout=120)
        assert follower.returncode == 4, out + err
        assert "openai refused the key: set OPENAI_API_KEY, then `praxtui resume`" in out + err
        first = place.engine()
        assert place.json("status", "c")["state"] == "waiting"
        done = place.praxtui("resume", "c", OPENAI_API_KEY=KEY)
        assert "its engine makes room for one that has OPENAI_API_KEY" in done.stdout
        assert place.engine() != first
        place.release()
        place.until(lambda: not place.alive(), "the engine to be gone")
    assert place.state().ended == "finished"
    assert [row["verdict"] for row in place.json("ledger", "c")] == ["keep", "keep", "keep"]
    # What was under way all the time was begun once.
    assert started(place).count(("e1", 1)) == 1
    assert next(fact.reason for fact in facts(place.folder(), EngineStopped)) == "told to go by SIGTERM"


@pytest.mark.slow
def test_a_key_that_appears_in_the_file_is_taken_by_the_engine_itself(place: Place, server: Server) -> None:
    base = {"OPENAI_BASE_URL": server.openai_base}
    place.praxtui(*RUN, "--experiments", "1", OPENAI_API_KEY="sk-revoked-0000", **base)
    waits_for_keys(place)
    assert "openai refused the key" in place.state().waiting_reason
    engine = place.engine()
    file = place.home / "config" / "keys"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(f"OPENAI_API_KEY={KEY}\n")
    place.until(lambda: not place.alive(), "the engine to be gone")
    assert place.state().ended == "finished"
    assert place.state().engine_pid == engine
    assert [wait.cause for wait in facts(place.folder(), WaitingBegan)].count("keys") >= 1
    assert list(holding(place.home, b"sk-revoked-0000")) == []
    assert list(holding(place.home, KEY.encode())) == [str(file)]


# --- the pipe --------------------------------------------------------------------------------------------------------


def test_what_is_handed_arrives_whole_whatever_its_size() -> None:
    given = Handed({"VERTEXAI_CREDENTIALS": "x" * 500_000, "ü": "ß\n"}, {"A": "b"}, {}, 12.5)
    reader, writer = os.pipe()
    writing = threading.Thread(target=handed.write, args=(given, writer))
    writing.start()
    assert handed.receive(reader) == given
    writing.join()


def test_an_engine_that_is_gone_is_no_fault_of_the_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    handed.write(Handed({"A": "b" * 100_000}), writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)


def test_nothing_handed_over_is_nothing() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    for given in (handed.receive(None), handed.receive(reader)):
        assert (given.models, given.secrets, given.proxies) == ({}, {}, {})
        assert given.at > 0


def test_a_proxy_goes_into_the_environment_of_the_engine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "")
    reader, writer = os.pipe()
    handed.write(Handed(proxies={"HTTPS_PROXY": PLANTED["HTTPS_PROXY"]}), writer)
    handed.receive(reader)
    assert os.environ["HTTPS_PROXY"] == PLANTED["HTTPS_PROXY"]
    assert "HTTPS_PROXY" not in without_secrets(os.environ)


def test_no_value_shows_in_a_repr() -> None:
    given = Handed({"A_KEY": "planted"}, {"B": "planted"}, {"HTTP_PROXY": "planted"})
    for text in (repr(given), str(given), pretty_repr(given), f"{given}"):
        assert "planted" not in text
        assert "A_KEY" in text


# --- what is secret --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "my_password", "PGPASSWORD", "GH_PAT", "NPM_AUTH"]
)
def test_names_of_credentials_are_known(name: str) -> None:
    assert sounds_secret(name)
    assert without_secrets({name: "x"}) == {}


@pytest.mark.parametrize("name", ["PATH", "HOME", "PYTHONPATH", "LANG", "CUDA_VISIBLE_DEVICES", "SSH_AUTH_SOCK"])
def test_other_names_pass(name: str) -> None:
    assert without_secrets({name: "x"}) == {name: "x"}
    assert without_secrets({name: "x"}, [name]) == {}


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("http://me:pw@host:1", True),
        ("postgres://:pw@host/db", True),
        ("http://me@host", False),
        ("http://host:3128", False),
        ("a:b@c", False),
    ],
)
def test_passwords_in_addresses_are_seen(value: str, secret: bool) -> None:
    assert has_password(value) is secret


# --- the process -----------------------------------------------------------------------------------------------------

PRIVATE = """
import ctypes, os, sys
from praxtui.engine.handed import keep_private
keep_private()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
sys.stdin.read()
"""
LOOK = """
import json, os, signal, sys
from praxtui.journal import liveness
from praxtui.runs import proc
pid = int(sys.argv[1])
def reads(name):
    try:
        return bool(open(f"/proc/{pid}/{name}", "rb").read(1)) or True
    except OSError:
        return False
me = liveness.identity(pid)
print(json.dumps({
    "environ": reads("environ"), "mem": reads("mem"), "start": liveness.start_of(pid), "same": liveness.same(me),
    "descendants": isinstance(proc.descendants(pid), list), "sent": proc.send(pid, me.start, signal.SIGTERM),
}))
"""


def test_a_private_process_can_be_found_and_told_to_go_but_not_read() -> None:
    """Also by a process of the same person who is not root."""
    who = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    env = {**os.environ, "PYTHONPATH": str(Path(supervisor.__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        private = subprocess.Popen(
            [sys.executable, "-c", PRIVATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd="/",
            **who,
        )  # fmt: skip
    except PermissionError:
        pytest.skip("another user may not run this Python")
    with private:
        assert private.stdout is not None
        said = private.stdout.readline()
        if not said:
            pytest.skip("another user may not read this installation")
        assert said == "0\n"
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(private.pid)], capture_output=True, text=True, env=env, cwd="/",
            timeout=60, **who,
        )  # fmt: skip
        assert looked.returncode == 0, looked.stderr
        found = json.loads(looked.stdout)
        assert found["start"] == liveness.start_of(private.pid) or private.wait(60) is not None
        assert (found["environ"], found["mem"]) == (False, False)
        assert (found["same"], found["descendants"], found["sent"]) == (True, True, True)
        assert private.wait(60) == -signal.SIGTERM
