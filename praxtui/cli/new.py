"""`praxtui new LEAF DIR`: a leaf of one's own, from one that exists."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import praxtui
from praxtui import paths
from praxtui.errors import DONE
from praxtui.program.leaves import find


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("leaf", metavar="LEAF", help="the leaf to begin from: a path, or a name of `praxtui leaves`")
    parser.add_argument("folder", metavar="DIR", help="the new folder; it must not exist, or be empty")


def run(args: argparse.Namespace) -> int:
    """Copy the leaf into a git repository of its own. Raises UserError where that cannot be."""
    template = find(args.leaf)
    target = Path(args.folder).expanduser()
    from praxtui.workspace.copies import new_leaf, working_copy

    name = _bundled_name(template)
    if name is not None and target.absolute() == paths.leaves_dir() / name and not target.exists():
        # What `run` would make there: a copy that knows which edition of the leaf it came from.
        working_copy(template, name, paths.home(), praxtui.__version__)
    else:
        new_leaf(template, target)
    shown = shlex.quote(args.folder if "/" in args.folder else f"./{args.folder}")
    print(f"{target} is a leaf now, begun from {template.name}, in a git repository of its own. Next:")
    print(f"  edit {target / 'program.md'}: what to improve, and how it is measured")
    print(f"  praxtui doctor {shown}")
    print(f"  praxtui run {shown}")
    return DONE


def _bundled_name(leaf: Path) -> str | None:
    """The name of a leaf that came with praxtui, None of any other."""
    bundled = paths.bundled_leaves()
    return leaf.relative_to(bundled).as_posix() if leaf.is_relative_to(bundled) else None
