"""The process of one implementation: load it, close every door, then answer inputs with outputs.

Started by evaluate.py as `python -I serve.py REPLY_FD LEAF MODULE MEMORY`. MEMORY is a file that both map. A request is
three numbers (heads, length, width, as int32); q, k and v lie at the beginning of the memory as float32, the answer
goes behind them, and 8 bytes say that it is there.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from child import execute, explain, freeze, preload, read_frame, read_lever, write_frame

DONE = bytes(8)


def main(descriptor: int, leaf: Path, name: str, memory: Path) -> None:
    source, imports = read_lever(leaf / f"{name}.py")
    with open(memory, "r+b") as file:
        floats = np.frombuffer(mmap.mmap(file.fileno(), 0), dtype="<f4")
    write_frame(descriptor, DONE)
    preload(imports, {"numpy", "numba", "cffi", "scipy"})
    built = leaf / "out" / "kernel.so"
    library = ctypes.CDLL(str(built)) if name == "kernel" and built.exists() else None
    sys.path.clear()
    freeze()
    module = execute(source, name)
    module.library = library  # type: ignore[attr-defined]
    while (request := read_frame()) is not None:
        shape = tuple(np.frombuffer(request, dtype="<i4").tolist())
        size = int(np.prod(shape))
        # Copies: no address says that inputs are alike, and what a kernel writes over is its own.
        q, k, v = floats[: 3 * size].reshape(3, *shape).copy()
        floats[3 * size : 4 * size] = checked(module.attention(q, k, v), shape).ravel()
        write_frame(descriptor, DONE)


def checked(answer: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The answer; raises ValueError unless it is one array of float32 in the shape that is due."""
    if not isinstance(answer, np.ndarray) or answer.shape != shape or answer.dtype != np.float32:
        found = f"{getattr(answer, 'dtype', type(answer).__name__)} {getattr(answer, 'shape', '')}"
        raise ValueError(f"attention returned {found} where float32 {shape} is due")
    return answer


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    except Exception as problem:
        print("\n" + explain(problem, f"{sys.argv[3]}.py"), file=sys.stderr)
        sys.exit(1)
