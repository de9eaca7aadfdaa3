"""A short form of the simulation, with loose bounds; `make bench-judge` plays it in full."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "bench" / "judge_sim.py"


def test_the_rule_is_fast_and_honest() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--campaigns", "60"], capture_output=True, text=True, check=True, timeout=300
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["null_confirmed_share"] <= 0.01
    assert figures["null_audit_share"] <= 0.1
    assert figures["true_gain_ratio"] >= 0.8
    assert abs(figures["claim_bias_sd"]) <= 0.6
    assert figures["harmful_confirmed_share"] <= 0.1
    assert figures["null_coverage"] >= 0.85
