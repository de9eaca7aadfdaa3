"""Data is hashed once, watched by its stamps, and its content is all that counts."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from praxtui.errors import UserError
from praxtui.workspace import data
from praxtui.workspace.data import Fingerprint, changed, fingerprint, look, make_read_only, make_writable, place
from tests.workspace.conftest import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "leaf", {"corpus/a": "a\n", "corpus/sub/b": "b\n", "one": "1\n", "other": "o\n"})
    return tmp_path / "leaf"


def test_changed_names_what_changed_came_and_went(folder: Path) -> None:
    known = fingerprint(folder, ["corpus/", "one"])
    assert changed(known) == []
    assert sorted(known.watch) == ["corpus/a", "corpus/sub/b", "one"]
    (folder / "corpus" / "a").write_text("A\n")
    (folder / "corpus" / "sub" / "b").unlink()
    (folder / "corpus" / "new").write_text("n\n")
    (folder / "other").write_text("not watched\n")
    assert changed(known) == ["corpus/a", "corpus/new", "corpus/sub/b"]


def test_same_size_and_mtime_do_not_hide_a_change(folder: Path) -> None:
    known = fingerprint(folder, ["one"])
    before = (folder / "one").stat()
    (folder / "one").write_text("2\n")
    os.utime(folder / "one", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed(known) == ["one"]


def test_permissions_and_times_are_no_content(folder: Path) -> None:
    known = fingerprint(folder, ["."])
    (folder / "one").chmod(0o600)
    os.utime(folder / "corpus" / "a", ns=(1, 1))
    assert changed(known) == []
    assert fingerprint(folder, ["."]).digest == known.digest


def test_what_has_been_looked_at_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = data.time.time_ns
    monkeypatch.setattr(data.time, "time_ns", lambda: real() + 10_000_000_000)
    known = fingerprint(folder, ["."])
    os.utime(folder / "one", ns=(1, 1))
    reads: list[str] = []
    hashed = data.hashlib.file_digest
    monkeypatch.setattr(data.hashlib, "file_digest", lambda f, name: reads.append(f.name) or hashed(f, name))
    assert [os.path.basename(name) for name in reads] == []
    paths, known = look(known)
    assert (paths, [os.path.basename(name) for name in reads]) == ([], ["one"])
    assert look(known)[0] == []
    assert len(reads) == 1


def test_a_change_in_the_tick_of_the_look_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp of a file written just now says nothing: the content is read again."""
    file = folder / "one"
    monkeypatch.setattr(data.time, "time_ns", lambda: file.stat().st_ctime_ns + 1)
    known = fingerprint(folder, ["one"])
    forged = msgspec.structs.replace(known, watch={"one": msgspec.structs.replace(known.watch["one"], digest="stale")})
    assert changed(forged) == ["one"]


def test_digest_is_of_paths_and_contents(folder: Path) -> None:
    one = fingerprint(folder, ["corpus"]).digest
    (folder / "corpus" / "a").rename(folder / "corpus" / "c")
    assert fingerprint(folder, ["corpus"]).digest != one


def test_links_are_followed_and_circles_end(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "disk", {"big": "1\n"})
    (folder / "linked").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "round").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "nowhere").symlink_to("nothing")
    known = fingerprint(folder, ["linked"])
    assert list(known.watch) == ["linked/big"]
    (tmp_path / "disk" / "big").write_text("2\n")
    assert changed(known) == ["linked/big"]


def test_json_round_trip(folder: Path) -> None:
    (folder / os.fsdecode(b"odd\xff")).write_text("x")
    known = fingerprint(folder, ["."])
    again = msgspec.json.decode(msgspec.json.encode(known), type=Fingerprint)
    assert again == known
    assert changed(again) == []


def test_missing_entry(folder: Path) -> None:
    with pytest.raises(UserError, match=r"loop\.data names none"):
        fingerprint(folder, ["none"])
    known = fingerprint(folder, ["one"])
    (folder / "one").unlink()
    assert changed(known) == ["one"]


def test_read_only_and_back(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o666)
    (folder / "corpus" / "link").symlink_to(outside)
    (folder / "corpus" / "a").chmod(0o755)
    make_read_only(folder)
    assert [oct(p.lstat().st_mode & 0o777) for p in (folder, folder / "corpus" / "a")] == ["0o555", "0o555"]
    assert outside.stat().st_mode & 0o777 == 0o666
    make_writable(folder)
    assert (folder / "corpus" / "a").stat().st_mode & 0o200
    assert (folder / "corpus").stat().st_mode & 0o700 == 0o700


def test_place(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    write(copy, {"corpus/sub/b": "b\n"})
    for _ in range(2):
        links = place(copy, folder, ["corpus", "one"], tracked=["corpus/sub/b"])
        assert sorted(links) == ["corpus/a", "one"]
        assert os.readlink(copy / "one") == str(folder / "one")
        assert not (copy / "corpus" / "sub" / "b").is_symlink()
    for entry in ("/etc", "../x", ".", ".git"):
        with pytest.raises(UserError, match="not below the leaf"):
            place(copy, folder, [entry])
    (copy / "way").symlink_to(tmp_path)
    write(folder, {"way/in": "x"})
    with pytest.raises(UserError, match="leads through a link"):
        place(copy, folder, ["way/in"])
