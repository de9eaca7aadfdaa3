"""`praxtui show ID eN`: one experiment, with its change, its log and what was learned."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from praxtui.cli.ledger import verdict
from praxtui.cli.reading import experiment_of, opened
from praxtui.cli.text import coloured, print_json, table
from praxtui.errors import DONE
from praxtui.journal import logs, packed
from praxtui.journal.ledger import row
from praxtui.journal.shown import clock, cost, count, delta, metric, plain
from praxtui.journal.state import Experiment, State
from praxtui.journal.store import Journal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the campaign, or the beginning of its id")
    parser.add_argument("experiment", metavar="eN", help="e0, e1, ...")
    parser.add_argument("--json", action="store_true", help="its ledger row, with diff, note and log files")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--diff", action="store_true", help="its change, as a unified diff")
    what.add_argument("--log", action="store_true", help="the output of its last run")
    what.add_argument("--prompt", action="store_true", help="what the researcher saw and said")


def run(args: argparse.Namespace) -> int:
    folder, journal, state = opened(args.id)
    with journal:
        found = experiment_of(state, args.experiment)
        diff = _diff(journal, found)
        files = _logs(folder, found)
        if args.prompt and not args.json:
            _print_prompt(journal, state, found)
            return DONE
        said, turns = _said(journal, found) if args.json else ([], [])
    about = row(state, found)
    if args.json:
        kept = [str(packed.standing(path)) for path in files]
        more = {"note": found.note, "diff": diff, "logs": kept, "prompt": said, "turns": turns}
        print_json({**about, **more})
    elif args.diff:
        sys.stdout.write("".join(f"{logs.safe(line)}\n" for line in diff.splitlines()))
    elif args.log:
        _print_log(files, found)
    else:
        _print(about, found, diff, files)
    return DONE


def _measured(about: dict[str, Any], e: Experiment) -> str:
    if e.id == "e0" or about["metric"] is None:
        return ""
    return f"{metric(about['metric'])}  {delta(about['delta'], about['delta_sd'])} against {e.parent}"


def _said(journal: Journal, e: Experiment) -> tuple[list[str], Any]:
    """What went over the stream while the experiment was worked on, as texts and as turns."""
    from praxtui.cli.prompt import json_of, turns

    items = list(journal.stream_read(experiment=e.id))
    return json_of(turns(journal, items), items)


def _print_prompt(journal: Journal, state: State, e: Experiment) -> None:
    from praxtui.cli.prompt import Ink, page, turns

    items = list(journal.stream_read(experiment=e.id))
    found = turns(journal, items)
    if any(asked is not None for _, asked in found):
        for line in page(journal, e, found, Ink(coloured(sys.stdout))):
            print(line)
    elif items:
        print("\n".join(logs.safe(line) for item in items for line in item.text.split("\n")))
    elif state.researcher == "llm" and e.by == "llm":
        print(f"no model was asked about {e.id} yet")
    else:
        print(f"{e.by} uses no model: there is no prompt")


def _cost(e: Experiment) -> str:
    """Its USD, runs included, and its tokens: `$0.04: 31k tokens read, 25k of them cached; 2.1k written`."""
    usd = cost(e.usd, e.unpriced)
    if not e.tokens:
        return usd
    read = e.tokens - e.output
    return f"{usd}: {count(read)} tokens read, {count(e.cached)} of them cached; {count(e.output)} written"


def _diff(journal: Journal, e: Experiment) -> str:
    return journal.get_blob(e.diff).decode("utf-8", "replace") if e.diff else ""


def _logs(folder: Path, e: Experiment) -> list[Path]:
    """The logs of the last run: of the run itself, then of the evaluator."""
    if not e.runs:
        return []
    at = folder / "runs" / e.id / str(e.runs[-1].n)
    return [path for path in (at / "run.log", at / "evaluate.log") if packed.exists(path)]


def _print_log(files: list[Path], e: Experiment) -> None:
    if not files:
        print(f"{e.id} has no log", file=sys.stderr)
    for path in files:
        with packed.opened(path) as file:
            for line in file:
                print(logs.collapse(line))


def _print(about: dict[str, Any], e: Experiment, diff: str, files: list[Path]) -> None:
    print(f"{e.id}  {plain(e.title)}\n")
    facts = [
        ("because", e.mechanism),
        ("predicts", e.predicted),
        ("verdict", verdict(about) + (f": {about['reason']}" if about["reason"] else "")),
        ("metric", _measured(about, e)),
        ("confidence", f"{e.confidence:.0%} that its true effect is positive" if e.confidence is not None else ""),
        ("flags", ", ".join(e.flags)),
        ("hints", ", ".join(e.hints)),
        ("by", e.by),
        ("learned", f"{e.reflected}: {e.revision}" if e.reflected else ""),
        ("cost", _cost(e)),
        ("commit", e.commit or ""),
        ("on branch", e.branch_commit or ""),
        ("log", " ".join(str(packed.standing(path)) for path in files)),
    ]
    for name, value in facts:
        if value:
            print(f"{name:<11} {plain(value)}")
    if e.runs:
        cells = [
            [str(r.n), r.use, str(r.seed), metric(r.metric), r.reason or r.why or "running", clock(r.seconds)]
            for r in e.runs
        ]
        print(
            "\n"
            + table(["run", "use", "seed", "metric", "ended", "time"], cells, right=["run", "seed", "metric", "time"])
        )
    if diff:
        print("\n" + "\n".join(logs.safe(line) for line in diff.splitlines()))
