"""Logs of runs that are over, compressed so that any byte of them is still at hand.

`run.log.gz` holds what `run.log` held: gzip members (RFC 1952) of 256 KiB each, so that `zcat` reads it, and a place in
it is found without reading what stands before. Each member says in its header how long it is (an extra field, as BGZF
has one), so there is no index that could be missing or wrong. Where both files stand, the plain one is the log.
Offsets are always those of the plain bytes.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

SUFFIX = ".gz"
BLOCK = 256 << 10  # plain bytes of a member; only the last is shorter
KEPT = 8  # members that are kept unpacked
SMALLEST = 64 << 10  # bytes below which a log is not worth packing
LEVEL = 4  # 60 MB/s of one core, a quarter of what a training prints; 6 takes twice as long for a tenth less
TABLES = 16  # logs whose members' places are remembered

# ID1, ID2, deflate, FEXTRA; time, extra flags, system; length of the extra field; its one subfield: `Px`, 8 bytes:
# bytes of the whole member, bytes of what it holds.
HEADER = struct.Struct("<4sIBBH2sHII")
MAGIC, NAME, LENGTH = b"\x1f\x8b\x08\x04", b"Px", 8
TRAILER = struct.Struct("<II")
OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Table(NamedTuple):
    """Where the members of a packed log begin, first the bytes of the file, then the plain ones; each with its end."""

    places: array[int]
    offsets: array[int]


class Log:
    """A log that is open: its plain bytes by offset, however it is kept. `identity` tells it from another file."""

    def __init__(self, path: Path) -> None:
        """Open the log at `path`, plain or packed. Raises OSError, FileNotFoundError among them."""
        self._fd, self.packed = _open(path)
        found = os.fstat(self._fd)
        self.identity = (found.st_dev, found.st_ino)
        self._members: OrderedDict[int, bytes] = OrderedDict()
        self._table = _table(self._fd, found) if self.packed else None

    @property
    def size(self) -> int:
        """Plain bytes; of a log that is being written, as of now. Raises OSError."""
        return os.fstat(self._fd).st_size if self._table is None else self._table.offsets[-1]

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; fewer where there are no more, or no more that can be unpacked.

        Raises OSError.
        """
        if end <= start:
            return b""
        if self._table is None:
            return os.pread(self._fd, end - start, start)
        return self._unpacked(self._table, start, min(end, self._table.offsets[-1]))

    def _unpacked(self, table: Table, start: int, end: int) -> bytes:
        parts: list[bytes] = []
        while start < end:
            number = bisect_right(table.offsets, start) - 1
            begin = table.offsets[number]
            part = self._member(table, number)[start - begin : end - begin]
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _member(self, table: Table, number: int) -> bytes:
        kept = self._members.pop(number, None)
        if kept is None:
            place, length = table.places[number], table.offsets[number + 1] - table.offsets[number]
            raw = os.pread(self._fd, table.places[number + 1] - place, place)
            kept = _plain(raw, length)
        self._members[number] = kept
        if len(self._members) > KEPT:
            self._members.popitem(last=False)
        return kept

    def release(self) -> int:
        """The descriptor, which from now on is the caller's to close."""
        fd, self._fd = self._fd, -1
        return fd

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self.release())
        self._members.clear()


class _Stream(io.RawIOBase):
    """A packed log as a file that is read from any place on."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        from_ = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._log.size}[whence]
        self._at = max(0, from_ + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._log.read(self._at, self._at + len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        self._log.close()
        super().close()


def opened(path: Path) -> BinaryIO:
    """The log at `path` as a file of its plain bytes, plain or packed. Raises OSError."""
    log = Log(path)
    return io.BufferedReader(_Stream(log)) if log.packed else open(log.release(), "rb")


def exists(path: Path) -> bool:
    """Whether there is a log at `path`, plain or packed."""
    return path.exists() or beside(path).exists()


def size(path: Path) -> int:
    """The plain bytes of a log; raises OSError where there is none."""
    log = Log(path)
    try:
        return log.size
    finally:
        log.close()


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file that the log at `path` is kept in now. Raises OSError."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        found = os.stat(beside(path))
    return found.st_dev, found.st_ino


def standing(path: Path) -> Path:
    """The file that the log at `path` is kept in: itself, or its packed form."""
    return beside(path) if not path.exists() and beside(path).exists() else path


def beside(path: Path) -> Path:
    """Where the packed form of a log stands."""
    return path.with_name(path.name + SUFFIX)


def _open(path: Path) -> tuple[int, bool]:
    """The descriptor of a log, and whether it is packed. A pipe must not hold up whoever reads."""
    try:
        fd, packed = os.open(path, OPEN), False
    except FileNotFoundError:
        fd, packed = os.open(beside(path), OPEN), True
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path} is not a file")
    return fd, packed


_tables: OrderedDict[tuple[int, int, int, int], Table] = OrderedDict()


def _table(fd: int, found: os.stat_result) -> Table:
    """Where the members begin, as far as they are whole: a file that was cut ends with the last whole one."""
    key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    known = _tables.get(key)
    if known is not None:
        return known
    places, offsets = array("Q", [0]), array("Q", [0])
    while (place := places[-1]) < found.st_size:
        raw = os.pread(fd, HEADER.size, place)
        if len(raw) < HEADER.size:
            break
        magic, *_, extra, name, length, whole, held = HEADER.unpack(raw)
        ours = (magic, extra, name, length) == (MAGIC, LENGTH + 4, NAME, LENGTH)
        if not ours or not 0 < held <= BLOCK or not HEADER.size < whole <= found.st_size - place:
            break
        places.append(place + whole)
        offsets.append(offsets[-1] + held)
    _tables[key] = table = Table(places, offsets)
    if len(_tables) > TABLES:
        with contextlib.suppress(KeyError):  # another thread may have done it
            _tables.popitem(last=False)
    return table


def _member(block: bytes) -> bytes:
    """A block as one member."""
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(block) + deflate.flush()
    whole = HEADER.size + len(data) + TRAILER.size
    header = HEADER.pack(MAGIC, 0, 0, 255, LENGTH + 4, NAME, LENGTH, whole, len(block))
    return header + data + TRAILER.pack(zlib.crc32(block), len(block))


def _plain(raw: bytes, length: int) -> bytes:
    """What a member holds; nothing where it is damaged. Never more than it says, whatever stands in it."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        block = inflate.decompress(raw[HEADER.size : -TRAILER.size], length)
        crc, _ = TRAILER.unpack(raw[-TRAILER.size :])
    except (zlib.error, struct.error):
        return b""
    return block if len(block) == length and zlib.crc32(block) == crc else b""


# --- packing ---------------------------------------------------------------------------------------------------------


def pack(folder: int, name: str, goes: Callable[[int], bool]) -> int:
    """Replace the log `name` in the open folder by its packed form; bytes saved, 0 where it is left as it is.

    Written aside, synced, checked, put in its place, and only then is the plain file deleted: whatever ends this
    between two steps, the log is there, and the next call finishes. Left as it is: what is no plain file with this one
    name, what is small, what would not get smaller, what changed meanwhile. `goes` is told the bytes of each block
    and says whether to go on. Raises OSError.
    """
    part = f".{name}{SUFFIX}.part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
    source = os.open(name, OPEN | os.O_NOFOLLOW, dir_fd=folder)
    try:
        before = os.fstat(source)
        if not stat.S_ISREG(before.st_mode) or before.st_nlink != 1 or before.st_size < SMALLEST:
            return 0
        try:
            packed = _written(folder, source, part, before.st_size, goes)
            if packed is None or packed >= before.st_size or _changed(folder, name, source, before):
                return 0
            os.rename(part, name + SUFFIX, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)
        os.fsync(folder)
        os.unlink(name, dir_fd=folder)
        return before.st_size - packed
    finally:
        os.close(source)


def saving(path: Path) -> int:
    """About how many bytes packing the log at `path` saves, judging by four blocks; 0 where it cannot be read."""
    try:
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            plain = smaller = 0
            for quarter in range(4):
                file.seek(whole * quarter // 4)
                block = file.read(min(BLOCK, whole // 4))
                plain += len(block)
                smaller += len(_member(block))
    except OSError:
        return 0
    return max(0, whole - round(whole * smaller / plain)) if plain else 0


def _written(folder: int, source: int, part: str, whole: int, goes: Callable[[int], bool]) -> int | None:
    """The bytes of the packed file once it is on disk; None where it was told to stop, or does not read back."""
    target = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with open(target, "w+b") as file:
        at = 0
        while at < whole:
            block = os.pread(source, min(BLOCK, whole - at), at)
            if not block or not goes(len(block)):
                return None
            # A pread may give less than it was asked for, but only the last member may be short.
            while len(block) < min(BLOCK, whole - at) and (
                more := os.pread(source, BLOCK - len(block), at + len(block))
            ):
                block += more
            member = _member(block)
            if _plain(member, len(block)) != block:
                return None
            file.write(member)
            at += len(block)
        file.flush()
        # When it was written last tells of a log that nobody saw end.
        log = os.fstat(source)
        os.utime(file.fileno(), ns=(log.st_atime_ns, log.st_mtime_ns))
        os.fsync(file.fileno())
        return file.tell()


def _changed(folder: int, name: str, source: int, before: os.stat_result) -> bool:
    """Whether the log was written to, or replaced, since it was opened."""
    now, named = os.fstat(source), os.stat(name, dir_fd=folder, follow_symlinks=False)
    same = (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return not same or (named.st_dev, named.st_ino) != (now.st_dev, now.st_ino)
