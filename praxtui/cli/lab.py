"""`lab`: the five commands by which an agent of any make keeps the same records."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from praxtui.errors import USAGE

COMMANDS = {
    "hypothesis": "state a title, a mechanism and a prediction before an edit",
    "experiment": "run the edited leaf as one experiment",
    "result": "record what came of it, and whether the mechanism held",
    "context": "what has been tried and learned so far",
    "failures": "what did not work, and why",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Says what the commands will be; returns exit code 2 until they are there."""
    words = list(sys.argv[1:] if argv is None else argv)
    asked = f"lab {words[0]}" if words and words[0] in COMMANDS else "lab"
    print(f"not available yet: `{asked}` comes with a later version; its commands will be:", file=sys.stderr)
    for name, about in COMMANDS.items():
        print(f"  lab {name:<11} {about}", file=sys.stderr)
    return USAGE
