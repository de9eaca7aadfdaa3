"""`program.md` to a Program, with everything that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from praxtui.errors import UserError
from praxtui.program import front
from praxtui.program.front import Entry, Item
from praxtui.program.keys import BLOCKS, REPORT, REQUIRED, nearest_key
from praxtui.program.kinds import BAD, describe
from praxtui.program.spec import UNKNOWN, Constraints, Levers, Loop, Metric, Problem, Program, ProgramError, shown

LEAST = """a program begins with at least:
  ---
  metric:
    name: val_loss          # the name that the evaluator, or the run, prints as `val_loss: 1.234`
  levers:
    edit: [train.py]        # the files that may change
  loop:
    run: python train.py
  ---"""


class Draft(Struct):
    """A program while it is read: the values that could be read, their lines, and what is wrong with the others."""

    file: str
    values: dict[str, dict[str, Any]] = {}
    report: dict[str, Any] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []

    def wrong(self, line: int, key: str, found: str, valid: str = "", near: str = "") -> None:
        self.problems.append(Problem(self.file, line, key, found, valid, near))


def parse(text: str, path: Path | None = None) -> Program:
    """The program in `text`; `path` is where it lies, for messages. Raises ProgramError with every problem."""
    program, problems = attempt(text, path)
    if problems or program is None:
        raise ProgramError(problems, fix=_fix(problems))
    return program


def load(leaf: Path, text: str | None = None) -> Program:
    """The program of the folder `leaf`, parsed and checked against the folder; `text` is read instead where given.

    Raises ProgramError with every problem of both, and UserError when `program.md` cannot be read.
    """
    from praxtui.program.check import check

    path = leaf / "program.md"
    program, problems = attempt(text_of(path) if text is None else text, path)
    if program is not None:
        faulty = {problem.key for problem in problems}
        problems += tuple(problem for problem in check(program, leaf) if problem.key not in faulty)
    if problems or program is None:
        raise ProgramError(tuple(sorted(problems, key=lambda problem: problem.line)), fix=_fix(problems))
    return program


def text_of(path: Path) -> str:
    """The text of a `program.md`, line ends as they are. Raises UserError when it cannot be read as UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(
            f"no program.md in {shown(path.parent)}",
            fix="a leaf is a folder with a program.md: `praxtui leaves` lists those found",
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{shown(path)}: not UTF-8 text (byte {error.start})", fix="save the file as UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror or error}") from None


def attempt(text: str, path: Path | None = None) -> tuple[Program | None, tuple[Problem, ...]]:
    """The program as far as it can be read, with defaults for what is wrong, and all problems; None without YAML."""
    draft = Draft(shown(path))
    try:
        _, yaml, _, prose = front.split(text)
        top = front.tree(yaml)
    except front.Malformed as error:
        draft.wrong(error.line, "", error.found)
        return None, tuple(draft.problems)
    if top.entries is None:
        draft.wrong(
            top.line, "", f"front matter holds {describe(top.value)}", f"the blocks {', '.join(BLOCKS)}, report"
        )
        return None, tuple(draft.problems)
    for entry in _once(draft, "", top.entries):
        _block(draft, entry)
    for key in REQUIRED:
        block, name = key.split(".")
        if key not in draft.lines:
            draft.wrong(draft.lines.get(block, 1), key, "missing", BLOCKS[block][name].valid)
    program = _program(draft, text, prose, path)
    _relations(draft, program)
    return program, tuple(sorted(draft.problems, key=lambda problem: problem.line))


def _once(draft: Draft, block: str, entries: tuple[Entry, ...]) -> list[Entry]:
    """The entries without those given a second time, which are reported."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in first:
            dotted = f"{block}.{entry.key}" if block else entry.key
            draft.wrong(entry.line, dotted, f"given twice, first on line {first[entry.key].line}", "each key once")
        else:
            first[entry.key] = entry
    return list(first.values())


def _block(draft: Draft, entry: Entry) -> None:
    if entry.key == "report":
        draft.lines["report"] = entry.line
        draft.report = _read(draft, "report", REPORT, entry.item, {})
        return
    keys = BLOCKS.get(entry.key)
    if keys is None:
        draft.wrong(entry.line, entry.key, UNKNOWN, f"{', '.join(BLOCKS)}, report", nearest_key(entry.key))
        return
    draft.lines[entry.key] = entry.line
    if entry.item.entries is None:
        if entry.item.value is not None:
            draft.wrong(
                entry.item.line, entry.key, f"found {describe(entry.item.value)}", f"a mapping of {', '.join(keys)}"
            )
        return
    values = draft.values.setdefault(entry.key, {})
    for inner in _once(draft, entry.key, entry.item.entries):
        dotted = f"{entry.key}.{inner.key}"
        if inner.key not in keys:
            draft.wrong(inner.line, dotted, UNKNOWN, ", ".join(keys), nearest_key(dotted))
            continue
        draft.lines[dotted] = inner.line
        value = _read(draft, dotted, keys[inner.key], inner.item, BAD)
        if value is not BAD:
            values[inner.key] = value


def _read(draft: Draft, dotted: str, kind: Any, item: Item, otherwise: Any) -> Any:
    line = draft.lines[dotted]

    def report(at: Item, found: str, valid: str, near: str) -> None:
        # An empty value has no place of its own: the key's line is the one to look at.
        where = line if at.value is None else at.line
        draft.wrong(where, dotted, found if found else f"found {describe(at.value)}", valid, near)

    value = kind.read(item, report)
    return otherwise if value is BAD else value


def _program(draft: Draft, text: str, prose: str, path: Path | None) -> Program:
    """The program with defaults for what is missing; required keys that are missing are empty."""
    values = draft.values
    return Program(
        metric=Metric(**{"name": "", **values.get("metric", {})}),
        levers=Levers(**{"edit": (), **values.get("levers", {})}),
        loop=Loop(**{"run": "", **values.get("loop", {})}),
        constraints=Constraints(**values.get("constraints", {})),
        report=draft.report,
        path=path,
        text=text,
        prose=prose,
        lines={key: line for key, line in draft.lines.items() if "." in key or key == "report"},
    )


def _relations(draft: Draft, program: Program) -> None:
    """What single keys cannot show: values that contradict one another."""
    metric, loop, line = program.metric, program.loop, draft.lines
    if metric.holdout is not None and metric.holdout in (metric.name, metric.curve, *metric.also):
        draft.wrong(
            line["metric.holdout"],
            "metric.holdout",
            f"{metric.holdout} is shown elsewhere",
            "a second metric that nothing else names",
        )
    if metric.target is not None and metric.bound is not None and program.better(metric.target, metric.bound):
        draft.wrong(
            line["metric.target"],
            "metric.target",
            f"{metric.target:g} lies beyond metric.bound {metric.bound:g}",
            "a target that is plausible",
        )
    if loop.timeout < loop.budget:
        valid = "at least loop.budget; left out, it is twice the budget and 60 s"
        draft.wrong(
            line["loop.timeout"],
            "loop.timeout",
            f"{loop.timeout:g} s is less than the budget of {loop.budget:g} s",
            valid,
        )


def _fix(problems: tuple[Problem, ...]) -> str | None:
    return LEAST if any("front matter" in problem.found and not problem.key for problem in problems) else None
