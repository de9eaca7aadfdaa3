from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from praxtui.errors import UserError
from praxtui.journal import inbox as module
from praxtui.journal.faults import JournalLocked
from praxtui.journal.inbox import Inbox, sender


def test_commands_are_taken_in_the_order_they_were_sent(tmp_path: Path) -> None:
    with Inbox(tmp_path) as writer, Inbox(tmp_path) as engine:
        assert engine.pending() == []
        first = writer.send("hint", {"text": "try ünïcode\n", "n": 1, "deep": {"a": [1, None]}}, "me@here:1")
        second = writer.send("stop", {}, "you@there:2")
        one, two = engine.pending()
        assert (one.id, one.verb, one.args, one.who) == (
            first,
            "hint",
            {"text": "try ünïcode\n", "n": 1, "deep": {"a": [1, None]}},
            "me@here:1",
        )
        assert (two.id, two.verb, two.args, two.who) == (second, "stop", {}, "you@there:2")
        assert one.at <= two.at
        assert engine.pending(after=first) == [two]
        assert engine.pending(after=second) == []


def test_changed_says_whether_something_came_since_the_last_look(tmp_path: Path) -> None:
    with Inbox(tmp_path) as writer, Inbox(tmp_path) as engine:
        assert not engine.changed()
        for number in range(3):
            writer.send("hint", {"n": number}, "me")
            assert engine.changed()
            assert engine.changed()
            assert engine.pending()[-1].args == {"n": number}
            assert not engine.changed()


def test_an_inbox_that_was_deleted_is_made_anew_and_its_ids_go_on(tmp_path: Path) -> None:
    with Inbox(tmp_path) as writer, Inbox(tmp_path) as engine:
        last = [writer.send("hint", {}, "me") for _ in range(3)][-1]
        assert len(engine.pending()) == 3
        (tmp_path / "inbox.db").unlink()
        assert engine.pending() == []
        while int(time.time() * 1000) <= last:
            pass  # ids are the clock's milliseconds, and three were given in less
        fresh = writer.send("stop", {}, "me")
        assert engine.changed()
        assert [command.id for command in engine.pending(after=last)] == [fresh]


def test_ids_grow_even_when_the_clock_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Inbox(tmp_path) as writer:
        first = writer.send("hint", {}, "me")
        monkeypatch.setattr(module.time, "time", lambda: 1.0)
        assert writer.send("hint", {}, "me") == first + 1


@pytest.mark.parametrize("by", ["send", "pending"])
def test_a_damaged_inbox_is_set_aside_and_commands_flow_again(tmp_path: Path, by: str) -> None:
    path = tmp_path / "inbox.db"
    path.write_bytes(b"rubbish" * 1000)
    with Inbox(tmp_path) as inbox, Inbox(tmp_path) as other:
        assert inbox.changed()
        if by == "pending":
            assert inbox.pending() == []
        number = inbox.send("stop", {}, "me")
        assert inbox.set_aside is not None
        assert inbox.set_aside.read_bytes() == b"rubbish" * 1000
        other.send("stop", {}, "me")
        assert other.set_aside is None
        assert inbox.pending()[0].id == number
        assert len(inbox.pending()) == 2


def test_a_good_inbox_put_in_place_of_a_damaged_one_is_not_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    path.write_bytes(b"rubbish" * 1000)
    with Inbox(tmp_path) as late, Inbox(tmp_path) as early:
        late._open(make=False, patience=0.0)
        early.send("stop", {}, "me")
        late._move_aside()
        assert len(early.pending()) == 1


def test_a_locked_inbox_says_so(tmp_path: Path) -> None:
    with Inbox(tmp_path) as inbox:
        inbox.send("hint", {}, "me")
    other = sqlite3.connect(tmp_path / "inbox.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Inbox(tmp_path) as inbox:
        with pytest.raises(JournalLocked, match="locked"):
            inbox.send("hint", {}, "me", patience=0.05)
        assert inbox.changed()
        assert inbox.pending() == []
        other.execute("ROLLBACK")
        assert inbox.changed()
        assert len(inbox.pending()) == 1
        assert not inbox.changed()
    other.close()


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with Inbox(tmp_path / "none") as inbox:
        assert inbox.pending() == []
        with pytest.raises(UserError, match="no such folder"):
            inbox.send("hint", {}, "me")


SENDER = """
import sys
from pathlib import Path
from praxtui.journal.inbox import Inbox, sender
for number in range(int(sys.argv[2])):
    with Inbox(Path(sys.argv[1])) as inbox:
        inbox.send("hint", {"writer": sys.argv[3], "n": number}, sender())
"""


def test_fifty_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Ten processes and forty threads, each opening the inbox anew for every command, from no inbox at all."""

    def send(writer: int) -> None:
        for number in range(5):
            with Inbox(tmp_path) as inbox:
                inbox.send("hint", {"writer": str(writer), "n": number}, "me")

    processes = [
        subprocess.Popen([sys.executable, "-c", SENDER, str(tmp_path), "5", str(writer)]) for writer in range(40, 50)
    ]
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(send, range(40)))
    assert [process.wait(timeout=120) for process in processes] == [0] * 10
    with Inbox(tmp_path) as engine:
        commands = engine.pending()
    assert len({command.id for command in commands}) == len(commands) == 250
    for writer in range(50):
        assert [c.args["n"] for c in commands if c.args["writer"] == str(writer)] == list(range(5))
    assert [path.name for path in tmp_path.iterdir()] == ["inbox.db"]


def test_ten_thousand_commands(tmp_path: Path) -> None:
    with Inbox(tmp_path) as inbox:
        first = inbox.send("hint", {}, "me")
        connection = sqlite3.connect(tmp_path / "inbox.db")
        connection.executemany(
            "INSERT INTO commands VALUES (?, 1.0, 'hint', '{}', 'me')", [(first + n,) for n in range(1, 10_000)]
        )
        connection.commit()
        connection.close()
        assert len(inbox.pending()) == 10_000
        assert inbox.send("stop", {}, "me") >= first + 10_000
        assert [command.verb for command in inbox.pending(after=first + 9_999)] == ["stop"]


def test_a_sender_is_user_host_and_process() -> None:
    assert re.fullmatch(rf".+@.+:{os.getpid()}", sender())
