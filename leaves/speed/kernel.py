"""Causal attention on one core, as fast as it will go. This is the file to change, and `kernel.c` beside it.

`attention(q, k, v)` gets three arrays [heads, length, width] of float32 and returns as much: for each head, each row of
softmax(q k' / sqrt(width)) v, where a row sees itself and the rows before it.

build.py compiles `kernel.c` before the run; `library` is what came of it (ctypes), None without a compiler.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

USE_C = False  # whether kernel.c does it all; the constants below are numpy's
BLOCK = 24  # rows of queries at a time
PRECISION = "float64"  # float32 | float64, of everything between what comes in and what goes out
SKIP_FUTURE = False  # whether keys that a block cannot see are left out of its product
IN_PLACE = False  # whether the scores' array is written over, or a new one is made at each step
SCALE_FIRST = False  # whether the queries are scaled, or the scores
DIVIDE_LAST = False  # whether the weights are divided by their sum, or the weighted sum is

Array = NDArray[Any]
library: Any = None


def attention(q: Array, k: Array, v: Array) -> Array:
    heads, length, width = q.shape
    if USE_C:
        return compiled(q, k, v)
    scale = np.dtype(PRECISION).type(1 / np.sqrt(width))
    q, k, v = (array.astype(PRECISION, copy=False) for array in (q, k, v))
    if SCALE_FIRST:
        q = q * scale
    out = np.empty((heads, length, width), dtype=np.float32)
    for head in range(heads):
        for begin in range(0, length, BLOCK):
            end = min(begin + BLOCK, length)
            seen = end if SKIP_FUTURE else length
            scores = q[head, begin:end] @ k[head, :seen].T
            if not SCALE_FIRST:
                scores = scores * scale
            out[head, begin:end] = weighted(hide_future(scores, begin), v[head, :seen])
    return out


def compiled(q: Array, k: Array, v: Array) -> Array:
    """What kernel.c makes of it; all arrays are contiguous."""
    if library is None:
        raise RuntimeError("USE_C needs a C compiler (cc, gcc or clang on PATH)")
    out = np.empty_like(q)
    addresses = [ctypes.c_void_p(array.ctypes.data) for array in (q, k, v, out)]
    if library.attention(*addresses, *map(ctypes.c_int, q.shape)):
        raise MemoryError
    return out


def hide_future(scores: Array, begin: int) -> Array:
    """Scores [rows, keys] of the rows from `begin` on, with -inf where the key comes after the row."""
    rows, keys = scores.shape
    scores[np.arange(keys)[None] > np.arange(begin, begin + rows)[:, None]] = -np.inf
    return scores


def weighted(scores: Array, values: Array) -> Array:
    """softmax(scores) values. The largest score is taken off first: without that, exp overflows."""
    largest = scores.max(axis=1, keepdims=True)
    if IN_PLACE:
        np.subtract(scores, largest, out=scores)
        weights = np.exp(scores, out=scores)
    else:
        weights = np.exp(scores - largest)
    total = weights.sum(axis=1, keepdims=True)
    result: Array = (weights @ values) / total if DIVIDE_LAST else (weights / total) @ values
    return result
