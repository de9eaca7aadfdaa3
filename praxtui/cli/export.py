"""`praxtui export ID --to FORMAT`: a campaign as a file for elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from praxtui.errors import DONE, UserError, did_you_mean
from praxtui.journal import campaigns
from praxtui.journal.shown import size

Writer = Callable[[Path, Path | None], list[str]]
"""Writes the campaign in a folder to a file, None being one of its own choice in the working folder; what to say."""


def _archive(folder: Path, to: Path | None) -> list[str]:
    from praxtui.report.archive import write

    file = to or Path(f"{folder.name}.praxtui.tar.gz")
    manifest = write(folder, file)
    kept = f"{len(manifest.refs)} refs with their commits" if manifest.refs else "no commits: its leaf has none of it"
    return [f"{file}: {size(file.stat().st_size)}, {kept}", f"  praxtui import {file}  brings it back, on any machine"]


FORMATS: dict[str, tuple[str, Writer]] = {
    "archive": ("one file to keep or carry away, which `praxtui import` reads", _archive),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the campaign, or the beginning of its id")
    known = "; ".join(f"{name}: {about}" for name, (about, _) in FORMATS.items())
    parser.add_argument("--to", metavar="FORMAT", required=True, help=known)
    parser.add_argument("-o", dest="file", metavar="FILE", help="the file to write; it must not exist")


def run(args: argparse.Namespace) -> int:
    """Write the file. Raises UserError for an unknown format, with those there are."""
    if args.to not in FORMATS:
        known = "; ".join(f"{name} ({about})" for name, (about, _) in FORMATS.items())
        raise UserError(f"unknown format: {args.to}{did_you_mean(args.to, FORMATS)}", fix=f"there is: {known}")
    file = Path(args.file).expanduser() if args.file else None
    if file is not None and not file.parent.is_dir():
        raise UserError(f"there is no folder {file.parent}", fix="make it first, or name another file with -o")
    for line in FORMATS[args.to][1](campaigns.find(args.id), file):
        print(line)
    return DONE
