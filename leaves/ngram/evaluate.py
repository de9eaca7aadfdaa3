"""Measure the model: bits per byte on text it was not trained on. Prints `val_bpb: ...` last, or a reason and exit 1.

The model (`predict` in train.py) runs in a child process. It gets the CONTEXT bytes before each of up to POSITIONS
places of the validation text and must answer with a full distribution over the 256 bytes for each. The places lie
more than CONTEXT apart, so no context holds a byte that is asked about, and there is nothing to look ahead to. Each
distribution is checked: 256 finite numbers, all above zero, that sum to one.
"""

from __future__ import annotations

import os
import stat
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from child import Child, Refused, guard
from numpy.typing import NDArray

LEAF = Path(__file__).resolve().parent
DATA = Path(os.environ.get("PRAXTUI_DATA") or LEAF / "data")

CONTEXT = 64
POSITIONS = 32_768
BATCH = 2_048
SUM_TOLERANCE = 1e-6  # float32 rounds 256 terms to well within this; what is left of it is divided out
LARGEST_TABLES = 256 << 20  # bytes, unpacked
SECONDS = 30.0  # for the child, all in all; the starter needs a fraction of one


def table_bytes(path: Path) -> int:
    """The unpacked size of the tables; Refused if they are no plain archive of arrays, or too large."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Refused(f"{path.name} is not a plain file")
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except FileNotFoundError:
        raise Refused(f"the run left no {path.parent.name}/{path.name}") from None
    except zipfile.BadZipFile:
        raise Refused(f"{path.name} is no archive of arrays") from None
    if size > LARGEST_TABLES:
        raise Refused(f"the tables take {size / 1e6:.0f} MB; {LARGEST_TABLES / 1e6:.0f} MB is the most")
    return size


def places(length: int) -> NDArray[np.int64]:
    """Up to POSITIONS places in a text of `length` bytes, evenly spread, over CONTEXT apart, in a fixed shuffle."""
    count = min(POSITIONS, length // (CONTEXT + 1))
    if count < 1_000:
        raise Refused(f"the validation text has only {length} bytes; run prepare.py again")
    stride = length // count
    return np.random.default_rng(20_260_101).permutation(CONTEXT + stride * np.arange(count - 1))


def check(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The rows, exactly normalised; Refused unless each is a distribution without zeros."""
    exact = rows.astype(np.float64)
    if not np.isfinite(exact).all():
        raise Refused("a distribution holds NaN or infinity")
    if exact.min() <= 0:
        raise Refused(f"a distribution gives a byte the probability {exact.min():g}; all must be above zero")
    sums = exact.sum(axis=1, keepdims=True)
    worst = float(sums.ravel()[np.abs(sums - 1).argmax()])
    if abs(worst - 1) > SUM_TOLERANCE:
        raise Refused(f"a distribution sums to {worst:.7g}, not to 1")
    normal: NDArray[np.float64] = exact / sums
    return normal


def measure() -> float:
    """Bits per byte over all places."""
    text = np.frombuffer((DATA / "evaluation" / "val.bin").read_bytes(), dtype=np.uint8)
    where = places(len(text))
    bits = np.empty(len(where))
    child = Child(LEAF / "serve.py", [str(LEAF)], SECONDS)
    try:
        for start in range(0, len(where), BATCH):
            batch = where[start : start + BATCH]
            contexts = text[batch[:, None] + np.arange(-CONTEXT, 0)]
            answer = child.ask(contexts.tobytes(), len(batch) * 256 * 4)
            rows = check(np.frombuffer(answer, dtype="<f4").reshape(len(batch), 256))
            bits[start : start + BATCH] = -np.log2(rows[np.arange(len(batch)), text[batch]])
    finally:
        child.close()
    print(f"positions: {len(where)}")
    return float(bits.mean())


def main() -> None:
    guard()
    began = time.monotonic()
    try:
        size = table_bytes(LEAF / "out" / "tables.npz")
        val_bpb = measure()
    except Refused as reason:
        sys.exit(f"evaluate.py: {reason}")
    print(f"table_mb: {size / 1e6:.3f}")
    print(f"evaluation_seconds: {time.monotonic() - began:.2f}")
    print(f"val_bpb: {val_bpb:.6f}")


if __name__ == "__main__":
    main()
