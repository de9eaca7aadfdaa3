"""What praxtui writes is for its owner alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

import pytest

from tests.cli.place import Place


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask 000", "umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_home_and_its_campaigns_are_their_owners_alone(place: Place, umask: int) -> None:
    folder = place.finished(experiments=1)
    place.praxtui("budget", "c", "--experiments", "2")
    place.praxtui("export", "c", "--to", "archive", "-o", "c.tar.gz")
    place.praxtui("import", "c.tar.gz", "--name", "d")
    open_to_others = []
    for at, folders, files in os.walk(place.home):
        for name in [".", *folders, *files]:
            found = os.lstat(os.path.join(at, name))
            wanted = 0o700 if stat.S_ISDIR(found.st_mode) else 0o600
            if stat.S_IMODE(found.st_mode) != wanted:
                open_to_others.append((os.path.join(at, name), oct(found.st_mode)))
    assert not open_to_others
    assert stat.S_IMODE(os.stat(place.root / "c.tar.gz").st_mode) == 0o600
    assert (folder / "inbox.db").exists() and (folder / "engine.log").exists()
    assert (folder / "runs" / "e1" / "1" / "run.log").exists()


def test_doctor_notes_a_home_that_others_can_look_into(place: Place) -> None:
    place.praxtui("list")
    assert not [check for check in place.json("doctor")["checks"] if check["name"] == "privacy"]
    place.home.chmod(0o755)
    (noted,) = [check for check in place.json("doctor")["checks"] if check["name"] == "privacy"]
    assert noted["state"] == "note" and noted["fix"] == f"chmod 700 {place.home}"
