"""Campaigns exported, removed, imported: the round trip, and archives that nobody should have written."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from praxtui.journal import packed
from praxtui.journal.inbox import Inbox
from praxtui.journal.store import Journal
from praxtui.report import archive, restore
from tests.cli.place import TRAIN, Inside, Place

Members = dict[str, bytes]
LOUD = 'print("".join(f"step {n} | loss: {1 / (n + 1):.6f}\\n" for n in range(20000)), flush=True)\n'


def documents(place: Place, id: str = "c") -> list[object]:
    """Everything that is shown of a campaign, but for what names its process."""
    status = {**place.json("status", id), "engine": None}
    ids = [row["id"] for row in place.json("ledger", id)]
    shown = [place.json("show", id, each) for each in ids]
    logs = [place.praxtui("show", id, each, "--log").stdout for each in ids]
    return [status, place.json("ledger", id), shown, logs]


def git(place: Place, *words: str, leaf: Path | None = None) -> str:
    return subprocess.run(
        ["git", *words], cwd=leaf or place.leaf, capture_output=True, text=True, check=True, env=place.env
    ).stdout


def refs(place: Place) -> list[str]:
    return git(place, "for-each-ref").splitlines()


def members(file: Path) -> Members:
    found: Members = {}
    with tarfile.open(file) as tar:
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found


def written(file: Path, content: Members) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a campaign that ended; its leaf stays."""
    place = Place(tmp_path_factory.mktemp("exported") / "place")
    place.finished(experiments=1)
    place.praxtui("export", "c", "--to", "archive", "-o", "c.tar.gz")
    return place.root / "c.tar.gz"


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    return Inside(tmp_path / "inside")


def test_what_was_exported_and_removed_comes_back_as_it_was(place: Place) -> None:
    place.write("leaf", {"train.py": TRAIN.format(gate=str(place.gate)) + LOUD})
    place.finished(experiments=2)
    before, kept, events = documents(place), refs(place), place.events()
    place.praxtui("export", "c", "--to", "archive", "-o", "c.tar.gz")
    assert "runs/e1/1/run.log.gz" in members(place.root / "c.tar.gz")
    place.praxtui("clean", "--remove", "c", "--refs", "--yes")
    git(place, "reflog", "expire", "--expire=now", "--all")
    git(place, "gc", "--quiet", "--prune=now")
    assert refs(place) != kept and place.json("list") == []
    said = place.praxtui("import", "c.tar.gz")
    assert "imported c: 2 experiments" in said.stdout and "refs restored" in said.stderr
    assert documents(place) == before and refs(place) == kept and place.events() == events
    git(place, "fsck", "--strict")
    assert not (place.leaf / ".git" / "FETCH_HEAD").exists()
    with packed.opened(place.folder() / "runs" / "e1" / "1" / "run.log") as file:
        assert file.read().count(b"\n") == 20_002
    place.praxtui("budget", "c", "--experiments", "3")
    place.praxtui("resume", "c")
    place.until(lambda: not place.alive() and place.state().counted == 3, "it to go on")


def test_a_live_campaign_is_exported_whole_and_goes_on(place: Place) -> None:
    place.hold()
    place.begin(experiments=2)
    place.running()
    place.praxtui("export", "c", "--to", "archive", "-o", "c.tar.gz")
    assert place.alive()
    held = members(place.root / "c.tar.gz")
    assert not [name for name in held if Path(name).name in ("spec.json", "shim.json", "child.json", "inbox.db")]
    place.praxtui("import", "c.tar.gz", "--name", "d")
    assert place.json("status", "d")["state"] == "dead" and place.json("status", "d")["id"] == "d"
    place.release()
    place.praxtui("resume", "d")
    place.until(lambda: not place.alive() and not place.alive("d"), "both to end")
    assert place.state().counted == place.state("d").counted == 2
    lines = {line.split()[2] for line in refs(place)}
    assert {"refs/praxtui/c/e2", "refs/praxtui/d/e2"} <= lines


def test_on_another_machine_it_replays_and_the_leaf_can_be_brought_back(place: Place, tmp_path: Path) -> None:
    place.finished(experiments=1)
    before = documents(place)
    place.praxtui("export", "c", "--to", "archive", "-o", "c.tar.gz")
    place.home.rename(tmp_path / "away")
    place.leaf.rename(tmp_path / "leaf away")
    said = place.praxtui("import", "c.tar.gz")
    assert "its leaf is not here" in said.stderr
    after = documents(place)
    assert after == before
    place.praxtui("budget", "c", "--experiments", "2")
    place.praxtui("resume", "c")
    place.until(lambda: not place.alive(), "the engine to find no leaf")
    assert "the leaf is gone" in (place.state().end_reason or "")
    fix = next(line for line in said.stderr.splitlines() if "git init" in line).partition(": ")[2]
    assert fix in (place.state().end_reason or "")
    subprocess.run(fix, shell=True, check=True, capture_output=True, env=place.env)
    place.praxtui("budget", "c", "--experiments", "2")
    place.praxtui("resume", "c")
    place.until(lambda: not place.alive() and place.state().counted == 2, "it to go on in the leaf")
    assert not (place.folder() / "commits.git").exists()
    assert any(line.endswith("refs/praxtui/c/e1") for line in refs(place))


def test_a_name_that_is_taken_is_refused_and_nothing_is_left(exported: Path, inside: Inside) -> None:
    inside.praxtui("import", str(exported))
    assert "there is a campaign c already" in inside.refused("import", str(exported))
    assert "cannot be a campaign's id" in inside.refused("import", str(exported), "--name", "../x")
    inside.praxtui("import", str(exported), "--name", "other")
    assert sorted(each["id"] for each in inside.json("list")) == ["c", "other"]
    assert sorted(each.name for each in inside.home.iterdir()) == ["campaigns"]


def test_a_wrong_format_names_those_there_are(exported: Path, inside: Inside) -> None:
    inside.praxtui("import", str(exported))
    said = inside.refused("export", "c", "--to", "archiv")
    assert "unknown format: archiv" in said and "there is: archive (" in said
    (inside.root / "there").write_text("mine")
    assert "is there already" in inside.refused("export", "c", "--to", "archive", "-o", "there")
    assert "no folder" in inside.refused("export", "c", "--to", "archive", "-o", "nowhere/x")
    assert (inside.root / "there").read_text() == "mine"
    (inside.root / "results.tsv").write_text("commit\tval_bpb\n")
    said = inside.refused("import", "results.tsv")
    assert "nothing that praxtui can import" in said and "praxtui export ID --to archive" in said
    assert "there is no nowhere" in inside.refused("import", "nowhere")


def sql(statement: str) -> Callable[[Members], None]:
    def change(held: Members) -> None:
        path = Path(os.environ["PYTEST_SCRATCH"]) / "journal.db"
        path.write_bytes(held["journal.db"])
        with sqlite3.connect(path) as connection:
            connection.executescript(statement)
        connection.close()
        held["journal.db"] = path.read_bytes()

    return change


def adds(name: str, data: bytes = b"x") -> Callable[[Members], None]:
    return lambda held: held.update({name: data})


def manifest(**changes: object) -> Callable[[Members], None]:
    def change(held: Members) -> None:
        held[archive.MANIFEST] = msgspec.json.encode({**msgspec.json.decode(held[archive.MANIFEST]), **changes})

    return change


HOSTILE = {
    "a path that leaves": (adds("../../evil"), "is no part of an archive"),
    "an absolute path": (adds("/tmp/evil"), "is no part of an archive"),
    "a path that leaves a run": (adds("runs/../../x/run.log"), "is no part of an archive"),
    "dots as a run": (adds("runs/../1/run.log"), "is no part of an archive"),
    "what makes a run one's own": (adds("runs/e1/1/shim.json"), "is no part of an archive"),
    "a git configuration": (adds("commits/config"), "is no part of an archive"),
    "an engine": (adds("engine.json"), "is no part of an archive"),
    "no journal": (lambda held: held.pop("journal.db"), "has no journal.db"),
    "a journal of noise": (lambda held: held.update({"journal.db": os.urandom(9000)}), "cannot be read"),
    "a journal cut short": (lambda held: held.update({"journal.db": held["journal.db"][:20000]}), ""),
    "a journal with a trigger": (
        sql("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM blobs; END"), "none of praxtui's"
    ),
    "a view without an end": (
        sql("DROP TABLE curves; CREATE VIEW curves AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r)"
            " SELECT n, n, n, n FROM r"), "none of praxtui's"
    ),
    "facts that no campaign has": (sql("UPDATE events SET data='{}' WHERE seq=2"), "its journal is damaged"),
    "an experiment that is a path": (
        sql("UPDATE events SET data=CAST(replace(CAST(data AS TEXT), '\"e1\"', '\"../../../x\"') AS BLOB)"),
        "holds what no campaign can"),
    "a run that is none": (
        sql("UPDATE events SET data=CAST(replace(CAST(data AS TEXT), '\"n\":1', '\"n\":-1') AS BLOB)"),
        "holds what no campaign can"),
    "a leaf that is nowhere": (
        sql("UPDATE events SET data=CAST(replace(CAST(data AS TEXT), '\"leaf\":\"/', '\"leaf\":\"') AS BLOB)"),
        "holds what no campaign can"),
    "no first fact": (sql("DELETE FROM events WHERE seq=1"), "does not begin with a campaign"),
    "a journal of a later format": (sql("UPDATE meta SET value=99 WHERE key='format'"), "does not read"),
    "an archive of a later format": (manifest(format=99), "archive format 99"),
    "an id that is a path": (manifest(id="../../x"), "cannot be a campaign's id"),
    "a ref of the person's": (manifest(refs={"refs/heads/main": "0" * 40}), "is no ref of its campaign"),
    "a ref that leaves": (manifest(refs={"refs/praxtui/c/../../heads/main": "0" * 40}), "is no ref of its campaign"),
    "commits that are not there": (manifest(refs={"refs/praxtui/c/e0": "1" * 40}), "commits that it does not hold"),
    "a leaf outside its repository": (manifest(prefix="../x"), "is no place in a repository"),
    "commits of noise": (
        lambda held: held.update({name: b"PACK" + os.urandom(999) for name in held if name.endswith(".pack")}), ""),
    "an index of noise": (
        lambda held: held.update({name: os.urandom(2000) for name in held if name.endswith(".idx")}), "does not hold"),
    "a manifest of noise": (lambda held: held.update({archive.MANIFEST: b"{"}), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    change: Callable[[Members], None],
    said: str,
    exported: Path,
    inside: Inside,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_SCRATCH", str(tmp_path))
    held = members(exported)
    change(held)
    before = sorted(tmp_path.rglob("*"))
    file = written(tmp_path / "hostile.tar.gz", held)
    done = inside.praxtui("import", str(file), code=None)
    assert done.returncode in (2, 4) and done.stderr.startswith("praxtui: ") and said in done.stderr, done.stderr
    after = [path for path in sorted(tmp_path.rglob("*")) if path not in (file, inside.home, inside.home / "campaigns")]
    assert after == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_taken(kind: bytes, exported: Path, inside: Inside, tmp_path: Path) -> None:
    file = tmp_path / "links.tar.gz"
    held = members(exported)
    with tarfile.open(file, "w:gz") as tar:
        first = tarfile.TarInfo(archive.MANIFEST)
        first.size = len(held[archive.MANIFEST])
        tar.addfile(first, io.BytesIO(held[archive.MANIFEST]))
        info = tarfile.TarInfo("engine.log")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert "is no plain file" in inside.refused("import", str(file))
    assert not [*inside.home.glob(".import-*")]


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_an_archive_beyond_the_limits_is_refused(
    limit: str, exported: Path, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, limit, 5)
    assert "more than an archive of praxtui can" in inside.refused("import", str(exported))


def test_a_disk_without_room_is_left_with_some(exported: Path, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "ROOM", 1 << 60)
    assert "leaves 1 GB free" in inside.refused("import", str(exported), code=4)
    assert not [*inside.home.glob(".import-*")]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
def test_an_archive_that_was_cut_is_refused(share: float, exported: Path, inside: Inside, tmp_path: Path) -> None:
    raw = exported.read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(raw[: int(len(raw) * share)])
    inside.praxtui("import", str(tmp_path / "cut.tar.gz"), code=2)
    assert inside.json("list") == []


def test_a_member_whose_header_lies_about_its_size_is_refused(exported: Path, inside: Inside, tmp_path: Path) -> None:
    first = tarfile.TarInfo(archive.MANIFEST)
    first.size = 1 << 50
    (tmp_path / "lies.tar.gz").write_bytes(gzip.compress(first.tobuf(tarfile.GNU_FORMAT) + b"x" * 2000))
    assert "more than" in inside.refused("import", str(tmp_path / "lies.tar.gz"))


def test_a_log_that_shrinks_while_it_is_exported_keeps_its_length() -> None:
    steady = archive._Steady(io.BytesIO(b"short\n"), 10)
    assert steady.read(4) + steady.read(100) == b"short\n\n\n\n\n" and steady.read(5) == b""


def test_the_inbox_stays_behind_and_commands_that_were_taken_are_not_taken_again(
    exported: Path, inside: Inside
) -> None:
    inside.praxtui("import", str(exported))
    folder = inside.folder()
    assert not (folder / "inbox.db").exists()
    with Journal.open(folder) as journal:
        assert journal.last_seq() > 0
    assert Inbox(folder).pending(inside.state().commands) == []
