from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.journal import opening
from praxtui.journal.blobs import BlobMissing
from praxtui.journal.events import Event, Unknown
from praxtui.journal.facts import Fact, Noticed
from praxtui.journal.people import CommandTaken, HintGiven, Spent
from praxtui.journal.store import (
    Journal,
    JournalCorrupt,
    JournalFull,
    JournalLocked,
    JournalMissing,
    JournalTooNew,
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
facts = st.one_of(
    st.builds(Noticed, text=words, experiment=st.none() | words),
    st.builds(HintGiven, hint=words, text=words, by=words),
    st.builds(Spent, usd=st.floats(allow_nan=False, allow_infinity=False), tokens=st.integers(0, 10**9), what=words),
    st.builds(Unknown, kind=st.just("FromLater"), written_version=st.integers(1, 9), raw=st.binary(max_size=40)),
    st.builds(
        CommandTaken,
        command=st.integers(0, 2**40),
        verb=words,
        args=st.dictionaries(words, words | st.integers(-(2**50), 2**50) | st.booleans(), max_size=3),
        who=words,
        given=st.floats(0, 2e9),
        outcome=words,
    ),
)


def notices(count: int) -> list[Fact]:
    return [Noticed(text=f"notice {number} " + "x" * 100) for number in range(1, count + 1)]


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom permissions bind: root may write everywhere."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user can reach, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="praxtui-test-"))
    folder.chmod(0o777)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    shutil.rmtree(folder)


@settings(max_examples=25, deadline=None)
@given(
    groups=st.lists(st.lists(facts, max_size=5), max_size=6),
    after=st.integers(0, 12),
    mode=st.sampled_from(["", "delete"]),
)
def test_facts_appended_in_any_groups_read_back_the_same(groups: list[list[Fact]], after: int, mode: str) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv(opening.MODE_VARIABLE, mode)
        folder = Path(name)
        written: list[Event] = []
        with Journal.create(folder) as journal:
            for number, group in enumerate(groups):
                written += journal.append(group, at=1000.5 + number)
                assert journal.last_seq() == len(written)
        with Journal.open(folder) as journal:
            assert list(journal.read()) == written
            assert list(journal.read(after)) == written[after:]
        assert [event.fact for event in written] == [fact for group in groups for fact in group]
        assert [event.seq for event in written] == list(range(1, len(written) + 1))


def test_reading_goes_beyond_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("praxtui.journal.store.BATCH", 7)
    with Journal.create(tmp_path) as journal:
        written = journal.append(notices(7 * 3))
        assert list(journal.read()) == written
        for number in range(10):
            journal.stream_append("thought", str(number), experiment=f"e{number % 2}")
        assert len(list(journal.stream_read())) == 10


def test_the_time_of_a_fact_is_now_unless_given(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        before = __import__("time").time()
        [event] = journal.append([Noticed(text="a")])
        assert before <= event.at <= __import__("time").time()
        assert journal.append([Noticed(text="b")], at=12.25)[0].at == 12.25


def test_durable_writes_are_synced_in_full_and_others_are_not(tmp_path: Path) -> None:
    def synced(journal: Journal) -> int:
        return int(journal._connection.execute("PRAGMA synchronous").fetchone()[0])

    with Journal.create(tmp_path) as journal:
        assert journal._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        journal.append([Noticed(text="a")])
        assert synced(journal) == 2
        journal.stream_append("thought", "b")
        assert synced(journal) == 1
        journal.append([Noticed(text="c")])
        assert synced(journal) == 2


WRITER = """
import sys
from pathlib import Path
from praxtui.journal.facts import Noticed
from praxtui.journal.store import Journal

journal = Journal.open(Path(sys.argv[1]), write=True)
group = 0
while True:
    group += 1
    journal.append([Noticed(text=f"{group} {i} " + "x" * 300) for i in range(1 + group % 4)])
    print(group, flush=True)
"""


@pytest.mark.parametrize("mode", ["", "delete"])
@pytest.mark.parametrize("acknowledged", [1, 9, 40])
def test_a_writer_killed_at_any_moment_leaves_whole_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, acknowledged: int, mode: str
) -> None:
    monkeypatch.setenv(opening.MODE_VARIABLE, mode)
    Journal.create(tmp_path).close()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(acknowledged):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        last_told = acknowledged + len(writer.stdout.read().splitlines())
    with Journal.open(tmp_path) as journal:
        found = [event.fact.text.split()[:2] for event in journal.read() if isinstance(event.fact, Noticed)]
    groups = int(found[-1][0])
    assert groups >= last_told
    assert found == [[str(g), str(i)] for g in range(1, groups + 1) for i in range(1 + g % 4)]
    with Journal.open(tmp_path, write=True) as journal:
        assert journal.append([Noticed(text="on")])[0].seq == len(found) + 1


def test_a_reader_sees_what_is_written_meanwhile(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as writer, Journal.open(tmp_path) as reader:
        before = reader.data_version()
        assert reader.data_version() == before
        [event] = writer.append([Noticed(text="a")])
        assert reader.data_version() != before
        assert list(reader.read()) == [event]
        assert reader.follows


def test_a_half_read_journal_holds_no_lock(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as writer, Journal.open(tmp_path) as reader:
        writer.append(notices(3))
        reading = reader.read()
        next(reading)
        assert writer._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        reading.close()


def test_a_finished_journal_is_one_file(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    written = journal.append(notices(50))
    journal.checkpoint_and_close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]
    with Journal.open(tmp_path) as reader:
        assert list(reader.read()) == written
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]
    with Journal.open(tmp_path, write=True) as journal:
        assert journal.append([Noticed(text="again")])[0].seq == 51


def test_a_journal_finished_under_a_reader_is_whole_without_its_log(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    written = journal.append(notices(50))
    with Journal.open(tmp_path) as reader:
        assert list(reader.read()) == written
        journal.checkpoint_and_close()
        assert list(reader.read()) == written
        other = tmp_path / "copy"
        other.mkdir()
        shutil.copy(tmp_path / "journal.db", other)
    with Journal.open(other) as reader:
        assert list(reader.read()) == written


@pytest.mark.parametrize("left", ["closed", "killed", "finished under a reader"])
def test_a_journal_in_a_read_only_folder_can_be_read(public: Path, left: str) -> None:
    folder = public / "campaign"
    folder.mkdir()
    journal = Journal.create(folder)
    written = journal.append(notices(20))
    digest = journal.put_blob(b"content")
    if left == "closed":
        journal.checkpoint_and_close()
    elif left == "killed":
        twin = public / "twin"  # as it lies on disk while nobody has closed it, without the shared memory
        twin.mkdir()
        for end in ("", "-wal"):
            shutil.copy(f"{folder / 'journal.db'}{end}", twin)
        journal.close()
        folder = twin
    else:
        reader = Journal.open(folder)
        reader.last_seq()
        journal.checkpoint_and_close()
        reader.close()
        assert (folder / "journal.db").read_bytes()[18] == 2
        (folder / "journal.db-shm").unlink(missing_ok=True)
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    names = sorted(path.name for path in folder.iterdir())
    with unprivileged():
        assert not os.access(folder, os.W_OK)
        with Journal.open(folder) as reader:
            assert list(reader.read()) == written
            assert reader.get_blob(digest) == b"content"
            assert reader.last_seq() == 20
            with pytest.raises(io.UnsupportedOperation):
                reader.append([Noticed(text="no")])
        with pytest.raises(Exception, match="cannot write"):
            Journal.open(folder, write=True)
    assert sorted(path.name for path in folder.iterdir()) == names


def test_a_reader_follows_an_engine_whose_folder_it_cannot_write(public: Path) -> None:
    folder = public / "campaign"
    folder.mkdir()
    with Journal.create(folder) as writer:
        written = writer.append(notices(3))
        folder.chmod(0o555)
        for path in folder.iterdir():
            path.chmod(0o644)
        with unprivileged(), Journal.open(folder) as reader:
            assert list(reader.read()) == written
            assert reader.follows


def test_where_wal_cannot_be_used_a_rollback_journal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(opening.MODE_VARIABLE, "delete")
    with Journal.create(tmp_path) as journal:
        assert journal.slow_reason is not None
        assert "slower" in journal.slow_reason
        written = journal.append(notices(3))
        assert (tmp_path / "journal.db").read_bytes()[18] == 1
        with Journal.open(tmp_path) as reader:
            before = reader.data_version()
            assert list(reader.read()) == written
            written += journal.append(notices(2))
            assert reader.data_version() != before
            assert list(reader.read()) == written
            assert reader.follows


def test_a_journal_moved_between_places_keeps_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    with Journal.create(here) as journal:
        written = journal.append(notices(5))
        shutil.copytree(here, there)  # with a log that was never moved into the file, as after kill -9
    (there / "journal.db-shm").unlink(missing_ok=True)
    monkeypatch.setenv(opening.MODE_VARIABLE, "delete")
    with Journal.open(there) as reader:
        assert list(reader.read()) == written
        assert not reader.follows
    with Journal.open(there, write=True) as journal:
        assert list(journal.read()) == written
        written += journal.append(notices(1))
        with Journal.open(there) as reader:
            assert list(reader.read()) == written
    monkeypatch.delenv(opening.MODE_VARIABLE)
    with Journal.open(there, write=True) as journal:
        assert journal.slow_reason is None
        assert list(journal.read()) == written


MOUNTS = [
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
    "30 22 0:40 / /home rw - nfs4 server:/home rw",
    "31 30 0:41 / /home/me/my\\040disk rw - fuse.sshfs me@host: rw",
    "32 30 8:2 / /home/me/local rw - xfs /dev/sdb rw",
    "33 22 8:2 / /mnt rw - cifs //server/mnt rw",
    "34 22 8:2 / /mnt rw - tmpfs tmpfs rw",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homes/x", "ext4"),
        ("/home", "nfs4"),
        ("/home/me", "nfs4"),
        ("/home/me/my disk/x", "fuse.sshfs"),
        ("/home/me/local", "xfs"),
        ("/mnt/x", "tmpfs"),
    ],
)
def test_the_file_system_of_a_folder_is_found(path: str, kind: str) -> None:
    assert opening.mounted_at(path, MOUNTS) == kind


@pytest.mark.parametrize(
    ("kind", "slow"),
    [
        ("nfs4", True),
        ("fuse.sshfs", True),
        ("lustre", True),
        ("9p", True),
        ("ext4", False),
        ("fuse.mergerfs", False),
        ("", False),
    ],
)
def test_network_file_systems_are_slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, slow: bool) -> None:
    monkeypatch.setattr(opening, "file_system", lambda folder: kind)
    assert (opening.slow_reason(tmp_path) is not None) == slow


# --- what can go wrong ----------------------------------------------------------------------------------------------


def finished(folder: Path, count: int = 400) -> list[Event]:
    folder.mkdir(exist_ok=True)
    journal = Journal.create(folder)
    written = journal.append(notices(count))
    journal.checkpoint_and_close()
    return written


def test_no_journal_is_said_so(tmp_path: Path) -> None:
    for write in (False, True):
        with pytest.raises(JournalMissing, match="no journal"):
            Journal.open(tmp_path / "none", write=write)


def test_a_journal_is_never_made_in_place_of_another(tmp_path: Path) -> None:
    written = finished(tmp_path, 3)
    with pytest.raises(FileExistsError):
        Journal.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]
    with Journal.open(tmp_path) as reader:
        assert list(reader.read()) == written


@pytest.mark.parametrize("content", [b"", b"not a database", b"x" * 5000])
@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_database_is_said_so(tmp_path: Path, content: bytes, write: bool) -> None:
    (tmp_path / "journal.db").write_bytes(content)
    with pytest.raises(JournalCorrupt, match=r"journal.db is damaged: file is not a database") as caught:
        Journal.open(tmp_path, write=write)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("write", [False, True])
def test_a_foreign_database_is_said_so(tmp_path: Path, write: bool) -> None:
    foreign = sqlite3.connect(tmp_path / "journal.db")
    foreign.execute("CREATE TABLE t(a)")
    foreign.close()
    with pytest.raises(JournalCorrupt, match="not a journal of praxtui"):
        Journal.open(tmp_path, write=write)


@pytest.mark.parametrize("damage", ["a page overwritten", "the end cut off", "a row deleted", "a row spoiled"])
def test_what_is_readable_of_a_damaged_journal_stays_readable(tmp_path: Path, damage: str) -> None:
    written = finished(tmp_path)
    path = tmp_path / "journal.db"
    raw = path.read_bytes()
    if damage == "a page overwritten":
        at = raw.index(b"notice 200 ") // 4096 * 4096
        path.write_bytes(raw[:at] + b"\xff" * 4096 + raw[at + 4096 :])
    elif damage == "the end cut off":
        path.write_bytes(raw[: raw.index(b"notice 200 ") // 4096 * 4096])
    else:
        change = "DELETE FROM events" if damage == "a row deleted" else "UPDATE events SET data=x'7b'"
        connection = sqlite3.connect(path)
        connection.execute(f"{change} WHERE seq=200")
        connection.commit()
        connection.close()
    found: list[Event] = []
    with Journal.open(tmp_path) as reader, pytest.raises(JournalCorrupt) as caught:
        found.extend(reader.read())
    assert len(found) > 100
    assert found == written[: len(found)]
    assert caught.value.last_good == len(found) < 200
    assert str(path) in str(caught.value)
    assert f"events 1 to {len(found)} are intact" in str(caught.value)


def test_a_later_format_says_so(tmp_path: Path) -> None:
    finished(tmp_path, 1)
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute("UPDATE meta SET value=99 WHERE key='format'")
    connection.commit()
    connection.close()
    with pytest.raises(JournalTooNew, match="format 99") as caught:
        Journal.open(tmp_path)
    assert caught.value.exit_code == 3


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond `size` bytes, as a full disk does."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("mode", ["", "delete"])
def test_a_full_disk_loses_nothing_and_a_retry_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv(opening.MODE_VARIABLE, mode)
    with Journal.create(tmp_path) as journal:
        written = journal.append(notices(10))
        size = max(path.stat().st_size for path in tmp_path.iterdir())
        with files_limited_to(size + 20_000):
            for _ in range(2):
                with pytest.raises(JournalFull, match="nothing was written") as caught:
                    journal.append(notices(2000))
                assert caught.value.exit_code == 4
            with pytest.raises(JournalFull):
                journal.put_blob(os.urandom(200_000))
            assert list(journal.read()) == written
        written += journal.append(notices(2000))
        assert list(journal.read()) == written
    with Journal.open(tmp_path) as reader:
        assert list(reader.read()) == written


def test_sqlite_saying_full_is_journal_full(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        written = journal.append(notices(3))
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(JournalFull, match="full"):
            journal.append(notices(500))
        journal._connection.execute("PRAGMA max_page_count=1000000")
        written += journal.append(notices(500))
        assert list(journal.read()) == written


def test_a_journal_locked_by_another_process_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "WAIT_S", 0.05)
    with Journal.create(tmp_path) as journal:
        other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalLocked, match="locked by another process"):
            journal.append([Noticed(text="a")])
        other.execute("ROLLBACK")
        other.close()
        assert journal.append([Noticed(text="a")])[0].seq == 1


def test_a_group_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        journal._connection.execute(
            "CREATE TRIGGER third BEFORE INSERT ON events WHEN new.seq=3 BEGIN SELECT raise(ABORT, 'no'); END"
        )
        with pytest.raises(sqlite3.IntegrityError):
            journal.append(notices(5))
        assert journal.last_seq() == 0
        assert journal.append(notices(1))[0].seq == 1


def test_a_place_that_cannot_be_written_is_said_so(tmp_path: Path, public: Path) -> None:
    with pytest.raises(JournalFull, match="nothing was written"):
        Journal.create(tmp_path / "none")
    public.chmod(0o555)
    with unprivileged(), pytest.raises(JournalFull, match="Permission denied"):
        Journal.create(public)


def test_a_group_that_cannot_be_encoded_leaves_nothing(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        with pytest.raises(TypeError):
            journal.append([Noticed(text="a"), Noticed(text=object())])  # type: ignore[arg-type]
        assert journal.last_seq() == 0
        assert journal.append([Noticed(text="a")])[0].seq == 1


# --- stream, blobs, snapshots ---------------------------------------------------------------------------------------


def test_the_stream_is_read_in_order_and_by_experiment(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        for number in range(1, 7):
            assert journal.stream_append("thought", f"t{number} ü\ud800", f"e{number % 2}", at=float(number)) == number
        items = list(journal.stream_read())
        assert [(item.seq, item.at, item.experiment, item.kind) for item in items] == [
            (number, float(number), f"e{number % 2}", "thought") for number in range(1, 7)
        ]
        assert items[0].text == "t1 ü?"
        assert [item.seq for item in journal.stream_read(after=3)] == [4, 5, 6]
        assert [item.seq for item in journal.stream_read(after=1, experiment="e1")] == [3, 5]
        assert list(journal.read()) == []


@settings(max_examples=30, deadline=None)
@given(contents=st.lists(st.binary(max_size=200) | st.binary(max_size=9).map(lambda b: b * 500), max_size=8))
def test_blobs_and_parts_read_back_the_same(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, Journal.create(Path(name)) as journal:
        digests = [journal.put_blob(content) for content in contents]
        whole = journal.put_parts(contents)
        assert [journal.get_blob(digest) for digest in digests] == contents
        assert journal.get_parts(whole) == contents
        assert journal.get_blob(whole) == b"".join(contents)
        count = journal._connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
        assert count == len(set(contents)) + 1
        assert journal.put_parts(contents) == whole
        assert len({*digests, whole, journal.put_parts([*contents, b""])}) == len(set(contents)) + 2


def test_parts_that_prompts_share_are_kept_once_and_compressed(tmp_path: Path) -> None:
    prefix = "".join(f"the ledger, line {number}\n" for number in range(5000)).encode()
    with Journal.create(tmp_path) as journal:
        for number in range(20):
            journal.put_parts([prefix, b"experiment %d" % number])
        stored = journal._connection.execute("SELECT sum(length(data)) FROM blobs").fetchone()[0]
    assert stored < len(prefix) / 2


def test_a_blob_that_is_missing_or_spoiled_says_so(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        digest = journal.put_blob(b"some content")
        for unknown in ("00" * 32, "zz", "", "abcd"):
            with pytest.raises(BlobMissing):
                journal.get_blob(unknown)
        journal._connection.execute("UPDATE blobs SET data=x'00'")
        with pytest.raises(JournalCorrupt, match=digest):
            journal.get_blob(digest)


def test_a_blob_is_in_the_log_before_the_fact_that_names_it(tmp_path: Path) -> None:
    """The fsync of the fact's commit covers the blob only if the blob was committed earlier."""
    with Journal.create(tmp_path) as journal, Journal.open(tmp_path) as reader:
        digest = journal.put_blob(b"diff")
        assert reader.get_blob(digest) == b"diff"
        assert reader.last_seq() == 0


def test_snapshots_are_replaced_and_never_ahead_of_the_facts(tmp_path: Path) -> None:
    with Journal.create(tmp_path) as journal:
        assert journal.load_snapshot("state") is None
        journal.append(notices(5))
        journal.save_snapshot("state", 3, 1, b"three")
        journal.save_snapshot("state", 5, 2, b"five")
        journal.save_snapshot("status", 4, 1, b"four")
        found = journal.load_snapshot("state")
        assert found is not None
        assert (found.seq, found.version, found.data) == (5, 2, b"five")
        journal.save_snapshot("state", 6, 2, b"from a journal that was longer")
        assert journal.load_snapshot("state") is None
