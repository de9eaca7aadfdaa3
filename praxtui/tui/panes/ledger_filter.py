"""What the ledger's filter line means: words, and a few that ask for more than words. Pure.

warmdown kept lever:train.py        all of them must hold
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from praxtui.errors import did_you_mean
from praxtui.journal.state import Experiment

Test = Callable[[Experiment], bool]

SYNTAX = "words, kept, failed, flag, lever:FILE, verdict:WORD, hint:k2, by:NAME"
VERDICTS = ("keep", "discard", "crash", "invalid", "void")
STANDINGS = ("provisional", "supported", "confirmed", "revoked", "reported")
UNDECIDED = "undecided"

_WORD = re.compile(r'"([^"]*)"?|(\S+)')


class Filter(NamedTuple):
    """What `read` made of a filter line. `problem` says what is wrong with it; nothing is left out then."""

    text: str
    tests: tuple[Test, ...] = ()
    problem: str = ""

    def __bool__(self) -> bool:
        """Whether it may leave anything out."""
        return bool(self.tests) and not self.problem

    def passes(self, experiment: Experiment) -> bool:
        """Whether the experiment is shown."""
        return all(test(experiment) for test in self.tests)


ALL = Filter("")


def read(text: str) -> Filter:
    """The filter that a line means. What stands in double quotes is looked for as it is."""
    tests: list[Test] = []
    for quoted, word in _WORD.findall(text):
        if quoted:
            tests.append(_holds(quoted))
        elif word:
            found = _test(word)
            if isinstance(found, str):
                return Filter(text, (), found)
            tests.append(found)
    return Filter(text, tuple(tests))


def _test(word: str) -> Test | str:
    """The test that a word asks for, or what is wrong with it."""
    name, colon, value = word.partition(":")
    if not colon:
        return NAMED.get(word.casefold()) or _holds(word)
    make = KEYED.get(name.casefold())
    if make is None:
        return f"{name!r} is nothing to filter by{did_you_mean(name, list(KEYED))}; in quotes it is looked for as it is"
    return make(value) if value else _awaited(name.casefold())


def _awaited(name: str) -> Test:
    # While it is being typed, `hint:` already asks for something: that there is one at all.
    return {"hint": lambda e: bool(e.hints), "lever": lambda e: bool(e.levers), "flag": is_flagged}.get(
        name, lambda e: True
    )


def _holds(words: str) -> Test:
    wanted = words.casefold()
    return lambda e: (
        wanted in e.title.casefold() or wanted in e.mechanism.casefold() or wanted == e.id or wanted in e.hints
    )


def is_kept(experiment: Experiment) -> bool:
    """Whether it counts as kept: not the baseline, and not taken back."""
    return experiment.verdict == "keep" and experiment.standing != "revoked" and experiment.id != "e0"


def is_flagged(experiment: Experiment) -> bool:
    """Whether its result was found implausible, looked at since or not."""
    return bool(experiment.flags)


def is_behind(experiment: Experiment) -> bool:
    """Whether it was discarded because its run was stopped early, its curve having fallen behind."""
    if experiment.verdict != "discard":
        return False
    return (experiment.reason or "").startswith("behind") or any(run.why == "behind" for run in experiment.runs)


def wants_a_look(experiment: Experiment) -> bool:
    """Whether it is kept on an implausible result that no person has looked at."""
    return is_flagged(experiment) and is_kept(experiment) and not experiment.reviewed


def _failed(experiment: Experiment) -> bool:
    return experiment.verdict in ("crash", "invalid")


def _lever(value: str) -> Test:
    return lambda e: any(value in lever for lever in e.levers)


def _verdict(value: str) -> Test | str:
    wanted = value.casefold()
    known = (*VERDICTS, *STANDINGS, "behind", UNDECIDED)
    full = next((word for word in known if word.startswith(wanted.rstrip("."))), None)
    if full is None:
        return f"no verdict is called {value!r}: {', '.join(known)}"
    if full == UNDECIDED:
        return lambda e: e.verdict is None
    if full == "behind":
        return is_behind
    return (lambda e: e.verdict == full) if full in VERDICTS else (lambda e: e.standing == full)


def _hint(value: str) -> Test:
    return lambda e: value in e.hints


def _by(value: str) -> Test:
    wanted = value.casefold()
    return lambda e: wanted in e.by.casefold() or wanted in (e.overruled_by or "").casefold()


def _flag(value: str) -> Test:
    return lambda e: any(value in flag for flag in e.flags)


NAMED: dict[str, Test] = {"kept": is_kept, "failed": _failed, "flag": is_flagged, "flagged": is_flagged}
KEYED: dict[str, Callable[[str], Test | str]] = {
    "lever": _lever,
    "verdict": _verdict,
    "hint": _hint,
    "by": _by,
    "flag": _flag,
}
