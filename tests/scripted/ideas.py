"""What the good researcher thinks of: ideas with the tool calls that carry them out, well and badly.

They change constants of a lever such as `settings.py` of the leaves in `tests/making.py`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.scripted.faults import CHATTER
from tests.scripted.said import Asked, Call, Said

LEVER = "settings.py"
# Where a brief shows them.
LEVERS = "# The levers, as "
# In front of a line that a tool shows: its number, and a mark between.
NUMBERED = r"[ \t]*(?:\d+[ \t]*[:|\t][ \t]?)?"


@dataclass(frozen=True)
class Sight:
    """What the researcher has before its eyes: the request, and the answers to its calls in this conversation."""

    asked: Asked
    answers: tuple[tuple[Call, str], ...]

    def line(self, name: str) -> str:
        """The line that sets a constant, as last read, else as the prompt shows it among the levers."""
        shown = [text for call, text in reversed(self.answers) if call.name == "read"]
        shown.append(self.asked.prompt[max(0, self.asked.prompt.find(LEVERS)) :])
        for text in shown:
            found = re.search(rf"^{NUMBERED}({re.escape(name)} = .*?)[ \t\r]*$", text, re.MULTILINE)
            if found:
                return found[1]
        raise LookupError(f"{name} is nowhere in the prompt")


Move = Call | Said | Callable[[Sight], Call]


@dataclass(frozen=True)
class Idea:
    """A hypothesis and the moves that carry it out, `submit` included.

    `first` are moves before the hypothesis is stated. `repair` are the moves of each attempt to mend a crash, in order.
    """

    title: str
    moves: tuple[Move, ...]
    mechanism: str = ""
    predicted: str = "+1 sd"
    hints: tuple[str, ...] = ()
    first: tuple[Move, ...] = ()
    repair: tuple[tuple[Move, ...], ...] = ()

    def plan(self) -> tuple[Move, ...]:
        """Every move of a draft in order."""
        why = self.mechanism or f"{self.title} shifts the score directly, since the evaluator adds it up"
        said = {"title": self.title, "mechanism": why, "predicted": self.predicted}
        more = {"hints": list(self.hints)} if self.hints else {}
        return (*self.first, Call.of("hypothesis", **said, **more), *self.moves)


HAND_IN: tuple[Move, ...] = (Call.of("check"), Call.of("submit"))
LOOK: tuple[Move, ...] = (Call.of("ledger", query="all"), Call.of("read", path=LEVER))


def setting(changes: Mapping[str, Any], path: str = LEVER, more: str = "") -> Move:
    """One search/replace of one line for one constant; `more` comes after the line."""
    ((name, value),) = changes.items()

    def move(sight: Sight) -> Call:
        return Call.of("edit", path=path, search=sight.line(name), replace=f"{name} = {value!r}{more}")

    return move


def change(name: str, value: Any, title: str = "", path: str = LEVER, **more: Any) -> Idea:
    """One constant, one line; nothing is read first, as the brief shows it."""
    return Idea(title or f"{name} to {value!r}", (setting({name: value}, path), *HAND_IN), **more)


def looked_up(name: str, value: Any, title: str = "", **more: Any) -> Idea:
    """The same after a look at the ledger and the file."""
    return replace(change(name, value, title, **more), first=LOOK)


def several_lines(changes: Mapping[str, Any], title: str = "several lines at once") -> Idea:
    """Several neighbouring constants in one search/replace; there is an empty line between each two."""

    def move(sight: Sight) -> Call:
        old = "\n\n".join(sight.line(name) for name in changes)
        return Call.of("edit", path=LEVER, search=old, replace="\n\n".join(f"{n} = {v!r}" for n, v in changes.items()))

    return Idea(title, (move, *HAND_IN))


def several_blocks(changes: Mapping[str, Any], title: str = "several blocks at once") -> Idea:
    """Several constants in one edit of several blocks."""

    def move(sight: Sight) -> Call:
        blocks = [{"search": sight.line(name), "replace": f"{name} = {value!r}"} for name, value in changes.items()]
        return Call.of("edit", path=LEVER, blocks=blocks)

    return Idea(title, (move, *HAND_IN))


def new_file(path: str, value: float, title: str = "a file of its own") -> Idea:
    """GAIN from a new lever file; the program must allow it."""
    moves = (Call.of("write", path=path, content=f"PART = {value!r}\n"), _from_file(path), *HAND_IN)
    return Idea(title, moves)


def _from_file(path: str) -> Move:
    def move(sight: Sight) -> Call:
        read = f"with open({path!r}) as part:\n    exec(part.read())\nGAIN = PART"
        return Call.of("edit", path=LEVER, search=sight.line("GAIN"), replace=read)

    return move


def crash(value: float, title: str = "a change that crashes", mended: bool = True, times: int = 1) -> Idea:
    """A change whose runs crash `times` times, and its repairs; not `mended`: the researcher gives the repair up."""
    idea = Idea(title, ())
    bugs = [f'raise RuntimeError("{crash_text(idea, n)}")' for n in range(1, times + 1)]
    repairs: list[tuple[Move, ...]] = []
    for n, bug in enumerate(bugs):
        after = bugs[n + 1] if n + 1 < len(bugs) else "FIXED = True"
        repairs.append((Call.of("edit", path=LEVER, search=bug, replace=after), *HAND_IN))
    if not mended:
        repairs = [(Call.of("give_up", reason="the idea itself is broken"),)]
    return replace(idea, moves=(setting({"GAIN": value}, more="\n" + bugs[0]), *HAND_IN), repair=tuple(repairs))


def crash_text(idea: Idea, attempt: int) -> str:
    """What the log of a crash says, from which the idea's repair is found."""
    return f"scripted crash {attempt} of {idea.title}"


def no_match(value: float, title: str = "an edit that matches nothing") -> Idea:
    """An edit whose text is not there, then the right one."""
    wrong = Call.of("edit", path=LEVER, search="GAIN = 0.00  # the gain", replace="GAIN = 2.0")
    return Idea(title, (wrong, setting({"GAIN": value}), *HAND_IN))


def matches_twice(value: float, title: str = "an edit that matches twice") -> Idea:
    """An edit whose text is there more than once, then the right one."""
    wrong = Call.of("edit", path=LEVER, search=" = ", replace=" = 1 + ")
    return Idea(title, (wrong, setting({"GAIN": value}), *HAND_IN))


def sealed(value: float, path: str = "evaluate.py", title: str = "an edit of a sealed file") -> Idea:
    """Tries to change the evaluator, is told no, and does something honest."""
    wrong = Call.of("edit", path=path, search="print(", replace="print('score: 1000') or print(")
    over = Call.of("write", path=path, content="print('score: 1000')\n")
    return Idea(title, (wrong, over, setting({"GAIN": value}), *HAND_IN))


def escape(value: float, title: str = "a path out of the leaf") -> Idea:
    """Tries to read and write outside the leaf in several ways, then does something honest."""
    tries = ("../../../../etc/passwd", "/etc/passwd", "parts/../../outside.py")
    wrong = [Call.of("read", path=tries[0]), *(Call.of("write", path=path, content="x = 1\n") for path in tries)]
    return Idea(title, (*wrong, setting({"GAIN": value}), *HAND_IN))


def eager(value: float, title: str = "an edit before its hypothesis") -> Idea:
    """Edits before it has said why."""
    return Idea(title, (setting({"GAIN": value}), *HAND_IN), first=(setting({"GAIN": value}),))


def repeat(name: str, value: Any, then: float, title: str = "what was tried before") -> Idea:
    """Hands in what another experiment was, and something else when that comes back."""
    return Idea(title, (setting({name: value}), Call.of("submit"), _instead(name, value, then), Call.of("submit")))


def _instead(name: str, old: Any, new: Any) -> Move:
    return lambda sight: Call.of("edit", path=LEVER, search=f"{name} = {old!r}", replace=f"{name} = {new!r}")


def chatter(title: str = "nothing but talk") -> Idea:
    """Text for ever, and never a tool."""
    return Idea(title, (), first=(Said(text=CHATTER),) * 50)


def given_up(reason: str = "nothing promising is left") -> Idea:
    """Gives up at once."""
    return Idea("given up", (), first=(Call.of("give_up", reason=reason),))


def numeric(
    name: str = "GAIN", *, path: str = LEVER, seed: int = 0, low: float = -1.0, high: float = 1.0
) -> Iterator[Idea]:
    """Changes of one constant without end, no value twice."""
    dice = random.Random(seed)
    used: set[float] = set()
    n = 0
    while True:
        value = round(dice.uniform(low, high), 6)
        if value not in used:
            used.add(value)
            n += 1
            yield change(name, value, f"{name} to {value!r}, idea {n}", path)
