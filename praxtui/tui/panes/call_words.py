"""A model's tool calls in a few words: what it looks at, what it changes, and what it was told. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from praxtui.journal import called
from praxtui.journal.shown import cut, plain

LONG = 200  # characters of a call that are shown in a line
_TOKENS = re.compile(r"[\w.]+|\s+|[^\w.\s]")


def words(name: str, text: str) -> str:
    """What a call is about, without its name: `train.py 410-470`, `train.py  ROPE_BASE = 10_000 → 200_000`."""
    given = called.arguments(text)
    if given is None:
        return "with arguments that are no JSON object"
    make = _WORDS.get(name)
    said = make(given) if make is not None else called.short("", text).strip()
    return cut(plain(said), LONG)


def outcome(name: str, result: str) -> str:
    """What came of a call, where that is worth a word: why it was refused, what a check said; else nothing."""
    first = next((line for line in result.split("\n") if line.strip()), "")
    if first.startswith("error:"):
        return cut(plain(first), LONG)
    if name in ("check", "submit"):
        return cut(plain(first.removeprefix("passed:")), LONG) if first else ""
    return ""


def refused(result: str) -> bool:
    """Whether the answer to a call says that nothing was done."""
    return result.lstrip().startswith("error:")


def change(before: str, after: str) -> str:
    """One text for another in a line: `ROPE_BASE = 10_000 → 200_000`; how many lines where it is more than one."""
    old, new = before.split("\n"), after.split("\n")
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    if len(old) == 1 and len(new) == 1:
        return _within(old[0].strip(), new[0].strip())
    counts = [f"-{len(old)}" if old else "", f"+{len(new)}" if new else ""]
    n = len(new) if new else len(old)
    return f"{' '.join(count for count in counts if count)} line{'s' if n != 1 else ''}" if old or new else "no change"


def _within(old: str, new: str) -> str:
    """One line for another: what comes before the difference once, what comes after it only where it is code."""
    was, now = _TOKENS.findall(old), _TOKENS.findall(new)
    same = 0
    while same < min(len(was), len(now)) and was[same] == now[same]:
        same += 1
    end = 0
    while end < min(len(was), len(now)) - same and was[-1 - end] == now[-1 - end]:
        end += 1
    before, tail = "".join(was[:same]), "".join(was[len(was) - end :]) if end else ""
    middle, other = "".join(was[same : len(was) - end]).strip(), "".join(now[same : len(now) - end]).strip()
    if not middle or not other or (tail.strip() and not tail.strip().startswith("#")):
        return f"{old or 'nothing'} → {new or 'nothing'}"
    return f"{before}{middle} → {other}"


def _read(given: Mapping[str, Any]) -> str:
    start, end = given.get("start"), given.get("end")
    lines = f" {start or 1}-{end or ''}" if start is not None or end is not None else ""
    return f"{given.get('path', '')}{lines}"


def _edit(given: Mapping[str, Any]) -> str:
    path = given.get("path", "")
    blocks = given.get("blocks") or [given]
    if not isinstance(blocks, list):
        return str(path)
    said = []
    for block in blocks:
        if isinstance(block, dict):
            before, after = block.get("search", block.get("old")), block.get("replace", block.get("new"))
            if isinstance(before, str) and isinstance(after, str):
                said.append(change(before, after))
    return f"{path}: {'; '.join(said)}" if said else str(path)


def _log(given: Mapping[str, Any]) -> str:
    run = f" run {given['run']}" if given.get("run") is not None else ""
    pattern = f" for {given['pattern']}" if given.get("pattern") else ""
    return f"{given.get('experiment', '')}{run}{pattern}"


def _search(given: Mapping[str, Any]) -> str:
    return f"{given.get('pattern', '')}" + (f" in {given['path']}" if given.get("path") else "")


def _write(given: Mapping[str, Any]) -> str:
    content = given.get("content")
    size = f", {len(content.splitlines())} lines" if isinstance(content, str) else ""
    return f"{given.get('path', '')}{size}"


def _reflect(given: Mapping[str, Any]) -> str:
    return f"{given.get('mechanism', '')}: {given.get('revision', '')}"


_WORDS = {
    "read": _read,
    "search": _search,
    "ledger": lambda given: str(given.get("query", "")),
    "diff": lambda given: str(given.get("experiment", "")),
    "log": _log,
    "hypothesis": lambda given: str(given.get("title", "")),
    "edit": _edit,
    "write": _write,
    "check": lambda given: "",
    "submit": lambda given: "",
    "give_up": lambda given: str(given.get("reason", "")),
    "reflect": _reflect,
}
