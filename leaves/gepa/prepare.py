"""Make the tickets: what customers of a shop write, and what its policy says is to be done. Run once, by `loop.setup`.

The policy (`decide`) is in nobody's prompt: a prompt has to learn it from the notes on tickets that were decided
wrongly. Everything is drawn from a fixed seed; training, validation and evaluation tickets are drawn apart.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("PRAXTUI_DATA") or Path(__file__).resolve().parent / "data")
SIZES = {"train": 60, "val": 60, "evaluation/test": 120}
SEEDS = {"train": 11, "val": 12, "evaluation/test": 13}
ACTIONS = ("refund", "replace", "escalate", "decline")

PHYSICAL = ("kettle", "desk lamp", "keyboard", "backpack", "office chair", "blender", "headset", "monitor arm")
DIGITAL = ("photo editor licence", "language course", "cloud storage plan", "game download")
GREETINGS = ("Hi,", "Hello,", "Good morning,", "To whom it may concern:", "Hey there,", "")
CLOSINGS = ("Thanks.", "Please advise.", "What can you do?", "Regards", "I expect an answer soon.", "")
BOUGHT = (
    "I bought a {item} from you {days} days ago for {amount} euros.",
    "{days} days ago I ordered the {item} ({amount} EUR).",
    "My {item} cost {amount} euros; the order is {days} days old.",
)
PARTNER = ("We are a partner account.", "Our partner number is on file.", "I order for a partner company of yours.")
FAULTS = {
    "broken": ("It stopped working.", "It has failed completely.", "It broke during normal use."),
    "arrived dead": ("It never worked, not even when I unpacked it.", "It was dead on arrival."),
    "harm": ("It gave my daughter an electric shock.", "It caught fire on the table.", "I cut my hand on it badly."),
    "changed mind": ("I no longer need it.", "I found something I like better.", "It is not what I had imagined."),
}


def decide(ticket: dict[str, Any]) -> tuple[str, str]:
    """The action that the policy asks for, and its reason in a sentence."""
    digital, fault, days = ticket["digital"], ticket["fault"], ticket["days"]
    if fault == "harm":
        return "escalate", "Anything that hurt somebody or burned is escalated, whatever else holds."
    if ticket["amount"] > 200 and not ticket["partner"]:
        return "escalate", "Orders of more than 200 euros are escalated, except those of partner accounts."
    if fault == "changed mind":
        if days <= 14:
            return "refund", "Who changes their mind within 14 days gets a refund."
        return "decline", "Who changes their mind after more than 14 days is declined."
    if fault == "arrived dead":
        return ("refund" if digital else "replace"), (
            "What was dead on arrival is replaced however old the order is; digital goods are refunded, never replaced."
        )
    if days > 60:
        return "decline", "What breaks more than 60 days after the order is declined."
    if digital:
        return "refund", "Digital goods are refunded, never replaced."
    if days <= 30:
        return "replace", "What breaks within 30 days of the order is replaced."
    return "refund", "What breaks between 31 and 60 days after the order is refunded."


def draw(rng: random.Random, number: int) -> dict[str, Any]:
    """One ticket: its text, its action and why, and an answer somebody gave, right in half of all cases."""
    facts: dict[str, Any] = {
        "digital": rng.random() < 0.35,
        "fault": rng.choices(list(FAULTS), (4, 2, 1, 3))[0],
        "days": rng.choice((3, 9, 13, 15, 21, 29, 33, 45, 58, 61, 75, 120)),
        "amount": rng.choice((15, 49, 80, 120, 180, 199, 210, 260, 450)),
        "partner": rng.random() < 0.3,
    }
    if facts["digital"] and facts["fault"] == "harm":
        facts["fault"] = "broken"
    item = rng.choice(DIGITAL if facts["digital"] else PHYSICAL)
    body = [rng.choice(BOUGHT).format(item=item, **facts), rng.choice(FAULTS[facts["fault"]])]
    if facts["partner"]:
        body.insert(rng.randrange(3), rng.choice(PARTNER))
    action, why = decide(facts)
    right = rng.random() < 0.5
    given = action if right else rng.choice([other for other in ACTIONS if other != action])
    text = " ".join(filter(None, (rng.choice(GREETINGS), *body, rng.choice(CLOSINGS))))
    return {"id": number, "text": text, "action": action, "why": why, "given": given, "given_right": right}


def main() -> None:
    for name, size in SIZES.items():
        path = DATA / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = random.Random(SEEDS[name])
        path.write_text(json.dumps([draw(rng, number) for number in range(size)], indent=1) + "\n")
        print(f"{name}: {size} tickets")


if __name__ == "__main__":
    main()
