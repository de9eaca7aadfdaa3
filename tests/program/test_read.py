"""Reading a program: every key, every default, and all errors at once with line, key, what is valid and the nearest."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.errors import USAGE, UserError
from praxtui.program.read import attempt, load, parse, text_of
from praxtui.program.spec import Limit, Problem, Program, ProgramError, Space, shown

FULL = """---
metric:                       # what "better" means
  name: val_bpb
  goal: maximize
  target: 1e-3
  bound: 2
  deterministic: true
  holdout: test_bpb
  curve: loss
  also: [peak_vram_mb, mfu_percent]
levers:
  edit: [train.py, "models/**/*.py"]
  new: [extra/*.py]
  space: {LR: [1e-4, 1e-1], DEPTH: {low: 2, high: 12, log: false}, train.py:ACT: {choices: [relu, 2, [1, 2]]},
          SEED: false, N: null}
loop:
  setup: python prepare.py
  data: [data/]
  run: python train.py
  evaluate: python evaluate.py
  artifacts: [out/]
  check: python train.py --dry
  budget: 5m
  timeout: 1h30m
  requires: [torch, scikit-learn]
  python: .venv/bin/python
  gpus: 2
  place: slurm
  slurm: {partition: gpu}
  slots: 4
  lookahead: 0
  search: tree
  early_stop: shadow
constraints:
  keep: strict
  repeats: 3
  limits: {peak_vram_mb: "<= 80000", mfu: "> 1e1"}
  network: none
  secrets: [HF_TOKEN]
  experiments: 25
  hours: 90m
  usd: null
  tokens: 1e6
  gpu_usd_per_hour: 2.5
report: {wandb: project}
---
# 1. Task
prose
"""


def program(front: str) -> Program:
    return parse(f"---\n{front}\n---\n")


def with_loop(line: str) -> str:
    return f"---\nmetric: {{name: m}}\nlevers: {{edit: [a.py]}}\nloop:\n  run: python a.py\n  {line}\n---\n"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ProgramError) as caught:
        parse(text)
    return caught.value.problems


def test_every_key_is_read_with_its_type() -> None:
    full = parse(FULL)
    assert full.metric.target == 1e-3
    assert (full.metric.bound, full.metric.holdout, full.metric.curve) == (2.0, "test_bpb", "loss")
    assert full.metric.also == ("peak_vram_mb", "mfu_percent")
    assert full.levers.edit == ("train.py", "models/**/*.py")
    assert full.levers.space == {
        "LR": Space(low=1e-4, high=1e-1),
        "DEPTH": Space(low=2, high=12, log=False),
        "train.py:ACT": Space(choices=("relu", 2, (1, 2))),
        "SEED": Space(exclude=True),
        "N": Space(exclude=True),
    }
    assert (full.loop.budget, full.loop.timeout) == (300.0, 5400.0)
    assert (full.loop.gpus, full.loop.slots, full.loop.lookahead) == (2, 4, 0)
    assert full.loop.slurm == {"partition": "gpu"}
    assert (full.loop.place, full.loop.search, full.loop.early_stop) == ("slurm", "tree", "shadow")
    assert full.constraints.limits == {"peak_vram_mb": Limit("<=", 80000.0), "mfu": Limit(">", 10.0)}
    assert (full.constraints.hours, full.constraints.usd, full.constraints.tokens) == (1.5, None, 1_000_000)
    assert full.report == {"wandb": "project"}
    assert full.prose == "# 1. Task\nprose\n"
    assert full.text == FULL


def test_defaults_are_those_of_the_design(minimal: str) -> None:
    least = parse(minimal)
    metric, levers, loop, walls = least.metric, least.levers, least.loop, least.constraints
    assert (metric.goal, metric.target, metric.bound, metric.deterministic) == ("minimize", None, None, False)
    assert (metric.holdout, metric.curve, metric.also) == (None, None, ())
    assert (levers.new, levers.space) == ((), {})
    assert (loop.setup, loop.evaluate, loop.check, loop.data, loop.artifacts, loop.requires) == (
        None,
        None,
        None,
        (),
        (),
        (),
    )
    assert (loop.budget, loop.timeout, loop.python, loop.gpus, loop.place) == (60.0, 180.0, "auto", "auto", "local")
    assert (loop.slots, loop.lookahead, loop.search, loop.early_stop) == (1, 1, "greedy", "auto")
    assert (walls.keep, walls.repeats, walls.limits, walls.network, walls.secrets) == ("fast", 5, {}, "setup", ())
    assert (walls.experiments, walls.hours, walls.usd, walls.tokens, walls.gpu_usd_per_hour) == (
        None,
        8.0,
        10.0,
        None,
        None,
    )
    assert least.report == {}


def test_timeout_follows_the_budget_unless_given() -> None:
    assert parse(with_loop("budget: 5m")).loop.timeout == 660.0
    assert parse(with_loop("timeout: null")).loop.timeout == 180.0
    assert parse(with_loop("timeout: 61")).loop.timeout == 61.0


def test_early_stop_is_off_without_a_curve(minimal: str) -> None:
    assert parse(minimal).early_stop == "off"
    assert parse(minimal.replace("val_loss", "val_loss\n  curve: loss")).early_stop == "auto"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", 90),
        ("5m", 300),
        ("8h", 28800),
        ("1h30m", 5400),
        ("45", 45),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("2 min", 120),
    ],
)
def test_durations(written: str, meant: float) -> None:
    assert parse(with_loop(f"budget: {written}\n  timeout: 9h")).loop.budget == meant


@pytest.mark.parametrize(
    "written", ["-5s", "0", "0s", "-1", "soon", ".inf", ".nan", "5 parsecs", "[5s]", "true", "null", '""']
)
def test_bad_durations_are_named(written: str) -> None:
    (problem,) = problems(with_loop(f"budget: {written}"))
    assert (problem.key, problem.line) == ("loop.budget", 6)
    assert "such as 90s, 5m or 8h" in problem.valid


def test_an_unknown_key_renders_as_one_sentence_with_the_nearest() -> None:
    (problem,) = problems(with_loop("bugdet: 90s"))
    assert str(problem) == "program.md:6: loop.bugdet: unknown key; nearest: loop.budget"


@pytest.mark.parametrize(
    ("front", "key", "near"),
    [
        ("budget: 3", "budget", "loop.budget"),
        ("reprot: {}", "reprot", "report"),
        ("metrics: {name: x}", "metrics", "metric"),
        ("constraints: {budget: 3s}", "constraints.budget", "loop.budget"),
        ("constraints: {hour: 3}", "constraints.hour", "constraints.hours"),
        ("levers: {name: x}", "levers.name", "metric.name"),
    ],
)
def test_nearest_keys(front: str, key: str, near: str) -> None:
    found = problems(f"---\n{front}\n---\n")
    assert (key, near) in [(problem.key, problem.nearest) for problem in found]


def test_a_key_far_from_all_lists_what_is_valid() -> None:
    (problem,) = problems(with_loop("zzzzqqqq: 1"))
    assert problem.nearest == ""
    assert "budget" in str(problem)


def test_all_errors_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        """---
metric:
  goal: minimise
  deterministic: yes
levers:
  edit: train.py
  space: {LR: [3, 1], B: {lo: 1, high: 2}, "1x": [1, 2]}
loop:
  run: python 'train.py
  run: python b.py
  gpus: some
constraints:
  repeats: 2.5
  limits: {vram: 80000}
  usd: none
  secrets: ["A B"]
banana: 1
---
"""
    )
    assert [(problem.line, problem.key) for problem in found] == [
        (2, "metric.name"),
        (3, "metric.goal"),
        (4, "metric.deterministic"),
        (6, "levers.edit"),
        (7, "levers.space"),
        (7, "levers.space"),
        (7, "levers.space"),
        (9, "loop.run"),
        (10, "loop.run"),
        (11, "loop.gpus"),
        (13, "constraints.repeats"),
        (14, "constraints.limits"),
        (15, "constraints.usd"),
        (16, "constraints.secrets"),
        (17, "banana"),
    ]
    near = {problem.key: problem.nearest for problem in found if problem.nearest}
    assert near["metric.goal"] == "minimize"
    assert near["metric.deterministic"] == "true"
    assert near["levers.edit"] == "[train.py]"
    assert near["constraints.limits"] == '"<= 80000"'
    assert near["constraints.usd"] == "null"
    assert "quotation" in found[7].found
    assert "first on line 9" in found[8].found
    assert "vram" in found[11].found


def test_lines_of_list_items_are_their_own() -> None:
    text = "---\nmetric: {name: m}\nlevers:\n  edit:\n    - a.py\n    - ../b.py\n    - /c.py\nloop: {run: x}\n---\n"
    assert [(problem.line, problem.key) for problem in problems(text)] == [(6, "levers.edit"), (7, "levers.edit")]


OUTSIDE = ["../x", "a/../../x", "/etc", ".git/config", "a/.GIT/x", "~/x", "..", ".", "", r"a\\..\\b"]


@pytest.mark.parametrize("key", ["levers.edit", "levers.new", "loop.data", "loop.artifacts"])
@pytest.mark.parametrize("glob", OUTSIDE)
def test_globs_stay_inside_the_leaf(glob: str, key: str) -> None:
    values = {"levers.edit": "a.py", "levers.new": "b.py", "loop.data": "c", "loop.artifacts": "d", key: glob}
    edit, new, data, artifacts = (f'["{value}"]' for value in values.values())
    levers = f"levers: {{edit: {edit}, new: {new}}}"
    text = f"---\nmetric: {{name: m}}\n{levers}\nloop: {{run: x, data: {data}, artifacts: {artifacts}}}\n---\n"
    (problem,) = problems(text)
    assert problem.key == key


@pytest.mark.parametrize(
    ("front", "key"),
    [
        ("metric: {name: m, holdout: m}", "metric.holdout"),
        ("metric: {name: m, holdout: h, also: [h]}", "metric.holdout"),
        ("metric: {name: m, target: 1, bound: 2}", "metric.target"),
        ("metric: {name: m, goal: maximize, target: 3, bound: 2}", "metric.target"),
        ("metric: {name: 'a b'}", "metric.name"),
        ("metric: {name: 3}", "metric.name"),
        ("metric: {name: m, target: .inf}", "metric.target"),
    ],
)
def test_metrics_that_contradict_themselves(front: str, key: str) -> None:
    assert [
        problem.key for problem in problems(f"---\n{front}\nlevers: {{edit: [a.py]}}\nloop: {{run: x}}\n---\n")
    ] == [key]


def test_a_timeout_below_the_budget_is_refused() -> None:
    (problem,) = problems(with_loop("budget: 5m\n  timeout: 1m"))
    assert (problem.key, problem.line) == ("loop.timeout", 7)


@pytest.mark.parametrize("text", ["", "# Task\nprose", "---\nmetric: {name: m}\n", "hello\n---\nmetric: {}\n---\n"])
def test_without_front_matter_the_message_shows_the_least_that_is_needed(text: str) -> None:
    with pytest.raises(ProgramError) as caught:
        parse(text)
    for needed in ("metric:", "name:", "levers:", "edit:", "loop:", "run:"):
        assert needed in str(caught.value)
    assert caught.value.exit_code == USAGE


@pytest.mark.parametrize(
    ("yaml", "line"),
    [
        ("metric:\n\tname: x", 3),
        ("metric: {name: x\nloop:\n  run: a", 3),
        ("a: b: c", 2),
        ("x: 1\ny: *gone", 3),
        ("x: !!python/object:os.system ls", 2),
        ("x: &a [*a]", 2),
    ],
)
def test_malformed_yaml_names_the_line(yaml: str, line: int) -> None:
    (problem,) = problems(f"---\n{yaml}\n---\n")
    assert problem.found.startswith("not valid YAML")
    assert problem.line == line


@pytest.mark.parametrize("front", ["just text", "[a, b]", "metric: 3\nlevers: []\nloop: x"])
def test_blocks_of_the_wrong_shape(front: str) -> None:
    assert all(problem.valid for problem in problems(f"---\n{front}\n---\n"))


def test_windows_line_ends_and_byte_order_marks_are_read(minimal: str) -> None:
    text = "\ufeff" + minimal.replace("\n", "\r\n")
    read = parse(text)
    assert read.metric.name == "val_loss"
    assert read.text == text
    assert read.prose.startswith("# 1. Task\r\n")


def test_a_line_of_dashes_in_the_prose_is_prose(minimal: str) -> None:
    assert parse(minimal + "---\nmore\n").prose.endswith("---\nmore\n")


def test_names_are_taken_as_written() -> None:
    read = program("metric: {name: m}\nlevers: {edit: [a.py], space: {NO: [1, 2], Y: false}}\nloop: {run: x}")
    assert set(read.levers.space) == {"NO", "Y"}


def test_direction() -> None:
    down = program("metric: {name: m}\nlevers: {edit: [a.py]}\nloop: {run: x}")
    up = program("metric: {name: m, goal: maximize}\nlevers: {edit: [a.py]}\nloop: {run: x, evaluate: y}")
    assert (down.sign, up.sign) == (-1, 1)
    assert down.better(1, 2)
    assert up.better(2, 1)
    assert not down.better(1, 1)
    assert not up.better(math.nan, 1)
    assert (down.metric_by, up.metric_by) == ("lever", "evaluator")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("budget: 5m", "budget: 4m"), False),
        (("timeout: 1h30m", "timeout: 2h"), False),
        (("run: python train.py", "run: python train.py -v"), False),
        (("name: val_bpb", "name: other"), False),
        (("holdout: test_bpb", "holdout: other"), False),
        (("edit: [train.py,", "edit: [train.py, b.py,"), False),
        (("prose", "other prose"), True),
        (("hours: 90m", "hours: 3"), True),
        (("target: 1e-3", "target: 2e-3"), True),
        (("LR: [1e-4, 1e-1]", "LR: [1e-4, 1]"), True),
    ],
)
def test_what_opens_a_new_epoch(change: tuple[str, str], same: bool) -> None:
    assert change[0] in FULL
    assert (parse(FULL).comparability() == parse(FULL.replace(*change)).comparability()) is same


def test_limits_hold_or_not() -> None:
    cases = [
        ("<=", 3, 3, True),
        ("<", 3, 3, False),
        (">=", 3, 3, True),
        (">", 3, 3, False),
        ("<=", 3, math.nan, False),
        (">", 3, 4, True),
    ]
    for op, value, measured, holds in cases:
        assert Limit(op, value).holds(measured) is holds, (op, value, measured)  # type: ignore[arg-type]


def test_a_program_cannot_be_changed(minimal: str) -> None:
    with pytest.raises(AttributeError):
        parse(minimal).loop.budget = 3.0  # type: ignore[misc]


def test_load_gives_the_problems_of_text_and_folder_together(leaf) -> None:  # type: ignore[no-untyped-def]
    text = "---\nmetric: {name: m, goal: up}\nlevers: {edit: [gone.py]}\nloop: {run: python lost.py}\n---\n"
    with pytest.raises(ProgramError) as caught:
        load(leaf(text))
    assert [problem.key for problem in caught.value.problems] == ["metric.goal", "levers.edit", "loop.run"]


def test_load_says_where_the_file_is(leaf, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    folder = leaf("---\nmetric: {nam: m}\nlevers: {edit: [train.py]}\nloop: {run: python train.py}\n---\n")
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ProgramError, match=r"^leaf/program\.md:2: ") as caught:
        load(folder)
    assert "metric.name" in str(caught.value)
    assert shown(Path("/elsewhere/program.md")) == "/elsewhere/program.md"


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no program\.md"):
        text_of(tmp_path / "program.md")
    (tmp_path / "program.md").write_bytes(b"---\n\xff\n---\n")
    with pytest.raises(UserError, match="UTF-8"):
        text_of(tmp_path / "program.md")
    (tmp_path / "sub" / "program.md").mkdir(parents=True)
    with pytest.raises(UserError, match="cannot read"):
        load(tmp_path / "sub")


YAMLISH = st.text(alphabet=st.sampled_from("abe:-[]{}#,&*!|>'\"%@` \t\n0123.=\\\x00\x7f\u2028é~<"), max_size=60)


@settings(deadline=None, max_examples=150)
@given(YAMLISH)
def test_any_front_matter_is_read_or_refused(yaml: str) -> None:
    program, found = attempt(f"---\n{yaml}\n---\n")
    assert found or program is not None
    assert all(problem.found and problem.line >= 1 for problem in found)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted({line.strip().split(":")[0] for line in FULL.splitlines() if line.startswith("  ")})),
    YAMLISH,
)
def test_any_value_is_read_or_refused(key: str, value: str) -> None:
    lines = [f"  {key}: {value}" if line.strip().startswith(key + ":") else line for line in FULL.splitlines()]
    attempt("\n".join(lines) + "\n")


def test_deep_nesting_is_refused() -> None:
    assert problems("---\nx: " + "[" * 700 + "\n---\n")
