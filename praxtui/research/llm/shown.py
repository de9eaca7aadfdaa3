"""What a brief shows that the record does not hold: sealed files, the change of an experiment, the end of its log."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from praxtui.program.spec import Program
from praxtui.research.llm.brief.leaf import hidden
from praxtui.research.protocol import Brief, Desk, NotAllowed

FILES = 40
CHARACTERS = 400_000
TEXTS = {".cfg", ".cu", ".ini", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml"}
# The brief has the program in another form.
PROGRAM = "program.md"
LOG_BYTES = 16_384


class Sealed:
    """Reads the sealed files that are likely texts, once for each incumbent."""

    def __init__(self) -> None:
        self._commit: str | None = None
        self._texts: dict[str, str] = {}

    async def texts(self, brief: Brief, desk: Desk) -> dict[str, str]:
        """Path to text: those that the loop's commands name, the evaluator's first, then the rest by path.

        At most 40 files, and about 400,000 characters; what is beyond that the model may read by itself.
        """
        if self._commit != brief.incumbent.commit:
            self._texts = await _read(ordered(brief, desk.files()), desk)
            self._commit = brief.incumbent.commit
        return self._texts


def ordered(brief: Brief, files: Sequence[str]) -> list[str]:
    """The sealed files among `files` that are worth showing, the most telling first."""
    sealed = [path for path in files if path not in brief.incumbent.levers and path != PROGRAM]
    loop = brief.program.loop
    commands = [command for command in (loop.evaluate, loop.run, loop.check, loop.setup) if command]
    named = [word for command in commands for word in _words(command) if word in sealed]
    return list(dict.fromkeys([*named, *(path for path in sealed if PurePosixPath(path).suffix in TEXTS)]))


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote: the shell that runs it will say so
        words = command.split()
    return [str(PurePosixPath(word)) for word in words]


async def _read(paths: Sequence[str], desk: Desk) -> dict[str, str]:
    texts: dict[str, str] = {}
    room = CHARACTERS
    for path in paths[:FILES]:
        try:
            text = await desk.read(path)
        except NotAllowed:  # binary, whatever its name says
            continue
        if len(text) <= room:
            texts[path] = text
            room -= len(text)
    return texts


async def diff_of(experiment: str, desk: Desk) -> str:
    """The change of an experiment; empty where it has none."""
    try:
        return await desk.diff(experiment)
    except NotAllowed:
        return ""


async def log_tail_of(experiment: str, program: Program, desk: Desk) -> str:
    """The end of what its latest run printed; empty where none may be read."""
    try:
        logs = desk.logs(experiment, None)
    except NotAllowed:
        return ""
    return hidden(program, await asyncio.to_thread(_tail, logs[0])) if logs else ""


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - LOG_BYTES))
            return log.read().decode("utf-8", "replace")
    except OSError:  # cleaned away meanwhile
        return ""
