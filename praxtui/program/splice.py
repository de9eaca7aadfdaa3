"""Where a value goes in the text of a front matter. All else stays byte for byte, comments inside it too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from praxtui.program.front import Entry, Item

_COMMENT = re.compile(r"#[^\r\n]*")


def put(yaml: str, top: Item, path: tuple[str, ...], written: str, newline: str) -> str:
    """`yaml` with the value at `path` written as `written`; keys and blocks that are missing are added at the end."""
    mapping = top
    for depth, name in enumerate(path):
        entry = next((entry for entry in reversed(mapping.entries or ()) if entry.key == name), None)
        rest = path[depth + 1 :]
        if entry is None and mapping is top and not top.flow:
            return _add_block(yaml, top, path, written, newline)
        if entry is None:
            return _add(yaml, mapping, name, rest, written, newline)
        if not rest or not entry.item.entries:
            return _replace(yaml, entry, _nested(rest, written), newline)
        mapping = entry.item
    return yaml


def _nested(names: tuple[str, ...], written: str) -> str:
    """`written` inside one flow mapping a name."""
    for name in reversed(names):
        written = f"{{{_key(name)}: {written}}}"
    return written


def _key(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d]\w*", name) else json.dumps(name, ensure_ascii=False)


def _add(yaml: str, mapping: Item, name: str, rest: tuple[str, ...], written: str, newline: str) -> str:
    """A new key at the end of `mapping`; of a block mapping that is after its last value and that value's comment."""
    entries = mapping.entries or ()
    flat = f"{_key(name)}: {_nested(rest, written)}"
    if mapping.flow:
        place = _tail(yaml, entries[-1]) if entries else mapping.start + 1
        return yaml[:place] + (", " if entries else "") + flat + yaml[place:]
    place = _line_end(yaml, _tail(yaml, entries[-1]))
    return yaml[:place] + " " * entries[0].column + flat + newline + yaml[place:]


def _add_block(yaml: str, top: Item, path: tuple[str, ...], written: str, newline: str) -> str:
    """A new block at the end of the front matter, with one key in it."""
    indent = " " * (top.entries[0].column if top.entries else 0)
    block, *rest = path
    if not rest:
        return f"{yaml}{indent}{block}: {written}{newline}"
    return f"{yaml}{indent}{block}:{newline}{indent}  {_key(rest[0])}: {_nested(tuple(rest[1:]), written)}{newline}"


def _replace(yaml: str, entry: Entry, written: str, newline: str) -> str:
    item, tail = entry.item, _tail(yaml, entry)
    if _is_empty(yaml, item):
        return yaml[:tail] + ("" if yaml[tail - 1] == ":" else ":") + f" {written}" + yaml[tail:]
    start = item.start
    between = re.match(r"\s*:(\s*)\Z", yaml[entry.end : start])
    if between and "\n" in between[1]:
        # The old value began on a line of its own; the new one fits beside its key.
        start, written = start - len(between[1]), f" {written}"
    elif "\n" in yaml[entry.end : start]:
        written = " " * max(0, entry.column + 2 - _column(yaml, start)) + written
    kept = "".join(" " * entry.column + comment + newline for comment in _comments(yaml, item, tail))
    above = _line_start(yaml, entry.start)
    return yaml[:above] + kept + yaml[above:start] + written + yaml[tail:]


def _is_empty(yaml: str, item: Item) -> bool:
    return item.start == item.end


def _is_block_text(yaml: str, item: Item) -> bool:
    """Whether the value is a `|` or `>` text: no plain value begins so."""
    return isinstance(item.value, str) and yaml[item.start : item.start + 1] in ("|", ">")


def _tail(yaml: str, entry: Entry) -> int:
    """Where the value of `entry` ends, without the blank lines and comments after it that YAML counts to blocks."""
    if not _is_empty(yaml, entry.item):
        return _end(yaml, entry.item)
    colon = re.match(r"\s*:", yaml[entry.end :])
    return entry.end + (colon.end() if colon else 0)


def _end(yaml: str, item: Item) -> int:
    if item.entries is not None and not item.flow and item.entries:
        return _tail(yaml, item.entries[-1])
    if item.items and not item.flow:
        last = item.items[-1]
        # An empty entry of a block list ends at its dash.
        return _end(yaml, last) if not _is_empty(yaml, last) else len(yaml[: last.start].rstrip())
    return item.start + len(yaml[item.start : item.end].rstrip())


def _comments(yaml: str, item: Item, tail: int) -> list[str]:
    """The comments inside a value, in order: whatever begins with `#` between its scalars."""
    found: list[str] = []
    place = item.start
    for start, end in _scalars(yaml, item):
        found += _COMMENT.findall(yaml[place:start])
        place = max(place, end)
    return found + _COMMENT.findall(yaml[place:tail])


def _scalars(yaml: str, item: Item) -> Iterator[tuple[int, int]]:
    """Spans of the keys and scalars inside a value; of a block text what follows its header."""
    for entry in item.entries or ():
        yield entry.start, entry.end
        yield from _scalars(yaml, entry.item)
    for each in item.items or ():
        yield from _scalars(yaml, each)
    if item.entries is None and item.items is None and not _is_empty(yaml, item):
        header = yaml.find("\n", item.start) if _is_block_text(yaml, item) else item.start
        yield header, item.end


def _line_start(yaml: str, place: int) -> int:
    return yaml.rfind("\n", 0, place) + 1


def _line_end(yaml: str, place: int) -> int:
    """Where the next line begins."""
    found = yaml.find("\n", place)
    return len(yaml) if found < 0 else found + 1


def _column(yaml: str, place: int) -> int:
    return place - _line_start(yaml, place)
