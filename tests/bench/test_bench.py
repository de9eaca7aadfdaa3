"""`make bench` measures something, and its last line holds what was agreed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).with_name("run.py")
AGREED = {
    *("turnaround_ms_median", "turnaround_ms_p95", "engine_cpu_share", "engine_mb"),
    *("version_ms", "status_ms", "fold_s"),
}


def test_the_last_line_is_an_object_with_the_agreed_figures() -> None:
    said = subprocess.run([sys.executable, str(RUN), "--quick"], capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    *table, last = said.stdout.splitlines()
    found = json.loads(last)
    assert found.keys() >= AGREED
    assert all(isinstance(value, float) for value in found.values())
    assert all(found[name] > 0 for name in AGREED - {"engine_cpu_share"})
    assert any("MB" in line and "<= 120" in line for line in table)


def test_a_killed_engine_is_resumed_and_its_run_adopted() -> None:
    words = [sys.executable, str(RUN.with_name("resuming.py")), "--rounds", "1"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout.splitlines()[-1])
    assert found.keys() == {"resume_answers_ms_p95", "resume_adopted_ms_p95"}
    assert all(value > 0 for value in found.values())
