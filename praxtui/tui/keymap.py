"""Which key does what: the table of actions, with what the person's settings change in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from textual.app import App
from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys, format_key

from praxtui.errors import did_you_mean
from praxtui.tui.actions import ACTIONS, BY_ID, PLACES, Action

PANES = frozenset({"program", "metrics", "ledger", "researcher", "output"})
INSIDE: dict[str, frozenset[str]] = {"campaign": PANES | {"scroll"}, "replay": PANES | {"scroll"}}
"""Places whose keys hold in others too: a key taken there is missing here. `everywhere` holds in all."""

# How people write keys, beside the names that Textual has for them.
WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page up": "pageup",
    "page down": "pagedown",
    "back space": "backspace",
    "spacebar": "space",
}
SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "insert": "ins",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
ARROWS = {sign: name for name, sign in SHOWN.items() if len(sign) == 1}
MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
NAMES = frozenset(
    {key.value for key in Keys if not key.value.startswith("<")} | KEY_TO_UNICODE_NAME.keys()
    | set(KEY_NAME_REPLACEMENTS.values()) | {"colon", "semicolon", "comma", "apostrophe", "ampersand", "asterisk"}
    | {"tilde", "space"}
)  # fmt: skip


def shown(key: str) -> str:
    """A key as people write it: `question_mark` is `?`, `escape` is `esc`, `ctrl+p` stays."""
    *modifiers, last = key.split("+") if key != "+" else ["plus"]
    if last in SHOWN:
        last = SHOWN[last]
    elif len(last) > 1 and last[0] == "f" and last[1:].isdigit():
        last = last.upper()
    elif last not in ("space", "enter", "backspace") and len(character := format_key(last)) == 1:
        last = character
    return "+".join((*modifiers, last))


def key_of(id: str) -> str:
    """The key of an action as people write it; its name in the palette where the settings took all keys from it."""
    action = BY_ID[id]
    return shown(action.keys[0]) if action.keys else action.label


def canonical(key: str) -> str | None:
    """Textual's name of a key that a person wrote; None where there is no such key."""
    if not key.isprintable():
        return None
    if len(key) == 1:
        return ARROWS.get(key) or _named(key)
    *modifiers, last = key.strip().split("+")
    if last == "" and modifiers and modifiers[-1] == "":
        modifiers, last = modifiers[:-1], "plus"  # ctrl++
    modifiers = [modifier.strip().lower() for modifier in modifiers]
    if len(last) == 1:
        name: str | None = _named(last)
    else:
        name = WRITTEN.get(last.strip().lower(), last.strip().lower())
        name = name if name in NAMES else None
    if name is None or any(modifier not in MODIFIERS for modifier in modifiers):
        return None
    if modifiers == ["shift"] and len(name) == 1 and name.isalpha():
        return name.upper()
    if "ctrl" in modifiers and len(name) == 1:
        name = name.lower()  # a terminal does not tell them apart
    return "+".join((*(m for m in MODIFIERS if m in modifiers), name))


def _named(character: str) -> str:
    if character == " ":
        return "space"
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def keys_in(written: str) -> list[str]:
    """The keys in a list with commas; a comma itself is written `comma`, or alone."""
    return [","] if written.strip() == "," else [key.strip() for key in written.split(",") if key.strip()]


# --- with the person's settings --------------------------------------------------------------------------------------


class Keymap(NamedTuple):
    """`keys`: Textual's names of the keys of every action, by its id. `changed`: for App.set_keymap. `faults`: what in
    the settings does not hold, a sentence each; those actions have their own keys."""

    keys: dict[str, tuple[str, ...]]
    changed: dict[str, str]
    faults: tuple[str, ...] = ()


def keymap(said: Mapping[str, str] | None = None) -> Keymap:
    """The keys with what the settings say of them, as `[keys]` holds it."""
    faults: list[str] = []
    wanted: dict[str, tuple[str, ...]] = {}
    for id, written in (said or {}).items():
        fault = unknown(id, written)
        if fault:
            faults.append(fault)
        else:
            wanted[id] = tuple(dict.fromkeys(canonical(key) or key for key in keys_in(written)))
    keys = {action.id: wanted.get(action.id, action.keys) for action in ACTIONS}
    clashing = _clashes(keys, wanted)
    faults += [f"keys: {shown(key)} is both {first} and {second}" for key, first, second in clashing]
    lost = {id for _, *both in clashing for id in both} & wanted.keys()
    held = {id: keys for id, keys in wanted.items() if id not in lost}
    if any(True for _ in _clashes({**{a.id: a.keys for a in ACTIONS}, **held}, held)):
        held = {}  # what is left was only free of clashes together with what was refused
    return Keymap(
        {action.id: held.get(action.id, action.keys) for action in ACTIONS},
        {id: ",".join(keys) for id, keys in held.items() if keys != BY_DEFAULT[id].keys},
        tuple(faults),
    )


BY_DEFAULT: dict[str, Action] = {action.id: action for action in ACTIONS}


def unknown(id: str, written: str) -> str:
    """Why an entry of `[keys]` means nothing; empty where it does."""
    if id not in BY_DEFAULT:
        return f"keys.{id} is no action{did_you_mean(id, BY_DEFAULT)}"
    for key in keys_in(written):
        if canonical(key) is None:
            return f"keys.{id}: {key!r} is no key{did_you_mean(key.rpartition('+')[2], [*NAMES, *WRITTEN])}"
    return "" if keys_in(written) else f"keys.{id} names no key"


def taken(id: str, key: str, keys: Mapping[str, tuple[str, ...]]) -> str | None:
    """The action that has a key where `id` would want it, so that one of them would be lost; None where it is free."""
    return next((other for clash, other in _rivals(id, (key,), keys) if clash == key), None)


def _clashes(keys: Mapping[str, tuple[str, ...]], wanted: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    """Keys that two actions want of which the person chose at least one: (key, the one, the other), each pair once."""
    found: dict[tuple[str, frozenset[str]], tuple[str, str, str]] = {}
    for id, chosen in wanted.items():
        for key, other in _rivals(id, chosen, keys):
            found.setdefault((key, frozenset((id, other))), (key, id, other))
    return list(found.values())


def _rivals(id: str, chosen: Iterable[str], keys: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    mine = BY_DEFAULT[id]
    for key in chosen:
        for other in ACTIONS:
            # Where both have the key by default, the inner place is meant to have it.
            meant = other.where != mine.where and key in mine.keys and key in other.keys
            if other.id != id and not meant and key in keys[other.id] and _meet(mine.where, other.where):
                yield key, other.id


def _meet(one: str, other: str) -> bool:
    """Whether the keys of two places can be wanted at the same time."""
    return (
        one == other
        or "everywhere" in (one, other)
        or other in INSIDE.get(one, ())
        or one in INSIDE.get(other, ())
        or "scroll" in (one, other)
    )


def use(app: App[Any], said: Mapping[str, str]) -> tuple[str, ...]:
    """Give an app the keys of the settings; what does not hold in them. What is shown of keys reads BY_ID, so that
    hints in empty panes name the keys there are."""
    found = keymap(said)
    for action in ACTIONS:
        BY_ID[action.id] = action._replace(keys=found.keys[action.id])
    app.set_keymap(found.changed)
    return found.faults


# --- the list --------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """An action as a list shows it."""

    keys: str
    id: str
    about: str


def rows(where: str, keys: Mapping[str, tuple[str, ...]] | None = None) -> list[Row]:
    """The actions of one place, in the order of the table."""
    return [
        Row(" ".join(map(shown, action.keys if keys is None else keys[action.id])), action.id, action.about)
        for action in ACTIONS
        if action.where == where
    ]


def listing(said: Mapping[str, str] | None = None) -> str:
    """Every key, a block a place, with what does not hold in the settings at the end."""
    found = keymap(said)
    blocks = []
    for where, title in PLACES.items():
        lines = [title, *(f"  {row.keys:<14} {row.id:<28} {row.about}" for row in rows(where, found.keys))]
        blocks.append("\n".join(lines))
    blocks += ["\n".join(found.faults)] if found.faults else []
    return "\n\n".join(blocks)
