"""The errors that a person can cause or must act on, and the exit codes they lead to."""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
USAGE = 2
MISSING = 3
FAULT = 4
INTERRUPTED = 130


class UserError(Exception):
    """One clear message for a person: what is wrong, where, what would be valid; `fix` says what to do.

    `exit_code` is one of the documented codes: 2 wrong usage or program, 3 a requirement is missing,
    4 a fault ended the campaign or it waits for a person.
    """

    exit_code: int = USAGE

    def __init__(self, message: str, *, fix: str | None = None, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.fix}" if self.fix else self.message


class RequirementMissing(UserError):
    """Something the person must install, start or provide before this can run."""

    exit_code = MISSING


class CampaignFault(UserError):
    """A campaign cannot go on, or cannot be read, because of a fault outside the person's request."""

    exit_code = FAULT


class DiskFull(CampaignFault):
    """No space (or quota) is left where something must be written. Nothing recorded is lost; it can be waited out."""


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The names in `known` closest to `word`, best first, at most `most`; empty if none is near."""
    import difflib  # half of what `--version` would import, for a case that is rare

    return difflib.get_close_matches(word, list(known), n=most, cutoff=0.5)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing phrase such as `; did you mean: a, b?`, or an empty string."""
    near = nearest(word, known)
    return f"; did you mean: {', '.join(near)}?" if near else ""
