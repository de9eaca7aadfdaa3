"""Damaged journals: what can be read is shown, then the damage, with exit code 4; nothing is written to them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.journal.fold import fold_all
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from tests.faults.scene import Scene, make_leaf, praxtui

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a finished campaign, made once."""
    root = tmp_path_factory.mktemp("ended")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRAXTUI_HOME", str(root / "home"))
        scene = Scene(make_leaf(root / "leaf"), experiments=4)
        scene.start()
        scene.finish()
    yield scene.folder
    scene.clear()


@pytest.fixture
def damaged(ended: Path, home: Path) -> Path:
    """A copy of it in this test's home, to be damaged; without snapshots, which alone can make up for lost events."""
    folder = home / "campaigns" / "c"
    shutil.copytree(ended, folder)
    with sqlite3.connect(folder / "journal.db") as connection:
        connection.execute("DELETE FROM snapshots")
    connection.close()
    return folder


def page_of_event(path: Path, seq: int) -> tuple[int, int]:
    """Offset and size of the leaf page of the table `events` that holds event `seq` (sqlite.org/fileformat2.html)."""
    data = path.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    connection = sqlite3.connect(path)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='events'").fetchone()[0]
    connection.close()
    start = (root - 1) * size
    assert data[start] == 5, "the table is larger than a page"
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    for cell in range(cells):
        at = start + int.from_bytes(data[start + 12 + 2 * cell : start + 14 + 2 * cell], "big")
        child, key = int.from_bytes(data[at : at + 4], "big"), 0
        for byte in data[at + 4 : at + 13]:
            key = key << 7 | byte & 0x7F
            if byte < 0x80:
                break
        if seq <= key:
            return (child - 1) * size, size
    raise AssertionError("no such event")


def last(folder: Path) -> int:
    with Journal.open(folder) as journal:
        return journal.last_seq()


def spoil(path: Path, seq: int) -> None:
    """Overwrite the page that holds an event with garbage."""
    at, size = page_of_event(path, seq)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes(range(256)) * (size // 256))


def test_garbage_in_the_middle(damaged: Path) -> None:
    with Journal.open(damaged) as journal:
        whole = fold_all(State(), journal.read())
    spoil(damaged / "journal.db", last(damaged) // 2)
    before = (damaged / "journal.db").read_bytes()
    said = praxtui("ledger", "c", "--json")
    rows = json.loads(said.stdout)
    assert said.returncode == 4
    assert "is damaged" in said.stderr and "are intact" in said.stderr and "Traceback" not in said.stderr
    assert 1 <= len(rows) < len(whole.experiments) + 1 and rows[0]["id"] == "e0" and rows[0]["metric"] is not None
    said = praxtui("ledger", "c")
    assert said.returncode == 4 and "e0" in said.stdout
    said = praxtui("status", "c", "--json")
    assert said.returncode == 4 and json.loads(said.stdout)["id"] == "c"
    said = praxtui("status", "c")
    assert said.returncode == 4 and "campaign" in said.stdout and "is damaged" in said.stderr
    said = praxtui("list", "--json")
    assert said.returncode == 4 and [found["id"] for found in json.loads(said.stdout)] == ["c"]
    said = praxtui("resume", "c")
    assert said.returncode == 4 and "is damaged" in said.stderr and "Traceback" not in said.stderr
    assert (damaged / "journal.db").read_bytes() == before


@pytest.mark.parametrize("left", [0.5, 0.02])
def test_a_truncated_file(damaged: Path, left: float) -> None:
    path = damaged / "journal.db"
    size = int(path.stat().st_size * left)
    with path.open("r+b") as file:
        file.truncate(size)
    for words in (("status", "c", "--json"), ("ledger", "c", "--json"), ("list", "--json"), ("resume", "c")):
        said = praxtui(*words)
        assert said.returncode == 4, (words, said.stdout, said.stderr)
        assert "damaged" in said.stderr and "Traceback" not in said.stderr, words
        if said.stdout:
            json.loads(said.stdout)
    assert path.stat().st_size == size


def test_a_snapshot_makes_up_for_events_that_are_lost_but_nothing_is_written(ended: Path, home: Path) -> None:
    folder = home / "campaigns" / "c"
    shutil.copytree(ended, folder)
    spoil(folder / "journal.db", 20)
    before = (folder / "journal.db").read_bytes()
    said = praxtui("status", "c", "--json")
    assert said.returncode == 0 and json.loads(said.stdout)["state"] == "finished"
    assert len(json.loads(praxtui("ledger", "c", "--json").stdout)) >= 5
    assert praxtui("budget", "c", "--experiments", "9").returncode == 0
    said = praxtui("resume", "c")
    assert said.returncode == 4 and "is damaged" in said.stderr
    assert (folder / "journal.db").read_bytes() == before


def test_no_database_at_all(damaged: Path) -> None:
    (damaged / "journal.db").write_bytes(b"nothing of the kind\n" * 1000)
    for verb in ("status", "ledger", "resume"):
        said = praxtui(verb, "c")
        assert said.returncode == 4 and "is damaged" in said.stderr and not said.stdout
