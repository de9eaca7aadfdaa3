"""`praxtui` alone, `attach` and `replay`: the cockpit, on its home screen, on a campaign, on a record."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from praxtui.cli.arguments import Parser
from praxtui.errors import DONE, UserError
from praxtui.journal import campaigns, liveness
from praxtui.tui.start import First, need_terminal, open_cockpit

SPEEDS = (0.1, 10_000.0)
SAMPLE = "sample"


def home(words: Sequence[str]) -> int:
    """`praxtui [--no-mouse] [--theme T]`, or `praxtui --keys`, which only prints."""
    parser = Parser(prog="praxtui", description="the cockpit", allow_abbrev=False)
    _common(parser)
    parser.add_argument("--keys", action="store_true", help="print every key and what it does")
    args = parser.read(list(words))
    if args.keys:
        from praxtui import settings
        from praxtui.tui.keymap import listing

        print(listing(settings.read().keys))
        return DONE
    return open_cockpit(First(), mouse=not args.no_mouse, theme=args.theme)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verb = parser.get_default("verb")
    about = "the campaign, or the beginning of its id"
    if verb == "attach":
        parser.add_argument("id", nargs="?", metavar="ID", help=f"{about} (default: the newest one that runs)")
    else:
        parser.add_argument("id", metavar="ID", help=f"{about}; {SAMPLE}: one that comes with praxtui")
        parser.add_argument(
            "--speed",
            type=_speed,
            metavar="X",
            help="times as fast as it was (default: 60, or 1 where no times were recorded)",
        )
        parser.add_argument("--at", metavar="eN", help="begin where this experiment was judged")
    _common(parser)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument("--theme", metavar="T", help="dark, light, contrast, colorblind, terminal, ... or your own")


def _speed(text: str) -> float:
    try:
        found = float(text.lower().removesuffix("x"))
    except ValueError:
        found = 0.0
    if not SPEEDS[0] <= found <= SPEEDS[1]:
        raise argparse.ArgumentTypeError(f"a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}, such as 60")
    return found


def run(args: argparse.Namespace) -> int:
    need_terminal()
    if args.verb == "attach":
        folder = campaigns.find(args.id) if args.id is not None else _newest()
        return open_cockpit(First(folder), mouse=not args.no_mouse, theme=args.theme)
    folder = _recorded(args.id)
    if args.at is not None:
        from praxtui.cli.reading import experiment_of, state_of

        experiment_of(state_of(folder), args.at)
    first = First(folder, replay=True, speed=args.speed, at=args.at)
    return open_cockpit(first, mouse=not args.no_mouse, theme=args.theme)


def _newest() -> Path:
    """The newest campaign whose engine lives, else the newest of all."""
    folders = campaigns.campaigns()
    if not folders:
        raise UserError("there are no campaigns yet to attach to", fix="`praxtui` shows what can be started")
    return next((folder for folder in folders if liveness.alive(folder).alive), folders[0])


def _recorded(id: str) -> Path:
    """The folder of a campaign to play back; `sample` comes with praxtui, unless a person has one so named."""
    if id == SAMPLE:
        try:
            return campaigns.find(id)
        except UserError:
            from praxtui.tui.sources.sample import sample

            return sample()
    return campaigns.find(id)
