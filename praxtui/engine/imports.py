"""Whether what a draft imports is there: looked up in the run's own interpreter, without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from praxtui.engine.campaign import Campaign
from praxtui.engine.checks import Refused
from praxtui.program.interpreter import probe


async def check(
    campaign: Campaign, before: Mapping[str, str], after: Mapping[str, str], files: Collection[str]
) -> None:
    """Raise Refused where the draft imports a top-level module that no one had before and that cannot be found.

    `files` are the paths of the leaf: its own modules are found there. What the incumbent imports is not questioned:
    it runs. Nor is what stands behind a `try`, which is how code asks for itself.
    """
    wanted = _imported(after) - _imported(before) - _own(files) - campaign.found_modules
    if not wanted:
        return
    found = await campaign.git(probe, campaign.interpreter, sorted(wanted))
    if found.fault:
        return  # the run itself will tell
    campaign.found_modules |= found.has & wanted
    missing = sorted(wanted - found.has)
    if missing:
        needs = ", ".join(campaign.program.loop.requires) or "the standard library only"
        raise Refused(f"no module named {', '.join(missing)} where runs execute; the program requires {needs}")


def _imported(levers: Mapping[str, str]) -> set[str]:
    """Top-level names that the Python files among the levers import, wherever in the file."""
    names: set[str] = set()
    for path, text in levers.items():
        if not path.endswith(".py"):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        for node in _certain(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


def _certain(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, but nothing in the body of a `try`."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Try) and child in node.body):
            yield child
            yield from _certain(child)


def _own(files: Collection[str]) -> set[str]:
    """Names under which the leaf's own files and folders can be imported."""
    parts = (PurePosixPath(path) for path in files)
    return {part for path in parts for part in (*path.parts[:-1], path.stem)}
