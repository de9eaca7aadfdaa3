"""`praxtui clean [ID...]`: what can be freed, and freeing it; with `--remove`, whole campaigns."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from praxtui.cli.reading import readable_state
from praxtui.cli.text import print_json, table
from praxtui.errors import DONE, FAULT, CampaignFault, UserError
from praxtui.journal import campaigns, liveness
from praxtui.journal.shown import plain, size
from praxtui.journal.state import State


class Busy(UserError):
    """A campaign that must be left alone now; the message says why."""


class Found(NamedTuple):
    """What can be freed; why campaigns were left out; the states of those that could be read, by id."""

    spares: list[Any]
    skipped: dict[str, str]
    states: dict[str, State]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID", help="only these campaigns; without one: all of PRAXTUI_HOME")
    parser.add_argument("--remove", action="store_true", help="delete these campaigns, their records and logs included")
    parser.add_argument("--refs", action="store_true", help="with --remove: delete their commits and branches, too")
    parser.add_argument("--yes", action="store_true", help="do it, without asking")
    parser.add_argument("--json", action="store_true", help="one JSON document to stdout, and nothing else there")


def run(args: argparse.Namespace) -> int:
    """Say what would be freed; free it where the person said so. Exit code 4 where something could not be freed."""
    if args.remove:
        from praxtui.cli.remove import remove

        return remove(args)
    if args.refs:
        raise UserError("--refs goes with --remove", fix="praxtui clean --remove ID --refs")
    folders = [campaigns.find(id) for id in dict.fromkeys(args.id)] or campaigns.campaigns()
    found = _look(folders, everything=not args.id)
    whole = sum(spare.octets for spare in found.spares)
    if not args.json:
        _show(found, whole)
    wanted = bool(found.spares) and (args.yes or (not args.json and confirmed(f"free {size(whole)}?")))
    freed, failed = _free(found) if wanted else (None, [])
    if args.json:
        print_json(_document(found, whole, freed, failed))
    elif freed is not None:
        print(f"freed {size(freed)}")
    elif found.spares and not sys.stdin.isatty():
        print("nothing was freed: `praxtui clean --yes` does it", file=sys.stderr)
    for line in failed:
        print(f"praxtui: {line}", file=sys.stderr)
    return FAULT if failed else DONE


def confirmed(question: str) -> bool:
    """What a person answers on a terminal; no, where there is none to ask on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The campaign kept from every engine meanwhile; raises Busy where it has one, or a run of it goes on."""
    from praxtui.runs.local import LocalPlace

    engine = liveness.alive(folder)
    if engine.alive:
        raise Busy(f"{folder.name} has an engine", fix=f"end it first: praxtui stop {folder.name}")
    if engine.note:
        raise Busy(f"{folder.name}: {engine.note}", fix="do it there")
    try:
        lock = liveness.lock(folder)
    except liveness.AlreadyRunning as error:
        raise Busy(f"{folder.name} has an engine", fix=f"end it first: praxtui stop {folder.name}") from error
    with lock:
        for run in folder.glob("runs/*/*"):
            if not (run / "exit.json").exists() and LocalPlace().adopt(run) is not None:
                name = f"{run.parent.name}/{run.name}"
                fix = f"let it end, or: praxtui resume {folder.name} && praxtui stop {folder.name} --now"
                raise Busy(f"the run {name} of {folder.name} goes on without an engine", fix=fix)
        yield


def _look(folders: list[Path], everything: bool) -> Found:
    from praxtui.engine import space

    found = Found([], {}, {})
    for folder in folders:
        try:
            state, damage = readable_state(folder)
            if damage is not None:
                raise damage
            found.states[folder.name] = state
            with held(folder):
                found.spares.extend(space.of_campaign(folder, state))
        except UserError as error:
            found.skipped[folder.name] = error.message
    if everything:
        names = [folder.name for folder in folders]
        found.spares.extend(space.of_home(list(found.states.values()), names))
    return found


def _free(found: Found) -> tuple[int, list[str]]:
    """Bytes freed, and what went wrong. Each campaign is held again: an engine may have been started meanwhile."""
    from praxtui.engine import space

    freed, failed = 0, []
    for owner in dict.fromkeys(spare.campaign for spare in found.spares):
        spares = [spare for spare in found.spares if spare.campaign == owner]
        try:
            if owner is None:
                freed += sum(space.free(spare) for spare in spares)
                continue
            leaf = Path(found.states[owner].leaf)
            with held(campaigns.find(owner)):
                freed += sum(space.free(spare, leaf) for spare in spares)
        except UserError as error:
            failed.append(str(error))
        except OSError as error:
            failed.append(str(CampaignFault(f"cannot free {error.filename}: {error.strerror}")))
    return freed, failed


def _show(found: Found, whole: int) -> None:
    rows: dict[tuple[str, str], list[int]] = {}
    for spare in found.spares:
        rows.setdefault((spare.kind.name, spare.campaign or "-"), []).append(spare.octets)
    if rows:
        cells = [[kind, owner, str(len(sizes)), size(sum(sizes))] for (kind, owner), sizes in sorted(rows.items())]
        print(table(["what", "campaign", "count", "frees"], [*cells, ["in all", "", "", size(whole)]], right=["frees"]))
        print()
        for kind in sorted({spare.kind for spare in found.spares}):
            print(f"{kind.name}: {kind.why}")
    else:
        print("nothing can be freed", file=sys.stderr)
    for name, why in found.skipped.items():
        print(f"left alone: {plain(name)}: {plain(why)}", file=sys.stderr)


def _document(found: Found, whole: int, freed: int | None, failed: list[str]) -> dict[str, Any]:
    items = [
        {"kind": s.kind.name, "campaign": s.campaign, "path": str(s.path), "bytes": s.octets, "why": s.kind.why}
        for s in found.spares
    ]
    skipped = [{"campaign": name, "why": why} for name, why in found.skipped.items()]
    return {"bytes": whole, "freed": freed, "items": items, "skipped": skipped, "failed": failed}
