"""`praxtui resume ID`: make a campaign run: unpause it, or restart its engine where it died or stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from praxtui.cli.reading import status_of
from praxtui.errors import DONE, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.inbox import Inbox, sender
from praxtui.journal.store import Journal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="the campaign, or the beginning of its id")
    parser.add_argument("--all", action="store_true", help="restart the engine of every dead campaign")
    parser.add_argument("--follow", action="store_true", help="follow it afterwards, as `run` does")


def run(args: argparse.Namespace) -> int:
    if args.all == bool(args.id):
        raise UserError("resume: name one campaign, or say --all", fix="`praxtui list` shows them")
    if args.all:
        return _all()
    folder = campaigns.find(args.id)
    print(_resume(folder))
    if args.follow:
        from praxtui.cli.follow import follow

        return follow(folder)
    return DONE


def _all() -> int:
    dead = [folder for folder in campaigns.campaigns() if status_of(folder)["state"] == "dead"]
    if not dead:
        print("no campaign is dead")
    worst = DONE
    for folder in dead:
        try:
            print(_resume(folder))
        except UserError as error:
            print(f"praxtui: {folder.name}: {error}", file=sys.stderr)
            worst = max(worst, error.exit_code)
    return worst


def _resume(folder: Path) -> str:
    from praxtui.journal.folded import folded

    name = folder.name
    with Journal.open(folder) as journal:
        state = folded(journal)
    if liveness.alive(folder).alive:
        if not state.paused:
            return f"{name} is running already"
        Inbox(folder).send("resume", {}, sender())
        return f"{name} goes on"
    if state.ended == "finished" and not Inbox(folder).pending(state.commands):
        return f"{name} is finished: {state.end_reason}; give it more with `praxtui budget {name}`, then resume it"
    from praxtui.engine.supervisor import start

    pid = start(folder)
    return f"{name} goes on: engine {pid}"
