"""Opening the cockpit from the command line: what must be settled before Textual is imported, and after it is gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from praxtui import settings
from praxtui.errors import UserError

COLOURS = {"16": "standard", "256": "256", "truecolor": "truecolor"}


class First(msgspec.Struct, frozen=True):
    """What the cockpit opens with: the home screen where `folder` is None, else that campaign, live or played back.

    `at`: the experiment that a replay begins at.
    """

    folder: Path | None = None
    replay: bool = False
    speed: float | None = None
    at: str | None = None


def open_cockpit(first: First, *, mouse: bool = True, theme: str | None = None) -> int:
    """Show the cockpit until the person leaves it; the exit code. Raises UserError where it cannot be shown."""
    need_terminal()
    said = settings.read().cockpit
    if not sys.stderr.isatty():
        os.dup2(1, 2)  # Textual draws on stderr, which may have been sent elsewhere
    # Textual reads these once, when it is imported. Nothing moves here but data.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if said.color in COLOURS:
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", COLOURS[said.color])
    from praxtui.tui.app import Praxtui

    app = Praxtui(first, theme=theme)
    app.run(mouse=mouse and said.mouse and mouse_works(os.environ))
    if app.return_code:
        return app.return_code
    if app.parting:
        print(app.parting)
    return 0


def mouse_works(environment: Mapping[str, str]) -> bool:
    """Whether the terminal still passes on every key while it reports the mouse.

    GNU screen (4.9) does not: it keeps a lone Escape back until the next key, in case a report of the mouse begins so.
    Which of screen and tmux is the inner one where both are there cannot be told: the keys come first.
    """
    return "STY" not in environment


def need_terminal() -> None:
    """Raise UserError where there is no terminal that can show screens."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") in ("dumb", "unknown"):
        raise UserError(
            "the cockpit needs a terminal, and there is none here",
            fix="without one: praxtui list, praxtui status ID, praxtui ledger ID, praxtui run LEAF",
        )
