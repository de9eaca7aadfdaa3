"""Contents kept once under their digest: prompts as shared parts, lever contents, diffs."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from praxtui.errors import CampaignFault
from praxtui.journal.faults import JournalCorrupt

RAW = "raw"
ZLIB = "zlib"
PARTS = "parts"
DIGEST = 32  # bytes of a SHA-256


class BlobMissing(CampaignFault):
    """A fact names a blob that the journal does not hold."""


class Row(NamedTuple):
    """A row of the table `blobs`: `size` in bytes before packing; `codec` raw, zlib, or parts (a list of digests)."""

    digest: bytes
    size: int
    codec: str
    data: bytes


def packed(data: bytes) -> Row:
    """The row that keeps `data`, compressed where that saves anything."""
    small = zlib.compress(data, 6)
    digest = hashlib.sha256(data).digest()
    return Row(digest, len(data), ZLIB, small) if len(small) < len(data) else Row(digest, len(data), RAW, data)


def listed(parts: Sequence[bytes]) -> Row:
    """The row that keeps the order of `parts`. Its digest cannot be one of contents: the boundaries count."""
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return Row(hashlib.sha256(b"parts\0" + digests).digest(), len(digests), PARTS, digests)


def unpacked(row: Row, path: Path) -> bytes:
    """The contents that `row` keeps, checked against its digest. Raises JournalCorrupt, naming `path`."""
    try:
        data = zlib.decompress(row.data) if row.codec == ZLIB else row.data
    except zlib.error as error:
        raise _damaged(row, path) from error
    if hashlib.sha256(data).digest() != row.digest:
        raise _damaged(row, path)
    return data


def part_digests(row: Row, path: Path) -> list[bytes]:
    """The digests of the parts that `row` lists. Raises JournalCorrupt."""
    if hashlib.sha256(b"parts\0" + row.data).digest() != row.digest:
        raise _damaged(row, path)
    return [row.data[start : start + DIGEST] for start in range(0, len(row.data), DIGEST)]


def key(digest: str) -> bytes:
    """The bytes of a hex digest. Raises BlobMissing for what cannot be one."""
    try:
        found = bytes.fromhex(digest)
    except ValueError:
        found = b""
    if len(found) != DIGEST:
        raise BlobMissing(f"{digest!r} is no digest of a blob")
    return found


def _damaged(row: Row, path: Path) -> JournalCorrupt:
    return JournalCorrupt(path, None, f"blob {row.digest.hex()} does not match its digest")
