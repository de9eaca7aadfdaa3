"""A program against its folder: what it names must be there, and what measures must not be a lever."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from praxtui.errors import nearest
from praxtui.program import commands, globs
from praxtui.program.spec import Problem, Program, shown

_COMMANDS = ("setup", "run", "evaluate", "check")
_SEALED = {"setup": "prepares the data", "evaluate": "measures"}


def check(program: Program, leaf: Path) -> tuple[Problem, ...]:
    """Everything in `program` that does not fit the folder `leaf`, in the order of the file. Reads no file."""
    looks = (_levers, _sealed, _data, _scripts, _artifacts)
    found = [problem for look in looks for problem in look(program, leaf)]
    return tuple(sorted(found, key=lambda problem: problem.line))


def _problem(program: Program, leaf: Path, key: str, found: str, valid: str, near: str = "") -> Problem:
    return Problem(shown(program.path or leaf / "program.md"), program.lines.get(key, 0), key, found, valid, near)


def _near(leaf: Path, name: str) -> str:
    """The file of the leaf whose path is most like `name`, or an empty string."""
    files = globs.expand(leaf, ["*", "*/*"])
    near = nearest(name.rstrip("/"), files, most=1)
    return near[0] if near else ""


def _levers(program: Program, leaf: Path) -> Iterator[Problem]:
    for glob in program.levers.edit:
        files = globs.expand(leaf, [glob])
        if not files:
            folder = (leaf / glob).is_dir()
            found = f"{glob} is a folder" if folder else f"{glob} matches no file in {shown(leaf)}"
            valid = "a glob that matches at least one file"
            yield _problem(
                program, leaf, "levers.edit", found, valid, f"{glob.rstrip('/')}/**" if folder else _near(leaf, glob)
            )
        for file in files:
            if not _inside(leaf, file):
                yield _problem(
                    program, leaf, "levers.edit", f"{file} is a link that leaves the leaf", "files inside the leaf"
                )


def _inside(leaf: Path, file: str) -> bool:
    inner = os.path.relpath(os.path.realpath(leaf / file), os.path.realpath(leaf))
    return not globs.wrong(inner)


def _sealed(program: Program, leaf: Path) -> Iterator[Problem]:
    """Levers that are the program itself, the evaluator, the setup, or data."""
    reasons = {"program.md": "is the program itself"}
    for key, does in _SEALED.items():
        command = getattr(program.loop, key)
        script = _script(command, leaf) if command else None
        if script and not script.startswith("/"):
            reasons[script] = f"is what loop.{key} executes: it {does}"
    real = {os.path.realpath(leaf / path): (path, reason) for path, reason in reasons.items()}
    levers = globs.expand(leaf, program.levers.edit)
    for file in levers:
        path, reason = real.get(os.path.realpath(leaf / file), ("", ""))
        if path:
            named = file if file == path else f"{file} (a link to {path})"
            yield _problem(
                program,
                leaf,
                "levers.edit",
                f"{named} {reason}",
                "globs that match levers only; what measures is sealed",
            )
    for entry in program.loop.data:
        if any(globs.matches_any([entry, entry.rstrip("/") + "/**"], file) for file in levers):
            yield _problem(program, leaf, "loop.data", f"{entry} holds levers", "data that no lever is part of")


def _artifacts(program: Program, leaf: Path) -> Iterator[Problem]:
    for entry in program.loop.artifacts:
        if any(letter in entry for letter in "*?["):
            valid = "files or folders, without wildcards: all that is in a folder is handed over"
            yield _problem(program, leaf, "loop.artifacts", f"{entry} is a glob", valid)


def _data(program: Program, leaf: Path) -> Iterator[Problem]:
    for entry in program.loop.data:
        if not (leaf / entry).exists() and not globs.expand(leaf, [entry]):
            valid = "files or folders of the leaf"
            yield _problem(program, leaf, "loop.data", f"{entry} is not in {shown(leaf)}", valid, _near(leaf, entry))


def _scripts(program: Program, leaf: Path) -> Iterator[Problem]:
    for key in _COMMANDS:
        command = getattr(program.loop, key)
        script = _script(command, leaf) if command else None
        if script and not os.path.isfile(leaf / script):
            found = f"{script} is not in {shown(leaf)}" if not script.startswith("/") else f"{script} does not exist"
            yield _problem(program, leaf, f"loop.{key}", found, "a command whose script exists", _near(leaf, script))


def _script(command: str, leaf: Path) -> str | None:
    """The file that `command` executes, relative to the leaf if given so; None where the command does not tell."""
    module = commands.module(command)
    if module:
        # A module that is not in the leaf may be an installed one, such as pytest.
        path = module.replace(".", "/")
        return next((file for file in (f"{path}.py", f"{path}/__main__.py") if (leaf / file).is_file()), None)
    script = commands.script(command)
    return None if script is None or script.startswith("~") or "$" in script else os.path.normpath(script)
