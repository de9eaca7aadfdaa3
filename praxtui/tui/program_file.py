"""A `program.md` that is edited: what is wrong with a text, saving it whole or not at all, and what an edit means."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from praxtui.errors import UserError
from praxtui.program.read import attempt, load, text_of
from praxtui.program.spec import Problem, Program, ProgramError, shown
from praxtui.tui.messages import Answered


class ChangedMeanwhile(UserError):
    """The file on disk is not the one that was opened."""


class ProgramFile:
    """The file at `path` as this editor knows it: `text` is what was last read or written.

    Raises UserError where it cannot be read as UTF-8 text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = text_of(path)

    def save(self, text: str, *, over: bool = False) -> None:
        """Write `text` in place of the file, whole or not at all, with the file's permissions; through links.

        Raises ChangedMeanwhile where somebody else wrote the file (unless `over`), UserError where it cannot be.
        """
        if not over and self._now() != self.text:
            raise ChangedMeanwhile(f"{self.path.name} was changed on disk meanwhile")
        # The file, not the link to it, is what gets replaced.
        target = Path(os.path.realpath(self.path))
        try:
            mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
            _replace(target, text.encode(), mode)
        except OSError as error:
            raise UserError(
                f"cannot write {self.path.name}: {error.strerror or error}",
                fix=f"make {shown(target.parent)} writable, or copy the text",
            ) from error
        self.text = text

    def _now(self) -> str | None:
        """What is on disk; None where that is no text, or gone."""
        try:
            return text_of(self.path)
        except UserError:
            return None


def _replace(target: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def problems(text: str, path: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with `text` as the program of the folder of `path`, in the order of the file."""
    try:
        load(path.parent, text)
    except ProgramError as error:
        return error.problems
    except (UserError, OSError) as error:
        return (Problem(shown(path), 0, "", str(error)),)
    return ()


# --- what an edit means ----------------------------------------------------------------------------------------------


def meaning(before: str, after: str, path: Path) -> Answered:
    """What it means to a campaign that its program reads `after` now, in a sentence."""
    if before == after:
        return Answered(f"{path.name}: nothing changed")
    wrong = problems(after, path)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        first = wrong[0]
        where = ": ".join(filter(None, (f"line {first.line}" if first.line else "", first.key, first.found)))
        return Answered(f"saved, but a campaign does not take it: {where}{more}", False, "edit it again")
    old, new = attempt(before, path)[0], attempt(after, path)[0]
    keys = opened_by(old, new)
    if keys:
        return Answered(f"saved: {_listed(keys)} {'opens' if len(keys) == 1 else 'open'} a new epoch after this run")
    if old is not None and new is not None and old.prose == new.prose:
        return Answered("saved: the specification holds from the next draft on; the epoch goes on")
    return Answered("saved: the prose holds from the next draft on")


def opened_by(before: Program | None, after: Program | None) -> list[str]:
    """The keys whose change makes results incomparable, so that a new epoch opens."""
    if after is None:
        return []
    old = before.comparability() if before is not None else {}
    return [key for key, value in after.comparability().items() if old.get(key) != value]


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys) if len(keys) <= 3 else f"{', '.join(keys[:2])} and {len(keys) - 2} more keys"


# --- in the person's own editor --------------------------------------------------------------------------------------


def editor() -> list[str]:
    """The words that call the person's editor, from VISUAL or EDITOR; none where neither says one.

    Raises UserError where it cannot be read as words.
    """
    for name in ("VISUAL", "EDITOR"):
        said = os.environ.get(name, "").strip()
        if said:
            try:
                return shlex.split(said)
            except ValueError as error:
                raise UserError(f"{name} cannot be read: {error}", fix=f"for example: export {name}=nano") from error
    return []


def edited(words: Sequence[str], path: Path, away: AbstractContextManager[object]) -> Answered:
    """Let a person edit `path` with `words` while the screen is `away`; what came of it. Raises UserError.

    Where the editor fails, the file is as the editor left it, which is said.
    """
    before = text_of(path)
    failed: OSError | None = None
    code = 0
    with away:
        # Nothing may be raised in here: the screen would not come back.
        try:
            code = subprocess.run([*words, str(path)]).returncode
        except OSError as error:
            failed = error
    if failed is not None:
        raise UserError(
            f"cannot start the editor {words[0]!r}: {failed.strerror or failed}",
            fix="set EDITOR to one that is installed, or unset it for the built-in one",
        )
    said = meaning(before, text_of(path), path)
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        return Answered(f"the editor {words[0]!r} ended with {how}; {said.text}", False, said.fix)
    return said
