"""`praxtui resume ID`: make a campaign run: unpause it, or restart its engine where it died or stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from praxtui.cli.leaving import warn
from praxtui.cli.reading import state_of, status_of
from praxtui.cli.steer import told
from praxtui.errors import DONE, CampaignFault, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.inbox import Inbox
from praxtui.journal.state import State
from praxtui.runs import proc

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
        if "keys" in state.waits:
            return _with_keys(folder, state)
        if state.paused:
            return told(folder, "resume", {})
        print(f"{name} is running already")
        return DONE
    if state.ended == "finished" and not Inbox(folder).pending(state.commands):
        _tidy(folder, state)
        print(f"{name} is finished: {state.end_reason}; give it more with `praxtui budget {name}`, then resume it")
        return DONE
    return _start(folder, state)


def _tidy(folder: Path, state: State) -> None:
    """What an engine that was killed after the end of its campaign left of its worktrees goes now."""
    from praxtui.engine import space

    with contextlib.suppress(UserError, OSError), liveness.lock(folder):
        space.tidy(folder, state)


def _start(folder: Path, state: State) -> int:
    from praxtui.engine import handed
    from praxtui.engine.supervisor import start

    warn()
    try:
        engine = start(folder)
    except liveness.AlreadyRunning:
        # Somebody else resumed it at the same time, and was the first.
        print(f"{folder.name} is running already")
        return DONE
    print(f"{folder.name} goes on: engine {engine}")
    lacking = handed.lacking(state, handed.keys_for(state, os.environ))
    if lacking and len(lacking) == len(state.models):
        _, missing = lacking.popitem()
        print(f"praxtui: {folder.name} waits for a key: {missing}", file=sys.stderr)
    return DONE


def _with_keys(folder: Path, state: State) -> int:
    """An engine that waits for keys makes room for one that is handed those of this shell."""
    from praxtui.engine import handed
    from praxtui.research.llm.keys import how_to_set, keys_file

    keys = handed.keys_for(state, os.environ)
    keys.check()
    lacking = handed.lacking(state, keys)
    there = [model for model in state.models if model not in lacking]
    if not there:
        missing = next(iter(lacking.values()))
        raise CampaignFault(f"{folder.name} waits: {missing}", fix=how_to_set(missing.names[0].partition(" ")[0]))
    found = {name: origin for model in there for name, origin in keys.origins(model).items()}
    if found and set(found.values()) == {"file"}:
        print(f"{folder.name} takes what it waits for from {keys_file()} by itself")
        return DONE
    engine = liveness.read_identity(folder)
    if engine is not None:
        named = ", ".join(sorted(found)) or "what it needs"
        print(f"{folder.name} waits for a key: its engine makes room for one that has {named}")
        proc.send(engine.pid, engine.start, signal.SIGTERM)
    if not liveness.wait_until_gone(folder, LEAVING_S):
        raise CampaignFault(f"the engine of {folder.name} does not go", fix=f"see {folder / 'engine.log'}")
    return _start(folder, state)
