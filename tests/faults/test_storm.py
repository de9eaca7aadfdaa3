"""SIGKILL to engine, shim, training and cockpit at random instants: nothing lost, doubled or blamed on the innocent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import Scene
from tests.faults.storm import KINDS, Storm, fair

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

Brew = Callable[..., Storm]


@pytest.fixture
def brew() -> Iterator[Brew]:
    """Make a storm over a campaign; its cockpit is closed in the end."""
    storms: list[Storm] = []

    def make(scene: Scene, seed: int, **more: int) -> Storm:
        storms.append(Storm(scene, seed, **more))
        return storms[-1]

    yield make
    for storm in storms:
        storm.close()


def weather(scene: Scene, storm: Storm, kills: int) -> None:
    storm.rage(kills)
    assert storm.kills >= kills, f"the campaign was over after {storm.kills}: raise its experiments"
    storm.goodbye()
    fair(storm, check(scene))
    assert set(scene.killed) == set(KINDS), "a kind was never killed"


def test_twenty_kills_of_everything(begin: Begin, brew: Brew) -> None:
    scene = begin(experiments=14, seed=3, seconds=0.15)
    weather(scene, brew(scene, 3), kills=20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_three_hundred_kills_of_everything(begin: Begin, brew: Brew, seed: int) -> None:
    scene = begin(experiments=50, seed=seed, seconds=0.15)
    weather(scene, brew(scene, seed), kills=75)
