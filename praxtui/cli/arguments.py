"""The words of a command line: how numbers are read, and one clear message for what cannot be."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from praxtui.errors import UserError, did_you_mean

MOST = 2**53  # whole numbers up to here survive JSON, SQLite and floating point
SEED_MOST = 2**31 - 1  # random number generators take 32 bits, and an audit needs seeds beyond this one


class Parser(argparse.ArgumentParser):
    """The parser of one verb. What it cannot read it raises as a UserError, without the usage text."""

    def read(self, words: list[str]) -> argparse.Namespace:
        """The arguments in `words`. Raises UserError; SystemExit after printing help."""
        args, stray = self.parse_known_args(words)
        if stray:
            options = [name for name in self._option_string_actions if name.startswith("--")]
            what = "unknown option" if stray[0].startswith("-") else "too many words"
            near = did_you_mean(stray[0].partition("=")[0], options) if stray[0].startswith("-") else ""
            self._refuse(f"{what}: {stray[0]}{near}")
        return args

    def error(self, message: str) -> NoReturn:
        """Called by argparse with what is wrong, in its own words."""
        said = re.sub(r"^argument (\S+): ", r"\1: ", message)
        said = re.sub(r"^(-\w|--[\w-]+)(/--?[\w-]+)+: ", r"\1: ", said)
        said = said.replace("the following arguments are required: ", "missing: ")
        said = re.sub(r": expected (one|at least one) argument$", ": its value is missing", said)
        said = said.replace("not allowed with argument ", "cannot be combined with ")
        self._refuse(said)

    def _refuse(self, message: str) -> NoReturn:
        raise UserError(message, fix=f"`{self.prog} --help` shows what it takes")


def whole(least: int = 0, most: int = MOST) -> Callable[[str], int]:
    """Reads a whole number from `least` to `most`."""
    valid = f"a whole number of at least {least}" + (f" and at most {most}" if most < MOST else "")

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not {valid}")
        return value

    return read


def amount(text: str) -> float:
    """Reads a finite number of at least 0, such as hours or dollars."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 0")
    return value


def or_none(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads what `kind` reads, or the word `none`, which stays a word: it means without limit, not left out."""

    def read(text: str) -> Any:
        if text == "none":
            return text
        try:
            return kind(text)
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"{error}, or none") from error

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Reads one of a few words."""

    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"{text} is not {' or '.join(words)}{did_you_mean(text, words)}")
        return text

    return read
