"""`praxtui leaves`: the leaves it finds, and whether each is ready to run."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from praxtui.cli.text import print_json, table
from praxtui.errors import DONE, UserError
from praxtui.journal.shown import DASH
from praxtui.paths import bundled_leaves
from praxtui.program.leaves import Leaf, discover, places, task
from praxtui.program.read import load
from praxtui.program.ready import survey
from praxtui.program.spec import Program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON list to stdout, and nothing else there")


def run(args: argparse.Namespace) -> int:
    found = discover()
    documents = describe(found)
    if args.json:
        print_json(documents)
    elif not documents:
        print("no leaves: a leaf is a folder with a program.md. Looked in", file=sys.stderr)
        for _, folder in places():
            print(f"  {folder}", file=sys.stderr)
    else:
        _show(found, documents)
    return DONE


def describe(found: tuple[Leaf, ...]) -> list[dict[str, Any]]:
    """The documents of `leaves --json`. A program with errors is not ready, and misses its errors' correction."""
    read = [_read(leaf.path) for leaf in found]
    good = [(program, leaf.path) for program, leaf in zip(read, found, strict=True) if isinstance(program, Program)]
    lacks = iter(survey(good))
    documents = []
    for leaf, program in zip(found, read, strict=True):
        about: dict[str, Any] = {"name": leaf.name, "path": str(leaf.path), "task": "", "metric": None, "goal": None}
        if isinstance(program, Program):
            missing = [{"what": lack.what, "fix": lack.fix} for lack in next(lacks)]
            about |= {"task": task(program), "metric": program.metric.name, "goal": program.metric.goal}
        else:
            fix = program.fix or f"correct {leaf.path / 'program.md'}"
            missing = [{"what": line, "fix": fix} for line in program.message.splitlines()]
        documents.append({**about, "ready": not missing, "missing": missing})
    return documents


def _read(leaf: Path) -> Program | UserError:
    try:
        return load(leaf)
    except UserError as error:
        return error


def _show(found: tuple[Leaf, ...], documents: list[dict[str, Any]]) -> None:
    rows = []
    for leaf, about in zip(found, documents, strict=True):
        goal = {"minimize": "lower", "maximize": "higher"}.get(about["goal"], "")
        measured = f"{about['metric']}, {goal}" if about["metric"] else DASH
        rows.append([about["name"], measured, "yes" if about["ready"] else "no", leaf.where, about["task"]])
    columns = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None
    print(table(["leaf", "metric, better", "ready", "from", "task"], rows, columns=columns))
    for about in documents:
        if not about["ready"]:
            print(f"\n{about['name']} is not ready:")
            for lack in about["missing"]:
                print(f"  {lack['what']}\n    {lack['fix']}")
    for leaf in outdated(found):
        print(f"\n{leaf.name}: this praxtui brings a newer one than your copy was made from, {leaf.path}")
        print("  your copy stays as it is; to get the newer one, move it away")


def outdated(found: tuple[Leaf, ...]) -> list[Leaf]:
    """Copies of bundled leaves, in PRAXTUI_HOME, of which a newer version is bundled."""
    pairs = [(leaf, bundled_leaves() / leaf.name) for leaf in found if leaf.where == "home"]
    copies = [(leaf, source) for leaf, source in pairs if (source / "program.md").is_file()]
    if not copies:
        return []
    from praxtui.workspace.copies import newer

    return [leaf for leaf, source in copies if newer(leaf.path, source)]
