"""The ledger asked in words: which experiments, and all that the record says of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from praxtui.research.llm.brief.words import change, number, one_line
from praxtui.research.protocol import Brief, Tried

ROWS = 25
CHARACTERS = 12_000
_ID = re.compile(r"e(\d+)\Z")
_RANGE = re.compile(r"e(\d+)(?:-|\.\.|\u2013|to)e?(\d+)\Z")
_HINT = re.compile(r"k\d+\Z")
_WORD = re.compile(r"[^\s,;]+")
_AROUND = "`'\"?!.:()[]"

Filter = Callable[[Tried], bool]
_FILTERS: dict[str, Filter] = {
    "kept": lambda t: t.verdict == "keep" and t.standing != "revoked",
    "discarded": lambda t: t.verdict == "discard",
    "failed": lambda t: t.verdict in ("crash", "invalid"),
    "crashed": lambda t: t.verdict == "crash",
    "invalid": lambda t: t.verdict == "invalid",
    "void": lambda t: t.verdict == "void",
    "running": lambda t: t.verdict is None,
    "revoked": lambda t: t.standing == "revoked",
    "provisional": lambda t: t.standing == "provisional",
    "supported": lambda t: t.standing == "supported",
    "confirmed": lambda t: "confirmed" in (t.standing, t.reflected),
    "refuted": lambda t: t.reflected == "refuted",
    "inconclusive": lambda t: t.reflected == "inconclusive",
}
_SAME = {
    "keep": "kept", "keeps": "kept", "discard": "discarded", "discards": "discarded", "fail": "failed",
    "failures": "failed", "crash": "crashed", "crashes": "crashed", "latest": "recent", "last": "recent",
}  # fmt: skip
_ORDERS = ("best", "worst", "recent", "all")
# Ranges in words, and words that a question is made of: they say nothing about which experiments are meant.
_TO = re.compile(r"\b(e\d+)\s*(?:-|\.\.|\u2013|to)\s*(e?\d+)\b", re.IGNORECASE)
_EMPTY = {"experiment", "experiments", "the", "of", "and", "with", "about", "any", "show", "what", "which", "by"}


def answer(query: str, brief: Brief) -> str:
    """The experiments that a query means: ids and ranges, kinds such as `kept`, orders such as `best`, words.

    Ids add up; kinds and words narrow. Where no experiment has all the words, those that have most are shown, and it
    says so.
    """
    asked = [word.strip(_AROUND).lower() for word in _WORD.findall(_TO.sub(r"\1-\2", query))]
    asked = list(dict.fromkeys(_SAME.get(word, word) for word in asked if word and word not in _EMPTY))
    ids = [word for word in asked if _ID.match(word) or _RANGE.match(word)]
    kinds = [word for word in asked if word in _FILTERS]
    order = next((word for word in asked if word in _ORDERS), "")
    limit = next((int(word) for word in asked if order and word.isdecimal() and len(word) < 5), ROWS)
    words = [word for word in asked if word not in (*ids, *kinds, *_ORDERS) and not (order and word.isdecimal())]
    pool = [*brief.earlier, *brief.tried, *brief.in_flight]
    if not pool:
        return "there is no experiment yet"
    chosen = [each for each in pool if not ids or any(_named(each, name) for name in ids)]
    chosen = [each for each in chosen if all(_FILTERS[kind](each) for kind in kinds)]
    rows, note = _with_words(chosen, words)
    if not rows:
        said = f"no experiment matches {one_line(query, 120)!r}; there are {_counted(pool)}"
        return f"{said}. Ask for ids, {', '.join(_ORDERS)}, {', '.join(_FILTERS)}, or words of titles and mechanisms"
    if order in ("best", "worst"):
        rows = sorted((each for each in rows if each.delta is not None), key=_gain, reverse=order == "best")
        if not rows:
            return "none of them was measured"
    elif not ids:
        rows = rows[::-1]
    return note + _told(rows, order, min(limit, ROWS), brief)


def _named(tried: Tried, name: str) -> bool:
    own = _ID.match(tried.id)
    between = _RANGE.match(name)
    if between is None or own is None:
        return tried.id == name
    return int(between[1]) <= int(own[1]) <= int(between[2])


def _with_words(rows: Sequence[Tried], words: Sequence[str]) -> tuple[list[Tried], str]:
    """The experiments that have all the words, else those that have most, and a word on that."""
    if not words:
        return list(rows), ""
    counted = [(sum(_has(text, each, word) for word in words), each) for each in rows if (text := _text(each))]
    most = max((count for count, _ in counted), default=0)
    if not most:
        return [], ""
    best = [each for count, each in counted if count == most]
    if most == len(words):
        return best, ""
    return best, f"none has all of {', '.join(map(repr, words))}; these have {most} of them:\n"


def _has(text: str, tried: Tried, word: str) -> bool:
    return word in tried.hints if _HINT.match(word) else word in text


def _text(tried: Tried) -> str:
    said = (tried.title, tried.mechanism, tried.predicted, tried.revision, tried.note, tried.reason, tried.person)
    names = (tried.id, tried.campaign, tried.by, tried.stance, *tried.levers, *tried.flags)
    return "\n".join(text for text in (*said, *names) if text).lower()


def _gain(tried: Tried) -> float:
    if tried.delta_sd is not None:
        return tried.delta_sd
    return tried.delta or 0.0


def _counted(pool: Sequence[Tried]) -> str:
    kept = sum(_FILTERS["kept"](each) for each in pool)
    return f"{len(pool)} experiments ({kept} kept), {pool[0].id} to {pool[-1].id}"


def _told(rows: Sequence[Tried], order: str, most: int, brief: Brief) -> str:
    by = {"best": ", largest gain first", "worst": ", largest loss first"}.get(order, "")
    told = [f"{len(rows)} of {len(brief.earlier) + len(brief.tried) + len(brief.in_flight)} experiments{by}:"]
    room = CHARACTERS
    for n, each in enumerate(rows):
        text = "\n".join(row(each))
        room -= len(text) + 1
        if n == most or room < 0:
            told.append(f"[{len(rows) - n} more: narrow the query, or ask for ids such as {each.id}]")
            break
        told.append(text)
    return "\n".join(told)


def row(tried: Tried) -> Iterable[str]:
    """One experiment: a line with its result, then why it was tried, how it ended, and what was learned."""
    metric = "" if tried.metric is None else f" {number(tried.metric)}"
    gain = f" {change(tried)}" if tried.delta is not None else ""
    standing = f" ({tried.standing})" if tried.standing else ""
    lines = f", {tried.lines:+d} lines" if tried.lines else ""
    where = f" of {one_line(tried.campaign, 60)}" if tried.campaign else ""
    hints = f" [{', '.join(one_line(hint, 12) for hint in tried.hints[:6])}]" if tried.hints else ""
    head = f"{tried.id}{where} {tried.verdict or 'under way'}{standing}{metric}{gain}{lines}"
    yield f"{head}: {one_line(tried.title, 160)}{hints}"
    learned = f"{tried.reflected or ''}: {one_line(tried.revision, 300)}" if tried.revision else tried.reflected or ""
    details = (
        ("mechanism", tried.mechanism, 400), ("predicted", tried.predicted, 160), ("reason", tried.reason or "", 300),
        ("learned", learned, 340), ("note", tried.note or "", 200), ("person", tried.person, 240),
        ("flags", ", ".join(tried.flags), 120), ("levers", ", ".join(tried.levers), 160),
    )  # fmt: skip
    for name, text, most in details:
        if text.strip():
            yield f"    {name}: {one_line(text, most)}"
