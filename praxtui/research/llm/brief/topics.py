"""What an experiment was about, from its title: which constant or part of the levers, and in which direction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
    up: tuple[int, int] = (0, 0)
    down: tuple[int, int] = (0, 0)
    last: int = 0


def constants(levers: Mapping[str, str]) -> dict[str, str]:
    """Names of the module-level constants of Python levers, each with its file; not those that are no levers."""
    found: dict[str, str] = {}
    for path in sorted(levers):
        if path.endswith(".py") and len(levers[path]) < 400_000:
            for name in _CONSTANT.findall(levers[path]):
                if not _NO_LEVER.search(name):
                    found.setdefault(name, path)
    return found


def untouched(names: Iterable[str], tried: Iterable[Tried]) -> list[str]:
    """Those of the constants that no experiment has named."""
    named: set[str] = set()
    for each in tried:
        named.update(_named(each.title))
        told = each.detail.get("constants") or each.detail.get("knob")
        named.update(part.rpartition(":")[2] for part in ([told] if isinstance(told, str) else told or ()))
    return [name for name in names if name not in named]


def _named(title: str) -> tuple[str, ...]:
    return _read(title[:_LOOKED_AT])[0]


def topic(tried: Tried, names: Mapping[str, str]) -> str:
    """What an experiment was about: a constant that its title names, else the words before the first value."""
    upper, words, _ = _read(tried.title[:_LOOKED_AT])
    return next((name for name in upper if name in names), words) or ", ".join(tried.levers[:2]) or "untitled"


@lru_cache(maxsize=32768)
def _read(title: str) -> tuple[tuple[str, ...], str, int]:
    """A title's upper-case names, its first words, and whether it says that a value went up (1), down (-1) or not."""
    move = _MOVE.search(title)
    direction = 0
    if move:
        before, after = _value(move[1], move[2]), _value(move[3], move[4])
        direction = (after > before) - (after < before)
    head = re.split(r"\s[-+]?\d|\s*(?:->|→|=>|\(|:|,|;)", title, maxsplit=1)[0]
    words = [word.lower() for word in _WORD.findall(head) if not _LINK.fullmatch(word.lower())]
    return tuple(_UPPER.findall(title)), " ".join(words[:3]), direction


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
        name = topic(each, names)
        one = found.get(name)
        if one is None:
            one = found[name] = Topic(name)
        one.tried += 1
        one.last = n
        if each.delta is None:
            one.failed += each.verdict in ("crash", "invalid")
            continue
        one.kept += each.verdict == "keep" and each.standing != "revoked"
        if one.best is None or size(each) > size(one.best):
            one.best = each
        if one.worst is None or size(each) < size(one.worst):
            one.worst = each
        direction = _read(each.title[:_LOOKED_AT])[2]
        better = each.delta > 0
        if direction > 0:
            one.up = (one.up[0] + better, one.up[1] + 1)
        elif direction < 0:
            one.down = (one.down[0] + better, one.down[1] + 1)
    return sorted(found.values(), key=lambda one: (-one.tried, -one.last))
