"""The campaign that comes with praxtui: small, whole, without a trace of where it was recorded."""

from __future__ import annotations

import tarfile

import pytest

from praxtui.errors import UserError
from praxtui.journal.ledger import rows
from praxtui.journal.status import document
from praxtui.journal.store import Journal
from praxtui.tui.sources import sample as module
from praxtui.tui.sources.replay import Replay
from praxtui.tui.sources.sample import PACKED, sample


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    return tmp_path


def test_it_can_be_played_back():
    source = Replay(sample())
    assert source.damage is None and source.timed and not source.running
    source.seek(1.0)
    source.advance()
    assert source.state.id == "sample" and source.state.leaf_name == "ngram"
    assert document(source.state)["experiments"] == 25 and source.state.ended == "finished"
    assert {"hint", "steer", "keep", "discard", "void", "end"} <= {mark.kind for mark in source.marks}
    for row in rows(source.state):
        for run in row["runs"]:
            log = source.log(row["id"], run["n"])
            assert log is not None and log.path.stat().st_size
    source.close()


def test_it_is_unpacked_once_and_again_where_it_was_damaged():
    folder = sample()
    before = (folder / "journal.db").stat().st_mtime_ns
    assert sample() == folder and (folder / "journal.db").stat().st_mtime_ns == before
    (folder / "journal.db").unlink()
    assert sample() == folder and (folder / "journal.db").exists()


def test_nothing_half_unpacked_is_left_behind(home, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile, "open", fails)
    with pytest.raises(UserError, match="cannot unpack the sample campaign"):
        sample()
    assert list((home / "cache").iterdir()) == []


def test_an_installation_without_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACKED", tmp_path / "none.tar.xz")
    with pytest.raises(UserError, match="cannot read the sample campaign"):
        sample()


def test_it_is_small_and_names_no_machine():
    assert PACKED.stat().st_size < 300_000
    folder = sample()
    with Journal.open(folder) as journal:
        said = [repr(event.fact) for event in journal.read()] + [item.text for item in journal.stream_read()]
        assert not journal.path.with_name("journal.db-wal").exists()
    said += [path.read_text() for path in folder.glob("runs/*/*/*")]
    whole = "\n".join(said)
    for trace in ("/tmp/", "/work", "/root", "host='vm'"):
        assert trace not in whole
    assert "ada@box" in whole and "leaf='/home/ada/praxtui/leaves/ngram'" in whole
