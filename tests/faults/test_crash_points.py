"""The engine dies exactly before or after each thing that it does to the world; its successor goes on from there."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from praxtui.journal.state import State
from tests.faults.conftest import Begin
from tests.faults.invariants import check, ended
from tests.faults.scene import PATIENCE, Scene, running

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

ROOT = Path(__file__).parents[2]

# What is changed looks better on the seed that selects and worse on every other, so the audit at the end takes it
# back; a change of DROP crashes.
LUCK = """\
if DROP != 0.1:
    raise SystemExit("DROP cannot be changed")
changed = (WIDTH != 32) + (DEPTH != 2) + (LR != 0.01) + (MODE != "plain")
bonus = changed if os.environ["PRAXTUI_SEED"] == "0" else -changed
"""


def luck(begin: Begin, name: str = "c") -> Scene:
    """A short campaign with keeps, a carried draft, a crash, a failed audit and a restoring commit."""
    return begin(experiments=4, name=name, extra=LUCK, seconds=0.01)


def die(scene: Scene, step: str, number: int = 1, listing: Path | None = None) -> bool:
    """Run an engine until it dies at the step; False when the campaign ended without that."""
    words = [sys.executable, "-m", "tests.faults.crashing_engine", str(scene.folder), step, str(number)]
    with open(scene.folder / "engine.log", "ab") as log:
        engine = subprocess.run(
            [*words, *([str(listing)] if listing else [])], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            timeout=PATIENCE, start_new_session=True,
        )  # fmt: skip
    if engine.returncode != -signal.SIGKILL:
        assert engine.returncode == 0, scene.log()
        return False
    state = scene.state()
    scene.adoptable |= {(experiment, run.n) for experiment, run in running(state) if scene.goes_on(experiment, run)}
    return True


def finish(scene: Scene) -> State:
    """Let a whole engine bring the campaign to its end, then check everything."""
    if not ended(scene.state()):
        scene.start()
        scene.finish()
    return check(scene)


# In the order in which a campaign comes by them; one campaign dies at all of them.
CHAIN = [
    "before EpochOpened",
    "after record",
    "after EpochOpened",
    "after prepare",
    "before RunEnded",
    "after RunStarted",
    "after start",
    "after DraftBegun",
    "after HypothesisStated",
    "after record_draft",
    "after DraftCommitted",
    "after RunEnded",
    "after Judged",
    "after grow",
    "before Reflected",
    "after carry",
    "after TrialStarted",
    "after TrialEnded",
    "after grow",
    "before CampaignEnded",
]


def test_one_campaign_dies_at_every_kind_of_step(begin: Begin) -> None:
    scene = luck(begin)
    for step in CHAIN:
        assert die(scene, step), f"the campaign ended before `{step}`"
    state = finish(scene)
    assert [e.verdict for e in state.children()].count("crash") >= 1
    assert any(e.standing == "revoked" for e in state.children())
    assert state.trials[-1].outcome == "failed"


# In eight parts, so that several workers can share them: some 220 edges, 3 s each.
@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_every_edge(begin: Begin, tmp_path: Path, part: int) -> None:
    listing = tmp_path / "edges"
    assert not die(luck(begin, "whole"), "no such step", 1, listing)
    edges = listing.read_text().splitlines()
    assert len(edges) > 100
    numbers = range(1 + part, len(edges) + 1, 8)
    died = 0
    for number in numbers:
        scene = luck(begin, f"c{number}")
        died += die(scene, "", number)
        finish(scene)
    # Two tasks work side by side, so that a campaign may have an edge more or less.
    assert died >= len(numbers) - 1
