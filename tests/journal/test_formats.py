"""Journals that earlier versions wrote are read for ever: one of each format is kept in fixtures/."""

from __future__ import annotations

import json
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from praxtui.journal import opening
from praxtui.journal.curves import read_curves
from praxtui.journal.events import KINDS, Unknown, encode
from praxtui.journal.facts import Noticed
from praxtui.journal.fold import fold_all
from praxtui.journal.state import State
from praxtui.journal.store import Journal

FIXTURES = Path(__file__).parent / "fixtures"
FORMATS = range(1, opening.FORMAT + 1)


@pytest.fixture(params=FORMATS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copy(FIXTURES / f"v{request.param}.db", tmp_path / "journal.db")
    return tmp_path


def rows(folder: Path) -> list[tuple[int, float, str, int, bytes]]:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return connection.execute("SELECT seq, at, kind, v, data FROM events ORDER BY seq").fetchall()
    finally:
        connection.close()


def test_there_is_a_journal_of_every_format() -> None:
    assert {path.name for path in FIXTURES.glob("v*.db")} == {f"v{number}.db" for number in FORMATS}


def test_every_fact_of_an_old_journal_is_known_and_complete(old: Path) -> None:
    written = rows(old)
    with Journal.open(old) as journal:
        events = list(journal.read())
    assert [(event.seq, event.at) for event in events] == [row[:2] for row in written]
    assert len(events) > 40
    for event, (_, _, kind, version, data) in zip(events, written, strict=True):
        if kind == "FromLater":
            assert event.fact == Unknown(kind=kind, written_version=version, raw=data)
            continue
        assert type(event.fact) is KINDS[kind]
        if version == KINDS[kind].version:
            again = json.loads(encode(event.fact)[2])
            assert {field: again.get(field) for field in json.loads(data)} == json.loads(data)


def test_an_old_journal_folds(old: Path) -> None:
    with Journal.open(old) as journal:
        assert fold_all(State(), journal.read()).seq == journal.last_seq()


def test_the_rest_of_an_old_journal_is_there(old: Path) -> None:
    with Journal.open(old) as journal:
        assert journal.get_blob(sha256(b"short").hexdigest()) == b"short"
        assert journal.get_blob(sha256(b"a long blob, " * 100).hexdigest()) == b"a long blob, " * 100
        listed = b"parts\0" + sha256(b"first part").digest() + sha256(b"second part").digest()
        assert journal.get_parts(sha256(listed).hexdigest()) == [b"first part", b"second part"]
        [item] = journal.stream_read()
        assert (item.at, item.experiment, item.kind, item.text) == (1_700_000_001.0, "e1", "thought", "a thought ü")
        assert list(read_curves(journal, "e1", 1)["loss"].step) == list(range(10))
        snapshot = journal.load_snapshot("state")
        assert snapshot is not None
        assert snapshot.data == b"a state"


def test_an_old_journal_can_be_written_on(old: Path) -> None:
    count = len(rows(old))
    with Journal.open(old, write=True) as journal:
        assert journal.append([Noticed(text="on")])[0].seq == count + 1
        assert len(list(journal.read())) == count + 1
