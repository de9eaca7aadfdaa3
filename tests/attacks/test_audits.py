"""Levers that behave where they are chosen and not where they are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import Script, code, create, ledger, make_leaf, play

FRESH = """\
import os, signal, time
LUCK = 5.0
def evade():
    EVADE
    time.sleep(60)
if os.environ["PRAXTUI_SEED"] != "0":
    evade()
"""
EVASIONS = {
    "kills its shim": "os.kill(os.getppid(), signal.SIGKILL)",
    "asks its shim to stop": "os.kill(os.getppid(), signal.SIGTERM)",
    "leaves a request to stop": "open(os.path.dirname(os.environ['PRAXTUI_SCRATCH']) + '/stop', 'w').write('now')",
    "crashes": "raise SystemExit(1)",
    "deletes its folder": "import shutil; shutil.rmtree(os.path.dirname(os.environ['PRAXTUI_SCRATCH'])); os._exit(0)",
}


@pytest.mark.parametrize("name", EVASIONS)
def test_a_lever_that_evades_its_audit_is_revoked(leaf: Path, name: str) -> None:
    folder = create(leaf, experiments=1)
    state = play(folder, Script(code(FRESH.replace("EVADE", EVASIONS[name]))))
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["standing"]) == ("keep", "revoked")
    assert state.trials[-1].reason == "crashed on fresh seeds"
    assert (state.ended, state.head) == ("finished", "e0")


def test_a_baseline_that_is_lost_again_and_again_ends_the_campaign(home: Path, tmp_path: Path) -> None:
    text = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"
    leaf = make_leaf(tmp_path / "leaf", files={"settings.py": text})
    state = play(create(leaf, experiments=1), Script())
    assert (state.ended, state.exit_code) == ("stopped", 4)
    assert state.end_reason.startswith("the baseline gives no metric: lost: the shim was killed")
    assert len(state.experiments["e0"].runs) == 3
