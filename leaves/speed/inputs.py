"""What a kernel is asked: shapes and kinds of inputs, ordinary ones and those on which shortcuts show. Sealed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

TIMED = (4, 768, 64)  # heads, length, width
HOLDOUT = (2, 1024, 96)  # of the second measure: a kernel that only knows one size shows there
SHAPES = ((1, 1, 1), (2, 2, 8), (1, 7, 64), (3, 65, 16), (2, 129, 80), (1, 401, 33), TIMED)

LARGEST = 4 * 4 * max(heads * length * width for heads, length, width in (*SHAPES, HOLDOUT))  # bytes of q, k, v, answer

# What each kind multiplies q, k and v by. `steep`: exp overflows unless each row's largest score is taken off.
KINDS: dict[str, tuple[float, float, float]] = {
    "ordinary": (1.0, 1.0, 1.0),
    "steep": (40.0, 40.0, 1.0),
    "flat": (1e-4, 1e-4, 1.0),
    "large values": (1.0, 1.0, 1e4),
    "equal rows": (1.0, 1.0, 1.0),
    "late weight": (1.0, 1.0, 1.0),
    "empty": (0.0, 0.0, 1.0),
}


def draw(rng: np.random.Generator, shape: tuple[int, int, int], kind: str) -> tuple[Array, Array, Array]:
    """q, k, v [heads, length, width] of one kind, in float32."""
    scales = KINDS[kind]
    q, k, v = (rng.standard_normal(shape, dtype=np.float32) * np.float32(scale) for scale in scales)
    if kind == "equal rows":
        q[:] = q[:, :1]
        k[:] = k[:, :1]
    elif kind == "late weight":
        # The largest score of each row is its last: what is summed up block by block must be scaled again each time.
        k *= np.linspace(0.1, 6, shape[1], dtype=np.float32)[None, :, None]
        q = np.abs(q)
        k = np.abs(k)
    return q, k, v
