"""A model's tool calls as a person reads them: short arguments on the line, edits as a change, texts as texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

SHORT = 60  # characters of a text that still stands on the call's own line
REMOVED, ADDED, QUOTED = "- ", "+ ", "│ "


def arguments(text: str) -> dict[str, Any] | None:
    """The arguments of a call, None where what the model wrote is no JSON object."""
    try:
        found = json.loads(text or "{}", strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def said(name: str, text: str) -> tuple[str, list[str]]:
    """A call as one line, and what stands below it, each line with a mark of its own; nothing is left out."""
    given = arguments(text)
    if given is None:
        return f"{name} with arguments that are no JSON object", [QUOTED + line for line in text.split("\n")]
    if name == "edit" and (changes := _changes(given)) is not None:
        rest = {key: value for key, value in given.items() if key not in ("path", "search", "replace", "blocks")}
        head, below = _plain(f"edit {_inline(given.get('path'))}", rest)
        return head, [*below, *changes]
    return _plain(name, given)


def short(name: str, text: str) -> str:
    """A call in a few words, for a line that is rewritten: `read train.py`, `search 'lr'`, `edit train.py`."""
    given = arguments(text) or {}
    subject = next((given[key] for key in ("path", "pattern", "experiment", "title", "query") if key in given), None)
    return f"{name} {subject}" if isinstance(subject, str) and subject else name


def _changes(given: Mapping[str, Any]) -> list[str] | None:
    """The blocks of an edit as lines taken out and lines put in; None where they are not texts."""
    blocks = given.get("blocks", [given])
    if not isinstance(blocks, list) or not blocks or ("blocks" in given and {"search", "replace"} & given.keys()):
        return None
    lines: list[str] = []
    for n, block in enumerate(blocks, 1):
        if not isinstance(block, dict) or not all(isinstance(block.get(key), str) for key in ("search", "replace")):
            return None
        if "blocks" in given and block.keys() - {"search", "replace"}:
            return None
        lines += [f"@@ block {n} of {len(blocks)}"] if len(blocks) > 1 else []
        lines += [REMOVED + line for line in block["search"].split("\n")]
        lines += [ADDED + line for line in block["replace"].split("\n")]
    return lines


def _plain(name: str, given: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Short arguments in brackets, long ones below under their names."""
    inline = {key: value for key, value in given.items() if not _long(value)}
    head = f"{name}({', '.join(f'{key}={_inline(value)}' for key, value in inline.items())})" if inline else name
    return head, [line for key, value in given.items() if _long(value) for line in _below(key, value)]


def _long(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > SHORT or "\n" in value
    return isinstance(value, dict | list) and len(_inline(value)) > SHORT


def _below(key: str, value: Any) -> Iterator[str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    yield f"{key}:"
    yield from (QUOTED + line for line in text.split("\n"))


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
