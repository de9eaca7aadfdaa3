"""The campaigns of a home: one folder each, found by name, made so that no two ever share one."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from praxtui.errors import UserError, did_you_mean
from praxtui.journal.store import NAME as JOURNAL
from praxtui.paths import campaigns_dir, ensure, private

CREATED = "created"  # a file that says when the campaign was made, in seconds since 1970; only orders the list
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def campaigns(home: Path | None = None) -> list[Path]:
    """The folders of the campaigns under `home` (default PRAXTUI_HOME), newest first. Half-made ones are left out."""
    place = _place(home)
    try:
        folders = [Path(entry.path) for entry in os.scandir(place) if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}", fix="check its permissions") from error
    dated = [
        (created(folder), len(folder.name), folder.name, folder) for folder in folders if (folder / JOURNAL).exists()
    ]
    return [entry[3] for entry in sorted(dated, reverse=True)]


def _place(home: Path | None) -> Path:
    return campaigns_dir() if home is None else home / "campaigns"


def created(folder: Path) -> float:
    """When the campaign was made, in seconds since 1970; the folder's own time where it does not say."""
    try:
        return float((folder / CREATED).read_text())
    except (OSError, ValueError):
        try:
            return folder.stat().st_mtime
        except OSError:
            return 0.0


def find(id: str, home: Path | None = None) -> Path:
    """The folder of a campaign by its id, or by a beginning that only one id has. Raises UserError."""
    place = _place(home)
    folder = place / id
    if WELL_FORMED.fullmatch(id) and (folder / JOURNAL).exists():
        return folder
    names = [known.name for known in campaigns(home)]
    if not names:
        raise UserError(
            f"no campaign {id!r}: there are no campaigns yet in {place.parent}", fix="start one: praxtui run LEAF"
        )
    begins = [name for name in names if id and name.startswith(id)]
    if len(begins) == 1:
        return place / begins[0]
    if begins:
        raise UserError(f"{id!r} fits several campaigns: {', '.join(begins[:8])}", fix="give more of the id")
    raise UserError(f"no campaign {id!r}{did_you_mean(id, names)}", fix="`praxtui list` shows all of them")


def checked(name: str) -> str:
    """A name given by a person, if it can name a folder and a git branch (git-check-ref-format). Raises UserError."""
    wrong = None
    if not WELL_FORMED.fullmatch(name):
        wrong = "a name is 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
    elif ".." in name or name.endswith((".", ".lock")):
        wrong = "git allows no '..', and no '.' or '.lock' at the end"
    if wrong:
        raise UserError(f"--name {name!r} cannot be a campaign's id: {wrong}", fix="for example: --name wider-ffn-1")
    return name


def ids(now: float) -> Iterator[str]:
    """nov22-a, nov22-b, ... nov22-z, nov22-aa, ... for the local date of `now`, in seconds since 1970."""
    date = time.localtime(now)
    for number in count():
        letters, rest = "", number
        while rest >= 0:
            rest, letter = divmod(rest, 26)
            letters = chr(ord("a") + letter) + letters
            rest -= 1
        yield f"{MONTHS[date.tm_mon - 1]}{date.tm_mday:02d}-{letters}"


def create(
    wanted: str | None = None, taken: Collection[str] = (), home: Path | None = None, now: float | None = None
) -> Path:
    """Make the folder of a new campaign; its name is the campaign's id. Several processes may do so at once.

    `wanted`: the id that a person asked for, else the next free one of today. `taken`: ids that cannot be used because
    the leaf's repository has branches of that name, made under another home. Raises UserError.
    """
    when = time.time() if now is None else now
    place = ensure(_place(home))
    if wanted is not None:
        if wanted in taken:
            raise UserError(f"the leaf has a branch praxtui/{wanted} already", fix="choose another --name")
        if not _make(place / checked(wanted), when):
            raise UserError(
                f"there is a campaign {wanted} already", fix=f"choose another --name, or: praxtui resume {wanted}"
            )
        return place / wanted
    free = (name for name in ids(when) if name not in taken)
    return next(place / name for name in free if _make(place / name, when))


def _make(folder: Path, when: float) -> bool:
    """Whether this call made the folder. mkdir either makes it or fails: of two at once, one gets it."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return False
    except OSError as error:
        raise UserError(
            f"cannot make {folder}: {error.strerror}", fix="free space there, or set PRAXTUI_HOME"
        ) from error
    # Without it the folder's own time stands in.
    with suppress(OSError), open(folder / CREATED, "x", opener=private) as file:
        file.write(f"{when!r}\n")
    return True
