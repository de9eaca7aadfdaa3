"""The model's process: load the tables as data, close every door, then answer contexts with distributions.

Started by evaluate.py as `python -I serve.py REPLY_FD LEAF`. A request is N contexts of CONTEXT bytes (uint8); its
answer is N x 256 float32.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from child import execute, explain, freeze, preload, read_frame, read_lever, write_frame

CONTEXT = 64  # bytes before the one to predict; evaluate.py says the same


def main(descriptor: int, leaf: Path) -> None:
    source, imports = read_lever(leaf / "train.py")
    with np.load(leaf / "out" / "tables.npz", allow_pickle=False) as stored:
        tables = {name: stored[name] for name in stored.files}
    preload(imports, {"numpy"})
    sys.path.clear()
    freeze()
    lever = execute(source, "train")
    while (request := read_frame()) is not None:
        contexts = np.frombuffer(request, dtype=np.uint8).reshape(-1, CONTEXT)
        answer = np.ascontiguousarray(lever.predict(tables, contexts), dtype=np.float32)
        if answer.shape != (len(contexts), 256):
            raise ValueError(f"predict returned the shape {answer.shape} where {(len(contexts), 256)} is due")
        write_frame(descriptor, answer.tobytes())


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), Path(sys.argv[2]))
    except Exception as problem:
        print("\n" + explain(problem, "train.py"), file=sys.stderr)
        sys.exit(1)
