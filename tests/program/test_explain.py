"""What a program says in a table, and what it asks for that is not there yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from praxtui.program.explain import explain
from praxtui.program.read import parse
from praxtui.program.spec import Program, seconds
from praxtui.program.unavailable import unavailable

FRONT = "---\nmetric: {name: m}\nlevers: {edit: [a.py]}\nloop: {run: x}\n---\n"


def program(metric: str = "", loop: str = "", walls: str = "", more: str = "") -> Program:
    return parse(
        f"---\nmetric: {{name: m{metric}}}\nlevers: {{edit: [a.py], space: {{LR: [1, 2]}}}}\n"
        f"loop: {{run: python a.py{loop}}}\nconstraints: {{{walls}}}\n{more}\n---\n"
    )


@pytest.mark.parametrize(
    ("asked", "key", "hard"),
    [
        (program(loop=", place: ray"), "loop.place", True),
        (program(loop=", slots: 2"), "loop.slots", True),
        (program(loop=", lookahead: 2"), "loop.lookahead", True),
        (program(loop=", search: tree"), "loop.search", True),
        (program(loop=", python: managed"), "loop.python", True),
        (program(more="report: {wandb: x}"), "report", True),
        (program(metric=", curve: loss", loop=", early_stop: auto"), "loop.early_stop", False),
        (program(metric=", curve: loss", loop=", early_stop: shadow"), "loop.early_stop", False),
        (program(walls="network: none"), "constraints.network", False),
    ],
)
def test_what_comes_later_says_so(asked: Program, key: str, hard: bool) -> None:
    (lack,) = unavailable(asked)
    assert (lack.key, lack.hard) == (key, hard)
    assert lack.message.startswith("not available yet: ")
    assert lack.message in explain(asked)


@pytest.mark.parametrize(
    "asked",
    [
        program(),
        program(metric=", curve: loss"),
        program(loop=", early_stop: auto"),
        program(metric=", curve: loss", loop=", early_stop: off, lookahead: 0, slots: 1, place: local"),
        program(walls="network: run"),
        program(more="report: {}"),
    ],
)
def test_what_is_there_gets_no_notice(asked: Program) -> None:
    assert unavailable(asked) == ()


def test_the_table_is_aligned_and_says_what_follows() -> None:
    table = explain(
        program(
            metric=", goal: maximize, target: 2.5", loop=", evaluate: python e.py", walls="experiments: 25, usd: null"
        )
    )
    lines = table.splitlines()
    assert lines[0].split("  ")[0] == "metric"
    assert "m, higher is better" in lines[0]
    assert lines[0].index("measured by the sealed evaluator") == lines[1].index(
        "the campaign ends when this is confirmed"
    )
    assert "25 experiments, 8 h" in table
    assert "USD" not in table
    assert all(line == line.rstrip() and len(line) < 100 for line in lines)


def test_a_metric_of_the_lever_is_said_so() -> None:
    assert "reported by the lever" in explain(parse(FRONT))


@pytest.mark.parametrize(
    ("length", "text"),
    [(90, "90 s"), (0.5, "0.5 s"), (300, "5 min"), (5400, "1 h 30 min"), (28800, "8 h"), (125, "2 min 5 s")],
)
def test_durations_for_people(length: float, text: str) -> None:
    assert seconds(length) == text


def test_the_specification_imports_no_yaml() -> None:
    modules = "spec, commands, globs, leaves, interpreter, ready, unavailable, explain, check, read, keys"
    code = f"import sys; from praxtui.program import {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "praxtui.program.spec" in loaded
    assert not [
        name for name in loaded if name.split(".")[0] in ("ruamel", "pygit2", "numpy", "optuna", "libcst", "torch")
    ]
