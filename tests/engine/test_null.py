"""What the judge makes of changes that change nothing, on leaves whose noise no seed repeats."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from praxtui.engine.engine import serve
from praxtui.journal.state import State
from tests import making

# Sampled anew in every run, whatever the seed: the harder case, since a common seed cancels nothing.
TRUE_NOISE = {"train.py": making.TRAIN.replace("random.Random(seed)", "random.SystemRandom()")}


def served(folder: Path) -> State:
    """The state of a campaign after its engine has seen it to its end."""
    asyncio.run(serve(folder, lambda: None))
    return making.state_of(folder)


@pytest.mark.slow
def test_with_true_noise_and_nothing_changed_next_to_nothing_is_confirmed(tmp_path: Path, home: Path) -> None:
    assert "SystemRandom" in TRUE_NOISE["train.py"]
    leaf = making.make_leaf(tmp_path / "leaf", {"constraints": {"repeats": 5}}, files=TRUE_NOISE)
    folder = making.create(leaf, researcher="null", experiments=300)
    state = served(folder)
    assert state.counted == 300
    values = {run.metric for e in state.experiments.values() for run in e.runs}
    assert len(values) > 250, "the leaf must really be noisy"
    confirmed = [e.id for e in state.children() if e.standing == "confirmed"]
    assert len(confirmed) <= 3
    # Being compared once with a bar that luck raised, some keeps are expected; claims are what must not follow.
    assert state.claim is None or state.claim.value is None or state.claim.low is None or state.claim.low <= 0


@pytest.mark.slow
def test_a_deterministic_leaf_keeps_nothing_that_changes_nothing(tmp_path: Path, home: Path) -> None:
    leaf = making.make_leaf(tmp_path / "leaf", making.EXACT)
    state = served(making.create(leaf, researcher="null", experiments=50))
    assert state.counted == 50
    assert [e.id for e in state.children() if e.verdict == "keep"] == []
