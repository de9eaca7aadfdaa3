"""`praxtui status ID`: where a campaign stands."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from praxtui.cli.reading import no_space, readable_status
from praxtui.cli.text import print_json
from praxtui.errors import DONE
from praxtui.journal import campaigns
from praxtui.journal.shown import DASH, clock, cost, count, delta, metric, plain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the campaign, or the beginning of its id")
    parser.add_argument("--json", action="store_true", help="the status document")


def run(args: argparse.Namespace) -> int:
    folder = campaigns.find(args.id)
    document, damage = readable_status(folder)
    if document["engine"]["alive"] and (full := no_space(folder)):
        print(f"praxtui: {full}", file=sys.stderr)
    if args.json:
        print_json(document)
    else:
        print("\n".join(f"{name:<12}{value}" for name, value in lines(document)))
    if damage is not None:
        raise damage
    return DONE


def lines(s: dict[str, Any]) -> list[tuple[str, str]]:
    """The status document for people, as (name, value)."""
    better = "lower" if s["goal"] == "minimize" else "higher"
    known = f"{s['metric']}, {better} is better" if s["metric"] else DASH
    by_lever = "  (metric reported by the lever)" if s["metric_by"] == "lever" else ""
    said = f": {plain(s['reason'])}" if s["reason"] else ""
    shown = [
        ("campaign", f"{s['id']}  {s['leaf']}  researcher {s['researcher']}"),
        *([("models", ", then ".join(s["models"]))] if s["models"] else []),
        ("state", f"{s['state']}{said}" if s["reason"] else f"{s['state']}: {s['phase']}"),
        ("metric", known + by_lever),
        ("baseline", metric(s["baseline"])),
        ("best", best_line(s)),
        ("claimed", gain_line(s)),
        ("tried", f"{s['experiments']} experiments, {s['kept']} kept ({standings(s)})"),
        ("noise", f"sd {metric(s['noise_sd'])}" if s["noise_sd"] else "none" if s["noise_sd"] == 0 else DASH),
        ("spent", spent_line(s)),
        ("turnaround", turnaround_line(s)),
        ("sandbox", sandbox_line(s)),
    ]
    shown += [("hints" if n == 0 else "", plain(hint_line(hint))) for n, hint in enumerate(s["hints"])]
    alive = s["engine"]["alive"]
    shown.append(("engine", f"process {s['engine']['pid']}" if alive else "not running"))
    return shown + [("next", command) for command in next_commands(s)]


def sandbox_line(s: dict[str, Any]) -> str:
    """The rung that runs are confined by, and what the canary found."""
    from praxtui.runs.sandbox import words

    return words(s["sandbox"], s["sandbox_findings"]) if s["sandbox"] else DASH


def next_commands(s: dict[str, Any]) -> list[str]:
    """What a person may want to type next: where a campaign has no engine, or waits for somebody."""
    if s["state"] == "dead":
        return [f"praxtui resume {s['id']}"]
    if s["state"] == "waiting" and "approval" in s["waits"]:
        return [f"praxtui approve {s['id']}, or praxtui veto {s['id']} REASON"]
    return []


def standings(s: dict[str, Any]) -> str:
    """`5 supported, 2 confirmed`, what there is of it."""
    provisional = s["kept"] - s["supported"] - s["confirmed"]
    found = [
        f"{count} {name}"
        for count, name in ((s["confirmed"], "confirmed"), (s["supported"], "supported"), (provisional, "provisional"))
        if count
    ]
    return ", ".join(found) or "none"


def best_line(s: dict[str, Any]) -> str:
    """The head's fresh value; before there is one, the selected value, said so."""
    of = f"  ({s['best_id']})" if s["best_id"] else ""
    if s["best"] is not None:
        return metric(s["best"]) + of
    if s["best_observed"] is not None and s["best_id"] != "e0":
        return f"{metric(s['best_observed'])} when selected, no fresh run yet{of}"
    return metric(s["best_observed"]) + of


def gain_line(s: dict[str, Any]) -> str:
    """The gain that may be claimed, with its interval."""
    gain = s["claimed_gain"]
    if gain["value"] is None:
        return "nothing yet"
    share = f", {100 * gain['value'] / abs(s['baseline']):+.1f}% of the baseline" if s["baseline"] else ""
    if gain["low"] == gain["high"]:
        return f"{gain['value']:+.4g}{share}"
    return f"{gain['value']:+.4g}, 95% interval {gain['low']:+.4g} to {gain['high']:+.4g}{share}"


def spent_line(s: dict[str, Any]) -> str:
    """Time, tokens and money, with their limits where there are any."""
    spent, budgets = s["spent"], s["budgets"]
    parts = [clock(spent["hours"] * 3600) + (f" of {budgets['hours']:g} h" if budgets["hours"] is not None else "")]
    if spent["tokens"] or budgets["tokens"] is not None:
        limit = f" of {count(budgets['tokens'])}" if budgets["tokens"] is not None else ""
        parts.append(tokens_line(spent) + limit)
    limit = f" of ${budgets['usd']:g}" if budgets["usd"] is not None else ""
    known = cost(spent["usd_known"], spent["unpriced_tokens"])
    parts.append(f"$0{limit}" if limit and known == "free" else known + limit)
    if budgets["experiments"] is not None:
        parts.append(f"{s['experiments']} of {budgets['experiments']} experiments")
    return ", ".join(parts)


def tokens_line(spent: dict[str, Any]) -> str:
    """`120k tokens (81% cached)`: of what a model read, the share that came from its provider's cache."""
    read = spent["tokens"] - spent["tokens_output"]
    share = f" ({100 * spent['tokens_cached'] / read:.0f}% cached)" if read > 0 else ""
    return f"tokens {count(spent['tokens'])}{share}"


def hint_line(hint: dict[str, Any]) -> str:
    """`k1 'wider' used by e4 (keep +1.2 sd), e6 (discard -0.1 sd)`."""
    used = ", ".join(f"{result['id']} ({paid(result)})" for result in hint["results"])
    said = f"used by {used}" if used else "not used yet" if not hint["withdrawn"] else "never used"
    return f"{hint['id']} '{hint['text']}' {said}{', withdrawn' if hint['withdrawn'] else ''}"


def paid(result: dict[str, Any]) -> str:
    """What came of an experiment, in its verdict and its delta."""
    if result["verdict"] is None:
        return "under way"
    verdict = "revoked" if result["standing"] == "revoked" else result["verdict"]
    moved = delta(result["delta"], result["delta_sd"])
    return verdict if moved == DASH else f"{verdict} {moved}"


def turnaround_line(s: dict[str, Any]) -> str:
    """From one run's end to the next one's start, and the share of time without a run."""
    found = s["turnaround_s"]
    if found["median"] is None:
        return DASH
    idle = f", idle {100 * s['idle_fraction']:.1f}%" if s["idle_fraction"] is not None else ""
    median, tail = (clock(t) if t >= 10 else f"{1000 * t:.0f} ms" for t in (found["median"], found["p95"]))
    return f"median {median}, p95 {tail}{idle}"
