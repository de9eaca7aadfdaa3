"""What a campaign may use: what was used, what is left, and what a person types to change it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from praxtui.journal.facts import Budgets
from praxtui.journal.shown import clock, count, money
from praxtui.journal.state import State

MOST = 2**53  # whole numbers up to here survive JSON and floating point
NAMES = ("experiments", "hours", "usd", "tokens")
WHOLE = frozenset({"experiments", "tokens"})
LABELS = {"experiments": "experiments", "hours": "hours", "usd": "USD", "tokens": "tokens"}


class Field(NamedTuple):
    """One limit: `value` as it is typed, and what was used of it so far."""

    name: str
    value: str
    used: float


class Typed(NamedTuple):
    """What was typed into a field: a limit, None for no limit; or why it is none. `ends`: it is used up already."""

    limit: float | int | None = None
    wrong: str = ""
    ends: bool = False


def fields(state: State) -> list[Field]:
    """The limits of now."""
    used = {
        "experiments": state.counted,
        "hours": state.spent.seconds / 3600,
        "usd": state.spent.usd,
        "tokens": state.spent.tokens,
    }
    return [Field(name, written(getattr(state.budgets, name)), used[name]) for name in NAMES]


def written(limit: float | None) -> str:
    """A limit as a person types it."""
    if limit is None:
        return "none"
    return str(limit) if isinstance(limit, int) else f"{limit:.10g}"


def used(field: Field) -> str:
    """What was used, with its unit where the label has none."""
    if field.name == "hours":
        return clock(field.used * 3600) if field.used else "0:00"
    return money(field.used) if field.name == "usd" else count(int(field.used))


def typed(field: Field, text: str) -> Typed:
    """What `text` means in a field."""
    said = text.strip().lower().replace("_", "").lstrip("$" if field.name == "usd" else "")
    label = LABELS[field.name]
    if said == "none":
        return Typed()
    whole = field.name in WHOLE
    kind = "a whole number" if whole else "a number"
    try:
        value: float | int = int(said) if whole else float(said)
    except ValueError:
        what = f"not {text.strip()!r}" if said else "not nothing"
        return Typed(wrong=f"{label} takes {kind} or none, {what}")
    if not math.isfinite(value) or value < 0:
        return Typed(wrong=f"{label} takes {kind} of at least 0, or none")
    if value > MOST:
        return Typed(wrong=f"{label} takes {kind} up to {MOST:,}; none is no limit")
    return Typed(value, ends=value <= field.used)


def left(field: Field, limit: Typed) -> str:
    """What is left under a limit, or that it would end the campaign."""
    if limit.wrong:
        return ""
    if limit.limit is None:
        return "no limit"
    if limit.ends:
        return "used up: it ends"
    rest = limit.limit - field.used
    if field.name == "hours":
        return f"{clock(rest * 3600)} left"
    return f"{money(rest) if field.name == 'usd' else count(int(rest))} left"


def changed(budgets: Budgets, limits: Mapping[str, Typed]) -> dict[str, object]:
    """The arguments of the command that makes the limits what was typed: those that differ, `none` as a word."""
    return {
        name: "none" if limit.limit is None else limit.limit
        for name, limit in limits.items()
        if not limit.wrong and limit.limit != getattr(budgets, name)
    }
