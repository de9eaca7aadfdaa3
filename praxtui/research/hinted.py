"""Hints that name a constant and a value: `LR=0.01`, `try LR 0.01`, `set ACT to gelu`, `BETAS -> (0.9, 0.99)`.

`sweep` cannot read prose; a hint that has no such form is left for a researcher that can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from praxtui.research.literals import NotLiteral, Value, read
from praxtui.research.protocol import Hint
from praxtui.research.ranges import Choice, Knob

_ASKED = re.compile(
    r"(?<![\w.])(?P<name>[A-Z][A-Z0-9_]*)(?:\[(?P<index>\d+)\])?\s*(?:=|:|->|\bto\b|\bat\b|(?<=\s))\s*"
    r"(?P<value>[(\[][^()\[\]]*[)\]]|\"[^\"]*\"|'[^']*'|[-+]?[\w.]+(?:[eE][-+]\d+|\s*\*\*\s*\d+|-[\w.]+)*)"
)


class Wish(msgspec.Struct, frozen=True):
    """A hint that `sweep` can follow: which knob, which value."""

    hint: str
    text: str
    knob: Knob
    value: Choice


def wishes(hints: Sequence[Hint], knobs: Sequence[Knob]) -> Iterator[Wish]:
    """What the unused hints ask for, oldest first; values of another type, and the value as it stands, are left out."""
    for hint in hints:
        if hint.used_by:
            continue
        for match in _ASKED.finditer(hint.text):
            for knob in knobs:
                value = _fitting(match, knob)
                if value is not None and value != knob.value:
                    yield Wish(hint.id, hint.text, knob, value)


def _fitting(match: re.Match[str], knob: Knob) -> Choice | None:
    """The asked value for `knob`, in the knob's type; None when the hint means something else."""
    if match["name"] != knob.constant.name:
        return None
    asked = _value(match["value"].rstrip(".,;"))
    index = int(match["index"]) if match["index"] else None
    if index != knob.index:
        # a whole tuple with one element changed is a wish for that element
        asked = _only_difference(asked, knob) if index is None else None
    return _typed(asked, knob) if asked is not None else None


def _value(text: str) -> Value | None:
    try:
        return read(text)
    except NotLiteral:
        return text if re.fullmatch(r"[\w.+\-]+", text) else None


def _only_difference(asked: Value | None, knob: Knob) -> Value | None:
    old = knob.constant.value
    if not isinstance(asked, tuple) or not isinstance(old, tuple) or len(asked) != len(old) or knob.index is None:
        return None
    changed = [index for index, (a, b) in enumerate(zip(asked, old, strict=True)) if a != b]
    return asked[knob.index] if changed == [knob.index] else None


def _typed(asked: Value, knob: Knob) -> Choice | None:
    now = knob.value
    if knob.range.choices:
        return next((each for each in knob.range.choices if each == asked and _kind(each) is _kind(asked)), None)
    if isinstance(asked, bool | str | tuple) or isinstance(now, bool | str | tuple):
        return None
    if isinstance(now, float):
        return float(asked)
    return asked if isinstance(asked, int) else None


def _kind(value: Choice) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
