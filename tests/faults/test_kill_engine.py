"""SIGKILL to the engine at random moments of a campaign: nothing is lost, doubled or half judged."""

from __future__ import annotations

import random
import time

import pytest

from tests.faults.conftest import Begin
from tests.faults.invariants import check, ended
from tests.faults.scene import Scene

# The engine that is killed was started by this process, which goes on without waiting for it.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


def torment(scene: Scene, kills: int, seed: int, most_events: int) -> None:
    """Kill the engine `kills` times, each up to `most_events` facts and 150 ms after it answers; then let it end."""
    chance = random.Random(seed)
    while scene.kills < kills and not ended(scene.state()):
        scene.start()
        target = scene.state().seq + chance.randint(0, most_events)
        scene.wait(lambda state, seq=target: state.seq >= seq or ended(state), "some more facts")
        time.sleep(chance.random() * 0.15)
        scene.kill()
    if not ended(scene.state()):
        scene.start()
        scene.finish()


# Two campaigns, so that two workers can share the fifty.
@pytest.mark.parametrize("seed", [0, 1])
def test_fifty_kills_lose_nothing(begin: Begin, seed: int) -> None:
    scene = begin(experiments=16, seed=seed, seconds=0.15)
    torment(scene, kills=25, seed=seed, most_events=5)
    assert scene.kills == 25, "the campaign was over too soon: raise its experiments"
    check(scene)
    assert len(scene.adoptable) >= 2, "too few kills fell into a run"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_lose_nothing(begin: Begin, seed: int) -> None:
    scene = begin(experiments=60, seed=seed)
    torment(scene, kills=200, seed=seed, most_events=6)
    check(scene)
