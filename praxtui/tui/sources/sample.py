"""The campaign that comes with praxtui, for a first look at a replay where nothing was run yet."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from pathlib import Path

from praxtui import paths
from praxtui.errors import UserError

PACKED = Path(__file__).resolve().parents[2] / "sample" / "ngram.tar.xz"
NAME = "sample"


def sample() -> Path:
    """The folder of the sample campaign, unpacked below PRAXTUI_HOME's cache where it is not there yet.

    Several processes may ask at once. Raises UserError where it is not part of the installation or has no place.
    """
    try:
        data = PACKED.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot read the sample campaign {PACKED}: {error.strerror}", fix="install praxtui anew"
        ) from error
    place = paths.ensure(paths.cache_dir()) / f"sample-{hashlib.sha256(data).hexdigest()[:12]}"
    folder = place / NAME
    if not (folder / "journal.db").exists():
        _unpack(data, place)
    return folder


def _unpack(data: bytes, place: Path) -> None:
    """Make `place` hold the archive, whole or not at all: unpacked beside it and renamed."""
    try:
        fresh = Path(tempfile.mkdtemp(prefix=".sample-", dir=place.parent))
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:xz") as archive:
                for entry in archive:
                    file = archive.extractfile(entry)
                    if file is not None:
                        path = fresh / entry.name
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(file.read())
            if not (place / NAME / "journal.db").exists():
                shutil.rmtree(place, ignore_errors=True)
                fresh.rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        if not (place / NAME / "journal.db").exists():  # another process was faster
            raise UserError(
                f"cannot unpack the sample campaign to {place}: {error.strerror}",
                fix="free space there, or set PRAXTUI_HOME to a folder that you can write",
            ) from error
