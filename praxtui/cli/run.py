"""`praxtui run LEAF`: start a campaign, and follow it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from praxtui.cli.arguments import SEED_MOST, amount, one_of, or_none, whole
from praxtui.errors import DONE, RequirementMissing, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("leaf", metavar="LEAF", help="a folder with a program.md, or the name of a leaf (`praxtui leaves`)")
    add("--name", metavar="ID", help="the campaign's id; today's date and a letter otherwise")
    add(
        "--researcher",
        metavar="sweep|llm|null",
        help="who proposes: a language model (llm), or sweep, which needs none (default: llm with the models of the "
        "settings or --model, else sweep)",
    )
    add(
        "--model",
        action="append",
        default=[],
        metavar="M",
        help="a language model by LiteLLM's name (`praxtui models`); given again: one that stands in for it",
    )
    add("--experiments", type=whole(), metavar="N", help="end after so many judged experiments")
    add("--hours", type=amount, metavar="H", help="end after so many hours")
    add(
        "--usd",
        type=or_none(amount),
        metavar="U|none",
        help="end when so many dollars are spent; none: without limit",
    )
    add("--tokens", type=whole(), metavar="T", help="end when so many tokens are used")
    add("--set", action="append", default=[], metavar="block.key=value", help="another value for a key of program.md")
    add("--seed", type=whole(most=SEED_MOST), default=0, metavar="N", help="the selection seed (default 0)")
    add(
        "--after",
        metavar="ID|all",
        action="append",
        default=[],
        help="begin with what earlier campaigns of the leaf tried",
    )
    add("--slots", type=whole(1), metavar="K", help="runs at once")
    add("--lookahead", type=whole(), metavar="L", help="drafts made while a run is under way (default 1)")
    add("--place", metavar="P", help="where runs execute (default local)")
    add(
        "--autonomy",
        type=one_of("auto", "review"),
        default="auto",
        metavar="auto|review",
        help="review: every draft waits for `praxtui approve`",
    )
    add("--allow-unsandboxed", action="store_true", help="let a model's drafts run where there is no sandbox")
    add("--detach", action="store_true", help="start the campaign and return")
    add("--json", action="store_true", help="one ledger row a line, the status document last")


def run(args: argparse.Namespace) -> int:
    folder = begin(args)
    from praxtui.cli.follow import follow
    from praxtui.cli.leaving import warn
    from praxtui.engine.supervisor import start

    warn(detached=args.detach)
    if args.detach:
        start(folder)
        return _detached(folder, args.json)
    return follow(folder, lambda: start(folder), as_json=args.json)


def begin(args: argparse.Namespace) -> Path:
    """Everything that can be refused before a campaign exists; then its folder."""
    from praxtui import paths
    from praxtui.cli.choice import check_cost, check_sandbox, choose
    from praxtui.engine.supervisor import Request, create
    from praxtui.journal.facts import Budgets
    from praxtui.program.leaves import find
    from praxtui.program.ready import readiness
    from praxtui.workspace.repository import LeafRepository

    chosen = choose(args.researcher, args.model)
    paths.ensure(paths.home())
    asked = find(args.leaf)
    leaf, name = working_leaf(asked)
    overrides = _overrides(args)
    program = _program(leaf, overrides)
    missing = readiness(program, leaf)
    if missing:
        lines = "\n".join(f"{lack.what}\n  {lack.fix}" for lack in missing)
        raise RequirementMissing(f"{name} is not ready to run:\n{lines}", fix=f"then: praxtui doctor {args.leaf}")
    after = _after(args.after, leaf)
    repository = LeafRepository.open(leaf)
    walls = program.constraints
    budgets = Budgets(
        walls.experiments if args.experiments is None else args.experiments,
        walls.hours if args.hours is None else args.hours,
        walls.usd if args.usd is None else None if args.usd == "none" else args.usd,
        walls.tokens if args.tokens is None else args.tokens,
    )
    check_cost(chosen, budgets)
    check_sandbox(chosen, program, leaf, unsandboxed=args.allow_unsandboxed)
    request = Request(
        leaf=leaf,
        leaf_name=name,
        program=program,
        researcher=chosen.researcher,
        budgets=budgets,
        name=args.name,
        models=chosen.models,
        seed=args.seed,
        lookahead=program.loop.lookahead,
        autonomy=args.autonomy,
        unsandboxed=args.allow_unsandboxed,
        after=after,
        overrides=overrides,
    )
    folder = create(request, repository.campaigns())
    if chosen.note:
        print(chosen.note, file=sys.stderr)
    return folder


def working_leaf(found: Path) -> tuple[Path, str]:
    """The folder to work in, and the leaf's name: a bundled leaf is copied into PRAXTUI_HOME first."""
    import praxtui
    from praxtui import paths
    from praxtui.workspace.copies import working_copy

    for base in (paths.bundled_leaves(), paths.leaves_dir()):
        if found.is_relative_to(base):
            name = found.relative_to(base).as_posix()
            if base == paths.leaves_dir():
                return found, name
            return working_copy(found, name, paths.home(), praxtui.__version__), name
    return found, found.name


def _overrides(args: argparse.Namespace) -> dict[str, str]:
    found: dict[str, str] = {}
    for given in args.set:
        key, equals, value = given.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--set {given!r} is not block.key=value", fix="for example: --set loop.budget=90s")
        found[key.strip()] = value.strip()
    for key in ("slots", "lookahead", "place"):
        if getattr(args, key) is not None:
            found[f"loop.{key}"] = str(getattr(args, key))
    return found


def _program(leaf: Path, overrides: dict[str, str]) -> Any:
    from praxtui.engine.epochs import read_program
    from praxtui.program.unavailable import unavailable

    program = read_program(leaf, overrides)
    lacks = unavailable(program)
    hard = [lack.message for lack in lacks if lack.hard]
    if hard:
        raise UserError("\n".join(hard))
    for lack in lacks:
        print(f"{lack.key}: {lack.message}", file=sys.stderr)
    return program


def _after(names: list[str], leaf: Path) -> tuple[str, ...]:
    """The ids of earlier campaigns to learn from; `all`: every one of this leaf. Oldest first."""
    from praxtui.journal import campaigns
    from praxtui.journal.folded import folded
    from praxtui.journal.store import Journal

    if "all" not in names:
        return tuple(campaigns.find(name).name for name in names)
    found = []
    for folder in campaigns.campaigns():
        with Journal.open(folder) as journal:
            if Path(folded(journal).leaf) == leaf:
                found.append(folder.name)
    return tuple(reversed(found))


def _detached(folder: Path, as_json: bool) -> int:
    from praxtui.cli.reading import status_of
    from praxtui.cli.text import print_json

    if as_json:
        print_json(status_of(folder), line=True)
    else:
        print(f"{folder.name} runs without this terminal: praxtui status {folder.name}, praxtui stop {folder.name}")
    return DONE
