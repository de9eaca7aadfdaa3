"""`praxtui import PATH`: a campaign from a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from praxtui.errors import DONE, UserError
from praxtui.journal.shown import plain

Reader = Callable[[Path, str | None], list[str]]
"""Makes a campaign of a file, under the name given or its own; what to say."""


def _is_archive(path: Path) -> bool:
    from praxtui.report.restore import is_archive

    return path.is_file() and is_archive(path)


def _archive(path: Path, name: str | None) -> list[str]:
    from praxtui.report.restore import read

    found = read(path, name)
    id, leaf = found.folder.name, plain(found.state.leaf)
    said = [f"imported {id}: {found.state.counted} experiments; praxtui replay {id}  plays it back"]
    if found.refs is None:
        said.append(f"  {plain(found.why)}")
        said.extend([f"  the leaf as it began: {plain(found.fix)}"] if found.fix else [])
    elif found.refs:
        said.append(f"  {len(found.refs)} refs restored in {leaf}")
    if found.refs is not None:
        said.append(f"  praxtui resume {id}  runs what its program says: read it first if the file is not your own")
    return said


# What can be read: how it is known, how it is read, and what it is.
FORMATS: dict[str, tuple[Callable[[Path], bool], Reader, str]] = {
    "archive": (_is_archive, _archive, "a campaign written by `praxtui export ID --to archive`"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    known = "; ".join(about for _, _, about in FORMATS.values())
    parser.add_argument("path", metavar="PATH", help=known)
    parser.add_argument("--name", metavar="ID", help="the campaign's id here; by default the one it has")


def run(args: argparse.Namespace) -> int:
    """Import it by what it is. Raises UserError where it is nothing that can be read."""
    path = Path(args.path).expanduser()
    if not path.exists():
        raise UserError(f"there is no {path}", fix="name the file that was exported")
    try:
        reader = next((read for is_one, read, _ in FORMATS.values() if is_one(path)), None)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", fix="check its permissions") from error
    if reader is None:
        known = "; ".join(about for _, _, about in FORMATS.values())
        raise UserError(f"{path} is nothing that praxtui can import", fix=f"it reads: {known}")
    for line in reader(path, args.name):
        print(line, file=sys.stderr if line.startswith("  ") else sys.stdout)
    return DONE
