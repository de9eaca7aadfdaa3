"""A campaign as one file: its journal, its logs and its commits, to be kept, carried away, and imported again.

A gzipped tar of plain files under fixed names (`MEMBER` is all that there can be), which any tar lists:

    praxtui-archive.json            what it is: see `Manifest`
    journal.db                      a copy made by SQLite, whole at one moment, whatever the engine did meanwhile
    engine.log, created             as in the campaign's folder
    runs/<experiment>/<n>/...       logs, plain or packed, their times, and the exit record of each run
    commits/pack-<id>.pack, .idx    all that refs/praxtui/<id>/* and the campaign's branch hold

The inbox stays behind, and so does what identifies processes: a copy must not take a run for its own.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import secrets
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

import praxtui
from praxtui.engine import packing
from praxtui.errors import CampaignFault, DiskFull, UserError
from praxtui.journal import copying, packed
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import NAME as JOURNAL
from praxtui.journal.store import Journal
from praxtui.workspace import transfer
from praxtui.workspace.repository import LeafRepository

FORMAT = 1
MANIFEST = "praxtui-archive.json"
COMMITS = "commits.git"
LEVEL = 4
LOG = r"[\w-][\w.-]{0,60}\.(?:log|log\.gz|times)"
MEMBER = re.compile(
    rf"{re.escape(MANIFEST)}|journal\.db|engine\.log|created|commits/pack-[0-9a-f]{{40,64}}\.(?:pack|idx)"
    rf"|runs/[\w-]{{1,40}}/[\w-]{{1,40}}/(?:exit\.json|{LOG})",
    re.ASCII,
)


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of itself: `refs` by name, `prefix` where the leaf is in its repository, `made` in seconds
    since 1970."""

    format: int
    id: str
    praxtui: str
    made: float
    leaf: str
    prefix: str = ""
    refs: dict[str, str] = {}


def write(folder: Path, to: Path) -> Manifest:
    """Write the campaign in `folder`, live or not, to the new file `to`: whole or not at all, for its owner alone.

    Raises UserError where `to` is there, CampaignFault, DiskFull.
    """
    if os.path.lexists(to):
        raise UserError(f"{to} is there already", fix="name another file with -o")
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".praxtui-export-", dir=to.parent) as aside:
            manifest = _gathered(folder, Path(aside))
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                _pack(folder, Path(aside), manifest, file)
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, to)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFull if full else CampaignFault)(f"cannot write {to}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _gathered(folder: Path, aside: Path) -> Manifest:
    """Put copies of journal and commits into `aside`. The journal first: no fact is without its commit then."""
    copying.copy(folder, aside / JOURNAL)
    with Journal.open(aside) as journal:
        state = folded(journal)
    refs, prefix = _commits(folder, state, aside / COMMITS)
    return Manifest(FORMAT, folder.name, praxtui.__version__, time.time(), state.leaf, prefix, refs)


def _commits(folder: Path, state: State, to: Path) -> tuple[dict[str, str], str]:
    """The campaign's commits, from its leaf, else from the archive that it came from; none where neither has them."""
    try:
        repository = LeafRepository.open(Path(state.leaf))
        refs = transfer.gather(repository.common, state.id, to)
        if refs:
            return refs, repository.prefix
    except UserError:
        pass
    if (folder / COMMITS).is_dir():
        shutil.rmtree(to, ignore_errors=True)
        return transfer.gather(folder / COMMITS, state.id, to), transfer.prefix_of(folder / COMMITS)
    return {}, ""


def _pack(folder: Path, aside: Path, manifest: Manifest, file: BinaryIO) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=LEVEL) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        said = msgspec.json.format(msgspec.json.encode(manifest))
        _add(tar, MANIFEST, io.BytesIO(said), len(said))
        for name, handle in _files(folder, aside):
            with open(handle, "rb") as each:
                found = os.fstat(handle)
                if stat.S_ISREG(found.st_mode):
                    _add(tar, name, each, found.st_size, found.st_mtime)


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO, size: int, at: float = 0.0) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at)
    tar.addfile(info, _Steady(file, size))


class _Steady(io.RawIOBase):
    """The first `size` bytes of a file that may be written to or cut meanwhile; what is gone reads as line ends."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        self._left -= wanted
        return self._file.read(wanted).ljust(wanted, b"\n")


def _files(folder: Path, aside: Path) -> Iterator[tuple[str, int]]:
    """(name in the archive, open descriptor) of every file; no link that a run may have left is followed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    yield JOURNAL, os.open(aside / JOURNAL, flags)
    for path in sorted((aside / COMMITS).glob("objects/pack/pack-*.*")):
        if MEMBER.fullmatch(f"commits/{path.name}"):
            yield f"commits/{path.name}", os.open(path, flags)
    for name in ("created", "engine.log"):
        with suppress(OSError):
            yield name, os.open(folder / name, flags)
    for run in sorted(folder.glob("runs/*/*")):
        with suppress(OSError), packing.opened(run) as handle:
            for name in sorted(os.listdir(handle)):
                # A log may be packed between the look and the opening; it is then under its other name.
                for each in (name, f"{name}{packed.SUFFIX}"):
                    member = f"runs/{run.parent.name}/{run.name}/{each}"
                    with suppress(FileNotFoundError):
                        if MEMBER.fullmatch(member):
                            yield member, os.open(each, flags, dir_fd=handle)
                            break
