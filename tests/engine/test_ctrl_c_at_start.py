"""Ctrl-C in the very moment in which an engine is started does not end it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.making import EXACT, make_leaf

STARTS = """
import os, signal, sys, threading
from pathlib import Path
from tests.making import create, send, start, wait_for_end
signal.signal(signal.SIGINT, lambda *_: None)
for n in range(6):
    folder, over = create(Path(sys.argv[1]), f"c{n}", "sweep", 1), threading.Event()

    def interrupt():
        while not (folder / "engine.log").exists():
            pass
        while not over.is_set():
            os.killpg(0, signal.SIGINT)

    pressing = threading.Thread(target=interrupt)
    pressing.start()
    try:
        pid = start(folder)
    finally:
        over.set()
        pressing.join()
    send(folder, "stop", now=True)
    wait_for_end(pid)
print("all started")
"""


def test_an_engine_that_is_being_started_does_not_hear_ctrl_c(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", EXACT)
    done = subprocess.run(
        [sys.executable, "-c", STARTS, str(leaf)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert done.stdout == "all started\n", done.stderr
