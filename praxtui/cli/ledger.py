"""`praxtui ledger ID`: the table of a campaign's experiments."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

from praxtui.cli.reading import readable_state
from praxtui.cli.text import print_json, table
from praxtui.errors import DONE
from praxtui.journal import campaigns
from praxtui.journal.ledger import rows
from praxtui.journal.shown import clock, delta, metric, price
from praxtui.journal.state import State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the campaign, or the beginning of its id")
    parser.add_argument("--json", action="store_true", help="a list of rows, e0 first")


def run(args: argparse.Namespace) -> int:
    state, damage = readable_state(campaigns.find(args.id))
    if args.json:
        print_json(rows(state))
    else:
        show(state)
    if damage is not None:
        raise damage
    return DONE


def show(state: State) -> None:
    """The table for people."""
    epoch = state.epoch
    name = epoch.metric if epoch else "metric"
    columns = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None
    found = rows(state)
    head = ["id", "verdict", name, "delta", "runs", "time", "cost", "hypothesis"]
    lines = [cells(row) for row in found]
    if not any(row["usd"] is None or row["usd"] for row in found):
        at = head.index("cost")
        head, lines = head[:at] + head[at + 1 :], [line[:at] + line[at + 1 :] for line in lines]
    print(table(head, lines, right=[name, "delta", "runs", "time", "cost"], columns=columns))
    if epoch and epoch.metric_by == "lever":
        print("metric reported by the lever: this leaf has no evaluator", file=sys.stderr)


def verdict(row: dict[str, Any]) -> str:
    """`keep provisional`, `discard`, `crash`; a word, so that colour is never the only signal."""
    if row["verdict"] is None:
        return "running" if row["runs"] else "drafted" if row["commit"] else "drafting"
    return f"{row['verdict']} {row['standing']}" if row["standing"] else str(row["verdict"])


def cells(row: dict[str, Any]) -> list[str]:
    """One row of the table for people."""
    said = row["hypothesis"] or "-"
    notes = [row["reason"]] if row["reason"] and row["id"] != "e0" else []
    notes += [f"flag: {flag}" for flag in row["flags"]] + list(row["hints"])
    return [
        row["id"],
        verdict(row),
        metric(row["metric"]),
        delta(row["delta"], row["delta_sd"]),
        str(len(row["runs"])),
        clock(sum(run["seconds"] for run in row["runs"])),
        price(row["usd"]),
        said + (f"  [{'; '.join(notes)}]" if notes else ""),
    ]
