"""What an experiment was about, from its title: which constant or part of the levers, and in which direction."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from praxtui.research.protocol import Tried

_CONSTANT = re.compile(r"^([A-Z][A-Z0-9_]*)[ \t]*(?::[^=\n]{1,80})?=(?!=)", re.MULTILINE)
_UPPER = re.compile(r"[A-Z][A-Z0-9_]{2,}|[A-Z]\b")
_VALUE = r"([-+]?\d[\d,_]*\.?\d*(?:e[-+]?\d+)?)([kKM%x]?)"
_MOVE = re.compile(_VALUE + r"\s*(?:->|→|to|=>)\s*" + _VALUE, re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z_+&-]*")
_LINK = re.compile(r"to|from|the|an?|of|in|at|with|by|for|and|on|as|is|be|its?|now|only|us(?:e|ing)")
_UNITS = {"k": 1e3, "m": 1e6}
_LOOKED_AT = 160
_NO_LEVER = re.compile(
    r"(^|_)(SEEDS?|PATHS?|DIRS?|FILES?|ROOT|URL|VERSION|VERBOSE|DEBUG|DEVICE|LINES|BUDGET|TIMEOUT)(_|$)"
)


class Topic(msgspec.Struct):
    """Experiments about one thing. `best` and `worst` are by delta; `up` and `down` count (better, all) moves."""

    name: str
    tried: int = 0
    kept: int = 0
    failed: int = 0
    best: Tried | None = None
    worst: Tried | None = None
    highest: float = 0.0
    lowest: float = 0.0
    up: tuple[int, int] = (0, 0)
    down: tuple[int, int] = (0, 0)
    last: int = 0


def constants(levers: Mapping[str, str], excluded: Container[str] = ()) -> dict[str, str]:
    """Names of the module-level constants of Python levers, each with its file; not those that are no levers.

    `excluded`: names that the program takes out, `NAME` or `file.py:NAME`.
    """
    found: dict[str, str] = {}
    for path in sorted(levers):
        if path.endswith(".py") and len(levers[path]) < 400_000:
            for name in _CONSTANT.findall(levers[path]):
                if not _NO_LEVER.search(name) and name not in excluded and f"{path}:{name}" not in excluded:
                    found.setdefault(name, path)
    return found


def untouched(names: Iterable[str], tried: Iterable[Tried]) -> list[str]:
    """Those of the constants that no experiment has named."""
    left = set(names)
    for each in tried:
        if not left:
            break
        left.difference_update(_read(each.title[:_LOOKED_AT])[0])
        told = each.detail.get("knob") if each.detail else None
        if isinstance(told, str):
            left.discard(told.rpartition(":")[2])
    return [name for name in names if name in left]


@lru_cache(maxsize=32768)
def _read(title: str) -> tuple[tuple[str, ...], str, int]:
    """A title's upper-case names, its first words, and whether it says that a value went up (1), down (-1) or not."""
    move = _MOVE.search(title)
    direction = 0
    if move:
        before, after = _value(move[1], move[2]), _value(move[3], move[4])
        direction = (after > before) - (after < before)
    head = re.split(r"\s[-+]?\d|\s*(?:->|→|=>|\(|:|,|;)", title, maxsplit=1)[0]
    words = [word.lower() for word in _WORD.findall(head)][:4]
    while words and _LINK.fullmatch(words[-1]):
        words.pop()
    return tuple(_UPPER.findall(title)), " ".join(words), direction


def _value(digits: str, unit: str) -> float:
    try:
        return float(digits.replace(",", "").replace("_", "")) * _UNITS.get(unit.lower(), 1.0)
    except ValueError:
        return 0.0


def size(tried: Tried) -> float:
    """The effect of an experiment, for ranking: in noise sd where there are any, else in the metric's unit."""
    effect = tried.delta_sd if tried.delta_sd is not None else tried.delta
    return 0.0 if effect is None or effect != effect else effect


def topics(tried: Sequence[Tried], names: Mapping[str, str]) -> list[Topic]:
    """The experiments by what they were about; those with most experiments first, then the newest."""
    found: dict[str, Topic] = {}
    for n, each in enumerate(tried):
        if each.verdict == "void":
            continue
        upper, words, direction = _read(each.title[:_LOOKED_AT])
        # a constant that the title names, else its words before the first value
        name = next((name for name in upper if name in names), words) or ", ".join(each.levers[:2]) or "untitled"
        one = found.get(name)
        if one is None:
            one = found[name] = Topic(name)
        one.tried += 1
        one.last = n
        if each.delta is None:
            one.failed += each.verdict in ("crash", "invalid")
        else:
            _count(one, each, direction)
    return sorted(found.values(), key=lambda one: (-one.tried, -one.last))


def _count(one: Topic, each: Tried, direction: int) -> None:
    """Take a measured experiment into its topic."""
    effect = size(each)
    one.kept += each.verdict == "keep" and each.standing != "revoked"
    if one.best is None or effect > one.highest:
        one.best, one.highest = each, effect
    if one.worst is None or effect < one.lowest:
        one.worst, one.lowest = each, effect
    better = effect > 0
    if direction > 0:
        one.up = (one.up[0] + better, one.up[1] + 1)
    elif direction < 0:
        one.down = (one.down[0] + better, one.down[1] + 1)
