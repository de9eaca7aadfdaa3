"""Whatever the cockpit starts, it starts as a person would: by the command line, in a process that outlives it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple

from praxtui.errors import FAULT
from praxtui.tui.messages import Answered, CampaignOpened

COMMAND = (sys.executable, "-m", "praxtui")
LOOK_S = 0.1  # how often a call that waits asks whether it is still wanted


class Wish(NamedTuple):
    """What a campaign shall have that its program does not say. None, or an empty text, is the program's own value.

    `usd`: dollars, or `none` for no limit. `researcher` empty: the models of the settings where a key for them is
    there, else sweep.
    """

    researcher: str = ""
    models: tuple[str, ...] = ()
    name: str = ""
    experiments: str = ""
    hours: str = ""
    usd: str = ""
    slots: str = ""
    autonomy: str = ""
    unsandboxed: bool = False


class Said(NamedTuple):
    """How a call of the command line ended: its exit code, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked to."""
        return self.code == 0


UNKNOWN = Said(0, "it goes on without this screen", "")
"""A call that nobody waited for."""


class Refusal(NamedTuple):
    """Why a call did nothing, in the command line's own words, and what to do about it."""

    message: str
    fix: str = ""


def run_words(leaf: str, wish: Wish) -> list[str]:
    """The words of `praxtui run` that start a campaign on `leaf` and return."""
    words = ["run", leaf, "--detach", "--json"]
    for flag, value in (
        ("--researcher", wish.researcher),
        ("--name", wish.name),
        ("--experiments", wish.experiments),
        ("--hours", wish.hours),
        ("--usd", wish.usd),
        ("--slots", wish.slots),
        ("--autonomy", wish.autonomy),
    ):
        if value.strip():
            # One word, so that a value that begins with a dash is refused as a value.
            words.append(f"{flag}={value.strip()}")
    words += [f"--model={model.strip()}" for model in wish.models if model.strip()]
    return words + ["--allow-unsandboxed"] * wish.unsandboxed


def call(words: Sequence[str], wanted: Callable[[], bool] = lambda: True) -> Said | None:
    """`praxtui WORDS...`, waited for in this thread; None where nobody wants to know any more. Never raises OSError.

    The process has a session of its own, so that neither a Ctrl-C nor the end of the terminal reaches it, and writes
    to files, so that the end of the cockpit cannot break its output. It goes on where `wanted` says False.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                [*COMMAND, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return Said(FAULT, "", f"praxtui: cannot start {COMMAND[0]}: {error}")
        while process.poll() is None:
            if not wanted():
                process.returncode = 0  # it is no longer ours to wait for
                return None
            try:
                process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        return Said(process.returncode, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def resume(id: str, wanted: Callable[[], bool] = lambda: True) -> Answered:
    """Make a campaign run: unpause it, or restart its engine; what came of it. Waits, so it belongs in a thread."""
    return answer(call(["resume", id], wanted) or UNKNOWN)


def fork(id: str, experiment: str, wanted: Callable[[], bool] = lambda: True) -> Answered | CampaignOpened:
    """Start a new campaign from an experiment; to be posted as it is. Waits, so it belongs in a thread."""
    said = call(["fork", id, experiment], wanted) or UNKNOWN
    new = forked(said)
    return CampaignOpened(new) if new is not None else answer(said)


def answer(said: Said) -> Answered:
    """What a call came to, in one line with its fix."""
    if said.ok:
        return Answered(report(said))
    why = refusal(said)
    return Answered(why.message, ok=False, fix=why.fix)


def started(said: Said) -> str | None:
    """The id of the campaign that `run --detach --json` started; None where it started none."""
    document = last_json(said.out)
    found = document.get("id") if said.ok and isinstance(document, dict) else None
    return found if isinstance(found, str) else None


def forked(said: Said) -> str | None:
    """The id of the campaign that `fork` started; None where it started none."""
    name, begins, _ = said.out.partition(" began at ")
    return name.strip() if said.ok and begins else None


def last_json(text: str) -> Any:
    """The JSON document of a call that prints one, or the last of several lines; None where there is none."""
    for candidate in (text, text.strip().rpartition("\n")[2]):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    return None


def refusal(said: Said) -> Refusal:
    """What the command line wrote to stderr, as message and fix: the fix is what it indents."""
    lines = [line for line in said.err.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if line.startswith("praxtui: ")), None)
    if first is None:
        last = lines[-1].strip() if lines else f"praxtui ended with exit code {said.code} and said nothing"
        return Refusal(last, "`praxtui doctor` looks at this machine")
    message = [lines[first].removeprefix("praxtui: ")]
    fix: list[str] = []
    for line in lines[first + 1 :]:
        (fix if fix or line.startswith("  ") else message).append(line.strip())
    return Refusal("\n".join(message), "\n".join(fix))


def report(said: Said) -> str:
    """The last line that a call wrote for a person, of stdout before stderr."""
    lines = [line for line in (said.out or said.err).splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("praxtui: ") if lines else ""
