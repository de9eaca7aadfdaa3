"""`praxtui resume ID`: make a campaign run: unpause it, or restart its engine where it died or stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from praxtui.cli.reading import state_of, status_of
from praxtui.cli.steer import told
from praxtui.errors import DONE, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.inbox import Inbox

LEAVING_S = 10.0  # an engine whose campaign has ended closes its journal; the next one waits for that


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="the campaign, or the beginning of its id")
    parser.add_argument("--all", action="store_true", help="restart the engine of every dead campaign")
    parser.add_argument("--follow", action="store_true", help="follow it afterwards, as `run` does")


def run(args: argparse.Namespace) -> int:
    if args.all == bool(args.id):
        raise UserError("resume: name one campaign, or say --all", fix="`praxtui list` shows them")
    if args.all:
        return _all()
    folder = campaigns.find(args.id)
    code = _resume(folder)
    if args.follow and code == DONE:
        from praxtui.cli.follow import follow

        return follow(folder)
    return code


def _all() -> int:
    tried, worst = 0, DONE
    for folder in campaigns.campaigns():
        try:
            if status_of(folder)["state"] == "dead":
                tried += 1
                worst = max(worst, _resume(folder))
        except UserError as error:
            print(f"praxtui: {folder.name}: {error}", file=sys.stderr)
            worst = max(worst, error.exit_code)
    if not tried:
        print("no campaign is dead")
    return worst


def _resume(folder: Path) -> int:
    """Say and do what makes the campaign run; returns once its engine answers."""
    name = folder.name
    state = state_of(folder)
    if state.ended:
        liveness.wait_until_gone(folder, LEAVING_S)
    elif liveness.alive(folder).alive:
        if state.paused:
            return told(folder, "resume", {})
        print(f"{name} is running already")
        return DONE
    if state.ended == "finished" and not Inbox(folder).pending(state.commands):
        print(f"{name} is finished: {state.end_reason}; give it more with `praxtui budget {name}`, then resume it")
        return DONE
    from praxtui.engine.supervisor import start

    print(f"{name} goes on: engine {start(folder)}")
    return DONE
