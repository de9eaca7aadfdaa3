"""A command of a program as an argument vector."""

from __future__ import annotations

import re
import shlex

from praxtui.errors import UserError

_SHELL = re.compile(r"[|&;<>()$`*?\[#~\n]|^\s*[A-Za-z_]\w*=")
"""What only a shell understands: operators, expansion, comments, a leading assignment. Quoted ones count."""
_PYTHON = re.compile(r"\s*(python3?)(?=\s|$)")


class CommandError(UserError):
    """A command that cannot be split into words."""


def argv(command: str, interpreter: str) -> list[str]:
    """The words to execute for `command`; a leading `python` or `python3` is replaced by `interpreter`.

    A command with shell syntax becomes `["/bin/sh", "-c", ...]`.
    Raises CommandError when it is empty or its quotes do not balance.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CommandError(f"command {command!r}: {str(error).lower()}") from None
    if not words:
        raise CommandError("command is empty")
    if _SHELL.search(command):
        return [
            "/bin/sh",
            "-c",
            _PYTHON.sub(lambda _: shlex.quote(interpreter), command, count=1) if _PYTHON.match(command) else command,
        ]
    if words[0] in ("python", "python3"):
        words[0] = interpreter
    return words


def words(command: str) -> list[str]:
    """The words of the first simple command in `command`, up to a shell operator, without leading assignments."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        tokens = list(lexer)
    except ValueError:
        return []
    first: list[str] = []
    for token in tokens:
        if set(token) <= set("();<>|&"):
            break
        if first or not re.match(r"[A-Za-z_]\w*=", token):
            first.append(token)
    return first


def script(command: str) -> str | None:
    """The file that `command` executes, as written: of `python X.py`, `sh x.sh` or `./x`; else None."""
    return _target(command)[0]


def module(command: str) -> str | None:
    """The module that `command` executes: `a.b` of `python -m a.b`; None where it is another kind of command."""
    return _target(command)[1]


def _target(command: str) -> tuple[str | None, str | None]:
    """The script and the module that `command` executes: one of them, or neither."""
    first, *rest = words(command) or [""]
    program = first.rsplit("/", 1)[-1]
    python = bool(re.fullmatch(r"python[\d.]*", program))
    if not python and program not in ("sh", "bash"):
        return (first if "/" in first and not first.startswith("/") else None), None
    while rest:
        word = rest.pop(0)
        if python and word == "-m":
            return None, rest[0] if rest else None
        if word.startswith("-c") or word == "-":
            return None, None
        if python and word in ("-X", "-W"):
            rest = rest[1:]
        elif not word.startswith("-"):
            return word, None
    return None, None
