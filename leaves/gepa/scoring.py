"""What an answer is worth. Sealed, and the same in training and evaluation: both components are graded by gold labels.

A candidate has two components. The *prompt* decides a ticket; it scores 1 where its action is the policy's. The
*rubric* judges whether an action that somebody proposed is right; it scores 1 where its verdict is. The rubric never
grades the prompt: a lax rubric would then be the best one.
"""

from __future__ import annotations

import re
from typing import Any

from models import Model

PARTS = ("prompt", "rubric")
ACTIONS = ("refund", "replace", "escalate", "decline")
VERDICTS = ("right", "wrong")
LONGEST = 4_000  # characters of a component

Ticket = dict[str, Any]
Candidate = dict[str, str]

DECISION = f"\n\nEnd with a line `decision: ACTION`, ACTION being one of {', '.join(ACTIONS)}."
VERDICT = f"\n\nEnd with a line `verdict: WORD`, WORD being one of {', '.join(VERDICTS)}."


def messages(part: str, text: str, ticket: Ticket) -> list[dict[str, str]]:
    """What the task model is told for one component and one ticket."""
    if part == "prompt":
        return [{"role": "system", "content": text + DECISION}, {"role": "user", "content": ticket["text"]}]
    asked = f"{ticket['text']}\n\nproposed action: {ticket['given']}"
    return [{"role": "system", "content": text + VERDICT}, {"role": "user", "content": asked}]


def said(part: str, answer: str) -> str | None:
    """The word in the last line that decides, None where there is none."""
    name, words = ("decision", ACTIONS) if part == "prompt" else ("verdict", VERDICTS)
    found = re.findall(rf"(?im)^[\W_]*{name}[\W_]*:[\W_]*({'|'.join(words)})\b", answer)
    return found[-1].lower() if found else None


def gold(part: str, ticket: Ticket) -> str:
    """The word that is due."""
    return str(ticket["action"]) if part == "prompt" else VERDICTS[0 if ticket["given_right"] else 1]


def answers(model: Model, candidate: Candidate, tickets: list[Ticket]) -> list[dict[str, str]]:
    """For each ticket what each component's answer was."""
    asked = [messages(part, candidate[part], ticket) for ticket in tickets for part in PARTS]
    texts = model.map(asked)
    return [dict(zip(PARTS, texts[2 * n : 2 * n + 2], strict=True)) for n in range(len(tickets))]


def right(part: str, answer: str, ticket: Ticket) -> bool:
    """Whether a component's answer is what is due."""
    return said(part, answer) == gold(part, ticket)
