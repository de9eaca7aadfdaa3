"""`praxtui doctor [LEAF]`: what this machine has, what is missing, and the fix."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from praxtui.cli.machine import Check, machine
from praxtui.cli.text import print_json
from praxtui.errors import DONE, MISSING
from praxtui.journal.shown import plain
from praxtui.program.interpreter import Probes, choose
from praxtui.program.leaves import find
from praxtui.program.read import load
from praxtui.program.ready import readiness
from praxtui.program.unavailable import unavailable

SIGNS = {"ok": "ok", "note": "note", "missing": "MISSING"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("leaf", nargs="?", metavar="LEAF", help="also check what this leaf needs: a path, or a name")
    parser.add_argument("--json", action="store_true", help="one JSON document to stdout, and nothing else there")


def run(args: argparse.Namespace) -> int:
    """Exit code 3 if something required is missing. An unknown leaf or a program with errors raises UserError."""
    wanted = list(_leaf(args.leaf)) if args.leaf is not None else []
    checks = [*machine(), *wanted]
    lacking = [check for check in checks if check.state == "missing"]
    if args.json:
        print_json({"ok": not lacking, "checks": checks})
    else:
        _show(checks)
        print(f"\n{len(lacking)} missing" if lacking else "\nall that is required is there")
    return MISSING if lacking else DONE


def _leaf(asked: str) -> Iterator[Check]:
    """What the leaf needs, on top of the machine's own checks."""
    path = find(asked)
    program = load(path)
    name = f"leaf {path.name}"
    yield Check(name, "ok", f"{path / 'program.md'} is valid")
    chosen = choose(program, path, Probes(program.loop.requires))
    yield Check(name, "ok", f"runs with {chosen.path}: {chosen.why}")
    lacks = readiness(program, path)
    yield from (Check(name, "missing", lack.what, lack.fix) for lack in lacks)
    for lack in unavailable(program):
        if not lack.hard:
            yield Check(name, "note", f"{lack.key}: {lack.message}")
    if not program.loop.evaluate:
        yield Check(name, "note", "metric reported by the lever", "give the leaf a sealed loop.evaluate")


def _show(checks: list[Check]) -> None:
    wide = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.name:<{wide}}  {SIGNS[check.state]:<7}  {plain(check.found)}")
        if check.fix and check.state != "ok":
            print(f"{'':<{wide}}  {'':<7}  fix: {check.fix}")
