"""The gepa leaf with the real library: texts evolve against a scripted model, and only texts are measured."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.scripted.said import Asked, Said
from tests.scripted.server import Server

from .conftest import LEAVES, Leaf, metric

pytest.importorskip("gepa")


def policy() -> ModuleType:
    """The leaf's own policy and words, which the scripted model reads tickets by."""
    spec = importlib.util.spec_from_file_location("gepa_prepare", LEAVES / "gepa" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PREPARE = policy()


def facts(text: str) -> dict[str, Any]:
    """What a ticket says, from its words."""
    amount = re.search(r"(\d+) (?:euros|EUR)", text)
    days = re.search(r"(\d+) days", text)
    assert amount is not None
    assert days is not None
    return {
        "digital": any(item in text for item in PREPARE.DIGITAL),
        "fault": next(fault for fault, words in PREPARE.FAULTS.items() if any(word in text for word in words)),
        "days": int(days[1]),
        "amount": int(amount[1]),
        "partner": any(words in text for words in PREPARE.PARTNER),
    }


class Pupil:
    """A model that decides by those sentences of the policy that its prompt holds, and refunds all else. As a
    reflection it adds the sentences that the notes give to the text that it is shown."""

    def __init__(self) -> None:
        self.reflections = 0

    def __call__(self, asked: Asked) -> Said:
        if not asked.system:
            return self.reflect(asked) if "```" in asked.prompt else Said("ready")
        action, why = PREPARE.decide(facts(asked.prompt))
        decided = action if why in asked.system else "refund"
        proposed = re.search(r"proposed action: (\w+)", asked.prompt)
        if proposed is None:
            return Said(f"Let me see.\ndecision: {decided}")
        return Said(f"**Verdict: {'right' if proposed[1] == decided else 'wrong'}**")

    def reflect(self, asked: Asked) -> Said:
        self.reflections += 1
        text = asked.prompt.split("```")[1].strip()
        rules = dict.fromkeys(re.findall(r"is due\. ([A-Z][^\n]*\.)", asked.prompt))
        return Said("```\n" + "\n".join([text, *(rule for rule in rules if rule not in text)]) + "\n```")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(Pupil(), keys=["sk-of-a-test"]) as running:
        yield running


@pytest.fixture
def leaf(copy_of: Callable[[str], Leaf], server: Server, tmp_path: Path) -> Leaf:
    copied = copy_of("gepa")
    copied.set("models.py", TASK_MODEL="openai/small", REFLECTION_MODEL="openai/large", TRIES=1)
    text = (copied.path / "models.py").read_text()
    (copied.path / "models.py").write_text(
        text.replace("API_BASE: str | None = None", f"API_BASE = {server.openai_base!r}")
    )
    scratch = {"PRAXTUI_SCRATCH": str(tmp_path / "scratch")}
    copied.environment = {"OPENAI_API_KEY": "sk-of-a-test", "NO_PROXY": "*", **scratch}
    copied.run("prepare.py")
    return copied


def hand_in(leaf: Leaf, found: object) -> None:
    (leaf.path / "out").mkdir(exist_ok=True)
    (leaf.path / "out" / "best.json").write_text(found if isinstance(found, str) else json.dumps(found))


def test_tickets_are_the_same_each_time_and_apart(leaf: Leaf) -> None:
    first = {path: path.read_bytes() for path in leaf.data.rglob("*.json")}
    leaf.run("prepare.py")
    assert {path: path.read_bytes() for path in leaf.data.rglob("*.json")} == first
    train, test = (json.loads((leaf.data / name).read_text()) for name in ("train.json", "evaluation/test.json"))
    assert len(test) == 120
    shared = {ticket["text"] for ticket in train} & {ticket["text"] for ticket in test}
    assert len(shared) <= 3
    actions = [ticket["action"] for ticket in test]
    assert all(actions.count(action) >= 10 for action in PREPARE.ACTIONS)
    assert all(facts(ticket["text"])["days"] >= 0 for ticket in test)
    assert all(PREPARE.decide(facts(ticket["text"])) == (ticket["action"], ticket["why"]) for ticket in test)


def test_two_texts_evolve_and_are_measured_on_tickets_they_have_not_seen(leaf: Leaf, server: Server) -> None:
    leaf.set("evolve.py", METRIC_CALLS=110, VAL=14, REASONS=True)
    leaf.set("evaluate.py", TICKETS=40, HOLDOUT=6)
    printed = leaf.run("evolve.py")
    assert re.search(r"^step \d+ \| calls: \d+ \| val: 0\.\d+ \| best: 0\.\d+ \| tokens: \d+$", printed, re.MULTILINE)
    assert "usd: unknown" in printed
    best = json.loads((leaf.path / "out" / "best.json").read_text())
    assert all("changes their mind" in best[part] or "refunded" in best[part] for part in ("prompt", "rubric"))
    evolved = leaf.run("evaluate.py", PRAXTUI_HOLDOUT="1")
    assert "holdout_quality: " in evolved
    assert "ticket: " in evolved
    hand_in(leaf, {"prompt": "Decide.", "rubric": "Judge."})
    before = leaf.run("evaluate.py")
    assert metric(evolved, "quality") > metric(before, "quality") + 0.1
    assert metric(before, "quality") < 0.75


@pytest.mark.slow
def test_reasons_teach_what_right_words_do_not(leaf: Leaf, tmp_path: Path) -> None:
    scores = {}
    for reasons in (False, True):
        leaf.set("evolve.py", METRIC_CALLS=120, VAL=20, REASONS=reasons)
        printed = leaf.run("evolve.py", PRAXTUI_SCRATCH=str(tmp_path / f"scratch {reasons}"))
        scores[reasons] = float(printed.split("val_score: ")[1].split()[0])
    assert scores[True] > scores[False]


def test_a_run_that_is_begun_again_goes_on_where_it_stood(leaf: Leaf) -> None:
    leaf.set("evolve.py", METRIC_CALLS=30, VAL=10, REASONS=True)
    first = leaf.run("evolve.py")
    assert int(first.split("task_calls: ")[1].split()[0]) >= 60
    texts = (leaf.path / "out" / "best.json").read_bytes()
    again = leaf.run("evolve.py")
    # One call asks whether the model is there; GEPA looks at the first texts again, and no further.
    assert int(again.split("task_calls: ")[1].split()[0]) <= 1 + 2 * 10
    assert (leaf.path / "out" / "best.json").read_bytes() == texts


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("no json", "not JSON"),
        ({"prompt": "only one"}, "does not hold two texts"),
        ({"prompt": 1, "rubric": "x"}, "does not hold two texts"),
        ({"prompt": "x" * 4_001, "rubric": "x"}, "4000 is the most"),
        ({"prompt": "x", "rubric": "x", "quality": 1.0}, "does not hold two texts"),
    ],
    ids=["not json", "one text", "a number", "too long", "one too many"],
)
def test_what_are_no_two_texts_is_refused_before_anything_is_asked(
    leaf: Leaf, server: Server, found: object, reason: str
) -> None:
    hand_in(leaf, found)
    assert reason in leaf.refusal()
    assert server.asked == 0


def test_a_link_to_other_texts_is_refused(leaf: Leaf, tmp_path: Path) -> None:
    (leaf.path / "out").mkdir()
    (tmp_path / "elsewhere.json").write_text(json.dumps({"prompt": "x", "rubric": "x"}))
    (leaf.path / "out" / "best.json").symlink_to(tmp_path / "elsewhere.json")
    assert "no plain file" in leaf.refusal()


def test_nothing_is_measured_where_the_run_left_nothing(leaf: Leaf) -> None:
    assert "the run left no out/best.json" in leaf.refusal()


@pytest.mark.parametrize("script", ["evolve.py", "evaluate.py"])
def test_a_wrong_key_is_one_line(leaf: Leaf, script: str) -> None:
    hand_in(leaf, {"prompt": "x", "rubric": "x"})
    done = leaf.start(script, OPENAI_API_KEY="sk-wrong")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith(f"{script}: openai/small: AuthenticationError")
    assert "quality: " not in done.stdout


def test_a_dead_server_is_one_line(leaf: Leaf, server: Server) -> None:
    server.down()
    done = leaf.start("evolve.py")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "openai/small" in done.stderr


def test_a_missing_key_says_which(leaf: Leaf) -> None:
    done = leaf.start("evolve.py", OPENAI_API_KEY="")
    assert done.returncode == 1
    assert "export OPENAI_API_KEY=" in done.stderr
