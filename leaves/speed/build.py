"""The run: compile `kernel.c`, and let the kernel show its pace. Its times are for the eye; the metric comes from
evaluate.py.

A kernel that cannot be compiled, imported or called ends the run here, with the compiler's or Python's own words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 (numpy reads the number of threads when it is imported)

LEAF = Path(__file__).resolve().parent
LIBRARY = LEAF / "out" / "kernel.so"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-math-errno", "-std=c11", "-shared", "-fPIC")
HEADS, LENGTH, WIDTH = 4, 768, 64  # as evaluate.py times them
STEPS = 20


def compile_library() -> None:
    """out/kernel.so from kernel.c, where there is a compiler. Exits 1 with what the compiler says."""
    LIBRARY.parent.mkdir(exist_ok=True)
    LIBRARY.unlink(missing_ok=True)
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        print("build.py: no C compiler (cc, gcc or clang on PATH): kernel.c is left out", file=sys.stderr)
        return
    began = time.monotonic()
    done = subprocess.run(
        [compiler, *FLAGS, str(LEAF / "kernel.c"), "-o", str(LIBRARY), "-lm"], capture_output=True, text=True
    )
    print(done.stderr, file=sys.stderr, end="")
    if done.returncode:
        sys.exit(f"build.py: {Path(compiler).name} could not compile kernel.c")
    print(f"compile_seconds: {time.monotonic() - began:.2f}")


def show_pace() -> None:
    """Call the kernel on inputs of the size that it is timed with."""
    sys.path.insert(0, str(LEAF))
    import kernel  # the lever

    if LIBRARY.exists():
        import ctypes

        kernel.library = ctypes.CDLL(str(LIBRARY))
    rng = np.random.default_rng(int(os.environ.get("PRAXTUI_SEED", "0")))
    times = []
    for step in range(1, STEPS + 1):
        q, k, v = (rng.standard_normal((HEADS, LENGTH, WIDTH), dtype=np.float32) for _ in range(3))
        began = time.perf_counter()
        kernel.attention(q, k, v)
        times.append(1e3 * (time.perf_counter() - began))
        print(f"step {step}/{STEPS} | ms: {times[-1]:.3f}", flush=True)
    print(f"own_ms: {sorted(times)[STEPS // 2]:.3f}")


if __name__ == "__main__":
    compile_library()
    show_pace()
