"""Measure the two texts on tickets that no run has seen. Prints `quality: ...` last, or a reason and exit 1."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from pathlib import Path

from models import TASK_MODEL, Model, Unreachable, preflight, spent
from scoring import LONGEST, PARTS, Candidate, Ticket, answers, right

LEAF = Path(__file__).resolve().parent
DATA = Path(os.environ.get("PRAXTUI_DATA") or LEAF / "data")
BEST = LEAF / "out" / "best.json"
LARGEST_FILE = 64 << 10  # bytes
SHOWN = 4  # answers that are printed, for a person to look at
TICKETS = 80  # the first ones: the metric's
HOLDOUT = 40  # the last ones


class Refused(Exception):
    """The file is no candidate; the message is the reason, one line."""


def read(path: Path) -> Candidate:
    """The two texts; Refused unless the file is just that."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        raise Refused(f"the run left no {path.parent.name}/{path.name}") from None
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_FILE:
        raise Refused(f"{path.name} is no plain file of at most {LARGEST_FILE} bytes")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Refused(f"{path.name} is not JSON") from None
    if not isinstance(found, dict) or set(found) != set(PARTS) or not all(isinstance(t, str) for t in found.values()):
        raise Refused(f"{path.name} does not hold two texts, {' and '.join(PARTS)}")
    longest = max(PARTS, key=lambda part: len(found[part]))
    if len(found[longest]) > LONGEST:
        raise Refused(f"the {longest} has {len(found[longest])} characters; {LONGEST} is the most")
    return found


def shares(model: Model, candidate: Candidate, tickets: list[Ticket], shown: int = 0) -> dict[str, float]:
    """For each component the share of tickets that it gets right."""
    given = answers(model, candidate, tickets)
    for ticket, answer in list(zip(tickets, given, strict=True))[:shown]:
        print(f"ticket: {ticket['text']}")
        for part in PARTS:
            word = "right" if right(part, answer[part], ticket) else "WRONG"
            print(f"  {part}, {word}: {' '.join(answer[part].split())[-300:]}")
    return {
        part: sum(right(part, answer[part], ticket) for ticket, answer in zip(tickets, given, strict=True))
        / len(tickets)
        for part in PARTS
    }


def main() -> None:
    began = time.monotonic()
    try:
        candidate = read(BEST)
    except Refused as reason:
        sys.exit(f"evaluate.py: {reason}")
    model = Model(TASK_MODEL, "task")
    preflight(model)
    tickets: list[Ticket] = json.loads((DATA / "evaluation" / "test.json").read_text())
    try:
        found = shares(model, candidate, tickets[:TICKETS], SHOWN)
        held = shares(model, candidate, tickets[-HOLDOUT:]) if os.environ.get("PRAXTUI_HOLDOUT") == "1" else None
    except Unreachable as problem:
        sys.exit(f"evaluate.py: {problem}")
    finally:
        print(f"usd: {spent(model)}")
    print(f"evaluation_seconds: {time.monotonic() - began:.2f}")
    print(f"prompt_accuracy: {found['prompt']:.4f}")
    print(f"rubric_agreement: {found['rubric']:.4f}")
    if held is not None:
        print(f"holdout_quality: {sum(held.values()) / len(held):.4f}")
    print(f"quality: {sum(found.values()) / len(found):.4f}")


if __name__ == "__main__":
    main()
