"""The verbs that steer: each leaves a command in the campaign's inbox and says what came of it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from praxtui.cli.arguments import amount, one_of, or_none, whole
from praxtui.cli.reading import experiment_of, state_of
from praxtui.errors import DONE, USAGE, UserError, did_you_mean
from praxtui.journal import campaigns, liveness
from praxtui.journal.inbox import Inbox, sender
from praxtui.journal.people import CommandTaken
from praxtui.journal.store import Journal

ANSWER_S = 5.0
LOOK_S = 0.03
BUDGETS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("experiments", whole()),
    ("hours", amount),
    ("usd", amount),
    ("tokens", whole()),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verb = parser.get_default("verb")
    parser.add_argument("id", metavar="ID", help="the campaign, or the beginning of its id")
    if verb == "hint":
        parser.add_argument("text", nargs="*", metavar="TEXT", help="a sentence for the researcher")
        parser.add_argument("--withdraw", metavar="kN", help="take an earlier hint back: it is shown no more")
    elif verb == "stop":
        parser.add_argument("--now", action="store_true", help="do not wait for the current run")
    elif verb == "veto":
        parser.add_argument("reason", nargs="*", metavar="REASON", help="why, for the record")
    elif verb in ("keep", "discard", "fork"):
        parser.add_argument("experiment", metavar="eN", help="e1, e2, ...")
        if verb == "fork":
            parser.add_argument("--name", metavar="ID", help="the new campaign's id")
    elif verb == "budget":
        for name, kind in BUDGETS:
            parser.add_argument(f"--{name}", type=or_none(kind), metavar="N|none", help="none: without limit")
    elif verb == "autonomy":
        wanted = one_of("auto", "review")
        parser.add_argument(
            "autonomy", type=wanted, metavar="auto|review", help="review: every draft waits for approve"
        )


def run(args: argparse.Namespace) -> int:
    if args.verb == "hint" and not args.text and args.withdraw is None:
        raise UserError("missing: TEXT, or --withdraw kN", fix="`praxtui hint --help` shows what it takes")
    folder = campaigns.find(args.id)
    if args.verb == "fork":
        from praxtui.cli.fork import fork

        return fork(folder, args.experiment, args.name)
    if args.verb == "hint" and args.withdraw is not None:
        return told(folder, "unhint", {"hint": _withdrawn(args, folder)})
    words = _arguments(args, folder)
    if args.verb == "stop" and (said := _over(folder)):
        print(said)
        return DONE
    return told(folder, args.verb, words)


def told(folder: Path, verb: str, words: dict[str, Any]) -> int:
    """Leave a command, and print what a live engine says to it; the exit code."""
    command = Inbox(folder).send(verb, words, sender())
    if not liveness.alive(folder).alive:
        print(f"{folder.name} has no live engine: the command waits; `praxtui resume {folder.name}` takes it")
        return DONE
    return _answered(folder, command)


def _arguments(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if args.verb == "hint":
        text = " ".join(args.text).strip()
        if not text:
            raise UserError("an empty hint says nothing", fix='for example: praxtui hint ID "try a smaller model"')
        return {"text": text}
    if args.verb == "stop":
        return {"now": args.now}
    if args.verb == "veto":
        return {"reason": " ".join(args.reason)}
    if args.verb in ("keep", "discard"):
        experiment_of(state_of(folder), args.experiment)
        return {"experiment": args.experiment}
    if args.verb == "autonomy":
        return {"autonomy": args.autonomy}
    if args.verb == "budget":
        given = {name: getattr(args, name) for name, _ in BUDGETS if getattr(args, name) is not None}
        if not given:
            raise UserError(
                "budget: nothing to change", fix="for example: praxtui budget ID --experiments 200 --usd none"
            )
        return given
    return {}


def _withdrawn(args: argparse.Namespace, folder: Path) -> str:
    """The hint that a person takes back; raises UserError for one that is not there, or was taken back already."""
    if args.text:
        raise UserError("hint takes TEXT or --withdraw, not both", fix="withdraw first, then give the other hint")
    name, hints = str(args.withdraw), state_of(folder).hints
    if name not in hints:
        fix = f"it has {', '.join(hints)}" if hints else "it has none yet"
        raise UserError(f"no hint {name!r} in {folder.name}{did_you_mean(name, hints)}", fix=fix)
    if hints[name].withdrawn:
        raise UserError(f"{name} is withdrawn already", fix=f"praxtui status {folder.name} lists the hints")
    return name


def _over(folder: Path) -> str | None:
    """What to say where a campaign is over already, so that there is nothing to stop."""
    state = state_of(folder)
    return f"{folder.name} is {state.ended} already: {state.end_reason}" if state.ended else None


def _answered(folder: Path, command: int) -> int:
    """Wait until the engine has taken the command; print what came of it."""
    deadline = time.monotonic() + ANSWER_S
    with Journal.open(folder) as journal:
        seen = max(0, journal.last_seq() - 50)
        while time.monotonic() < deadline:
            for event in journal.read(seen):
                seen = event.seq
                fact = event.fact
                if isinstance(fact, CommandTaken) and fact.command == command:
                    print(
                        fact.outcome if fact.ok else f"refused: {fact.outcome}",
                        file=sys.stdout if fact.ok else sys.stderr,
                    )
                    return DONE if fact.ok else USAGE
            if not liveness.alive(folder).alive and not journal.last_seq() > seen:
                print(f"the engine of {folder.name} ended meanwhile: the command waits")
                return DONE
            time.sleep(LOOK_S)
    print(f"{folder.name} has not answered within {ANSWER_S:g} s; the command waits in its inbox")
    return DONE
