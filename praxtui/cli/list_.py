"""`praxtui list`: the campaigns, newest first."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

from praxtui.cli.reading import no_space, readable_status
from praxtui.cli.text import print_json, table
from praxtui.errors import DONE, FAULT, UserError
from praxtui.journal import campaigns
from praxtui.journal.shown import clock, metric, price
from praxtui.paths import campaigns_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="a list of status documents")


def run(args: argparse.Namespace) -> int:
    documents, damaged = [], []
    for folder in campaigns.campaigns():
        try:
            document, damage = readable_status(folder)
            documents.append(document)
            if damage is not None:
                damaged.append(f"{folder.name}: {damage.message}")
        except UserError as error:
            damaged.append(f"{folder.name}: {error.message}")
    if args.json:
        print_json(documents)
    elif documents:
        columns = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None
        head = ["campaign", "leaf", "state", "tried", "kept", "best", "gain", "time", "cost", "phase"]
        right = ["tried", "kept", "best", "gain", "time", "cost"]
        print(table(head, [_row(document) for document in documents], right=right, columns=columns))
    elif not damaged:
        print("no campaigns yet: praxtui run ngram starts one", file=sys.stderr)
    if any(document["engine"]["alive"] for document in documents) and (full := no_space(campaigns_dir())):
        print(f"praxtui: {full}", file=sys.stderr)
    for line in damaged:
        print(f"praxtui: {line}", file=sys.stderr)
    return FAULT if damaged else DONE


def _row(s: dict[str, Any]) -> list[str]:
    best = s["best"] if s["best"] is not None else s["best_observed"]
    tilde = "~" if s["best"] is None and best is not None and s["best_id"] != "e0" else ""
    gain = s["claimed_gain"]["value"]
    share = f"{100 * gain / abs(s['baseline']):+.1f}%" if gain is not None and s["baseline"] else "-"
    return [
        s["id"],
        s["leaf"],
        s["state"],
        str(s["experiments"]),
        str(s["kept"]),
        metric(best) + tilde,
        share,
        clock(s["spent"]["hours"] * 3600),
        price(s["spent"]["usd"]),
        s["phase"],
    ]
