"""What the home screen reads again, and what it leaves alone."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from praxtui import paths
from praxtui.journal import liveness
from praxtui.program.ready import Missing
from praxtui.tui.screens.home_rows import CampaignRow, LeafRow, ordered
from praxtui.tui.screens.home_watch import CampaignWatch, LeafWatch, is_bundled, own_copy
from tests.making import make_leaf, program_text
from tests.places import home
from tests.tui.recorded import empty, grow, imported, recorded

__all__ = ["home"]


def look(watch: CampaignWatch) -> list[CampaignRow]:
    watch.ids()
    return list(watch.changed())


def test_every_campaign_is_told_once_and_the_newest_first(home: Path) -> None:
    recorded(home, 3, id="mar22-a")
    imported(home, 3)
    empty(home)
    watch = CampaignWatch()
    rows = look(watch)
    assert [row.id for row in rows] == watch.ids()
    states = {row.id: row.state for row in rows}
    assert states["mar22-a"] == "finished"
    assert look(watch) == []


def test_a_row_that_was_not_read_yet_stands_where_it_will_stand(home: Path) -> None:
    for number, id in enumerate(("zz", "mm", "aa")):
        (recorded(home, 2, id=id) / "created").write_text(f"{1000 + number}\n")
    watch = CampaignWatch()
    rows = look(watch)
    assert [row.id for row in ordered(watch.unread(), "newest")] == [row.id for row in ordered(rows, "newest")]
    assert watch.ids() == ["aa", "mm", "zz"]


def test_only_the_journal_that_was_written_to_is_folded_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(home, 3, id="mar22-a")
    live = recorded(home, 3, id="mar22-b", live=True)
    watch = CampaignWatch()
    (before,) = [row for row in look(watch) if row.id == "mar22-b"]
    assert before.state == "running"
    opened: list[str] = []
    whole = CampaignWatch.changed.__globals__["Journal"].open.__func__

    def counted(cls: type, folder: Path, write: bool = False) -> object:
        opened.append(folder.name)
        return whole(cls, folder, write)

    for _ in range(40):
        grow(live)
    monkeypatch.setattr("praxtui.tui.screens.home_watch.Journal.open", classmethod(counted))
    (after,) = look(watch)
    assert set(opened) == {"mar22-b"}
    assert after != before
    assert [row for row in look(CampaignWatch()) if row.id == "mar22-b"] == [after]  # as if read from the start


def test_an_engine_that_dies_is_seen_though_nothing_is_written(home: Path) -> None:
    live = recorded(home, 3, live=True)
    watch = CampaignWatch()
    assert [row.state for row in look(watch)] == ["running"]
    known = liveness.read_identity(live)
    assert known is not None
    (live / liveness.IDENTITY).write_bytes(msgspec.json.encode(msgspec.structs.replace(known, start=known.start - 1)))
    (row,) = look(watch)
    assert (row.state, row.needs) == ("dead", "dead")


def test_a_campaign_that_comes_or_goes_is_noticed(home: Path) -> None:
    first = recorded(home, 2, id="a")
    watch = CampaignWatch()
    look(watch)
    recorded(home, 2, id="b")
    assert [row.id for row in look(watch)] == ["b"]
    shutil.rmtree(first)
    assert (watch.ids(), look(watch)) == (["b"], [])


def test_a_folder_that_gets_its_journal_later_is_noticed_then(home: Path) -> None:
    ready = recorded(home, 2, id="b")
    shutil.move(ready / "journal.db", home / "aside.db")
    watch = CampaignWatch()
    assert watch.ids() == []
    shutil.move(home / "aside.db", ready / "journal.db")
    assert watch.ids() == ["b"]


def test_a_damaged_record_is_told_as_far_as_it_goes_and_one_that_is_none_as_such(home: Path) -> None:
    cut = recorded(home, 3, id="cut")
    with sqlite3.connect(cut / "journal.db") as connection:
        connection.execute("DELETE FROM snapshots")
        connection.execute("DELETE FROM events WHERE seq = 20")
    connection.close()
    other = recorded(home, 2, id="other")
    (other / "journal.db").write_text("not a journal at all, but long enough to be looked at as one" * 40)
    rows = {row.id: row for row in look(CampaignWatch())}
    assert "20" in rows["cut"].fault and rows["cut"].leaf == "pretrain"
    assert rows["other"].fault and not rows["other"].state


# --- leaves ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory with leaves, and no other leaves anywhere."""
    monkeypatch.setattr(paths, "bundled_leaves", lambda: tmp_path / "bundled")
    (tmp_path / "work" / "leaves").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / "leaves"


def told(watch: LeafWatch, anew: bool = False) -> dict[str, LeafRow]:
    return {row.name: row for row in watch.changed(anew)}


def test_a_leaf_is_told_by_name_first_then_with_its_task_then_with_what_it_lacks(shelf: Path) -> None:
    make_leaf(shelf / "tiny", {"loop": {"requires": ["no_such_package_here"]}}, repository=False)
    watch = LeafWatch()
    assert watch.found() == [LeafRow("tiny", shelf / "tiny")]
    first, second = watch.changed()
    assert (first.task, first.metric, first.goal, first.missing) == ("Raise the score.", "score", "maximize", None)
    assert second.missing is not None and second.missing[0].what == "package no_such_package_here"
    assert told(watch) == {}


def test_a_program_that_is_broken_and_mended_is_told_both_times(shelf: Path) -> None:
    folder = make_leaf(shelf / "tiny", repository=False)
    watch = LeafWatch()
    assert told(watch)["tiny"].missing == ()
    (folder / "program.md").write_text(program_text({"metric": {"gaol": "minimize"}}))
    broken = told(watch)["tiny"]
    assert broken.faulty and broken.missing and "gaol" in broken.missing[0].what
    (folder / "program.md").write_text(program_text(prose="# Task\nRaise it again.\n"))
    mended = told(watch)["tiny"]
    assert (mended.faulty, mended.task, mended.missing) == (False, "Raise it again.", ())


def test_what_was_installed_meanwhile_is_found_when_asked_anew(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_leaf(shelf / "tiny", {"constraints": {"secrets": ["WANTED_TOKEN"]}}, repository=False)
    watch = LeafWatch()
    lack = Missing("environment variable WANTED_TOKEN", "export WANTED_TOKEN=...")
    assert told(watch)["tiny"].missing == (lack,)
    monkeypatch.setenv("WANTED_TOKEN", "x")
    assert told(watch) == {}
    assert told(watch, anew=True)["tiny"].missing == ()


def test_a_leaf_that_is_gone_is_no_longer_named(shelf: Path) -> None:
    make_leaf(shelf / "tiny", repository=False)
    watch = LeafWatch()
    told(watch)
    shutil.rmtree(shelf / "tiny")
    assert (told(watch), watch.names()) == ({}, [])


def test_of_a_bundled_leaf_the_copy_is_shown_once_there_is_one(shelf: Path, tmp_path: Path) -> None:
    bundled = make_leaf(tmp_path / "bundled" / "tiny", repository=False)
    watch = LeafWatch()
    assert told(watch)["tiny"].path == bundled and is_bundled(bundled)
    copy = make_leaf(own_copy("tiny"), repository=False)
    assert told(watch)["tiny"].path == copy and not is_bundled(copy)
