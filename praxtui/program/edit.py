"""Edits of the front matter through code: only the value changes; comments, order, spacing and prose stay as they are.

The new value is spliced into the text at the place that ruamel.yaml gives for the old one, and the result is read
again: an edit that would change anything else is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from praxtui.errors import UserError
from praxtui.program import front, splice
from praxtui.program.front import Item, Malformed
from praxtui.program.keys import DOTTED, kind_of, nearest_key
from praxtui.program.kinds import BAD, Table, describe


class EditError(UserError):
    """An edit that names no key of a program, or gives it a value that it cannot have."""


def set_keys(text: str, values: Mapping[str, str]) -> str:
    """`set_key` for several keys, in order."""
    for key, value in values.items():
        text = set_key(text, key, value)
    return text


def set_key(text: str, key: str, value: str) -> str:
    """The text of a `program.md` with the dotted `key` set to `value`, written as in YAML: `90s`, `[a.py]`, `null`.

    `levers.space.NAME`, `constraints.limits.NAME` and the like set one entry of a table. Raises EditError for an
    unknown key, a value of the wrong type, a front matter that is no YAML, or that cannot be edited there alone.
    """
    path, kind = _target(key)
    new = _value(key, kind, value)
    try:
        opening, yaml, closing, prose = front.split(text)
        before = front.tree(yaml)
    except Malformed as error:
        raise EditError(f"--set {key}: program.md:{error.line}: {error.found}", fix="edit program.md by hand") from None
    wanted = _put(before.value, path, new)
    for written in _spellings(value, new):
        edited = splice.put(yaml, before, path, written, "\r\n" if "\r\n" in opening else "\n")
        try:
            if _same(front.tree(edited).value, wanted):
                return opening + edited + closing + prose
        except Malformed:
            continue
    raise EditError(f"--set {key}: setting it here would change more than it", fix="edit program.md by hand")


def _target(key: str) -> tuple[tuple[str, ...], Any]:
    """The path of a dotted key in the front matter, and the kind of its value. Raises EditError for an unknown key."""
    block, _, rest = key.partition(".")
    name, _, entry = rest.partition(".")
    kind = kind_of(f"{block}.{name}") if name else None
    if block == "report":
        name, entry, kind = "", rest, kind_of("report")
    path = tuple(part for part in (block, name, entry) if part)
    if kind is None or (entry and (not isinstance(kind, Table) or not re.fullmatch(kind.names, entry))):
        known = f"{block}.{name}" if entry and kind is not None else nearest_key(key)
        near = f"; nearest: {known}" if known and known != key else ""
        raise EditError(f"--set {key}: unknown key{near}", fix=None if near else f"keys: {', '.join(DOTTED)}")
    return path, kind.kind if entry else kind


def _value(key: str, kind: Any, value: str) -> Any:
    """The value as YAML reads it. Text needs no quotes: what is no YAML is taken as written."""
    problems: list[str] = []

    def report(at: Item, found: str, valid: str, near: str) -> None:
        said = f"--set {key}: {found or 'found ' + describe(at.value)}; valid: {valid}"
        problems.append(said + (f"; nearest: {near}" if near else ""))

    if "\n" in value or "\r" in value:
        raise EditError(f"--set {key}: a value must be one line")
    try:
        item = front.tree(f"value: {value}\n").entries[0].item  # type: ignore[index]  # the text is a mapping
    except Malformed as error:
        if not kind.text:
            raise EditError(f"--set {key}: {error.found}", fix=f"valid: {kind.valid}") from None
        item = Item(value=value, line=0, start=0, end=0)
    if kind.read(item, report) is BAD:
        raise EditError("\n".join(problems))
    return item.value


def _put(value: Any, path: tuple[str, ...], new: Any) -> Any:
    """A copy of the YAML value with `new` at `path`; nulls on the way become mappings."""
    if not path:
        return new
    inner = value if isinstance(value, dict) else {}
    return {**inner, path[0]: _put(inner.get(path[0]), path[1:], new)}


def _spellings(value: str, new: Any) -> Iterator[str]:
    """Ways to write the new value, the person's own first, then one that is safe anywhere."""
    yield value.strip()
    try:
        yield json.dumps(new, ensure_ascii=False)
    except (TypeError, ValueError):
        return


def _same(one: Any, other: Any) -> bool:
    """Whether two YAML values are equal, types included: 1, 1.0 and true are three values."""
    return repr(one) == repr(other)
