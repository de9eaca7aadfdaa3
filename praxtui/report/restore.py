"""An archive back into PRAXTUI_HOME. Whoever wrote it is not trusted.

Only files under the fixed names of an archive are read, within limits, and of the journal only its rows. Importing runs
nothing; `resume` runs what the program says.
"""

from __future__ import annotations

import gzip
import os
import re
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from praxtui import paths
from praxtui.errors import CampaignFault, DiskFull, UserError
from praxtui.journal import campaigns, copying
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import NAME as JOURNAL
from praxtui.journal.store import Journal
from praxtui.report.archive import COMMITS, FORMAT, MANIFEST, MEMBER, Manifest
from praxtui.workspace import leftovers, transfer
from praxtui.workspace.repository import LeafRepository

MOST_FILES = 1_000_000
MOST_BYTES = 256 << 30
MANIFEST_BYTES = 16 << 20
ROOM = 1 << 30  # bytes that an import leaves free
CHUNK = 1 << 20
BLOCK = 512  # bytes of a tar header
EXPERIMENT = re.compile(r"e\d{1,9}", re.ASCII)
OID = re.compile(r"[0-9a-f]{40}")
BROKEN = (gzip.BadGzipFile, zlib.error, EOFError, tarfile.HeaderError)


class Imported(NamedTuple):
    """The campaign's folder and state; the refs restored in its leaf, None where they could not be; why not; the
    command that brings the leaf back, where it is not there but its commits are."""

    folder: Path
    state: State
    refs: list[str] | None
    why: str = ""
    fix: str = ""


def is_archive(file: Path) -> bool:
    """Whether a file begins as an archive does. Raises OSError."""
    try:
        with gzip.open(file) as stream:
            return stream.read(len(MANIFEST)) == MANIFEST.encode()
    except BROKEN:
        return False


def read(file: Path, name: str | None = None) -> Imported:
    """Import an archive as a campaign, under its own id or as `name`: it appears whole, or not at all.

    Raises UserError for what is no archive, damaged, beyond the limits, or a name that is taken; DiskFull.
    """
    home = paths.ensure(paths.home())
    aside = home / f".import-{secrets.token_hex(6)}"
    try:
        paths.make(aside)
        _unpack(file, aside)
        manifest = _manifest(aside, file)
        id = campaigns.checked(name or manifest.id)
        made = aside / "campaign"
        state = _campaign(aside / "files", made, id, file)
        _commits(aside / "files" / "commits", made / COMMITS, manifest, id, file)
        folder = _place(made, id)
    except OSError as error:
        raise CampaignFault(f"cannot import {file}: {error.strerror or error}") from error
    finally:
        leftovers.erase(aside)
    return _restored(folder, state)


def _unpack(file: Path, aside: Path) -> None:
    """Write the files of the archive below `aside/files`, names and sizes checked as they come."""
    seen: set[str] = set()
    whole = 0
    try:
        with gzip.open(file) as stream:
            for name, size in _members(stream):
                whole += size
                if not MEMBER.fullmatch(name) or name in seen:
                    raise UserError(f"{file} holds {name!r}, which is no part of an archive of praxtui")
                seen.add(name)
                if len(seen) > MOST_FILES or whole > MOST_BYTES:
                    raise UserError(
                        f"{file} holds more than an archive of praxtui can: {len(seen)} files, {whole} bytes"
                    )
                path = aside / "files" / name
                paths.make(path.parent)
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                    _write(stream, size, target, aside)
    except BROKEN as error:
        raise UserError(f"{file} is damaged, or no archive of praxtui: {error}") from error


def _members(stream: BinaryIO | gzip.GzipFile) -> Iterator[tuple[str, int]]:
    """(name, bytes) of each plain file of a tar, whose content the caller reads. Raises UserError for anything else.

    Not tarfile itself, which holds headers of any length in memory and knows links, devices and holes.
    """
    while (header := stream.read(BLOCK)) and header.count(0) < BLOCK:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.size < 0:
            raise UserError(f"{info.name!r} in the archive is no plain file")
        yield info.name, info.size
        stream.read(-info.size % BLOCK)


def _write(stream: BinaryIO | gzip.GzipFile, size: int, target: BinaryIO, aside: Path) -> None:
    while size:
        if shutil.disk_usage(aside).free < ROOM:
            raise DiskFull(f"an import leaves 1 GB free on the disk of {aside.parent}", fix="free some space there")
        block = stream.read(min(CHUNK, size))
        if not block:
            raise EOFError("it ends in the middle of a file")
        target.write(block)
        size -= len(block)


def _manifest(aside: Path, file: Path) -> Manifest:
    path = aside / "files" / MANIFEST
    if not path.is_file() or path.stat().st_size > MANIFEST_BYTES:
        raise UserError(f"{file} is no archive of praxtui: it has no {MANIFEST}")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise UserError(f"{file}: {MANIFEST} cannot be read: {error}") from error
    if manifest.format > FORMAT:
        raise UserError(
            f"{file} has archive format {manifest.format}; this praxtui reads formats up to {FORMAT}",
            fix="install a newer praxtui: pip install -U praxtui",
        )
    return manifest


def _campaign(files: Path, made: Path, id: str, file: Path) -> State:
    """Make the campaign's folder from the files; its state."""
    paths.make(made)
    if not (files / JOURNAL).is_file():
        raise UserError(f"{file} is no archive of praxtui: it has no {JOURNAL}")
    try:
        copying.rebuild(files / JOURNAL, made / JOURNAL, id)
        with Journal.open(made) as journal:
            journal.check()
            state = folded(journal)
            journal.get_blob(state.program)
        _check_names(state)
    except UserError as error:
        said = error.message.replace(str(made / JOURNAL), "its journal")
        raise UserError(f"{file}: {said}", exit_code=error.exit_code) from error
    except (msgspec.MsgspecError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{file}: its journal holds what no campaign can: {error!r}") from error
    for name in ("created", "engine.log", "runs"):
        if (files / name).exists():
            (files / name).rename(made / name)
    return state


def _check_names(state: State) -> None:
    """Names that become folders must be what praxtui itself would give. Raises ValueError."""
    runs = [f"{e.id}/{run.n}" for e in state.experiments.values() for run in e.runs]
    for name in (*state.experiments, *(e.id for e in state.experiments.values())):
        if not EXPERIMENT.fullmatch(name):
            raise ValueError(f"an experiment is called {name!r}")
    for name in (*state.running, *runs):
        experiment, _, n = name.partition("/")
        if not EXPERIMENT.fullmatch(experiment) or not re.fullmatch(r"[1-9]\d{0,8}", n, re.ASCII):
            raise ValueError(f"a run is called {name!r}")
    if not Path(state.leaf).is_absolute():
        raise ValueError(f"its leaf is {state.leaf!r}")


def _commits(packs: Path, to: Path, manifest: Manifest, id: str, file: Path) -> None:
    """Make the bare repository of the campaign's commits, where the archive has any."""
    if not manifest.refs or not packs.is_dir():
        return
    below, line = f"refs/praxtui/{manifest.id}/", f"refs/heads/praxtui/{manifest.id}"
    found = {}
    for ref, oid in manifest.refs.items():
        last = ref.removeprefix(below)
        known = ref == line or (ref.startswith(below) and re.fullmatch(r"[A-Za-z0-9][\w-]{0,60}(\.\d+)?", last))
        if not known or not OID.fullmatch(oid):
            raise UserError(f"{file} names {ref!r}, which is no ref of its campaign")
        found[f"refs/heads/praxtui/{id}" if ref == line else f"refs/praxtui/{id}/{last}"] = oid
    parts = Path(manifest.prefix).parts
    if manifest.prefix.startswith("/") or ".." in parts or not manifest.prefix.isprintable():
        raise UserError(f"{file}: {manifest.prefix!r} is no place in a repository")
    try:
        transfer.receive(packs, to, found, manifest.prefix)
    except (KeyError, ValueError) as error:
        raise UserError(f"{file} names commits that it does not hold: {error}") from error


def _place(made: Path, id: str) -> Path:
    """Give the campaign its name. The empty folder is claimed first: mkdir gives it to one process alone."""
    folder = paths.ensure(paths.campaigns_dir()) / id
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise UserError(
            f"there is a campaign {id} already", fix="import it under another name: --name OTHER"
        ) from error
    made.rename(folder)
    return folder


def _restored(folder: Path, state: State) -> Imported:
    """Put the commits into the leaf where that is there. What fails now is done, or said, when the campaign resumes."""
    source, leaf = folder / COMMITS, Path(state.leaf)
    if not leaf.is_dir():
        fix = transfer.brought_back(source, state.id, leaf) if source.is_dir() else ""
        return Imported(folder, state, None, f"its leaf is not here ({leaf}), so that it cannot go on", fix)
    try:
        made = transfer.take_back(source, LeafRepository.open(leaf), state.id) if source.is_dir() else []
    except UserError as error:
        return Imported(folder, state, None, f"its commits could not be put into {leaf}: {error.message}")
    return Imported(folder, state, made)
