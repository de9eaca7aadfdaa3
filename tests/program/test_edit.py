"""Edits of the front matter: the new value is there, and everything else is as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.errors import UserError
from praxtui.program import front
from praxtui.program.edit import set_key, set_keys
from praxtui.program.keys import DOTTED
from praxtui.program.read import parse

COMMENTED = """---   # c0
# c1
metric:                       # c2 what "better" means
  name: val_bpb   # c3
  goal:     # c4
levers:
  edit:   # c5
    # c6
    - train.py   # c7
    # c8
    - "b#b.py"  # c9
  new:
  - a.py  # c10
  - c.py

  # c11
loop: {run: python train.py, "budget": 60s,  # c12
   requires: [a, # c13
     b]}
# c14
constraints:
  secrets: [A,
    B]   # c15
  hours: 8
  network: >-  # c16
    none

  # c17
  limits:
    vram: "<= 3"  # c18
# c19
---   # c20
# 1. Task
---
prose: x   # not a comment
"""

VALUES = {
    "metric.name": ["loss", '"a"'],
    "metric.goal": ["maximize"],
    "metric.target": ["1e-3", "null", "2"],
    "metric.bound": ["-1.5"],
    "metric.deterministic": ["true", "false"],
    "metric.holdout": ["other"],
    "metric.curve": ["loss_curve"],
    "metric.also": ["[a, b]", "[]"],
    "levers.edit": ["[x.py, y.py]", '["*.py"]'],
    "levers.new": ["[n/*.py]"],
    "levers.space": ["{LR: [1e-4, 1e-1]}"],
    "loop.setup": ["python p.py --a: 1, {", "null"],
    "loop.data": ["[d/]"],
    "loop.run": ["python a.py --x '1 2'", "a | b"],
    "loop.evaluate": ["python e.py"],
    "loop.artifacts": ["[o/]"],
    "loop.check": ["python a.py [x]"],
    "loop.budget": ["90s", "30"],
    "loop.timeout": ["5m", "null"],
    "loop.requires": ["[torch]"],
    "loop.python": ["auto", "./v/bin/python"],
    "loop.gpus": ["2", "auto"],
    "loop.place": ["ray"],
    "loop.ray": ["{address: 'x:1'}"],
    "loop.slurm": ["{a: {b: [1, null]}}"],
    "loop.modal": ["{}"],
    "loop.slots": ["3"],
    "loop.lookahead": ["0"],
    "loop.search": ["tree"],
    "loop.early_stop": ["off"],
    "constraints.keep": ["strict"],
    "constraints.repeats": ["3"],
    "constraints.limits": ['{a: ">= 3"}'],
    "constraints.network": ["run"],
    "constraints.secrets": ["[X]"],
    "constraints.experiments": ["10", "null"],
    "constraints.hours": ["1.5", "8h"],
    "constraints.usd": ["null", "3"],
    "constraints.tokens": ["1e6"],
    "constraints.gpu_usd_per_hour": ["2"],
    "levers.space.LR": ["[1, 2]", "false"],
    "levers.space.train.py:LR": ["{choices: [a, b]}"],
    "constraints.limits.vram": ['"< 5"'],
    "constraints.limits.new": ["'<= 5'"],
    "report.wandb": ["project"],
    "report": ["{a: b}"],
}
EDITS = [(key, value) for key, values in VALUES.items() for value in values]


def comments(yaml: str) -> list[str]:
    return sorted(re.findall(r"(?m)(?<!\S)#[^\n]*", yaml))


def plain(text: str) -> dict[str, Any]:
    return dict(front.tree(front.split(text)[1]).value)


def at(tree: dict[str, Any], key: str) -> Any:
    block, _, rest = key.partition(".")
    inner = tree[block]
    if not rest:
        return inner
    name, _, entry = rest.partition(".")
    return inner[rest] if block == "report" else inner[name][entry] if entry else inner[name]


def wanted(value: str) -> Any:
    try:
        return front.tree(f"v: {value}\n").value["v"]
    except front.Malformed:
        return value


def test_every_key_has_values_here() -> None:
    assert set(DOTTED) <= set(VALUES)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(EDITS), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([COMMENTED, "---\n---\nprose\n", "---\n# c1\n---\n", "---\nmetric: {}\nlevers:\n---\n"]),
)
def test_edits_keep_comments_prose_and_every_other_value(
    edits: list[tuple[str, str]], newline: str, start: str
) -> None:
    text = start.replace("\n", newline)
    for key, value in edits:
        before, after = text, set_key(text, key, value)
        assert front.split(after)[3] == front.split(before)[3]
        assert (front.split(after)[0], front.split(after)[2]) == (front.split(before)[0], front.split(before)[2])
        assert comments(front.split(after)[1]) == comments(front.split(before)[1])
        assert at(plain(after), key) == wanted(value)
        assert untouched(plain(after), key) == untouched(plain(before), key)
        assert after.count("\n") == after.count(newline)
        text = after


def untouched(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """The tree without `key`, and without tables that only an edit of one of their entries can have made."""
    block, _, rest = key.partition(".")
    name, _, entry = rest.partition(".")
    flat = {(b, k): v for b, keys in tree.items() for k, v in (keys or {}).items()}
    if block == "report":
        return {path: value for path, value in flat.items() if path[0] != "report"}
    changed = flat.pop((block, name), None) or {}
    return {**flat, **({k: v for k, v in changed.items() if k != entry} if entry else {})}


def test_order_stays(minimal: str) -> None:
    changed = set_keys(minimal, {"levers.edit": "[a.py]", "loop.budget": "90s", "metric.goal": "maximize"})
    assert list(parse(changed).lines) == ["metric.name", "metric.goal", "levers.edit", "loop.run", "loop.budget"]
    assert parse(changed).loop.budget == 90.0


def test_only_the_value_changes() -> None:
    changed = set_key(COMMENTED, "metric.name", "loss")
    assert changed == COMMENTED.replace("name: val_bpb   # c3", "name: loss   # c3")


def test_a_value_is_written_as_the_person_wrote_it() -> None:
    assert "  target: 1e-3\n" in set_key(COMMENTED, "metric.target", "1e-3")


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("loop.bugdet", "loop.budget"),
        ("budget", "loop.budget"),
        ("loop.budget.x", "loop.budget"),
        ("metric", "metric.name"),
        ("constraints.hour", "constraints.hours"),
    ],
)
def test_unknown_keys(key: str, near: str, minimal: str) -> None:
    with pytest.raises(UserError, match="unknown key") as caught:
        set_key(minimal, key, "3")
    if key != "metric":
        assert f"nearest: {near}" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loop.budget", "soon"),
        ("loop.budget", "-3s"),
        ("loop.budget", "null"),
        ("loop.budget", "[1"),
        ("loop.budget", "90s\nslots: 3"),
        ("loop.run", "python a.py\n  slots: 3"),
        ("loop.run", "python 'a.py"),
        ("loop.run", ""),
        ("levers.edit", "train.py"),
        ("levers.edit", "[../x]"),
        ("levers.space.1x", "[1, 2]"),
        ("constraints.limits.a", "3"),
        ("constraints.usd", "none"),
    ],
)
def test_values_of_the_wrong_type(key: str, value: str, minimal: str) -> None:
    with pytest.raises(UserError, match=re.escape(key)):
        set_key(minimal, key, value)


def test_what_cannot_be_edited_alone_is_refused() -> None:
    aliased = "---\nmetric: {name: &a loss, curve: *a}\nlevers: {edit: [a.py]}\nloop: {run: x}\n---\n"
    with pytest.raises(UserError, match="by hand"):
        set_key(aliased, "metric.curve", "other")
    with pytest.raises(UserError, match="front matter"):
        set_key("# prose only\n", "metric.name", "x")
    with pytest.raises(UserError, match="YAML"):
        set_key("---\na: b: c\n---\n", "metric.name", "x")
