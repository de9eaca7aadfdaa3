"""`run --detach` and `resume` over ssh without a terminal: the engine stays when the connection is cut."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.runs import proc
from tests.cli.place import PATIENCE, Place
from tests.tui.test_over_ssh import Server, there
from tests.tui.test_over_ssh import pytestmark as needs_sshd

pytestmark = [needs_sshd, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "ssh")
    yield made
    made.close()


def said(place: Place, server: Server, *words: str) -> str:
    """What a verb prints over a connection of its own. ssh waits for whatever keeps one of its descriptors open."""
    done = subprocess.run(server.client(there(place, *words)), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def cut_after(place: Place, server: Server, *words: str) -> int:
    """Start an engine over a connection that stays open, and cut that; the engine, which was below none of it."""
    command = f"{there(place, *words)} && exec sleep 600"
    with subprocess.Popen(server.client(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline().startswith(b"c ")
        engine = place.engine()
        below = {process.pid for process in proc.descendants(server.process.pid)}
        assert below
        assert engine not in below
        server.cut()
        assert client.wait(PATIENCE) == 255  # ssh's own word for a lost connection
    return engine


def test_an_engine_stays_when_the_connection_is_cut_and_is_found_from_the_next(place: Place, server: Server) -> None:
    place.hold()
    run = ("run", str(place.leaf), "--name", "c", "--researcher", "null", "--experiments", "1", "--detach")
    engine = cut_after(place, server, *run)
    place.running()
    assert place.engine() == engine
    assert " running " in said(place, server, "list")
    assert said(place, server, "resume", "c") == "c is running already\n"
    place.kill_engine()
    assert " dead " in said(place, server, "list")
    second = cut_after(place, server, "resume", "c")
    assert place.engine() == second != engine
    place.release()
    place.until(lambda: place.state().ended, "the campaign to end")
    assert [run.n for run in place.state().experiments["e1"].runs] == [1]
