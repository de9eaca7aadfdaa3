"""A byte-level n-gram language model: constants, counting, prediction. This is the file to change.

Run as a script it counts the training text and writes `out/tables.npz`. The evaluator then calls `predict` in a
process of its own, with those tables, and nothing else: no file can be opened there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDER = 3  # the longest context, in bytes, 1 to 7
TRAIN_BYTES = 400_000  # how much of the training text is counted
MIN_COUNT = 2  # what was seen less often than this is left out of the tables (contexts of two bytes and more)
SMOOTHING = "additive"  # additive | absolute | witten-bell: what a context's own counts give to the shorter context
CONCENTRATION = 20.0  # additive: pseudo-counts handed to the shorter context
DISCOUNT = 0.5  # absolute: taken from every count and handed to the shorter context
ESCAPE = 1.0  # witten-bell: pseudo-counts per distinct byte seen
CONTINUATION = False  # shorter contexts count in how many longer ones a byte was seen, not how often (Kneser-Ney)
INTERPOLATE = True  # the shorter context speaks about every byte; else only about bytes not seen (backoff)
CACHE_WEIGHT = 0.0  # share given to what followed the same bytes earlier within the context
CACHE_ORDER = 3  # how many bytes must agree for that
CACHE_DECAY = 0.97  # a match counts less by this much for every byte that lies between

Tables = dict[str, Any]  # arrays by name
Counts = tuple[NDArray[np.uint64], NDArray[np.uint32]]


def grams(text: NDArray[np.uint8], order: int) -> NDArray[np.uint64]:
    """Every run of `order` context bytes and the byte after them, packed: oldest byte highest, predicted lowest."""
    packed = np.zeros(len(text) - order, dtype=np.uint64)
    for offset in range(order + 1):
        packed = (packed << np.uint64(8)) | text[offset : len(text) - order + offset]
    return packed


def shorten(longer: Counts, order: int) -> Counts:
    """Counts of the contexts one byte shorter, `order` bytes long, from those of the longer ones."""
    keys, counts = longer
    short = keys & np.uint64((1 << 8 * (order + 1)) - 1)
    by_key = np.argsort(short, kind="stable")
    short = short[by_key]
    first = np.flatnonzero(np.r_[True, short[1:] != short[:-1]])
    weights = np.ones_like(counts) if CONTINUATION else counts[by_key]
    return short[first], np.add.reduceat(weights, first, dtype=np.uint32)


def count(text: NDArray[np.uint8]) -> Tables:
    """For every order k: `keys{k}`, sorted packed grams, and `counts{k}`."""
    keys, seen = np.unique(grams(text, ORDER), return_counts=True)
    current: Counts = (keys, seen.astype(np.uint32))
    tables: Tables = {}
    for order in range(ORDER, -1, -1):
        if order < ORDER:
            current = shorten(current, order)
        keep = current[1] >= (MIN_COUNT if order >= 2 else 1)
        tables[f"keys{order}"], tables[f"counts{order}"] = current[0][keep], current[1][keep]
        print(f"order {order} | contexts and bytes kept: {int(keep.sum())} | of: {len(keep)}")
    return tables


def look_up(tables: Tables, order: int, contexts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """[N, 256] counts of the bytes seen after the last `order` bytes of each context."""
    keys, counts = tables[f"keys{order}"], tables[f"counts{order}"]
    packed = np.zeros(len(contexts), dtype=np.uint64)
    for offset in range(order, 0, -1):
        packed = (packed << np.uint64(8)) | contexts[:, -offset]
    low = np.searchsorted(keys, packed << np.uint64(8))
    width = np.searchsorted(keys, (packed << np.uint64(8)) | np.uint64(255), side="right") - low
    rows = np.repeat(np.arange(len(contexts)), width)
    entries = np.repeat(low - np.cumsum(width) + width, width) + np.arange(len(rows))
    found = np.zeros((len(contexts), 256), dtype=np.float32)
    found[rows, (keys[entries] & np.uint64(255)).astype(np.intp)] = counts[entries]
    return found


def normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, each divided by its sum."""
    divided: NDArray[np.float32] = rows / rows.sum(axis=1, keepdims=True)
    return divided


def smooth(found: NDArray[np.float32], shorter: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N, 256] distributions from a context's counts and the shorter context's distributions."""
    total = found.sum(axis=1, keepdims=True)
    distinct = np.count_nonzero(found, axis=1, keepdims=True).astype(np.float32)
    if SMOOTHING == "absolute":
        own, given = np.maximum(found - DISCOUNT, 0, dtype=np.float32), np.float32(DISCOUNT) * distinct
    elif SMOOTHING == "witten-bell":
        own, given = found, np.float32(ESCAPE) * distinct
    else:
        own, given = found, np.full_like(total, CONCENTRATION)
    # A context that was never seen says nothing of its own.
    given = np.where(total > 0, given, np.float32(1))
    if not INTERPOLATE:
        unseen = np.where(found > 0, np.float32(0), shorter)
        left = unseen.sum(axis=1, keepdims=True)
        shorter = np.where(left > 0, unseen / np.maximum(left, np.float32(1e-30)), shorter)
    mixed = own + given * shorter
    return normalised(mixed)


def recall(contexts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """[N, 256] decayed counts of what followed the context's last CACHE_ORDER bytes earlier within it."""
    length = contexts.shape[1]
    ends = np.arange(CACHE_ORDER, length)
    same = np.ones((len(contexts), len(ends)), dtype=bool)
    for offset in range(1, CACHE_ORDER + 1):
        same &= contexts[:, ends - offset] == contexts[:, -offset, None]
    rows, hits = np.nonzero(same)
    found = np.zeros((len(contexts), 256), dtype=np.float32)
    np.add.at(found, (rows, contexts[rows, ends[hits]]), np.float32(CACHE_DECAY) ** (length - ends[hits]))
    return found


def predict(tables: Tables, contexts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The probability of each byte after each context. contexts: [N, 64] bytes, oldest first; returns [N, 256]."""
    rows = np.full((len(contexts), 256), 1 / 256, dtype=np.float32)
    for order in range(ORDER + 1):
        rows = smooth(look_up(tables, order, contexts), rows)
    if CACHE_WEIGHT > 0:
        found = recall(contexts)
        total = found.sum(axis=1, keepdims=True)
        share = np.where(total > 0, np.float32(CACHE_WEIGHT), np.float32(0))
        rows = (1 - share) * rows + share * found / np.maximum(total, np.float32(1e-30))
    return normalised(np.maximum(rows, np.float32(1e-9)))


def main() -> None:
    leaf = Path(__file__).resolve().parent
    data = Path(os.environ.get("PRAXTUI_DATA") or leaf / "data")
    began = time.monotonic()
    text = np.fromfile(data / "train.bin", dtype=np.uint8, count=TRAIN_BYTES)
    tables = count(text)
    out = leaf / "out"
    out.mkdir(exist_ok=True)
    np.savez(out / "tables.npz", **tables)
    print(f"train_bytes: {len(text)}")
    print(f"train_seconds: {time.monotonic() - began:.2f}")


if __name__ == "__main__":
    main()
