"""What panes and screens tell each other."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class ExperimentOpened(Message):
    """An experiment was chosen to be opened into its diff, log, curves, prompt and reflection."""

    experiment: str


@dataclass
class ExperimentPointed(Message):
    """The cursor of the ledger rests on an experiment; None where it follows the newest."""

    experiment: str | None


@dataclass
class RunChosen(Message):
    """The output pane should show this run; None: whatever runs now."""

    experiment: str | None
    n: int | None = None


@dataclass
class Compared(Message):
    """Two experiments were chosen to be shown side by side."""

    left: str
    right: str


@dataclass
class Steered(Message):
    """A person asked for a command of design section 7; `args` as the inbox takes them."""

    verb: str
    args: dict[str, object]


@dataclass
class Answered(Message):
    """What came of a command or a started process, in one line; `ok` False where it was refused or failed."""

    text: str
    ok: bool = True
    fix: str = ""


@dataclass
class CampaignOpened(Message):
    """A campaign was chosen, to be attached to or, with `replay`, to be played back."""

    id: str
    replay: bool = False
